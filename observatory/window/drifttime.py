"""The drift's line of time: from the base over every night to the newest step, by slider, by keys or by itself.

It stays at the newest stop until somebody moves it, and again once it is back there. It knows stops by their names.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QSlider, QToolButton, QWidget

from . import words
from .dock import label, row
from .look import Look
from .theme import GRID

EVERY_MS = 700
"""Between two stops while it plays: long enough to see where the arrows went."""


class TimeLine(QWidget):
    """`moved(place)`: another stop is to be shown."""

    moved = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.names: Sequence[str] = ()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Moment in the life of the cortex")
        self.slider.setPageStep(1)
        self.play = QToolButton()
        self.play.setCheckable(True)
        self.play.setIconSize(QSize(16, 16))
        self.play.setAccessibleName("Play from stop to stop")
        self.play.setToolTip(words.tip("Play from stop to stop (P)"))
        self.said = label("", "small")
        self.said.setMinimumWidth(170)
        inside = row(self.play, self.slider, self.said, gap=GRID)
        inside.setStretch(1, 1)
        self.setLayout(inside)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._on)
        self.slider.valueChanged.connect(self._came)
        self.play.toggled.connect(self._play)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.said.setMinimumWidth(round(170 * look.type.small / 9.0))
        self._icon()

    @property
    def now(self) -> int:
        return self.slider.value()

    def follow(self, names: Sequence[str]) -> None:
        """These are the stops now. Where the newest was shown, the newest is shown."""
        newest = self.now >= len(self.names) - 1
        was = self.names[self.now] if self.now < len(self.names) else ""
        self.names = list(names)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(names) - 1))
        if newest or was not in self.names:
            self.slider.setValue(len(names) - 1)
        else:
            self.slider.setValue(self.names.index(was))
        self.slider.blockSignals(False)
        self.slider.setEnabled(len(names) > 1)
        self.play.setEnabled(len(names) > 1)
        self._say()

    def _came(self, place: int) -> None:
        self._say()
        self.moved.emit(place)

    def _say(self) -> None:
        name = self.names[self.now] if self.now < len(self.names) else ""
        self.said.setText(name[:1].upper() + name[1:])
        self.slider.setAccessibleDescription(name)

    def _play(self, on: bool) -> None:
        if on:
            if self.now >= self.slider.maximum():
                self.slider.setValue(0)
            self._timer.start()
        else:
            self._timer.stop()
        self._icon()

    def _on(self) -> None:
        if self.now >= self.slider.maximum():
            self.play.setChecked(False)
            return
        self.slider.setValue(self.now + 1)

    def _icon(self) -> None:
        self.play.setIcon(self.look.icon("pause" if self.play.isChecked() else "run"))
