"""A clock that goes backwards: order is by number, never by time."""

from __future__ import annotations

import json

from observatory.protocol import events as e
from observatory.record.store import Store

BACKWARDS = """
import time
now = time.time
begun = now()
time.time = lambda: 2 * begun - now() - 86_400.0
"""


def test_a_life_under_a_clock_that_runs_backwards_is_lived_slept_on_and_verified(command, day, tmp_path):
    odd, home = tmp_path / "odd", tmp_path / "home"
    odd.mkdir()
    (odd / "sitecustomize.py").write_text(BACKWARDS)
    from tests.host.conftest import ROOT

    done = command("live", "--day", day, "--home", home, "--approve", "always", PYTHONPATH=f"{odd}:{ROOT}")
    assert done.returncode == 0, done.stderr
    again = command("live", "--day", day, "--home", home, "--approve", "always", "--again")
    assert again.returncode == 0, again.stderr
    with Store.open(home, "read") as store:
        events = list(store.history())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        episodes = [event.at for event in events if isinstance(event, e.EpisodeEncoded)]
        assert episodes[:3] == sorted(episodes[:3], reverse=True), "the clock did not run backwards"
    found = json.loads(command("verify", "--home", home, "--json").stdout)
    assert found["sound"], found
    assert [n["decision"] for n in json.loads(command("nights", "--home", home, "--json").stdout)] == ["approved"] * 2
