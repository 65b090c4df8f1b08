"""One home and one mind: kept before shown, decided before executed, and nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import signal
import time

import pytest
from msgspec import structs

from observatory import resources
from observatory.host.session import SessionError
from observatory.protocol import commands as c
from observatory.protocol import events as e
from observatory.protocol.drives import Drives
from observatory.record.store import RecordError, Store

EXAM = [
    e.Question(prompt="Where are the bees?", answers=["Trondheim"], kind="direct", day=1),
    e.Question(prompt="The town of the hives?", answers=["Trondheim"], kind="paraphrase", day=1),
    e.Question(prompt="Capital of France?", answers=["Paris"], kind="known"),
]


def taught(view, *texts) -> list[int]:
    view.kind(e.MindReady)
    numbers = [view.session.tell(text) for text in texts or ("The bees live in Trondheim.",)]
    for number in numbers:
        view.until(lambda event, n=number: isinstance(event, e.EpisodeKept) and event.episode == n)
    return numbers


def at_the_gate(view) -> int:
    night = view.session.sleep(EXAM, why="tired")
    view.kind(e.Proposed)
    return night


def stored(home, *kinds) -> list[e.Record]:
    with Store.open(home, "read") as store:
        return list(store.history(kinds=list(kinds) or None))


# ---------------------------------------------------------------- waking


def test_an_episode_is_acknowledged_only_once_it_is_on_disk(open_session):
    view = open_session()
    (number,) = taught(view)
    kept = view.kind(e.EpisodeKept)
    # Read through another connection while the session still runs: what is acknowledged is there.
    assert number in [row["episode"] for row in view.session.rows("episodes")]
    assert kept.seq > view.kind(e.EpisodeEncoded).seq > 0


def test_episodes_are_numbered_on_from_where_the_home_stopped(open_session):
    view = open_session()
    assert taught(view, "one", "two") == [1, 2]
    view.session.close()
    again = open_session()
    assert taught(again, "three") == [3]


def test_a_view_that_opens_later_first_receives_what_was_lived_before(open_session):
    view = open_session()
    taught(view, "one", "two")
    view.session.close()
    again = open_session()
    again.until(lambda event: isinstance(event, e.EpisodeEncoded) and event.text == "two")
    order = [event.seq for event in again.seen if isinstance(event, e.Record)]
    assert order == sorted(order)


def test_text_that_the_wire_would_refuse_is_refused_in_words(open_session):
    view = open_session()
    view.kind(e.MindReady)
    for text in ("", "x" * 20_000, "half a pair: \ud800"):
        with pytest.raises(SessionError, match="cannot be sent"):
            view.session.tell(text)
    assert taught(view, "and the next one is fine")


def test_a_question_is_answered_under_its_own_number(open_session):
    view = open_session()
    taught(view)
    number = view.session.ask("Where are the bees?", memory="cortex")
    answered = view.kind(e.Answered)
    assert (answered.question, answered.memory) == (number, "cortex")
    assert [p.piece for p in view.kinds(e.AnswerPiece)] == ["I ", "know"]


def test_saved_says_through_which_event_everything_is_on_disk(open_session):
    view = open_session()
    taught(view)
    view.until(lambda event: isinstance(event, e.Saved) and event.through >= view.kind(e.EpisodeKept).seq)
    assert view.session.state.saved_through >= view.kind(e.EpisodeKept).seq


# ---------------------------------------------------------------- nights


def test_a_decision_is_recorded_before_the_mind_hears_of_it(open_session, tmp_path):
    view = open_session()
    taught(view)
    night = at_the_gate(view)
    assert view.session.state.can_decide
    view.session.decide("approve", "it learnt", "Ida")
    view.kind(e.NightClosed)
    view.session.close()
    order = [
        type(event).__name__
        for event in stored(tmp_path / "mind", e.Proposed, e.Decided, e.NightCommitted, e.NightClosed)
    ]
    assert order == ["Proposed", "Decided", "NightCommitted", "NightClosed"]
    with Store.open(tmp_path / "mind", "read") as store:
        assert [(a.night, a.by, a.reason) for a in store.accepted()] == [(night, "Ida", "it learnt")]


def test_the_cortex_after_a_veto_is_the_one_from_before(open_session):
    view = open_session()
    before = view.kind(e.MindReady).cortex
    taught(view)
    at_the_gate(view)
    view.session.decide("veto", "no", "Ida")
    assert view.kind(e.NightClosed).cortex == before
    assert view.session.unconsolidated() == [1]


def test_hold_keeps_the_proposal_open_for_another_word(open_session):
    view = open_session()
    taught(view)
    at_the_gate(view)
    view.session.decide("hold", "let me look", "Ida")
    assert view.session.state.can_decide
    view.session.decide("approve", "looked", "Ida")
    assert view.kind(e.NightClosed).ended == "committed"


def test_a_second_decision_on_the_same_night_is_refused(open_session):
    view = open_session()
    taught(view)
    at_the_gate(view)
    view.session.decide("veto", "no", "Ida")
    with pytest.raises(SessionError, match="decided already|no proposal"):
        view.session.decide("approve", "yes", "Ida")
    view.kind(e.NightClosed)
    assert not view.kinds(e.NightCommitted)


def test_a_decision_that_cannot_be_recorded_never_reaches_the_mind(open_session, monkeypatch):
    view = open_session()
    taught(view)
    at_the_gate(view)

    def refuse(events):
        raise RecordError("the disk is full")

    monkeypatch.setattr(view.session._keeping.store, "keep", refuse)
    with pytest.raises(SessionError, match="does not count"):
        view.session.decide("approve", "it learnt", "Ida")
    assert not view.kinds(e.NightCommitted)
    assert view.session.state.phase == "failed"


@pytest.mark.parametrize("call", ["decide", "pause", "resume_night", "roll_back", "sleep"])
def test_what_makes_no_sense_now_is_refused_with_a_reason(open_session, call):
    view = open_session()
    view.kind(e.MindReady)
    arguments = {"decide": ("approve", "why", "Ida"), "roll_back": (1, "why")}.get(call, ())
    with pytest.raises(SessionError, match=r"\w{3,}"):
        getattr(view.session, call)(*arguments)


def test_a_night_pauses_runs_on_and_can_be_vetoed_midway(open_session):
    view = open_session("waits-at-step-1")
    taught(view)
    view.session.sleep(EXAM)
    view.kind(e.StageEntered)
    view.session.pause()
    view.kind(e.Paused)
    assert view.session.state.paused
    view.session.run()
    view.kind(e.Resumed)
    view.session.veto_night("enough", "Ida")
    closed = view.kind(e.NightClosed)
    assert closed.ended == "vetoed" and "enough" in closed.why


def test_the_second_night_goes_over_the_new_and_knows_the_old(open_session):
    view = open_session()
    taught(view, "first")
    at_the_gate(view)
    view.session.decide("approve", "yes", "Ida")
    view.kind(e.NightClosed)
    taught(view, "second")
    view.session.sleep()
    opened = view.until(lambda event: isinstance(event, e.NightOpened) and event.night == 2)
    assert (opened.episodes, opened.old_episodes) == ([2], [1])


def test_rolling_back_gives_the_earlier_cortex_also_after_a_restart(open_session):
    view = open_session()
    base = view.kind(e.MindReady).cortex
    taught(view)
    at_the_gate(view)
    view.session.decide("approve", "yes", "Ida")
    after = view.kind(e.NightClosed).cortex
    view.session.roll_back(0, "changed my mind")
    assert view.kind(e.RolledBack).cortex == base != after
    view.session.close()
    again = open_session(history=False)
    assert again.kind(e.MindReady).cortex == base
    assert again.session.unconsolidated() == [1]


# ---------------------------------------------------------------- what fades


def slept(view, night: int) -> e.Retained:
    """One approved night, to the last that the mind says of it."""
    view.session.sleep(EXAM)
    view.until(lambda event: isinstance(event, e.Proposed) and event.proposal.night == night)
    view.session.decide("approve", "yes", "Ida")
    return view.until(lambda event: isinstance(event, e.Retained) and event.night == night)


def restored(sent) -> list[c.StoredEpisode]:
    return [episode for command in sent(c.Restore) for episode in command.episodes]


def test_a_restart_gives_the_mind_back_only_what_it_still_held(open_session, sent):
    view = open_session("forgets")
    taught(view, "first", "second")
    assert slept(view, 1).faded == [1, 2]
    taught(view, "third")
    view.session.close()
    again = open_session(history=False)
    again.kind(e.MindReady)
    back = {episode.episode: episode for episode in restored(sent)}
    assert {n: (each.held, each.text) for n, each in back.items()} == {
        1: (False, ""), 2: (False, ""), 3: (True, "third"),
    }  # fmt: skip
    assert [(back[n].nights, back[n].born) for n in (1, 3)] == [([1], 0), ([], 1)]
    assert sent(c.Wake)[-1].settings.ended == [1]
    assert [row["text"] for row in again.session.rows("episodes")] == ["first", "second", "third"]


def test_a_night_rehearses_the_traces_of_what_has_faded_and_not_its_text(open_session, sent):
    view = open_session("forgets")
    taught(view, "first")
    slept(view, 1)
    taught(view, "second")
    slept(view, 2)
    first, second = sent(c.Sleep)
    assert (first.old_episodes, first.traces) == ([], [])
    assert (second.episodes, second.old_episodes) == ([2], [])
    assert second.traces == [c.Trace(episode=1, cue="cue 1?", answer="answer 1")]


def test_what_a_roll_back_takes_from_the_cortex_is_handed_back_to_the_hippocampus(open_session, sent):
    view = open_session("forgets")
    taught(view, "first")
    slept(view, 1)
    assert view.session.unconsolidated() == []
    view.session.roll_back(0, "look again")
    view.kind(e.RolledBack)
    assert [(each.episode, each.text, each.held) for each in restored(sent)] == [(1, "first", True)]
    assert type(sent(c.Command)[-1]) is c.RollBack
    view.until(lambda event: isinstance(event, e.Retained) and event.night == 0)
    assert view.session.unconsolidated() == [1]


def test_the_capacity_that_was_chosen_reaches_the_mind(open_session, sent):
    open_session(capacity=7).kind(e.MindReady)
    assert sent(c.Wake)[0].settings.capacity == 7


# ---------------------------------------------------------------- losing the mind


@pytest.mark.crash
def test_killed_in_mid_night_nothing_acknowledged_is_missing_and_resuming_is_offered(open_session, tmp_path):
    view = open_session("dies-at-step-2")
    before = view.kind(e.MindReady).cortex
    numbers = taught(view, *(f"fact {i}" for i in range(20)))
    night = view.session.sleep(EXAM)
    lost = view.kind(e.MindLost)
    assert (lost.exit_code, lost.night) == (-signal.SIGKILL, night)
    closed = view.kind(e.NightClosed)
    assert (closed.ended, closed.cortex) == ("interrupted", before)
    offer = view.until(lambda event: isinstance(event, e.Notice) and event.action == "resume-night")
    assert "as it was" in offer.text

    view.session.wake_again()
    view.until(lambda event: isinstance(event, e.MindReady) and event.seq > lost.seq)
    assert view.session.state.cortex == before
    assert [row["episode"] for row in view.session.rows("episodes")] == numbers
    # Without a word about the exam: the night goes on with the one it was opened with.
    assert view.session.resume_night() == night
    opened = view.until(lambda event: isinstance(event, e.NightOpened) and event.seq > lost.seq)
    assert (opened.night, opened.episodes, opened.resumed_from_step) == (night, numbers, 3)
    assert set(view.kind(e.Proposed).recall_after) == {"direct", "paraphrase", "known"}
    view.session.decide("approve", "yes", "Ida")
    view.until(lambda event: isinstance(event, e.NightClosed) and event.ended == "committed")


@pytest.mark.crash
def test_what_was_told_and_not_yet_taken_in_is_told_again_to_the_next_mind(open_session, monkeypatch):
    view = open_session("dies-on-tell")
    view.kind(e.MindReady)
    number = view.session.tell("said to a dying mind")
    view.kind(e.MindLost)
    assert not view.kinds(e.EpisodeKept)
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "")
    view.session.wake_again()
    assert view.kind(e.EpisodeKept).episode == number


@pytest.mark.crash
def test_a_mind_lost_after_the_commit_leaves_the_night_committed(open_session, tmp_path):
    view = open_session("dies-after-commit")
    taught(view)
    at_the_gate(view)
    view.session.decide("approve", "yes", "Ida")
    closed = view.kind(e.NightClosed)
    assert closed.ended == "committed"
    assert closed.cortex == view.kind(e.NightCommitted).cortex_after
    assert view.session.state.resumable is None


@pytest.mark.crash
def test_a_mind_lost_between_the_approval_and_the_commit_is_told_again_by_the_same_person(open_session, monkeypatch):
    """One approval is enough here, and it was recorded; that it is said twice is no second person's word."""
    view = open_session("dies-on-word")
    taught(view)
    at_the_gate(view)
    view.session.decide("approve", "yes", "Ida")
    lost = view.kind(e.MindLost)
    assert view.kind(e.NightClosed).ended == "interrupted" and not view.kinds(e.NightCommitted)
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "")
    view.session.wake_again()
    view.until(lambda event: isinstance(event, e.MindReady) and event.seq > lost.seq)
    view.session.resume_night()
    view.until(lambda event: isinstance(event, e.Proposed) and event.seq > lost.seq)
    view.session.decide("approve", "yes, as I said", "Ida")
    closed = view.until(lambda event: isinstance(event, e.NightClosed) and event.seq > lost.seq + 2)
    assert closed.ended == "committed"
    assert [word.waits for word in view.kinds(e.Decided)] == [0, 0]


