"""Whose approval counts at the gate, when one is not enough, and what verify says of it afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import msgspec
import pytest

from observatory.host import approval, keys, policyfile, reviewed
from observatory.host.session import SessionError
from observatory.protocol import events as e
from observatory.record.store import Store

from .conftest import ROOT, environment
from .test_keys import PHRASE, made
from .test_live import DAY, EXAM, lived
from .test_policy import GOOD, PERPLEXITY, TWO, UNWATCHED, own
from .test_session import at_the_gate, taught

SIGNED = ("signed = false", "signed = true")
IDA_ONLY = ("approvers = []", 'approvers = ["Ida"]')


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "mind"
    path.mkdir()
    return path


def go_by(home, *changes) -> None:
    (home / "policy.toml").write_text(own(*changes), "utf-8")


@pytest.fixture
def gate(open_session, home):
    """A night at the gate of a home with this policy."""

    def open_one(*changes):
        go_by(home, *changes)
        view = open_session()
        taught(view)
        at_the_gate(view)
        return view

    return open_one


def findings(home) -> list[str]:
    with Store.open(home, "read") as store:
        found = [*store.verify(), *reviewed.check(home, store.history(kinds=list(reviewed.KINDS)))]
    return [f"{each.where}: {each.text}" for each in found if each.level == "error"]


# ---------------------------------------------------------------- at the gate


def test_a_decision_is_kept_with_its_evidence_and_the_policy_that_was_in_force(gate, home):
    view = gate(IDA_ONLY)
    view.session.decide("approve", "it learnt", "Ida")
    view.kind(e.NightCommitted)
    (decided,), (proposed,), (taken,) = (view.kinds(kind) for kind in (e.Decided, e.Proposed, e.PolicyTaken))
    assert decided.evidence == approval.evidence(proposed)
    assert decided.policy == taken.policy == policyfile.in_force(home).hash
    view.session.close()
    assert findings(home) == []


def test_only_those_who_are_named_may_approve_and_everybody_may_veto(gate):
    view = gate(IDA_ONLY)
    with pytest.raises(SessionError, match="Bo is not among those who may approve: Ida"):
        view.session.decide("approve", "it learnt", "Bo")
    assert not view.kinds(e.Decided) and view.session.state.can_decide
    view.session.decide("veto", "no", "Bo")
    assert view.kind(e.NightClosed).ended == "vetoed"


def test_two_people_must_approve_where_the_policy_wants_two(gate, home):
    view = gate(TWO, UNWATCHED)
    view.session.decide("approve", "it learnt", "Ida")
    assert view.kind(e.Decided).waits == 1 and view.session.state.can_decide
    for again in ("Ida", " iDA ", "ＩＤＡ"):
        with pytest.raises(SessionError, match="two different people"):
            view.session.decide("approve", "once more", again)
    assert not view.kinds(e.NightCommitted)
    view.session.decide("approve", "so it did", "Bo")
    assert view.kind(e.NightClosed).ended == "committed"
    assert [decided.waits for decided in view.kinds(e.Decided)] == [1, 0]
    view.session.close()
    assert findings(home) == []


def test_who_holds_after_approving_has_taken_the_approval_back(gate):
    view = gate(TWO, UNWATCHED)
    view.session.decide("approve", "it learnt", "Ida")
    view.session.decide("hold", "wait", "Ida")
    view.session.decide("approve", "fine", "Bo")
    assert view.session.state.can_decide and not view.kinds(e.NightCommitted)
    view.session.decide("approve", "fine after all", "Ida")
    assert view.kind(e.NightClosed).ended == "committed"


def test_one_of_two_can_still_veto(gate):
    view = gate(TWO, UNWATCHED)
    view.session.decide("approve", "it learnt", "Ida")
    view.session.decide("veto", "no", "Bo")
    assert view.kind(e.NightClosed).ended == "vetoed"


def test_an_approval_under_another_policy_does_not_count_for_the_next(gate, home):
    view = gate(TWO, UNWATCHED)
    view.session.decide("approve", "it learnt", "Ida")
    go_by(home, TWO, UNWATCHED, (PERPLEXITY, "{ at_most = 0.02 }"))
    view.session.decide("approve", "fine", "Bo")
    assert view.session.state.can_decide and not view.kinds(e.NightCommitted)


def test_a_policy_that_breaks_while_a_night_waits_lets_nothing_through(gate, home):
    view = gate()
    (home / "policy.toml").write_text("people = 0", "utf-8")
    with pytest.raises(SessionError, match="nothing is approved"):
        view.session.decide("approve", "it learnt", "Ida")
    assert not view.kinds(e.Decided)
    view.session.decide("hold", "until it is mended", "Ida")
    go_by(home)
    view.session.decide("approve", "it learnt", "Ida")
    assert view.kind(e.NightClosed).ended == "committed"


def test_nobody_passes_for_an_unattended_run_that_may_approve(gate):
    view = gate(UNWATCHED)
    with pytest.raises(SessionError, match="leaves approving to people"):
        view.session.decide("approve", "it learnt", "policy: default")


# ---------------------------------------------------------------- signed


def test_where_signatures_are_wanted_only_a_trusted_key_approves(gate, home, tmp_path):
    ida = made(tmp_path / "own", home)
    keys.new("Bo", PHRASE, tmp_path / "own")
    bo = keys.opened("Bo", PHRASE, tmp_path / "own")
    view = gate(SIGNED, UNWATCHED)
    with pytest.raises(SessionError, match="signed with a key"):
        view.session.decide("approve", "it learnt", "Ida")
    with pytest.raises(SessionError, match="does not trust"):
        view.session.decide("approve", "it learnt", "Bo", bo)
    with pytest.raises(SessionError, match="in the name of Bo"):
        view.session.decide("approve", "it learnt", "Bo", ida)
    view.session.decide("approve", "it learnt", "Ida", ida)
    assert view.kind(e.NightClosed).ended == "committed"
    view.session.close()
    assert findings(home) == []
    with Store.open(home, "read") as store:
        assert store._rows('SELECT "key", length(signature) FROM decisions') == [(ida.fingerprint, 128)]


def test_two_keys_of_one_name_are_one_person(gate, home, tmp_path):
    first, second = made(tmp_path / "one", home), made(tmp_path / "two", home)
    assert first.fingerprint != second.fingerprint
    view = gate(SIGNED, TWO, UNWATCHED)
    view.session.decide("approve", "it learnt", "Ida", first)
    with pytest.raises(SessionError, match="two different people"):
        view.session.decide("approve", "so it did", "Ida", second)
    bo = made(tmp_path / "three", home, "Bo")
    view.session.decide("approve", "so it did", "Bo", bo)
    assert view.kind(e.NightClosed).ended == "committed"


def test_a_key_can_be_named_instead_of_a_person(gate, home, tmp_path):
    ida, bo = made(tmp_path / "own", home), made(tmp_path / "own", home, "Bo")
    view = gate(("approvers = []", f'approvers = ["key:{ida.fingerprint}"]'))
    for signer in (bo, None):
        with pytest.raises(SessionError, match="not among those"):
            view.session.decide("approve", "it learnt", "Bo", signer)
    with pytest.raises(SessionError, match="not among those"):
        view.session.decide("approve", "it learnt", "Ida")
    view.session.decide("approve", "it learnt", "Ida", ida)
    assert view.kind(e.NightClosed).ended == "committed"


# ---------------------------------------------------------------- looking back


def told(home, policy, *words: e.Decided, shown: e.Proposed = GOOD) -> list[str]:
    """What verify says of a home in which these words were recorded and then the night was committed."""
    p = shown.proposal
    commit = e.NightCommitted(
        night=p.night, delta=p.delta, file=p.file, cortex_before=p.cortex_before, cortex_after=p.cortex_after,
        wall_s=1.0,
    )  # fmt: skip
    with Store.open(home, "write") as store:
        store.keep([e.PolicyTaken(policy=policy.hash, says=policy.says), shown, *words, commit])
    return [each for each in findings(home) if "deltas/" not in each]


def word(policy, /, by: str = "Ida", signer=None, **fields) -> e.Decided:
    made = e.Decided(
        night=1, delta=GOOD.proposal.delta, decision="approve", by=by, reason="it learnt", at=5.0,
        evidence=approval.evidence(GOOD), policy=policy.hash, key=signer.fingerprint if signer else "",
    )  # fmt: skip
    if signer:
        made = msgspec.structs.replace(made, signature=signer.sign(approval.signed_bytes(made)))
    return msgspec.structs.replace(made, **fields)


def test_verify_finds_nothing_wrong_with_a_signed_approval(home, tmp_path):
    policy, ida = policyfile.read(own(SIGNED, UNWATCHED)), made(tmp_path / "own", home)
    assert told(home, policy, word(policy, signer=ida)) == []


@pytest.mark.parametrize("change", [{"reason": "another"}, {"at": 6.0}, {"signature": 128 * "0"}])
def test_verify_names_a_decision_whose_signature_does_not_fit_and_the_commit_on_it(home, tmp_path, change):
    policy, ida = policyfile.read(own(SIGNED, UNWATCHED)), made(tmp_path / "own", home)
    decision, commit = told(home, policy, word(policy, signer=ida, **change))
    assert decision.startswith("night 1, event 3: ") and "signature does not fit" in decision
    assert commit.startswith("night 1: ") and "without a valid approval" in commit


@pytest.mark.parametrize(
    ("changes", "words", "said"),
    [
        ((TWO, UNWATCHED), ["Ida"], "2 different people"),
        ((TWO, UNWATCHED), ["Ida", "IDA"], "2 different people"),
        ((SIGNED, UNWATCHED), ["Ida"], "asks for approvals signed"),
        ((IDA_ONLY,), ["Bo"], "not among those"),
        ((UNWATCHED,), ["policy: always"], "leaves approving to people"),
    ],
)
def test_verify_finds_a_commit_that_the_policy_in_force_did_not_allow(home, changes, words, said):
    policy = policyfile.read(own(*changes))
    (found,) = told(home, policy, *(word(policy, by) for by in words))
    assert found.startswith("night 1: ") and said in found


def test_verify_finds_an_unattended_commit_over_an_absolute_threshold(home):
    policy = policyfile.read(own((PERPLEXITY, "{ at_most = 0.02, absolute = true }")))
    (found,) = told(home, policy, word(policy, "policy: always"))
    assert "perplexity rose" in found


def test_verify_finds_other_evidence_than_was_decided_on(home):
    policy = policyfile.built_in()
    better = msgspec.structs.replace(GOOD, perplexity_after=30.0)
    evidence, commit = told(home, policy, word(policy), shown=better)
    assert "other evidence" in evidence and "other evidence" in commit


def test_verify_finds_a_policy_that_is_not_what_its_hash_says(home):
    policy = policyfile.built_in()
    with Store.open(home, "write") as store:
        store.keep([e.PolicyTaken(policy=policy.hash, says=policy.says.replace("0.95", "0.05"))])
    (found,) = findings(home)
    assert "does not fit its hash" in found


def test_once_a_policy_was_taken_a_commit_without_one_is_found(home):
    policy = policyfile.built_in()
    (found,) = told(home, policy, word(policy, policy="", evidence=""))
    assert "the policy that it was approved under is not in the record" in found


# ---------------------------------------------------------------- unattended


@pytest.fixture
def files(tmp_path):
    day, exam = tmp_path / "day.jsonl", tmp_path / "exam.jsonl"
    day.write_text(DAY)
    exam.write_text(EXAM)
    (tmp_path / "home").mkdir()
    return "--day", day, "--exam", exam


def test_always_commits_nothing_over_an_absolute_threshold(command, files, tmp_path):
    go_by(tmp_path / "home", (PERPLEXITY, "{ at_most = 0.001, absolute = true }"))
    done = command("live", *files, "--approve", "always")
    assert done.returncode == 3, done.stderr
    (decided,) = lived(tmp_path, e.Decided)
    assert decided.decision == "veto" and "--approve always does not go over" in decided.reason
    assert not lived(tmp_path, e.NightCommitted)


def test_a_run_under_a_broken_policy_holds_and_goes_on_once_it_is_mended(command, files, tmp_path):
    (tmp_path / "home" / "policy.toml").write_text("version = 7", "utf-8")
    done = command("live", *files, "--approve", "always")
    assert done.returncode == 3 and "waits at the gate" in done.stderr and "policy.toml" in done.stderr
    assert [decided.decision for decided in lived(tmp_path, e.Decided)] == ["hold"]
    assert not lived(tmp_path, e.NightCommitted)
    (tmp_path / "home" / "policy.toml").unlink()
    again = command("live", *files, "--approve", "always")
    assert again.returncode == 0, again.stderr
    assert len(lived(tmp_path, e.NightCommitted)) == 1
    assert json.loads(command("verify", "--json").stdout)["sound"]


def test_a_signature_is_for_what_a_person_decides(command, files):
    done = command("live", *files, "--approve", "always", "--key", "Ida")
    assert done.returncode == 2 and "--approve ask" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_two_people_sign_one_night_at_their_terminals_one_after_the_other(files, command, tmp_path):
    home, ours = tmp_path / "home", tmp_path / "own"
    signers = [made(ours, home), made(ours, home, "Bo")]
    go_by(home, SIGNED, TWO, UNWATCHED)
    for signer, status in zip(signers, (3, 0), strict=True):
        master, slave = os.openpty()
        call = [sys.executable, "-m", "observatory", "live", *map(str, files), "--approve", "ask", "--key", signer.name]
        env = environment(tmp_path, OBSERVATORY_KEYS=str(ours), OBSERVATORY_PASSPHRASE=PHRASE)
        with subprocess.Popen(
            call, stdin=slave, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, env=env
        ) as run:
            os.write(master, b"approve\nit learnt\n")
            words = run.stderr.read().decode()
            assert run.wait(30) == status, words
        os.close(master)
        os.close(slave)
    assert [(each.by, each.waits) for each in lived(tmp_path, e.Decided)] == [("Ida", 1), ("Bo", 0)]
    assert len(lived(tmp_path, e.NightCommitted)) == 1
    assert json.loads(command("verify", "--json").stdout)["sound"]
