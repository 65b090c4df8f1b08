"""The map of units: a dot for every writing direction where the frozen picture has it, and an arrow where it went.

Brightness and size say how far a unit is from the base in truth; what moved less than the noise floor is drawn as
still. All dots are set into one image, so that twenty thousand are soon drawn. It knows arrays and no weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from .look import Look
from .pointing import Plane
from .theme import GRID, STEPS_OF_SURPRISE

LEVELS = STEPS_OF_SURPRISE
HALVES = 4.0
"""From the brightest step to the faintest a change falls to 1 / 2⁴."""
ARROWS = 300
"""Units with an arrow: those that changed most. More of them hide each other."""
TRAILS, TRAIL_LONG = 80, 0.16
"""Units with a trail, and how long a long one is: fewer and longer, so that a bend can be seen."""
FACTORS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
LONG = 0.08
"""Of the map's width: what a long arrow is magnified to."""
BEYOND = 0.005
"""Of all units, on each side of the frame."""
NEAR = 12.0
"""Pixels within which the pointer means a unit."""
BAR, WIDEST = 12, "≥ 00.00 %"
TRAILS_VEIL = 0.6
"""Of the ground's colour over the dots while trails are shown."""
FEW = 2_000
"""Where there are fewer units than these, dots are larger."""


def magnified(displaced: np.ndarray, wide: float, long: float = LONG) -> int:
    """The factor that makes one of the longest arrows so long a part of the map; 1 where nothing moves."""
    moving = displaced[displaced > 0.0]
    way = float(np.quantile(moving, 0.99)) if len(moving) else 0.0
    if not way:
        return 1
    return max((f for f in FACTORS if f * way <= long * wide), default=1)


def levels(relative: np.ndarray, most: float) -> np.ndarray:
    """0 for what is still, else 1 to 8: each step is a constant factor of change."""
    found = np.zeros(len(relative), np.int64)
    moved = relative > 0.0
    if most > 0.0 and moved.any():
        down = np.log2(most / relative[moved]) / HALVES
        found[moved] = np.clip(LEVELS - np.floor(down * LEVELS), 1, LEVELS).astype(np.int64)
    return found


