"""Scores per kind of question, before and after, and the side effects, as one painted board."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..protocol import events as ev
from . import words
from .changes import kind_words, scores
from .look import Look
from .theme import GRID

TRACK = 40
"""Pixels: the shortest bar that still tells more from less."""


class Scoreboard(QWidget):
    """A bar for after, a tick for before, and the figures beside them."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.proposed: ev.Proposed | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Scores before and after")

    def show_scores(self, proposed: ev.Proposed | None) -> None:
        self.proposed = proposed
        self.setAccessibleDescription("; ".join(self.lines()))
        self.updateGeometry()
        self.update()

    def _rows(self) -> list[tuple[str, float | None, float, str]]:
        if self.proposed is None:
            return []
        found = []
        for kind, before, after in scores(self.proposed):
            was = f"{before.right} → " if before else ""
            found.append((
                kind_words(kind), before.right / before.asked if before and before.asked else None,
                after.right / after.asked if after.asked else 0.0, f"{was}{after.right} of {after.asked}",
            ))  # fmt: skip
        return found

    def _effects(self) -> list[tuple[str, str]]:
        p = self.proposed
        if p is None:
            return []
        change = 100 * (p.perplexity_after / p.perplexity_before - 1) if p.perplexity_before else 0.0
        return [
            ("Perplexity", f"{p.perplexity_before:.2f} → {p.perplexity_after:.2f}  ({words.signed(change)} %)"),
            ("KL from the base", f"{p.kl_before:.3f} → {p.kl_after:.3f} nats a token"),
        ]

    def lines(self) -> list[str]:
        """The same as words: for screen readers and tests."""
        return [f"{name}: {said}" for name, _, _, said in self._rows()] + [f"{n}: {s}" for n, s in self._effects()]

    def _line_height(self) -> int:
        return round(self.look.type.small * 2.35)

    def _widths(self, metrics: QFontMetrics) -> tuple[int, int, int]:
        """Of the names, of the figures beside the bars, and of the lines without a bar."""
        rows, effects = self._rows(), self._effects()
        names = max((metrics.horizontalAdvance(n) for n, *_ in [*rows, *effects]), default=0) + 2 * GRID
        figures = max((metrics.horizontalAdvance(said) for *_, said in rows), default=0) + 2 * GRID
        return names, figures, max((metrics.horizontalAdvance(said) for _, said in effects), default=0)

    def sizeHint(self) -> QSize:
        count = len(self._rows()) + len(self._effects())
        return QSize(max(340, self.minimumSizeHint().width()), count * self._line_height() + GRID)

    def minimumSizeHint(self) -> QSize:
        names, figures, said = self._widths(QFontMetrics(self.look.font("small")))
        high = (len(self._rows()) + len(self._effects())) * self._line_height() + GRID
        return QSize(names + max(figures + TRACK, said) + 2, high)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.look.font("small"))
        metrics = painter.fontMetrics()
        rows, effects, high = self._rows(), self._effects(), self._line_height()
        names, figures, _ = self._widths(metrics)
        track = max(float(TRACK), self.width() - names - figures)
        for place, (name, before, after, said) in enumerate(rows):
            y = place * high
            painter.setPen(self.look.text)
            painter.drawText(QRectF(0, y, names, high), Qt.AlignmentFlag.AlignVCenter, name)
            bar = QRectF(names, y + high / 2 - 5, track, 10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.raised)
            painter.drawRoundedRect(bar, 3, 3)
            worse = before is not None and after < before
            painter.setBrush(self.look.wrong if worse else self.look.right)
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(3.0, track * after), bar.height()), 3, 3)
            if before is not None:
                painter.fillRect(QRectF(bar.left() + track * before - 1.5, bar.top() - 3, 3, 16), self.look.text)
            painter.setPen(self.look.text)
            painter.drawText(QRectF(names + track + GRID, y, figures, high), Qt.AlignmentFlag.AlignVCenter, said)
        for place, (name, said) in enumerate(effects, start=len(rows)):
            painter.setPen(self.look.soft)
            painter.drawText(QRectF(0, place * high, names, high), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setPen(self.look.text)
            painter.drawText(
                QRectF(names, place * high, self.width() - names, high), Qt.AlignmentFlag.AlignVCenter, said
            )
