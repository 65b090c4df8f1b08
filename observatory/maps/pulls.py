"""Which episodes pulled which unit: read from what the mind left at the end of a night, set out over all units.

A pull is how much of an episode's loss the unit's movement took away, to first order, in nats. It does not know how
pulls are found, and no texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import files
from .units import Units
from .weights import layer_of

FORMAT = "observatory-pulls-1"
FIRST = 5
"""Episodes that are named for a unit, the strongest first."""


@dataclass(frozen=True)
class Pulls:
    """`best` are places in `episodes` (−1: none) for every unit; `by_layer` is over all maps of a layer."""

    episodes: list[int]
    before: np.ndarray
    after: np.ndarray
    best: np.ndarray
    strength: np.ndarray
    layers: list[int]
    by_layer: np.ndarray


def read(path: Path, units: Units) -> Pulls:
    arrays, _ = files.read(path, FORMAT)
    name = Path(path).name
    try:
        episodes = [int(number) for number in arrays["episodes"]]
        layers = [int(number) for number in arrays["layers"]]
        before, after, by_layer = arrays["before"], arrays["after"], arrays["by_layer"]
    except KeyError as error:
        raise files.LeftUnreadable(f"{name} are no pulls of a night: {error} is missing") from error
    if not (len(before) == len(after) == len(episodes)) or by_layer.shape != (len(layers), len(episodes)):
        raise files.LeftUnreadable(f"{name}: its episodes and its numbers are not as many")
    best, strength = np.full((len(units), FIRST), -1, np.int32), np.zeros((len(units), FIRST), np.float32)
    for layer in units.layers:
        mine, much = arrays.get(f"{layer.name}.best"), arrays.get(f"{layer.name}.strength")
        if mine is None or much is None:
            continue
        if mine.shape != much.shape or len(mine) != layer.count or mine.max(initial=-1) >= len(episodes):
            raise files.LeftUnreadable(f"{name}: layer {layer_of(layer.name)} is not this model's")
        kept = min(FIRST, mine.shape[1])
        best[layer.start : layer.end, :kept] = mine[:, :kept]
        strength[layer.start : layer.end, :kept] = much[:, :kept]
    return Pulls(episodes, before, after, best, strength, layers, by_layer)
