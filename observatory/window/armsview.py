"""The exam's third page: what this home recalls night by night, beside the arms of a comparison that was kept.

It reads the kept reports when it is looked at, and says which command makes some where there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QWidget

from .. import resources
from ..host import keptreports
from ..host.keptreports import Comparison, KeptError
from . import words
from .arms import Course, Point, courses, kinds, rows
from .armstyle import HOME, SHAPES, called, dots, hue, pen, size
from .changes import kind_words
from .charts import Chart
from .dock import EmptyPage, chip, column, either, label, row
from .lived import Night
from .look import Look
from .tables import Column, Table
from .theme import GRID

COMMAND = "observatory bench --days told --seeds 0"
NOTHING = (
    f"In a terminal, {COMMAND} lets every arm live the same day and keeps what it recalled. It takes hours on a "
    "processor, goes on where it was stopped, and stands here when it is done."
)
MARK = 11.0


def _percent(point: Point | None) -> str:
    if point is None:
        return "–"
    spread = f"  ({100 * point.low:.0f} to {100 * point.high:.0f})" if point.high > point.low else ""
    return f"{100 * point.middle:.0f} %{spread}"


def _name(course: Course) -> str:
    return "This home" if course.arm == HOME else called(course.arm).capitalize()


COLUMNS = (
    Column("Arm", lambda r: _name(r.course), lambda r: r.course.arm, stretch=True,
           colour=lambda r, look: hue(r.course.arm, look)),
    Column("Seeds", lambda r: f"{r.course.seeds:,}", lambda r: r.course.seeds, number=True, width=70),
    Column("After night", lambda r: str(r.night) if r.night else "before", lambda r: r.night, number=True, width=100),
    Column("All questions so far", lambda r: _percent(r.every), lambda r: r.every.middle if r.every else -1.0,
           number=True, width=170, about="Right with the cortex alone; lowest to highest seed where they differ"),
    Column("First day's questions", lambda r: _percent(r.first), lambda r: r.first.middle if r.first else -1.0,
           number=True, width=170, about="The same for what the first day taught: what is retained"),
)  # fmt: skip


class Recall(Chart):
    """Lines over nights, in per cent; this home lies on top."""

    def __init__(self, title: str, of: Callable[[Course], Sequence[Point]], look: Look):
        super().__init__(title, "after night", "right, %", look)
        self._of, self.drawn = of, []

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.draw(self.drawn)

    def draw(self, found: Sequence[Course]) -> None:
        self.drawn = list(found)
        self.clear()
        ratio, last = max(self.look.ratio, self.devicePixelRatioF()), 1
        for course in reversed(self.drawn):
            x = np.array([point.night for point in self._of(course)], float)
            y = np.array([100 * point.middle for point in self._of(course)])
            if len(x):
                last = max(last, int(x[-1]))
                thin = pen(course.arm, self.look, ratio)
                thin.setWidthF(thin.widthF() * self.look.type.line / 2)
                self.plot(x, y, pen=thin, name=_name(course))
                self.addItem(dots(course.arm, x, y, self.look, ratio, MARK * self.look.type.small / 9 * ratio))
        self.setYRange(0, 100, padding=0.06)
        self.setXRange(0, last, padding=0.08)
        ticks = range(0, last + 1, max(1, last // 8))
        self.getAxis("bottom").setTicks([[(n, str(n) if n else "before") for n in ticks]])
        self.setAccessibleDescription("; ".join(
            f"{_name(c)}: " + ", ".join(f"{100 * p.middle:.0f} % after {p.night}" for p in self._of(c)) for c in found
        ))  # fmt: skip


class ArmLegend(QWidget):
    """A line each: the mark, the name and where it ended. The best stands first, this home above all."""

    def __init__(self, look: Look):
        super().__init__()
        self.look, self.found = look, []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.MinimumExpanding)
        self.setAccessibleName("Which line is which, and what each recalls at its end")

    def show_courses(self, found: Sequence[Course]) -> None:
        self.found = list(found)
        self.setAccessibleDescription("; ".join(self.lines()))
        self.updateGeometry()
        self.update()

    def restyle(self, look: Look) -> None:
        self.look = look
        self.updateGeometry()
        self.update()

    def lines(self) -> list[str]:
        return [f"{_name(course)}  {100 * course.end:.0f} %" for course in self.found]

    def _high(self) -> float:
        return QFontMetricsF(self.look.font("small")).height() + GRID / 2

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.look.strong("small"))
        wide = max((metrics.horizontalAdvance(line) for line in self.lines()), default=0.0)
        return QSize(round(wide + self._high() + 2 * GRID), round(self._high() * max(1, len(self.found))))

    minimumSizeHint = sizeHint

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high, of = self._high(), MARK * self.look.type.small / 9
        for place, (course, text) in enumerate(zip(self.found, self.lines(), strict=True)):
            painter.save()
            painter.translate(QPointF(high / 2, (place + 0.5) * high))
            shade = hue(course.arm, self.look)
            drawSymbol(painter, SHAPES.get(course.arm, "o"), size(course.arm, of), _edge(painter, shade), shade)
            painter.restore()
            painter.setFont(self.look.strong("small") if course.arm == HOME else self.look.font("small"))
            painter.setPen(self.look.text)
            box = QRectF(high + GRID, place * high, self.width() - high - GRID, high)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)


def _edge(painter: QPainter, shade):
    edge = painter.pen()
    edge.setColor(shade)
    edge.setWidthF(1.0)
    edge.setCosmetic(True)  # a symbol is a path of one unit, and its size a scale
    return edge


class Arms(QWidget):
    """`folder`: where comparisons are kept."""

    def __init__(self, look: Look, folder: Path | None = None):
        super().__init__()
        self.look, self.folder = look, folder or resources.folder() / "bench"
        self.nights: dict[int, Night] = {}
        self.day_files: list[str] = []
        self.found: list[Comparison] = []
        self.which, self.kind = 0, ""
        self.every = Recall("All questions so far", lambda course: course.every, look)
        self.first = Recall("The first day's questions", lambda course: course.first, look)
        self.legend, self.table = ArmLegend(look), Table(COLUMNS, look, "Recall after each night")
        self.said = label("", "softSmall", wrap=True)
        self.twin_button = chip("Table", "The same numbers as a table")
        self.choices = {"kind": (QButtonGroup(self), QHBoxLayout()), "days": (QButtonGroup(self), QHBoxLayout())}
        self._lay_out()

    def _lay_out(self) -> None:
        full, plots = QWidget(), QWidget()
        charts = row(self.every, self.first, self.legend, gap=2 * GRID)
        charts.setStretch(0, 1)
        charts.setStretch(1, 1)
        plots.setLayout(charts)
        self.twins = QStackedWidget()
        self.twins.addWidget(plots)
        self.twins.addWidget(self.table)
        self.twin_button.toggled.connect(lambda on: self.twins.setCurrentIndex(int(on)))
        head = row(gap=GRID)
        for _, chips in self.choices.values():
            chips.setSpacing(GRID)
            head.addLayout(chips)
            head.addSpacing(GRID)
        head.addStretch(1)
        head.addWidget(self.twin_button)
        inside = column(full, gap=GRID)
        inside.addLayout(head)
        inside.addWidget(self.twins, 1)
        inside.addWidget(self.said)
        self.empty = EmptyPage("No arms to compare with yet", NOTHING)
        self.pages = either(self.empty, full)
        column(self).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        self.look = look
        for each in (self.every, self.first, self.legend, self.table):
            each.restyle(look)

    # ------------------------------------------------------------ what is shown

    def read(self) -> None:
        """The reports as they lie there now; the longest comparison of the same days is chosen, else the longest."""
        before = self.found
        try:
            self.found = keptreports.comparisons(self.folder)
        except KeptError as error:
            self.found = []
            self.empty.title.setText("The kept arms cannot be read")
            self.empty.text.setText(f"{error} What to do: take the file away, and run the command again: {COMMAND}")
        else:
            self.empty.title.setText("No arms to compare with yet")
            self.empty.text.setText(NOTHING)
        if self.found != before:
            self.which = max(range(len(self.found)), key=self._fit, default=0)
            names = [f"{each.days}, {words.plural(each.nights, 'night')}" for each in self.found]
            self._offer("days", names, lambda place: self.choose(which=place))
        self.draw()

    def _fit(self, place: int) -> tuple[bool, bool, int, int]:
        """How well a comparison stands beside this home: the days it began with, or lived later, and many arms."""
        each = self.found[place]
        return self._began_with(each), self._lived(each), len({one["arm"] for one in each.reports}), -place

    def _lived(self, comparison: Comparison) -> bool:
        return not comparison.day_hashes.isdisjoint(self.day_files)

    def _began_with(self, comparison: Comparison) -> bool:
        return not comparison.day_hashes.isdisjoint(self.day_files[:1])

    def show_nights(self, nights: dict[int, Night], day_files: Sequence[str]) -> None:
        self.nights, self.day_files = nights, list(day_files)
        if self.isVisible():
            self.read()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self.read()

    def choose(self, *, which: int | None = None, kind: str | None = None) -> None:
        self.which = self.which if which is None else which
        self.kind = self.kind if kind is None else kind
        self.draw()

    def draw(self) -> None:
        self.pages.setCurrentIndex(int(bool(self.found)))
        if not self.found:
            return
        comparison = self.found[self.which]
        there = kinds(comparison)
        self.kind = self.kind if self.kind in there else next(iter(there), "")
        self._offer("kind", [kind_words(kind) for kind in there], lambda place: self.choose(kind=there[place]))
        for name, at in (("kind", there.index(self.kind) if there else -1), ("days", self.which)):
            for place, button in enumerate(self.choices[name][0].buttons()):
                button.setChecked(place == at)
        found = courses(comparison, self.nights, self.kind)
        for each in (self.every, self.first):
            each.draw(found)
        self.legend.show_courses(found)
        self.table.rows.follow(rows(found))
        self.said.setText(self._words(comparison, found))

    def _words(self, comparison: Comparison, found: Sequence[Course]) -> str:
        one = comparison.reports[0]
        said = f"The arms lived “{comparison.days}” with {one.get('model_name', one['model'])}, {_seeds(found)}. "
        if not any(course.arm == HOME for course in found):
            return said + f"This home has not been examined in questions of the kind “{kind_words(self.kind)}”."
        if self._began_with(comparison):
            return said + "This home lived the same days."
        if self._lived(comparison):
            return said + "This home lived these days after others, so its line was on its way before they came."
        return said + "This home lived other days: compare how the lines run, not how high they stand."

    def _offer(self, name: str, texts: Sequence[str], chosen: Callable[[int], None]) -> None:
        group, chips = self.choices[name]
        if [button.text() for button in group.buttons()] == list(texts):
            return
        for button in group.buttons():
            group.removeButton(button)
            chips.removeWidget(button)
            button.deleteLater()
        for place, text in enumerate(texts):
            button: QPushButton = chip(text, "What is compared" if name == "days" else "Which questions")
            button.clicked.connect(lambda _=False, place=place: chosen(place))
            group.addButton(button)
            chips.addWidget(button)


def _seeds(found: Sequence[Course]) -> str:
    counts = sorted({course.seeds for course in found if course.arm != HOME})
    if not counts:
        return "none of them in this kind of question"
    return words.plural(counts[0], "seed") if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,} seeds"

