"""The lens of representations: where fixed probes and tonight's episodes stand inside, and where they stood before.

States of one layer on two frozen axes. What moved no further than a second reading does by itself is drawn hollow. It
draws arrays and knows no texts but the names it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from .charts import Chart
from .dock import column, label, row
from .look import Look
from .theme import GRID

KINDS = {"probe": ("old", "s"), "episode": ("episode", "o")}
"""Hue (of a kind of replay) and shape: probes are what should stay, episodes what was learnt."""


class InsideChart(Chart):
    """`chosen(row)`: a mark was pressed."""

    chosen = Signal(int)

    def __init__(self, look: Look):
        super().__init__("", "first direction", "second direction", look)
        self.setAccessibleName("Probes and episodes inside the cortex")
        self._ways = pg.PlotCurveItem()
        self._marks = {kind: pg.ScatterPlotItem() for kind in KINDS}
        self._ring = pg.ScatterPlotItem(symbol="o", brush=None)
        self.addItem(self._ways)
        for item in (*self._marks.values(), self._ring):
            item.setZValue(4)
            self.addItem(item)
        for item in self._marks.values():
            item.sigClicked.connect(lambda _, spots, *__: self.chosen.emit(int(spots[0].data())))
        self._drawn: tuple = ()
        self.points = 0

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        if self._drawn:
            self.draw(*self._drawn)

    def draw(self, kinds: Sequence[str], places: np.ndarray, still: np.ndarray, frame, ring: int | None) -> None:
        """`places`: [readings so far, rows, 2]; `still`: rows that did not move beyond what reading itself does."""
        self._drawn = kinds, places, still, frame, ring
        ratio, now = max(self.look.ratio, self.devicePixelRatioF()), places[-1]
        there = np.isfinite(now).all(1)
        # Whoever is not read now leaves no line behind.
        ways = np.swapaxes(np.where(there[None, :, None], places, np.nan), 0, 1)
        flat = ways.reshape(-1, 2)
        joined = np.ones(ways.shape[:2], bool)
        joined[:, -1] = False
        good = np.isfinite(flat).all(1)
        joined = joined.reshape(-1) & good & np.roll(good, -1)
        self._ways.setData(np.nan_to_num(flat[:, 0]), np.nan_to_num(flat[:, 1]), connect=joined.astype(np.int32))
        self._ways.setPen(pg.mkPen(self.look.faint(self.look.text, 0.6), width=self.look.type.line * 1.2 * ratio))
        self.points = int(there.sum())
        for kind, (hue, shape) in KINDS.items():
            mine = np.flatnonzero(there & np.array([each == kind for each in kinds], bool))
            colour = self.look.kind(hue)
            self._marks[kind].setData(
                x=now[mine, 0], y=now[mine, 1], data=mine.tolist(), symbol=shape,
                size=self.look.type.small * 1.05 * ratio, pen=pg.mkPen(colour, width=1.4 * ratio),
                brush=[pg.mkBrush(self.look.panel) if still[at] else pg.mkBrush(colour) for at in mine],
            )  # fmt: skip
        if ring is not None and there[ring]:
            pen = pg.mkPen(self.look.text, width=2 * ratio)
            self._ring.setData(x=now[[ring], 0], y=now[[ring], 1], size=self.look.type.small * 2.1 * ratio, pen=pen)
        else:
            self._ring.setData([], [])
        (left, right), (low, high) = frame
        self.setXRange(left, right, padding=0.06)
        self.setYRange(low, high, padding=0.08)


class InsideLens(QWidget):
    """`pointed(row)`: whose state is looked at."""

    pointed = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.chart = InsideChart(look)
        self.layer = QComboBox()
        self.layer.setAccessibleName("Layer whose states are shown")
        self.keys = {"probe": label("■ fixed probes", "small"), "episode": label("● episodes", "small")}
        self.hollow = label("hollow: not moved", "softSmall")
        self.said = label("", "softSmall", wrap=True)
        self.name: Callable[[int], str] = str
        self.ring: int | None = None
        self._inside, self._reading = None, 0
        inside = column(self, gap=GRID // 2)
        head = (label("States entering layer", "small"), self.layer, *self.keys.values(), self.hollow)
        inside.addLayout(row(*head, None))
        inside.addWidget(self.chart, 1)
        inside.addWidget(self.said)
        self.layer.currentIndexChanged.connect(lambda _: self._again())
        self.chart.chosen.connect(self.choose)

    def restyle(self, look: Look) -> None:
        self.chart.restyle(look)
        for kind, key in self.keys.items():
            key.setStyleSheet(f"color: {look.kind(KINDS[kind][0]).name()};")

    @property
    def at(self) -> int:
        return max(0, self.layer.currentIndex())

    def draw(self, inside, reading: int) -> None:
        self._inside, self._reading = inside, reading
        names = [str(layer) for layer in inside.layers]
        if [self.layer.itemText(at) for at in range(self.layer.count())] != names:
            self.layer.blockSignals(True)
            self.layer.clear()
            self.layer.addItems(names)
            self.layer.setCurrentIndex(len(names) // 2)
            self.layer.blockSignals(False)
        self._again()

    def choose(self, place: int) -> None:
        self.ring = place
        self._again()
        self.pointed.emit(place)

    def moved(self) -> np.ndarray:
        """Of every row, how far it is from where it was first read; not a number where it is not read now."""
        return self._inside.moved[self._reading, self.at]

    def floor(self) -> float:
        return float(self._inside.floors[: self._reading + 1].max())

    def _again(self) -> None:
        inside = self._inside
        if inside is None:
            return
        places, kinds = inside.places[: self._reading + 1, self.at], [kind for kind, _, _ in inside.rows]
        every = inside.places[:, self.at].reshape(-1, 2)
        every = every[np.isfinite(every).all(1)]
        frame = list(zip(every.min(0).tolist(), every.max(0).tolist(), strict=True))
        moved = self.moved()
        still = ~(np.nan_to_num(moved) > self.floor())
        self.chart.draw(kinds, places, still, frame, self.ring)
        here = np.isfinite(moved)
        went = int((here & ~still).sum())
        self.said.setText(
            f"{went} of {int(here.sum())} moved further than a second reading does ({_small(self.floor())}). The "
            f"axes hold {inside.explained[self.at]:.0%} of what tells them apart."
        )
        self.chart.setAccessibleDescription(self.said.text())


def _small(part: float) -> str:
    return f"{100 * part:.3f} %" if part >= 1e-5 else "under 0.001 %"
