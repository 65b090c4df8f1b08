"""A disk that is full in earnest: a limit of the system that no write of any library gets over."""

from __future__ import annotations

import json
import sys

import pytest

from observatory.protocol import events as e
from observatory.record.store import Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
MOST = 400_000
"""Bytes a file may have: less than the database of the day below needs."""


def small_disk() -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails, as on a full disk, instead of ending the process
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST))


def test_a_day_on_a_full_disk_stops_with_a_sentence_and_goes_on_when_there_is_space(command, tmp_path):
    day, home = tmp_path / "day.jsonl", tmp_path / "home"
    lines = [f"Lantern {n} hangs over pier {n}. " * 120 for n in range(1, 121)]
    day.write_text("".join(json.dumps({"text": text}) + "\n" for text in lines) + '{"sleep": true}\n')
    done = command("live", "--day", day, "--home", home, "--approve", "always", preexec_fn=small_disk)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr and "space" in done.stderr
    with Store.open(home, "read") as store:
        kept = [event.episode for event in store.history(kinds=[e.EpisodeKept])]
    assert 0 < len(kept) < len(lines)
    done = command("live", "--day", day, "--home", home, "--approve", "always")
    assert done.returncode == 0, done.stderr
    with Store.open(home, "read") as store:
        told = {event.episode: event.text for event in store.history(kinds=[e.EpisodeEncoded])}
    assert list(told.values()) == lines and set(kept) <= set(told)
    assert command("verify", "--home", home).returncode == 0
