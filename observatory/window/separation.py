"""Overlap in, overlap out: for every neighbour a line from how alike the inputs are to how alike the codes are.

Three places on the way, or two where an older recording says no more: the cortex's own states, the whitened keys, the
sparse codes. It is handed overlaps and names.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..protocol import events as ev
from . import words
from .look import Look
from .theme import GRID

PLACES = (("states", "states"), ("before", "keys"), ("after", "codes"))
"""Fields of an overlap from the way in to the way out, and what stands under them."""
NEAR = 18.0


class Separation(QWidget):
    """`pointed(place)`: a neighbour was chosen; `opened(place)`: it was pressed, or Enter was."""

    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.overlaps: list[ev.Overlap] = []
        self.names: list[str] = []
        self.chosen: int | None = None
        self.empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Overlap with the nearest episodes, of inputs and of codes")

    def sizeHint(self) -> QSize:
        return QSize(420, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 140)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.update()

    def show_overlaps(self, overlaps: list[ev.Overlap], names: list[str], empty: str) -> None:
        if overlaps is not self.overlaps:
            self.chosen = None
        self.overlaps, self.names, self.empty = overlaps, names, empty
        self.setAccessibleDescription("; ".join(self.said(place) for place in range(len(overlaps))))
        self.update()

    def said(self, place: int) -> str:
        each = ", ".join(f"{name} {value:.2f}" for name, value in self.values(place))
        return f"{self.names[place]}: {each}"

    def values(self, place: int) -> list[tuple[str, float]]:
        overlap = self.overlaps[place]
        found = [(name, getattr(overlap, field)) for field, name in PLACES]
        return [(name, value) for name, value in found if value is not None]

    # ------------------------------------------------------------ geometry

    def _box(self) -> QRectF:
        metrics = QFontMetricsF(self.look.font("small"))
        left, below = metrics.horizontalAdvance("0.0") + GRID, metrics.height() + GRID
        names = min(self.width() * 0.44, 240 * self.look.type.body / 10.5)
        return QRectF(left + GRID, GRID, max(30.0, self.width() - left - names - 2 * GRID),
                      max(20.0, self.height() - below - 2 * GRID))  # fmt: skip

    def line(self, place: int) -> list[QPointF]:
        box, values = self._box(), self.values(place)
        last = max(1, len(values) - 1)
        return [
            QPointF(box.left() + n * box.width() / last, box.bottom() - max(0.0, min(1.0, value)) * box.height())
            for n, (_, value) in enumerate(values)
        ]

    def labels(self) -> list[float]:
        """The height of every neighbour's name: beside the end of its line, and none over another."""
        high = QFontMetricsF(self.look.font("small")).height() + 2
        wanted = [self.line(place)[-1].y() - high / 2 for place in range(len(self.overlaps))]
        order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
        room = max(0.0, self._box().bottom() + GRID - high)
        at, found = -high, [0.0] * len(wanted)
        for place in order:
            at = found[place] = max(wanted[place], at + high)
        below = room
        for place in reversed(order):  # what was pushed out below comes up again, and what it meets with it
            found[place] = min(found[place], below)
            below = found[place] - high
        return found

    def nearest(self, point: QPointF) -> int | None:
        """The neighbour whose name or line is under the pointer."""
        if not self.overlaps:
            return None
        box, labels = self._box(), self.labels()
        high = QFontMetricsF(self.look.font("small")).height() + 2
        if point.x() > box.right() + GRID:
            return next((n for n, y in enumerate(labels) if y <= point.y() <= y + high), None)
        far = [min((dot - point).manhattanLength() for dot in self.line(n)) for n in range(len(self.overlaps))]
        best = min(range(len(far)), key=far.__getitem__)
        return best if far[best] <= NEAR else None

    # ------------------------------------------------------------ painting

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(self.look.font("small"))
        if not self.overlaps:
            painter.setPen(self.look.soft)
            room = QRectF(self.rect()).adjusted(3 * GRID, 0, -3 * GRID, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty)
            return
        self._paint_axes(painter)
        labels = self.labels()
        places = [place for place in range(len(self.overlaps)) if place != self.chosen]
        for place in [*places, *([self.chosen] if self.chosen is not None else [])]:
            self._paint_line(painter, place, labels[place])

    def _paint_axes(self, painter: QPainter) -> None:
        box, metrics = self._box(), painter.fontMetrics()
        for value in (0.0, 0.5, 1.0):
            y = box.bottom() - value * box.height()
            painter.fillRect(QRectF(box.left(), y, box.width(), 1), self.look.faint(self.look.line, 0.6))
            painter.setPen(self.look.soft)
            painter.drawText(QRectF(0, y - metrics.height() / 2, box.left() - GRID, metrics.height()),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.1f}")  # fmt: skip
        names = [name for name, _ in self.values(0)]
        for n, name in enumerate(names):
            x = box.left() + n * box.width() / max(1, len(names) - 1)
            painter.fillRect(QRectF(x, box.top(), 1, box.height()), self.look.line)
            wide = metrics.horizontalAdvance(name)
            left = min(max(0.0, x - wide / 2), self.width() - wide)
            painter.drawText(QRectF(left, box.bottom() + GRID, wide + 2, metrics.height()), 0, name)

    def _paint_line(self, painter: QPainter, place: int, label: float) -> None:
        dots, chosen = self.line(place), place == self.chosen
        hue = self.look.accent if chosen else self.look.stage("replay") if place == 0 else self.look.soft
        painter.setPen(QPen(hue, (2.4 if chosen else 1.4) * self.look.type.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(dots))
        metrics = painter.fontMetrics()
        right = self._box().right()
        middle = label + metrics.height() / 2
        painter.setPen(QPen(self.look.faint(hue, 0.5), 1))
        painter.drawLine(QPointF(dots[-1].x() + 5, dots[-1].y()), QPointF(right + 1.6 * GRID, middle))
        painter.setPen(QPen(self.look.panel, 1))
        painter.setBrush(hue)
        size = 4.5 * self.look.type.body / 10.5
        for n, dot in enumerate(dots):
            # Round on the way in, square on the way out.
            box = QRectF(dot.x() - size, dot.y() - size, 2 * size, 2 * size)
            (painter.drawRect if n == len(dots) - 1 else painter.drawEllipse)(box)
        painter.setPen(self.look.text if chosen or place == 0 else self.look.soft)
        box = QRectF(right + 2 * GRID, label, self.width() - right - 2.5 * GRID, metrics.height() + 2)
        said = f"{self.overlaps[place].after:.2f}  {self.names[place]}"
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                         metrics.elidedText(said, Qt.TextElideMode.ElideRight, int(box.width())))  # fmt: skip

    # ------------------------------------------------------------ hands

    def choose(self, place: int) -> None:
        self.chosen = place
        self.update()
        self.pointed.emit(place)

    def mouseMoveEvent(self, event) -> None:
        place = self.nearest(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor)
        if place is not None:
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(self.said(place)), self)

    def mousePressEvent(self, event) -> None:
        place = self.nearest(event.position())
        if place is not None:
            self.choose(place)

    def mouseDoubleClickEvent(self, event) -> None:
        place = self.nearest(event.position())
        if place is not None:
            self.opened.emit(place)

    def keyPressEvent(self, event) -> None:
        key, step = Qt.Key(event.key()), {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if key in step and self.overlaps:
            order = sorted(range(len(self.overlaps)), key=self.labels().__getitem__)
            here = order.index(self.chosen) + step[key] if self.chosen is not None else 0
            self.choose(order[max(0, min(len(order) - 1, here))])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.opened.emit(self.chosen)
        else:
            super().keyPressEvent(event)
