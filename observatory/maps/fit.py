"""The frozen picture: the awake cortex's writing directions, laid out once and kept.

PCA to fifty dimensions, exact neighbours in them, and UMAP with a fixed seed on those neighbours. What is kept is
plain arrays in a safetensors file, with the model's hash: everything that placing a moved unit needs, so that neither
UMAP nor the model is read again. It does not know deltas or nights.
"""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from ..protocol.durable import write
from .units import Layer, Units
from .weights import Weights

FORMAT = "observatory-map-1"
DIMENSIONS = 50
NEIGHBOURS = 15
"""UMAP's own number; the unit itself is the first of them."""
CLOSEST = 0.1
MOST = 20_000
"""Units on a map: their layout takes about 42 s once on two cores. The table knows all of them."""
FEWEST = 16
SEED = 20
AT_ONCE = 1_000
"""Rows whose distances to all others are taken together: 80 MB at the most units."""

Say = Callable[[str, float], None]


class FitUnusable(RuntimeError):
    """A kept picture is broken or of another model; it is made again."""


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a picture comes from: shown beside it and exported with every figure."""

    model: str
    seed: int
    neighbours: int
    closest: float
    width: int
    layers: list[Layer]
    norms: dict[str, float]
    """Frobenius norm of every linear map of the base: what drift by layer is divided by."""
    explained: float
    """Part of the units' variance that the kept dimensions hold."""
    versions: dict[str, str]


@dataclass(frozen=True)
class Fit:
    """A frozen picture of one base model. All arrays are of the units it shows, but for `lengths`."""

    about: About
    units: np.ndarray  # [n] places in the row of all units
    lengths: np.ndarray  # [all units]
    centre: np.ndarray  # [width]
    basis: np.ndarray  # [dimensions, width]
    points: np.ndarray  # [n, dimensions], in parts of each unit's length
    neighbours: np.ndarray  # [n, k], itself first
    distances: np.ndarray  # [n, k]
    coordinates: np.ndarray  # [n, 2]

    def all_units(self) -> Units:
        return Units(self.about.layers, self.lengths, self.about.width)

    @property
    def id(self) -> str:
        """Tells two pictures apart: a hash over the arrays."""
        digest = hashlib.sha256()
        for name in ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()[:16]


ARRAYS = {
    "units": np.int32, "lengths": np.float32, "centre": np.float32, "basis": np.float32, "points": np.float32,
    "neighbours": np.int32, "distances": np.float32, "coordinates": np.float32,
}  # fmt: skip


def fit(weights: Weights, model: str, say: Say = lambda *_: None, seed: int = SEED, most: int = MOST) -> Fit:
    """Make the picture of a base model. `say(what, part)` hears how far it is."""
    units = Units.of(weights, lambda part: say("reading the writing directions", part))
    shown = units.sample(most, seed)
    if len(shown) < FEWEST:
        raise FitUnusable(f"this model has {len(shown)} writing directions; a map takes {FEWEST} at least")
    rows = units.directions(weights, shown)
    say("finding the main axes", 0.0)
    centre, basis, explained = axes(rows, DIMENSIONS)
    points = (rows - centre) @ basis.T
    k = min(NEIGHBOURS, len(points) - 1)
    neighbours, distances = nearest(points, k, lambda part: say("finding neighbours", part))
    say("laying out the map", 0.0)
    coordinates, versions = layout(points, neighbours, distances, seed)
    norms = {}
    for at, name in enumerate(weights.names):
        norms[name] = weights.norm(name)
        say("measuring every layer", (at + 1) / len(weights.names))
    about = About(
        model=model, seed=seed, neighbours=k, closest=CLOSEST, width=units.width, layers=units.layers, norms=norms,
        explained=explained, versions=versions,
    )  # fmt: skip
    return Fit(about, shown, units.lengths, centre, basis, points, neighbours, distances, coordinates)


def axes(rows: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Centre, orthonormal main axes, and the part of variance they hold. An axis's largest number is positive."""
    centre = rows.mean(0, dtype=np.float64)
    spread = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE] - centre
        spread += part.T @ part
    strengths, vectors = np.linalg.eigh(spread)
    kept = min(dimensions, rows.shape[1], len(rows) - 1)
    basis = vectors.T[::-1][:kept]
    largest = np.abs(basis).argmax(1)
    basis = basis * np.sign(basis[np.arange(kept), largest])[:, None]
    explained = float(strengths[::-1][:kept].sum() / strengths.sum()) if strengths.sum() > 0 else 1.0
    return centre.astype(np.float32), np.ascontiguousarray(basis, np.float32), min(1.0, explained)


