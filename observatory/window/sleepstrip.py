"""The hypnogram on the screen: a stepped line by depth over the whole life, decisions, and sleep pressure.

Drawn once into a picture and again only when something in it is new; the cursor is drawn over it. Where more falls on
a pixel than it can show, the deepest is shown. It tells where a person points and decides nothing.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import words
from .hypnogram import LEVELS, Axis, Hypnogram
from .look import Look
from .theme import GRID
from .travel import Travel

HUES = {"awake": "wake", "rest": "rehearse", "": "weigh"}
"""The stage whose hue a level without a stage has; all others have their own."""
GAP = 18.0
"""Pixels for hours without events."""
MARKS = {
    "approved": ("●", "right"), "vetoed": ("✕", "wrong"), "held": ("■", "accent"), "rolled back": ("◆", "wrong"),
}  # fmt: skip
"""What a decision is called in the key, and its colour; `_shape` draws it."""
SERIOUS = ("held", "approved", "vetoed", "rolled back")
"""Where several decisions fall together, the last of these is shown."""


class SleepStrip(QWidget):
    """`travelled(event)`: a person wants to see that moment."""

    travelled = Signal(int)

    def __init__(self, travel: Travel, look: Look):
        super().__init__()
        self.travel, self.look = travel, look
        self._picture: QPixmap | None = None
        self._made_for: tuple = ()
        self._axis = Axis(travel.hypnogram, 1.0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("The whole life as a hypnogram: arrows, Page keys, Home and End travel in it")

    @property
    def hypnogram(self) -> Hypnogram:
        return self.travel.hypnogram

    def restyle(self, look: Look) -> None:
        self.look = look
        self._made_for = ()
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, round(self._line() * (len(LEVELS) + 1.95) + GRID / 2))

    def follow(self) -> None:
        """Something is new. Painting looks at how much of it."""
        self.setAccessibleDescription(self.hypnogram.said(self.travel.place))
        self.update()

    # ------------------------------------------------------------ geometry

    def _line(self) -> float:
        return QFontMetricsF(self.look.font("small")).height()

    def track(self) -> QRectF:
        """Where time runs; names of levels stand before it, the figure of pressure behind."""
        metrics = QFontMetricsF(self.look.font("small"))
        left = max(metrics.horizontalAdvance(name) for name in LEVELS) + 3 * GRID
        right = metrics.horizontalAdvance("pressure") + 3 * GRID
        return QRectF(left, self._line() + GRID / 2, max(40.0, self.width() - left - right), self._line() * len(LEVELS))

    def top_of(self, level: str) -> float:
        return self.track().top() + LEVELS.index(level) * self._line()

    def x_of(self, seq: int) -> float:
        self._lay()
        return self.track().left() + float(self._axis.x(seq))

    def seq_at(self, x: float) -> int:
        self._lay()
        return self._axis.seq(x - self.track().left())

    def _lay(self) -> None:
        made_for = (self.size(), self.hypnogram.changes, self.look, self.devicePixelRatioF())
        if made_for != self._made_for:
            self._axis = Axis(self.hypnogram, self.track().width(), GAP)
            self._made_for, self._picture = made_for, None

    # ------------------------------------------------------------ painting

    def paintEvent(self, event) -> None:
        self._lay()
        ratio = max(self.look.ratio, self.devicePixelRatioF())
        if self._picture is None:
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(self.look.ground)
            painter = QPainter(self._picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.look.font("small"))
            self._paint_life(painter)
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font("small"))
        if self.hypnogram.last:
            self._paint_cursor(painter)
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def _paint_life(self, painter: QPainter) -> None:
        track = self.track()
        for level in LEVELS:
            top = self.top_of(level)
            painter.setPen(QPen(self.look.faint(self.look.line, 0.6), 1))
            painter.drawLine(QPointF(track.left(), top + self._line()), QPointF(track.right(), top + self._line()))
            painter.setPen(self.look.soft)
            painter.drawText(QRectF(GRID, top, track.left() - 2 * GRID, self._line()),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, level)  # fmt: skip
        if not self.hypnogram.last:
            painter.drawText(track, Qt.AlignmentFlag.AlignCenter, "What this mind lives through will stand here, "
                             "night by night; a click goes back to it")  # fmt: skip
            return
        self._paint_levels(painter, track)
        self._paint_gaps(painter, track)
        self._paint_pressure(painter, track)
        self._paint_nights(painter, track)
        self._paint_marks(painter, track)

    def _hue(self, level: str, stage: str):
        return self.look.stage(stage or HUES.get(level, "weigh"))

    def _spans(self) -> list[tuple[float, float, int, str]]:
        """From, to, level and stage on the screen, at least a pixel wide; of what is narrower the deepest a pixel."""
        spans = self.hypnogram.spans
        if not spans:
            return []
        starts = self._axis.x(np.array([span.seq for span in spans]))
        ends = np.append(starts[1:], float(self._axis.x(self.hypnogram.last)))
        found: list[tuple[float, float, int, str]] = []
        deep: dict[int, tuple[int, str]] = {}
        for span, x0, x1 in zip(spans, starts.tolist(), ends.tolist(), strict=True):
            if not span.level:
                continue
            level = LEVELS.index(span.level)
            if x1 - x0 >= 1.0:
                found.append((x0, x1, level, span.stage))
            elif level > deep.get(int(x0), (-1, ""))[0]:
                deep[int(x0)] = level, span.stage
        found += [(float(x), x + 1.0, level, stage) for x, (level, stage) in deep.items()]
        return sorted(found)

    def _paint_levels(self, painter: QPainter, track: QRectF) -> None:
        """A filled step for every span, and the stepped line over them."""
        line, before = self._line(), None
        painter.setPen(Qt.PenStyle.NoPen)
        gaps = self._axis.gaps
        for x0, x1, level, stage in self._spans():
            top = track.top() + level * line
            hue = self._hue(LEVELS[level], stage)
            # Of a span with hours without events in it only what was lived is drawn.
            for a, b in _outside(x0, x1, gaps):
                painter.fillRect(QRectF(track.left() + a, top + 1, max(1.0, b - a), line - 2), hue)
            if before is not None and x0 - before[0] < 1.5 and before[1] != level:
                low, high = sorted((before[1], level))
                x = track.left() + x0
                painter.fillRect(QRectF(x - 0.5, track.top() + low * line + 1, 1, (high - low + 1) * line - 2), hue)
            before = x1, level

    def _paint_gaps(self, painter: QPainter, track: QRectF) -> None:
        """Two slanted strokes where hours are left out, and how many if there is room."""
        metrics = QFontMetricsF(self.look.font("small"))
        for x0, x1, seconds in self._axis.gaps:
            middle = track.left() + (x0 + x1) / 2
            if x1 - x0 < 5:
                continue
            painter.setPen(QPen(self.look.soft, 1))
            for shift in (-2.0, 2.0):
                for y in (track.top() + self._line() / 2, track.bottom() - self._line() / 2):
                    painter.drawLine(QPointF(middle + shift - 2, y + 4), QPointF(middle + shift + 2, y - 4))
            said = _hours(seconds)
            if metrics.horizontalAdvance(said) <= x1 - x0:
                painter.setPen(self.look.soft)
                painter.drawText(QRectF(track.left() + x0, track.top() + 2.5 * self._line(), x1 - x0, self._line()),
                                 Qt.AlignmentFlag.AlignCenter, said)  # fmt: skip

    def _paint_pressure(self, painter: QPainter, track: QRectF) -> None:
        read = self.hypnogram.pressures
        if not read:
            return
        both = np.array(read, float)
        x = self._axis.x(both[:, 0].astype(int))
        pixels, first = np.unique(x.astype(int), return_index=True)
        highest = np.maximum.reduceat(np.clip(both[:, 1], 0.0, 1.0), first)
        # It holds until it is read again: a slope through a night would say what nobody measured.
        tops = (track.bottom() - highest * track.height()).repeat(2)[:-1]
        along = (track.left() + x[first]).repeat(2)[1:]
        places = [QPointF(a, b) for a, b in zip(along.tolist(), tops.tolist(), strict=True)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, colour in ((3.2, self.look.ground), (1.4, self.look.text)):
            painter.setPen(QPen(colour, width * self.look.type.line))
            painter.drawPolyline(QPolygonF(places))

    def _paint_nights(self, painter: QPainter, track: QRectF) -> None:
        """Their names above where they begin, as many as there is room for; a stroke for each."""
        metrics, free = painter.fontMetrics(), -1e9
        nights = self.hypnogram.nights
        begins = self._axis.x(np.array([seq for seq, _ in nights], int)).tolist()
        for (_, number), x in zip(nights, begins, strict=True):
            x += track.left()
            said = f"night {number}"
            wide = metrics.horizontalAdvance(said)
            if x < free:
                continue
            free = x + wide + 2 * GRID
            painter.setPen(QPen(self.look.soft, 1))
            painter.drawLine(QPointF(x, track.top() - 3), QPointF(x, track.top()))
            painter.setPen(self.look.text)
            left = min(x, self.width() - wide - GRID)
            painter.drawText(QRectF(left, 0, wide + 2, self._line()), Qt.AlignmentFlag.AlignLeft, said)

    def _paint_marks(self, painter: QPainter, track: QRectF) -> None:
        shown: dict[int, tuple[float, str]] = {}
        size = self._line() * 0.36
        marks = self.hypnogram.marks
        places = self._axis.x(np.array([mark.seq for mark in marks], int)).tolist()
        for mark, x in zip(marks, places, strict=True):
            slot = int(x / (2.4 * size))
            before = shown.get(slot)
            if before is None or SERIOUS.index(mark.kind) >= SERIOUS.index(before[1]):
                shown[slot] = x, mark.kind
        y = track.bottom() + self._line() * 0.55
        for x, kind in shown.values():
            shape(painter, QPointF(track.left() + x, y), size, kind, getattr(self.look, MARKS[kind][1]))

    def _paint_cursor(self, painter: QPainter) -> None:
        track, place = self.track(), self.travel.place
        x = track.left() + float(self._axis.x(place))
        hue = self.look.accent if self.travel.away else self.look.soft
        painter.setPen(QPen(hue, 2 if self.travel.away else 1))
        painter.drawLine(QPointF(x, track.top() - 4), QPointF(x, track.bottom() + 3))
        painter.setBrush(hue)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([QPointF(x - 5, track.top() - 8), QPointF(x + 5, track.top() - 8),
                                       QPointF(x, track.top() - 1)]))  # fmt: skip
        pressure = self.hypnogram.pressure_at(place)
        if pressure is None:
            return
        painter.setPen(self.look.soft)
        right = QRectF(track.right() + GRID, track.top(), self.width() - track.right() - 2 * GRID, self._line())
        painter.drawText(right, Qt.AlignmentFlag.AlignLeft, "pressure")
        painter.setPen(self.look.text)
        painter.drawText(right.translated(0, self._line()), Qt.AlignmentFlag.AlignLeft, f"{pressure:.2f}")

    # ------------------------------------------------------------ hands

    def mousePressEvent(self, event) -> None:
        self.setFocus()
        if event.button() == Qt.MouseButton.LeftButton and self.hypnogram.last:
            self._point(event.position().x())

    def mouseMoveEvent(self, event) -> None:
        if not self.hypnogram.last:
            return
        x = event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point(x)
            return
        QToolTip.showText(event.globalPosition().toPoint(), words.tip(self.said_at(x)), self)

    def said_at(self, x: float) -> str:
        """What was there, with the decisions near it."""
        seq = self.seq_at(x)
        near = self.hypnogram.marks_near(self.seq_at(x - 6), self.seq_at(x + 6))[-3:]
        lines = [self.hypnogram.said(seq)]
        lines += [f"night {mark.night} {mark.kind} {mark.said}" if mark.kind != "rolled back" else
                  f"rolled back to {_night(mark.night)}: {mark.said}" for mark in near]  # fmt: skip
        return "\n".join(lines)

    def _point(self, x: float) -> None:
        at_the_end = x >= self.track().left() + float(self._axis.x(self.hypnogram.last))
        self.travelled.emit(self.hypnogram.last if at_the_end else self.seq_at(x))

    def keyPressEvent(self, event) -> None:
        code, travel = Qt.Key(event.key()), self.travel
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(code)
        if way is not None and fine:
            self._point(self.x_of(travel.place) + 2.0 * way)
        elif way is not None:
            travel.change(way)
        elif code in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            travel.night(-1 if code == Qt.Key.Key_PageUp else 1)
        elif code == Qt.Key.Key_Home:
            travel.go(1)
        elif code == Qt.Key.Key_End:
            travel.live()
        else:
            super().keyPressEvent(event)


def shape(painter: QPainter, at: QPointF, size: float, kind: str, hue) -> None:
    """A circle for approved, a cross for vetoed, a square for held, a triangle to the left for rolled back."""
    x, y = at.x(), at.y()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(hue)
    if kind == "approved":
        painter.drawEllipse(at, size, size)
    elif kind == "held":
        painter.drawRect(QRectF(x - size, y - size, 2 * size, 2 * size))
    elif kind == "rolled back":
        painter.drawPolygon(QPolygonF([QPointF(x - size, y), QPointF(x + size, y - size), QPointF(x + size, y + size)]))
    else:
        painter.setPen(QPen(hue, size * 0.6))
        painter.drawLine(QPointF(x - size, y - size), QPointF(x + size, y + size))
        painter.drawLine(QPointF(x - size, y + size), QPointF(x + size, y - size))


def _outside(x0: float, x1: float, gaps: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """The parts of a span that lie in none of the gaps."""
    parts, at = [], x0
    for start, end, _ in gaps[bisect_right(gaps, x0, key=lambda gap: gap[1]) :]:
        if start >= x1:
            break
        if start > at:
            parts.append((at, start))
        at = max(at, end)
    if at < x1:
        parts.append((at, x1))
    return parts or [(x0, x1)]


def _hours(seconds: float) -> str:
    if seconds < 3600 * 48:
        return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"
    return f"{seconds / 86400:.0f} d"


def _night(number: int) -> str:
    return f"night {number}" if number else "the base"
