"""The story without Qt: what events amount to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from observatory.protocol import events as ev
from observatory.window import words
from observatory.window.changes import changes, counts
from observatory.window.story import Story
from tests.window import canned


def test_history_and_live_events_amount_to_the_same_story():
    events = canned.whole_story()
    at_once, one_by_one = Story().take_all(events), Story()
    for event in events:
        one_by_one.take(event)
        one_by_one.take_changes()
    assert [e.nights for e in at_once.episodes] == [e.nights for e in one_by_one.episodes] == [[1]] * 25
    assert at_once.cortex == one_by_one.cortex == canned.AFTER


def test_a_question_asked_in_the_window_and_its_answer_are_one_turn():
    story = Story()
    story.asking(7, "Where?", "whole")
    story.take(ev.AnswerPiece(question=7, piece="There", surprise=2.0))
    assert len(story.turns) == 1
    assert story.turns[0].answer_pieces == ["There"]


def test_an_episode_told_in_the_window_is_one_turn_and_is_kept_when_the_record_says_so():
    story = Story()
    story.telling(1, "It rained.")
    story.take(canned.episode(1, "It rained."))
    assert [turn.kept for turn in story.turns] == [False]
    story.take(ev.EpisodeKept(episode=1))
    assert [turn.kept for turn in story.turns] == [True]


def test_what_was_learnt_and_lost_is_counted_from_both_papers():
    night = Story().take_all(canned.at_the_gate()).review
    tally = counts(changes(night))
    assert tally["lost"] == 2
    assert sum(tally.values()) == 62
    assert changes(night)[0].verdict == "lost"


def test_a_night_under_which_the_mind_was_lost_can_be_resumed():
    story = Story().take_all([*canned.day(), *canned.night_opens()])
    assert story.asleep
    story.take(ev.MindLost(exit_code=-9, night=1, last_words=""))
    assert not story.asleep
    assert story.interrupted.number == 1
    story.take(canned.ready(canned.START + 900))
    assert story.awake


@pytest.mark.parametrize(("ended", "resumed"), [("vetoed", False), ("committed", False), ("interrupted", True)])
def test_a_night_that_was_decided_on_before_the_mind_was_lost_is_not_offered_again(ended, resumed):
    story = Story().take_all([*canned.day(), *canned.night_opens()])
    story.take(ev.MindLost(exit_code=-9, night=1, last_words=""))
    story.take(ev.NightClosed(
        night=1, ended=ended, cortex=canned.BASE, why="", wall_s=0.0, steps=0, tokens=0, peak_rss_mb=0.0
    ))  # fmt: skip
    assert (story.interrupted is not None) == resumed


def test_a_mind_that_reported_in_an_earlier_session_does_not_count_as_awake():
    story = Story(live_since=canned.START + 5000).take_all(canned.whole_story())
    assert not story.awake
    story.take(canned.beat())
    assert story.awake


def test_an_approval_closes_the_proposal_and_a_hold_does_not():
    story = Story().take_all(canned.at_the_gate())
    hold = ev.Decided(night=1, delta=canned.DELTA, decision="hold", by="Ada", reason="")
    story.take(hold)
    assert story.review.open_proposal is not None
    story.take(ev.Decided(night=1, delta=canned.DELTA, decision="veto", by="Ada", reason="no"))
    assert story.review.open_proposal is None


def test_an_approval_that_waits_for_another_persons_leaves_the_proposal_open():
    story = Story().take_all(canned.at_the_gate())
    first = ev.Decided(night=1, delta=canned.DELTA, decision="approve", by="Ada", reason="it learnt", waits=1)
    story.take(first)
    assert story.review.open_proposal is not None
    story.take(ev.Decided(night=1, delta=canned.DELTA, decision="approve", by="Bo", reason="it did"))
    assert story.review.open_proposal is None


def test_a_rolled_back_night_no_longer_counts_as_slept_on():
    story = Story().take_all(canned.whole_story())
    story.take(ev.RolledBack(to_night=0, nights=[1], cortex=canned.BASE, why="second thoughts"))
    assert story.unslept == 25
    assert story.cortex == canned.BASE


def test_an_episode_is_where_the_mind_last_said_it_is():
    story = Story().take_all([*canned.day(), *canned.night_opens()])
    fourth = story.by_number[4]
    assert fourth.standing == "in the hippocampus; no night has ended since"
    story.take_all([*canned.committed(), canned.retained()])
    assert fourth.standing == "in the hippocampus and in the cortex"
    story.take(canned.retained(2, faded=(4,)))
    assert (fourth.standing, fourth.faded, story.faded) == ("faded; the cortex keeps it", 2, 1)
    story.take(canned.retained(3, faded=(4,)))
    assert fourth.faded == 2
    story.take(ev.RolledBack(to_night=0, nights=[1], cortex=canned.BASE, why=""))
    story.take(canned.retained(0))
    assert (fourth.standing, fourth.faded, story.faded) == ("in the hippocampus only", None, 0)


def test_what_faded_before_any_night_took_it_in_cannot_be_slept_on():
    story = Story().take_all(canned.day())
    gone = ev.Retention(episode=4, hippocampal=0.0, cortical=0.0, held=False)
    story.take(ev.Retained(night=0, episodes=[gone], faded=[4]))
    assert story.by_number[4].standing == "faded; only the record keeps it"
    assert story.unslept == 24


def test_control_characters_are_shown_and_the_length_stays():
    text = "a\0b\x1bc\u202ed"
    assert words.literal(text) == "a\u2400b\u241bc\ufffdd"
    assert len(words.literal(text)) == len(text)


def test_a_tooltip_never_carries_mark_up():
    assert "<b>" not in words.tip("<b>bold</b>")


def test_importing_the_window_loads_no_torch_no_duckdb_and_no_umap():
    code = (
        "import sys, observatory.window.main, observatory.window.app, observatory.window.pictures\n"
        "print([m for m in ('torch', 'transformers', 'duckdb', 'umap', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == "[]"


def test_the_story_needs_no_qt():
    code = "import sys, observatory.window.story; print(any(m.startswith('PySide6') for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == "False"