@pytest.mark.crash
def test_a_mind_lost_before_it_carried_out_a_veto_leaves_the_night_vetoed(open_session, monkeypatch):
    view = open_session("dies-on-word")
    before = view.kind(e.MindReady).cortex
    taught(view)
    at_the_gate(view)
    view.session.decide("veto", "not this", "Bo")
    closed = view.kind(e.NightClosed)
    assert (closed.ended, closed.why, closed.cortex) == ("vetoed", "not this", before)
    view.kind(e.MindLost)
    assert view.session.state.resumable is None, "what was refused is not offered again"
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "")
    view.session.wake_again()
    again = view.until(lambda event: isinstance(event, e.MindReady) and event.seq > closed.seq)
    assert again.cortex == before


@pytest.mark.crash
def test_a_veto_stands_though_host_and_mind_were_lost_before_it_was_carried_out(open_session, tmp_path):
    view = open_session()
    taught(view)
    at_the_gate(view)
    proposal = view.session.state.proposal
    view.session.close()
    word = e.Decided(night=1, delta=proposal.delta, decision="veto", by="Bo", reason="not this")
    opened, closed = stored(tmp_path / "mind", e.NightOpened, e.NightClosed)
    assert closed.ended == "interrupted"
    with Store.open(tmp_path / "mind", "write") as store:
        store.keep([structs.replace(opened, seq=0), word])
    again = open_session(history=False)
    closed = again.kind(e.NightClosed)
    assert (closed.ended, closed.why) == ("vetoed", "not this")
    again.kind(e.MindReady)
    assert again.session.state.resumable is None


