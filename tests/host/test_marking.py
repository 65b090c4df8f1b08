"""Pins and exclusions: durable before anyone acts on them, obeyed by every later night, refused in words."""

from __future__ import annotations

import os
import signal

import pytest

from observatory.host.session import SessionError
from observatory.protocol import events as e
from tests.host.test_session import at_the_gate, stored, taught


def rows(view) -> dict[int, tuple[bool, bool]]:
    return {row["episode"]: (row["pinned"], row["excluded"]) for row in view.session.rows("episodes")}


def test_marks_are_kept_and_told_and_can_be_taken_back_several_at_once(open_session):
    view = open_session()
    taught(view, "one", "two", "three")
    view.session.mark([1, 2], "pinned", True, "Ida")
    view.session.mark([2, 3], "excluded", True, "Ida")
    view.session.mark([1], "pinned", False, "Ida")
    assert rows(view) == {1: (False, False), 2: (True, True), 3: (False, True)}
    said = [(m.episodes, m.mark, m.on, m.by) for m in view.kinds(e.EpisodesMarked)]
    assert said == [([1, 2], "pinned", True, "Ida"), ([2, 3], "excluded", True, "Ida"), ([1], "pinned", False, "Ida")]


def test_no_night_opens_over_what_is_excluded(open_session):
    view = open_session()
    taught(view, "one", "two", "three")
    view.session.mark([2], "excluded", True, "Ida")
    at_the_gate(view)
    view.session.decide("approve", "fine", "Ida")
    view.kind(e.NightClosed)
    assert view.kind(e.NightOpened).episodes == [1, 3]
    view.session.mark([2], "excluded", False, "Ida")
    view.session.mark([1], "excluded", True, "Ida")
    view.session.sleep()
    second = view.until(lambda event: isinstance(event, e.NightOpened) and event.night == 2)
    assert (second.episodes, second.old_episodes) == ([2], [3])


def test_when_all_that_is_new_is_excluded_there_is_nothing_to_sleep_on(open_session):
    view = open_session()
    taught(view, "one")
    view.session.mark([1], "excluded", True, "Ida")
    with pytest.raises(SessionError, match="nothing new to sleep on"):
        view.session.sleep()


def test_a_mark_outlives_a_kill_of_the_mind_and_a_restart(open_session):
    view = open_session()
    taught(view, "one", "two")
    os.kill(view.session.state.pid, signal.SIGKILL)
    view.kind(e.MindLost)
    view.session.mark([1], "pinned", True, "Ida")  # there is no mind to hear it
    view.session.close()
    again = open_session()
    again.kind(e.MindReady)
    assert rows(again) == {1: (True, False), 2: (False, False)}
    assert len(stored(again.session.home, e.EpisodesMarked)) == 1


def test_what_cannot_be_marked_is_refused_whole_and_nothing_is_recorded(open_session):
    view = open_session("forgets", capacity=4)
    taught(view, "one", "two", "three", "four")
    for wrong, said in (([1, 9], "no episode 9"), ([1, 2, 3], "at most 2 may be")):
        with pytest.raises(SessionError, match=said):
            view.session.mark(wrong, "pinned", True, "Ida")
    with pytest.raises(SessionError, match="needs a name"):
        view.session.mark([1], "pinned", True, " ")
    with pytest.raises(SessionError, match="No episode was named"):
        view.session.mark([], "pinned", True, "Ida")
    at_the_gate(view)
    view.session.decide("approve", "fine", "Ida")
    view.kind(e.Retained)
    with pytest.raises(SessionError, match="has faded already"):
        view.session.mark([1], "pinned", True, "Ida")
    view.session.mark([1], "excluded", True, "Ida")
    assert len(view.kinds(e.EpisodesMarked)) == 1


def test_nothing_is_marked_in_a_home_that_is_open_for_reading(open_session):
    taught(open_session(), "one")
    reading = open_session(read_only=True)
    with pytest.raises(SessionError, match="reading only"):
        reading.session.mark([1], "pinned", True, "Ida")
