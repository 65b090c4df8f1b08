"""Plots of a comparison as SVG and PNG: `python -m observatory.bench.plots FOLDER REPORT…` prints the files as JSON.

Three pictures for each number of nights: what is retained night by night, recall against what it costs in perplexity,
and time and tokens. Names stand at the lines themselves; arms differ in shape as well as in hue. Drawn without a
display, from kept reports alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..host.policy import PERPLEXITY_RISE
from ..host.report import FROZEN
from ..protocol.durable import write
from ..window.charts import Chart
from ..window.look import Look
from . import kept, table

WIDE, HIGH, SCALE = 1240, 620, 2
MARGIN = 24
GAP = 0.058
"""Between two names at the edge of a plot, as a share of its height: one line of the large type."""
SHAPES = {
    "sleep": "o", "none": "t", "retrieval": "s", "finetune": "d", "lora": "t1", "uniform": "p", "no-dreams": "h",
    "no-anchor": "star",
}  # fmt: skip
BENT = 5.0
"""Percent of perplexity up to which the axis is straight; beyond, each doubling takes the same room."""


def draw(folder: Path, reports: list[dict], theme: str = "light") -> list[Path]:
    """All pictures of these reports; returns the files."""
    look = Look(theme, on_stage=True)
    made = []
    for nights in sorted({one["nights_asked"] for one in reports}):
        of = [one for one in reports if one["nights_asked"] == nights]
        days, plural = of[0]["days"], f"{nights} night{'s' * (nights != 1)}"
        pictures = {"recall": recall(of, look), "cost": cost(of, look)}
        if nights > 1:
            pictures["retention"] = retention(of, look, nights)
        for name, (title, panels) in pictures.items():
            sheet = Sheet(f"{title}: {days}, {plural}", panels, look)
            made += sheet.save(folder / f"{name}-nights{nights}")
    return made


def hue(arm: str, look: Look) -> QColor:
    """Hues of the palette, all of which can be read on the panel; what never trains is grey."""
    p = look.palette
    return QColor({
        "sleep": p.accent, "none": p.soft, "retrieval": p.text, "finetune": p.wrong, "lora": p.stages["gate"],
        "uniform": p.right, "no-dreams": p.stages["dream"], "no-anchor": p.kinds["dream"],
    }[arm])  # fmt: skip


def pen(arm: str, look: Look):
    width = look.ratio * (4.5 if arm == "sleep" else 2.5)
    return pg.mkPen(hue(arm, look), width=width, style=Qt.PenStyle.DashLine if arm in FROZEN else Qt.PenStyle.SolidLine)


# ---------------------------------------------------------------- the three pictures


def retention(reports: list[dict], look: Look, nights: int):
    """The first night's questions after every night, and all questions so far."""
    of_first = "the first night's questions"
    first = _over_nights(reports, look, nights, of_first, lambda one, at: table.after(one, at, day=1))
    every = _over_nights(reports, look, nights, "all questions so far", table.after)
    return "What the cortex alone still answers, asked directly", [first, every]


def _over_nights(reports: list[dict], look: Look, nights: int, title: str, of: Callable):
    plot = _panel(title, "after night", "right, %", look)
    x, names = np.arange(1, nights + 1), []
    for arm, seeds in _by_arm(reports):
        lines = np.array([[100 * (of(one, at) or 0.0) for at in range(nights)] for one in seeds])
        middle = lines.mean(axis=0)
        if len(seeds) > 1:
            shade = hue(arm, look)
            shade.setAlpha(36)
            edges = [pg.PlotDataItem(x, edge, pen=None) for edge in (lines.min(axis=0), lines.max(axis=0))]
            for edge in edges:
                plot.addItem(edge)
            plot.addItem(pg.FillBetweenItem(*edges, brush=shade))
        plot.plot(x, middle, pen=pen(arm, look))
        plot.addItem(_dots(arm, x, middle, look))
        names.append((arm, float(middle[-1])))
    plot.setYRange(0, 100, padding=0.03)
    plot.setXRange(1, nights + 0.42 * max(1, nights - 1), padding=0.02)
    plot.getAxis("bottom").setTicks([[(night, str(night)) for night in x]])
    _names_at_the_edge(plot, names, nights, look)
    return plot


