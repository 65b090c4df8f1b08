"""Drift is true: the table, the picture and the heat map tell the same story, and none makes anything up."""

from __future__ import annotations

import numpy as np
import pytest

from observatory.maps import change as changes
from observatory.maps import layers
from observatory.maps.change import Change, ChangeUnreadable, together
from observatory.maps.project import Projector, reaches, tapered
from observatory.maps.weights import Weights, WeightsUnusable

from .conftest import INNER, LAYERS

WRITES = "layers.2.mlp.down_proj"


def test_an_untouched_cortex_has_no_moving_unit(projector, picture):
    seen = projector.project(Change())
    assert not seen.relative.any() and not seen.displaced.any() and not seen.plain_displaced.any()
    assert not seen.moving.any()
    assert not projector.units.relative(Change()).any()
    assert np.nanmax(layers.heat(Change(), picture.about.norms).drift) == 0.0


def test_a_delta_on_one_layer_shows_there_and_nowhere_else(projector, picture, delta):
    added = changes.read(*delta(WRITES))
    table = projector.units.relative(added).reshape(LAYERS, INNER)
    seen = projector.project(added)
    where = np.array(projector.units.named(picture.units))[:, 0]
    heat = layers.heat(added, picture.about.norms)
    assert (table[2] > 0).all() and not table[[0, 1, 3]].any()
    assert not seen.displaced[where != 2].any() and not seen.plain_displaced[where != 2].any()
    assert set(where[seen.moving]) == {2} and seen.moving.sum() > INNER / 2
    assert heat.drift[2, heat.kinds.index("mlp.down_proj")] > 0
    assert np.count_nonzero(heat.drift) == 1


def test_the_table_says_what_the_weights_say(projector, cortex, delta):
    added = changes.read(*delta(WRITES))
    base = cortex.matrices[WRITES].T
    true = np.linalg.norm(added.full(WRITES).T, axis=1) / np.linalg.norm(base, axis=1)
    assert projector.units.relative(added).reshape(LAYERS, INNER)[2] == pytest.approx(true, rel=1e-5)


def test_the_heat_map_and_the_table_give_a_layer_the_same_length(projector, picture, delta):
    added = changes.read(*delta(WRITES, "layers.1.self_attn.q_proj"))
    units = projector.units
    by_unit = np.linalg.norm(units.relative(added) * units.lengths)
    heat = layers.heat(added, picture.about.norms)
    assert heat.drift[2, heat.kinds.index("mlp.down_proj")] * picture.about.norms[WRITES] == pytest.approx(by_unit)
    assert heat.drift[1, heat.kinds.index("self_attn.q_proj")] > 0


def test_a_larger_part_of_a_delta_moves_every_unit_in_proportion(projector, delta):
    night = changes.read(*delta(WRITES))
    half, whole = (projector.units.relative(together([(night, by)])) for by in (0.5, 1.0))
    assert 2 * half == pytest.approx(whole, rel=1e-5)
    assert not projector.units.relative(together([(night, 0.0)])).any()


def test_what_one_night_adds_and_another_takes_away_is_no_drift(projector, picture, delta):
    night = changes.read(*delta(WRITES))
    undone = together([(night, 1.0), (night, -1.0)])
    assert projector.units.relative(undone).max() < 1e-6
    assert not projector.project(undone).moving.any()
    assert np.nanmax(layers.heat(undone, picture.about.norms).drift) < 1e-6


def test_a_projection_is_the_same_every_time(projector, picture, delta):
    added = changes.read(*delta(WRITES))
    first, again = projector.project(added), Projector(picture).project(added)
    assert first.after.tobytes() == again.after.tobytes() and first.floor == again.floor


def test_where_a_unit_stands_does_not_hang_on_who_is_placed_with_it(projector, picture):
    some = np.array([3, 100, 200])
    assert projector.place(some, picture.points[some]).tobytes() == projector.before[some].tobytes()


def test_the_noise_floor_is_small_and_said(projector, delta):
    seen = projector.project(changes.read(*delta(WRITES)))
    assert 0 < seen.floor < 0.1 * np.median(seen.displaced[seen.relative > 0])
    assert f"{seen.floor:.4f}" in seen.line()


def test_the_instant_picture_agrees_with_the_map(projector, delta):
    assert projector.project(changes.read(*delta(WRITES))).agreement() > 0
    assert projector.project(Change()).agreement() is None


def test_memberships_sum_to_what_umap_asks_for():
    far = np.sort(np.random.default_rng(0).random((5, 15)), axis=1)
    assert np.exp(-far / reaches(far, 1e-9)[:, None])[:, 1:].sum(1) == pytest.approx(np.log2(15), rel=1e-4)


def test_a_neighbour_comes_and_goes_at_strength_nought():
    far = np.sort(np.random.default_rng(0).random((5, 16)), axis=1)
    far[:, -2] = far[:, -1]
    assert not tapered(far, 1e-9)[:, -1].any() and (tapered(far, 1e-9)[:, 0] > 0).all()


