"""The replay dock: every replay of the night as a tick in its episode's lane, and the chosen one in full.

Draws the newest night of the story. What a replay was is read off its row of the batch; of rows that were watched there
is every token. It decides nothing.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSplitter, QStackedWidget, QWidget

from ..protocol import events as ev
from . import words
from .dock import Dock, EmptyPage, OneLine, chip, column, either, label, row
from .lanes import Lane, Lanes
from .laneview import LaneView
from .lived import Night, Replayed
from .look import Look
from .replaypage import COLUMNS, ReplayPage, Shown
from .story import Story
from .tables import Column, Table
from .theme import GRID, KIND_WORDS, drive_mark
from .ticks import TickLegend

ORDERS = {
    "told": ("As told", "The lanes in the order in which the episodes were told"),
    "replays": ("Most replayed", "What was replayed most stands on top"),
    "value": ("Priority", "What had most of the draws when the night began stands on top"),
    "missed": ("Worst missed", "What the last replay missed most stands on top"),
}
INVITATION = (
    "Every replay of a night will be a mark here, in the lane of its episode: which drive drew it, and when. Dreams "
    "and old material have lanes at the bottom. A mark opens the replay."
)
UNWATCHED = "This row was not watched token by token. Those that were have a dash over their mark; W goes to the next."


class ReplayDock(Dock):
    """`chosen` is a tick, opened or not; `episode_wanted(number)` opens its episode."""

    topic = "replays"
    episode_wanted = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("Replays", "replaysDock", look)
        self.story = story
        self.lanes = Lanes()
        self.view = LaneView(look, self.lane_name, self.tell)
        self.legend, self.page = TickLegend(look), ReplayPage(look)
        self.table = Table(self._columns(), look, "Replays")
        self.token_table = Table(COLUMNS, look, "Tokens of the chosen replay")
        self.detail, self.reason = OneLine(), OneLine("soft")
        self._make_chips()
        self._lay_out()
        self.view.pointed.connect(self._show)
        self.view.opened.connect(self._open)
        self.view.entered.connect(self._open_or_close)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._from_table())
        self.table.activated.connect(lambda _: self._open_or_close())

    # ------------------------------------------------------------ words

    def lane_name(self, key: int | str) -> str:
        return key if isinstance(key, str) else self._name(key, 60)

    def _name(self, number: int | None, most: int = 40) -> str:
        if number is None:
            return "old material"
        episode = self.story.by_number.get(number)
        return words.name(episode.told if episode else None, number, most)

    def tell(self, lane: Lane, tick: int) -> str:
        """A tick in a line."""
        replayed = self.lanes.replayed(lane, tick)
        if replayed is not None:
            item = replayed.item
            drew = f"{drive_mark(item.drive)} {item.drive} drew" if item.drive else KIND_WORDS[item.kind]
            return f"Step {replayed.step:,}  ·  {drew}  ·  {self._name(item.episode, 90)}"
        probed = self._probed(lane, tick)
        found = "recalled it" if probed.recalled else "missed it"
        step = int(lane.steps.values[tick])
        return f"Probe after step {step:,}  ·  a withheld cue {found}  ·  {self._name(lane.key, 90)}"

    def _probed(self, lane: Lane, tick: int) -> ev.ProbedEpisode:
        step = int(lane.steps.values[tick])
        return next(one for probe in self.lanes.night.probes if probe.step == step
                    for one in probe.episodes if one.episode == lane.key)  # fmt: skip

    def _about(self, lane: Lane, tick: int) -> str:
        replayed = self.lanes.replayed(lane, tick)
        if replayed is None:
            probed = self._probed(lane, tick)
            return f"worst word {probed.worst:.1f} nats  ·  need {probed.need:.2f}  ·  gain {probed.gain:.2f}"
        item = replayed.item
        parts = [KIND_WORDS[item.kind], f"loss {item.loss:.2f}"]
        if item.watched is not None:
            parts[-1] += f" before the step, {item.watched.loss_after:.2f} after it"
        elif (later := self._next(lane, tick)) is not None:
            parts[-1] += f", {later.item.loss:.2f} when it came next, in step {later.step:,}"
        parts.append(f"worst word {item.worst:.1f} nats")
        if item.because:
            parts.append(words.line(item.because, 160))
        return "  ·  ".join(parts)

    def _next(self, lane: Lane, tick: int) -> Replayed | None:
        """The next replay in this lane."""
        later = (self.lanes.replayed(lane, at) for at in range(tick + 1, len(lane)))
        return next((each for each in later if each is not None), None)

    def _columns(self) -> tuple[Column, ...]:
        def drew(r: Replayed) -> str:
            return f"{drive_mark(r.item.drive)} {r.item.drive}" if r.item.drive else "–"

        def after(r: Replayed) -> str:
            return f"{r.item.watched.loss_after:.2f}" if r.item.watched is not None else "–"

        return (
            Column("Step", lambda r: f"{r.step:,}", lambda r: r.step, number=True, width=64),
            Column("Drawn by", drew, drew, width=104, colour=lambda r, look: look.drive(r.item.drive)),
            Column("Kind", lambda r: KIND_WORDS[r.item.kind], lambda r: r.item.kind, width=112,
                   colour=lambda r, look: look.kind(r.item.kind)),
            Column("Episode", lambda r: self._name(r.item.episode), lambda r: r.item.episode or 0, width=220),
            Column("Cue", lambda r: r.item.cue, lambda r: r.item.cue.casefold(), stretch=True),
            Column("Loss", lambda r: f"{r.item.loss:.2f}", lambda r: r.item.loss, number=True, width=64),
            Column("After", after, lambda r: r.item.watched.loss_after if r.item.watched else -1.0, number=True,
                   width=64, about="Loss of the same row after the step, where it was watched"),
            Column("Worst", lambda r: f"{r.item.worst:.1f}", lambda r: r.item.worst, number=True, width=64,
                   about="Loss of the row's worst token"),
        )  # fmt: skip

    # ------------------------------------------------------------ layout

    def _make_chips(self) -> None:
        self.chips: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for order, (text, tip) in ORDERS.items():
            self.chips[order] = made = chip(text, tip)
            group.addButton(made)
            made.clicked.connect(lambda _=False, order=order: self.sort(order))
        self.chips["told"].setChecked(True)
        self.twin_button = chip("Table", "The same replays as a table")
        self.twin_button.toggled.connect(self._twin)

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addLayout(row(label("Order", "softSmall"), *self.chips.values(), None, self.twin_button))
        inside.addWidget(self.legend)
        self.twins, self.pages_of_one = QStackedWidget(), QStackedWidget()
        for stack, plot, table in (
            (self.twins, self.view, self.table), (self.pages_of_one, self.page, self.token_table)
        ):  # fmt: skip
            stack.addWidget(plot)
            stack.addWidget(table)
        below = QWidget()
        page = column(below, gap=2)
        page.addWidget(self.detail)
        page.addWidget(self.reason)
        page.addWidget(self.pages_of_one, 1)
        self.pages_of_one.hide()
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.twins)
        self.split.addWidget(below)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setChildrenCollapsible(False)
        inside.addWidget(self.split, 1)
        self.empty = EmptyPage("", INVITATION)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.legend.look = look
        self.legend.updateGeometry()
        for each in (self.view, self.page, self.table, self.token_table):
            each.restyle(look)
        # Large type leaves them no room; they stand under the lanes for the chosen replay.
        for place, each in enumerate(self.table.rows.columns):
            self.table.setColumnHidden(place, look.on_stage and each.title in ("Kind", "Worst"))

    def take_focus(self) -> None:
        self.twins.currentWidget().setFocus()

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        night = self.story.night
        if night is None or not (night.replays or night.probes):
            self.pages.setCurrentIndex(0)
            self.empty.title.setText(f"Night {night.number} has not replayed yet" if night else "No replays yet")
            self.empty.text.setText(INVITATION + ("" if night else " Ctrl+L opens a night."))
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        if self.lanes.night is not night:
            self.lanes = Lanes(night)
            self.lanes.order = next(order for order, made in self.chips.items() if made.isChecked())
        self.lanes.follow()
        if self.twins.currentIndex():
            self._follow_table(night)
        self.view.show_lanes(self.lanes, self._of(night))
        self.legend.show_counts(self.lanes.kinds, bool(night.probes))
        many = sum(len(lane.watched.values) for lane in self.lanes.shown)
        self.subheading.setText(
            f"Night {night.number}, {words.plural(len(night.replays), 'replay')}, {many:,} watched token by token"
        )
        self._show()

    def _of(self, night: Night) -> int:
        last = night.steps[-1] if night.steps else None
        return max(last.of, last.step) if last else max(1, night.opened.steps)

    def _follow_table(self, night: Night) -> None:
        bar = self.table.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 2
        self.table.rows.follow(night.replays)
        if at_end and self.table.chosen() is None:
            self.table.scrollToBottom()

    def sort(self, order: str) -> None:
        """Put the lanes in another order; the chosen tick stays chosen and in sight."""
        self.chips[order].setChecked(True)
        self.lanes.sort(order)
        self.view.again()
        if self.view.chosen is not None:
            self.view.choose(*self.view.chosen)

    def _twin(self, on: bool) -> None:
        self.twins.setCurrentIndex(int(on))
        self.pages_of_one.setCurrentIndex(int(on))
        self.refresh()
        if on and self.chosen is not None:
            replayed = self.lanes.replayed(*self.chosen)
            place = self.table.rows.place_of(lambda r: r is replayed)
            if place is not None:
                self.table.selectRow(place)

    # ------------------------------------------------------------ choosing

    @property
    def chosen(self) -> tuple[Lane, int] | None:
        if self.view.chosen is None or self.view.chosen[0] not in self.lanes.by_key:
            return None
        return self.lanes.by_key[self.view.chosen[0]], self.view.chosen[1]

    @property
    def chosen_number(self) -> int:
        """The episode of the chosen tick; 0 where it is of none."""
        if self.chosen is None:
            return 0
        lane, tick = self.chosen
        replayed = self.lanes.replayed(lane, tick)
        return (replayed.item.episode or 0) if replayed is not None else lane.key

    def _from_table(self) -> None:
        """The chosen row's tick is chosen in its lane."""
        replayed = self.table.chosen()
        if replayed is not None:
            found = self.lanes.tick_of(replayed)
            if found is not None:
                self.view.choose(*found)

    def _show(self) -> None:
        if self.chosen is None:
            self.detail.say("Choose a mark with the arrow keys or the pointer; Enter opens it. + and − look nearer.")
            self.reason.say("")
            return
        lane, tick = self.chosen
        self.detail.say(self.tell(lane, tick))
        self.reason.say(self._about(lane, tick))
        if self.pages_of_one.isVisible():
            self._draw_page()

    def _open(self) -> None:
        """Show the chosen replay in full."""
        if self.chosen is None:
            return
        self._draw_page()
        if not self.pages_of_one.isVisible():
            self.pages_of_one.show()
            high = max(self.split.height(), 200)
            self.split.setSizes([round(high * 0.55), round(high * 0.45)])

    def _open_or_close(self) -> None:
        if self.pages_of_one.isVisible():
            self.pages_of_one.hide()
        else:
            self._open()

    def _draw_page(self) -> None:
        lane, tick = self.chosen
        replayed = self.lanes.replayed(lane, tick)
        if replayed is None:
            told = self.story.by_number.get(lane.key)
            what = Shown("withheld: it is never replayed", None, told.told if told else None,
                         "The episode as it was told, with the surprise that it had then.")  # fmt: skip
        else:
            item = replayed.item
            episode = self.story.by_number.get(item.episode) if item.episode is not None else None
            told = episode.told if episode is not None and item.watched is None else None
            what = Shown(item.cue, item.watched, told, "" if item.watched is not None else UNWATCHED)
        if what != self.page.shown:
            self.page.show_replay(what)
            self.token_table.rows.follow(list(self.page.tokens))

    def keyPressEvent(self, event) -> None:
        if event.text().casefold() == "e" and self.chosen_number:
            self.episode_wanted.emit(self.chosen_number)
        else:
            super().keyPressEvent(event)
