"""How strong one episode is in either store, night by night. It draws numbers it is given and knows no events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg

from .charts import Chart
from .look import Look

KEYS = {"hippocampal": ("● hippocampus", "wake", "o"), "cortical": ("■ cortex", "replay", "s")}
"""Field of a strength: how it is named, the hue (of a stage) and the shape of its points."""
FEW = 12
"""Ticks under the nights at most."""


class StrengthChart(Chart):
    """Two lines over nights, from 0 to 1."""

    def __init__(self, look: Look):
        super().__init__("", "after night", "strength", look)
        self.setAccessibleName("Strength in the hippocampus and in the cortex, night by night")
        self.setMinimumSize(160, 96)
        self._nights: Sequence[int] = ()
        self._values: dict[str, Sequence[float]] = {}
        self.lines = {key: self.plot([], []) for key in KEYS}
        self.getAxis("left").setTicks([[(0.0, "0"), (0.5, "½"), (1.0, "1")]])
        self.setYRange(-0.14, 1.2, padding=0)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.draw(self._nights, self._values)

    def draw(self, nights: Sequence[int], values: dict[str, Sequence[float]]) -> None:
        self._nights, self._values = nights, values
        ratio, size = max(self.look.ratio, self.devicePixelRatioF()), self.look.type.small * 0.8
        x = np.arange(len(nights), dtype=float)
        for key, line in self.lines.items():
            _, stage, shape = KEYS[key]
            hue = self.look.stage(stage)
            wide = self.look.type.line * 1.8 * ratio
            line.setData(
                x, np.asarray(values.get(key, ()), dtype=float), pen=pg.mkPen(hue, width=wide),
                symbol=shape, symbolSize=size * ratio, symbolBrush=hue, symbolPen=pg.mkPen(hue),
            )  # fmt: skip
        every = max(1, -(-len(nights) // FEW))
        self.getAxis("bottom").setTicks([[(at, str(night)) for at, night in enumerate(nights) if at % every == 0]])
        self.setXRange(-0.4, max(1, len(nights) - 1) + 0.4, padding=0)
        each = zip(nights, values.get("hippocampal", ()), values.get("cortical", ()), strict=True) if nights else ()
        self.setAccessibleDescription("; ".join(f"after night {n}: {h:.2f} and {c:.2f}" for n, h, c in each))
