"""The short form of a frozen picture, small enough to ship: the layout, without what the model itself can say again.

Points, lengths and distances are read off the weights when it is opened, and a sample of points that was kept with the
layout must come out the same; so a picture is never shown for weights that it was not made of. It does not know where
pictures lie or when they are wanted.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load, save

from ..protocol.durable import write
from .fit import AT_ONCE, About, Fit, FitUnusable, _check
from .units import Units
from .weights import Weights

FORMAT = "observatory-map-short-1"
EVERY = 500
"""One point in so many is kept, to be compared with what the weights give."""
ALIKE = 1e-3
"""Of a unit's length. Other processors sum in another order and are off by 1e-6; another model is off by far more."""
KEPT = {"units": np.int32, "centre": np.float32, "basis": np.float32, "coordinates": np.float32}
NEIGHBOURS_AT_MOST = 2**16
"""Places in 16 bits."""


def keep(fitted: Fit, path: Path) -> None:
    """Write the short form. It is exact: opened with the same weights it gives the same picture, bit for bit."""
    if len(fitted.units) > NEIGHBOURS_AT_MOST:
        raise FitUnusable(f"a short map holds {NEIGHBOURS_AT_MOST:,} units at most, not {len(fitted.units):,}")
    arrays = {name: np.ascontiguousarray(getattr(fitted, name), form) for name, form in KEPT.items()}
    arrays["neighbours"] = fitted.neighbours.astype(np.uint16)
    arrays["sample"] = np.ascontiguousarray(fitted.points[::EVERY])
    note = {"format": FORMAT, "about": msgspec.json.encode(fitted.about).decode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, save(arrays, metadata=note))


def kept(path: Path, model: str, weights: Weights) -> Fit:
    """The whole picture, from the short form and the weights of the model that has this hash."""
    try:
        with safe_open(path, framework="np") as file:
            note = file.metadata() or {}
        if note.get("format") != FORMAT:
            raise FitUnusable(f"{path.name} is no short map of ours")
        about = msgspec.json.decode(note["about"], type=About)
        arrays = load(path.read_bytes())
        small = {name: arrays[name] for name in (*KEPT, "neighbours", "sample")}
    except (SafetensorError, OSError, KeyError, TypeError, msgspec.MsgspecError, json.JSONDecodeError) as error:
        raise FitUnusable(f"{path.name} could not be read: {error}") from error
    if about.model != model:
        raise FitUnusable(f"{path.name} is of another model ({about.model[:12]}…)")
    units, shown = Units.of(weights), small["units"]
    if units.layers != about.layers or shown.max(initial=0) >= len(units):
        raise FitUnusable(f"{path.name} does not fit the layers of this model")
    points = (units.directions(weights, shown) - small["centre"]) @ small["basis"].T
    neighbours = small["neighbours"].astype(np.int32)
    if neighbours.max(initial=0) >= len(points):
        raise FitUnusable(f"{path.name} is not a whole map; it is made again")
    distances = _distances(points, neighbours)
    fitted = Fit(
        about, shown, units.lengths, small["centre"], small["basis"], points, neighbours, distances,
        small["coordinates"],
    )  # fmt: skip
    _check(fitted, path.name)
    sample = points[::EVERY]
    if sample.shape != small["sample"].shape or np.abs(sample - small["sample"]).max() > ALIKE:
        raise FitUnusable(f"{path.name} was made of other weights than these; it is made again")
    return fitted


def _distances(points: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    found = np.empty(neighbours.shape, np.float32)
    for start in range(0, len(points), AT_ONCE):
        stretch = slice(start, start + AT_ONCE)
        found[stretch] = np.sqrt(np.square(points[neighbours[stretch]] - points[stretch, None]).sum(2))
    return found
