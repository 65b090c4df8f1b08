"""A cortex of four small layers made of noise, deltas on it, and a picture laid out without UMAP.

Drift is arithmetic: what is tested here needs neither torch nor a real model, and UMAP only where it says so.
"""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

from observatory import models
from observatory.maps import change as changes
from observatory.maps import fit as fits
from observatory.maps.project import Projector
from observatory.maps.weights import Weights

LAYERS, WIDTH, INNER, SEED = 4, 24, 60, 7
SHAPES = {
    "self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (8, WIDTH), "mlp.up_proj": (INNER, WIDTH),
    "mlp.down_proj": (WIDTH, INNER),
}  # fmt: skip


@pytest.fixture
def cortex(tmp_path):
    """A model's folder, its weights by name, and its hash."""
    noise = np.random.default_rng(SEED)
    matrices = {
        f"layers.{layer}.{kind}": noise.standard_normal(shape).astype(np.float32)
        for layer in range(LAYERS)
        for kind, shape in SHAPES.items()
    }
    folder = tmp_path / "model"
    folder.mkdir()
    stored = {f"model.{name}.weight": matrix for name, matrix in matrices.items()}
    stored["model.norm.weight"] = np.ones(WIDTH, np.float32)
    save_file(stored, folder / "model.safetensors")
    return SimpleNamespace(folder=folder, matrices=matrices, hash=models.weights_hash(folder), weights=Weights(folder))


@pytest.fixture
def delta(tmp_path):
    """Write a low-rank delta as a night does; returns its file and SHA-256."""

    def make(*names: str, scale: float = 0.5, seed: int = 1, rank: int = 3, size: float = 0.1):
        noise = np.random.default_rng(seed)
        tensors = {}
        for name in names:
            out, inner = SHAPES[name.split(".", 2)[2]]
            tensors[f"{name}.down"] = noise.standard_normal((rank, inner)).astype(np.float32)
            tensors[f"{name}.up"] = (size * noise.standard_normal((out, rank))).astype(np.float32)
        path = tmp_path / f"night-{seed:04d}.safetensors"
        save_file(tensors, path, metadata={"scale": repr(scale), "night": str(seed), "format": changes.FORMAT})
        return path, hashlib.sha256(path.read_bytes()).hexdigest()

    return make


def flat(points, _neighbours, _distances, _seed):
    """A layout that needs no UMAP: the two main axes."""
    return np.ascontiguousarray(points[:, :2] * 10, np.float32), {"layout": "flat"}


@pytest.fixture
def picture(cortex, monkeypatch):
    monkeypatch.setattr(fits, "layout", flat)
    return fits.fit(cortex.weights, cortex.hash, seed=SEED)


@pytest.fixture
def projector(picture):
    return Projector(picture)
