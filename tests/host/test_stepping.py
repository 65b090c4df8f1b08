"""Conditions on their way from a view to the mind."""

from __future__ import annotations

import pytest

from observatory.host.session import SessionError
from observatory.protocol import events as e


def test_a_condition_that_cannot_be_read_is_answered_here_and_nothing_is_sent(open_session):
    view = open_session("waits-at-step-1")
    view.kind(e.MindReady)
    with pytest.raises(SessionError, match="“happiness” is nothing that is measured"):
        view.session.watch(["KL > 0.1", "happiness > 3"])
    with pytest.raises(SessionError, match="Write, for example"):
        view.session.run_until("when it is done")
    view.session.watch(["KL > 0.1"])
    with pytest.raises(SessionError, match="No night is running"):
        view.session.run_until("KL > 0.1")


def test_more_breakpoints_than_a_mind_watches_are_refused_in_words(open_session):
    view = open_session()
    view.kind(e.MindReady)
    with pytest.raises(SessionError, match="cannot be sent"):
        view.session.watch([f"step {n}" for n in range(1, 200)])


def test_watching_a_home_that_is_open_for_reading_only_is_refused(open_session, tmp_path):
    first = open_session(home=tmp_path / "mind")
    first.kind(e.MindReady)
    first.session.close()
    view = open_session(home=tmp_path / "mind", read_only=True)
    with pytest.raises(SessionError, match="reading only"):
        view.session.watch(["KL > 0.1"])
