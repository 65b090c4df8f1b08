"""Five short stations through the window, left at any time. A card beside the place it speaks of, and a frame round it.

It knows the stations as it is handed them and nothing of what they show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from .dock import column, label, row
from .look import Look
from .theme import GRID

WIDE = 380


@dataclass(frozen=True)
class Station:
    """`go` brings its place up and returns it."""

    title: str
    text: str
    go: Callable[[], QWidget]


class Frame(QWidget):
    """A line round the place; the pointer goes through it."""

    def __init__(self, parent: QWidget, look: Look):
        super().__init__(parent)
        self.look = look
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.look.accent, 3))
        painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 6, 6)


class Tour(QFrame):
    """Right, Enter and Space go on, Left goes back, Esc leaves. `left`: it is over."""

    left = Signal()

    def __init__(self, stations: list[Station], look: Look, window: QWidget):
        super().__init__(window)
        self.stations, self.place = stations, -1
        self.setObjectName("notice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Tour")
        self.setFixedWidth(round(WIDE * look.type.body / 10.5))
        self._frame, self._there = Frame(window, look), window
        self.title, self.text = label("", "title", wrap=True), label("", "", wrap=True)
        self.count = label("", "softSmall")
        self.leave_button, self.back_button = QPushButton("Leave"), QPushButton("Back")
        self.next_button = QPushButton("Next")
        self.next_button.setObjectName("primary")
        for button in (self.leave_button, self.back_button, self.next_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the card itself has the keys
        inside = column(self, margin=2 * GRID, gap=GRID)
        for widget in (self.title, self.text):
            inside.addWidget(widget)
        inside.addLayout(row(self.count, None, self.leave_button, self.back_button, self.next_button))
        self.leave_button.clicked.connect(self.leave)
        self.back_button.clicked.connect(lambda: self.go(self.place - 1))
        self.next_button.clicked.connect(lambda: self.go(self.place + 1))
        window.installEventFilter(self)
        self.go(0)

    def go(self, place: int) -> None:
        if place >= len(self.stations):
            self.leave()
            return
        self.place = max(0, place)
        station = self.stations[self.place]
        self._there = station.go()
        self.title.setText(station.title)
        self.text.setText(station.text)
        self.setAccessibleDescription(station.text)
        self.count.setText(f"{self.place + 1} of {len(self.stations)}")
        self.back_button.setEnabled(self.place > 0)
        self.next_button.setText("Done" if self.place == len(self.stations) - 1 else "Next")
        self._stand()
        self.show()
        self.raise_()
        self.setFocus()

    def _stand(self) -> None:
        """The frame round the place, the card beside or below it: what is spoken of should be seen."""
        window, there = self.parentWidget(), self._there
        at = there.mapTo(window, QPoint(0, 0)) if window.isAncestorOf(there) else QPoint(0, 0)
        size = there.size() if window.isAncestorOf(there) else window.size()
        box = QRect(at, size).intersected(window.rect())
        self._frame.setGeometry(box)
        self._frame.show()
        self._frame.raise_()
        # The style's border takes a little of the width, and what it takes wraps.
        self.setFixedHeight(self.layout().heightForWidth(self.width() - GRID) + GRID)
        x, y = box.right() - self.width() - 2 * GRID, box.bottom() - self.height() - 2 * GRID
        if window.width() - box.right() > self.width() + 2 * GRID:
            x, y = box.right() + GRID, box.center().y() - self.height() // 2
        elif box.left() > self.width() + 2 * GRID:
            x, y = box.left() - self.width() - GRID, box.center().y() - self.height() // 2
        elif box.height() < self.height():
            y = box.bottom() + GRID
        x, y = min(x, window.width() - self.width() - GRID), min(y, window.height() - self.height() - GRID)
        self.move(max(GRID, x), max(GRID, y))
        self.raise_()

    def leave(self) -> None:
        self.parentWidget().removeEventFilter(self)
        self._frame.hide()
        self._frame.deleteLater()
        self.hide()
        self.deleteLater()
        self.left.emit()

    def event(self, event) -> bool:
        """The window has these keys too (Esc holds a proposal, Space pauses a night); here they are the card's."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in _KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event) -> None:
        way = _KEYS.get(Qt.Key(event.key())) if event.key() in _KEYS else None
        if way is None:
            super().keyPressEvent(event)
        elif way == 0:
            self.leave()
        else:
            self.go(self.place + way)

    def eventFilter(self, watched, event) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._stand()
        return False


_KEYS = {
    Qt.Key.Key_Right: 1, Qt.Key.Key_Return: 1, Qt.Key.Key_Enter: 1, Qt.Key.Key_Space: 1, Qt.Key.Key_Left: -1,
    Qt.Key.Key_Escape: 0,
}  # fmt: skip
