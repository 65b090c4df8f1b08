"""Buttons that name the episodes behind something, the strongest first; pressing one opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from . import words
from .dock import row

NAMED = 3


class Pullers(QWidget):
    """`wanted(episode)`: it is to be opened."""

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.buttons = [QPushButton() for _ in range(NAMED)]
        for button in self.buttons:
            button.setObjectName("chip")
            button.clicked.connect(lambda _=False, button=button: self.wanted.emit(button.property("episode")))
            button.hide()
        self.setLayout(row(*self.buttons))

    def show_episodes(self, found: Sequence[tuple[int, float]], name: Callable[[int, int], str]) -> None:
        """(episode, nats that it pulled by); `name(episode, letters)` is how a person calls it."""
        for place, button in enumerate(self.buttons):
            button.setVisible(place < len(found))
            if place < len(found):
                number, much = found[place]
                said = f"{much:.3f} nats of its loss were taken away here" if much else "open it"
                button.setText(name(number, 18))
                button.setProperty("episode", number)
                button.setToolTip(words.tip(f"{name(number, 200)}: {said}"))
                button.setAccessibleName(f"Open {name(number, 60)}")
