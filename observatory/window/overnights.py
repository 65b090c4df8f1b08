"""What is kept night after night: the recall matrix, side effects, and what got worse first. Knows no events."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from . import words
from .changes import kind_words
from .charts import Chart
from .dock import column, label, row
from .lived import Night
from .look import Look
from .matrix import Matrix
from .papers import kinds, lost_first, matrix, side_effects
from .theme import GRID


class Effects(Chart):
    """Perplexity and KL after every night, each from nothing."""

    def __init__(self, title: str, unit: str, look: Look, stage: str):
        super().__init__(title, "night", unit, look)
        self._stage, self._line = stage, self.plot([], [])
        self._zero = pg.InfiniteLine(pos=0, angle=0)
        self.addItem(self._zero)
        self.drawn: tuple = ((), ())

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        ratio, hue = max(look.ratio, self.devicePixelRatioF()), look.stage(self._stage)
        self._line.setPen(pg.mkPen(hue, width=look.type.line * 2 * ratio))
        self._line.setSymbol("o")
        self._line.setSymbolBrush(hue)
        self._line.setSymbolPen(hue)
        self._line.setSymbolSize(look.type.small * 0.8 * ratio)
        self._zero.setPen(pg.mkPen(look.soft, width=ratio, style=Qt.PenStyle.DashLine))

    def draw(self, nights: list[int], values: list[float]) -> None:
        self.drawn = nights, values
        x, y = np.array([0, *nights], dtype=float), np.array([0.0, *values])
        self._line.setData(x, y)
        self.getAxis("bottom").setTicks([[(n, str(n)) for n in [0, *nights][:: max(1, len(nights) // 10)]]])
        self.setXRange(0, max(1, *nights, 1), padding=0.08)
        low, high = min(0.0, y.min()), max(0.0, y.max())
        room = (high - low) or 1.0
        self.setYRange(low - 0.12 * room, high + 0.18 * room, padding=0)
        self.setAccessibleDescription("; ".join(f"night {n}: {v:.3f}" for n, v in zip(nights, values, strict=True)))


class OverNights(QWidget):
    def __init__(self, look: Look):
        super().__init__()
        self.look, self.kind, self.nights = look, "", {}
        self.matrix = Matrix(look)
        self.perplexity = Effects("Perplexity on held-out text", "change, %", look, "exam")
        self.kl = Effects("KL from the base", "nats a token", look, "dream")
        self.chips = QHBoxLayout()
        self.chips.setSpacing(GRID)
        self.group = QButtonGroup(self)
        self.lost = label("", "", wrap=True, selectable=True)
        self.lost.setAlignment(Qt.AlignmentFlag.AlignTop)
        left, right = QWidget(), QWidget()
        lefts, rights = column(left, gap=GRID), column(right, gap=GRID)
        lefts.addWidget(label("Day taught, asked again after each night", "heading"))
        lefts.addLayout(self.chips)
        lefts.addWidget(self.matrix, 3)
        lefts.addWidget(label("What got worse first", "heading"))
        lefts.addWidget(self.lost, 1)
        rights.addWidget(self.perplexity, 1)
        rights.addWidget(self.kl, 1)
        both = row(left, right, gap=3 * GRID)
        both.setStretch(0, 5)
        both.setStretch(1, 4)
        self.setLayout(both)

    def restyle(self, look: Look) -> None:
        self.look = look
        for each in (self.matrix, self.perplexity, self.kl):
            each.restyle(look)

    def show_nights(self, nights: dict[int, Night]) -> None:
        self.nights = nights
        found = kinds(nights)
        if [b.property("kind") for b in self.group.buttons()] != found:
            for button in self.group.buttons():
                self.group.removeButton(button)
                self.chips.removeWidget(button)
                button.deleteLater()
            for kind in found:
                chip = QPushButton(kind_words(kind))
                chip.setObjectName("chip")
                chip.setCheckable(True)
                chip.setProperty("kind", kind)
                chip.clicked.connect(lambda _=False, k=kind: self.show_kind(k))
                self.group.addButton(chip)
                self.chips.addWidget(chip)
            self.chips.addStretch(1)
        self.show_kind(self.kind if self.kind in found else next(iter(found), ""))
        effects = side_effects(nights)
        self.perplexity.draw([n for n, _, _ in effects], [p for _, p, _ in effects])
        self.kl.draw([n for n, _, _ in effects], [k for _, _, k in effects])
        lost = lost_first(nights)
        said = [(night, c.question.prompt, *words.apart(c.before.answer, c.after.answer, 36)) for night, c in lost]
        self.lost.setText("\n".join(
            f"▼ night {night}: {words.line(asked, 70)}  “{before}” → “{after}”" for night, asked, before, after in said
        ) or "Nothing that was known before the first night has been lost.")  # fmt: skip

    def show_kind(self, kind: str) -> None:
        self.kind = kind
        for button in self.group.buttons():
            button.setChecked(button.property("kind") == kind)
        self.matrix.show_cells(matrix(self.nights, kind) if kind else [])
