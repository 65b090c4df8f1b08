"""Curves and bars in the house's look, on pyqtgraph. They draw numbers they are given and know no events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy

from .look import Look

pg.setConfigOptions(antialias=True, useOpenGL=False)


class Chart(pg.PlotWidget):
    """A quiet plot: two axes with units, a faint grid, no buttons on it."""

    def __init__(self, title: str, below: str, unit: str, look: Look):
        super().__init__()
        self._said = title, below, unit
        self.look = look
        self.setMinimumSize(160, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(title)
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.showGrid(y=True, alpha=0.14)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.setBackground(look.panel)
        title, below, unit = self._said
        small = f"{look.type.small}pt"
        plot = self.getPlotItem()
        plot.setTitle(title or None, color=look.palette.text, size=small)
        plot.titleLabel.item.setFont(look.strong("small"))
        for side, text in (("left", unit), ("bottom", below)):
            axis = plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setPen(look.line)
            axis.setTextPen(look.soft)
            axis.setTickFont(look.font("small"))
            axis.setStyle(tickTextOffset=4, tickLength=-4, maxTickLevel=1)
            axis.setLabel(text, **{"color": look.palette.soft, "font-size": small, "font-family": look.family})


class Curve(Chart):
    """One or two lines over steps."""

    def __init__(self, title: str, unit: str, look: Look, stage: str):
        super().__init__(title, "gradient step", unit, look)
        self._stage = stage
        self._raw = self.plot([], [])
        self._smooth = self.plot([], [])
        self.points = 0

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        hue = look.stage(self._stage)
        faint = look.stage(self._stage)
        faint.setAlpha(110)
        # Plot pens count device pixels, whatever the screen's ratio.
        ratio = max(look.ratio, self.devicePixelRatioF())
        self._raw.setPen(pg.mkPen(faint, width=ratio))
        self._smooth.setPen(pg.mkPen(hue, width=look.type.line * 2 * ratio))

    def draw(self, steps: Sequence[float], values: Sequence[float], of: int) -> None:
        x, y = np.asarray(steps, dtype=float), np.asarray(values, dtype=float)
        good = np.isfinite(y)
        self.points = int(good.sum())
        self._raw.setData(x[good], y[good])
        self._smooth.setData(x[good], smoothed(y[good]))
        if of:
            self.setXRange(0, max(1, of), padding=0.03)
        top = float(y[good].max()) if self.points else 1.0
        self.setYRange(0.0, top * 1.08 or 1.0, padding=0)


def smoothed(values: np.ndarray, memory: float = 0.7) -> np.ndarray:
    """A running mean that starts at the first value; 0.7 looks back about three steps."""
    out = np.empty_like(values)
    kept = values[0] if len(values) else 0.0
    for place, value in enumerate(values):
        kept = memory * kept + (1 - memory) * value
        out[place] = kept
    return out


class DriftBars(Chart):
    """How far each layer would move, attention and MLP side by side. `key` says which hue is which."""

    def __init__(self, look: Look):
        super().__init__("", "layer", "change, %", look)
        self._layers: dict[int, dict[str, float]] = {}
        self._bars: list[pg.BarGraphItem] = []
        self.key: dict[str, QColor] = {}

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.draw(self._layers)

    def draw(self, layers: dict[int, dict[str, float]]) -> None:
        self._layers = layers
        for bar in self._bars:
            self.removeItem(bar)
        self._bars, self.key = [], {}
        if not layers:
            return
        parts = sorted({part for one in layers.values() for part in one})
        hues = {"attention": self.look.stage("replay"), "MLP": self.look.stage("gate")}
        wide, numbers, top = 0.8 / len(parts), np.array(list(layers)), 0.0
        for place, part in enumerate(parts):
            heights = np.array([100 * one.get(part, 0.0) for one in layers.values()])
            top = max(top, float(heights.max()))
            hue = self.key[part] = hues.get(part, self.look.accent)
            at = numbers - 0.4 + wide * (place + 0.5)
            bar = pg.BarGraphItem(x=at, width=wide * 0.92, height=heights, brush=hue, pen=hue)
            self.addItem(bar)
            self._bars.append(bar)
        self.setXRange(float(numbers.min()) - 0.7, float(numbers.max()) + 0.7, padding=0)
        self.setYRange(0, top * 1.08 or 1.0, padding=0)