@pytest.mark.crash
def test_a_home_whose_host_was_killed_in_a_night_offers_to_resume_it(open_session, tmp_path):
    """The host's own death leaves no last event; the next opening finds the open night."""
    view = open_session()
    taught(view)
    view.session.close()
    opened = e.NightOpened(
        night=1, seed=0, episodes=[1], old_episodes=[], steps=6, cortex="b" * 64, arm="sleep", why="crash"
    )
    with Store.open(tmp_path / "mind", "write") as store:
        store.keep([opened])
    again = open_session(history=False)
    closed = again.kind(e.NightClosed)
    assert (closed.ended, closed.cortex) == ("interrupted", "b" * 64)
    again.until(lambda event: isinstance(event, e.Notice) and event.action == "resume-night")
    again.kind(e.MindReady)
    again.session.close()
    # Not resumed: the next opening offers it again, and still knows one night only.
    third = open_session(history=False)
    third.kind(e.MindReady)
    assert third.session.state.resumable.night == 1
    assert third.session.resume_night() == 1


def test_a_mind_that_cannot_wake_says_why(open_session):
    view = open_session("no-model")
    notice = view.until(lambda event: isinstance(event, e.Notice) and event.level == "error")
    assert "no model" in notice.text and notice.remedy


def test_a_mind_that_speaks_nonsense_is_stopped_and_named(open_session):
    view = open_session("garbage")
    lost = view.kind(e.MindLost)
    assert "no event" in lost.last_words


