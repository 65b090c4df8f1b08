"""How an episode went, as a person says it: two buttons in a line, and a small dialog for a score and a reason.

Worked and failed are told by a word and a shape as well as by a hue. It sends nothing: the window does.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QPushButton, QSizePolicy, QSlider, QWidget

from ..protocol.commands import EPISODE_TEXT_LIMIT
from . import words
from .dock import OneLine, column, label, row
from .look import Look
from .theme import GRID

TENTHS = 10
STEP = 1
"""Of ten tenths: what an arrow key moves the score by."""


def went(outcome: float | None) -> str:
    """Shape, word and score."""
    if outcome is None:
        return "–"
    mark, word = ("▲", "worked") if outcome > 0 else ("▼", "failed") if outcome < 0 else ("●", "neither")
    return f"{mark} {word} {words.signed(outcome)}"


def hue(outcome: float | None) -> str:
    """The name of the look's colour for it."""
    return "soft" if not outcome else "right" if outcome > 0 else "wrong"


class HowLine(QWidget):
    """`wanted(episode, score)`: somebody pressed Worked or Failed; the reason is asked for after that."""

    wanted = Signal(int, float)

    def __init__(self, look: Look):
        super().__init__()
        self.number = 0
        self.what = OneLine("softSmall")
        self.worked, self.failed = QPushButton("▲ Worked"), QPushButton("▼ Failed")
        for button, score, keys in ((self.worked, 1.0, "Ctrl+Up"), (self.failed, -1.0, "Ctrl+Down")):
            button.setObjectName("chip")
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            button.setToolTip(words.tip(f"Say that it {button.text()[2:].lower()}, and why ({keys})"))
            button.clicked.connect(lambda _=False, score=score: self.wanted.emit(self.number, score))
        inside = row(self.what, self.worked, self.failed)
        inside.setStretch(0, 1)
        self.setLayout(inside)

    def show_episode(self, number: int, name: str, outcome: float | None, can: bool) -> None:
        """Which episode it is about, and how that is known to have gone."""
        self.number = number
        self.what.say(f"How did it go? {name}" if outcome is None else f"{went(outcome)}: {name}")
        for button in (self.worked, self.failed):
            button.setEnabled(can)


class FeedbackDialog(QDialog):
    """One line for the reason; up and down move the score, Enter says it. `given(score, reason)`."""

    given = Signal(float, str)

    def __init__(self, name: str, outcome: float, because: str, look: Look, parent: QWidget):
        super().__init__(parent)
        self.look = look
        self.setWindowTitle("How did it go?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(520)
        self.figure = label("", "heading")
        self.score = QSlider(Qt.Orientation.Horizontal)
        self.score.setRange(-TENTHS, TENTHS)
        self.score.setAccessibleName("How it went, from −1 (badly) to 1 (well)")
        self.score.setMinimumHeight(24)
        self.reason = QLineEdit(because)
        self.reason.setMaxLength(EPISODE_TEXT_LIMIT)
        self.reason.setPlaceholderText("Why? It is read with the episode, and remembered")
        self.reason.setAccessibleName("Why it went so")
        self.do_button, self.cancel_button = QPushButton("Say so"), QPushButton("Cancel")
        self.do_button.setObjectName("primary")
        self.do_button.setDefault(True)
        buttons = QDialogButtonBox()
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.do_button, QDialogButtonBox.ButtonRole.AcceptRole)
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        inside.addWidget(label(words.line(name, 120), "title", wrap=True))
        line = row(label("▼ failed", "small"), self.score, label("worked ▲", "small"), self.figure)
        line.setStretch(1, 1)
        inside.addLayout(line)
        inside.addWidget(self.reason)
        inside.addWidget(buttons)
        self.score.valueChanged.connect(lambda _: self._say())
        buttons.accepted.connect(self._give)
        buttons.rejected.connect(self.reject)
        self.score.setValue(round(TENTHS * outcome))
        self._say()
        self.reason.setFocus()

    @property
    def outcome(self) -> float:
        return self.score.value() / TENTHS

    def _say(self) -> None:
        self.figure.setText(went(self.outcome))
        self.figure.setStyleSheet(f"color: {getattr(self.look, hue(self.outcome)).name()};")

    def keyPressEvent(self, event) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.score.setValue(self.score.value() + (STEP if event.key() == Qt.Key.Key_Up else -STEP))
        else:
            super().keyPressEvent(event)

    def _give(self) -> None:
        self.given.emit(self.outcome, self.reason.text().strip())
        self.accept()
