"""Bars of what was left out: how much dearer an answer is without each night and each memory.

Painted, one row a thing, with what would be said instead beside it. Knows no events.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import words
from .look import Look
from .papers import Bar
from .theme import GRID

STAGE = {"night": "replay", "read": "dream", "base": "gate"}
MARK = {"night": "●", "read": "◆", "base": "■"}


class LeftOut(QWidget):
    """`opened(episode)`: the memory of the chosen row was asked for. Up and Down choose."""

    opened = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.look, self.bars, self.chosen = look, [], 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What the answer costs with one thing left out")

    def show_bars(self, bars: Sequence[Bar]) -> None:
        self.bars, self.chosen = list(bars), 0
        self.setAccessibleDescription("; ".join(self.lines()))
        self.updateGeometry()
        self.update()

    def restyle(self, look: Look) -> None:
        self.look = look
        self.updateGeometry()
        self.update()

    def lines(self) -> list[str]:
        return [f"{bar.what}: {words.signed(bar.more)} bits, says “{words.line(bar.says, 60)}”" for bar in self.bars]

    def _high(self) -> int:
        return round(self.look.type.small * 2.5)

    def sizeHint(self) -> QSize:
        return QSize(420, len(self.bars) * self._high() + GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, self.sizeHint().height())

    def keyPressEvent(self, event) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(event.key())
        if step and self.bars:
            self.chosen = min(len(self.bars) - 1, max(0, self.chosen + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.bars and self.bars[self.chosen].episode:
            self.opened.emit(self.bars[self.chosen].episode)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event) -> None:
        place = int(event.position().y() // self._high())
        if 0 <= place < len(self.bars):
            self.chosen = place
            self.setFocus()
            self.update()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font("small"))
        metrics, high = painter.fontMetrics(), self._high()
        widest = max((metrics.horizontalAdvance(f"■ {bar.what}") for bar in self.bars), default=0) + GRID
        names = min(round(self.width() * 0.4), widest)
        figures = metrics.horizontalAdvance("+888.8 bits") + 2 * GRID
        room = max(60.0, (self.width() - names - figures) * 0.45)
        says = max(0.0, self.width() - names - room - figures - 2 * GRID)
        most = max(4.0, *(abs(bar.more) for bar in self.bars)) if self.bars else 4.0
        for place, bar in enumerate(self.bars):
            y, hue = place * high, self.look.stage(STAGE[bar.kind])
            if place == self.chosen and self.hasFocus():
                painter.setPen(QPen(self.look.accent, 1))
                painter.setBrush(self.look.selected)
                painter.drawRoundedRect(QRectF(0.5, y + 0.5, self.width() - 1, high - 1), 4, 4)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(hue)
            painter.drawText(QRectF(GRID / 2, y, names, high), middle, MARK[bar.kind])
            lead = metrics.horizontalAdvance("■ ") + GRID / 2
            painter.setPen(self.look.text)
            name = metrics.elidedText(bar.what, Qt.TextElideMode.ElideRight, int(names - lead))
            painter.drawText(QRectF(lead, y, names - lead, high), middle, name)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.raised)
            painter.drawRoundedRect(QRectF(names, y + high / 2 - 5, room, 10), 3, 3)
            painter.setBrush(hue if bar.more > 0 else self.look.soft)
            painter.drawRoundedRect(QRectF(names, y + high / 2 - 5, max(2.0, room * abs(bar.more) / most), 10), 3, 3)
            painter.setPen(self.look.text)
            painter.drawText(
                QRectF(names + room, y, figures - GRID, high), middle | Qt.AlignmentFlag.AlignRight,
                f"{words.signed(bar.more)} bits",
            )  # fmt: skip
            painter.setPen(self.look.soft)
            said = metrics.elidedText(f"says “{words.line(bar.says, 120)}”", Qt.TextElideMode.ElideRight, int(says))
            painter.drawText(QRectF(names + room + figures + GRID, y, says, high), middle, said)