@pytest.mark.crash
def test_the_last_words_of_a_dying_mind_are_kept(open_session):
    view = open_session("raises")
    lost = view.kind(e.MindLost)
    assert "ZeroDivisionError" in lost.last_words and lost.exit_code == 1


def test_the_state_says_how_long_the_mind_has_been_silent(open_session):
    view = open_session("silent")
    view.kind(e.MindReady)
    time.sleep(0.3)
    assert view.session.state.mind_silent_s > 0.2
    pid = view.session.state.pid
    os.kill(pid, signal.SIGKILL)
    view.kind(e.MindLost)
    assert view.session.state.mind_silent_s == 0.0 and view.session.state.pid is None


# ---------------------------------------------------------------- homes


def test_a_home_that_is_open_elsewhere_is_refused_with_a_sentence(open_session):
    first = open_session()
    first.kind(e.MindReady)
    second = open_session()
    notice = second.until(lambda event: isinstance(event, e.Notice) and event.level == "error")
    assert "open already" in notice.text
    with pytest.raises(SessionError, match="open already"):
        second.session.tell("to nobody")


def test_a_read_only_session_shows_everything_and_changes_nothing(open_session):
    view = open_session()
    taught(view, "seen")
    view.session.close()
    looking = open_session(read_only=True)
    looking.until(lambda event: isinstance(event, e.EpisodeEncoded) and event.text == "seen")
    with pytest.raises(SessionError, match="reading only"):
        looking.session.tell("not here")
    assert looking.session.state.pid is None


