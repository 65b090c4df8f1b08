"""Plots of the bench of stores as SVG and PNG, drawn without a display from kept numbers alone."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from ..window.charts import Chart
from ..window.look import Look
from . import storetable
from .sheet import GAP, SCALE, Sheet, apart

SHAPES = {"built-in": "o", "larimar": "s", "hopfield": "t", "knnlm": "d", "titans": "star", "bdh": "h"}
LINES = ("o", "s", "t")


def draw(folder: Path, reports: list[dict], theme: str = "light") -> list[Path]:
    """Recall, what it costs, and each paper's claim; returns the files."""
    made = []
    every = list(storetable.rows(reports))
    for suffix, ratio in ((".svg", 1), (".png", SCALE)):
        look = Look(theme, on_stage=True)
        look.ratio = float(ratio)
        pictures = {
            "vectors": ("Drawn vectors, told once", [
                _stores(every, "vectors", "recall", "asked with the key itself", look),
                _stores(every, "vectors", "part_50", "asked with half of it", look),
            ]),
        }  # fmt: skip
        if any(row["material"] == "sentences" for row in every):
            pictures["sentences"] = ("Real sentences, told once", [
                _stores(every, "sentences", "recall", "found by their own words", look),
                _stores(every, "sentences", "asked", "found by what is asked", look),
            ])  # fmt: skip
        for left, right in (("larimar", "hopfield"), ("bdh", "knnlm"), ("titans", "titans again")):
            panels = [_claim(reports, name, look) for name in (left, right)]
            pictures[f"claims-{left}"] = (" · ".join(dict.fromkeys((left, right.split()[0]))), panels)
        for name, (title, panels) in pictures.items():
            made.append(Sheet(title, panels, look).save((folder / name).with_suffix(suffix)))
    return made


def hues(look: Look) -> list[QColor]:
    p = look.palette
    return [QColor(each) for each in (p.accent, p.wrong, p.right, p.stages["dream"], p.stages["gate"], p.text)]


def _stores(every: list[dict], material: str, key: str, title: str, look: Look) -> Chart:
    some = [row for row in every if row["material"] == material and row[key] is not None]
    lines = {name: [(row["size"], 100 * row[key]) for row in some if row["store"] == name] for name in SHAPES}
    shapes = [SHAPES[name] for name in lines]
    return _chart(title, "told before it was asked", "right, %", lines, shapes, look, logarithmic=True)


def _claim(reports: list[dict], name: str, look: Look) -> Chart:
    first = reports[0]["claims"][name]
    lines = {}
    for line, points in first["lines"].items():
        seeds = [dict(map(tuple, report["claims"][name]["lines"][line])) for report in reports]
        lines[line] = [(x, mean(seed[x] for seed in seeds if x in seed)) for x, _ in points]
    many = "written" in first["across"]
    said = f"{name.split()[0]}: {first['title']}"
    return _chart(said, first["across"], first["up"], lines, list(LINES), look, logarithmic=many)


def _chart(title, across, up, lines: dict, shapes: list[str], look: Look, *, logarithmic: bool) -> Chart:
    plot = Chart(title, across, up, look)
    plot.restyle(look)
    plot.getAxis("bottom").setStyle(tickTextOffset=8)
    plot.getPlotItem().layout.setContentsMargins(4, 4, 16, 4)
    drawn = {name: points for name, points in lines.items() if points}

    def across_at(x: float) -> float:
        return float(np.log10(x)) if logarithmic else float(x)

    ends = {}
    for (name, points), hue, shape in zip(drawn.items(), hues(look), shapes, strict=False):
        x, y = [across_at(x) for x, _ in points], [y for _, y in points]
        plot.plot(x, y, pen=pg.mkPen(hue, width=look.ratio * 2.5))
        edge = pg.mkPen(look.panel, width=look.ratio)
        plot.addItem(pg.ScatterPlotItem(x, y, symbol=shape, size=12, brush=hue, pen=edge, useCache=False))
        ends[name] = (x[-1], y[-1], hue)
    places = [across_at(x) for points in drawn.values() for x, _ in points]
    near, far = min(places), max(places)
    step = 0.03 * (far - near)
    heights = apart([y for _, y, _ in ends.values()], 100 * GAP, 104)
    for (name, (x, y, hue)), at in zip(ends.items(), heights, strict=True):
        plot.plot([x, far + step], [y, at], pen=pg.mkPen(hue, width=look.ratio))
        said = pg.TextItem(name, color=hue, anchor=(0, 0.5))
        said.setFont(look.strong("small") if name == "built-in" else look.font("small"))
        said.setPos(far + step, at)
        plot.addItem(said)
    plot.setYRange(0, 104, padding=0.02)
    plot.setXRange(near - 0.07 * (far - near), far + 0.34 * (far - near), padding=0.02)
    if logarithmic:
        ticks = sorted({x for points in drawn.values() for x, _ in points})
        plot.getAxis("bottom").setTicks([[(across_at(x), f"{x:,}") for x in ticks]])
    return plot
