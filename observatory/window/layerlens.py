"""The lens of layers: how far each is at every stop, the way it took, and every one of its maps as a heat map.

All of it is relative to the base, in the original space. It draws what it is handed and knows no files and no stops
but by their names.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QSplitter, QToolTip, QWidget

from . import words
from .charts import ROOM, Chart
from .dock import column, label, row
from .look import Look
from .theme import GRID, STEPS_OF_SURPRISE
from .unitmap import share

SHORT = {"self_attn": "attn", "mlp": "MLP"}
BAR = 12


def kind_words(kind: str) -> str:
    """`attn q` of `self_attn.q_proj`."""
    module, _, map_ = kind.partition(".")
    return f"{SHORT.get(module, module)} {map_.removesuffix('_proj')}".strip()


class HeatMap(QWidget):
    """Layers up, kinds of map across. `pointed(layer place, kind place)`: a cell was chosen."""

    pointed = Signal(int, int)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.drift = np.zeros((0, 0))
        self.layers: Sequence[int] = ()
        self.kinds: Sequence[str] = ()
        self.most = 0.0
        self.chosen: tuple[int, int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Change of every map, layer by layer")

    def sizeHint(self) -> QSize:
        return QSize(420, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 140)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.update()

    def draw(self, drift: np.ndarray, layers: Sequence[int], kinds: Sequence[str], most: float) -> None:
        """`most`: the largest change at any stop, so that a colour means the same at all of them."""
        self.drift, self.layers, self.kinds, self.most = drift, layers, kinds, most
        if drift.size and np.nanmax(drift) > 0:
            at = np.unravel_index(np.nanargmax(drift), drift.shape)
            self.setAccessibleDescription(f"most of all {self.said(*at)}")
        else:
            self.setAccessibleDescription("nothing has changed")
        self.update()

    def said(self, layer: int, kind: int) -> str:
        much = self.drift[layer, kind]
        how = "has no such map" if np.isnan(much) else "unchanged" if much == 0.0 else f"changed by {share(much)}"
        return f"layer {self.layers[layer]}, {kind_words(self.kinds[kind])}: {how}"

    # ------------------------------------------------------------ geometry

    def _box(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("layer 00") + GRID
        right = BAR + metrics.horizontalAdvance("00.00 %") + 3 * GRID
        return QRectF(self.rect()).adjusted(left, GRID, -right, -metrics.height() - GRID)

    def cell(self, layer: int, kind: int) -> QRectF:
        box = self._box()
        wide, high = box.width() / max(1, len(self.kinds)), box.height() / max(1, len(self.layers))
        return QRectF(box.left() + kind * wide, box.bottom() - (layer + 1) * high, wide, high)

    def hue(self, much: float) -> QColor:
        if np.isnan(much):
            return self.look.panel
        if much <= 0.0 or self.most <= 0.0:
            return self.look.raised
        step = min(STEPS_OF_SURPRISE - 1, int(much / self.most * STEPS_OF_SURPRISE))
        return QColor(self.look.palette.ramp[step])

    # ------------------------------------------------------------ painting

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setFont(self.look.font("small"))
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if not len(self.layers):
            return
        for layer in range(len(self.layers)):
            for kind in range(len(self.kinds)):
                gap = 1.0 if self.cell(0, 0).height() > 6 else 0.0
                painter.fillRect(self.cell(layer, kind).adjusted(0, 0, -gap, -gap), self.hue(self.drift[layer, kind]))
        self._paint_names(painter)
        self._paint_bar(painter)
        if self.chosen is not None:
            painter.setPen(QPen(self.look.text, 2))
            painter.drawRect(self.cell(*self.chosen).adjusted(0.5, 0.5, -1.5, -1.5))

    def _paint_names(self, painter: QPainter) -> None:
        painter.setPen(self.look.soft)
        metrics, box = painter.fontMetrics(), self._box()
        every = max(1, int(np.ceil(metrics.height() / max(1.0, self.cell(0, 0).height()))))
        for place in range(0, len(self.layers), every):
            cell = self.cell(place, 0)
            where = QRectF(0, cell.center().y() - metrics.height() / 2, box.left() - GRID / 2, metrics.height())
            name = f"layer {self.layers[place]}" if place == 0 else str(self.layers[place])
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        names = [kind_words(kind) for kind in self.kinds]
        if max(metrics.horizontalAdvance(name) for name in names) + 4 > self.cell(0, 0).width():
            names = [name.rpartition(" ")[2] for name in names]
        for place, name in enumerate(names):
            cell = self.cell(0, place)
            where = QRectF(cell.left() - 4, box.bottom() + 2, cell.width() + 8, metrics.height())
            painter.drawText(where, Qt.AlignmentFlag.AlignHCenter, name)

    def _paint_bar(self, painter: QPainter) -> None:
        box, metrics = self._box(), painter.fontMetrics()
        left = box.right() + 2 * GRID
        high = min(box.height() - metrics.height(), 180.0)
        top = box.top() + metrics.height() / 2
        for step, colour in enumerate(self.look.palette.ramp):
            part = high / STEPS_OF_SURPRISE
            painter.fillRect(QRectF(left, top + high - (step + 1) * part, BAR, part + 0.5), QColor(colour))
        painter.setPen(self.look.soft)
        for much, y in ((self.most, top), (self.most / 2, top + high / 2), (0.0, top + high)):
            where = QRectF(left + BAR + GRID / 2, y - metrics.height() / 2, 90, metrics.height())
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, share(much) if much else "0")

    # ------------------------------------------------------------ hands

    def _point_at(self, layer: int, kind: int) -> None:
        if 0 <= layer < len(self.layers) and 0 <= kind < len(self.kinds):
            self.chosen = layer, kind
            self.update()
            self.pointed.emit(layer, kind)

    def _under(self, point) -> tuple[int, int]:
        first = self.cell(0, 0)
        layer = int((self._box().bottom() - point.y()) // max(1e-6, first.height()))
        return layer, int((point.x() - first.left()) // max(1e-6, first.width()))

    def mouseMoveEvent(self, event) -> None:
        layer, kind = self._under(event.position())
        if 0 <= layer < len(self.layers) and 0 <= kind < len(self.kinds):
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(self.said(layer, kind)), self)

    def mousePressEvent(self, event) -> None:
        self._point_at(*self._under(event.position()))

    def keyPressEvent(self, event) -> None:
        ways = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (1, 0), Qt.Key.Key_Down: (-1, 0)}
        if event.key() not in ways or not len(self.layers):
            super().keyPressEvent(event)
            return
        layer, kind = self.chosen or (0, 0)
        up, across = ways[Qt.Key(event.key())] if self.chosen is not None else (0, 0)
        self._point_at(min(max(layer + up, 0), len(self.layers) - 1), min(max(kind + across, 0), len(self.kinds) - 1))


class Ways(Chart):
    """A line for every layer, the deeper the darker or brighter: how far it is at each stop, or the way it took."""

    def __init__(self, look: Look):
        super().__init__("How far every layer is", "", "change, %", look)
        self._lines: list[pg.PlotCurveItem] = []
        self._dots = pg.ScatterPlotItem()
        self._now = pg.InfiniteLine(angle=90)
        for item in (self._now, self._dots):
            self.addItem(item)
        self._drawn: tuple = ()
        self.points = 0

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        if self._drawn:
            self.draw(*self._drawn)

    def draw(self, x: np.ndarray, y: np.ndarray, names: Sequence[str], now: int, chosen: int | None, detour: bool):
        """[stops, layers] each; with `detour` both in percent of the layer, else x are the stops themselves."""
        self._drawn = x, y, names, now, chosen, detour
        self._said = (
            ("The way every layer took", "along the way to where it is last, %", "off it, %") if detour
            else ("How far every layer is", "moment", "change, %")
        )  # fmt: skip
        super().restyle(self.look)
        ratio, count = max(self.look.ratio, self.devicePixelRatioF()), y.shape[1]
        while len(self._lines) < count:
            self._lines.append(pg.PlotCurveItem())
            self.addItem(self._lines[-1])
        ramp, moved = self.look.palette.ramp, np.flatnonzero(np.nanmax(y, 0, initial=0.0) > 0)
        # The ramp is spread over the layers that move: the others all lie on the axis.
        step_of = {int(layer): at * len(ramp) // max(1, len(moved)) for at, layer in enumerate(moved)}
        for layer, line in enumerate(self._lines):
            line.setVisible(layer < count)
            if layer >= count:
                continue
            hue = QColor(ramp[step_of[layer]]) if layer in step_of else self.look.soft
            wide = self.look.type.line * (3.0 if layer == chosen else 1.3)
            line.setPen(pg.mkPen(self.look.text if layer == chosen else hue, width=wide * ratio))
            line.setZValue(3 if layer == chosen else 1)
            line.setData(x[:, layer], y[:, layer])
        here = np.arange(count)
        self._dots.setData(
            x=x[now, here], y=y[now, here], size=self.look.type.small * 0.7 * ratio, pen=pg.mkPen(self.look.panel),
            brush=self.look.text,
        )  # fmt: skip
        self._dots.setZValue(4)
        self.points = count
        self._now.setVisible(not detour)
        self._now.setValue(float(now))
        self._now.setPen(pg.mkPen(self.look.soft, width=ratio, style=Qt.PenStyle.DashLine))
        wide, high = float(np.nanmax(x, initial=0.0)), float(np.nanmax(y, initial=0.0))
        self.setXRange(min(0.0, float(np.nanmin(x, initial=0.0))), wide or 1.0, padding=ROOM)
        self.setYRange(0.0, high * 1.08 or 1.0, padding=0)
        step = max(1, -(-len(names) // 6))
        ticks = [(at, names[at]) for at in range(0, len(names), step)]
        self.getAxis("bottom").setTicks(None if detour else [ticks])


class LayerLens(QWidget):
    """`pointed(layer)`: a layer was chosen."""

    pointed = Signal(int)

    def __init__(self, look: Look):
        super().__init__()
        self.ways, self.heat = Ways(look), HeatMap(look)
        self.detour = QPushButton("Way and detour")
        self.detour.setObjectName("chip")
        self.detour.setCheckable(True)
        self.detour.setToolTip(words.tip(
            "How far each layer lies along the line to where it is last, and how far off that line"
        ))  # fmt: skip
        self.heading = label("", "heading")
        self.key = label("darker or brighter lines: deeper layers", "softSmall")
        self._all = None
        left, right = QWidget(), QWidget()
        inside = column(left, gap=GRID // 2)
        inside.addLayout(row(self.detour, self.key, None))
        inside.addWidget(self.ways, 1)
        inside = column(right, gap=GRID // 2)
        inside.addLayout(row(self.heading, None))
        inside.addWidget(self.heat, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        for each in (left, right):
            self.split.addWidget(each)
        column(self).addWidget(self.split)
        self.detour.toggled.connect(self._again)
        self.heat.pointed.connect(lambda layer, _: (self._again(), self.pointed.emit(self._all[0].layers[layer])))

    def restyle(self, look: Look) -> None:
        for each in (self.ways, self.heat):
            each.restyle(look)

    def draw(self, courses, names: Sequence[str], now: int) -> None:
        self._all = courses, names, now
        self._again()

    def _again(self) -> None:
        if self._all is None:
            return
        courses, names, now = self._all
        self.heading.setText(f"Every map, {names[now]}")
        self.heat.draw(courses.heat[now], courses.layers, courses.kinds, float(np.nanmax(courses.heat, initial=0.0)))
        chosen = self.heat.chosen[0] if self.heat.chosen else None
        if self.detour.isChecked():
            self.ways.draw(100 * courses.along, 100 * courses.across, names, now, chosen, True)
        else:
            stops = np.repeat(np.arange(len(names), dtype=float)[:, None], len(courses.layers), 1)
            self.ways.draw(stops, 100 * courses.away, names, now, chosen, False)
