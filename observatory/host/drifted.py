"""What is known of drift, as plain frozen values with numpy arrays: what a view draws from, however it came about.

A stop is a moment whose cortex is known: the base, after a night, at a step of the newest night, or what is proposed.
It does not know processes, files or who looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

Kind = Literal["base", "night", "step", "proposed"]
Phase = Literal["off", "waits", "warming", "laying out", "ready", "lost", "closed"]
TOP = 0.999


@dataclass(frozen=True)
class Stop:
    """`key` tells it from every other; `name` is how a person calls it."""

    key: str
    kind: Kind
    night: int = 0
    step: int = 0
    taken: bool = True
    """Whether its night is, or may still be, part of the cortex."""

    @property
    def name(self) -> str:
        match self.kind:
            case "base":
                return "the base"
            case "night":
                return f"after night {self.night}"
            case "step":
                return f"night {self.night}, step {self.step}" + ("" if self.taken else " (not taken in)")
            case _:
                return f"night {self.night}, as proposed"


@dataclass(frozen=True)
class Picture:
    """The frozen map: where the shown units stand, on it and on the two main axes."""

    layers: np.ndarray
    neurons: np.ndarray
    places: np.ndarray
    plain: np.ndarray
    floor: float
    explained: float
    seed: int
    row: list[tuple[int, int]]
    """Every layer and how many units it has: the order of a stop's `table`."""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def every(self) -> int:
        return sum(count for _, count in self.row)

    def names(self) -> tuple[np.ndarray, np.ndarray]:
        """Layer and neuron of every unit, those not shown too."""
        layers = np.repeat([layer for layer, _ in self.row], [count for _, count in self.row])
        return layers, np.concatenate([np.arange(count) for _, count in self.row])

    def shown(self) -> np.ndarray:
        """Where the shown units stand among all."""
        starts = dict(zip((layer for layer, _ in self.row), np.cumsum([0, *(c for _, c in self.row)]), strict=False))
        return np.array([starts[int(layer)] for layer in self.layers], int) + self.neurons.astype(int)


@dataclass(frozen=True)
class Moved:
    """Where the shown units stand at one stop, and how far every unit is from the base in truth."""

    after: np.ndarray
    plain: np.ndarray
    relative: np.ndarray
    table: np.ndarray
    heat: np.ndarray
    held: float
    agreement: float | None
    moved: int
    """Of all units, how many have any change at all."""
    moving: int
    """Of the shown ones, how many moved further than the noise floor."""
    line: str
    seconds: float

    @cached_property
    def top(self) -> float:
        """What all but one in a thousand of the changed units stay below: two that changed by half, where hardly any
        other did by a tenth, are no measure for the rest."""
        changed = self.table[self.table > 0.0]
        return float(np.quantile(changed, TOP, method="lower")) if len(changed) else 0.0


@dataclass(frozen=True)
class Courses:
    """Every layer at every stop: how far, along and across its way, and each of its maps. NaN: it has none such."""

    keys: tuple[str, ...]
    layers: list[int]
    kinds: list[str]
    away: np.ndarray
    along: np.ndarray
    across: np.ndarray
    heat: np.ndarray


@dataclass(frozen=True)
class Reading:
    """A moment at which states were read: the night, and its step; −1 when it was settled what is proposed."""

    night: int
    step: int

    @property
    def name(self) -> str:
        when = "at its end" if self.step < 0 else "before it" if not self.step else f"step {self.step}"
        return f"night {self.night}, {when}"


@dataclass(frozen=True)
class Inside:
    """Pooled states in their frozen frame: [readings, layers, rows]. NaN: not read then."""

    readings: tuple[Reading, ...]
    layers: list[int]
    rows: list[tuple[str, int, str]]
    places: np.ndarray
    moved: np.ndarray
    floors: np.ndarray
    explained: np.ndarray


@dataclass(frozen=True)
class Pulled:
    """Which episodes pulled which unit in one night; see `maps.pulls`."""

    episodes: list[int]
    before: np.ndarray
    after: np.ndarray
    best: np.ndarray
    strength: np.ndarray
    layers: list[int]
    by_layer: np.ndarray


@dataclass(frozen=True)
class Drifted:
    """All that is known now. `version` rises with every change, so that a view redraws only then."""

    version: int = 0
    phase: Phase = "off"
    what: str = ""
    part: float | None = None
    problem: str = ""
    remedy: str = ""
    stops: tuple[Stop, ...] = ()
    picture: Picture | None = None
    moved: dict[str, Moved] = field(default_factory=dict)
    courses: Courses | None = None
    inside: Inside | None = None
    pulled: dict[int, Pulled] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Everything that can be known is; or there is nothing to wait for, since there is no model to read."""
        done = self.phase == "ready" and (bool(self.problem) or all(stop.key in self.moved for stop in self.stops))
        return done or (self.phase == "waits" and bool(self.stops) and self.courses is None and "map process" not in
                        self.what)  # fmt: skip
