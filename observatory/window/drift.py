"""The drift dock: where and how far the slow weights moved, through three lenses, over nights and within the newest.

Units, layers, and what is said inside. It looks on its own timer at what the session's map has worked out so far; the
story only tells it that a night is open. Every number is from the weights, and every picture has a table beside it.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QPushButton, QStackedWidget, QWidget

from ..protocol import events as ev
from . import words
from .dock import Dock, EmptyPage, OneLine, Progress, column, either, label, row
from .driftsaid import Said
from .drifttables import InsideRows, LayerRows, UnitRows
from .drifttime import TimeLine
from .insidelens import InsideLens
from .layerlens import LayerLens
from .look import Look
from .pullers import Pullers
from .story import Story
from .theme import GRID
from .unitlens import UnitLens
from .unitmap import share

LENSES = ("Units", "Layers", "Representations")
WAYS = (
    "Choose a unit with the arrow keys or the pointer, to see which episodes pulled it.",
    "Choose a map with the arrow keys or the pointer, to see which episodes pulled its layer.",
    "Choose a mark, or a row of the table (B), to see whose it is.",
)
LOOK_MS = 250
INVITATION = (
    "Every night adds something to the slow weights. Here it will be seen: which units of the cortex moved, how far, "
    "layer by layer and stop by stop, and where probes and episodes stand inside."
)
NO_WEIGHTS = "A list of events carries no weights. Open the home itself to see where its cortex moved."
LAYING_OUT = "The map is being laid out, some 40 s the first time a model is seen; the layers can be read already (2)."


class DriftDock(Dock):
    topic = "drift"
    episode_wanted = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("Drift", "driftDock", look)
        self.story = story
        self.drift = None
        self.shown = None
        self._version, self._told_lost = -1, False
        self._chosen: tuple[str, int] | None = None
        self.units, self.layers, self.inside = UnitLens(look), LayerLens(look), InsideLens(look)
        self.tables = UnitRows(look), LayerRows(look), InsideRows(look)
        self.time = TimeLine(look)
        self.buttons = [QPushButton(name) for name in LENSES]
        self.twin = QPushButton("Table")
        self.detail = OneLine("small")
        self.pullers = Pullers()
        self.again = QPushButton("Start the map again")
        self.again.clicked.connect(self.start)
        self.waits, self.bar = label("", "soft", wrap=True), Progress()
        self.empty = EmptyPage("No drift to show yet", INVITATION)
        self.empty.block.addWidget(self.again)
        self.again.hide()
        self._lay_out()
        self._connect()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look_again)

    # ------------------------------------------------------------ making

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=GRID // 2)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        self._group = QButtonGroup(self)
        for place, button in enumerate(self.buttons):
            button.setObjectName("chip")
            button.setCheckable(True)
            button.setToolTip(words.tip(f"{LENSES[place]} ({place + 1})"))
            self._group.addButton(button, place)
        self.buttons[0].setChecked(True)
        self.twin.setObjectName("chip")
        self.twin.setCheckable(True)
        self.twin.setToolTip(words.tip("The true numbers as a table, sorted by change (B)"))
        inside.addLayout(row(*self.buttons, None, self.twin))
        self.bar.setAccessibleName("How far the layout is")
        self.waiting = QWidget()
        column(self.waiting, gap=2).addWidget(self.waits)
        self.waiting.layout().addWidget(self.bar)
        inside.addWidget(self.waiting)
        self.lenses = QStackedWidget()
        for place, lens in enumerate((self.units, self.layers, self.inside)):
            twins = QStackedWidget()
            twins.addWidget(lens)
            twins.addWidget(self.tables[place].table)
            self.lenses.addWidget(twins)
        inside.addWidget(self.lenses, 1)
        inside.addWidget(self.detail)
        inside.addLayout(row(self.pullers, None))
        inside.addWidget(self.time)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def _connect(self) -> None:
        self._group.idClicked.connect(self.show_lens)
        self.twin.toggled.connect(lambda _: self._draw())
        self.time.moved.connect(lambda _: self._draw())
        self.units.pointed.connect(lambda place: self._choose("unit", self.said.unit_of(place)))
        self.units.opened.connect(lambda place: self._open("unit", self.said.unit_of(place)))
        self.units.name_units(lambda place: self.said.unit(self.said.unit_of(place)))
        self.layers.pointed.connect(lambda layer: self._choose("layer", layer))
        self.inside.pointed.connect(lambda place: self._choose("row", place))
        self.inside.layer.currentIndexChanged.connect(lambda _: self._draw_table())
        self.tables[0].puller = lambda unit: self.said.first_puller(unit)
        self.tables[2].name = lambda place: self.said.row(place)
        for place, rows in enumerate(self.tables):
            rows.table.selectionModel().currentRowChanged.connect(lambda *_, place=place: self._row_chosen(place))
            rows.table.activated.connect(lambda *_, place=place: self._row_opened(place))
        self.pullers.wanted.connect(self.episode_wanted)
        for place in range(len(LENSES)):
            self._key(str(place + 1), lambda place=place: self.show_lens(place))
        self._key("B", self.twin.toggle)
        self._key("A", self.units.plain.toggle)
        self._key("T", self.units.trails.toggle)
        self._key("P", self.time.play.toggle)

    def _key(self, key: str, do) -> None:
        made = QShortcut(QKeySequence(key), self.body)
        made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.activated.connect(do)

    # ------------------------------------------------------------ the session's map

    def attach(self, drift) -> None:
        """What works out drift in this session, or nothing where there are no weights."""
        self.drift = drift
        self._timer.start()
        self.look_again()

    def detach(self) -> None:
        self._timer.stop()
        self.time.play.setChecked(False)

    def start(self) -> None:
        """Start the map, or another after one was lost."""
        if self.drift is not None:
            self._told_lost = False
            self.drift.open()
            self.look_again()

    def look_again(self) -> None:
        if self.drift is None:
            return
        now = self.drift.look()
        if now.phase == "off" and (self.seen or self.story.asleep):
            self.drift.open()
            now = self.drift.look()
        if now.phase == "lost" and not self._told_lost:
            self._told_lost = True
            self.story.take(ev.Notice(
                level="warning", title="The drift map ended", text=now.problem, remedy=now.remedy, action="drift-again"
            ))  # fmt: skip
        if now.version != self._version and self.seen:
            self._version, self.shown = now.version, now
            self.time.follow([stop.name for stop in now.stops])
            self._draw()

    # ------------------------------------------------------------ drawing

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        for each in (self.units, self.layers, self.inside, self.time, *(rows.table for rows in self.tables)):
            each.restyle(look)
        self._draw()

    def refresh(self) -> None:
        self.look_again()
        self._draw()

    def show_lens(self, place: int) -> None:
        self.buttons[place].setChecked(True)
        self._draw()
        self.take_focus()

    def take_focus(self) -> None:
        if self.pages.currentIndex() == 0:
            (self.again if self.again.isVisible() else self.body).setFocus()
        elif self.twin.isChecked():
            self.tables[self.lens].table.setFocus()
        else:
            (self.units.map, self.layers.heat, self.inside.layer)[self.lens].setFocus()

    @property
    def lens(self) -> int:
        return self._group.checkedId()

    @property
    def stop(self):
        stops = self.shown.stops
        return stops[min(self.time.now, len(stops) - 1)]

    def _draw(self) -> None:
        shown = self.shown
        if shown is None or not shown.stops or (shown.picture is None and shown.courses is None):
            self._draw_empty(shown)
            return
        self.pages.setCurrentIndex(1)
        self.lenses.setCurrentIndex(self.lens)
        self.lenses.currentWidget().setCurrentIndex(int(self.twin.isChecked()))
        self._draw_waiting()
        if self.drift is not None:
            self.drift.want(self.stop.key)
        if self.lens == 0:
            self._draw_units()
        elif self.lens == 1:
            self._draw_layers()
        else:
            self._draw_inside()
        self._draw_table()
        self._say_detail()
        nights = sum(stop.kind == "night" for stop in shown.stops)
        self.subheading.setText(f"{words.plural(nights, 'night')} in the cortex  ·  {self.stop.name}")

    def _draw_empty(self, shown) -> None:
        self.pages.setCurrentIndex(0)
        self.subheading.setText("")
        lost = shown is not None and shown.phase == "lost"
        self.again.setVisible(lost)
        if self.drift is None:
            said = f"{INVITATION} {NO_WEIGHTS}"
        elif shown is None:
            said = f"{INVITATION} It is worked out when this dock is looked at (Alt+3)."
        else:
            said = " ".join(filter(None, (shown.problem, shown.remedy, _sentence(shown.what)))) or INVITATION
        self.empty.text.setText(words.literal(said))

    def _draw_waiting(self) -> None:
        shown = self.shown
        said = ""
        if shown.phase == "laying out" and shown.picture is None:
            said = f"{LAYING_OUT} {_sentence(shown.what)}"
        elif shown.phase in ("waits", "warming") and shown.picture is None:
            said = _sentence(shown.what)
        elif shown.problem:
            said = f"{shown.problem} {shown.remedy}"
        elif self.lens == 0 and shown.picture is not None and self.stop.key not in shown.moved:
            said = "The units of this stop are being placed."
        self.waits.setText(words.literal(said.strip()))
        self.bar.setVisible(bool(said) and shown.part is not None)
        if shown.part is not None:
            self.bar.setRange(0, 1000 if shown.part > 0 else 0)
            self.bar.setValue(round(1000 * shown.part))
        self.waiting.setVisible(bool(said))

    def _draw_units(self) -> None:
        shown, moved = self.shown, self.shown.moved.get(self.stop.key)
        self.units.setVisible(shown.picture is not None)
        if shown.picture is None or moved is None:
            return
        until = shown.stops[: self.time.now]
        between = [shown.moved[stop.key] for stop in until if stop.key in shown.moved and stop.kind != "base"]
        last = max(shown.moved.values(), key=lambda each: each.top)
        self.units.draw(shown.picture, moved, between, last)

    def _draw_layers(self) -> None:
        courses = self.shown.courses
        if courses is not None and self.stop.key in courses.keys:
            names = {stop.key: stop.name for stop in self.shown.stops}
            said = [names.get(key, "") for key in courses.keys]
            self.layers.draw(courses, said, courses.keys.index(self.stop.key))

    def _draw_inside(self) -> None:
        inside = self.shown.inside
        if inside is not None:
            self.inside.name = self.said.row
            self.inside.draw(inside, self.reading)

    @property
    def reading(self) -> int:
        """The last moment at which states were read, up to this stop."""
        stop, readings = self.stop, self.shown.inside.readings
        here = {"base": (0, 0), "step": (stop.night, stop.step)}.get(stop.kind, (stop.night, float("inf")))
        before = [at for at, r in enumerate(readings) if (r.night, r.step if r.step >= 0 else float("inf")) <= here]
        return before[-1] if before else 0

    def _draw_table(self) -> None:
        if not self.twin.isChecked() or self.shown is None or not self.shown.stops:
            return
        units, layers, inside = self.tables
        if self.lens == 0 and (moved := self.shown.moved.get(self.stop.key)) is not None:
            picture = self.shown.picture
            units.layers, units.neurons = picture.names()
            units.on_map = np.full(picture.every, -1, int)
            units.on_map[picture.shown()] = np.arange(len(picture.layers))
            units.relative, units.moving = moved.table, self.units.moving
            units.most = float(moved.table.max(initial=0.0))
            units.table.show_rows(picture.every)
        elif self.lens == 1 and (courses := self.shown.courses) is not None and self.stop.key in courses.keys:
            layers.show(courses.layers, courses.kinds, courses.heat[courses.keys.index(self.stop.key)])
        elif self.lens == 2 and self.shown.inside is not None:
            inside.show(self.shown.inside.rows, self.inside.moved(), self.inside.floor())

    # ------------------------------------------------------------ what is looked at

    @property
    def said(self) -> Said:
        return Said(self.story, self.shown, self.stop)

    def _choose(self, kind: str, which: int) -> None:
        self._chosen = kind, which
        self._say_detail()

    def _open(self, kind: str, which: int) -> None:
        """The episode behind it, if one is known."""
        self._choose(kind, which)
        if kind == "row":
            what, number, _ = self.shown.inside.rows[which]
            if what == "episode":
                self.episode_wanted.emit(number)
        elif found := self.said.pullers(kind, which):
            self.episode_wanted.emit(found[0][0])

    def _say_detail(self) -> None:
        of_lens = ("unit", "layer", "row")[self.lens]
        kind, which = self._chosen if self._chosen is not None else ("", 0)
        found: list[tuple[int, float]] = []
        if kind != of_lens:
            self.detail.say(WAYS[self.lens])
        elif kind == "unit":
            found = self.said.pullers(kind, which)
            self.detail.say(self.said.unit(which) + self.said.by_whom(found))
        elif kind == "layer":
            found = self.said.pullers(kind, which)
            chosen = self.layers.heat.chosen
            said = self.layers.heat.said(*chosen) if chosen else f"layer {which}"
            self.detail.say(said[:1].upper() + said[1:] + self.said.by_whom(found))
        else:
            what, number, _ = self.shown.inside.rows[which]
            much = self.inside.moved()[which]
            how = "not read here" if np.isnan(much) else f"moved by {share(float(much))}"
            self.detail.say(f"{what.capitalize()}: {self.said.row(which)}: {how}")
            found = [(number, 0.0)] if what == "episode" else []
        self.pullers.show_episodes(found, self.said.episode)

    # ------------------------------------------------------------ the tables

    def _row_chosen(self, place: int) -> None:
        at = self.tables[place].table.chosen()
        if at is None:
            return
        if place == 0:
            where = self.tables[0].on_map[at]
            self.units.map.choose(int(where) if where >= 0 else None)
            self._choose("unit", at)
        elif place == 1:
            self.layers.heat.chosen = self.tables[1].places[at]
            self._choose("layer", self.tables[1].layers[self.tables[1].places[at][0]])
        else:
            self.inside.ring = self.tables[2].here[at]
            self._choose("row", self.inside.ring)

    def _row_opened(self, place: int) -> None:
        self._row_chosen(place)
        if self._chosen is not None:
            self._open(*self._chosen)


def _sentence(said: str) -> str:
    said = said.strip()
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '!', '?')) else '.'}" if said else ""
