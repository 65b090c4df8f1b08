"""Parts of one bar, each with the hue and the pattern of its drive, and the legend that says which is which.

Every part is told by its pattern and its shape as well as by its hue. Knows no events and no table.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from .look import Look
from .theme import DRIVE_MARKS, GRID, drive_mark

HIGH = 12.0
"""Pixels of a bar, at seated type: patterns need about this much to be told apart."""
PATTERNS = {
    "curiosity": None, "focus": Qt.BrushStyle.VerPattern, "fear": Qt.BrushStyle.BDiagPattern,
    "chance": Qt.BrushStyle.Dense6Pattern,
}  # fmt: skip
"""Drawn over the hue in the panel's colour; curiosity is plain."""
OWN_PATTERN = Qt.BrushStyle.HorPattern
"""Of a plugin's drive."""


def paint_part(painter: QPainter, rect: QRectF, name: str, look: Look) -> None:
    hue = look.drive(name)
    painter.fillRect(rect, look.faint(hue, 0.55) if name == "chance" else hue)
    pattern = PATTERNS.get(name, OWN_PATTERN)
    if pattern is not None:
        painter.fillRect(rect, QBrush(look.panel, pattern))


def paint_stack(painter: QPainter, cell: QRectF, parts: Sequence[tuple[float, str]], look: Look) -> None:
    """`parts`: shares of the cell's width, from left to right."""
    high = HIGH * look.type.body / 10.5
    x = cell.left()
    for share, name in parts:
        wide = share * cell.width()
        if wide >= 0.5:
            paint_part(painter, QRectF(x, cell.center().y() - high / 2, wide, high), name, look)
        x += wide


class DriveLegend(QWidget):
    """Shape, hue, pattern, name and part of all draws, for every drive and for chance."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.parts: dict[str, float] = {}
        self.names: tuple[str, ...] = tuple(DRIVE_MARKS)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What draws, and how much of all draws is its")

    def show_parts(self, parts: dict[str, float]) -> None:
        self.parts = parts
        if parts and tuple(parts) != self.names:
            self.names = tuple(parts)
            self.updateGeometry()
        self.setAccessibleDescription("; ".join(self.lines()))
        self.update()

    def lines(self) -> list[str]:
        return [f"{drive_mark(name)} {name}" + self._percent(name) for name in self.names]

    def _percent(self, name: str) -> str:
        return f" {100 * self.parts[name]:.0f} %" if name in self.parts else ""

    def _swatch(self) -> float:
        return 2.2 * self.look.type.small

    def _widths(self) -> list[float]:
        metrics = QFontMetricsF(self.look.font("small"))
        widest = metrics.horizontalAdvance(" 100 %")
        return [
            self._swatch() + GRID / 2 + metrics.horizontalAdvance(f"{drive_mark(name)} {name}") + widest + GRID
            for name in self.names
        ]

    def sizeHint(self) -> QSize:
        return QSize(round(sum(self._widths())), round(self.look.type.small * 2.2))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setFont(self.look.font("small"))
        x, high = 0.0, 1.25 * self.look.type.small
        for name, wide in zip(self.names, self._widths(), strict=True):
            paint_part(painter, QRectF(x, (self.height() - high) / 2, self._swatch(), high), name, self.look)
            painter.setPen(QPen(self.look.drive(name)))
            text = QRectF(x + self._swatch() + GRID / 2, 0, wide, self.height())
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, f"{drive_mark(name)} {name}{self._percent(name)}")
            x += wide
