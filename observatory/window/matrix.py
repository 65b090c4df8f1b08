"""The recall matrix: what each day taught, asked again after every night. Painted; every cell carries its figure."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from .look import Look
from .papers import Cell
from .theme import GRID


class Matrix(QWidget):
    """Days downwards, nights to the right; the fuller a cell, the more of it is still right."""

    def __init__(self, look: Look):
        super().__init__()
        self.look, self.cells = look, []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Day taught by night examined")

    def show_cells(self, cells: Sequence[Cell]) -> None:
        self.cells = list(cells)
        self.setAccessibleDescription(
            "; ".join(f"day {c.day} after night {c.night}: {c.right} of {c.asked}" for c in self.cells)
        )
        self.update()

    def restyle(self, look: Look) -> None:
        self.look = look
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 140)

    def paintEvent(self, event) -> None:
        if not self.cells:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font("small"))
        metrics, line = painter.fontMetrics(), painter.fontMetrics().height()
        days, nights = sorted({c.day for c in self.cells}), sorted({c.night for c in self.cells})
        side = metrics.horizontalAdvance(f"day {days[-1]} ") + GRID
        wide = min(110.0, (self.width() - side) / len(nights))
        high = min(60.0, (self.height() - 2 * line) / len(days))
        numbered = wide >= metrics.horizontalAdvance("20/20")
        painter.setPen(self.look.soft)
        for at, night in enumerate(nights):
            said = f"night {night}" if wide >= metrics.horizontalAdvance("night 88") else f"{night}"
            painter.drawText(QRectF(side + at * wide, 0, wide, line + 4), Qt.AlignmentFlag.AlignCenter, said)
        for at, day in enumerate(days):
            painter.drawText(
                QRectF(0, line + 6 + at * high, side - GRID, high),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"day {day}",
            )  # fmt: skip
        for cell in self.cells:
            box = QRectF(side + nights.index(cell.night) * wide, line + 6 + days.index(cell.day) * high, wide, high)
            box.adjust(1.5, 1.5, -1.5, -1.5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.raised)
            painter.drawRoundedRect(box, 4, 4)
            painter.setBrush(self.look.faint(self.look.right, 0.15 + 0.6 * cell.share))
            full = QRectF(box.left(), box.bottom() - box.height() * cell.share, box.width(), box.height() * cell.share)
            painter.drawRoundedRect(full, 4, 4)
            if numbered:
                painter.setPen(self.look.text)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{cell.right}/{cell.asked}")
