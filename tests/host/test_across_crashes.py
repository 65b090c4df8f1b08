"""What was decided on a night stands, and nothing else does, though mind or host are lost and the night is taken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from msgspec import structs

from observatory.host import reviewed
from observatory.host.session import SessionError
from observatory.protocol import commands as c
from observatory.protocol import events as e
from observatory.record.store import Store

from .conftest import ROOT, environment
from .test_approval import SIGNED
from .test_keys import PHRASE, made
from .test_live import DAY
from .test_live import EXAM as EXAM_FILE
from .test_policy import PERPLEXITY, TWO, UNWATCHED, own
from .test_session import EXAM, at_the_gate, stored, taught

pytestmark = pytest.mark.crash


@pytest.fixture
def files(tmp_path):
    day, exam = tmp_path / "day.jsonl", tmp_path / "exam.jsonl"
    day.write_text(DAY)
    exam.write_text(EXAM_FILE)
    return "--day", day, "--exam", exam, "--home", tmp_path / "mind"


def sound(home) -> None:
    with Store.open(home, "read") as store:
        found = [*store.verify(), *reviewed.check(home, store.history(kinds=list(reviewed.KINDS)))]
    assert [f"{each.where}: {each.text}" for each in found if each.level == "error"] == []


def since(view, seq: int, kind):
    """The first of these that came after."""
    return view.until(lambda event: isinstance(event, kind) and event.seq > seq)


def woken_again(view, monkeypatch, words: str = "") -> int:
    """Another mind after the one that was lost; returns the event that lost it."""
    lost = view.kinds(e.MindLost)[-1] if view.kinds(e.MindLost) else view.kind(e.MindLost)
    view.until(lambda event: isinstance(event, e.Notice) and event.action == "wake-again")
    monkeypatch.setenv("OBSERVATORY_DOUBLE", words)
    view.session.wake_again()
    since(view, lost.seq, e.MindReady)
    return lost.seq


# ---------------------------------------------------------------- a veto


def test_a_veto_in_mid_night_stands_though_the_mind_is_lost_before_it_has_heard(open_session, tmp_path, monkeypatch):
    view = open_session("waits-at-step-1 dies-on-word")
    before = view.kind(e.MindReady).cortex
    taught(view)
    view.session.sleep(EXAM)
    view.kind(e.StageEntered)
    view.session.veto_night("enough", "Bo")
    closed = view.kind(e.NightClosed)
    assert (closed.ended, closed.why, closed.cortex) == ("vetoed", "enough", before)
    woken_again(view, monkeypatch)
    assert view.session.state.resumable is None, "what was refused is not offered again"
    view.session.close()
    (decided,) = stored(tmp_path / "mind", e.Decided)
    assert (decided.decision, decided.by, decided.delta) == ("veto", "Bo", "")
    sound(tmp_path / "mind")


def test_a_veto_in_mid_night_stands_though_the_host_is_lost_before_it_is_carried_out(open_session, tmp_path):
    view = open_session("waits-at-step-1 dies-on-word")
    taught(view)
    view.session.sleep(EXAM)
    view.kind(e.StageEntered)
    view.session.close()
    opened, _ = stored(tmp_path / "mind", e.NightOpened, e.NightClosed)
    with Store.open(tmp_path / "mind", "write") as store:
        word = e.Decided(night=1, delta="", decision="veto", by="Bo", reason="enough")
        store.keep([structs.replace(opened, seq=0), word])
    again = open_session(history=False)
    assert (again.kind(e.NightClosed).ended, again.session.state.resumable) == ("vetoed", None)


def test_a_veto_on_the_way_to_the_gate_leaves_nothing_to_approve(open_session):
    view = open_session("waits-at-step-5")
    taught(view)
    view.session.sleep(EXAM)
    view.until(lambda event: isinstance(event, e.StageEntered) and event.text == "step 5")
    keeping = view.session._keeping
    keeping.ask(setattr, keeping.supervisor, "send", lambda command: None).result()
    view.session.veto_night("enough", "Bo")
    del keeping.supervisor.send
    view.session.run()  # the double goes on to the gate as if the veto were still on its way
    view.kind(e.Proposed)
    with pytest.raises(SessionError, match="decided already"):
        view.session.decide("approve", "it learnt", "Ida")
    assert not view.kinds(e.NightCommitted)


def test_a_run_that_goes_on_does_not_sleep_again_on_a_line_whose_night_was_vetoed_as_the_host_died(
    files, command, tmp_path
):
    assert command("live", *files, words="dies-at-step-2").returncode == 1
    with Store.open(tmp_path / "mind", "write") as store:
        (opened,) = store.history(kinds=[e.NightOpened])
        word = e.Decided(night=1, delta="", decision="veto", by="Bo", reason="no")
        store.keep([structs.replace(opened, seq=0), word])
    for _ in range(2):
        done = command("live", *files, "--approve", "always")
        assert done.returncode == 0, done.stderr
    assert stored(tmp_path / "mind", e.NightClosed)[-1].ended == "vetoed"
    assert stored(tmp_path / "mind", e.NightCommitted) == [], "the same night was not put to the policy in its place"
    assert command("live", *files, "--approve", "always", "--again").returncode == 0
    assert len(stored(tmp_path / "mind", e.NightCommitted)) == 1
    sound(tmp_path / "mind")


# ---------------------------------------------------------------- an approval


def approved_once_and_lost(open_session, tmp_path):
    """Two people must approve, one has, and the mind was lost before the other did."""
    (tmp_path / "mind").mkdir()
    (tmp_path / "mind" / "policy.toml").write_text(own(TWO, UNWATCHED), "utf-8")
    view = open_session()
    taught(view)
    at_the_gate(view)
    view.session.decide("approve", "it learnt", "Ida")
    os.kill(view.session.state.pid, signal.SIGKILL)
    return view


def taken_up(view, monkeypatch) -> None:
    lost = woken_again(view, monkeypatch)
    view.session.resume_night()
    since(view, lost, e.Proposed)


def test_one_of_two_approvals_outlives_the_mind_and_is_still_one(open_session, tmp_path, monkeypatch):
    view = approved_once_and_lost(open_session, tmp_path)
    taken_up(view, monkeypatch)
    with pytest.raises(SessionError, match="two different people"):
        view.session.decide("approve", "once more", "Ida")
    view.session.decide("approve", "so it did", "Bo")
    view.until(lambda event: isinstance(event, e.NightClosed) and event.ended == "committed")
    assert [word.waits for word in view.kinds(e.Decided)] == [1, 0]
    view.session.close()
    sound(tmp_path / "mind")


def test_an_approval_from_before_counts_for_no_other_proposal_of_the_night(open_session, tmp_path, monkeypatch):
    view = approved_once_and_lost(open_session, tmp_path)
    taken_up(view, monkeypatch)
    view.session.change("half will do", "Cy", scale=0.5)
    view.until(lambda event: isinstance(event, e.Proposed) and event.proposal.scale == 0.25)
    view.session.decide("approve", "so it did", "Bo")
    assert view.kinds(e.Decided)[-1].waits == 1 and not view.kinds(e.NightCommitted)
    view.session.decide("approve", "half of it learnt", "Ida")
    view.until(lambda event: isinstance(event, e.NightClosed) and event.ended == "committed")
    view.session.close()
    sound(tmp_path / "mind")


def test_an_approval_from_before_counts_under_no_other_policy(open_session, tmp_path, monkeypatch):
    view = approved_once_and_lost(open_session, tmp_path)
    stricter = own(TWO, UNWATCHED, (PERPLEXITY, "{ at_most = 0.02 }"))
    (tmp_path / "mind" / "policy.toml").write_text(stricter, "utf-8")
    taken_up(view, monkeypatch)
    view.session.decide("approve", "so it did", "Bo")
    assert view.kinds(e.Decided)[-1].waits == 1 and not view.kinds(e.NightCommitted)


# ---------------------------------------------------------------- what a person holds or wants otherwise


def waits_at_the_gate(open_session, command, files):
    """A night of that day that a window took up, held at its gate."""
    assert command("live", *files, words="dies-at-step-2").returncode == 1
    view = open_session(history=False)
    view.kind(e.MindReady)
    view.session.resume_night()
    view.kind(e.Proposed)
    return view


@pytest.mark.parametrize("approve", ["always", "policy"])
def test_no_run_by_itself_approves_a_night_that_a_person_held_before_it_was_cut_short(
    open_session, command, files, tmp_path, approve
):
    view = waits_at_the_gate(open_session, command, files)
    view.session.decide("hold", "I want to sleep on it", "Ida")
    view.session.close()
    done = command("live", *files, "--approve", approve)
    assert done.returncode == 3 and "Ida holds it" in done.stderr, done.stderr
    assert stored(tmp_path / "mind", e.NightCommitted) == []
    again = open_session(history=False)
    again.kind(e.MindReady)
    again.session.resume_night()
    again.kind(e.Proposed)
    with pytest.raises(SessionError, match="Ida holds night 1"):
        again.session.decide("approve", "it learnt", "policy: always")
    again.session.decide("approve", "I slept on it", "Ida")
    assert again.kind(e.NightClosed).ended == "committed"
    again.session.close()
    sound(tmp_path / "mind")


def test_no_run_by_itself_approves_whole_what_a_person_wanted_less_of(open_session, command, files, tmp_path):
    view = waits_at_the_gate(open_session, command, files)
    view.session.change("half will do", "Ida", scale=0.5)
    view.until(lambda event: isinstance(event, e.Proposed) and event.proposal.scale == 0.25)
    view.session.close()
    done = command("live", *files, "--approve", "always")
    assert done.returncode == 3 and "Ida holds it" in done.stderr, done.stderr
    assert stored(tmp_path / "mind", e.NightCommitted) == []


def test_what_is_wanted_otherwise_is_not_approved_before_it_is_proposed_anew(open_session):
    view = open_session()
    taught(view)
    at_the_gate(view)
    keeping = view.session._keeping
    keeping.ask(setattr, keeping.supervisor, "send", lambda command: None).result()
    view.session.change("half will do", "Ida", scale=0.5)
    with pytest.raises(SessionError, match="decided already"):
        view.session.decide("approve", "it learnt", "Bo")
    assert not view.kinds(e.Decided)


# ---------------------------------------------------------------- taken up again without something


FACTS = "Zelda keeps bees.", "The spare key hangs behind the barometer.", "The goat eats radishes."


def relived(sent) -> list[int]:
    return [step.episode for part in sent(c.Relive) for step in part.steps if isinstance(step, c.Tell)]


@pytest.mark.parametrize("cut", ["before it is lived again", "in the night", "at the gate"])
def test_a_night_without_what_was_left_out_is_taken_up_by_a_mind_that_never_heard_it(
    open_session, tmp_path, monkeypatch, sent, cut
):
    view = open_session("dies-reliving-1" if cut == "before it is lived again" else "")
    taught(view, *FACTS)
    at_the_gate(view)
    view.session.change("too private to learn", "Ida", leave_out=[2])
    if cut == "before it is lived again":
        view.kind(e.MindLost)
        view.until(lambda event: isinstance(event, e.Notice) and event.action == "resume-night")
    else:
        view.until(lambda event: isinstance(event, e.NightOpened) and event.episodes == [1, 3])
        if cut == "at the gate":
            view.until(lambda event: isinstance(event, e.Proposed) and event.proposal.episodes == [1, 3])
    view.session.close()
    before = len(sent(c.Relive))
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "")
    again = open_session(history=False)
    again.kind(e.MindReady)
    again.session.resume_night()
    assert again.kind(e.Proposed).proposal.episodes == [1, 3]
    assert len(sent(c.Relive)) == before + 1 and 2 not in relived(sent)
    assert not sent(c.Sleep)[-1].resume, "what is kept of the replay may have heard it"
    again.session.decide("approve", "fine without it", "Ida")
    again.until(lambda event: isinstance(event, e.NightClosed) and event.ended == "committed")
    again.until(lambda _: [x.episode for command in sent(c.Restore)[1:] for x in command.episodes][-1:] == [2])
    assert again.session.unconsolidated() == [2]
    again.session.close()
    sound(tmp_path / "mind")


def test_an_interrupted_night_goes_on_without_what_was_forgotten_since(open_session, tmp_path):
    view = open_session("dies-at-step-2")
    taught(view, *FACTS)
    view.session.sleep(EXAM)
    view.kind(e.MindLost)
    view.session.close()
    view = open_session(history=False)
    view.kind(e.MindReady)
    view.session.forget([2], "Ida", "private")
    view.kind(e.Forgotten)
    view.session.close()
    again = open_session(history=False)
    again.kind(e.MindReady)
    again.session.resume_night()
    assert again.kind(e.NightOpened).episodes == [1, 3]
    again.kind(e.Proposed)
    again.session.decide("approve", "it learnt", "Ida")
    assert again.kind(e.NightClosed).ended == "committed"
    again.session.close()
    sound(tmp_path / "mind")


@pytest.mark.parametrize("how", ["forgotten", "excluded"])
def test_an_interrupted_night_with_nothing_left_is_not_offered_again(open_session, command, files, tmp_path, how):
    view = open_session("dies-at-step-2")
    taught(view, FACTS[1])
    view.session.sleep(EXAM)
    view.kind(e.MindLost)
    view.session.close()
    view = open_session(history=False)
    view.kind(e.MindReady)
    if how == "forgotten":
        view.session.forget([1], "Ida", "private")
        view.kind(e.Forgotten)
    else:
        view.session.mark([1], "excluded", True, "Ida")
    with pytest.raises(SessionError, match="none to resume"):
        view.session.resume_night()
    assert view.session.state.resumable is None
    view.session.close()
    done = command("live", *files, "--approve", "always")
    assert done.returncode == 0, done.stderr
    assert stored(tmp_path / "mind", e.NightCommitted)[0].night == 2


# ---------------------------------------------------------------- a forgetting that asks


def forgets(tmp_path, answers: bytes, *more: str, **around: str) -> tuple[int, str]:
    """`observatory forget 2` with a person at the terminal who answers this."""
    master, slave = os.openpty()
    call = [sys.executable, "-m", "observatory", "forget", "--home", str(tmp_path / "mind"), "--approve", "ask", *more]
    if not stored(tmp_path / "mind", e.ForgettingAsked):
        call.insert(4, "2")
    with subprocess.Popen(
        call, stdin=slave, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
        env=environment(tmp_path, **around),
    ) as run:  # fmt: skip
        os.write(master, answers)
        try:
            said = run.communicate(timeout=30)[1].decode()
        finally:
            run.kill()
    os.close(master)
    os.close(slave)
    return run.returncode, said


@pytest.fixture
def learnt(open_session, tmp_path):
    view = open_session()
    taught(view, *FACTS)
    at_the_gate(view)
    view.session.decide("approve", "it learnt", "Ida")
    view.kind(e.NightClosed)
    view.session.close()


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_who_holds_a_night_of_a_forgetting_is_asked_again(learnt, tmp_path):
    code, said = forgets(tmp_path, b"hold\napprove\nwithout it\n")
    assert code == 0, said
    assert [word.decision for word in stored(tmp_path / "mind", e.Decided)] == ["approve", "hold", "approve"]
    assert stored(tmp_path / "mind", e.Forgotten)


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_a_night_of_a_forgetting_that_waits_for_another_person_does_not_keep_the_first_waiting(learnt, tmp_path):
    (tmp_path / "mind" / "policy.toml").write_text(own(TWO, UNWATCHED), "utf-8")
    code, said = forgets(tmp_path, b"approve\nwithout it\n")
    assert code == 3 and "another person" in said, said
    assert stored(tmp_path / "mind", e.Decided)[-1].waits == 1
    assert not stored(tmp_path / "mind", e.Forgotten)


@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is a Unix thing")
def test_under_a_policy_that_wants_signatures_a_forgetting_is_signed_or_not_ended(learnt, tmp_path):
    home, ours = tmp_path / "mind", tmp_path / "own"
    ida = made(ours, home)
    (home / "policy.toml").write_text(own(SIGNED, UNWATCHED), "utf-8")
    code, said = forgets(tmp_path, b"approve\nwithout it\n")
    assert code != 0 and "sign" in said, said
    assert not stored(home, e.Forgotten)
    around = {"OBSERVATORY_KEYS": str(ours), "OBSERVATORY_PASSPHRASE": PHRASE}
    code, said = forgets(tmp_path, b"approve\nwithout it\n", "--key", "Ida", **around)
    assert code == 0, said
    assert stored(home, e.Decided)[-1].key == ida.fingerprint
    assert stored(home, e.Forgotten)
    sound(home)
