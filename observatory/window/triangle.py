"""The triangle of the drives: where every episode lies between curiosity, focus and fear, and where the dials stand.

A mark lies nearest to the drive that sees most in its episode, has that drive's hue and shape, and is the larger the
more of the night's draws it would get. Marks are stamped from a few prepared pictures, so that ten thousand are soon
drawn. It knows arrays of numbers and no episodes.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF

from ..protocol.events import DRIVES
from .look import Look
from .pointing import Plane
from .theme import DRIVE_MARKS, GRID

SIZES = 5
"""Steps of size, from an episode that is hardly drawn to the one that is drawn most."""
SMALL, LARGE = 5.0, 15.0
"""Pixels of the first and the last step."""
MANY, CROWD = 2_000, 3.0
"""Where there are more than so many marks, one of those of a kind in a square of so many pixels stands for all."""
CORNERS = np.array([[0.5, 0.0], [0.0, 1.0], [1.0, 1.0]])
"""Of curiosity, focus and fear, in a box of 1 by 1."""


class Triangle(Plane):
    """What the pointer comes to is chosen, and opened by a press."""

    is_figure = True

    def __init__(self, look: Look):
        super().__init__(look, "Episodes between the three drives")
        self.between = np.zeros((0, len(DRIVES)))
        self.foremost = np.zeros(0, int)
        self.share = np.zeros(0)
        self.dials = np.zeros(len(DRIVES))
        self.empty = ""
        self._layer: QPixmap | None = None
        self._stamps: dict[tuple, QPixmap] = {}

    def sizeHint(self) -> QSize:
        return QSize(320, 280)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 120)

    def restyle(self, look: Look) -> None:
        self.look = look
        self._stamps.clear()
        self._again()

    # ------------------------------------------------------------ what is shown

    def show_episodes(self, between: np.ndarray, foremost: np.ndarray, empty: str) -> None:
        """`between`: the drives' parts in each episode; a row without numbers lies nowhere."""
        self.between, self.foremost, self.empty = between, foremost, empty
        self.share = np.zeros(len(between))
        self.chosen = None
        self._again()

    def show_shares(self, share: np.ndarray, dials: list[float]) -> None:
        self.share, self.dials = share, np.array(dials)
        self._layer = None
        self.update()

    def _again(self) -> None:
        self._at = self._places(self.between)
        self._layer = None
        self.update()

    # ------------------------------------------------------------ geometry

    def _box(self) -> QRectF:
        """Where the triangle stands: as large as there is room beside its words, and equilateral."""
        line = QFontMetricsF(self.look.strong("small")).height()
        room = QRectF(self.rect()).adjusted(2 * GRID, line + GRID, -2 * GRID, -line - GRID)
        wide = max(40.0, min(room.width(), room.height() / 0.866))
        high = wide * 0.866
        return QRectF(room.center().x() - wide / 2, room.top() + max(0.0, room.height() - high) / 2, wide, high)

    def _places(self, parts: np.ndarray) -> np.ndarray:
        box = self._box()
        return parts @ CORNERS * [box.width(), box.height()] + [box.left(), box.top()]

    def point(self, place: int) -> QPointF:
        return QPointF(*self._at[place])

    def _first(self) -> int:
        """The largest."""
        return int(np.where(self._good(), self.share, -1).argmax())

    # ------------------------------------------------------------ painting

    def _ratio(self) -> float:
        return max(self.look.ratio, self.devicePixelRatioF())

    def _stamp(self, drive: int, size: int) -> QPixmap:
        made = self._stamps.get((drive, size))
        if made is not None:
            return made
        scale, name = self.look.type.body / 10.5, DRIVES[drive]
        wide = (SMALL + (LARGE - SMALL) * size / (SIZES - 1)) * scale
        made = QPixmap(round((wide + 4) * self._ratio()), round((wide + 4) * self._ratio()))
        made.setDevicePixelRatio(self._ratio())
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_mark(painter, name, QRectF(2, 2, wide, wide), self.look)
        painter.end()
        self._stamps[drive, size] = made
        return made

    def _marks(self) -> QPixmap:
        """All marks, the largest on top."""
        ratio = self._ratio()
        layer = QPixmap(self.size() * ratio)
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        good = np.flatnonzero(self._good())
        most = float(self.share[good].max()) if len(good) else 0.0
        level = np.sqrt(self.share[good] / most) if most > 0 else np.zeros(len(good))
        size = np.minimum(SIZES - 1, (level * SIZES).astype(int))
        painter = QPainter(layer)
        for step in range(SIZES):
            for drive in range(len(DRIVES)):
                mine = good[(size == step) & (self.foremost[good] == drive)]
                if not len(mine):
                    continue
                stamp = self._stamp(drive, step)
                half = stamp.width() / ratio / 2
                for x, y in _apart(self._at[mine] - half, CROWD if len(good) > MANY else 1.0 / ratio).tolist():
                    painter.drawPixmap(QPointF(x, y), stamp)
        painter.end()
        return layer

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._box()
        self._paint_focus(painter)
        painter.setPen(QPen(self.look.line, 1.5))
        corners = [QPointF(*p) for p in self._places(np.eye(3))]
        painter.drawPolygon(QPolygonF(corners))
        middle = self._places(np.array([[1 / 3] * 3, [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]))
        painter.setPen(QPen(self.look.raised, 1.5))
        for x, y in middle[1:]:
            painter.drawLine(QPointF(*middle[0]), QPointF(x, y))
        self._paint_names(painter, box)
        if not self.drawn:
            painter.setPen(self.look.soft)
            painter.setFont(self.look.font("small"))
            room = QRectF(box.left() + box.width() * 0.24, box.top() + box.height() * 0.5, box.width() * 0.52,
                          box.height() * 0.46)  # fmt: skip
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.empty)
            return
        if self._layer is None:
            self._layer = self._marks()
        painter.drawPixmap(0, 0, self._layer)
        self._paint_dials(painter)
        self._paint_chosen(painter, LARGE * 0.75)

    def _paint_names(self, painter: QPainter, box: QRectF) -> None:
        painter.setFont(self.look.strong("small"))
        high = painter.fontMetrics().height() + 2
        room = QRectF(self.rect())
        places = (
            (QRectF(room.left(), box.top() - high, room.width(), high), Qt.AlignmentFlag.AlignHCenter),
            (QRectF(room.left() + 2, box.bottom() + 2, room.width() / 2, high), Qt.AlignmentFlag.AlignLeft),
            (QRectF(room.center().x(), box.bottom() + 2, room.width() / 2 - 2, high), Qt.AlignmentFlag.AlignRight),
        )
        for name, (where, side) in zip(DRIVES, places, strict=True):
            painter.setPen(self.look.drive(name))
            painter.drawText(where, side | Qt.AlignmentFlag.AlignVCenter, f"{DRIVE_MARKS[name]} {name.capitalize()}")

    def _paint_dials(self, painter: QPainter) -> None:
        """A cross where the dials stand. All at nought stand nowhere."""
        if not self.dials.sum():
            return
        x, y = self._places(self.dials[None, :])[0]
        arm = 9.0 * self.look.type.body / 10.5
        for pen in (QPen(self.look.panel, 5), QPen(self.look.text, 2)):
            painter.setPen(pen)
            painter.drawLine(QPointF(x - arm, y), QPointF(x + arm, y))
            painter.drawLine(QPointF(x, y - arm), QPointF(x, y + arm))
        painter.setFont(self.look.font("small"))
        metrics = painter.fontMetrics()
        at = QRectF(x + arm * 0.5, y - arm * 0.4 - metrics.height(), metrics.horizontalAdvance("the dials") + 6,
                    metrics.height())  # fmt: skip
        veil = QColor(self.look.panel)
        veil.setAlpha(170)
        painter.fillRect(at, veil)
        painter.drawText(at, Qt.AlignmentFlag.AlignCenter, "the dials")

    # ------------------------------------------------------------ hands

    def mouseMoveEvent(self, event) -> None:
        super().mouseMoveEvent(event)
        self._point_at(self.nearest(event.position()))

    def mousePressEvent(self, event) -> None:
        place = self.nearest(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self._point_at(place)
            self.opened.emit(place)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._again()


def _apart(at: np.ndarray, cell: float) -> np.ndarray:
    """Of marks of one kind that lie in the same cell and so cover each other, one."""
    cells = np.rint(at / cell).astype(np.int64)
    _, first = np.unique(cells[:, 0] * 65_536 + cells[:, 1], return_index=True)
    return cells[first] * cell


def paint_mark(painter: QPainter, name: str, rect: QRectF, look: Look) -> None:
    """The shape of a drive in its hue, with a rim that keeps neighbours apart."""
    painter.setPen(QPen(look.panel, 1))
    painter.setBrush(look.drive(name))
    if name == "focus":
        painter.drawRect(rect.adjusted(1, 1, -1, -1))
    elif name == "fear":
        painter.drawPolygon(QPolygonF([QPointF(rect.center().x(), rect.top()), rect.bottomRight(), rect.bottomLeft()]))
    elif name not in DRIVES:
        middle = rect.center()
        painter.drawPolygon(QPolygonF([
            QPointF(middle.x(), rect.top()), QPointF(rect.right(), middle.y()), QPointF(middle.x(), rect.bottom()),
            QPointF(rect.left(), middle.y()),
        ]))  # fmt: skip
    else:
        painter.drawEllipse(rect)
