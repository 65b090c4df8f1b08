"""Plots of a comparison as SVG and PNG: `python -m observatory.bench.plots FOLDER REPORT…` prints the files as JSON.

Three pictures for each number of nights: what is retained night by night, recall against what it costs in perplexity,
and time and tokens. Names stand at the lines themselves; arms differ in shape as well as in hue. Drawn without a
display, from kept reports alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import numpy as np
import pyqtgraph as pg

from ..host import policyfile
from ..host.keptreports import recalled
from ..window.armstyle import called, dots, hue, pen
from ..window.charts import Chart
from ..window.look import Look
from . import kept, table
from .sheet import GAP, SCALE, Sheet, apart, crowded

BENT = 5.0
"""Percent of perplexity up to which the axis is straight; beyond, each doubling takes the same room."""


def draw(folder: Path, reports: list[dict], theme: str = "light") -> list[Path]:
    """All pictures of these reports; returns the files."""
    made = []
    # Pens count the pixels of what is painted on, so each kind of file gets plots of its own.
    for suffix, ratio in ((".svg", 1), (".png", SCALE)):
        look = Look(theme, on_stage=True)
        look.ratio = float(ratio)
        for nights in sorted({one["nights_asked"] for one in reports}):
            of = [one for one in reports if one["nights_asked"] == nights]
            pictures = {"recall": recall(of, look), "cost": cost(of, look)}
            if nights > 1:
                pictures["retention"] = retention(of, look, nights)
            for name, (title, panels) in pictures.items():
                said = f"{title}: {of[0]['days']}, {nights} night{'s' * (nights != 1)}"
                made.append(Sheet(said, panels, look).save((folder / f"{name}-nights{nights}").with_suffix(suffix)))
    return made


# ---------------------------------------------------------------- the three pictures


def retention(reports: list[dict], look: Look, nights: int):
    """The first night's questions after every night, and all questions so far."""
    of_first = "the first night's questions"
    first = _over_nights(reports, look, nights, of_first, lambda one, at: recalled(one, at + 1, day=1))
    every = _over_nights(reports, look, nights, "all questions so far", lambda one, at: recalled(one, at + 1))
    return "Still answered from the cortex alone, asked directly", [first, every]


def _over_nights(reports: list[dict], look: Look, nights: int, title: str, of: Callable):
    plot = _panel(title, "after night", "right, %", look)
    x, names = np.arange(1, nights + 1), []
    for arm, seeds in _painted(reports):
        lines = np.array([[100 * (of(one, at) or 0.0) for at in range(nights)] for one in seeds])
        middle = lines.mean(axis=0)
        if len(seeds) > 1:
            shade = hue(arm, look)
            shade.setAlpha(36)
            edges = [pg.PlotCurveItem(x, edge, pen=pg.mkPen(None)) for edge in (lines.min(axis=0), lines.max(axis=0))]
            for edge in edges:
                plot.addItem(edge)
            plot.addItem(pg.FillBetweenItem(*edges, brush=shade))
        plot.plot(x, middle, pen=pen(arm, look, look.ratio))
        plot.addItem(dots(arm, x, middle, look, look.ratio))
        names.append((arm, float(middle[-1])))
    plot.setYRange(0, 100, padding=0.03)
    plot.setXRange(1, nights + 0.56 * max(1, nights - 1), padding=0.02)
    plot.getAxis("bottom").setTicks([[(night, str(night)) for night in x]])
    _names_at_the_edge(plot, names, nights, look)
    return plot


