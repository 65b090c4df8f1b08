"""How the arms of a comparison are drawn: a shape, a hue and a line for each, the same in the window and in plots.

Arms whose cortex never learns have dashes.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from ..host.keptreports import WITH_ITS_STORE
from ..host.report import FROZEN
from .look import Look

HOME = "this home"
SHAPES = {
    "sleep": "o", "none": "t", "retrieval": "s", "finetune": "d", "lora": "t1", "uniform": "p", "no-dreams": "h",
    "no-anchor": "star", HOME: "o",
}  # fmt: skip
BIGGER = {"star": 1.9, "d": 1.3, "t": 1.25, "t1": 1.25}
"""Shapes that fill little of their square."""


def hue(arm: str, look: Look) -> QColor:
    """Hues of the palette, all of which can be read on the panel; what never trains is grey."""
    p = look.palette
    return QColor({
        "sleep": p.accent, "none": p.soft, "retrieval": p.text, "finetune": p.wrong, "lora": p.stages["gate"],
        "uniform": p.right, "no-dreams": p.stages["dream"], "no-anchor": p.kinds["dream"], HOME: p.text,
    }.get(arm, p.soft))  # fmt: skip


def called(arm: str) -> str:
    return "retrieval (its store)" if arm == WITH_ITS_STORE else arm


def pen(arm: str, look: Look, ratio: float):
    width = ratio * {HOME: 5.0, "sleep": 4.5}.get(arm, 2.5)
    dashed = Qt.PenStyle.DashLine if arm in FROZEN else Qt.PenStyle.SolidLine
    return pg.mkPen(hue(arm, look), width=width, style=dashed)


def size(arm: str, of: float) -> float:
    return of * BIGGER.get(SHAPES.get(arm, "o"), 1.0)


def dots(arm: str, x: Sequence[float], y: Sequence[float], look: Look, ratio: float, of: float = 11):
    edge = pg.mkPen(look.panel, width=ratio)
    return pg.ScatterPlotItem(
        x, y, symbol=SHAPES.get(arm, "o"), size=size(arm, of), brush=hue(arm, look), pen=edge, pxMode=True,
        useCache=False,
    )  # fmt: skip
