"""An episode's text as it was encoded, with the surprise of every token under it. Left and Right walk on."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from ..protocol import events as ev
from . import words
from .look import Look
from .theme import GRID
from .tokens import TokenText


class EncodedText(QAbstractScrollArea):
    """`walked(step)`: −1 for the episode before, 1 for the one after."""

    walked = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.told: ev.EpisodeEncoded | None = None
        self._laid: TokenText | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("The text with the surprise of every token")
        self.setMinimumHeight(48)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.lay()

    def show_told(self, told: ev.EpisodeEncoded) -> None:
        if told is not self.told:
            self.told = told
            self.verticalScrollBar().setValue(0)
            self.setAccessibleDescription(words.line(told.text))
            self.lay()

    def lay(self) -> None:
        high = 0.0
        if self.told is not None:
            width = self.viewport().width() - 2.0 * GRID
            # `pieces` may go on behind the text: how it went is read with it.
            self._laid = TokenText(self.told.text, self.look.font("body"), width, self.told.pieces, self.told.surprise)
            high = self._laid.height + 2 * GRID
        page = self.viewport().height()
        self.verticalScrollBar().setPageStep(page)
        self.verticalScrollBar().setRange(0, max(0, round(high) - page))
        self.viewport().update()

    def _origin(self) -> QPointF:
        return QPointF(GRID, GRID - self.verticalScrollBar().value())

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.lay()

    def paintEvent(self, event) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.look.panel)
        if self._laid is not None:
            self._laid.paint(painter, self._origin(), self.look, self.look.text)
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event) -> None:
        token = self._laid.token_at(event.position() - self._origin()) if self._laid is not None else None
        if token is not None:
            said = f"“{self.told.pieces[token]}”: {words.bits(self.told.surprise[token])}"
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(said), self)

    def keyPressEvent(self, event) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.walked.emit(step)
