"""Random keys and docks thrown about, the short form: a recording, and a live session with the double for a mind.

The full form is `python -m observatory.bench.keys --sessions 20`, on a real tiny model.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import QTimer

from observatory.bench import keys
from observatory.host.session import Session
from observatory.window.source import Recording
from tests.window import lives

pytestmark = pytest.mark.window


def test_a_recording_stands_random_keys_and_closes_cleanly(qapp, tmp_path):
    played = keys.play("recording", Recording(lives.life(2)), 11, 150, tmp_path)
    assert played.faults == []
    assert played.close_s <= keys.CLOSE_S


def test_a_live_mind_stands_random_keys_and_is_closed_in_mid_night(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "slow-night")
    source = Session(tmp_path / "mind", mind="tests.host.double")
    played = keys.play("live", source, 12, 120, tmp_path, at_night=True)
    assert played.faults == []
    assert played.closed_in == "asleep"
    assert played.close_s <= keys.CLOSE_S


@pytest.mark.mind
def test_the_command_plays_a_session_with_a_mind_and_says_how_it_ended(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "observatory.bench.keys", "--sessions", "2", "--presses", "12", "--quiet"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert [each["faults"] for each in found["played"]] == [[], []]
    assert "| sound |" in done.stderr


def test_what_is_left_behind_or_fails_is_named(qapp, tmp_path, monkeypatch):
    """The eyes of the tests above: an exception in a slot, a thread and a timer, each on purpose."""
    go, kept = threading.Event(), []

    def misbehave(hands) -> None:
        if not kept:
            kept.extend([QTimer(interval=7777), QTimer(interval=0, singleShot=True)])
            kept[1].timeout.connect(lambda: 1 / 0)
            for timer in kept:
                timer.start()
            threading.Thread(target=go.wait, name="forgotten", daemon=True).start()

    monkeypatch.setattr(keys.Hands, "press", misbehave)
    monkeypatch.setattr(keys, "CLOSE_S", 0.5)
    played = keys.play("recording", Recording(lives.life(1)), 1, 5, tmp_path)
    go.set()
    kept[0].stop()
    said = " | ".join(played.faults)
    assert "ZeroDivisionError" in said
    assert "left the thread forgotten" in said
    assert "left a timer of 7777 ms running" in said