def recall(reports: list[dict], look: Look):
    """One point an arm: what it recalls in the end, over what perplexity it costs."""
    plot = _panel("", "change of perplexity on a text that nobody trains on", "asked directly, right, %", look)
    points = []
    for arm, seeds in _painted(reports):
        ends = [(table.perplexity_change(one), recalled(one, len(one["nights"]))) for one in seeds]
        found = [(100 * change, 100 * right) for change, right in ends if change is not None and right is not None]
        if not found:
            continue
        x, y = ([value[axis] for value in found] for axis in (0, 1))
        at = mean(map(bent, x)), mean(y)
        thin = pg.mkPen(hue(arm, look), width=look.ratio * 1.5)
        plot.plot([bent(min(x)), bent(max(x))], [at[1], at[1]], pen=thin)
        plot.plot([at[0], at[0]], [min(y), max(y)], pen=thin)
        plot.addItem(dots(arm, [at[0]], [at[1]], look, look.ratio, 20 if arm == "sleep" else 15))
        points.append((arm, *at, bent(max(x))))
    far = max([bent(5), *(end for *_, end in points)])
    near = min([bent(-2), *(x for _, x, _, _ in points)])
    plot.setXRange(near, far + 0.16 * (far - near), padding=0.04)
    plot.setYRange(0, 100, padding=0.05)
    ticks = [t for t in (-20, -10, -5, -2, 0, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if near <= bent(t) <= far * 1.05]
    plot.getAxis("bottom").setTicks([[(bent(t), f"{t:+d} %".replace("-", "−") if t else "0") for t in ticks]])
    most = 100 * (policyfile.built_in().thresholds.perplexity_rise.limit or 0.0)
    limit = pg.InfiniteLine(bent(most), pen=pg.mkPen(look.line, width=look.ratio * 2))
    limit.setZValue(-10)
    plot.addItem(limit)
    said = pg.TextItem("the policy's limit", color=look.soft, angle=90, anchor=(0.5, 0))
    said.setFont(look.font("small"))
    said.setPos(bent(most), 30)
    plot.addItem(said)
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
        plot.getAxis("bottom").setTicks([[(tick, f"{tick:,.0f}") for tick in _ticks(top)]])
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


def _painted(reports: list[dict]) -> list[tuple[str, list[dict]]]:
    """The last arm first, so that `sleep` lies on top."""
    return _by_arm(reports)[::-1]


def _names_at_the_edge(plot: Chart, names: list[tuple[str, float]], x: float, look: Look) -> None:
    """Every line's name at its end, moved apart where ends are close, with a thin line to where it belongs."""
    step = plot.getViewBox().viewRect().width() * 0.03
    for (arm, value), at in zip(names, apart([value for _, value in names], 100 * GAP, 100), strict=True):
        plot.plot([x, x + step], [value, at], pen=pg.mkPen(hue(arm, look), width=look.ratio))
        label = pg.TextItem(called(arm), color=hue(arm, look), anchor=(0, 0.5))
        label.setFont(look.strong("small") if arm == "sleep" else look.font("small"))
        label.setPos(x + step, at)
        plot.addItem(label)


def _names_beside(plot: Chart, points: list, near: float, far: float, look: Look) -> None:
    """Every point's name beside it; where points crowd, names are moved apart and tied to their points."""
    step = (far - near) * 0.022
    places = crowded([(x / max(1e-9, far - near), y) for _, x, y, _ in points])
    for (arm, x, y, end), at in zip(points, places, strict=True):
        if abs(at - y) > 1.5:
            plot.plot([x, end + step], [y, at], pen=pg.mkPen(hue(arm, look), width=look.ratio))
        label = pg.TextItem(called(arm), color=hue(arm, look), anchor=(0, 0.5))
        label.setFont(look.strong("small") if arm == "sleep" else look.font("small"))
        label.setPos(end + step * (0.5 if end > x + step else 1), at)
        plot.addItem(label)


def bent(percent: float) -> float:
    """A change in percent on an axis that is straight near nothing and logarithmic far away."""
    return float(np.arcsinh(percent / BENT))


def _ticks(top: float) -> list[float]:
    """From nothing to the top in round steps, five or so."""
    rough = top / 4
    unit = 10 ** np.floor(np.log10(rough))
    step = float(next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough))
    return [step * number for number in range(int(top / step) + 1)]


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
