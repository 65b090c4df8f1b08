"""The frozen picture: made from the weights alone, kept as plain arrays, and refused when it is not whole."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from observatory.maps import fit as fits
from observatory.maps.units import Units

from .conftest import INNER, LAYERS, SEED


def test_a_unit_is_a_column_of_its_layer_s_down_projection(cortex, picture):
    units = Units.of(cortex.weights)
    column = cortex.matrices["layers.3.mlp.down_proj"][:, 5]
    place = 3 * INNER + 5
    assert len(units) == LAYERS * INNER and units.named(np.array([place])) == [(3, 5)]
    assert units.directions(cortex.weights, np.array([place]))[0] * units.lengths[place] == pytest.approx(column)
    assert picture.about.width == len(column)


def test_layers_stand_in_the_order_of_their_numbers():
    from observatory.maps.weights import in_order

    names = ["layers.10.mlp.down_proj", "layers.9.mlp.down_proj"]
    assert sorted(names, key=in_order) == names[::-1]


def test_a_map_of_fewer_units_takes_the_same_part_of_every_layer(cortex):
    units = Units.of(cortex.weights)
    drawn, again = units.sample(100, SEED), units.sample(100, SEED)
    assert (drawn == again).all() and (np.diff(drawn) > 0).all()
    assert {len(neurons) for _, _, neurons in units.by_layer(drawn)} == {25}


def test_neighbours_are_the_nearest_and_a_unit_is_its_own_first(picture):
    far = np.linalg.norm(picture.points[:, None] - picture.points[None], axis=2)
    true = np.sort(far, axis=1)[:, : picture.about.neighbours]
    assert (picture.neighbours[:, 0] == np.arange(len(far))).all()
    assert picture.distances == pytest.approx(true, abs=1e-4)


def test_main_axes_stand_square_and_hold_most(picture):
    assert picture.basis @ picture.basis.T == pytest.approx(np.eye(len(picture.basis)), abs=1e-5)
    assert 0.9 < picture.about.explained <= 1.0


def test_a_kept_picture_comes_back_as_it_was(picture, tmp_path):
    path = fits.path_for(tmp_path, picture.about.model)
    fits.keep(picture, path)
    back = fits.kept(path, picture.about.model)
    assert back.about == picture.about and back.id == picture.id
    assert all((getattr(back, name) == getattr(picture, name)).all() for name in fits.ARRAYS)


def test_a_picture_of_another_model_is_refused(picture, tmp_path):
    path = tmp_path / "map.safetensors"
    fits.keep(picture, path)
    with pytest.raises(fits.FitUnusable, match="another model"):
        fits.kept(path, "0" * 64)


@pytest.mark.parametrize("broken", ["cut", "strange", "reaching outside", "not a number"])
def test_a_broken_picture_is_refused(picture, tmp_path, broken):
    path = tmp_path / "map.safetensors"
    fits.keep(picture, path)
    if broken == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    elif broken == "strange":
        save_file({"units": np.zeros(3, np.int32)}, path)
    else:
        arrays = load_file(path)
        if broken == "not a number":
            arrays["coordinates"][0, 0] = np.nan
        else:
            arrays["neighbours"][0, 0] = len(picture.units)
        from safetensors import safe_open

        with safe_open(path, framework="np") as file:
            note = file.metadata()
        save_file(arrays, path, metadata=note)
    with pytest.raises(fits.FitUnusable):
        fits.kept(path)


def test_the_same_seed_gives_the_same_picture(cortex, picture):
    assert fits.fit(cortex.weights, cortex.hash, seed=SEED).id == picture.id
