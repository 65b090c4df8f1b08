"""The sparse code as a calm grid of all units: what an episode lit, how strongly, and what was lit for the first time.

Units have no neighbours; the grid only gives each its place. It is handed numbers and knows no episodes.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import words
from .look import Look
from .theme import GRID, STEPS_OF_SURPRISE

LIGHTS_UP_MS = 500
OFTEN = 5
"""A unit that so many episodes have lit is as dark as the grid gets."""


class CodeRaster(QWidget):
    """`pointed(unit)`: a lit unit was chosen by key or pointer."""

    pointed = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.uses = np.zeros(0, np.int64)
        self.lit: dict[int, float] = {}
        """Every lit unit with its strength, from 0 to 1."""
        self.new: set[int] = set()
        self.chosen: int | None = None
        self.tell = lambda unit: str(unit)
        self._glow = 1.0
        self._growing = QVariantAnimation(self, duration=LIGHTS_UP_MS, startValue=0.0, endValue=1.0)
        self._growing.valueChanged.connect(self._glows)
        self._ground: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("The sparse code")

    def sizeHint(self) -> QSize:
        return QSize(340, 340)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 140)

    def restyle(self, look: Look) -> None:
        self.look, self._ground = look, None
        self.update()

    def show_code(self, uses: np.ndarray, lit: dict[int, float], new: set[int], *, lights_up: bool) -> None:
        """`lights_up`: it was encoded a moment ago, so its units come up slowly."""
        same = lit.keys() == self.lit.keys()
        self.uses, self.lit, self.new, self._ground = uses, lit, new, None
        if not same:
            self.chosen = None
            self._growing.stop()
            self._glow = 1.0
            if lights_up and self.isVisible():
                self._growing.start()
        self.setAccessibleDescription(
            f"{len(lit):,} of {len(uses):,} units are lit, {len(new):,} of them for the first time"
        )
        self.update()

    def _glows(self, value: float) -> None:
        self._glow = float(value)
        self.update()

    # ------------------------------------------------------------ geometry

    @property
    def side(self) -> int:
        return max(1, math.ceil(math.sqrt(len(self.uses))))

    def _box(self) -> QRectF:
        """A square grid of whole pixels, in the middle."""
        room = min(self.width(), self.height()) - GRID
        cell = max(1.0, room // self.side)
        wide = cell * self.side
        return QRectF((self.width() - wide) / 2, GRID / 2, wide, wide)

    def cell(self, unit: int) -> QRectF:
        box = self._box()
        wide = box.width() / self.side
        return QRectF(box.left() + unit % self.side * wide, box.top() + unit // self.side * wide, wide, wide)

    def nearest(self, point: QPointF) -> int | None:
        far = {unit: (self.cell(unit).center() - point).manhattanLength() for unit in self.lit}
        best = min(far, key=far.get, default=None)
        return best if best is not None and far[best] <= 2 * GRID else None

    # ------------------------------------------------------------ painting

    def _grid(self) -> QImage:
        """One pixel a unit: the more episodes have lit it, the farther from the panel's colour."""
        steps = [self.look.faint(self.look.line, 0.22 + 0.5 * n / OFTEN).rgb() for n in range(OFTEN + 1)]
        side = self.side
        shades = np.full(side * side, self.look.panel.rgb(), np.uint32)
        shades[: len(self.uses)] = np.array(steps, np.uint32)[np.minimum(self.uses, OFTEN)]
        image = QImage(shades.tobytes(), side, side, 4 * side, QImage.Format.Format_RGB32)
        return image.copy()  # the bytes above belong to nobody afterwards

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        if len(self.uses):
            if self._ground is None:
                self._ground = self._grid()
            box = self._box()
            painter.drawImage(box, self._ground)
            if box.width() / self.side >= 4:
                self._paint_gaps(painter, box)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for unit, strength in self.lit.items():
                self._paint_lit(painter, unit, strength)
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_gaps(self, painter: QPainter, box: QRectF) -> None:
        wide = box.width() / self.side
        for n in range(self.side + 1):
            painter.fillRect(QRectF(box.left() + n * wide - 0.5, box.top(), 1, box.height()), self.look.panel)
            painter.fillRect(QRectF(box.left(), box.top() + n * wide - 0.5, box.width(), 1), self.look.panel)

    def _paint_lit(self, painter: QPainter, unit: int, strength: float) -> None:
        """A filled round for a unit; a first time wears a ring as well."""
        cell = self.cell(unit)
        hue = QColor(self.look.palette.ramp[min(STEPS_OF_SURPRISE - 1, int(strength * STEPS_OF_SURPRISE))])
        hue.setAlphaF(max(0.05, self._glow))
        size = max(5.0, cell.width() * 1.15) * (0.4 + 0.6 * self._glow)
        dot = QRectF(cell.center().x() - size / 2, cell.center().y() - size / 2, size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(hue)
        painter.drawEllipse(dot)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if unit in self.new:
            painter.setPen(QPen(self.look.text, 1.2))
            painter.drawEllipse(dot.adjusted(-1.5, -1.5, 1.5, 1.5))
        if unit == self.chosen:
            painter.setPen(QPen(self.look.accent, 2))
            painter.drawRect(dot.adjusted(-4, -4, 4, 4))

    # ------------------------------------------------------------ hands

    def choose(self, unit: int) -> None:
        self.chosen = unit
        self.update()
        self.pointed.emit(unit)

    def mouseMoveEvent(self, event) -> None:
        unit = self.nearest(event.position())
        if unit is not None:
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(self.tell(unit)), self)

    def mousePressEvent(self, event) -> None:
        unit = self.nearest(event.position())
        if unit is not None:
            self.choose(unit)

    def keyPressEvent(self, event) -> None:
        units, key = sorted(self.lit), Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: -1}
        if units and key in ends:
            self.choose(units[ends[key]])
        elif units and key in steps:
            here = units.index(self.chosen) + steps[key] if self.chosen in self.lit else 0
            self.choose(units[max(0, min(len(units) - 1, here))])
        else:
            super().keyPressEvent(event)
