"""What a person should know, above the docks, with the button that mends it. Newest first, three at a time."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ..protocol import events as ev
from . import words
from .dock import column, label, row
from .look import Look
from .theme import GRID

AT_ONCE = 3
SAID_LIMIT = 500
"""Characters on a card; a longer text stands whole under Details. Wrapping a label of 20,000 takes seconds."""
FRAMES = {"info": "notice", "warning": "noticeWarning", "error": "noticeError"}


class NoticeCard(QFrame):
    """One notice: what happened, what it means, what to do."""

    grown = Signal()

    def __init__(self, notice: ev.Notice, action_text: str, look: Look):
        super().__init__()
        self.notice = notice
        self.setObjectName(FRAMES[notice.level])
        self.action_button = QPushButton(action_text)
        self.details_button = QPushButton("Details")
        self.details_button.setCheckable(True)
        self.close_button = QToolButton()
        self.close_button.setIcon(look.icon("close"))
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setAccessibleName("Close this notice")
        said = _said(notice)
        detail = notice.detail if len(said) <= SAID_LIMIT else f"{said}\n\n{notice.detail}"
        self.text = text = label(words.literal(_cut(said)), "", wrap=True, selectable=True)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.details = QPlainTextEdit(words.literal(detail))
        self.details.setReadOnly(True)
        self.details.setMaximumHeight(140)
        self.details.hide()
        self.details_button.toggled.connect(self.details.setVisible)
        self.details_button.toggled.connect(lambda _: self.grown.emit())
        inside = column(self, gap=4)
        inside.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        head = row(label(words.line(notice.title, 200), "heading"), text, self.action_button, self.details_button,
                   self.close_button)  # fmt: skip
        head.setStretch(1, 1)
        inside.addLayout(head)
        inside.addWidget(self.details)
        self.action_button.setVisible(bool(action_text))
        self.details_button.setVisible(bool(detail))


    def renew(self, notice: ev.Notice) -> None:
        """The same offer, with other words."""
        self.notice = notice
        self.text.setText(words.literal(_cut(_said(notice))))


def _said(notice: ev.Notice) -> str:
    return " ".join(filter(None, (notice.text, notice.remedy)))


def _cut(said: str) -> str:
    return said if len(said) <= SAID_LIMIT else said[:SAID_LIMIT] + "…"


class Notices(QWidget):
    """Follows the story's notices; closing one takes it off the screen, not out of the record."""

    action_wanted = Signal(str)
    closed = Signal(str)
    """A person closed a card; the action that it offered."""
    changed = Signal()

    def __init__(self, look: Look, action_texts: dict[str, str]):
        super().__init__()
        self.look, self._texts = look, action_texts
        self.cards: list[NoticeCard] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._inside: QVBoxLayout = column(self, gap=GRID // 2)
        self._inside.setContentsMargins(GRID, 0, GRID, GRID // 2)

    def add(self, notice: ev.Notice) -> None:
        if any((c.notice.title, c.notice.text) == (notice.title, notice.text) for c in self.cards):
            return
        card = NoticeCard(notice, self._texts.get(notice.action, ""), self.look)
        card.close_button.clicked.connect(lambda: self._close(card))
        card.action_button.clicked.connect(lambda: self._act(card))
        card.grown.connect(self._fit)
        self._inside.insertWidget(0, card)
        self.cards.insert(0, card)
        for old in self.cards[AT_ONCE:]:
            self.remove(old)
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        """As high as the cards are at this width: a wrapped text asks for more when nobody says how wide it is."""
        self.setFixedHeight(self._inside.heightForWidth(self.width()) if self.cards else 0)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()

    def offer(self, notice: ev.Notice) -> None:
        """One card for what is offered over and over; a later word on it takes the place of the earlier one."""
        for card in self.cards:
            if card.notice.action == notice.action:
                card.renew(notice)
                self._fit()
                return
        self.add(notice)

    def _act(self, card: NoticeCard) -> None:
        self.action_wanted.emit(card.notice.action)
        self.remove(card)

    def _close(self, card: NoticeCard) -> None:
        self.remove(card)
        self.closed.emit(card.notice.action)

    def remove(self, card: NoticeCard) -> None:
        if card in self.cards:
            self.cards.remove(card)
            self._inside.removeWidget(card)
            card.hide()
            card.deleteLater()
            self._fit()
            self.changed.emit()

    def withdraw(self, action: str) -> None:
        """Notices that offered something which is no longer there to do."""
        for card in [c for c in self.cards if c.notice.action == action]:
            self.remove(card)
