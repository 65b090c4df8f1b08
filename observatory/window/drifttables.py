"""The table twins of the drift's lenses: true numbers from the original space, sorted by change.

Rows are places in arrays that a holder keeps, so that forty thousand of them cost nothing to hand over. It draws
nothing and knows no files.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt

from .layerlens import kind_words
from .look import Look
from .tables import Column, Table
from .unitmap import share

CHANGE = 2
"""The column of every twin that says how much; they are sorted by it."""


class Twin(Table):
    """A table over places in arrays; `show_rows(n)` when the arrays were replaced."""

    def __init__(self, columns, look: Look, name: str):
        super().__init__(columns, look, name)
        self.sortByColumn(CHANGE, Qt.SortOrder.DescendingOrder)

    def show_rows(self, count: int) -> None:
        if len(self.rows.rows) != count:
            self.rows.follow(range(count))
        else:
            kept = self.chosen()
            self.rows.again()
            place = self.rows.place_of(lambda each: each == kept) if kept is not None else None
            if place is not None:
                self.selectRow(place)


def _bar(much: float, most: float, look: Look):
    return (much / most if most else 0.0), look.stage("replay")


class UnitRows:
    """Every unit of the model: layer, neuron, true change, whether the map shows it moving, and who pulled it."""

    def __init__(self, look: Look):
        self.layers = self.neurons = np.zeros(0, int)
        self.relative = np.zeros(0)
        self.on_map = np.zeros(0, int)
        """Place on the map, −1 where it is not shown."""
        self.moving = np.zeros(0, bool)
        self.most = 0.0
        self.puller: Callable[[int], str] = lambda unit: ""
        self.table = Twin((
            Column("Layer", lambda u: str(self.layers[u]), lambda u: self.layers[u], number=True, width=70),
            Column("Neuron", lambda u: str(self.neurons[u]), lambda u: self.neurons[u], number=True, width=80),
            Column("Change", lambda u: share(self.relative[u]) if self.relative[u] else "–",
                   lambda u: self.relative[u], number=True, width=190, bar=lambda u, look: _bar(
                       self.relative[u], self.most, look), about="‖Δw‖ / ‖w‖ of the unit's writing direction"),
            Column("On the map", self._map, lambda u: (self.on_map[u] >= 0, self._moves(u)), width=130,
                   about="Moving: further than the noise floor. The map shows a part of all units"),
            Column("Pulled most by", lambda u: self.puller(u), stretch=True,
                   about="The episode whose loss the unit's movement took most away, to first order"),
        ), look, "Units by change")  # fmt: skip

    def _moves(self, unit: int) -> bool:
        return bool(self.on_map[unit] >= 0 and self.moving[self.on_map[unit]])

    def _map(self, unit: int) -> str:
        return "not shown" if self.on_map[unit] < 0 else "moving" if self._moves(unit) else "still"


class LayerRows:
    """Every map of every layer and its true change."""

    def __init__(self, look: Look):
        self.layers: list[int] = []
        self.kinds: list[str] = []
        self.drift = np.zeros((0, 0))
        self.places: list[tuple[int, int]] = []
        self.table = Twin((
            Column("Layer", lambda at: str(self.layers[self.places[at][0]]), lambda at: self.places[at][0],
                   number=True, width=80),
            Column("Map", lambda at: kind_words(self.kinds[self.places[at][1]]), width=120),
            Column("Change", lambda at: share(self._much(at)) if self._much(at) else "–", self._much, number=True,
                   width=220, bar=lambda at, look: _bar(self._much(at), float(np.nanmax(self.drift)), look),
                   about="‖Δ‖ / ‖W‖, both Frobenius"),
        ), look, "Layers by change")  # fmt: skip

    def _much(self, at: int) -> float:
        return float(self.drift[self.places[at]])

    def show(self, layers: list[int], kinds: list[str], drift: np.ndarray) -> None:
        self.layers, self.kinds, self.drift = layers, kinds, drift
        self.places = [(int(a), int(b)) for a, b in np.argwhere(np.isfinite(drift))]
        self.table.show_rows(len(self.places))


class InsideRows:
    """Every probe and episode that was read, and how far its state is from where it was first read."""

    def __init__(self, look: Look):
        self.rows: list[tuple[str, int, str]] = []
        self.moved = np.zeros(0)
        self.floor = 0.0
        self.here: list[int] = []
        self.name: Callable[[int], str] = str
        self.table = Twin((
            Column("What", lambda at: self.rows[self.here[at]][0], width=90),
            Column("Text", lambda at: self.name(self.here[at]), stretch=True),
            Column("Change", lambda at: share(self._much(at)) if self._much(at) else "–", self._much, number=True,
                   width=200, bar=lambda at, look: _bar(self._much(at), float(np.nanmax(self.moved)), look),
                   about="‖Δs‖ / ‖s‖ since it was first read"),
            Column("", lambda at: "moved" if self._much(at) > self.floor else "not moved", width=100),
        ), look, "Probes and episodes by change")  # fmt: skip

    def _much(self, at: int) -> float:
        return float(self.moved[self.here[at]])

    def show(self, rows: list[tuple[str, int, str]], moved: np.ndarray, floor: float) -> None:
        self.rows, self.moved, self.floor = rows, moved, floor
        self.here = np.flatnonzero(np.isfinite(moved)).tolist()
        self.table.show_rows(len(self.here))