def test_a_full_disk_stops_the_mind_and_nothing_is_acknowledged_any_more(open_session, monkeypatch):
    view = open_session()
    taught(view)

    def full(events):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(view.session._keeping.store, "keep", full)
    view.session.tell("one too many")
    notice = view.until(lambda event: isinstance(event, e.Notice) and event.title.startswith("Saving failed"))
    assert "No space left" in notice.text and notice.remedy
    assert [event.episode for event in view.kinds(e.EpisodeKept)] == [1]
    with pytest.raises(SessionError):
        view.session.tell("and another")


def test_closing_in_mid_night_keeps_the_night_for_later(open_session, tmp_path):
    view = open_session("waits-at-step-1")
    taught(view)
    night = view.session.sleep(EXAM)
    view.kind(e.StageEntered)
    view.session.close()
    (closed,) = stored(tmp_path / "mind", e.NightClosed)
    assert (closed.night, closed.ended) == (night, "interrupted")


def test_a_closed_session_refuses_politely_and_closing_twice_is_fine(open_session):
    view = open_session()
    view.kind(e.MindReady)
    assert view.session.close() == "asked"
    view.session.close()
    with pytest.raises(SessionError, match="closed"):
        view.session.tell("too late")


# ---------------------------------------------------------------- feedback, goal, governor


def test_feedback_is_there_after_a_restart_as_it_was_said_last(open_session, sent):
    view = open_session()
    taught(view, "first", "second")
    view.session.feedback(1, 1, "honey")
    view.session.feedback(1, -0.5, "they stung")
    view.until(lambda event: isinstance(event, e.FeedbackGiven) and event.outcome == -0.5)
    assert [row["outcome"] for row in view.session.rows("episodes")] == [-0.5, None]
    view.session.close()
    open_session(history=False).kind(e.MindReady)
    first, second = restored(sent)
    assert (first.outcome, first.because, first.tokens) == (-0.5, "they stung", list(b"they stung"))
    assert (second.outcome, second.because) == (None, "")


@pytest.mark.parametrize(("outcome", "because"), [(1.1, ""), (float("nan"), ""), (0.0, "x" * 20_000)])
def test_feedback_that_the_wire_would_refuse_is_refused_in_words(open_session, outcome, because):
    view = open_session()
    taught(view)
    with pytest.raises(SessionError, match="cannot be sent"):
        view.session.feedback(1, outcome, because)


def test_feedback_on_what_cannot_be_read_anew_is_refused_with_the_reason(open_session):
    view = open_session("forgets observes")
    taught(view, "first")
    view.session.tell("first")
    view.kind(e.EpisodeObserved)
    slept(view, 1)
    for episode, why in ((1, "has faded"), (2, "not stored"), (3, "no episode 3")):
        with pytest.raises(SessionError, match=f"{why}.*What to do"):
            view.session.feedback(episode, 1.0)


def test_feedback_on_what_is_still_being_taken_in_is_refused(open_session):
    view = open_session("waits-at-step-1")
    taught(view)
    view.session.sleep(EXAM)
    view.kind(e.StageEntered)
    number = view.session.tell("said to a sleeping mind")
    with pytest.raises(SessionError, match="still being taken in"):
        view.session.feedback(number, 1.0)


