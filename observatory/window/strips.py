"""The governor's line of time: the mode as a band, and under it one strip for every meta-state, from 0 to 1.

Every decision is as wide as every other, and a night a little wider, so that what was decided can be read off whatever
the clock said. Long lives are drawn as the least and the most of what falls together. Knows the story's moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..protocol import events as ev
from . import words
from .lived import Moment
from .look import Look
from .theme import GRID


@dataclass(frozen=True)
class Strip:
    """One meta-state: its field, what it is called, its hue (of a stage), and whether it is a part of the one above."""

    field: str
    name: str
    stage: str
    part: bool = False
    tip: str = ""


STRIPS = (
    Strip("pressure", "Sleep pressure", "gate", tip="How much the mind needs to sleep"),
    Strip("surprise_load", "not slept on", "gate", True, "A part of sleep pressure: surprise not consolidated yet"),
    Strip("capacity", "fast store full", "gate", True,
          "A part of sleep pressure: how full the fast store is of what only it knows"),
    Strip("uncertainty", "Uncertainty", "replay", tip="How unsure answers were; the last one counts for half"),
    Strip("prediction_error", "Prediction error", "dream", tip="How far off the latent state was expected, lately"),
    Strip("novelty", "Novelty", "rehearse", tip="How far what was told or asked lies from all that is stored"),
    Strip("relevance", "Relevance", "exam", tip="Closeness to the goal, lately"),
    Strip("fear", "Fear", "veto", tip="How badly it went or could go, lately; a half is usual"),
    Strip("trust", "Trust", "exam", tip="How right predictions of outcomes were, lately; a half at the start"),
    Strip("rhythm", "Rhythm", "wake", tip="The daily rhythm's wish to be awake; a half when it is switched off"),
    Strip("idle", "Idle", "weigh", tip="Hours since anything was told or asked, up to one"),
)  # fmt: skip
FIELDS = [field.name for field in msgspec.structs.fields(ev.MetaStates)]
NIGHT_WIDE = 3.0
"""Decisions that a night is as wide as."""
FINE = 2.0
"""Pixels: decisions nearer to each other are drawn as one upright, from the least of them to the most."""
MODE_STAGES = {"awake": "wake", "rest": "dream", "asleep": "replay"}


class Strips(QWidget):
    """`pointed(decision)`: its place among all decisions was chosen by pointer or arrow keys."""

    is_figure = True

    pointed = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.moments: list[Moment] = []
        self.chosen: int | None = None
        self._wide: list[float] = []
        self._rows: list[tuple] = []
        self._whose: list[int] = []
        """The place of every decision among the moments; `_rows` holds its meta-states, `_wide` is of all moments."""
        self._changes: list[int] = []
        self.marks: list[int] = []
        """Decisions that proposed sleep."""
        self._ends = np.zeros(0)
        self._middles = np.zeros(0)
        self._values = np.zeros((0, len(FIELDS)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Meta-states over decisions")

    def restyle(self, look: Look) -> None:
        self.look = look
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, round((len(STRIPS) + 3) * self.look.type.small * 2.3))

    def minimumSizeHint(self) -> QSize:
        return QSize(260, round((len(STRIPS) + 2) * self.look.type.small * 1.5))

    def show_moments(self, moments: list[Moment]) -> None:
        """The story's list itself: what was taken in before is not gone through again, unless it is another's."""
        if moments is not self.moments:
            self._wide, self._rows, self._whose, self._changes, self.marks = [], [], [], [], []
            self._values = np.zeros((0, len(FIELDS)))
        self.moments = moments
        for at in range(len(self._wide), len(moments)):
            moment = moments[at]
            if moment.decision is None or not at:
                self._changes.append(at)
            if moment.decision is not None:
                if moment.decision.choice == "propose sleep":
                    self.marks.append(len(self._whose))
                self._whose.append(at)
                self._rows.append(msgspec.structs.astuple(moment.decision.states))
            self._wide.append(1.0 if moment.decision is not None else NIGHT_WIDE if moment.mode == "asleep" else 0.0)
        wide = np.array(self._wide)
        self._ends = np.cumsum(wide)
        self._middles = (self._ends - wide / 2)[self._whose]
        fresh = np.array(self._rows[len(self._values) :], float).reshape(-1, len(FIELDS))
        self._values = np.concatenate([self._values, fresh])
        self.update()

    def choose(self, decision: int | None) -> None:
        self.chosen = decision
        self.update()

    # ------------------------------------------------------------ geometry

    def _names_wide(self) -> float:
        metrics = QFontMetricsF(self.look.font("small"))
        return max(metrics.horizontalAdvance(s.name) + (GRID if s.part else 0) for s in STRIPS) + 2 * GRID

    def _row_high(self) -> float:
        return self.height() / (len(STRIPS) + 2)

    def _track(self) -> QRectF:
        """Where time runs, left to right; names stand before it and figures behind."""
        left = self._names_wide()
        figure = QFontMetricsF(self.look.font("small")).horizontalAdvance("0.00") + 2 * GRID
        return QRectF(left, 0, max(20.0, self.width() - left - figure), self.height())

    def _scale(self) -> float:
        whole = self._ends[-1] if len(self._ends) else 1.0
        return self._track().width() / max(1.0, whole)

    def x_of(self, decision: int) -> float:
        """The middle of a decision."""
        return float(self._x()[decision])

    def _x(self) -> np.ndarray:
        return self._track().left() + self._middles * self._scale()

    def box_of(self, field: str) -> QRectF:
        place = next(n for n, s in enumerate(STRIPS) if s.field == field)
        high, track = self._row_high(), self._track()
        return QRectF(track.left(), (place + 1) * high + 2, track.width(), high - 4)

    def spans(self) -> list[tuple[str, float, float, int]]:
        """Mode, first and last place in time, and the night where one was opened."""
        starts = [float(self._ends[at] - self._wide[at]) for at in self._changes]
        ends = [*starts[1:], float(self._ends[-1])]
        found = [(self.moments[at].mode, start, end, self.moments[at].night)
                 for at, start, end in zip(self._changes, starts, ends, strict=True)]  # fmt: skip
        return [each for each in found if each[2] > each[1]]

    # ------------------------------------------------------------ painting

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font("small"))
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if not self._whose:
            return
        self._paint_modes(painter)
        x = self._x()
        pixels = thinned(x)
        for strip in STRIPS:
            self._paint_strip(painter, strip, *pixels)
        self._paint_marks(painter, x)
        self._paint_time(painter)
        if self.chosen is not None and self.chosen < len(x):
            painter.setPen(QPen(self.look.text, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x[self.chosen], 0), QPointF(x[self.chosen], self.height() - self._row_high()))

    def _paint_modes(self, painter: QPainter) -> None:
        track, high, scale = self._track(), self._row_high(), self._scale()
        painter.setPen(self.look.text)
        painter.drawText(QRectF(GRID, 0, track.left() - GRID, high), Qt.AlignmentFlag.AlignVCenter, "Mode")
        metrics = painter.fontMetrics()
        for mode, start, end, night in self.spans():
            hue = self.look.stage(MODE_STAGES.get(mode, ""))
            box = QRectF(track.left() + start * scale, 2, (end - start) * scale, high - 4)
            # Asleep is full, rest is hatched, awake is a line: no one needs the hue.
            if mode == "asleep":
                painter.fillRect(box, hue)
            elif mode == "rest":
                painter.fillRect(box, QBrush(hue, Qt.BrushStyle.BDiagPattern))
            else:
                painter.fillRect(box, self.look.faint(hue, 0.16))
                painter.fillRect(QRectF(box.left(), box.bottom() - 2, box.width(), 2), hue)
            said = next((text for text in (f"night {night}" if night else "", mode if mode in MODE_STAGES else "")
                         if text and metrics.horizontalAdvance(text) + 6 < box.width()), "")  # fmt: skip
            painter.setPen(self.look.on_accent if mode == "asleep" else self.look.text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, said)

    def _paint_strip(self, painter: QPainter, strip: Strip, xs: np.ndarray, first: np.ndarray) -> None:
        box, track = self.box_of(strip.field), self._track()
        values = np.clip(self._values[:, FIELDS.index(strip.field)], 0.0, 1.0)
        hue = self.look.stage(strip.stage)
        painter.fillRect(box, self.look.raised if not strip.part else self.look.faint(self.look.raised, 0.5))
        bottom = box.bottom()
        low, high = np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)
        tops = _points(xs, bottom - high * box.height())
        painter.setPen(Qt.PenStyle.NoPen)
        veil = self.look.stage(strip.stage)
        veil.setAlpha(50)
        painter.setBrush(veil)
        painter.drawPolygon(QPolygonF([QPointF(xs[0], bottom), *tops, QPointF(xs[-1], bottom)]))
        if len(xs) < len(values):  # on some pixels several lie, from the least to the most of them
            painter.setBrush(hue)
            painter.drawPolygon(QPolygonF([*tops, *_points(xs, bottom - low * box.height())[::-1]]))
        painter.setPen(QPen(hue, 1.4 * self.look.type.line))
        painter.drawPolyline(QPolygonF(tops))
        painter.setPen(self.look.soft if strip.part else self.look.text)
        indent = 2 * GRID if strip.part else GRID
        painter.drawText(QRectF(indent, box.top(), track.left(), box.height()), Qt.AlignmentFlag.AlignVCenter,
                         strip.name)  # fmt: skip
        chosen = self.chosen if self.chosen is not None and self.chosen < len(values) else -1
        painter.drawText(QRectF(track.right() + GRID, box.top(), self.width(), box.height()),
                         Qt.AlignmentFlag.AlignVCenter, f"{values[chosen]:.2f}")  # fmt: skip

    def _paint_marks(self, painter: QPainter, at: np.ndarray) -> None:
        """A diamond on the pressure strip wherever sleep was proposed."""
        box, size = self.box_of("pressure"), min(6.0 * self.look.type.body / 10.5, self._row_high() / 2.2)
        painter.setBrush(self.look.stage("gate"))
        painter.setPen(QPen(self.look.panel, 1))
        place = FIELDS.index("pressure")
        for n in self.marks:
            x = float(at[n])
            y = max(box.bottom() - float(self._values[n, place]) * box.height(), box.top() + size / 2)
            painter.drawPolygon(QPolygonF([QPointF(x, y - size), QPointF(x + size, y), QPointF(x, y + size),
                                           QPointF(x - size, y)]))  # fmt: skip

    def _paint_time(self, painter: QPainter) -> None:
        """When the first and the last decision were taken."""
        high, track = self._row_high(), self._track()
        box = QRectF(track.left(), self.height() - high, track.width(), high)
        painter.setPen(self.look.soft)
        first, last = (self.moments[self._whose[n]].decision for n in (0, -1))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                         words.when(first.lived_at, first.at))  # fmt: skip
        if len(self._whose) > 1:
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             words.when(last.lived_at, last.at))  # fmt: skip

    # ------------------------------------------------------------ hands

    def nearest(self, x: float) -> int | None:
        if not self._whose:
            return None
        return int(np.abs(self._x() - x).argmin())

    def mousePressEvent(self, event) -> None:
        decision = self.nearest(event.position().x())
        if decision is not None:
            self.pointed.emit(decision)

    def mouseMoveEvent(self, event) -> None:
        place = int(event.position().y() / max(1.0, self._row_high())) - 1
        if 0 <= place < len(STRIPS) and event.position().x() < self._track().left():
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(STRIPS[place].tip), self)

    def keyPressEvent(self, event) -> None:
        last = len(self._whose) - 1
        here = last if self.chosen is None else self.chosen
        wanted = {
            Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))  # fmt: skip
        if wanted is None or last < 0:
            super().keyPressEvent(event)
        else:
            self.pointed.emit(max(0, min(last, wanted)))


def _points(x: np.ndarray, y: np.ndarray) -> list[QPointF]:
    return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def thinned(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One x for every two pixels that anything falls on, and the first of those that do. `x` only rises."""
    found, first = np.unique(np.rint(x / FINE).astype(int), return_index=True)
    return (x if len(found) == len(x) else found * FINE), first
