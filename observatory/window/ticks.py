"""The marks of replays: a hue and a shape for every drive, for old material and for probes; stamped from pictures.

Stamps are painted once for a look and a size, so that thousands of marks are thousands of small copies.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from .lanes import MARKS
from .look import Look
from .theme import GRID
from .triangle import paint_mark

WORDS = {
    "curiosity": "curiosity", "focus": "focus", "fear": "fear", "own": "a plugin's drive", "chance": "chance",
    "old": "old material", "unsaid": "not said", "recalled": "probe: recalled", "missed": "probe: missed",
}  # fmt: skip


def paint_tick(painter: QPainter, name: str, rect: QRectF, look: Look) -> None:
    """One mark. Full or hollow, round, square, three-cornered, upright or lozenge: nobody needs the hue."""
    middle, hue = rect.center(), hue_of(name, look)
    if name in ("curiosity", "focus", "fear", "own"):
        paint_mark(painter, name, rect, look)
        return
    if name == "chance":
        painter.setPen(QPen(hue, max(1.2, rect.width() / 6)))
        painter.setBrush(look.panel)
        painter.drawEllipse(rect.adjusted(1, 1, -1, -1))
        return
    painter.setPen(QPen(hue if name == "missed" else look.panel, 1))
    painter.setBrush(look.panel if name == "missed" else hue)
    if name in ("recalled", "missed"):
        across = rect.width() / 2 - 0.5
        painter.drawPolygon(QPolygonF([
            QPointF(middle.x(), middle.y() - across), QPointF(middle.x() + across, middle.y()),
            QPointF(middle.x(), middle.y() + across), QPointF(middle.x() - across, middle.y()),
        ]))  # fmt: skip
    else:
        wide = rect.width() * (0.5 if name == "old" else 0.3)
        painter.drawRect(QRectF(middle.x() - wide / 2, rect.top(), wide, rect.height()))


def hue_of(name: str, look: Look) -> QColor:
    if name == "old":
        return look.kind("old")
    if name in ("recalled", "missed"):
        return look.right if name == "recalled" else look.wrong
    return look.drive(name)


def stamps(size: float, ratio: float, look: Look) -> list[QPixmap]:
    """One picture for each of `MARKS`; probes are a little smaller."""
    made = []
    for name in MARKS:
        whole = round((size + 2) * ratio)
        stamp = QPixmap(whole, whole)
        stamp.setDevicePixelRatio(ratio)
        stamp.fill(Qt.GlobalColor.transparent)
        painter = QPainter(stamp)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shrunk = size * (0.12 if name in ("recalled", "missed") else 0.0)
        paint_tick(painter, name, QRectF(1, 1, size, size).adjusted(shrunk, shrunk, -shrunk, -shrunk), look)
        painter.end()
        made.append(stamp)
    return made


class TickLegend(QWidget):
    """Every mark that occurs, with its name and how often; probes without a number."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.parts: list[tuple[str, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("What drew the replays")

    def show_counts(self, counts: dict[str, int], probes: bool) -> None:
        self.parts = [(name, f"{WORDS[name]} {counts[name]:,}") for name in MARKS if counts.get(name)]
        if probes:
            self.parts += [(name, WORDS[name]) for name in ("recalled", "missed")]
        self.setAccessibleDescription("; ".join(text for _, text in self.parts))
        self.updateGeometry()
        self.update()

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.look.font("small"))

    def sizeHint(self) -> QSize:
        return QSize(0, round(self._metrics().height() + GRID))

    minimumSizeHint = sizeHint

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font("small"))
        metrics, x, size = self._metrics(), 0.0, 9.0 * self.look.type.body / 10.5
        for name, text in self.parts:
            wide = metrics.horizontalAdvance(text)
            if x + size + 6 + wide > self.width():
                break
            paint_tick(painter, name, QRectF(x, (self.height() - size) / 2, size, size), self.look)
            painter.setPen(self.look.soft)
            box = QRectF(x + size + 5, 0, wide + 2, self.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
            x += size + 5 + wide + 2 * GRID