def recall(reports: list[dict], look: Look):
    """One point an arm: what it recalls in the end, over what perplexity it costs."""
    plot = _panel("", "change of perplexity on a text that nobody trains on", "asked directly, right, %", look)
    points = []
    for arm, seeds in _by_arm(reports):
        found = [(100 * table.perplexity_change(one), 100 * table.after(one, -1)) for one in seeds
                 if table.perplexity_change(one) is not None and table.after(one, -1) is not None]  # fmt: skip
        if not found:
            continue
        x, y = ([value[axis] for value in found] for axis in (0, 1))
        at = mean(map(bent, x)), mean(y)
        thin = pg.mkPen(hue(arm, look), width=look.ratio * 1.5)
        plot.plot([bent(min(x)), bent(max(x))], [at[1], at[1]], pen=thin)
        plot.plot([at[0], at[0]], [min(y), max(y)], pen=thin)
        plot.addItem(_dots(arm, [at[0]], [at[1]], look, size=20 if arm == "sleep" else 15))
        points.append((arm, *at, max(map(abs, x))))
    far = max([bent(2), *(x for _, x, _, _ in points)])
    near = min([bent(-2), *(x for _, x, _, _ in points)])
    plot.setXRange(near, far + 0.16 * (far - near), padding=0.04)
    plot.setYRange(0, 100, padding=0.05)
    ticks = [t for t in (-20, -10, -5, -2, 0, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if near <= bent(t) <= far * 1.05]
    plot.getAxis("bottom").setTicks([[(bent(t), f"{t:+d} %".replace("-", "−") if t else "0") for t in ticks]])
    limit = pg.InfiniteLine(bent(100 * PERPLEXITY_RISE), pen=pg.mkPen(look.line, width=look.ratio * 2))
    plot.addItem(limit)
    _write(plot, "policy's limit ", bent(100 * PERPLEXITY_RISE), 1.0, look, anchor=(1.0, 0.5), colour=look.soft)
    _names_beside(plot, points, near, far, look)
    return "Recall, and what it costs", [plot]


def cost(reports: list[dict], look: Look):
    """Bars an arm: seconds and trained tokens a night."""
    arms = _by_arm(reports)
    panels = []
    for title, unit, of in (
        ("seconds a night, exams apart", "seconds", table.seconds),
        ("trained tokens a night", "tokens", lambda one: table.trained_tokens(one) / len(one["nights"])),
    ):
        plot = _panel(title, unit, "", look)
        plot.showGrid(x=True, y=False, alpha=0.14)
        values = [[v for one in seeds if (v := of(one)) is not None] for _, seeds in arms]
        top = max([1.0, *(max(v) for v in values if v)])
        for place, ((arm, _), found) in enumerate(zip(arms, values, strict=True)):
            at = len(arms) - place
            middle = mean(found) if found else 0.0
            bar = pg.BarGraphItem(x0=[0], y=[at], width=[middle], height=0.62, brush=hue(arm, look), pen=hue(arm, look))
            plot.addItem(bar)
            if len(found) > 1 and max(found) > min(found):
                plot.plot([min(found), max(found)], [at, at], pen=pg.mkPen(look.text, width=look.ratio * 2))
            said = f"  {middle:,.0f}" if found else "  not measured"
            label = pg.TextItem(said, color=look.text, anchor=(0, 0.5))
            label.setFont(look.font("small"))
            label.setPos(max([middle, *found]), at)
            plot.addItem(label)
        plot.setYRange(0.4, len(arms) + 0.6, padding=0)
        plot.setXRange(0, top * 1.22, padding=0)
        axis = plot.getAxis("left")
        axis.setTicks([[(len(arms) - place, arm) for place, (arm, _) in enumerate(arms)]])
        axis.setStyle(tickLength=0)
        plot.getAxis("bottom").setTickSpacing(*_spacing(top))
        panels.append(plot)
    return "What a night costs", panels


# ---------------------------------------------------------------- parts


def _panel(title: str, below: str, unit: str, look: Look) -> Chart:
    plot = Chart(title, below, unit, look)
    plot.restyle(look)
    plot.getAxis("bottom").setStyle(tickTextOffset=8)
    plot.getPlotItem().layout.setContentsMargins(4, 4, 16, 4)
    return plot


def _by_arm(reports: list[dict]) -> list[tuple[str, list[dict]]]:
    found = {arm: [one for one in reports if one["arm"] == arm] for arm in table.ARMS}
    return [(arm, seeds) for arm, seeds in found.items() if seeds]


def _dots(arm: str, x: Sequence[float], y: Sequence[float], look: Look, size: int = 11) -> pg.ScatterPlotItem:
    colour = hue(arm, look)
    edge = pg.mkPen(look.panel, width=look.ratio * 1.5)
    return pg.ScatterPlotItem(x, y, symbol=SHAPES[arm], size=size, brush=colour, pen=edge, pxMode=True)


def _write(plot: Chart, text: str, x: float, share: float, look: Look, anchor: tuple, colour: QColor) -> None:
    """Words at a place of the x axis, and at a share of the plot's height (0 to 100)."""
    label = pg.TextItem(text, color=colour, anchor=anchor)
    label.setFont(look.font("small"))
    label.setPos(x, 100 * share)
    plot.addItem(label)


def _names_at_the_edge(plot: Chart, names: list[tuple[str, float]], x: float, look: Look) -> None:
    """Every line's name at its end, moved apart where ends are close, with a thin line to where it belongs."""
    step = plot.getViewBox().viewRect().width() * 0.03
    for (arm, value), at in zip(names, apart([value for _, value in names], 100 * GAP, 100), strict=True):
        plot.plot([x, x + step], [value, at], pen=pg.mkPen(hue(arm, look), width=look.ratio))
        label = pg.TextItem(arm, color=hue(arm, look), anchor=(0, 0.5))
        label.setFont(look.strong("small") if arm == "sleep" else look.font("small"))
        label.setPos(x + step, at)
        plot.addItem(label)


def _names_beside(plot: Chart, points: list, near: float, far: float, look: Look) -> None:
    """Every point's name beside it; where points crowd, names are moved apart and tied to their points."""
    step = (far - near) * 0.022
    places = crowded([(x / max(1e-9, far - near), y) for _, x, y, _ in points])
    for (arm, x, y, _), at in zip(points, places, strict=True):
        if abs(at - y) > 1.5:
            plot.plot([x, x + step], [y, at], pen=pg.mkPen(hue(arm, look), width=look.ratio))
        label = pg.TextItem(arm, color=hue(arm, look), anchor=(0, 0.5))
        label.setFont(look.strong("small") if arm == "sleep" else look.font("small"))
        label.setPos(x + step, at)
        plot.addItem(label)


def apart(values: Sequence[float], gap: float, top: float) -> list[float]:
    """The same values in the same order, at least a gap from each other, as near as that allows to where they were."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    blocks: list[list[float]] = []  # [sum of (value - its place in the block), how many]
    for at in order:
        blocks.append([values[at], 1])
        while len(blocks) > 1 and _start(blocks[-2], gap) + blocks[-2][1] * gap > _start(blocks[-1], gap):
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1]]
    out, place = [0.0] * len(values), iter(order)
    for block in blocks:
        start = min(max(0.0, _start(block, gap)), max(0.0, top - gap * (block[1] - 1)))
        for number in range(int(block[1])):
            out[next(place)] = start + number * gap
    return out


def _start(block: list[float], gap: float) -> float:
    total, many = block
    return total / many - gap * (many - 1) / 2


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


def bent(percent: float) -> float:
    """A change in percent on an axis that is straight near nothing and logarithmic far away."""
    return float(np.arcsinh(percent / BENT))


def _spacing(top: float) -> tuple[float, float]:
    """Four or five labelled ticks up to the top, whatever its size."""
    rough = top / 4
    unit = 10 ** np.floor(np.log10(rough))
    step = float(next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough))
    return step, step


# ---------------------------------------------------------------- the sheet


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

    def save(self, path: Path) -> list[Path]:
        from PySide6.QtWidgets import QApplication

        self.show()
        for _ in range(6):
            QApplication.processEvents()
        files = [path.with_suffix(".svg"), path.with_suffix(".png")]
        write(files[0], self._svg())
        write(files[1], self._png())
        self.close()
        self.deleteLater()
        return files

    def _svg(self) -> bytes:
        buffer = QBuffer()
        made = QSvgGenerator()
        made.setOutputDevice(buffer)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("reports", type=Path, nargs="+")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    asked = parser.parse_args()
    from ..window.app import application
    from ..window.look import platform_without_display

    platform_without_display()
    application()
    made = draw(asked.folder, [kept.load(path) for path in asked.reports], asked.theme)
    print(json.dumps([str(path) for path in made]))


if __name__ == "__main__":
    main()
