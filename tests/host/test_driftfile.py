"""Drift in a file: the same numbers within the rounding that is said, and nothing of a file that does not fit."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from observatory.host import driftfile
from observatory.host.driftfile import DriftUnreadable
from observatory.protocol import headers
from tests.window import drifted as made

TRUTH, WAY, EPSILON = 1.01 * 2.0**-11, 2.0**-9, 4e-6
"""Parts of a change and of a way that rounding may take, and what a sum in single precision may."""


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "drift.safetensors"
    path.write_bytes(driftfile.written(made.whole()))
    return path


def again(path, change=lambda about: None, **arrays):
    """The same file with other notes or other arrays; `None` leaves one out."""
    notes, found = headers.tensors(path).notes, load(path.read_bytes())
    about = json.loads(notes["about"])
    change(about)
    found = {name: array for name, array in {**found, **arrays}.items() if array is not None}
    path.write_bytes(save(found, metadata={**notes, "about": json.dumps(about)}))


def test_what_is_read_is_what_was_written_within_the_rounding(kept):
    before, after = made.whole(), driftfile.read(kept)
    assert after.stops == before.stops and after.phase == "ready" and after.whole
    step = np.ptp(before.picture.places, axis=0) / driftfile.GRID
    assert (np.abs(after.picture.places - before.picture.places) <= step).all()
    assert (after.picture.shown() == before.picture.shown()).all() and after.picture.row == before.picture.row
    for key, one in before.moved.items():
        other = after.moved[key]
        assert (np.abs(other.table - one.table) <= TRUTH * one.table).all()
        assert (other.relative == other.table[after.picture.shown()]).all()
        assert ((other.table > 0) == (one.table > 0)).all()
        ways, others = one.after - before.picture.places, other.after - after.picture.places
        near = driftfile.BESIDE * before.picture.floor + EPSILON
        assert (np.abs(others - ways) <= WAY * np.abs(ways) + near).all()
        assert (other.heat == one.heat).all() and other.moving == one.moving and other.agreement == one.agreement
    for name in ("away", "along", "across", "heat"):
        np.testing.assert_allclose(getattr(after.courses, name), getattr(before.courses, name), rtol=1e-6)
    assert after.inside.readings == before.inside.readings
    np.testing.assert_allclose(after.inside.moved, before.inside.moved, rtol=1e-6)
    np.testing.assert_allclose(after.inside.places, before.inside.places, rtol=1e-6)
    assert (after.pulled[3].best == before.pulled[3].best).all()
    np.testing.assert_allclose(after.pulled[3].strength, before.pulled[3].strength, rtol=TRUTH)


def test_no_unit_crosses_the_noise_floor_by_being_rounded(tmp_path):
    """Ways that end within a thousandth of the floor, on both sides of it."""
    base = made.whole()
    picture, noise = base.picture, np.random.default_rng(3)
    angle = noise.uniform(0, 2 * np.pi, len(picture.places))
    far = picture.floor * (1 + noise.uniform(-1e-3, 1e-3, len(angle)))
    way = far[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    everything = made.moved(picture, 1.0, range(made.LAYERS))
    near = replace(everything, after=(picture.places.astype(np.float64) + way))
    (tmp_path / "drift").write_bytes(driftfile.written(replace(base, moved={"night 1": near})))
    found = driftfile.read(tmp_path / "drift")
    seen = np.linalg.norm(found.moved["night 1"].after - found.picture.places, axis=1)
    assert ((seen > picture.floor) == (far > picture.floor)).all() and 0 < (far > picture.floor).sum() < len(far)


def test_what_changed_by_next_to_nothing_is_not_rounded_to_nothing(tmp_path):
    base = made.whole()
    table = base.moved["night 1"].table.copy()
    table[:2] = 1e-20, 1.0
    one = replace(base.moved["night 1"], table=table, relative=table[base.picture.shown()])
    (tmp_path / "drift").write_bytes(driftfile.written(replace(base, moved={"night 1": one})))
    found = driftfile.read(tmp_path / "drift").moved["night 1"].table
    assert 0 < found[0] < 1e-10 and found[1] == pytest.approx(1.0, rel=TRUTH)


def test_texts_of_episodes_stay_in_the_record(tmp_path):
    base = made.whole()
    rows = [(kind, number, "my secret" if kind == "episode" else text) for kind, number, text in base.inside.rows]
    data = driftfile.written(replace(base, inside=replace(base.inside, rows=rows)))
    assert b"my secret" not in data
    probes = [text for kind, _, text in rows if kind == "probe"]
    assert probes and probes[0].encode() in data


def test_a_file_cut_anywhere_is_refused(kept):
    whole = kept.read_bytes()
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        kept.write_bytes(whole[:size])
        with pytest.raises(DriftUnreadable):
            driftfile.read(kept)


def test_a_header_that_asks_for_a_terabyte_is_refused_before_anything_is_made_of_it(kept):
    data = kept.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["table.0"]["shape"] = [2**40]
    told = json.dumps(header).encode()
    kept.write_bytes(len(told).to_bytes(8, "little") + told + data[8 + length :])
    with pytest.raises(DriftUnreadable, match="table.0"):
        driftfile.read(kept)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a["picture"].update(row=[[0, 2**40]]), "too many"),
        (lambda a: a["picture"].update(row=[[at, 2**23] for at in range(12)]), "lists .* units"),
        (lambda a: a["picture"].update(row=[[0, 60], [0, 60]]), "not told apart"),
        (lambda a: a["picture"].update(row=[[at, 10] for at in range(12)]), "does not list"),
        (lambda a: a["picture"].update(grid=[[0.0, 1e300]] * 4), "grid"),
        (lambda a: a["stops"].append(a["stops"][0]), "not told apart"),
        (lambda a: a["moved"][0].update(stop="nowhere"), "does not list"),
        (lambda a: a["moved"][1].update(scales=[1e300] * 3), "scales"),
        (lambda a: a["courses"]["layers"].append(99), "courses"),
        (lambda a: a["pulled"][0]["episodes"].pop(), "does not list"),
        (lambda a: a.update(surprise=1), "surprise"),
        (lambda a: a.pop("picture"), "picture"),
    ],
)  # fmt: skip
def test_notes_that_do_not_fit_their_numbers_are_refused(kept, change, said):
    again(kept, change)
    with pytest.raises(DriftUnreadable, match=said):
        driftfile.read(kept)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("table.1", None),
        ("table.1", np.zeros(3, np.float16)),
        ("table.1", np.zeros(720, np.float32)),
        ("table.1", np.full(720, -1, np.float16)),
        ("way.1", np.full((2, 480), np.nan, np.float16)),
        ("neurons", np.full(480, 60, np.uint32)),
        ("layers", np.full(480, 12, np.uint16)),
        ("inside.floors", np.full(7, np.inf, np.float32)),
        ("pulls.3.best", np.full((5, 720), 12, np.int32)),
        ("pulls.3.best", np.full((5, 720), -2, np.int32)),
    ],
)
def test_numbers_that_cannot_be_are_refused(kept, name, array):
    again(kept, **{name: array})
    with pytest.raises(DriftUnreadable):
        driftfile.read(kept)
