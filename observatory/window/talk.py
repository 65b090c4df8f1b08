"""The talk dock: one line to tell or to ask, and the conversation above it.

Says which memories were read and how surprising every token was. It sends what was typed to the
window by signal and knows no source.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from ..protocol.commands import EPISODE_TEXT_LIMIT
from . import words
from .conversation import Conversation
from .dock import Dock, column, label, row
from .feedback import HowLine
from .look import Look
from .story import Story
from .theme import BITS_AT_THE_TOP, GRID, STEPS_OF_SURPRISE

REMEMBERED = 100
"""Lines that the up key brings back."""


class Line(QLineEdit):
    """Enter tells, Shift+Enter asks, up and down bring back what was said before."""

    told = Signal()
    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMaxLength(EPISODE_TEXT_LIMIT)
        self.setClearButtonEnabled(True)
        self.setAccessibleName("What to tell or to ask")
        self._said: list[str] = []
        self._place = 0

    def remember(self, text: str) -> None:
        self._said = [*self._said, text][-REMEMBERED:]
        self._place = len(self._said)

    def keyPressEvent(self, event) -> None:
        code = event.key()
        if code in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            asks = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            (self.asked if asks else self.told).emit()
        elif code in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._said:
            self._place = max(0, min(len(self._said), self._place + (1 if code == Qt.Key.Key_Down else -1)))
            self.setText(self._said[self._place] if self._place < len(self._said) else "")
        else:
            super().keyPressEvent(event)


class Legend(QWidget):
    """The ramp of surprise, with its ends in bits."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.setToolTip(words.tip("The bar under a token says how surprising it was, in bits."))

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        said = QFontMetrics(self.look.font("small")).horizontalAdvance(f"surprise  0{BITS_AT_THE_TOP:.0f} bits")
        return QSize(said + 12 * STEPS_OF_SURPRISE + 2 * GRID, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setFont(self.look.font("small"))
        painter.setPen(self.look.soft)
        metrics, middle = painter.fontMetrics(), self.height() / 2
        base = middle + (metrics.ascent() - metrics.descent()) / 2
        x = 0.0
        painter.drawText(0, round(base), "surprise  0")
        x += metrics.horizontalAdvance("surprise  0") + GRID
        for step in range(STEPS_OF_SURPRISE):
            colour = self.look.heat(BITS_AT_THE_TOP * (step + 0.5) / STEPS_OF_SURPRISE)
            painter.fillRect(QRectF(x, middle - 2.5, 11, 5), colour)
            x += 12
        painter.drawText(round(x + GRID / 2), round(base), f"{BITS_AT_THE_TOP:.0f} bits")


class TalkDock(Dock):
    """`refresh` draws the story's turns; `line`, `tell_button` and `ask_button` are pressed by people."""

    topic = "talk"
    tell_wanted = Signal()
    ask_wanted = Signal()
    unplug_wanted = Signal(bool)

    def __init__(self, story: Story, look: Look):
        super().__init__("Talk", "talkDock", look)
        self.story = story
        self.conversation = Conversation(story, look)
        self.line = Line()
        self.tell_button, self.ask_button = QPushButton("Tell"), QPushButton("Ask")
        self.tell_button.setObjectName("primary")
        self.whole_button, self.cortex_button = QPushButton("Whole mind"), QPushButton("Cortex alone")
        for button, side in ((self.whole_button, "left"), (self.cortex_button, "right")):
            button.setObjectName(side)
            button.setCheckable(True)
            button.setAutoExclusive(True)
        self.whole_button.setChecked(True)
        self.whole_button.setToolTip(
            words.tip("Ask with both memories: what the hippocampus finds joins the attention")
        )
        self.cortex_button.setToolTip(words.tip("Ask the slow weights alone, hippocampus unplugged (Ctrl+U)"))
        self.legend, self.how = Legend(look), HowLine(look)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        outer = column(self.body, gap=0)
        outer.addWidget(self.conversation, 1)
        foot = column(margin=2 * GRID, gap=GRID)
        foot.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        foot.addWidget(self.how)
        foot.addLayout(
            row(label("Ask", "softSmall"), row_widget(self.whole_button, self.cortex_button), None, self.legend)
        )
        foot.addLayout(row(self.line, self.tell_button, self.ask_button))
        outer.addLayout(foot)

    def _wire(self) -> None:
        self.line.told.connect(self.tell_wanted)
        self.line.asked.connect(self.ask_wanted)
        self.tell_button.clicked.connect(self.tell_wanted)
        self.ask_button.clicked.connect(self.ask_wanted)
        self.cortex_button.toggled.connect(self.unplug_wanted)
        self.conversation.turn_chosen.connect(self._show_how)

    @property
    def memory(self) -> str:
        return "cortex" if self.cortex_button.isChecked() else "whole"

    def set_unplugged(self, unplugged: bool) -> None:
        (self.cortex_button if unplugged else self.whole_button).setChecked(True)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.conversation.look = self.legend.look = look
        self.line.setMinimumHeight(round(look.type.body * 3))
        self.legend.updateGeometry()
        self.legend.update()
        self.conversation.refresh()

    def refresh(self) -> None:
        story = self.story
        self.conversation.empty = self._empty()
        self.conversation.refresh()
        for each in (self.tell_button, self.ask_button):
            each.setEnabled(story.up)
        self.line.setPlaceholderText(
            "Tell it (Enter) or ask it (Shift+Enter)" if story.listens
            else self._why_not()
        )  # fmt: skip
        self._show_how()

    def _show_how(self) -> None:
        """How did it go: the chosen turn, or the newest that was told."""
        number = self.conversation.told
        self.how.setVisible(number is not None)
        if number is not None:
            episode = self.story.by_number[number]
            can = self.story.listens and episode.faded is None
            self.how.show_episode(number, words.name(episode.told, number, 60), episode.told.outcome, can)

    def _why_not(self) -> str:
        if self.story.past:
            return self.story.past
        if self.story.deaf and self.story.up:
            return "Asleep: what you say waits for the gate"
        if self.story.looking:
            return "Open for reading only: it can be looked at, not talked to"
        if self.story.lost:
            return "The mind's process has ended"
        if self.story.live_since is None:
            return "A recording: it can be looked at, not talked to"
        return "The mind is getting ready; you can write already"

    def _empty(self) -> tuple[str, str]:
        waiting = self.story.waiting
        if waiting is not None:
            done = f" ({100 * waiting.fraction:.0f} %)" if waiting.fraction is not None else ""
            return "Waking up", f"The mind is {words.line(waiting.what)}{done}."
        if self.story.awake:
            return (
                "Tell the mind something",
                "One sentence that happened is one episode. Write it below and press Enter; the bars show how "
                "surprising every token was. Ask about it with Shift+Enter.\n\n"
                "Ctrl+Shift+O tells the built-in first day.",
            )
        return "Nothing was said yet", "What is told and asked appears here, with the surprise under every token."


def row_widget(*widgets: QWidget) -> QWidget:
    """Buttons that stand together without a gap."""
    holder = QWidget()
    holder.setLayout(row(*widgets, gap=0))
    return holder
