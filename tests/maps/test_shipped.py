"""The short form that ships: exact with the right weights, refused with any others, and small."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from observatory import resources
from observatory.maps import fit as fits
from observatory.maps import shipped
from observatory.maps.weights import Weights


def test_the_short_form_comes_back_bit_for_bit(picture, cortex, tmp_path):
    path = tmp_path / "short.safetensors"
    shipped.keep(picture, path)
    back = shipped.kept(path, cortex.hash, cortex.weights)
    assert back.id == picture.id and back.about == picture.about


def test_weights_that_were_changed_under_the_same_name_are_found_out(picture, cortex, tmp_path):
    path, other = tmp_path / "short.safetensors", tmp_path / "other"
    shipped.keep(picture, path)
    other.mkdir()
    stored = {f"model.{name}.weight": matrix * 1.0 for name, matrix in cortex.matrices.items()}
    stored["model.layers.0.mlp.down_proj.weight"][:, 0] += 1.0
    save_file(stored, other / "model.safetensors")
    with pytest.raises(fits.FitUnusable, match="other weights"):
        shipped.kept(path, cortex.hash, Weights(other))


def test_the_map_of_another_model_and_what_is_no_map_are_refused(picture, cortex, tmp_path):
    path = tmp_path / "short.safetensors"
    shipped.keep(picture, path)
    with pytest.raises(fits.FitUnusable, match="another model"):
        shipped.kept(path, "0" * 64, cortex.weights)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(fits.FitUnusable, match="could not be read"):
        shipped.kept(path, cortex.hash, cortex.weights)
    fits.keep(picture, path)
    with pytest.raises(fits.FitUnusable, match="no short map"):
        shipped.kept(path, cortex.hash, cortex.weights)


def test_a_map_ships_for_the_default_model_and_is_small():
    found = list((resources.folder() / "maps").glob("map-*.safetensors"))
    assert found and all(path.stat().st_size < 4_000_000 for path in found)
    for path in found:
        with safe_open(path, framework="np") as file:
            places = file.get_tensor("coordinates")
            assert file.metadata()["format"] == shipped.FORMAT
        assert len(places) > 19_000 and np.isfinite(places).all()
