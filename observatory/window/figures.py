"""Pictures of single figures: to the clipboard, as PNG or as SVG, with a file beside them that says what they show.

Every plot is a figure, and every painted widget that says so (`is_figure`). It reads the numbers off what is drawn, so
the file beside a picture holds them too; where they come from the story tells.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsView, QWidget

from .. import __version__
from ..protocol.durable import write
from .story import Story

SCALE = 2
"""Device pixels in one of ours: 300 dots an inch where a figure is printed 13 cm wide."""
KINDS = "Pictures (*.png);;Drawings (*.svg)"
POINTS = 200_000
"""Numbers of one line that are written beside a picture at most."""


def is_figure(widget: QWidget) -> bool:
    return isinstance(widget, pg.PlotWidget) or getattr(widget, "is_figure", False)


def figures(within: QWidget) -> list[QWidget]:
    """Those that can be seen, in reading order."""
    found = [w for w in within.findChildren(QWidget) if is_figure(w) and not w.visibleRegion().isEmpty()]
    return sorted(found, key=lambda w: (w.mapTo(within, QPoint(0, 0)).y(), w.mapTo(within, QPoint(0, 0)).x()))


def picture(widget: QWidget) -> QPixmap:
    pixmap = QPixmap(widget.size() * SCALE)
    pixmap.setDevicePixelRatio(SCALE)
    pixmap.fill(widget.palette().window().color())
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint(widget, painter)
    painter.end()
    return pixmap


def _paint(widget: QWidget, painter: QPainter) -> None:
    if isinstance(widget, QGraphicsView):
        widget.render(painter, QRect(QPoint(0, 0), widget.viewport().size()).toRectF(), widget.viewport().rect())
    else:
        widget.render(painter, QPoint(0, 0))


def copy(widget: QWidget) -> None:
    QGuiApplication.clipboard().setPixmap(picture(widget))


def save(widget: QWidget, path: Path, story: Story, home: str = "") -> list[Path]:
    """The figure, and beside it what it shows. The name's end says which kind; without one it is a PNG."""
    if path.suffix.casefold() not in (".png", ".svg"):
        path = path.with_name(f"{path.name}.png")
    if path.suffix.casefold() == ".svg":
        _draw(widget, path, provenance(widget, story, home))
    elif not picture(widget).save(str(path), "PNG"):
        raise OSError(f"{path} could not be written. Is there space, and may this folder be written to?")
    beside = path.with_name(f"{path.name}.json")
    said = {**provenance(widget, story, home), "picture": path.name, "series": series(widget)}
    write(beside, msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n")
    return [path, beside]


def _draw(widget: QWidget, path: Path, about: dict) -> None:
    drawing = QSvgGenerator()
    drawing.setFileName(str(path))
    drawing.setSize(QSize(widget.size()))
    drawing.setViewBox(QRect(QPoint(0, 0), widget.size()))
    drawing.setTitle(about["figure"])
    drawing.setDescription(f"Sleep Observatory {about['version']}, cortex {about['cortex'] or 'unknown'}")
    painter = QPainter()
    if not painter.begin(drawing):
        raise OSError(f"{path} could not be written. Is there space, and may this folder be written to?")
    _paint(widget, painter)
    painter.end()


def provenance(widget: QWidget, story: Story, home: str = "") -> dict:
    """Where the figure comes from: enough to make it again from the same home."""
    ready, night = story.ready, story.night
    return {
        "figure": name(widget), "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "version": __version__,
        "model": ready.model if ready else "", "model_hash": ready.model_hash if ready else "",
        "base": ready.base if ready else "", "cortex": story.cortex,
        "night": night.number if night else None, "seed": night.opened.seed if night else None,
        "steps": len(night.steps) if night else 0, "events": story.taken, "home": Path(home).name if home else "",
    }  # fmt: skip


def name(widget: QWidget) -> str:
    return widget.accessibleName() or widget.windowTitle() or type(widget).__name__


def series(widget: QWidget) -> list[dict]:
    """The numbers that are drawn, where the figure is a plot: one entry a line, cloud or set of bars."""
    if not isinstance(widget, pg.PlotWidget):
        return []
    out = []
    for item in widget.getPlotItem().items:
        if not item.isVisible():
            continue
        x, y = _numbers(item)
        if x is not None and len(x):
            out.append({"kind": type(item).__name__, "name": str(getattr(item, "name", lambda: "")() or ""),
                        "x": x[:POINTS], "y": y[:POINTS]})  # fmt: skip
    return out


def _numbers(item) -> tuple[list | None, list | None]:
    if isinstance(item, pg.BarGraphItem):
        x, y = item.opts.get("x"), item.opts.get("height")
    elif isinstance(item, pg.PlotDataItem | pg.PlotCurveItem | pg.ScatterPlotItem):
        x, y = item.getData()
    else:
        return None, None
    if x is None or y is None:
        return None, None
    y = np.broadcast_to(np.asarray(y, float), np.shape(x)) if np.ndim(y) == 0 else np.asarray(y, float)
    return [_plain(n) for n in np.asarray(x, float)], [_plain(n) for n in y]


def _plain(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None


def watch(widget: QWidget, asked) -> None:
    """`asked(widget, place)`: its context menu is wanted."""
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    widget.customContextMenuRequested.connect(lambda place: asked(widget, widget.mapToGlobal(place)))
