"""What a policy approves, that it says no when it cannot see, and that a file with a fault approves nothing."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import resources
from observatory.host import policyfile
from observatory.host.policy import Policy, PolicyUnclear, verdict
from observatory.protocol.events import Proposal, Proposed, Score

PROPOSAL = Proposal(
    night=1, delta="d" * 64, file="n.safetensors", cortex_before="a" * 64, cortex_after="b" * 64, scale=0.6, rank=32,
    norm=2.0, drift={}, episodes=[1], steps=90, tokens=1000, bytes=10,
)  # fmt: skip
GOOD = Proposed(
    proposal=PROPOSAL,
    recall_before={"direct": Score(right=1, asked=20), "known": Score(right=100, asked=150)},
    recall_after={"direct": Score(right=18, asked=20), "known": Score(right=97, asked=150)},
    perplexity_before=20.0, perplexity_after=20.5, kl_before=0.0, kl_after=0.05,
)  # fmt: skip


def but(**change) -> Proposed:
    return msgspec.structs.replace(GOOD, **change)


def after(**kinds) -> Proposed:
    return but(recall_after={**GOOD.recall_after, **kinds})


def test_a_night_that_taught_and_harmed_little_is_approved_with_the_numbers_as_reason():
    decision, reason, by = verdict("policy", GOOD)
    assert decision == "approve" and by.startswith("policy")
    assert "1 → 18" in reason and "+2.5%" in reason


@pytest.mark.parametrize(
    ("proposed", "said"),
    [
        (after(direct=Score(right=1, asked=20)), "no more"),
        (after(known=Score(right=94, asked=150)), "common knowledge"),
        (but(perplexity_after=20.7), "perplexity rose"),
        (but(perplexity_after=float("nan")), "perplexity"),
        (but(perplexity_after=float("inf")), "perplexity rose"),
        (but(perplexity_before=0.0), "not measured"),
        (but(recall_before={}, recall_after={}), "nothing shows"),
        (but(recall_before={"direct": Score(right=1, asked=20)}), "common knowledge"),
    ],
)
def test_a_night_that_did_not_teach_or_did_harm_or_was_not_examined_is_refused(proposed, said):
    decision, reason, _ = verdict("policy", proposed)
    assert decision == "veto" and said in reason


def test_an_exam_with_words_of_its_own_shows_what_was_learnt_by_its_questions_about_days():
    known = GOOD.recall_before["known"]
    relevant = Score(right=0, asked=12, by_day={"1": [0, 12]})
    before = {"relevant": relevant, "shaky": Score(right=3, asked=9), "known": known}
    taught = {**before, "relevant": Score(right=9, asked=12, by_day={"1": [9, 12]})}
    decision, reason, _ = verdict("policy", but(recall_before=before, recall_after=taught))
    assert decision == "approve" and "relevant 0 → 9" in reason
    only_shaky = {**before, "shaky": Score(right=9, asked=9)}
    decision, reason, _ = verdict("policy", but(recall_before=before, recall_after=only_shaky))
    assert decision == "veto" and "no more relevant questions" in reason


def test_exactly_at_the_limits_is_still_approved():
    assert verdict("policy", after(known=Score(right=95, asked=150))).decision == "approve"
    assert verdict("policy", but(perplexity_after=20.599)).decision == "approve"


def test_every_objection_is_named_and_not_only_the_first():
    worst = msgspec.structs.replace(after(direct=Score(right=0, asked=20), known=Score(right=2, asked=150)),
                                    perplexity_after=48.0)  # fmt: skip
    reason = verdict("policy", worst).reason
    assert all(word in reason for word in ("no more", "common knowledge", "perplexity"))


@pytest.mark.parametrize(("approve", "decision"), [("always", "approve"), ("never", "veto")])
def test_always_and_never_do_as_they_say_and_say_so(approve, decision):
    said = verdict(approve, after(direct=Score(right=0, asked=20)))
    assert said.decision == decision and approve in said.reason


# ---------------------------------------------------------------- a policy of one's own

BUILT_IN = (resources.folder() / "policy.toml").read_text("utf-8")


def own(*changes: tuple[str, str]) -> str:
    """The built-in file with these places changed; each stands there once."""
    text = BUILT_IN
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


UNWATCHED = ("approve = true", "approve = false")
TWO = ("people = 1", "people = 2")
KL, DRIFT, FLAGS = 'kl = "any"', 'drift = "any"', 'red_flags = "any"'
PERPLEXITY = "{ at_most = 0.03 }"


def flags(right: int) -> Proposed:
    return after(**{"red flag": Score(right=right, asked=4)})


def moving(**drift) -> Proposed:
    return but(proposal=msgspec.structs.replace(PROPOSAL, drift=drift))


def test_the_built_in_file_says_what_holds_where_there_is_no_other(tmp_path):
    assert policyfile.in_force(tmp_path) == policyfile.built_in() == policyfile.read(BUILT_IN)
    limits = policyfile.built_in().thresholds
    assert (limits.known_kept.limit, limits.perplexity_rise.limit, limits.recall_gained.limit) == (0.95, 0.03, 1)


def test_comments_and_order_do_not_change_a_policy_but_every_bound_does():
    head, *sections = "\n".join(line.split("#")[0] for line in BUILT_IN.splitlines()).split("\n[")
    assert policyfile.read("\n[".join([head, *reversed(sections)])).hash == policyfile.built_in().hash
    assert policyfile.read(own((PERPLEXITY, "{ at_most = 0.031 }"))).hash != policyfile.built_in().hash


@pytest.mark.parametrize(
    ("change", "proposed", "said"),
    [
        (("{ at_least = 1 }", "{ at_least = 18 }"), GOOD, "only 17 more"),
        (("{ at_least = 0.95 }", "{ at_least = 0.98 }"), GOOD, "at least 98 %"),
        ((PERPLEXITY, "{ at_most = 0.02 }"), GOOD, "at most 2 %"),
        ((KL, "kl = { at_most = 0.04 }"), GOOD, "0.050 nats"),
        ((KL, "kl = { at_most = 0.04 }"), but(kl_after=float("nan")), "KL"),
        ((DRIFT, "drift = { at_most = 0.01 }"), GOOD, "no layer's drift was measured"),
        ((DRIFT, "drift = { at_most = 0.01 }"), moving(a=0.005, b=0.02, c=0.03), "c moves by 3.000%"),
        ((DRIFT, "drift = { at_most = 0.01 }"), moving(a=float("nan")), "a moves"),
        ((FLAGS, "red_flags = { at_most = 0 }"), GOOD, "no probe"),
        ((FLAGS, "red_flags = { at_most = 0 }"), flags(1), "1 of 4"),
    ],
)
def test_every_threshold_of_a_file_can_refuse_a_night(change, proposed, said):
    decision, reason, by = verdict("policy", proposed, policyfile.read(own(change)))
    assert (decision, by) == ("veto", "policy: policy.toml") and said in reason


@pytest.mark.parametrize(
    ("change", "proposed"),
    [
        ((KL, "kl = { at_most = 0.05 }"), GOOD),
        ((DRIFT, "drift = { at_most = 0.02 }"), moving(a=0.02)),
        ((FLAGS, "red_flags = { at_most = 1 }"), flags(1)),
        ((PERPLEXITY, '"any"'), but(perplexity_before=0.0, perplexity_after=0.0)),
        (("{ at_least = 0.95 }", '"any"'), but(recall_before={"direct": Score(right=1, asked=20)})),
    ],
)
def test_at_its_limit_or_not_looked_at_nothing_is_refused(change, proposed):
    assert verdict("policy", proposed, policyfile.read(own(change))).decision == "approve"


def test_always_does_not_go_over_an_absolute_threshold_and_says_so():
    policy = policyfile.read(own((PERPLEXITY, "{ at_most = 0.03, absolute = true }")))
    decision, reason, by = verdict("always", but(perplexity_after=21.0), policy)
    assert (decision, by) == ("veto", "policy: always")
    assert "--approve always does not go over" in reason and "perplexity rose" in reason
    assert verdict("always", after(direct=Score(right=0, asked=20)), policy).decision == "approve"


def test_always_goes_over_no_threshold_at_all_where_the_policy_says_so():
    policy = policyfile.read(own(("over_a_threshold = true", "over_a_threshold = false")))
    assert verdict("always", after(direct=Score(right=0, asked=20)), policy).decision == "veto"
    assert verdict("always", GOOD, policy).decision == "approve"


@pytest.mark.parametrize("approve", ["policy", "always"])
@pytest.mark.parametrize("change", [(UNWATCHED,), (UNWATCHED, TWO)])
def test_where_approving_is_left_to_people_a_run_holds_and_still_refuses_what_does_harm(approve, change):
    policy = policyfile.read(own(*change))
    assert verdict(approve, GOOD, policy).decision == "hold"
    assert verdict("policy", but(perplexity_after=48.0), policy).decision == "veto"


# ---------------------------------------------------------------- fail closed


def wrong(text: str) -> str:
    with pytest.raises(PolicyUnclear) as unclear:
        policyfile.read(text)
    for approve in ("policy", "always"):
        assert verdict(approve, GOOD, unclear.value).decision == "hold"
    assert verdict("never", GOOD, unclear.value).decision == "veto"
    return str(unclear.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("version = 1", "version = 2"), "version"),
        (("version = 1", ""), "version"),
        (("version = 1", "version = true"), "version"),
        (("version = 1", "version = 1\ncolour = 1"), "“colour”"),
        (("[thresholds]", "[threshold]"), "[thresholds]"),
        ((KL, 'kl = "none"'), "“kl” is a text"),
        ((KL, "kl = 0.1"), "“kl” is a number"),
        ((KL, "kl = { at_least = 0.1 }"), "“at_least”"),
        ((KL, "kl = {}"), "no at_most"),
        ((KL, "kl = { at_most = nan }"), "from 0 to"),
        ((KL, "kl = { at_most = inf }"), "from 0 to"),
        ((KL, "kl = { at_most = -1 }"), "from 0 to"),
        ((KL, f"kl = {{ at_most = 1{400 * '0'} }}"), "from 0 to"),
        ((KL, "kl = { at_most = true }"), "true or false"),
        ((KL, "kl = { at_most = 1, absolute = 1 }"), "absolute"),
        ((KL, ""), "“kl”; every key"),
        (("{ at_least = 1 }", "{ at_least = 0.5 }"), "whole number"),
        (("{ at_least = 0.95 }", "{ at_least = 95 }"), "from 0 to 1"),
        (("approvers = []", 'approvers = "Ida"'), "“approvers”"),
        (("approvers = []", "approvers = [1]"), "no name"),
        (("approvers = []", 'approvers = [" "]'), "no name"),
        (("approvers = []", 'approvers = ["key:12"]'), "no key"),
        (("approvers = []", f'approvers = ["key:{64 * "A"}"]'), "no key"),
        (("approvers = []", f'approvers = ["{61 * "x"}"]'), "no name"),
        (("people = 1", "people = 0"), "“people”"),
        (("people = 1", "people = true"), "“people”"),
        (TWO, "two people must approve"),
        (("signed = false", "signed = true"), "must be signed"),
        (("signed = false", 'signed = "no"'), "“signed”"),
        (("delete = false", "delete = true"), "ever deletes"),
        (("delete = false", ""), "“delete”"),
        (("version = 1", "version = "), "not TOML"),
        (("version = 1", f"version = 1\nx = {5000 * '['}"), "nested"),
        (("version = 1", f"version = 1{5000 * '0'}"), "digits"),
        (("version = 1", f"version = 1 #{70_000 * ' '}"), "characters"),
    ],
)
def test_a_file_with_a_fault_approves_nothing_and_names_it(change, said):
    assert said in wrong(own(change))


def test_two_people_must_be_two_among_those_who_are_named():
    one = own(TWO, UNWATCHED, ("approvers = []", 'approvers = ["Ida", "IDA "]'))
    assert "fewer than two" in wrong(one)


def test_all_faults_are_named_in_one_sentence():
    said = wrong(own(("version = 1", "version = 9"), (KL, "kl = 1"), ("people = 1", "people = 3")))
    assert all(word in said for word in ("version", "kl", "people")) and said.count("\n") == 0


MEANT = [number for number, line in enumerate(BUILT_IN.splitlines()) if line and not line.startswith("#")]


@pytest.mark.parametrize("number", MEANT)
def test_no_line_of_the_file_can_be_left_out(number):
    lines = BUILT_IN.splitlines()
    wrong("\n".join(lines[:number] + lines[number + 1 :]))


@given(st.text())
def test_whatever_stands_in_a_file_it_is_no_policy_by_chance(text):
    wrong(text)


@given(st.integers(0, len(BUILT_IN)), st.integers(0, 30), st.text(max_size=10))
def test_a_spoilt_file_is_a_policy_or_is_unclear_and_nothing_else(at, gone, put):
    try:
        assert isinstance(policyfile.read(BUILT_IN[:at] + put + BUILT_IN[at + gone :]), Policy)
    except PolicyUnclear as unclear:
        assert unclear.faults


def spoil(path, how: str) -> None:
    match how:
        case "a folder":
            path.mkdir()
        case "a link to nowhere":
            path.symlink_to("nowhere.toml")
        case "not UTF-8":
            path.write_bytes(b"version = 1 # \xff")
        case "empty":
            path.write_bytes(b"")


@pytest.mark.parametrize("how", ["a folder", "a link to nowhere", "not UTF-8", "empty"])
def test_a_file_that_is_there_and_cannot_be_read_is_not_passed_over(tmp_path, how):
    spoil(tmp_path / "policy.toml", how)
    found = policyfile.in_force(tmp_path)
    assert isinstance(found, PolicyUnclear) and "policy.toml" in str(found)
    (notice,) = policyfile.notices(tmp_path)
    assert str(found) == notice.text


# ---------------------------------------------------------------- on the command line


def test_the_command_shows_what_is_in_force_and_checks_a_file(command, tmp_path):
    shown = command("policy")
    assert shown.returncode == 0 and "built-in" in shown.stdout and "at most 0.03" in shown.stdout
    mine = tmp_path / "mine.toml"
    mine.write_text(own((KL, "kl = { at_most = 0.2 }")), "utf-8")
    told = json.loads(command("policy", mine, "--json").stdout)
    assert told["thresholds"]["kl"]["limit"] == 0.2 and told["policy"] == policyfile.read_file(mine).hash
    mine.write_text("version = 3", "utf-8")
    refused = command("policy", mine)
    assert refused.returncode == 2 and "mine.toml" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert command("policy", tmp_path / "none.toml").returncode == 2
