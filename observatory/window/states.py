"""The charts of the latent state: its way through a session, its value, and how far off it was expected.

They draw turns that they are handed; grey where nothing has trained the model yet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor

from ..protocol import events as ev
from .charts import Chart
from .look import Look

SPAN = -1.0, 1.0
"""Value lies between going badly and going well."""


class TurnChart(Chart):
    """A chart of turns. Keeps what it draws by name, so that items are made once and moved ever after."""

    chosen = Signal(int)

    def __init__(self, title: str, below: str, unit: str, look: Look):
        super().__init__(title, below, unit, look)
        self.setMinimumSize(150, 84)
        self.trained = True
        self.points = 0
        self._drawn: tuple = ()
        self._dots = pg.ScatterPlotItem()
        self._dots.sigClicked.connect(lambda _, spots, *__: self.chosen.emit(int(spots[0].data())))
        self._dots.setZValue(5)
        self._ring = pg.ScatterPlotItem(symbol="o", brush=None)
        self._ring.setZValue(6)
        for item in (self._dots, self._ring):
            self.addItem(item)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        if self._drawn:
            self.draw(*self._drawn)

    @property
    def ratio(self) -> float:
        return max(self.look.ratio, self.devicePixelRatioF())

    def hue(self, stage: str) -> QColor:
        """Grey stands for numbers that mean nothing yet."""
        return self.look.stage(stage) if self.trained else self.look.faint(self.look.soft, 0.6)

    def _dot(self, x: Sequence[float], y: Sequence[float], moves: Sequence[ev.StateMoved], stage: str, shape: str):
        hue = self.hue(stage)
        self._dots.setData(
            x=list(x), y=list(y), data=[m.episode for m in moves], symbol=shape, brush=hue,
            pen=pg.mkPen(self.look.panel), size=self.look.type.small * 0.85 * self.ratio,
        )  # fmt: skip
        self.points = len(moves)

    def _mark(self, x: float, y: float) -> None:
        self._ring.setData(
            x=[x], y=[y], size=self.look.type.small * 2 * self.ratio, pen=pg.mkPen(self.look.text, width=2 * self.ratio)
        )


def _few(top: float) -> list[list[tuple[float, str]]]:
    """Ticks from nought to about the top, three or four of them, however low the chart is."""
    size = 10.0 ** np.floor(np.log10(top / 2))
    step = size * max(n for n in (1, 2, 5) if n * size <= top / 2)
    return [[(n * step, f"{n * step:g}") for n in range(int(top / step) + 1)]]


def _pairs(expected: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    both = np.stack([expected, place], 1).reshape(-1, 2)
    return both[:, 0], both[:, 1]


class Trajectory(TurnChart):
    """The way of one session, with a dash from where each turn was expected to where it came; other sessions faint."""

    def __init__(self, look: Look):
        super().__init__("Way of the state", "first direction", "second direction", look)
        self._others, self._missed, self._way = pg.PlotCurveItem(), pg.PlotCurveItem(), pg.PlotCurveItem()
        self._wanted = pg.ScatterPlotItem(symbol="+")
        self._name = pg.TextItem("", anchor=(0.5, 1.5))
        for item in (self._others, self._missed, self._way, self._wanted, self._name):
            self.addItem(item)

    def draw(self, course: list[ev.StateMoved], others: list[list[ev.StateMoved]], chosen: ev.StateMoved) -> None:
        self._drawn = course, others, chosen
        self.trained = chosen.trained_by > 0
        ratio, wide = self.ratio, self.look.type.line * 1.6
        faint = self.look.faint(self.look.soft, 0.45)
        elsewhere = [np.array([m.place[:2] for m in each]) for each in others]
        if elsewhere:
            flat = np.concatenate(elsewhere)
            joined = np.ones(len(flat), bool)
            joined[np.cumsum([len(each) for each in elsewhere]) - 1] = False
            self._others.setData(flat[:, 0], flat[:, 1], connect=joined, pen=pg.mkPen(faint, width=ratio))
        else:
            self._others.setData([], [])
        place = np.array([m.place[:2] for m in course])
        expected = np.array([m.expected[:2] for m in course])
        dash = pg.mkPen(self.hue("dream"), width=ratio, style=Qt.PenStyle.DashLine)
        self._missed.setData(*_pairs(expected, place), connect="pairs", pen=dash)
        self._wanted.setData(
            x=expected[:, 0], y=expected[:, 1], pen=pg.mkPen(self.hue("dream")), brush=self.hue("dream"),
            size=self.look.type.small * 0.7 * ratio,
        )  # fmt: skip
        self._way.setData(place[:, 0], place[:, 1], pen=pg.mkPen(self.hue("replay"), width=wide * ratio))
        self._dot(place[:, 0], place[:, 1], course, "replay", "o")
        self._mark(*chosen.place[:2])
        self._name.setText(f"turn {chosen.turn}", color=self.look.text)
        self._name.setFont(self.look.strong("small"))
        self._name.setPos(*chosen.place[:2])
        self._frame(np.concatenate([place, expected, *elsewhere]))
        self.setAccessibleDescription(
            "; ".join(f"turn {m.turn}: {m.place[0]:.2f}, {m.place[1]:.2f}" for m in course)
        )

    def _frame(self, points: np.ndarray) -> None:
        low, high = points.min(0), points.max(0)
        room = np.maximum(high - low, 0.5)
        self.setXRange(low[0] - 0.1 * room[0], high[0] + 0.1 * room[0], padding=0)
        self.setYRange(low[1] - 0.1 * room[1], high[1] + 0.24 * room[1], padding=0)


def _turns(chart: Chart, course: list[ev.StateMoved]) -> None:
    """The axis of turns: whole numbers, as many as there is room for."""
    numbers = [m.turn for m in course]
    first, last = min(numbers), max(numbers)
    step = max(1, (last - first) // 8)
    chart.getAxis("bottom").setTicks([[(n, str(n)) for n in range(first, last + 1, step)]])
    # Many turns stand close: the ring around the last needs more room than half a turn.
    beside = max(0.5, 0.03 * (last - first))
    chart.setXRange(first - beside, max(last, first + 1) + beside, padding=0)


class ValueCurve(TurnChart):
    """The value over the turns of a session, the band down to its worst tenth, and how those went that are known."""

    def __init__(self, look: Look):
        super().__init__("Value", "turn", "badly to well", look)
        self._top, self._low = pg.PlotCurveItem(), pg.PlotCurveItem()
        self._band = pg.FillBetweenItem(self._top, self._low)
        self._known = pg.ScatterPlotItem()
        self._none = pg.InfiniteLine(pos=0, angle=0)
        for item in (self._band, self._low, self._top, self._known, self._none):
            self.addItem(item)

    def draw(self, course: list[ev.StateMoved], outcomes: dict[int, float], chosen: ev.StateMoved) -> None:
        self._drawn = course, outcomes, chosen
        self.trained = chosen.trained_by > 0
        ratio, hue = self.ratio, self.hue("exam")
        x, y = np.array([m.turn for m in course], float), np.array([m.value for m in course])
        low = np.array([m.tail for m in course])
        band = QColor(hue)
        band.setAlpha(60)
        self._top.setData(x, y, pen=pg.mkPen(hue, width=self.look.type.line * 1.8 * ratio))
        self._low.setData(x, low, pen=pg.mkPen(hue, width=ratio, style=Qt.PenStyle.DashLine))
        self._band.setBrush(band)
        self._none.setPen(pg.mkPen(self.look.line, width=ratio))
        known = [(m.turn, outcomes[m.episode]) for m in course if m.episode in outcomes]
        self._known.setData(
            x=[t for t, _ in known], y=[o for _, o in known], size=self.look.type.small * 1.1 * ratio,
            symbol=["t1" if o > 0 else "t" if o < 0 else "o" for _, o in known], pen=pg.mkPen(self.look.panel),
            brush=[self.look.right if o > 0 else self.look.wrong if o < 0 else self.look.soft for _, o in known],
        )  # fmt: skip
        self._dot(x, y, course, "exam", "o")
        self._mark(chosen.turn, chosen.value)
        _turns(self, course)
        self.getAxis("left").setTicks([[(-1, "−1"), (0, "0"), (1, "1")]])
        self.setYRange(SPAN[0] * 1.35, SPAN[1] * 1.35, padding=0)


class ErrorCurve(TurnChart):
    """By how much each turn came out otherwise than expected."""

    def __init__(self, look: Look):
        super().__init__("Off what was expected", "turn", "nats", look)
        self._line = pg.PlotCurveItem()
        self.addItem(self._line)

    def draw(self, course: list[ev.StateMoved], chosen: ev.StateMoved) -> None:
        self._drawn = course, chosen
        self.trained = chosen.trained_by > 0
        x, y = [m.turn for m in course], [m.error for m in course]
        pen = pg.mkPen(self.hue("dream"), width=self.look.type.line * 1.8 * self.ratio)
        self._line.setData(x, y, pen=pen)
        self._dot(x, y, course, "dream", "s")
        self._mark(chosen.turn, chosen.error)
        _turns(self, course)
        top = max(0.1, max(y)) * 1.4
        self.getAxis("left").setTicks(_few(top))
        self.setYRange(0, top, padding=0)


class ValueBars(TurnChart):
    """The chances of every value at one turn."""

    def __init__(self, look: Look):
        super().__init__("Chances of each value", "badly to well", "%", look)
        self._bars = pg.BarGraphItem(x=[0.0], width=0.04, height=[0.0])
        self._lines = {name: pg.InfiniteLine(angle=90) for name in ("value", "tail")}
        for item in (self._bars, *self._lines.values()):
            self.addItem(item)

    def draw(self, move: ev.StateMoved) -> None:
        self._drawn = (move,)
        self.trained = move.trained_by > 0
        heights = 100 * np.array(move.distribution)
        x = np.linspace(*SPAN, len(heights))
        hue = self.hue("exam")
        self._bars.setOpts(x=x, height=heights, width=0.86 * (x[1] - x[0]), brush=hue, pen=pg.mkPen(hue))
        styles = {"value": Qt.PenStyle.SolidLine, "tail": Qt.PenStyle.DashLine}
        for name, line in self._lines.items():
            line.setPen(pg.mkPen(self.look.text, width=self.ratio, style=styles[name]))
            line.setValue(getattr(move, name))
        self.points = int((heights > 0).sum())
        self.setXRange(SPAN[0] * 1.05, SPAN[1] * 1.05, padding=0)
        top = max(5.0, float(heights.max())) * 1.15
        self.getAxis("left").setTicks(_few(top))
        self.setYRange(0, top, padding=0)
        self.setAccessibleDescription(f"turn {move.turn}: value {move.value:.2f}, worst tenth {move.tail:.2f}")
