"""Homes that something happens to. Sessions and command lines are those of the host's tests."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

import pytest

from observatory.protocol import events as e
from tests.host.conftest import Listener, command, open_session  # noqa: F401 - fixtures of the host's tests

LINES = ("The bees live in Trondheim.", "The ship is teal.", "The moon is a lamp.")


def without_root() -> None:
    """In a child: root, too, may then only do what a file's rights allow."""
    if sys.platform == "linux" and os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH leave the bounding set
            assert libc.prctl(24, capability, 0, 0, 0) == 0


@pytest.fixture
def day(tmp_path) -> Path:
    path = tmp_path / "day.jsonl"
    path.write_text("".join(json.dumps({"text": line}) + "\n" for line in LINES) + '{"sleep": true}\n')
    return path


@pytest.fixture
def lived(command, day, tmp_path) -> Path:  # noqa: F811
    """A home with three episodes and one committed night."""
    home = tmp_path / "home"
    done = command("live", "--day", day, "--home", home, "--approve", "always", "--quiet")
    assert done.returncode == 0, done.stderr
    return home


def texts(home: Path) -> list[str]:
    from observatory.record.store import Store

    with Store.open(home, "read") as store:
        return [event.text for event in store.history(kinds=[e.EpisodeEncoded])]
