"""What an empty home says: three ways to begin, homes that were opened lately, and a tour.

A dock that stands in front while nothing was lived yet, and can be brought back from Help. It does nothing itself.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from . import words
from .dock import BLOCK, Dock, OneLine, column, label, row
from .look import Look
from .theme import GRID

SHOWN = 4
"""Recent homes that are offered."""


class WelcomeDock(Dock):
    """`wanted(id)`: an action was chosen; `home_wanted(path)`: a home was."""

    topic = "welcome"
    at_start = False
    wanted = Signal(str)
    home_wanted = Signal(str)

    def __init__(self, look: Look, demo: bool):
        super().__init__("Welcome", "welcomeDock", look)
        self.demo = demo
        self.homes: list[Path] = []
        self.buttons: dict[str, QPushButton] = {}
        self._held = QWidget()
        inside = column(self._held, gap=GRID)
        inside.addWidget(label("A mind that has lived nothing yet", "title", wrap=True))
        inside.addWidget(label(
            "Tell it what happens; at night it replays that into its own weights, and asks you before anything is "
            "kept. How would you like to begin?", "soft", wrap=True,
        ))  # fmt: skip
        for id_, text, about in (
            ("open-demo", "Open the demo", "A recorded night to look at. It needs no model."
             if demo else "No recorded night comes with this version, so there is nothing to open yet."),
            ("first-day", "Live the built-in day", "Tells twenty-five invented experiences; Ctrl+L lets it sleep."),
            ("talk", "Start my own", "Go to the line and write the first sentence. Day files can be dropped anywhere."),
            ("tour", "Show me around", "Five short stations. Esc leaves at any time."),
        ):  # fmt: skip
            button = self.buttons[id_] = QPushButton(text)
            button.setAccessibleDescription(about)
            button.clicked.connect(lambda _=False, id_=id_: self.wanted.emit(id_))
            line = row(button, label(about, "soft", wrap=True), gap=2 * GRID)
            line.setStretch(1, 1)
            inside.addLayout(line)
        self.buttons["first-day"].setObjectName("primary")
        self.recent: QVBoxLayout = column(gap=GRID // 2)
        inside.addSpacing(GRID)
        inside.addLayout(self.recent)
        outer = column(self.body)
        outer.addStretch(2)
        outer.addLayout(row(None, self._held, None))
        outer.addStretch(3)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self._held.setFixedWidth(round(BLOCK * 1.35 * look.type.body / 10.5))
        wide = max(button.sizeHint().width() for button in self.buttons.values())
        for button in self.buttons.values():
            button.setMinimumWidth(wide)

    def show_homes(self, homes: list[Path]) -> None:
        """Others than the one that is open."""
        self.homes = homes[:SHOWN]
        while (item := self.recent.takeAt(0)) is not None:
            if item.widget() is not None:
                item.widget().deleteLater()
        if self.homes:
            self.recent.addWidget(label("Homes that you opened lately", "heading"))
        for home in self.homes:
            button = QPushButton(words.line(home.name or str(home), 40))
            button.setToolTip(words.tip(f"Open {home} in a window of its own"))
            button.clicked.connect(lambda _=False, home=home: self.home_wanted.emit(str(home)))
            where = OneLine("softSmall")
            where.say(str(home))
            line = QWidget()
            laid = row(button, where, gap=2 * GRID)
            laid.setStretch(1, 1)
            line.setLayout(laid)
            self.recent.addWidget(line)

    def enable(self, can: dict[str, bool]) -> None:
        for id_, button in self.buttons.items():
            button.setEnabled(can.get(id_, True))

    def refresh(self) -> None:
        """It says the same whatever happens; which buttons can be pressed the window says."""
