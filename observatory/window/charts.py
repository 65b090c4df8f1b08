"""Curves and bars in the house's look, on pyqtgraph. They draw numbers they are given and know no events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QSizePolicy

from . import words
from .look import Look

pg.setConfigOptions(antialias=True, useOpenGL=False)

POINTS = 300
"""Of a line over steps; so many can still be told apart."""
LOW = 13
"""Lines of small type: a plot that is not as high as these has no room for more than title, line and figures."""
ROOM = 0.07
"""Of the steps, left and right of them: half the figure under the last tick needs it, or that is not drawn."""


class Axis(pg.AxisItem):
    """An axis that leaves out a figure rather than write it on another one."""

    def generateDrawSpecs(self, painter):
        specs = super().generateDrawSpecs(painter)
        if specs is None:
            return None
        line, ticks, texts = specs
        kept: list = []
        for text in texts:
            if not any(text[0].intersects(other[0]) for other in kept):
                kept.append(text)
        return line, ticks, kept


class Chart(pg.PlotWidget):
    """A quiet plot: two axes with units, a faint grid, no buttons on it."""

    def __init__(self, title: str, below: str, unit: str, look: Look):
        axes = {side: Axis(side) for side in ("left", "bottom")}
        super().__init__(enableMenu=False, axisItems=axes)  # with a menu, a plot takes half as long again to make
        self._said = title, below, unit
        self.look = look
        self.setMinimumSize(160, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(title)
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.showGrid(y=True, alpha=0.14)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.setBackground(look.panel)
        _, below, unit = self._said
        small = f"{look.type.small}pt"
        plot = self.getPlotItem()
        plot.setTitle(None)
        for side, text in (("left", unit), ("bottom", below)):
            axis = plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setPen(look.line)
            axis.setTextPen(look.soft)
            axis.setTickFont(look.font("small"))
            axis.setStyle(tickTextOffset=4, tickLength=-4, maxTickLevel=1)
            axis.setLabel(text, **{"color": look.palette.soft, "font-size": small, "font-family": look.family})
        self._fit()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph calls this while it is being made
            self._fit()

    @property
    def low(self) -> bool:
        return self.height() < LOW * self.look.type.small

    def _fit(self) -> None:
        """Where there is little room the title is shortened, and what axes count stands in the tooltip alone."""
        plot, metrics = self.getPlotItem(), QFontMetrics(self.look.strong("small"))
        title, below, unit = self._said
        line = metrics.height()
        if title:
            room = max(20, round(self.width() - plot.getAxis("left").width() - 2.5 * line))
            shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)
            plot.setTitle(shown, color=self.look.palette.text, size=f"{self.look.type.small}pt")
            plot.titleLabel.item.setFont(self.look.strong("small"))
        along = self.height() - line * (5.5 if title else 3.0) + (1.5 * line if self.low else 0)
        plot.getAxis("bottom").showLabel(bool(below) and not self.low)
        plot.getAxis("left").showLabel(bool(unit) and metrics.horizontalAdvance(unit) < along)
        plot.getAxis("left").setTickDensity(0.4 if self.low else 1.0)
        self.setToolTip(words.tip(f"{title}: {unit}, by {below}" if title else f"{unit}, by {below}"))


class Curve(Chart):
    """A number over steps: as it was, faint, and its running mean over it.

    More steps than there is room for are drawn as the band between the least and the most of every few, and the mean of
    each: nothing that stood out is lost, and a line that fills its own room costs more to draw than all docks together.
    """

    def __init__(self, title: str, unit: str, look: Look, stage: str):
        super().__init__(title, "step of replay", unit, look)
        self._stage = stage
        self._band = self.plot([], [], pen=None, fillLevel="enclosed")
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
        self._band.setBrush(pg.mkBrush(faint))
        self._smooth.setPen(pg.mkPen(hue, width=look.type.line * 2 * ratio))

    def draw(self, steps: Sequence[float], values: Sequence[float], of: int) -> None:
        x, y = np.asarray(steps, dtype=float), np.asarray(values, dtype=float)
        good = np.isfinite(y)
        self.points = int(good.sum())
        x, y = x[good], y[good]
        mean = smoothed(y)
        if self.points > POINTS:
            few = math.ceil(self.points / POINTS)
            at, low, high = pooled(x, few, np.mean), pooled(y, few, np.min), pooled(y, few, np.max)
            self._band.setData(np.concatenate([at, at[::-1]]), np.concatenate([high, low[::-1]]))
            self._raw.setData([], [])
            self._smooth.setData(at, pooled(mean, few, np.mean))
        else:
            self._band.setData([], [])
            self._raw.setData(x, y)
            self._smooth.setData(x, mean)
        if of:
            self.setXRange(0, max(1, of), padding=ROOM)
        top = float(y.max()) if self.points else 1.0
        self.setYRange(0.0, top * 1.08 or 1.0, padding=0)


class Staircase(Chart):
    """A count that holds from one step to the next, out of a known whole."""

    def __init__(self, title: str, unit: str, look: Look, stage: str):
        super().__init__(title, "step of replay", unit, look)
        self._stage = stage
        self._stairs, self._whole = self.plot([], [], stepMode="right"), pg.InfiniteLine(angle=0)
        self.addItem(self._whole)
        self.points = 0

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        ratio, hue = max(look.ratio, self.devicePixelRatioF()), look.stage(self._stage)
        self._stairs.setPen(pg.mkPen(hue, width=look.type.line * 2 * ratio))
        self._whole.setPen(pg.mkPen(look.soft, width=ratio, style=Qt.PenStyle.DashLine))

    def draw(self, steps: Sequence[int], counts: Sequence[int], whole: int, here: int, of: int) -> None:
        self.points = len(steps)
        # The last count holds until the next probe: it is drawn as far as the night has come.
        x, y = [0, *steps, max([here, *steps])], [0, *counts, counts[-1] if counts else 0]
        self._stairs.setData(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        self._whole.setValue(whole)
        self._whole.setVisible(bool(whole))
        self.setXRange(0, max(1, of), padding=ROOM)
        self.setYRange(0, max(1, whole) * 1.12, padding=0)
        self.setAccessibleDescription(
            "; ".join(f"step {s}: {c} of {whole}" for s, c in zip(steps, counts, strict=True))
        )


@dataclass(frozen=True)
class Line:
    """One series of a search: its values, and the hue (of a stage) and shape of its points."""

    name: str
    values: Sequence[float]
    stage: str
    shape: str
    joined: bool = True


class SearchChart(Chart):
    """What a search tried along x, one or more lines, with the chosen point ringed and named."""

    def __init__(self, title: str, below: str, unit: str, look: Look, *, from_zero: bool = False):
        super().__init__(title, below, unit, look)
        self.setMinimumSize(150, 96)
        self._from_zero, self._was_low = from_zero, False
        self._drawn: tuple = ((), (), None, "")
        self._items: list[pg.GraphicsObject] = []
        self.marked: tuple[float, str] | None = None

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.draw(*self._drawn)

    def draw(self, x: Sequence[float], lines: Sequence[Line], chosen: int | None, said: str) -> None:
        """`chosen` is a place in `x`; `said` names it, and nothing is written where it is empty."""
        self._drawn = x, lines, chosen, said
        for item in self._items:
            self.removeItem(item)
        self._items, self.marked = [], None
        if not len(x):
            return
        ratio, at = max(self.look.ratio, self.devicePixelRatioF()), np.asarray(x, dtype=float)
        values = np.asarray([line.values for line in lines], dtype=float)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        low = min(0.0, low) if self._from_zero else low
        room = (high - low) or abs(high) or 1.0
        wide = float(at.max() - at.min()) or 1.0
        self.setXRange(at.min() - 0.1 * wide, at.max() + 0.1 * wide, padding=0)
        top = high + (0.12 if self.low else 0.34) * room
        self.setYRange(low - (0 if self._from_zero else 0.12 * room), top, padding=0)
        if chosen is not None:
            self._mark(float(at[chosen]), float(at.min() + wide / 2), top, "" if self.low else said, ratio)
        for line in lines:
            self._line(at, line, chosen, ratio)
        self._set_ticks(at)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if event is None:
            return
        was, self._was_low = self._was_low, self.low
        if was != self.low:
            self.draw(*self._drawn)
        elif len(self._drawn[0]):
            self._set_ticks(np.asarray(self._drawn[0], dtype=float))

    def _set_ticks(self, at: np.ndarray) -> None:
        """As many as can stand side by side."""
        wide, figure = float(at.max() - at.min()) or 1.0, QFontMetrics(self.look.font("small"))
        apart = 1.4 * figure.horizontalAdvance("0.00") / max(60.0, self.width() - 70.0)
        self.getAxis("bottom").setTicks([_ticks(at, wide, max(0.09, 1.2 * apart))])

    def _mark(self, x: float, middle: float, top: float, said: str, ratio: float) -> None:
        pen = pg.mkPen(self.look.text, width=ratio, style=Qt.PenStyle.DashLine)
        self._add(pg.InfiniteLine(pos=x, angle=90, pen=pen))
        self.marked = x, said
        if said:
            name = pg.TextItem(said, color=self.look.text, anchor=(0, 0) if x <= middle else (1, 0))
            name.setFont(self.look.strong("small"))
            name.setPos(x, top)
            self._add(name)

    def _line(self, at: np.ndarray, line: Line, chosen: int | None, ratio: float) -> None:
        hue, size = self.look.stage(line.stage), self.look.type.small * 0.8 * ratio
        y = np.asarray(line.values, dtype=float)
        # A line may know nothing of some x: a point without a number has no place, and a scene cannot hold it.
        known = np.isfinite(y)
        self._add(pg.PlotDataItem(
            at[known], y[known], symbol=line.shape,
            pen=pg.mkPen(hue, width=self.look.type.line * 1.6 * ratio) if line.joined else None,
            symbolSize=size, symbolBrush=hue, symbolPen=pg.mkPen(hue), name=line.name,
        ))  # fmt: skip
        if chosen is not None and known[chosen]:
            self._add(pg.ScatterPlotItem(
                at[[chosen]], y[[chosen]], symbol="o", size=size * 2.2, brush=None,
                pen=pg.mkPen(self.look.text, width=2 * ratio),
            ))  # fmt: skip

    def _add(self, item: pg.GraphicsObject) -> None:
        self.addItem(item)
        self._items.append(item)


def _ticks(at: np.ndarray, wide: float, apart: float = 0.09) -> list[tuple[float, str]]:
    """A tick at every x that was tried, but for those too near to the one before; the last one always."""
    kept: list[float] = []
    for x in sorted(set(at.tolist()), reverse=True):
        if not kept or kept[-1] - x >= apart * wide:
            kept.append(x)
    return [(x, f"{x:,.0f}" if x == int(x) and wide > 2 else f"{x:.2f}".rstrip("0").rstrip(".")) for x in kept]


def smoothed(values: np.ndarray, memory: float = 0.7) -> np.ndarray:
    """A running mean that starts at the first value; 0.7 looks back about three steps."""
    if not len(values):
        return values
    back = round(math.log(1e-6) / math.log(memory))  # what lies further back weighs less than a millionth
    weights = (1 - memory) * memory ** np.arange(back)
    weights[-1] += 1 - weights.sum()
    return np.convolve(np.concatenate([np.full(back - 1, values[0]), values]), weights, mode="valid")


def pooled(values: np.ndarray, few: int, how: Callable) -> np.ndarray:
    """One value for every few of them, and one for those that are left."""
    whole = len(values) // few * few
    pools = how(values[:whole].reshape(-1, few), axis=1)
    return np.append(pools, how(values[whole:])) if whole < len(values) else pools


class DriftBars(Chart):
    """How far each layer would move, attention and MLP side by side. `key` says which hue is which."""

    def __init__(self, look: Look):
        super().__init__("", "layer", "change, %", look)
        self.setMinimumSize(150, 90)
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
