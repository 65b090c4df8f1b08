"""A sheet for plots: a title over one or two panels, as SVG or PNG, and names that keep out of each other's way.

It knows nothing of what is plotted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..protocol.durable import write
from ..window.charts import Chart
from ..window.look import Look

WIDE, HIGH, SCALE = 1240, 620, 2
MARGIN = 24
GAP = 0.058
"""Between two names at the edge of a plot, as a share of its height: one line of the large type."""
APART_ROUNDS = 60
"""Pushing neighbours apart settles to a fraction of a pixel in a few dozen rounds with eight names."""


class Sheet(QWidget):
    """A title over one or two panels, saved as what it looks like."""

    def __init__(self, title: str, panels: list[Chart], look: Look):
        super().__init__()
        self.look = look
        self.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.setStyleSheet(f"background: {look.palette.panel};")
        head = QLabel(title)
        head.setFont(look.strong("title"))
        head.setStyleSheet(f"color: {look.palette.text};")
        below, row = QVBoxLayout(self), QHBoxLayout()
        below.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN // 2)
        below.setSpacing(MARGIN // 2)
        row.setSpacing(MARGIN)
        for panel in panels:
            row.addWidget(panel)
        below.addWidget(head)
        below.addLayout(row, 1)
        self.resize(WIDE, HIGH)

    def save(self, path: Path) -> Path:
        self.show()
        for _ in range(6):
            QApplication.processEvents()
        write(path, self._svg() if path.suffix == ".svg" else self._png())
        self.close()
        self.deleteLater()
        return path

    def _svg(self) -> bytes:
        buffer = QBuffer()
        made = QSvgGenerator()
        made.setOutputDevice(buffer)
        # Axes are pictures of their own, which would be enlarged for a device of another resolution than the screen's.
        made.setResolution(self.logicalDpiX())
        made.setSize(QSize(WIDE, HIGH))
        made.setViewBox(QRect(0, 0, WIDE, HIGH))
        made.setTitle(self.findChild(QLabel).text())
        self._paint(made)
        return bytes(buffer.data())

    def _png(self) -> bytes:
        picture = QPixmap(QSize(WIDE, HIGH) * SCALE)
        picture.setDevicePixelRatio(SCALE)
        self._paint(picture)
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        if not picture.save(buffer, "PNG"):
            raise OSError("The picture could not be encoded as PNG.")
        return bytes(buffer.data())

    def _paint(self, device) -> None:
        """The scenes themselves, not the widgets: so an SVG stays lines and words."""
        painter = QPainter(device)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(0, 0, WIDE, HIGH), self.look.panel)
        head = self.findChild(QLabel)
        painter.setFont(head.font())
        painter.setPen(self.look.text)
        painter.drawText(QRectF(head.geometry()), Qt.AlignmentFlag.AlignVCenter, head.text())
        for panel in self.findChildren(Chart):
            corner = QPointF(panel.mapTo(self, panel.rect().topLeft()))
            panel.render(painter, QRectF(corner, panel.rect().size().toSizeF()), panel.viewport().rect())
        painter.end()


# ---------------------------------------------------------------- names


def apart(values: Sequence[float], gap: float, top: float) -> list[float]:
    """The same values in the same order, at least a gap from each other, between 0 and the top, moved little."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    out = [values[at] for at in order]
    for _ in range(APART_ROUNDS):
        for low, high in zip(range(len(out)), range(1, len(out)), strict=False):
            short = gap - (out[high] - out[low])
            if short > 0:
                out[low], out[high] = out[low] - short / 2, out[high] + short / 2
        out = [min(max(value, gap * place), top - gap * (len(out) - 1 - place)) for place, value in enumerate(out)]
    found = dict(zip(order, out, strict=True))
    return [found[at] for at in range(len(values))]


def crowded(points: list[tuple[float, float]], reach: float = 0.16, gap: float = 100 * GAP) -> list[float]:
    """Heights for names beside points: those within reach of each other sideways are moved apart."""
    out = [y for _, y in points]
    left = set(range(len(points)))
    while left:
        group = {left.pop()}
        while near := {b for b in left if any(abs(points[a][0] - points[b][0]) < reach for a in group)}:
            group |= near
            left -= near
        members = sorted(group)
        for at, height in zip(members, apart([points[m][1] for m in members], gap, 100), strict=True):
            out[at] = height
    return out