@pytest.mark.crash
def test_feedback_and_a_goal_that_a_lost_mind_did_not_answer_reach_the_next_one(open_session, monkeypatch):
    view = open_session("dies-on-feedback")
    taught(view)
    view.session.feedback(1, -1.0, "they stung")
    view.kind(e.MindLost)
    view.session.set_goal("find the bees")
    notice = view.until(lambda event: isinstance(event, e.Notice) and event.action == "wake-again")
    assert "1 told and not yet taken in" in notice.text
    assert not view.kinds(e.FeedbackGiven)
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "")
    view.session.wake_again()
    assert view.kind(e.FeedbackGiven).because == "they stung"
    assert view.kind(e.GoalSet).goal == "find the bees"


def test_what_was_answered_is_not_said_again(open_session, sent):
    view = open_session()
    taught(view)
    view.session.feedback(1, 1.0)
    view.session.set_goal("find the bees")
    view.kind(e.GoalSet)
    os.kill(view.session.state.pid, signal.SIGKILL)
    view.kind(e.MindLost)
    view.session.wake_again()
    view.until(lambda event: isinstance(event, e.MindReady) and event.seq > view.kind(e.MindLost).seq)
    assert (len(sent(c.Feedback)), len(sent(c.SetGoal))) == (1, 1)


def test_the_goal_and_a_folder_for_states_reach_the_next_mind(open_session, sent, tmp_path):
    view = open_session()
    view.kind(e.MindReady)
    view.session.set_goal("find the bees")
    view.kind(e.GoalSet)
    view.session.close()
    open_session(history=False).kind(e.MindReady)
    first, second = (wake.settings for wake in sent(c.Wake))
    assert (first.goal, second.goal) == ("", "find the bees")
    assert second.states_folder == str(tmp_path / "mind" / "states")
    assert (tmp_path / "mind" / "states").is_dir()


def test_the_homes_own_rules_reach_the_mind_and_bad_ones_are_named(open_session, sent, tmp_path):
    (tmp_path / "mind").mkdir()
    rules = tmp_path / "mind" / "governor.toml"
    rules.write_text((resources.folder() / "governor.toml").read_text("utf-8"), "utf-8")
    view = open_session()
    view.kind(e.MindReady)
    view.session.close()
    rules.write_text("version = 1", "utf-8")
    again = open_session(history=False)
    notice = again.until(lambda event: isinstance(event, e.Notice) and "built-in rules" in event.title)
    assert str(rules) in notice.text and notice.seq
    again.kind(e.MindReady)
    first, second = (wake.settings.rules for wake in sent(c.Wake))
    assert "[[rule]]" in first
    assert second == ""


def test_an_observed_experience_is_answered_and_not_slept_on(open_session, sent):
    view = open_session("observes")
    taught(view, "first")
    number = view.session.tell("first")
    assert view.kind(e.EpisodeObserved).episode == number == 2
    view.session.sleep(EXAM)
    assert view.kind(e.NightOpened).episodes == [1]
    view.session.close()
    again = open_session(history=False)
    assert taught(again, "third") == [3]


def test_a_night_that_was_interrupted_is_taken_up_with_its_own_drives(open_session, sent, tmp_path):
    view = open_session()
    taught(view)
    view.session.close()
    for said in ("curiosity=0.333,focus=0.333,fear=0.333", "curiosity=0.6,focus=0.3,fear=0.1", ""):
        opened = e.NightOpened(
            night=1, seed=0, episodes=[1], old_episodes=[], steps=6, cortex="b" * 64, arm="sleep", why="", drives=said
        )
        closed = e.NightClosed(
            night=1, ended="interrupted", cortex="b" * 64, why="", wall_s=0, steps=0, tokens=0, peak_rss_mb=0
        )
        with Store.open(tmp_path / "mind", "write") as store:
            store.keep([opened, closed])
        again = open_session(history=False)
        again.kind(e.MindReady)
        again.session.resume_night()
        again.session.close()
    assert [order.plan.drives for order in sent(c.Sleep)] == [
        Drives(), Drives(curiosity=0.6, focus=0.3, fear=0.1), Drives(),
    ]  # fmt: skip
