"""The breakpoints dock: one line to write a condition in, and the list of those that hold every night.

It reads and keeps nothing itself: the window does, and tells the mind.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton

from ..protocol.conditions import EXAMPLES, LIMIT
from ..settings import Breakpoint
from . import stopping, words
from .dock import Dock, column, label, row
from .look import Look
from .story import Story
from .tables import Column, Table
from .talk import Line
from .theme import GRID

HOW = f"A night holds before the next step as soon as one is true: {'; '.join(EXAMPLES)}."


class Conditions(Table):
    """Del takes the chosen one away; Space switches it, and the window's own Space must not take that."""

    removed = Signal()

    def keyPressEvent(self, event) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class BreakpointsDock(Dock):
    """`line` is written in; `add_wanted(text)`, `run_wanted(text)`, `switched(place)`, `removed(place)`."""

    topic = "breakpoints"
    add_wanted = Signal(str)
    run_wanted = Signal(str)
    switched = Signal(int)
    removed = Signal(int)

    def __init__(self, story: Story, look: Look, breakpoints: stopping.Breakpoints):
        super().__init__("Breakpoints", "breakpointsDock", look)
        self.story, self.breakpoints = story, breakpoints
        self.line = Line()
        self.line.setMaxLength(LIMIT)
        self.line.setAccessibleName("Condition to hold the night at")
        self.line.setPlaceholderText("until KL > 0.1")
        self.add_button, self.run_button = QPushButton("Add"), QPushButton("Run to it")
        self.add_button.setToolTip(words.tip("Hold every night at this condition (Enter)"))
        self.run_button.setToolTip(words.tip("Run on, and hold once as soon as it is so (Shift+Enter)"))
        self.where, self.answer = label("", "heading", wrap=True), label(HOW, "soft", wrap=True)
        self.table = Conditions(self._columns(), look, "Breakpoints")
        self.table.letters = {" ": self._switch}
        self.switch_button, self.remove_button = QPushButton("On or off"), QPushButton("Take away")
        self.switch_button.setToolTip(words.tip("Switch the chosen breakpoint on or off (Space)"))
        self.remove_button.setToolTip(words.tip("Take the chosen breakpoint away (Del); Ctrl+Z brings it back"))
        inside = column(self.body, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        above = row(self.where, self.switch_button, self.remove_button)
        above.setStretch(0, 1)
        inside.addLayout(above)
        written = row(self.line, self.add_button, self.run_button)
        written.setStretch(0, 1)
        inside.addLayout(written)
        inside.addWidget(self.answer)
        inside.addWidget(self.table, 1)
        self._wire()

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("Holds", lambda b: "● on" if b.on else "○ off", lambda b: b.on, width=80,
                   colour=lambda b, look: look.stage("gate") if b.on else look.soft),
            Column("Until", lambda b: b.condition, stretch=True, tip=self._tip,
                   colour=lambda b, look: look.text if b.on else look.soft),
        )  # fmt: skip

    def _tip(self, kept: Breakpoint) -> str:
        """The condition, and the episodes that it names by their first words."""
        parts = kept.condition.split()
        numbers = [int(b) for a, b in zip(parts, parts[1:], strict=False) if a == "episode" and b.isdigit()]
        named = [words.name(self.story.by_number[n].told, n) for n in numbers if n in self.story.by_number]
        return "\n".join([kept.condition, *named, stopping.problem(kept.condition)]).strip()

    def _wire(self) -> None:
        self.line.told.connect(self._add)
        self.line.asked.connect(self._run)
        self.line.textEdited.connect(lambda _: self.say(HOW))
        self.add_button.clicked.connect(self._add)
        self.run_button.clicked.connect(self._run)
        self.table.removed.connect(self._remove)
        self.switch_button.clicked.connect(self._switch)
        self.remove_button.clicked.connect(self._remove)
        self.table.activated.connect(lambda _: self.run_wanted.emit(self.table.chosen().condition))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._enable())

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.table.restyle(look)
        self.where.setStyleSheet(f"color: {look.stage('gate').name()};")

    def refresh(self) -> None:
        story, kept = self.story, self.breakpoints.kept
        self.where.setText(stopping.where(story.paused_at) if story.paused else "")
        if list(self.table.rows.rows) != kept:
            self.table.rows.follow(list(kept))
        on = sum(each.on for each in kept)
        self.subheading.setText(f"{on} of {len(kept)} on" if kept else "none yet")
        self._enable()

    def _enable(self) -> None:
        chosen = self.table.chosen() is not None
        self.switch_button.setEnabled(chosen)
        self.remove_button.setEnabled(chosen)
        self.run_button.setEnabled(self.story.asleep and self.story.up)

    def say(self, text: str, *, wrong: bool = False) -> None:
        self.answer.setText(words.literal(text))
        self.answer.setStyleSheet(f"color: {self.look.palette.wrong};" if wrong else "")

    def _add(self) -> None:
        if self.line.text().strip():
            self.add_wanted.emit(self.line.text())

    def _run(self) -> None:
        if self.line.text().strip():
            self.run_wanted.emit(self.line.text())

    def _place(self) -> int | None:
        index = self.table.currentIndex()
        return self.table.rows.shown[index.row()] if index.isValid() else None

    def _switch(self) -> None:
        if (place := self._place()) is not None:
            self.switched.emit(place)

    def _remove(self) -> None:
        if (place := self._place()) is not None:
            self.removed.emit(place)
