"""Lanes on the screen: names on the left, steps from left to right, one mark a replay as long as there is room.

Only the lanes in sight are drawn, each as at most one mark for every few pixels; where that leaves some out, the view
says how many one mark stands for. It is handed lanes and names, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPixmap, QStaticText
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from . import words
from .lanes import MARKS, PROBES, Drawn, Lane, Lanes
from .look import Look
from .theme import GRID
from .ticks import stamps

ROW, TICK = 24.0, 9.0
"""Pixels of a lane and of a mark, at seated type."""
CLOSEST = 8.0
"""Steps that are seen at least, however near one looks."""
RED_FROM = 8
"""From so many ticks a mark the figure is written in the colour of a warning."""


class LaneView(QAbstractScrollArea):
    """`pointed`: another tick was chosen; `opened`: it was pressed; `entered`: Enter was.

    `chosen` is a lane's key and a place in that lane.
    """

    pointed = Signal()
    opened = Signal()
    entered = Signal()

    def __init__(self, look: Look, name: Callable[[int | str], str], tell: Callable[[Lane, int], str]):
        """`name`: what a lane is called; `tell`: what a tick is, in a line."""
        super().__init__()
        self.look, self.name, self.tell = look, name, tell
        self.lanes = Lanes()
        self.of = 1
        self.zoom = 1.0
        self.chosen: tuple[int | str, int] | None = None
        self.thinning = 1
        """How many ticks the fullest mark in sight stands for."""
        self._layer: QPixmap | None = None
        self._kept: dict[int | str, tuple[tuple, Drawn]] = {}
        self._names: dict[int | str, tuple[tuple, tuple[QStaticText, QStaticText]]] = {}
        self._axis = 0.0
        self._stamps: tuple[tuple, list[QPixmap]] = ((), [])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Replays in lanes")
        for bar in (self.verticalScrollBar(), self.horizontalScrollBar()):
            bar.valueChanged.connect(lambda _: self.again())

    def restyle(self, look: Look) -> None:
        self.look = look
        self._axis = QFontMetricsF(look.font("small")).height() + GRID
        self._names.clear()
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(640, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 140)

    def show_lanes(self, lanes: Lanes, of: int) -> None:
        """Draw what came since, or another night. `of`: steps that were planned."""
        if lanes is not self.lanes:
            self.lanes, self.chosen, self.zoom = lanes, None, 1.0
            self._kept.clear()
            self._names.clear()
        self.of = max(1, of)
        self._fit()

    def again(self) -> None:
        self._layer = None
        self.viewport().update()

    # ------------------------------------------------------------ geometry

    @property
    def _scale(self) -> float:
        return self.look.type.body / 10.5

    def _names_wide(self) -> float:
        return min(260 * self._scale, self.viewport().width() * 0.34)

    def _track(self) -> QRectF:
        """Where steps run and lanes lie, without names and figures."""
        left, wide = self._names_wide(), self.viewport().width()
        return QRectF(left, 0, max(40.0, wide - left - 2 * GRID), self.viewport().height() - self._axis)

    def span(self) -> tuple[float, float]:
        """The first and the last step in sight."""
        whole = self.of + 1.0
        wide = whole / self.zoom
        first = self.horizontalScrollBar().value() / 10.0
        return min(first, whole - wide), min(first, whole - wide) + wide

    def x_of(self, step: float) -> float:
        first, last = self.span()
        track = self._track()
        return track.left() + (step - first) / (last - first) * track.width()

    def y_of(self, row: int) -> float:
        """The top of a lane."""
        return row * ROW * self._scale - self.verticalScrollBar().value()

    def row_of(self, key: int | str) -> int | None:
        return next((row for row, lane in enumerate(self.lanes.shown) if lane.key == key), None)

    def _fit(self) -> None:
        high, track = ROW * self._scale, self._track()
        bar, across = self.verticalScrollBar(), self.horizontalScrollBar()
        bar.setPageStep(max(1, int(track.height())))
        bar.setSingleStep(round(high))
        bar.setRange(0, max(0, round(len(self.lanes.shown) * high - track.height())))
        whole = self.of + 1.0
        across.setPageStep(max(1, round(10 * whole / self.zoom)))
        across.setSingleStep(max(1, round(whole / self.zoom)))
        across.setRange(0, max(0, round(10 * (whole - whole / self.zoom))))
        self.again()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    # ------------------------------------------------------------ painting

    def _ratio(self) -> float:
        return max(self.look.ratio, self.devicePixelRatioF())

    def _thinned(self, lane: Lane) -> Drawn:
        first, last = self.span()
        bins = max(1, int(self._track().width() / ((TICK + 1) * self._scale)))
        made_for = (len(lane), first, last, bins)
        kept = self._kept.get(lane.key)
        if kept is None or kept[0] != made_for:
            kept = self._kept[lane.key] = (made_for, self.lanes.thinned(lane, first, last, bins))
        return kept[1]

    def _in_sight(self) -> range:
        high, top = ROW * self._scale, self.verticalScrollBar().value()
        first = int(top / high)
        return range(first, min(len(self.lanes.shown), int((top + self._track().height()) / high) + 1))

    def _pictures(self) -> list[QPixmap]:
        wanted = (TICK * self._scale, self._ratio(), self.look.palette.name)
        if self._stamps[0] != wanted:
            self._stamps = (wanted, stamps(*wanted[:2], self.look))
        return self._stamps[1]

    def _paint_layer(self) -> QPixmap:
        """Names, lines and marks of the lanes in sight."""
        ratio, track, high = self._ratio(), self._track(), ROW * self._scale
        layer = QPixmap(self.viewport().size() * ratio)
        layer.setDevicePixelRatio(ratio)
        layer.fill(self.look.panel)
        painter = QPainter(layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_steps(painter, track)
        painter.setClipRect(QRectF(0, 0, self.viewport().width(), track.height()))
        pictures, self.thinning = self._pictures(), 1
        half = pictures[0].width() / ratio / 2
        first, last = self.span()
        across = track.width() / (last - first)
        probe = MARKS.index(PROBES[0])
        for row in self._in_sight():
            lane, top = self.lanes.shown[row], self.y_of(row)
            self._paint_name(painter, lane, QRectF(GRID, top, track.left() - 2 * GRID, high))
            painter.fillRect(QRectF(track.left(), top + high - 1, track.width(), 1), self.look.raised)
            drawn = self._thinned(lane)
            self.thinning = max(self.thinning, drawn.most)
            middle = top + high / 2 - half
            for x, mark in zip((track.left() + (drawn.at - first) * across - half).tolist(), drawn.marks.tolist(),
                               strict=True):  # fmt: skip
                painter.drawPixmap(QPointF(x, middle + (high * 0.2 if mark >= probe else 0)), pictures[mark])
            for x in np.unique(np.rint(track.left() + (lane.steps.values[lane.watched.values] - first) * across)):
                painter.fillRect(QRectF(x - half / 2, top + 1, half, 2), self.look.accent)
        painter.end()
        return layer

    def _paint_name(self, painter: QPainter, lane: Lane, box: QRectF) -> None:
        """In the painter's font, laid out once for each lane: text is what costs most in a frame."""
        chosen = self.chosen is not None and self.chosen[0] == lane.key
        if chosen:
            painter.fillRect(box.adjusted(-GRID / 2, 1, GRID / 2, -2), self.look.selected)
        painter.setPen(self.look.text if isinstance(lane.key, int) else self.look.soft)
        made_for = (box.width(), lane.replays)
        kept = self._names.get(lane.key)
        if kept is None or kept[0] != made_for:
            metrics, count = painter.fontMetrics(), f"{lane.replays:,}"
            room = int(box.width() - metrics.horizontalAdvance("0,000") - GRID)
            name = metrics.elidedText(self.name(lane.key), Qt.TextElideMode.ElideRight, room)
            texts = (QStaticText(name), QStaticText(count))
            for text in texts:
                text.setTextFormat(Qt.TextFormat.PlainText)
                text.prepare(font=painter.font())
            kept = self._names[lane.key] = (made_for, texts)
        name, count = kept[1]
        high = name.size().height()
        painter.drawStaticText(QPointF(box.left(), box.center().y() - high / 2), name)
        painter.setPen(self.look.soft)
        painter.drawStaticText(QPointF(box.right() - count.size().width(), box.center().y() - high / 2), count)

    def _paint_steps(self, painter: QPainter, track: QRectF) -> None:
        """A number and a faint upright at a few round steps."""
        first, last = self.span()
        painter.setFont(self.look.font("small"))
        metrics = painter.fontMetrics()
        room = metrics.horizontalAdvance(f"{self.of:,}") + 3 * GRID
        apart = _round_up((last - first) * room / track.width())
        below = QRectF(0, track.bottom(), 0, self._axis)
        step = -(-int(first) // apart) * apart
        while step <= last:
            x = self.x_of(step)
            painter.fillRect(QRectF(x, 0, 1, track.height()), self.look.faint(self.look.line, 0.5))
            box = below.adjusted(x - room / 2, 0, x + room / 2, 0)
            if box.right() <= self.viewport().width() and step:
                painter.setPen(self.look.soft)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{step:,}")
            step += apart

    def paintEvent(self, event) -> None:
        if self._layer is None or self._layer.deviceIndependentSize().toSize() != self.viewport().size():
            self._layer = self._paint_layer()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._layer)
        self._paint_thinning(painter)
        place = self.place_of_chosen()
        if place is not None and place.y() < self._track().bottom():
            painter.setClipRect(self._track().adjusted(-GRID, 0, GRID, 0))
            painter.setPen(QPen(self.look.text, 2))
            painter.drawEllipse(place, TICK * self._scale, TICK * self._scale)
            painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_thinning(self, painter: QPainter) -> None:
        """Under the names: that these are steps, and how many ticks a mark stands for."""
        painter.setFont(self.look.font("small"))
        box = QRectF(GRID, self._track().bottom(), self._names_wide() - 2 * GRID, self._axis)
        said = self.said_thinning()
        painter.setPen(self.look.wrong if self.thinning >= RED_FROM else self.look.soft)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, said)
        painter.setPen(self.look.soft)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "step")

    def said_thinning(self) -> str:
        return f"{self.thinning}x: a mark is up to {self.thinning:,}" if self.thinning > 1 else "every replay"

    def place_of_chosen(self) -> QPointF | None:
        row = self.row_of(self.chosen[0]) if self.chosen is not None else None
        if row is None:
            return None
        lane, tick = self.lanes.shown[row], self.chosen[1]
        below = ROW * self._scale * 0.2 if lane.marks.values[tick] >= MARKS.index(PROBES[0]) else 0
        return QPointF(self.x_of(lane.steps.values[tick]), self.y_of(row) + ROW * self._scale / 2 + below)

    # ------------------------------------------------------------ hands

    def choose(self, key: int | str, tick: int) -> None:
        """Choose a tick and bring it into sight."""
        row = self.row_of(key)
        if row is None or not len(self.lanes.shown[row]):
            return
        lane = self.lanes.shown[row]
        self.chosen = (key, max(0, min(len(lane) - 1, tick)))
        high, track, bar = ROW * self._scale, self._track(), self.verticalScrollBar()
        if self.y_of(row) < 0:
            bar.setValue(int(row * high))
        elif self.y_of(row) + high > track.height():
            bar.setValue(int((row + 1) * high - track.height()) + 1)
        first, last = self.span()
        step = float(lane.steps.values[self.chosen[1]])
        if not first <= step <= last:
            self.horizontalScrollBar().setValue(round(10 * (step - (last - first) / 2)))
        self.setAccessibleDescription(self.tell(lane, self.chosen[1]))
        self.again()
        self.pointed.emit()

    def zoom_by(self, factor: float) -> None:
        """Nearer or farther, around the chosen tick or the middle."""
        first, last = self.span()
        row = self.row_of(self.chosen[0]) if self.chosen is not None else None
        middle = (first + last) / 2 if row is None else float(self.lanes.shown[row].steps.values[self.chosen[1]])
        self.zoom = max(1.0, min(max(1.0, (self.of + 1) / CLOSEST), self.zoom * factor))
        self._fit()
        self.horizontalScrollBar().setValue(round(10 * (middle - (self.of + 1) / self.zoom / 2)))

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        """The lane and the tick under the pointer, where one is near."""
        if point.y() >= self._track().bottom():
            return None
        row = int((point.y() + self.verticalScrollBar().value()) / (ROW * self._scale))
        if not 0 <= row < len(self.lanes.shown):
            return None
        lane = self.lanes.shown[row]
        first, last = self.span()
        track = self._track()
        step = first + (point.x() - track.left()) / track.width() * (last - first)
        tick = self.lanes.nearest(lane, step)
        near = tick is not None and abs(self.x_of(lane.steps.values[tick]) - point.x()) <= TICK * self._scale
        return (row, tick) if near else None

    def mouseMoveEvent(self, event) -> None:
        found = self._at(event.position())
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)
        if found is not None:
            said = self.tell(self.lanes.shown[found[0]], found[1])
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(said), self)

    def mousePressEvent(self, event) -> None:
        found = self._at(event.position())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.choose(self.lanes.shown[found[0]].key, found[1])
            self.opened.emit()

    def wheelEvent(self, event) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.25 if event.angleDelta().y() > 0 else 0.8)
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event) -> None:
        key = Qt.Key(event.key())
        if event.text() in ("+", "=", "-"):
            self.zoom_by(0.67 if event.text() == "-" else 1.5)
        elif event.text().casefold() == "w":
            self.next_watched()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.entered.emit()
        elif not self._walk(key):
            super().keyPressEvent(event)

    def _walk(self, key: Qt.Key) -> bool:
        """Arrows: from tick to tick and from lane to lane; Page keys: ten lanes; Home and End: the ends of a lane."""
        down = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}.get(key)
        along = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -(10**9), Qt.Key.Key_End: 10**9}.get(key)
        if (down is None and along is None) or not self.lanes.shown:
            return False
        row = self.row_of(self.chosen[0]) if self.chosen is not None else None
        if row is None:
            self.choose(self.lanes.shown[0].key, 0)
            return True
        tick = self.chosen[1]
        if along is not None:
            self.choose(self.chosen[0], tick + along)
            return True
        step = self.lanes.shown[row].steps.values[tick]
        other = self.lanes.shown[max(0, min(len(self.lanes.shown) - 1, row + down))]
        self.choose(other.key, self.lanes.nearest(other, step) or 0)
        return True

    def next_watched(self) -> None:
        """The next tick in this lane, or below it, that was watched token by token."""
        if not self.lanes.shown:
            return
        start = (self.row_of(self.chosen[0]) or 0) if self.chosen is not None else 0
        after = self.chosen[1] if self.chosen is not None else -1
        rows = [*range(start, len(self.lanes.shown)), *range(start + 1)]
        for place, row in enumerate(rows):
            lane = self.lanes.shown[row]
            found = [t for t in lane.watched.values.tolist() if place or t > after]
            if found:
                self.choose(lane.key, found[0])
                self.opened.emit()
                return


def _round_up(wanted: float) -> int:
    """The next of 1, 2, 5, 10, 20 …"""
    size = 1
    while True:
        for n in (1, 2, 5):
            if n * size >= wanted:
                return n * size
        size *= 10
