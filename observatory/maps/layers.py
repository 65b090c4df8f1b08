"""Drift by layer: how far every linear map moved, and the path that each layer took.

Relative to the base, in the original space, from low-rank pairs without making whole matrices. A path goes from the
base to where the layer stands now; what is known of a point on it is how far it lies along that line and how far off.
It does not know which nights were accepted: it is handed changes and the states they add up to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .change import Change
from .weights import WeightsUnusable, kind_of, layer_of


@dataclass(frozen=True)
class Heat:
    """‖Δ‖ / ‖W‖ of every map: layers down, kinds of map across. NaN where the model has no such map."""

    layers: list[int]
    kinds: list[str]
    drift: np.ndarray


@dataclass(frozen=True)
class Paths:
    """For every state (the base first) and layer: ‖Δ‖ / ‖W‖, and its parts along and across the line to the last."""

    layers: list[int]
    away: np.ndarray
    along: np.ndarray
    across: np.ndarray


def heat(change: Change, norms: dict[str, float]) -> Heat:
    _known(change, norms)
    layers = sorted({layer_of(name) for name in norms})
    kinds = sorted({kind_of(name) for name in norms})
    drift = np.full((len(layers), len(kinds)), np.nan)
    for name, norm in norms.items():
        place = layers.index(layer_of(name)), kinds.index(kind_of(name))
        drift[place] = change.norm(name) / (norm or 1.0)
    return Heat(layers, kinds, drift)


def night_by_night(nights: int) -> np.ndarray:
    """States after each night: the first, the first two, and so on."""
    return np.tril(np.ones((nights, nights)))


def within_a_night(before: int, snapshots: int) -> np.ndarray:
    """States in the course of one night, after `before` earlier ones: each snapshot is the night's delta so far."""
    return np.hstack([np.ones((snapshots, before)), np.eye(snapshots)])


def paths(changes: list[Change], states: np.ndarray, norms: dict[str, float]) -> Paths:
    """Each row of `states` says how much of each change a state holds. The base is put before them."""
    return course(lambda a, b: products(changes[a], changes[b]), len(changes), states, norms)[0]


def products(one: Change, other: Change) -> dict[str, float]:
    """Inner products of two changes, map by map; maps that either leaves alone are left out."""
    return {name: one.inner(other, name) for name in one.names if name in other.parts}


def course(between, count: int, states: np.ndarray, norms: dict[str, float]) -> tuple[Paths, np.ndarray]:
    """Paths, and the heat map of every state: [states, layers, kinds]. All of it from inner products alone.

    `between(a, b)` are those of two of the `count` changes; so what was multiplied once need not be again.
    """
    by_map = {name: np.zeros((count, count)) for name in norms}
    for a in range(count):
        for b in range(a, count):
            for name, much in between(a, b).items():
                if name not in by_map:
                    raise WeightsUnusable(f"the delta changes {name}, which this model has not. It is another model's.")
                by_map[name][a, b] = by_map[name][b, a] = much
    states = np.vstack([np.zeros((1, count)), np.reshape(states, (-1, count))])
    layers, kinds = sorted({layer_of(name) for name in norms}), sorted({kind_of(name) for name in norms})
    away, along, across = (np.zeros((len(states), len(layers))) for _ in range(3))
    drift = np.full((len(states), len(layers), len(kinds)), np.nan)
    for name, norm in norms.items():
        squares = np.einsum("sa,ab,sb->s", states, by_map[name], states)
        drift[:, layers.index(layer_of(name)), kinds.index(kind_of(name))] = np.sqrt(squares.clip(0.0)) / (norm or 1.0)
    for at, layer in enumerate(layers):
        names = [name for name in norms if layer_of(name) == layer]
        whole = np.sqrt(sum(norms[name] ** 2 for name in names)) or 1.0
        every = states @ sum(by_map[name] for name in names) @ states.T
        squares = np.maximum(np.diag(every), 0.0)
        last = np.sqrt(squares[-1])
        on_line = every[:, -1] / last if last > 0.0 else np.zeros(len(states))
        away[:, at] = np.sqrt(squares) / whole
        along[:, at] = on_line / whole
        across[:, at] = np.sqrt(np.maximum(squares - on_line**2, 0.0)) / whole
    return Paths(layers, away, along, across), drift


def _known(change: Change, norms: dict[str, float]) -> None:
    strange = [name for name in change.names if name not in norms]
    if strange:
        raise WeightsUnusable(f"the delta changes {strange[0]}, which this model has not. It is another model's.")
