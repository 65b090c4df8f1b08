"""A plane of marks, chosen by pointer or arrow keys. What a mark is, and how it looks, is for others to say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import words
from .look import Look

ALONG = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class Plane(QWidget):
    """`pointed(place)`: a mark was chosen; `opened(place)`: one was opened, by pointer or Enter.

    `_at`: where the marks are, in pixels; one without numbers lies nowhere.
    """

    pointed = Signal(int)
    opened = Signal(int)
    near = 14.0
    """Pixels within which the pointer means a mark."""

    def __init__(self, look: Look, name: str):
        super().__init__()
        self.look = look
        self.chosen: int | None = None
        self.name: Callable[[int], str] = str
        """What a mark is called, for whoever points at it."""
        self._at = np.zeros((0, 2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(name)

    @property
    def drawn(self) -> int:
        return int(self._good().sum())

    def choose(self, place: int | None) -> None:
        self.chosen = place
        self.update()

    def _good(self) -> np.ndarray:
        return np.isfinite(self._at).all(1)

    def _first(self) -> int:
        """The mark that an arrow key chooses where none was chosen; here any that lies somewhere."""
        return int(self._good().argmax())

    def nearest(self, point: QPointF) -> int | None:
        if not self.drawn:
            return None
        far = np.square(self._at - [point.x(), point.y()]).sum(1)
        best = int(np.nanargmin(far))
        return best if far[best] <= self.near**2 else None

    def towards(self, key: Qt.Key) -> int | None:
        """The nearest mark in the direction of an arrow key."""
        good = self._good()
        if not good.any():
            return None
        if self.chosen is None or not good[self.chosen]:
            return self._first()
        way = np.array(ALONG[key], float)
        off = self._at - self._at[self.chosen]
        ahead, aside = off @ way, np.abs(off @ way[::-1])
        cost = np.where(good & (ahead > 0.5) & (ahead >= aside), ahead + 2 * aside, np.inf)
        return int(cost.argmin()) if np.isfinite(cost).any() else None

    # ------------------------------------------------------------ painting

    def _paint_focus(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def _paint_chosen(self, painter: QPainter, radius: float) -> None:
        if self.chosen is not None and self.chosen < len(self._at) and np.isfinite(self._at[self.chosen]).all():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.look.text, 2))
            painter.drawEllipse(QPointF(*self._at[self.chosen]), radius, radius)

    # ------------------------------------------------------------ hands

    def _point_at(self, place: int | None) -> None:
        if place is not None and place != self.chosen:
            self.choose(place)
            self.pointed.emit(place)

    def mouseMoveEvent(self, event) -> None:
        place = self.nearest(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor)
        if place is not None:
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(self.name(place)), self)

    def keyPressEvent(self, event) -> None:
        if event.key() in ALONG:
            self._point_at(self.towards(Qt.Key(event.key())))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.opened.emit(self.chosen)
        else:
            super().keyPressEvent(event)
