"""A home that is open already, and one that may not be written: it is shown, and said why nothing can be done in it."""

from __future__ import annotations

import json

import pytest

from observatory.host.session import SessionError
from observatory.protocol import events as e
from tests.host.test_session import taught

from .conftest import without_root


def test_a_second_session_that_may_look_shows_the_home_and_says_so(open_session):
    first = open_session()
    taught(first, "said to the first")
    second = open_session(or_look=True)
    second.until(lambda event: isinstance(event, e.EpisodeEncoded) and event.text == "said to the first")
    said = second.until(lambda event: isinstance(event, e.Notice) and "only shown here" in event.title)
    assert "open already" in said.text and "Close the other one" in said.remedy
    assert second.session.state.read_only and second.session.state.pid is None
    with pytest.raises(SessionError, match="reading only"):
        second.session.tell("to nobody")
    taught(first, "the first goes on")


def test_once_the_first_is_closed_the_next_one_may_write(open_session):
    first = open_session()
    taught(first, "said to the first")
    first.session.close()
    taught(open_session(or_look=True), "said to the second")


def test_looking_back_and_verifying_go_on_beside_a_home_that_is_open(command, lived, open_session):
    open_session(home=lived).kind(e.MindReady)
    for words in (["nights"], ["show", "1"], ["verify"]):
        done = command(*words, "--home", lived)
        assert done.returncode == 0, done.stderr
    refused = command("rollback", "0", "--home", lived)
    assert refused.returncode == 1 and "is open already" in refused.stderr


def test_a_home_that_may_not_be_written_is_refused_for_living_and_shown_for_looking(command, lived, day):
    def as_it_is(*words):
        return command(*words, "--home", lived, preexec_fn=without_root)

    for path in (lived, *lived.iterdir()):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        for words in (["nights"], ["show", "1"], ["verify"]):
            done = as_it_is(*words)
            assert done.returncode == 0, done.stderr
        done = as_it_is("live", "--day", day, "--again")
        assert done.returncode == 1 and "may not be written" in done.stderr and "Traceback" not in done.stderr
    finally:
        for path in (lived, *lived.iterdir()):
            path.chmod(path.stat().st_mode | 0o200)
    assert len(json.loads(command("nights", "--home", lived, "--json").stdout)) == 1