class UnitMap(Plane):
    """A unit is chosen by a press, and opened by two."""

    near = NEAR

    def __init__(self, look: Look):
        super().__init__(look, "Map of units")
        self.before = np.zeros((0, 2))
        self.after = np.zeros((0, 2))
        self.level = np.zeros(0, np.int64)
        self.moving = np.zeros(0, bool)
        self.trails: Sequence[np.ndarray] = ()
        self.factor, self.most = 1, 0.0
        self.faint: np.ndarray | None = None
        """Units that are not looked at now, as another layer is."""
        self.beyond = 0
        """Units beyond the frame, drawn at its edge: a few far islands would make the rest a blot."""
        self._span = np.zeros((2, 2))
        self._layer: QImage | None = None
        self.arrows = np.zeros(0, int)

    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 140)

    def restyle(self, look: Look) -> None:
        self.look = look
        self._layer = None
        self.update()

    # ------------------------------------------------------------ what is shown

    def draw(self, before, after, relative, moving, most: float, factor: int, trails=()) -> None:
        """Places before and after, true changes, which of them pass the noise floor, and from which change
        on a unit is as bright as can be.

        `trails`: places at the stops in between, of all units, for those who want to see the way.
        """
        self.before, self.after, self.moving, self.most, self.factor = before, after, moving, most, factor
        self.trails = trails
        self.level = np.where(moving, levels(relative, most), 0)
        strength = np.where(moving, relative, 0.0)
        if self.faint is not None:
            strength = np.where(self.faint, 0.0, strength)
        count = min(TRAILS if len(trails) else ARROWS, int((strength > 0).sum()))
        self.arrows = np.argpartition(-strength, count - 1)[:count] if count else np.zeros(0, int)
        self._place()
        self.setAccessibleDescription(
            f"{int(moving.sum()):,} of {len(before):,} units move; arrows are {factor:,} times as long as the way"
        )

    def _place(self) -> None:
        if len(self.before):
            self._span = np.quantile(self.before, (BEYOND, 1 - BEYOND), axis=0)
            low, high = self._span - 0.03 * np.ptp(self._span, 0), self._span + 0.03 * np.ptp(self._span, 0)
            self.beyond = int(((self.before < low[0]) | (self.before > high[1])).any(1).sum())
        at, box = self._pixels(self.before), self._box()
        self._at = np.clip(at, [box.left(), box.top()], [box.right(), box.bottom()])
        self._layer = None
        self.update()

    # ------------------------------------------------------------ geometry

    def _box(self) -> QRectF:
        metrics = self.fontMetrics()
        right = BAR + metrics.horizontalAdvance(WIDEST) + 3 * GRID
        return QRectF(self.rect()).adjusted(GRID, GRID, -right, -GRID)

    def _frame(self) -> tuple[np.ndarray, float]:
        """The middle of the map and pixels in a map unit: the same for x and y, so that distances are distances."""
        low, high = self._span
        box, wide = self._box(), np.maximum(high - low, 1e-6) * 1.06
        return (low + high) / 2, float(min(max(20.0, box.width()) / wide[0], max(20.0, box.height()) / wide[1]))

    def _pixels(self, places: np.ndarray) -> np.ndarray:
        if not len(self.before):
            return np.zeros((0, 2))
        (middle, scale), box = self._frame(), self._box()
        flip = np.array([scale, -scale])
        return (places - middle) * flip + [box.center().x(), box.center().y()]

    def _first(self) -> int:
        """The one that changed most."""
        return int(self.arrows[0]) if len(self.arrows) else 0

    # ------------------------------------------------------------ painting

    def hue(self, level: int) -> QColor:
        return QColor(self.look.palette.ramp[level - 1]) if level else self.look.faint(self.look.soft, 0.3)

    def _image(self) -> QImage:
        """All dots; of those that lie on each other the one that changed most is on top."""
        ratio = max(self.look.ratio, self.devicePixelRatioF())
        wide, high = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        colours = np.array([self.hue(level).rgba() for level in range(LEVELS + 1)], np.uint32)
        canvas = np.full((high, wide), QColor(self.look.panel).rgba(), np.uint32)
        level = self.level if self.faint is None else np.where(self.faint, 0, self.level)
        order = np.argsort(level, kind="stable")
        x, y = np.rint(self._at[order] * ratio).astype(np.int64).T
        level = level[order]
        big = ratio * self.look.type.line**0.5 * (1.0 + min(1.5, FEW / max(1, len(self._at))))
        firsts = np.searchsorted(level, range(LEVELS + 2))
        for step in range(LEVELS + 1):
            mine = slice(firsts[step], firsts[step + 1])
            if firsts[step] == firsts[step + 1]:
                continue
            for dx, dy in _disc((0.5 if not step else 0.7 + step / LEVELS) * big):
                xs, ys = x[mine] + dx, y[mine] + dy
                inside = (xs >= 0) & (xs < wide) & (ys >= 0) & (ys < high)
                canvas[ys[inside], xs[inside]] = colours[step]
        image = QImage(canvas.data, wide, high, 4 * wide, QImage.Format.Format_RGB32).copy()
        image.setDevicePixelRatio(ratio)
        return image

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        if self._layer is None:
            self._layer = self._image()
        painter.drawImage(0, 0, self._layer)
        if len(self.trails):  # the ways are looked at now: dots step back
            painter.fillRect(self.rect(), self._veil())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_focus(painter)
        self._paint_arrows(painter)
        self._paint_bar(painter)
        self._paint_chosen(painter, 7.0)

    def _ends(self, units: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Where the magnified arrows of these units end, in pixels."""
        return self._pixels(self.before[units] + self.factor * (after[units] - self.before[units]))

    def _paint_arrows(self, painter: QPainter) -> None:
        if not len(self.arrows):
            return
        ends = self._ends(self.arrows, self.after)
        ways = [self._ends(self.arrows, each) for each in self.trails]
        for level in range(1, LEVELS + 1):
            mine = np.flatnonzero(self.level[self.arrows] == level)
            lines, stops = [], []
            for place in mine:
                start, end = self._at[self.arrows[place]], ends[place]
                stations = [start, *(way[place] for way in ways), end]
                lines += [QLineF(*a, *b) for a, b in zip(stations, stations[1:], strict=False)]
                lines += _head(stations[-2], end)
                stops += [QPointF(*stop) for stop in stations[:-1]] if ways else []
            # On an edge of the ground's colour a way can be told from the dots that it crosses.
            wide = (1.6 if ways else 1.2) * self.look.type.line
            for hue, more in ((self.look.panel, 2.0 * self.look.type.line), (self.hue(level), 0.0)):
                painter.setPen(QPen(hue, wide + more, c=Qt.PenCapStyle.RoundCap))
                painter.drawLines(lines)
            if stops:
                painter.setPen(QPen(self.hue(level), 3.4 * self.look.type.line**0.5, c=Qt.PenCapStyle.RoundCap))
                painter.drawPoints(stops)

    def _veil(self) -> QColor:
        veil = QColor(self.look.panel)
        veil.setAlphaF(TRAILS_VEIL)
        return veil

    def _paint_bar(self, painter: QPainter) -> None:
        if self.most <= 0.0:
            return
        painter.setFont(self.look.font("small"))
        metrics = painter.fontMetrics()
        high = min(180.0, self.height() - 4.0 * metrics.height())
        left = self.width() - BAR - metrics.horizontalAdvance(WIDEST) - 2 * GRID
        top = 2.0 * metrics.height()
        painter.setPen(self.look.soft)
        painter.drawText(
            QRectF(0, GRID / 2, self.width() - GRID, metrics.height()), Qt.AlignmentFlag.AlignRight, "change"
        )
        for level in range(1, LEVELS + 1):
            step = QRectF(left, top + high * (LEVELS - level) / LEVELS, BAR, high / LEVELS + 0.5)
            painter.fillRect(step, self.hue(level))
        for part in (0.0, 0.5, 1.0):
            much = self.most * 2.0 ** (-HALVES * part)
            where = QRectF(left + BAR + GRID / 2, top + high * part - metrics.height() / 2, 90, metrics.height())
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, share(much) if part else f"≥ {share(much)}")

    # ------------------------------------------------------------ hands

    def mousePressEvent(self, event) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._point_at(self.nearest(event.position()))

    def mouseDoubleClickEvent(self, event) -> None:
        if (unit := self.nearest(event.position())) is not None:
            self.opened.emit(unit)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._place()


def share(much: float) -> str:
    """A relative change with as many digits as it needs."""
    percent = 100.0 * much
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 1 else f"{percent:.2f} %"


def _disc(radius: float) -> list[tuple[int, int]]:
    reach = int(np.ceil(radius))
    every = [(dx, dy) for dx in range(-reach, reach + 1) for dy in range(-reach, reach + 1)]
    return [(dx, dy) for dx, dy in every if dx * dx + dy * dy <= radius * radius + 0.25]


def _head(start: np.ndarray, end: np.ndarray) -> list[QLineF]:
    """Two short strokes at an arrow's end, none where it is too short to have one."""
    way = end - start
    long = float(np.hypot(*way))
    if long < 4.0:
        return []
    back, aside = -way / long * min(5.0, long / 2), np.array([-way[1], way[0]]) / long * min(2.6, long / 3)
    return [QLineF(*end, *(end + back + aside)), QLineF(*end, *(end + back - aside))]