def test_units_that_are_all_alike_are_placed_in_their_middle():
    assert (tapered(np.zeros((2, 16)), 1e-9) == 1.0).all()


def test_a_trifle_moves_a_unit_by_a_trifle(projector, picture):
    """Twice as large a push moves no unit many times further: nothing jumps."""
    push = np.random.default_rng(1).standard_normal(picture.points.shape).astype(np.float32)
    push /= np.linalg.norm(push, axis=1)[:, None]
    rows = np.arange(len(push))
    near, far = (
        np.linalg.norm(projector.place(rows, picture.points + by * push) - projector.before, axis=1).max()
        for by in (1e-3, 2e-3)
    )
    assert far < 3 * near


def test_a_layer_that_goes_straight_has_a_path_without_a_detour(picture, delta):
    night = changes.read(*delta(WRITES))
    halves = [together([(night, 0.5)])] * 2
    found = layers.paths(halves, layers.night_by_night(2), picture.about.norms)
    assert found.away[:, 2] == pytest.approx(np.array([0, 0.5, 1.0]) * found.away[-1, 2])
    assert found.along == pytest.approx(found.away) and found.across == pytest.approx(0, abs=1e-6)
    assert not found.away[:, [0, 1, 3]].any()


def test_a_path_within_a_night_begins_where_the_nights_before_ended(picture, delta):
    before = changes.read(*delta(WRITES, seed=1))
    snapshots = [changes.read(*delta(WRITES, seed=seed)) for seed in (2, 3)]
    found = layers.paths([before, *snapshots], layers.within_a_night(1, 2), picture.about.norms)
    after = layers.heat(together([(before, 1.0), (snapshots[1], 1.0)]), picture.about.norms)
    whole = np.sqrt(sum(norm**2 for name, norm in picture.about.norms.items() if name.startswith("layers.2.")))
    length = after.drift[2, after.kinds.index("mlp.down_proj")] * picture.about.norms[WRITES]
    assert found.away[-1, 2] == pytest.approx(length / whole)
    assert found.across[1, 2] > 0 and found.across[-1, 2] == pytest.approx(0, abs=1e-6)


def test_a_delta_with_other_bytes_than_the_record_says_is_not_drawn(delta):
    path, _ = delta(WRITES)
    with pytest.raises(ChangeUnreadable, match="other bytes"):
        changes.read(path, "0" * 64)


def test_a_file_that_is_no_delta_is_refused_in_words(cortex):
    with pytest.raises(ChangeUnreadable, match="no delta"):
        changes.read(cortex.folder / "model.safetensors")


def test_a_delta_of_another_model_is_refused_in_words(projector, picture):
    strange = Change({"layers.9.mlp.down_proj": [changes.Part(1.0, np.ones((24, 60), np.float32), None)]})
    narrow = Change({WRITES: [changes.Part(1.0, np.ones((24, 59), np.float32), None)]})
    with pytest.raises(WeightsUnusable, match="another model"):
        layers.heat(strange, picture.about.norms)
    with pytest.raises(WeightsUnusable, match="another model"):
        projector.project(narrow)


def test_weights_are_read_in_every_form_they_are_stored_in(tmp_path):
    import json

    numbers = np.array([[1.0, -2.5, 0.15625]], np.float32)
    halves = (numbers.view("<u4") >> 16).astype("<u2").tobytes()
    for form, data in (("F32", numbers.tobytes()), ("F16", numbers.astype("<f2").tobytes()), ("BF16", halves)):
        about = {"dtype": form, "shape": [1, 3], "data_offsets": [0, len(data)]}
        header = json.dumps({"model.layers.0.mlp.down_proj.weight": about}).encode()
        (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
        assert (Weights(tmp_path).read("layers.0.mlp.down_proj") == numbers).all()


def test_a_folder_without_layers_says_so(tmp_path):
    with pytest.raises(WeightsUnusable, match="no layers"):
        Weights(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(WeightsUnusable, match="could not be read"):
        Weights(tmp_path)


@pytest.mark.mind
def test_a_night_s_own_delta_file_is_read_as_the_mind_reads_it(tmp_path, cortex, picture, projector):
    import torch

    from observatory.mind.delta import Delta, WholeDelta

    linear = torch.nn.Linear(INNER, 24, bias=False)
    linear.weight.data = torch.from_numpy(cortex.matrices[WRITES])
    low, whole = Delta.fresh({WRITES: linear}, 3, 1), WholeDelta.fresh({WRITES: linear})
    with torch.no_grad():
        low.up[WRITES] += 0.1
        whole.whole[WRITES] += 0.1
    low.scale = 0.55
    for theirs in (low, whole):
        path, digest, _ = theirs.save(tmp_path / "deltas", 1)
        ours = changes.read(path, digest)
        assert ours.full(WRITES) == pytest.approx(theirs.full(WRITES).numpy(), rel=1e-5, abs=1e-7)
        heat = layers.heat(ours, picture.about.norms)
        true = theirs.drift({WRITES: linear})[WRITES]
        assert heat.drift[2, heat.kinds.index("mlp.down_proj")] == pytest.approx(true, rel=1e-5)
