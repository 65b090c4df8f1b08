"""The encoding dock: one episode as it was taken in, and what the last question brought back.

Its text with the surprise of every token, its sparse code among all units, how alike it is to its neighbours on the way
in and on the way out, and what that cost; and where a plugin's store finds, what that one makes of it. Follows the
newest episode until another is chosen, here or in another dock. It reckons nothing but counts.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from ..protocol import events as ev
from . import words
from .codes import Codes
from .dock import Dock, EmptyPage, OneLine, chip, column, either, label, row
from .encodedtext import EncodedText
from .lived import Episode, Turn
from .look import Look
from .raster import CodeRaster
from .separation import Separation
from .storepane import StorePane, store_table
from .story import Story
from .tables import Column, Table
from .talk import Legend
from .theme import BITS_AT_THE_TOP, GRID

INVITATION = (
    "What one forward pass leaves behind will stand here: the surprise of every token, the few units that the episode "
    "lights among thousands, how unlike its neighbours that makes it, and what a question brings back. Tell the mind "
    "something in Talk (Ctrl+1)."
)
FIRST = "The first episode of all: there is nothing yet to hold it against."
UNASKED = "Ask the mind something with both memories (Shift+Enter in Talk): what its cue brings back stands here."


class EncodingDock(Dock):
    """`episode_wanted(number)`: an episode was opened. `number` is the one that is shown."""

    topic = "encoding"
    episode_wanted = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("Encoding", "encodingDock", look)
        self.story = story
        self.number = 0
        """The episode that was chosen; 0 follows the newest."""
        self.codes = Codes()
        self._drawn: ev.EpisodeEncoded | None = None
        self.title, self.cost, self.unit = OneLine("heading"), OneLine("soft"), OneLine("soft")
        self.text, self.legend = EncodedText(look), Legend(look)
        self.raster, self.separation = CodeRaster(look), Separation(look)
        self.raster.tell = self._unit_said
        self.asked = label("", "soft", wrap=True)
        self.read = Table(self._read_columns(), look, "What the last question brought back")
        self.tokens = Table(_TOKENS, look, "Tokens")
        self.units = Table(self._unit_columns(), look, "Units of the code")
        self.near = Table(self._near_columns(), look, "Nearest episodes")
        self.newest_button = chip("Newest", "Follow the newest episode")
        self.store, self.writes = StorePane(look), store_table(self._head, look)
        self.store_button = chip("Store", "What the plugin's store that finds here wrote and brings back")
        self.store_button.setChecked(True)
        self.store_button.hide()
        self.twin_button = chip("Table", "The same numbers as tables")
        self.newest_button.setChecked(True)
        self._lay_out()
        self._wire()

    # ------------------------------------------------------------ columns

    def _name(self, number: int, most: int = 40) -> str:
        episode = self.story.by_number.get(number)
        return words.name(episode.told if episode else None, number, most)

    def _head(self, number: int) -> str:
        """Its first words alone, where there is little room."""
        episode = self.story.by_number.get(number)
        return words.line(episode.told.text, 60) if episode else f"episode {number}"

    def _read_columns(self) -> tuple[Column, ...]:
        def share(title: str, field: str, stage: str, about: str) -> Column:
            return Column(title, lambda r: f"{getattr(r, field):.2f}" if getattr(r, field) else "–",
                          lambda r: getattr(r, field), number=True, width=112, figure=44, about=about,
                          bar=lambda r, look: (getattr(r, field) or None, look.stage(stage)))  # fmt: skip

        return (
            Column("Episode", lambda r: self._head(r.episode), lambda r: r.episode, stretch=True,
                   tip=lambda r: self._name(r.episode, 200),
                   colour=lambda r, look: None if r.weight else look.soft),
            share("Match", "match", "rehearse", "How well it completes the cue, from 0 to 1"),
            share("Attention", "mass", "replay", "The share of the cortex's attention that went to it"),
        )  # fmt: skip

    def _unit_columns(self) -> tuple[Column, ...]:
        def others(unit: int) -> int:
            return int(self.codes.uses[unit]) - 1

        return (
            Column("Unit", lambda u: f"{u:,}", lambda u: u, number=True, width=54),
            Column("Strength", lambda u: f"{self.raster.lit.get(u, 0.0):.2f}", lambda u: self.raster.lit.get(u, 0.0),
                   number=True, width=84, figure=44,
                   bar=lambda u, look: (self.raster.lit.get(u, 0.0), look.stage("replay")),
                   about="Beside the strongest of this code"),
            Column("Others", lambda u: f"{others(u):,}", others, number=True, width=60,
                   about="Other episodes that have this unit"),
            Column("New", lambda u: "○" if u in self.raster.new else "", lambda u: u not in self.raster.new,
                   stretch=True, about="Lit for the first time"),
        )  # fmt: skip

    def _near_columns(self) -> tuple[Column, ...]:
        def overlap(title: str, field: str, about: str) -> Column:
            def value(o: ev.Overlap) -> float:
                found = getattr(o, field)
                return -1.0 if found is None else found

            return Column(title, lambda o: "–" if value(o) < 0 else f"{value(o):.2f}", value, number=True, width=66,
                          about=about)  # fmt: skip

        return (
            Column("Episode", lambda o: self._head(o.episode), lambda o: o.episode, stretch=True,
                   tip=lambda o: self._name(o.episode, 200)),
            overlap("States", "states", "Cosine of the mean states of the cortex, before anything is whitened"),
            overlap("Keys", "before", "How well the whitened keys complete each other, token by token"),
            overlap("Codes", "after", "The share of lit units that both have"),
        )  # fmt: skip

    # ------------------------------------------------------------ layout

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        head = row(self.title, self.legend, self.newest_button, self.store_button, self.twin_button)
        head.setStretch(0, 1)
        inside.addLayout(head)
        below = QWidget()
        under = column(below, gap=GRID)
        under.addWidget(self.cost)
        self.twins = QStackedWidget()
        self.twins.addWidget(_beside((320, _titled("Sparse code", self.raster, self.unit)),
                                     (480, _titled("Overlap in, overlap out", self.separation))))  # fmt: skip
        self.twins.addWidget(_beside((190, self.tokens), (280, self.units), (320, self.near)))
        self.twins.addWidget(self.store)
        self.twins.addWidget(self.writes)
        asked = _titled("What the last question brought back", self.read, self.asked)
        sides = QSplitter()
        sides.addWidget(self.twins)
        sides.addWidget(asked)
        sides.setSizes([800, 350])
        sides.setChildrenCollapsible(False)
        under.addWidget(sides, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.text)
        split.addWidget(below)
        split.setSizes([64, 530])
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        inside.addWidget(split, 1)
        self.empty = EmptyPage("Nothing encoded yet", INVITATION)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def _wire(self) -> None:
        self.text.walked.connect(self._walk)
        self.newest_button.clicked.connect(lambda on: self.show_episode(0 if on else self._shown().number))
        self.twin_button.toggled.connect(lambda _: self._choose_twin())
        self.store_button.toggled.connect(lambda _: self._choose_twin())
        self.raster.pointed.connect(lambda unit: self.unit.say(self._unit_said(unit)))
        self.separation.opened.connect(lambda at: self.episode_wanted.emit(self.separation.overlaps[at].episode))
        for table in (self.near, self.read):
            table.activated.connect(lambda _, table=table: self.episode_wanted.emit(table.chosen().episode))

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.legend.look = look
        self.legend.updateGeometry()
        for each in (self.text, self.raster, self.separation, self.read, self.tokens, self.units, self.near,
                     self.store, self.writes):  # fmt: skip
            each.restyle(look)

    def take_focus(self) -> None:
        self.text.setFocus()

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        self._draw_read()
        shown = self._shown()
        if shown is None:
            self.pages.setCurrentIndex(0)
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        ready = self.story.ready
        if ready is not None and len(self.codes.uses) < ready.code_units:
            self.codes = Codes(ready.code_units)
        self.codes.follow(self.story.episodes)
        before, self._drawn = self._drawn, shown.told
        self._draw_episode(shown, lights_up=before is not None and before.episode < shown.number and not self.number)

    def _shown(self) -> Episode | None:
        episodes = self.story.episodes
        return self.story.by_number.get(self.number) or (episodes[-1] if episodes else None)

    def _place(self, episode: Episode) -> int:
        """Where it stands among all; most often it is the newest."""
        at = len(self.story.episodes) - 1
        while self.story.episodes[at] is not episode:
            at -= 1
        return at

    def _draw_episode(self, episode: Episode, *, lights_up: bool) -> None:
        told = episode.told
        code, whole = told.code, len(self.codes.uses)
        place = self._place(episode)
        new = self.codes.new_in(code, place)
        self.title.say(f"{place + 1:,} of {len(self.story.episodes):,}  ·  {words.name(told, most=120)}")
        self.text.show_told(told)
        # One line that a screen can read aloud.
        self.cost.say(
            f"Novelty {told.novelty:.2f}  ·  {words.plural(len(told.tokens), 'token')}, "
            f"{words.bits(episode.mean)} each  ·  read in {told.pass_ms:.1f} ms, filed in {told.code_ms:.1f} ms"
            + (f" ({100 * told.code_ms / told.pass_ms:.0f} % on top)" if told.pass_ms else "")
        )
        most = max(told.strengths, default=1.0) or 1.0
        same = len(told.strengths) == len(code)
        strengths = [s / most for s in told.strengths] if same else [1.0] * len(code)
        self.raster.show_code(self.codes.uses, dict(zip(code, strengths, strict=True)), new, lights_up=lights_up)
        share = f" ({100 * len(code) / whole:.1f} %)" if whole else ""
        self.unit.say(
            self._unit_said(self.raster.chosen) if self.raster.chosen is not None
            else f"{len(code):,} of {whole:,} units lit{share}, {len(new):,} for the first time (ringed)"
        )  # fmt: skip
        self.separation.show_overlaps(told.nearest, [self._head(o.episode) for o in told.nearest], FIRST)
        self.tokens.rows.follow(list(zip(told.pieces, told.surprise, strict=False)))
        self.units.rows.follow(list(code))
        self.near.rows.follow(list(told.nearest))
        self.subheading.setText("the newest" if not self.number else "")
        self._draw_store(episode)

    def _choose_twin(self) -> None:
        """The code and its overlaps, or what a plugin's store makes of it; as figures, or as tables."""
        of_store = self.store_button.isChecked() and bool(self.story.wrote)
        self.twins.setCurrentIndex(2 * of_store + self.twin_button.isChecked())

    def _draw_store(self, episode: Episode) -> None:
        wrote = self.story.wrote
        self.store_button.setVisible(bool(wrote))
        self._choose_twin()
        if not wrote:
            return
        self.store_button.setText(next(reversed(wrote.values())).store.capitalize())
        places = {each.number: place for place, each in enumerate(self.story.episodes, 1)}
        self.store.show_store(episode.number, wrote, places, self.story.store_read, self._head)
        self.writes.rows.follow(list(wrote.values()))

    def _unit_said(self, unit: int) -> str:
        """A unit in a line: how strong, and which other episodes have it."""
        strength = self.raster.lit.get(unit, 0.0)
        shown = self._shown()
        others = self.codes.others(unit, shown.number, self.story.episodes) if shown else []
        many = int(self.codes.uses[unit]) - 1
        if not others:
            return f"Unit {unit:,}: strength {strength:.2f}, in no other episode"
        names = "; ".join(f"“{words.line(e.told.text, 28)}”" for e in others)
        return f"Unit {unit:,}: strength {strength:.2f}, also in {words.plural(many, 'other')}: {names}"

    def _draw_read(self) -> None:
        turn = next((t for t in reversed(self.story.turns) if t.read is not None), None)
        if turn is None:
            self.asked.setText(UNASKED)
            self.read.hide()
            return
        self.asked.setText(_asked(turn))
        chosen = self.read.chosen()
        rows = _rows(turn)
        self.read.setVisible(bool(rows))
        self.read.rows.follow(rows)
        place = self.read.rows.place_of(lambda r: chosen is not None and r.episode == chosen.episode)
        if place is not None:
            self.read.selectRow(place)

    # ------------------------------------------------------------ choosing

    @property
    def chosen_number(self) -> int:
        """The episode that is shown; 0 where there is none."""
        shown = self._shown()
        return shown.number if shown is not None else 0

    def show_episode(self, number: int | None) -> None:
        """Show one episode from now on; 0 follows the newest."""
        newest = self.story.episodes[-1].number if self.story.episodes else 0
        self.number = 0 if number in (None, newest) else number
        self.newest_button.setChecked(not self.number)
        if self.seen:
            self.refresh()
        else:
            self.story.changed.add(self.topic)

    def _walk(self, step: int) -> None:
        shown = self._shown()
        if shown is not None:
            place = self._place(shown) + step
            if 0 <= place < len(self.story.episodes):
                self.show_episode(self.story.episodes[place].number)


