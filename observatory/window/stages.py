"""The strip of a night's stages: which are behind, which is now, how the night ended. Painted, quiet, one line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import words
from .lived import Night
from .look import Look
from .theme import STAGES


class StageStrip(QWidget):
    """Each stage has its hue in every dock; the current one is filled, those behind are underlined."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.night: Night | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Stages of the night")

    def sizeHint(self) -> QSize:
        return QSize(440, round(self.look.type.small * 3.4))

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self.sizeHint().height())

    def show_night(self, night: Night | None) -> None:
        self.night = night
        self.setAccessibleDescription(words.STAGE_WORDS.get(night.stage, "") if night else "")
        self.update()

    def state(self, stage: str) -> str:
        """behind, now or ahead."""
        night = self.night
        if night is None:
            return "ahead"
        current = "gate" if night.stage == "commit" else night.stage
        if stage == current and night.open:
            return "now"
        return "behind" if stage in night.met or (stage == "gate" and "commit" in night.met) else "ahead"

    def _cells(self) -> list[tuple[str, QRectF]]:
        gap = 4.0
        wide = (self.width() - gap * (len(STAGES) - 1)) / len(STAGES)
        return [(stage, QRectF(n * (wide + gap), 0, wide, self.height())) for n, stage in enumerate(STAGES)]

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stage, cell in self._cells():
            hue, state = self.look.stage(stage), self.state(stage)
            if state == "now":
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(hue)
                painter.drawRoundedRect(cell.adjusted(0, 1, 0, -1), 4, 4)
                painter.setPen(self.look.on_accent)
                painter.setFont(self.look.strong("small"))
            else:
                painter.setPen(QPen(hue if state == "behind" else self.look.line, 3))
                painter.drawLine(cell.bottomLeft() + (cell.topLeft() - cell.bottomLeft()) * 0.06,
                                 cell.bottomRight() + (cell.topRight() - cell.bottomRight()) * 0.06)  # fmt: skip
                painter.setPen(hue if state == "behind" else self.look.soft)
                painter.setFont(self.look.font("small"))
            painter.drawText(cell.adjusted(2, 0, -2, -2), Qt.AlignmentFlag.AlignCenter, words.STAGE_WORDS[stage])

    def mouseMoveEvent(self, event) -> None:
        for stage, cell in self._cells():
            if cell.contains(event.position()):
                QToolTip.showText(event.globalPosition().toPoint(), words.tip(words.STAGE_TIPS[stage]), self)
