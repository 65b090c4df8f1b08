"""The lens of units: the map, what it says in words, and which layer is looked at.

Two pictures of one truth: the frozen UMAP with graph projection, and the two main axes as an instant cross-check. It
draws what it is handed and knows no files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from . import words
from .dock import column, label, row
from .look import Look
from .theme import GRID
from .unitmap import ARROWS, BEYOND, LONG, TRAIL_LONG, TRAILS, UnitMap, magnified

EVERY = "every layer"


class UnitLens(QWidget):
    """`pointed(unit)` and `opened(unit)`: a place on the map."""

    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.map = UnitMap(look)
        self.layer = QComboBox()
        self.layer.addItem(EVERY)
        self.layer.setAccessibleName("Layer whose units are looked at")
        self.plain, self.trails = QPushButton("Main axes"), QPushButton("Trails")
        for button, tip in (
            (self.plain, "The two main axes (PCA) instead of the map: an instant cross-check (A)"),
            (self.trails, "Arrows by way of every stop in between (T)"),
        ):
            button.setObjectName("chip")
            button.setCheckable(True)
            button.setToolTip(words.tip(tip))
        self.said, self.small = label("", "", wrap=True), label("", "softSmall", wrap=True)
        self.moving = np.zeros(0, bool)
        self._all: tuple | None = None
        inside = column(self, gap=GRID // 2)
        inside.addWidget(self.said)
        inside.addLayout(row(self.layer, self.plain, self.trails, None))
        inside.addWidget(self.map, 1)
        inside.addWidget(self.small)
        self.layer.currentIndexChanged.connect(lambda _: self.again())
        for button in (self.plain, self.trails):
            button.toggled.connect(lambda _: self.again())
        self.map.pointed.connect(self.pointed)
        self.map.opened.connect(self.opened)

    def restyle(self, look: Look) -> None:
        self.map.restyle(look)

    def name_units(self, name: Callable[[int], str]) -> None:
        self.map.name = name

    def draw(self, picture, moved, between: Sequence, last) -> None:
        """One stop of the frozen picture; `between`: stops on the way to it; `last`: the one that changed most."""
        self._all = picture, moved, between, last
        layers = [EVERY, *(f"layer {layer}" for layer, _ in picture.row)]
        if self.layer.count() != len(layers):
            self.layer.blockSignals(True)
            self.layer.clear()
            self.layer.addItems(layers)
            self.layer.blockSignals(False)
        self.again()

    def again(self) -> None:
        if self._all is None:
            return
        picture, moved, between, last = self._all
        plain = self.plain.isChecked()
        before, after = (picture.plain, moved.plain) if plain else (picture.places, moved.after)
        displaced = np.sqrt(np.square(after - before).sum(1))
        floor = 0.0 if plain else picture.floor
        self.moving = (moved.relative > 0.0) & (displaced > floor)
        longest = last.plain if plain else last.after
        ways = np.sqrt(np.square(longest - before).sum(1))
        wide = float(np.ptp(np.quantile(before, (BEYOND, 1 - BEYOND), axis=0), 0).max()) if len(before) else 0.0
        long = TRAIL_LONG if self.trails.isChecked() else LONG
        factor = magnified(np.where(last.relative > 0.0, ways, 0.0), wide, long)
        at = self.layer.currentIndex()
        self.map.faint = None if at <= 0 else picture.layers != picture.row[at - 1][0]
        trails = [each.plain if plain else each.after for each in between] if self.trails.isChecked() else []
        self.map.draw(before, after, moved.relative, self.moving, last.top, factor, trails)
        self._say(picture, moved, factor, plain)

    def _say(self, picture, moved, factor: int, plain: bool) -> None:
        count, shown = int(self.moving.sum()), len(self.moving)
        if not moved.moved:
            said = f"No unit moves: none of the {picture.every:,} differs from the base."
        elif plain:
            said = (
                f"{count:,} of the {shown:,} units shown move; {moved.moved:,} of all {picture.every:,} have changed."
            )
        else:
            said = (
                f"{count:,} of the {shown:,} units on the map move further than its noise floor of {picture.floor:.4f} "
                f"map units; {moved.moved:,} of all {picture.every:,} have changed."
            )
        self.said.setText(said)
        what, most = ("Trails", TRAILS) if self.trails.isChecked() else ("Arrows", ARROWS)
        parts = [f"{what}: the {min(most, count):,} that changed most, {factor:,} times as long as their way."]
        parts = parts if count else []
        if plain:
            parts.append("Main axes: a straight projection, with no noise of its own.")
        elif moved.moved:
            parts.append(
                f"What moved less than the floor is drawn as still. The map shows {moved.held:.0%} of the movement."
            )
        if self.map.beyond:
            parts.append(f"{self.map.beyond:,} units lie beyond the frame and are drawn at its edge.")
        if moved.agreement is not None:
            parts.append(f"Map and main axes agree by {moved.agreement:.2f} (rank correlation of displacements).")
        self.small.setText(" ".join(parts))
