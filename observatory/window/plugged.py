"""The dock of views that plugins bring: a person chooses one, and its lines are drawn in the window's own look.

A plugin's code never runs on the window's thread, and nothing of one runs before it is chosen. The same numbers stand
in a table beside the lines. It does not know what a view is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QStackedWidget, QWidget

from ..host.views import Chart as Drawn
from ..host.views import Views, handed
from . import words
from .charts import Chart
from .dock import Dock, EmptyPage, column, either, label, row
from .look import Look
from .story import Story
from .tables import Column, Table
from .theme import GRID

HUES = ("replay", "gate", "exam", "dream", "veto", "wake")
SHAPES = ("o", "s", "t", "d", "t1", "star", "p", "h")
MARKS = ("●", "■", "▼", "◆", "▲", "★", "⬟", "⬢")
CHOOSE = "Choose a view"
INVITATION = (
    "Plugins can bring pictures of what is recorded. Choose one above; nothing of a plugin runs before. What ships is "
    "in the folder plugins, your own go into the plugins folder of the home: observatory plugins new NAME --kind view."
)


@dataclass(frozen=True)
class Point:
    line: str
    mark: str
    x: float
    y: float


COLUMNS = (
    Column("Line", lambda p: f"{p.mark} {p.line}", lambda p: p.line, stretch=True),
    Column("Across", lambda p: f"{p.x:,.6g}", lambda p: p.x, number=True, width=110),
    Column("Up", lambda p: f"{p.y:,.4g}", lambda p: p.y, number=True, width=110),
)


class ViewsDock(Dock):
    topic = "views"
    drawn = Signal(str, object, str)

    def __init__(self, story: Story, look: Look):
        super().__init__("Views", "viewsDock", look)
        self.story = story
        self.views: Views | None = None
        self.chart: Chart | None = None
        self.shown: Drawn | None = None
        self._asked: tuple = ()
        self.choice = QComboBox()
        self.choice.setAccessibleName("The view of a plugin that is shown")
        self.choice.addItem(CHOOSE, "")
        self.choice.currentIndexChanged.connect(self._chosen)
        self.about = label("", "soft", wrap=True)
        self.legend = QWidget()
        self.names: list[QLabel] = []
        self.twin_button = QPushButton("Table")
        self.twin_button.setObjectName("chip")
        self.twin_button.setCheckable(True)
        self.twin_button.setToolTip(words.tip("The same numbers as a table"))
        self.table = Table(COLUMNS, look, "The view's numbers")
        self.drawn.connect(self._take)
        self._lay_out()

    def _lay_out(self) -> None:
        full, plot = QWidget(), QWidget()
        self._plot = column(plot, gap=GRID)
        self._legend = column(self.legend, gap=0)
        self._plot.addWidget(self.legend)
        self.twins = QStackedWidget()
        self.twins.addWidget(plot)
        self.twins.addWidget(self.table)
        self.twin_button.toggled.connect(lambda on: self.twins.setCurrentIndex(int(on)))
        column(full, gap=GRID).addWidget(self.twins, 1)
        self.empty = EmptyPage(CHOOSE, INVITATION)
        self.pages = either(self.empty, full)
        head = row(self.choice, self.about, self.twin_button)
        head.setStretch(1, 1)
        inside = column(self.body, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addLayout(head)
        inside.addWidget(self.pages, 1)

    def offer(self, home: Path | None) -> None:
        """The views that this home can show."""
        self.close_views()
        self.views = Views(home)
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItem(CHOOSE, "")
        for one in self.views.offered:
            self.choice.addItem(one.name, one.id)
            self.choice.setItemData(self.choice.count() - 1, one.about, Qt.ItemDataRole.ToolTipRole)
        self.choice.blockSignals(False)

    def close_views(self) -> None:
        if self.views is not None:
            self.views.close()
            self.views = None

    def take_focus(self) -> None:
        self.choice.setFocus()

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.table.restyle(look)
        self._draw()

    # ------------------------------------------------------------ asking

    def _chosen(self) -> None:
        self._asked, self.shown = (), None
        self.refresh()

    def refresh(self) -> None:
        view = self.choice.currentData()
        if self.views is None or not view:
            self._nothing(CHOOSE, INVITATION)
            return
        turns = [turn.answered for turn in self.story.turns if turn.answered is not None]
        ended = [night.closed for night in self.story.nights.values() if night.closed is not None]
        asked = (view, len(self.story.episodes), len(turns), len(ended))
        if asked == self._asked:
            return
        self._asked = asked
        self.about.setText(words.line(self.choice.currentData(Qt.ItemDataRole.ToolTipRole) or ""))
        told = [episode.told for episode in self.story.episodes]
        self.views.ask(view, *handed(told, turns, ended), lambda chart, why: self.drawn.emit(view, chart, why))

    def _take(self, view: str, chart: Drawn | None, why: str) -> None:
        if self.views is None or view != self.choice.currentData():
            return
        for notice in self.views.said():
            self.story.take(notice)
        self.shown = chart
        if chart is None:
            self._nothing("This view was switched off", f"It failed at {words.line(why)}. All else goes on without it.")
        elif not any(chart.lines.values()):
            self._nothing("Nothing to draw yet", "It has no numbers so far. Tell the mind something and ask it.")
        else:
            self._draw()

    def _nothing(self, title: str, text: str) -> None:
        self.pages.setCurrentIndex(0)
        self.empty.title.setText(title)
        self.empty.text.setText(text)
        self.subheading.setText("")
        self.twin_button.setEnabled(False)

    # ------------------------------------------------------------ drawing

    def _draw(self) -> None:
        if self.shown is None or not any(self.shown.lines.values()):
            return
        if self.chart is not None:
            self._plot.removeWidget(self.chart)
            self.chart.deleteLater()
        shown = self.shown
        title, across, up = (words.line(text) for text in (shown.title, shown.across, shown.up))
        self.chart = Chart("", across, up, self.look)
        self.chart.setAccessibleName(title)
        self.chart.restyle(self.look)
        self._plot.addWidget(self.chart, 1)
        ratio, points = max(self.look.ratio, self.devicePixelRatioF()), []
        for name in self.names:
            self._legend.removeWidget(name)
            name.deleteLater()
        self.names = []
        for at, (name, line) in enumerate(shown.lines.items()):
            hue, shape = self.look.stage(HUES[at % len(HUES)]), at % len(SHAPES)
            x, y = (np.array([point[axis] for point in line], float) for axis in (0, 1))
            self.chart.plot(x, y, pen=pg.mkPen(hue, width=ratio * self.look.type.line))
            edge = pg.mkPen(self.look.panel, width=ratio)
            dots = pg.ScatterPlotItem(x, y, symbol=SHAPES[shape], size=10, brush=hue, pen=edge)
            self.chart.addItem(dots)
            said = words.line(name)
            self.names.append(label(f"{MARKS[shape]} {said}", "small"))
            self.names[-1].setStyleSheet(f"color: {hue.name()};")
            self._legend.addWidget(self.names[-1])
            points += [Point(said, MARKS[shape], float(a), float(b)) for a, b in line]
        _whole_ticks(self.chart, [point.x for point in points])
        self.chart.setAccessibleDescription(f"{title}: {len(shown.lines)} lines, {len(points)} points, in the table")
        self.table.rows.follow(points)
        self.pages.setCurrentIndex(1)
        self.twin_button.setEnabled(True)
        self.subheading.setText(title)


def _whole_ticks(chart: Chart, places: list[float]) -> None:
    """Where only whole numbers are counted across, nothing stands between them: at most a dozen ticks."""
    if not all(place.is_integer() for place in places):
        return
    first, last = int(min(places)), int(max(places))
    step = max(1, -(-(last - first) // 12))
    chart.getAxis("bottom").setTicks([[(at, f"{at:,}") for at in range(first, last + 1, step)]])