def nearest(points: np.ndarray, k: int, say: Callable[[float], None]) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of every point, itself first; of two equally near the one that stands earlier."""
    squares = np.square(points).sum(1)
    found, lengths = np.empty((len(points), k), np.int32), np.empty((len(points), k), np.float32)
    for start in range(0, len(points), AT_ONCE):
        part = points[start : start + AT_ONCE]
        far = squares[None] - 2.0 * (part @ points.T)
        here = np.arange(len(part))
        far[here, start + here] = -np.inf
        close = np.sort(np.argpartition(far, k - 1, axis=1)[:, :k], axis=1)
        true = np.sqrt(np.square(points[close] - part[:, None]).sum(2))
        true[close == (start + here)[:, None]] = -1.0
        order = np.argsort(true, axis=1, kind="stable")
        found[start : start + len(part)] = np.take_along_axis(close, order, 1)
        lengths[start : start + len(part)] = np.maximum(np.take_along_axis(true, order, 1), 0.0)
        say((start + len(part)) / len(points))
    return found, lengths


def layout(points, neighbours, distances, seed: int) -> tuple[np.ndarray, dict[str, str]]:
    """UMAP, begun at the two main axes. Only here is it loaded; numba allows one caller at a time."""
    import numba
    import umap
    from tqdm import tqdm

    # Its progress bars, which are not shown, would share a lock between processes, and leave it behind where one ends
    # without ceremony.
    tqdm.set_lock(threading.RLock())
    with warnings.catch_warnings():
        # It says that new points could not be placed by its own `transform`, which is never used here.
        warnings.simplefilter("ignore")
        mapper = umap.UMAP(
            n_neighbors=neighbours.shape[1], min_dist=CLOSEST, init=points[:, :2].astype(np.float32).copy(),
            random_state=seed, n_jobs=1, precomputed_knn=(neighbours.copy(), distances.copy()),
        )  # fmt: skip
        found = mapper.fit_transform(points)
    versions = {"umap-learn": umap.__version__, "numba": numba.__version__, "numpy": np.__version__}
    return np.ascontiguousarray(found, np.float32), versions


def warm_up(seed: int = SEED) -> None:
    """Load UMAP and let numba compile it, by laying out a few points of noise."""
    points = np.random.default_rng(seed).standard_normal((64, 8)).astype(np.float32)
    layout(points, *nearest(points, NEIGHBOURS, lambda _: None), seed)


# ------------------------------------------------------------ kept


def path_for(folder: Path, model: str) -> Path:
    return Path(folder) / f"map-{model[:16]}.safetensors"


def keep(fitted: Fit, path: Path) -> None:
    arrays = {name: np.ascontiguousarray(getattr(fitted, name), form) for name, form in ARRAYS.items()}
    note = {"format": FORMAT, "about": msgspec.json.encode(fitted.about).decode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, save(arrays, metadata=note))


def kept(path: Path, model: str = "") -> Fit:
    """A kept picture, checked whole. With `model` it must be of the model that has this hash."""
    try:
        with safe_open(path, framework="np") as file:
            note = file.metadata() or {}
        if note.get("format") != FORMAT:
            raise FitUnusable(f"{path.name} is no map of ours")
        about = msgspec.json.decode(note["about"], type=About)
        arrays = load(path.read_bytes())
        fitted = Fit(about, **{name: arrays[name] for name in ARRAYS})
    except (SafetensorError, OSError, KeyError, TypeError, msgspec.MsgspecError, json.JSONDecodeError) as error:
        raise FitUnusable(f"{path.name} could not be read: {error}") from error
    if model and about.model != model:
        raise FitUnusable(f"{path.name} is of another model ({about.model[:12]}…)")
    _check(fitted, path.name)
    return fitted


def _check(fitted: Fit, name: str) -> None:
    n, k, every = len(fitted.units), fitted.about.neighbours, len(fitted.lengths)
    dimensions, width = len(fitted.basis), fitted.about.width
    shapes = {
        "units": (n,), "lengths": (every,), "centre": (width,), "basis": (dimensions, width),
        "points": (n, dimensions), "neighbours": (n, k), "distances": (n, k), "coordinates": (n, 2),
    }  # fmt: skip
    whole = n >= FEWEST and k > 1 and sum(layer.count for layer in fitted.about.layers) == every
    for each, form in ARRAYS.items():
        array = getattr(fitted, each)
        whole = whole and array.shape == shapes[each] and array.dtype == form and bool(np.isfinite(array).all())
    whole = whole and fitted.neighbours.min() >= 0 and fitted.neighbours.max() < n
    whole = whole and fitted.units.min() >= 0 and fitted.units.max() < every and bool((np.diff(fitted.units) > 0).all())
    if not whole:
        raise FitUnusable(f"{name} is not a whole map; it is made again")
