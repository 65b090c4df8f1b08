"""Drift beside a session: a map process works out what lies in the home, and takes nothing with it when it dies."""

from __future__ import annotations

import os
import shutil
import signal
import time

import numpy as np
import pytest

from observatory.host.course import lying
from observatory.host.drift import Drift
from observatory.host.drifted import Reading
from observatory.maps import fit as fits
from observatory.protocol import events as ev
from observatory.protocol.commands import AcceptedDelta
from tests.maps.conftest import INNER, LAYERS, cortex, delta, picture  # noqa: F401 - fixtures

PATIENCE_S = 120
WRITES = "layers.2.mlp.down_proj"


@pytest.fixture
def home(tmp_path, cortex, delta, picture, monkeypatch):  # noqa: F811
    """One accepted night on one layer, and the course of a second one that is open; its map is kept already."""
    monkeypatch.setenv("OBSERVATORY_MODELS", str(tmp_path / "models"))
    (cortex.folder / "config.json").write_text("{}")
    fits.keep(picture, fits.path_for(tmp_path / "models" / "maps", cortex.hash))
    home = tmp_path / "a home"
    (home / "deltas").mkdir(parents=True)
    path, digest = delta(WRITES)
    shutil.copy(path, home / "deltas" / path.name)
    course = home / "drift" / "night-0002"
    course.mkdir(parents=True)
    for step in (4, 8):
        shutil.copy(delta("layers.1.mlp.down_proj", seed=step)[0], course / f"step-{step:04d}.safetensors")
    night = AcceptedDelta(
        night=1, delta=digest, file=path.name, cortex_before="", cortex_after="", by="test", reason="because"
    )
    return home, str(cortex.folder), [night]


@pytest.fixture
def drift(home):
    made = Drift(home[0], home[1], lambda: home[2], lambda: (None, 2))
    yield made
    made.close()


def until(drift, true):
    end = time.monotonic() + PATIENCE_S
    while not true(drift.look()):
        assert time.monotonic() < end, drift.look()
        time.sleep(0.05)
    return drift.look()


def test_stops_stand_in_their_order_and_are_named_as_people_say(home):
    found = lying(home[0], home[2], None, 2)
    assert [stop.name for stop in found.stops] == ["the base", "after night 1", "night 2, step 4", "night 2, step 8"]
    assert [len(found.changes[stop.key]) for stop in found.stops] == [0, 1, 2, 2]


def test_the_steps_of_a_night_that_is_over_and_was_not_taken_in_say_so(home):
    assert lying(home[0], home[2], None, None).stops[-1].name == "night 2, step 8 (not taken in)"


def test_what_is_proposed_is_the_last_stop_until_it_is_decided(home):
    proposal = ev.Proposal(
        night=2, delta="ab" * 32, file="night-0002-abab.safetensors", cortex_before="", cortex_after="", scale=1.0,
        rank=4, norm=1.0, drift={}, episodes=[1], steps=8, tokens=1, bytes=1,
    )  # fmt: skip
    assert lying(home[0], home[2], proposal, 2).stops[-1].name == "night 2, as proposed"


def test_other_files_in_the_folder_are_passed_by(home):
    for name in ("step-x.safetensors", "notes.txt", ".step-0004.safetensors.1.part"):
        (home[0] / "drift" / "night-0002" / name).write_text("")
    (home[0] / "drift" / "elsewhere").mkdir()
    (home[0] / "drift" / "night-0002" / "states-end.safetensors").write_text("")
    found = lying(home[0], home[2], None, 2)
    assert len(found.stops) == 4 and list(found.readings) == [Reading(2, -1)]


def test_lenses_and_table_tell_one_truth_through_the_map_process(drift):
    assert drift.look().phase == "off"
    drift.open()
    now = until(drift, lambda d: d.phase == "ready" and len(d.moved) == len(d.stops) == 4 and d.courses)
    base, night, *_, last = (stop.key for stop in now.stops)
    assert now.moved[base].moved == now.moved[base].moving == 0
    assert not now.moved[base].table.any() and not now.courses.heat[0].any()
    layers, _ = now.picture.names()
    for key, expected in ((night, {2}), (last, {1, 2})):
        moved, at = now.moved[key], now.courses.keys.index(key)
        displaced = np.linalg.norm(moved.after - now.picture.places, axis=1)
        assert set(layers[moved.table > 0].tolist()) == expected
        assert set(now.picture.layers[displaced > now.picture.floor].tolist()) == expected
        assert set(np.flatnonzero(now.courses.away[at] > 0).tolist()) == expected
        assert moved.heat == pytest.approx(now.courses.heat[at], rel=1e-4)
        assert (moved.table[now.picture.shown()] == moved.relative).all()
    assert len(layers) == LAYERS * INNER
    assert drift.close() == "asked" and drift.look().phase == "closed"


def test_a_map_process_that_dies_is_told_and_another_can_be_started(drift):
    drift.open()
    until(drift, lambda d: d.picture is not None)
    os.kill(drift._maps.pid, signal.SIGKILL)
    lost = until(drift, lambda d: d.phase == "lost")
    assert "ended by itself" in lost.problem and "Start the map again" in lost.remedy and lost.picture is not None
    drift.open()
    assert until(drift, lambda d: d.phase == "ready").problem == ""


def test_a_delta_with_other_bytes_is_said_and_the_rest_is_drawn(home, drift):
    path = home[0] / "deltas" / home[2][0].file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    drift.open()
    now = until(drift, lambda d: d.problem and d.picture is not None and "base" in d.moved)
    assert "other bytes" in now.problem and now.phase != "lost"


def test_a_model_that_is_not_there_is_said_and_no_map_is_made(home):
    drift = Drift(home[0], str(home[0] / "no model"), lambda: home[2], lambda: (None, None))
    drift.open()
    assert "no folder" in until(drift, lambda d: "no folder" in d.what).what
    drift.close()
