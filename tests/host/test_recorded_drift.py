"""A home's drift in a recording: the same numbers without its weights, and no file that is damaged."""

from __future__ import annotations

import json
import lzma
import multiprocessing
import shutil
import tempfile
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save, save_file

from observatory import settings
from observatory.bench import recording as making
from observatory.host import driftfile
from observatory.host.drifted import Drifted
from observatory.host.recording import NO_DRIFT, open_to_look
from observatory.host.refusal import SessionError
from observatory.maps import client
from observatory.record import packed
from observatory.record.store import Store
from tests.host.test_drift import cortex, delta, home, picture  # noqa: F401 - fixtures
from tests.maps.conftest import INNER
from tests.record import samples as s
from tests.window import drifted as made


@pytest.fixture
def slept(home):  # noqa: F811
    """One night that was taken in, with what it left: steps of the next, states and pulls."""
    folder, model, [night] = home
    settings.save(folder, settings.Settings(model=model))
    committed = msgspec.structs.replace(s.committed(1, night.delta), file=night.file)
    with Store.open(folder, "write") as store:
        store.keep([*s.told(1, 2), *s.whole_night(1, night.delta, [1, 2])[:-2], committed, s.closed(1)])
    left, noise = folder / "drift" / "night-0002", np.random.default_rng(5)
    rows = [{"kind": "probe", "number": n, "text": f"probe {n}"} for n in range(1, 5)]
    rows += [{"kind": "episode", "number": 1, "text": ""}]
    about = {"format": "observatory-states-1", "floor": "0.001", "rows": json.dumps(rows)}
    for at, name in enumerate(("states-0000", "states-end")):
        states = {f"layer.{n}": noise.normal(at, 1.0, (5, 8)).astype(np.float32) for n in (1, 2)}
        save_file(states, left / f"{name}.safetensors", metadata=about)
    pulls = {
        "episodes": np.array([1, 2]), "layers": np.array([1, 2]), "before": np.ones(2), "after": np.ones(2) / 3,
        "by_layer": noise.random((2, 2)), "layers.2.mlp.down_proj.best": noise.integers(0, 2, (INNER, 3)),
        "layers.2.mlp.down_proj.strength": noise.random((INNER, 3)).astype(np.float32),
    }  # fmt: skip
    save_file(pulls, left / "pulls.safetensors", metadata={"format": "observatory-pulls-1"})
    return folder


@pytest.fixture
def told(tmp_path):
    """A recording whose drift was made by hand."""
    with Store.open(tmp_path / "told", "write") as store:
        store.keep(s.told(1, 3))
    file = tmp_path / "told.observatory"
    packed.pack(making.recorded(tmp_path / "told"), file, driftfile.written(made.whole()))
    return file


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where recordings are unpacked to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def without_map(monkeypatch):
    def start(_):
        raise AssertionError("a map process was started")

    monkeypatch.setattr(client.MapProcess, "start", start)


def test_a_recorded_home_shows_the_drift_of_the_home_without_its_weights(slept, tmp_path, monkeypatch):
    at_home: list[Drifted] = []
    real = making.worked_out

    @contextmanager
    def watched(*how):
        with real(*how) as drift:
            at_home.append(drift.look())
            yield drift

    monkeypatch.setattr(making, "worked_out", watched)
    file = tmp_path / "life.observatory"
    assert making.make(slept, file)["drift"]
    for folder in (slept, tmp_path / "model", tmp_path / "models"):
        shutil.rmtree(folder)
    [before] = at_home
    with open_to_look(file) as session:
        session.drift.open()
        session.drift.want("base")
        after = session.drift.look()
        assert after.whole and not multiprocessing.active_children()
        assert len(session.rows("episodes")) == 2
    assert [stop.name for stop in after.stops] == [
        "the base", "after night 1", "night 2, step 4 (not taken in)", "night 2, step 8 (not taken in)"
    ]  # fmt: skip
    for key, one in before.moved.items():
        other = after.moved[key]
        np.testing.assert_allclose(other.table, one.table, rtol=2.0**-10)
        far = np.linalg.norm(one.after - before.picture.places, axis=1)
        np.testing.assert_allclose(
            np.linalg.norm(other.after - after.picture.places, axis=1), far, rtol=driftfile.BESIDE, atol=1e-5
        )
        assert other.moving == one.moving and other.moved == one.moved
    np.testing.assert_allclose(after.courses.heat, before.courses.heat, rtol=1e-6)
    np.testing.assert_allclose(after.inside.moved, before.inside.moved, rtol=1e-6)
    assert after.inside.rows == before.inside.rows and after.inside.readings == before.inside.readings
    assert (after.pulled[2].best == before.pulled[2].best).all() and (after.pulled[2].best >= 0).any()
    np.testing.assert_allclose(after.pulled[2].strength, before.pulled[2].strength, rtol=2.0**-10)


def test_a_recording_without_weights_says_so_and_starts_no_map(slept, tmp_path, without_map):
    file = tmp_path / "life.observatory"
    assert making.make(slept, file, with_drift=False)["drift"] == 0
    with open_to_look(file) as session:
        session.drift.open()
        assert session.drift.look().what == NO_DRIFT and not session.drift.look().stops
        assert len(session.rows("episodes")) == 2


def test_a_home_whose_model_is_gone_is_not_recorded_unasked_without_its_drift(slept, tmp_path):
    settings.save(slept, settings.Settings(model=str(tmp_path / "no model")))
    with pytest.raises(making.NoDrift, match="no folder.*--without-drift"):
        making.make(slept, tmp_path / "life.observatory")
    assert not (tmp_path / "life.observatory").exists()


def test_a_recording_with_drift_opens_without_a_map_process(told, without_map):
    with open_to_look(told) as session:
        session.drift.open()
        assert session.drift.look().whole and len(session.drift.look().moved) == len(made.STOPS)


def test_a_recording_cut_anywhere_or_with_any_other_byte_is_refused_and_leaves_nothing(told, scratch):
    whole = told.read_bytes()
    early = len(lzma.compress(b"")) + 40
    for size in (0, early, len(whole) // 2, len(whole) - 1):
        told.write_bytes(whole[:size])
        with pytest.raises(SessionError, match=r"part of one|no recording"):
            open_to_look(told)
    for at in (early, len(whole) // 2, len(whole) - 20):
        told.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(SessionError):
            open_to_look(told)
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    "behind",
    [
        b"something else",
        lzma.compress(b"not what drift is"),
        lzma.compress((2**60).to_bytes(8, "little") + b"{}"),
        lzma.compress(save({"table.0": np.zeros(4, np.float16)}, metadata={"format": driftfile.FORMAT})),
        lzma.compress(driftfile.written(made.whole())) + b"and more",
    ],
)  # fmt: skip
def test_what_stands_behind_the_journal_and_is_no_drift_is_refused(tmp_path, scratch, behind):
    with Store.open(tmp_path / "told", "write") as store:
        store.keep(s.told(1, 3))
    file = tmp_path / "odd.observatory"
    packed.pack(making.recorded(tmp_path / "told"), file)
    file.write_bytes(file.read_bytes() + behind)
    with pytest.raises(SessionError, match=r"Get the file once more"):
        open_to_look(file)
    assert not list(scratch.iterdir())


def test_drift_that_would_fill_the_disk_is_refused(told, scratch, monkeypatch):
    monkeypatch.setattr(packed, "DRIFT_MOST", 1000)
    with pytest.raises(SessionError, match="which no recording holds"):
        open_to_look(told)
    assert not list(scratch.iterdir())
