"""Sessions and command lines with the double instead of the mind. Knows how to wait for an event."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from observatory.host.session import Session
from observatory.host.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
DOUBLE = "tests.host.double"
WAIT_S = 20.0
"""Long enough for a slow machine under load; a good run waits a tenth of a second."""


class Listener:
    """A view that only writes down what it saw."""

    def __init__(self, session: Session):
        self.session = session
        self.seen = []

    def until(self, found, wait_s: float = WAIT_S):
        """The first event, seen already or coming, for which `found` holds."""
        at, end = 0, time.monotonic() + wait_s
        while True:
            self.seen += self.session.drain()
            for event in self.seen[at:]:
                if found(event):
                    return event
            at = len(self.seen)
            assert time.monotonic() < end, f"never came; seen: {[type(e).__name__ for e in self.seen]}"
            self.session.wait(0.05)

    def kind(self, kind, wait_s: float = WAIT_S):
        return self.until(lambda event: isinstance(event, kind), wait_s)

    def kinds(self, kind) -> list:
        self.seen += self.session.drain()
        return [event for event in self.seen if isinstance(event, kind)]


@pytest.fixture
def open_session(tmp_path, monkeypatch):
    """Opens sessions on one home and closes whatever the test left open."""
    sessions = []

    def open_one(words: str = "", home: Path | None = None, **how) -> Listener:
        monkeypatch.setenv("OBSERVATORY_DOUBLE", words)
        session = Session(home or tmp_path / "mind", mind=DOUBLE, **how)
        sessions.append(session)
        session.start()
        return Listener(session)

    yield open_one
    for session in sessions:
        session.close()


@pytest.fixture
def command(tmp_path):
    """Runs the command line as a person's shell does, with the double as the mind."""

    def run(*arguments, words: str = "", stdin=subprocess.DEVNULL, timeout: float = 60, preexec_fn=None, **env):
        return subprocess.run(
            [sys.executable, "-m", "observatory", *map(str, arguments)],
            capture_output=True, text=True, stdin=stdin, timeout=timeout, check=False, cwd=ROOT,
            env=environment(tmp_path, words, **env), preexec_fn=preexec_fn,
        )  # fmt: skip

    return run


def environment(tmp_path: Path, words: str = "", **more) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {
        **env, "OBSERVATORY_MIND": DOUBLE, "OBSERVATORY_DOUBLE": words, "OBSERVATORY_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT), **more,
    }  # fmt: skip


@pytest.fixture
def sent(monkeypatch):
    """Every command that goes to a mind."""
    commands, send = [], Supervisor.send

    def noted(supervisor, command):
        commands.append(command)
        send(supervisor, command)

    monkeypatch.setattr(Supervisor, "send", noted)
    return lambda kind: [command for command in commands if isinstance(command, kind)]