_TOKENS = (
    Column("Token", lambda t: t[0], lambda t: t[0].casefold(), stretch=True),
    Column("Surprise", lambda t: words.bits(t[1]), lambda t: t[1], number=True, width=130,
           bar=lambda t, look: (t[1] / BITS_AT_THE_TOP, look.heat(t[1]))),
)  # fmt: skip


def _rows(turn: Turn) -> list[ev.Read]:
    """What was read, with its attention, and then what came near."""
    read = {r.episode for r in turn.reads}
    return [*turn.reads, *(r for r in turn.read.candidates if r.episode not in read)]


def _asked(turn: Turn) -> str:
    read, quoted = turn.read, f"“{words.line(turn.text, 90)}”"
    if not turn.reads:
        return f"{quoted}\nNothing was read" + (f": {words.line(read.why, 160)}" if read.why else "")
    mass, took = sum(r.mass for r in turn.reads), read.search_ms + read.read_ms
    went = f"{100 * mass:.0f} % of the attention went to it" if mass else "the answer is still being said"
    return f"{quoted}\n{words.plural(len(turn.reads), 'episode')} read in {took:.0f} ms; {went}"


def _titled(title: str, plot: QWidget, said: QWidget | None = None) -> QWidget:
    """A plot that takes what room there is, under its title and what is said about it."""
    made = QWidget()
    inside = column(made, gap=GRID // 2)
    inside.addWidget(label(title, "heading"))
    if said is not None:
        inside.addWidget(said)
    inside.addWidget(plot, 1)
    inside.addStretch(0)
    return made


def _beside(*sized: tuple[int, QWidget]) -> QSplitter:
    """Widgets side by side, with the room that each has at first."""
    made = QSplitter()
    for _, widget in sized:
        made.addWidget(widget)
    made.setSizes([wide for wide, _ in sized])
    made.setChildrenCollapsible(False)
    return made
