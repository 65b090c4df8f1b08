"""The governor's dock: what System M read off the mind, what it decided, and by which rule.

Strips over time above, every decision with its reasons below, and a button that says who opens the nights. It steers
nothing itself: the rules are a file of the mind's.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSplitter, QWidget

from ..protocol import events as ev
from . import words
from .dock import Dock, EmptyPage, chip, column, either, label, row
from .look import Look
from .story import Story
from .strips import Strips
from .tables import Column, Table
from .theme import GRID

MARKS = {
    "encode": "●", "observe": "○", "read memory": "■", "answer alone": "□", "ask": "?", "rest": "–",
    "stay awake": "·", "propose sleep": "◆", "wake": "▲",
}  # fmt: skip
HUES = {"propose sleep": "gate", "ask": "veto", "observe": "weigh", "rest": "dream", "wake": "wake"}
MOMENT_WORDS = {"told": "was told", "asked": "was asked", "idle": "was idle", "night over": "night over"}
INVITATION = (
    "The governor reads how the mind goes (how unsure, how surprised, how full) and decides by a table of rules: "
    "store or only read, remember or answer alone, ask, rest, propose sleep. What it read and what it decided will "
    "stand here with the reasons. Tell or ask something in Talk (Ctrl+1)."
)
OPENS_TIP = "Let the governor open a night whenever it proposes one, without asking; kept for this home"
BY_GOVERNOR = "A night opens by itself when the governor proposes one, with the dials that it names or those in Drives."
BY_PERSON = "Nights are opened by a person (Ctrl+L); what the governor proposes is offered as a notice."


def _hue(decision: ev.GovernorDecided, look: Look) -> QColor | None:
    return look.stage(HUES[decision.choice]) if decision.choice in HUES else None


class GovernorDock(Dock):
    """`episode_wanted(number)`: the episode of a decision was opened; `governed_wanted(on)`: it is to open nights."""

    topic = "governor"
    episode_wanted = Signal(int)
    governed_wanted = Signal(bool)

    def __init__(self, story: Story, look: Look):
        super().__init__("Governor", "governorDock", look)
        self.story = story
        self._shown: list[ev.GovernorDecided] = []
        self.pressure, self.detail = label("", "", wrap=True), label("", "soft", wrap=True)
        self.opens, self.opened_by = chip("Opens nights", OPENS_TIP), label("", "softSmall", wrap=True)
        self.opens.toggled.connect(self.governed_wanted)
        self.show_governed(False)
        self.strips = Strips(look)
        self.table = Table(self._columns(), look, "Decisions")
        self.table.rows.newest_first = True
        self._lay_out()
        self.strips.pointed.connect(self._choose)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._row_chosen())
        self.table.activated.connect(lambda _: self._open())

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("When", lambda d: words.when(d.lived_at, d.at), lambda d: (d.at, d.seq), width=128),
            Column("On", lambda d: MOMENT_WORDS[d.on], lambda d: d.on, width=88,
                   about="What gave it something to decide"),
            Column("Choice", lambda d: f"{MARKS[d.choice]} {d.choice}", lambda d: d.choice, width=124, colour=_hue),
            Column("Why", lambda d: d.why, lambda d: d.why, stretch=True),
            Column("Rule", lambda d: words.line(d.rule), lambda d: d.rule, width=150,
                   about="The first rule in the table that held"),
        )  # fmt: skip

    def _lay_out(self) -> None:
        full, below = QWidget(), QWidget()
        inside = column(full, gap=GRID // 2)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addWidget(self.pressure)
        under = column(below, gap=GRID)
        self.table.setMinimumHeight(60)
        under.addWidget(self.table, 1)
        under.addWidget(self.detail)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.strips)
        split.addWidget(below)
        split.setSizes([330, 170])
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        inside.addWidget(split, 1)
        self.empty = EmptyPage("Nothing decided yet", INVITATION)
        self.pages = either(self.empty, full)
        whole = column(self.body, gap=0)
        top = row(self.opens, self.opened_by, gap=2 * GRID)
        top.setStretch(1, 1)
        top.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        whole.addLayout(top)
        whole.addWidget(self.pages, 1)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.strips.restyle(look)
        self.table.restyle(look)
        # Large type leaves it no room; it stands with the reasons under the table.
        self.table.setColumnHidden(4, look.on_stage)

    def show_governed(self, on: bool) -> None:
        """Who opens the nights of this home."""
        self.opens.setChecked(on)
        self.opened_by.setText(BY_GOVERNOR if on else BY_PERSON)

    def take_focus(self) -> None:
        self.strips.setFocus()

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        decisions = self.story.decisions
        self.pages.setCurrentIndex(int(bool(decisions)))
        if not decisions:
            self.subheading.setText("")
            return
        self._shown = decisions
        self.table.rows.follow(decisions)
        self.strips.show_moments(self.story.moments)
        last = decisions[-1]
        self.subheading.setText(f"{words.plural(len(decisions), 'decision')}  ·  rules {words.short(last.table)}")
        self._say(self.table.chosen() or last)

    def _say(self, decision: ev.GovernorDecided) -> None:
        s = decision.states
        self.pressure.setText(
            f"Sleep pressure {s.pressure:.2f}: surprise not slept on {s.surprise_load:.2f}, and a fast store "
            f"{100 * s.capacity:.0f} % full of what only it knows."
        )
        parts = [words.line(decision.why, 300), f"rule “{words.line(decision.rule, 80)}”"]
        if decision.preset:
            parts.append(f"with the dials “{words.line(decision.preset, 80)}”")
        self.detail.setText("  ·  ".join(parts))

    # ------------------------------------------------------------ choosing

    def _choose(self, decision: int) -> None:
        # Of those that are drawn: the story may have gone to another moment since.
        chosen = self._shown[decision]
        place = self.table.rows.place_of(lambda d: d is chosen)
        if place is not None:
            self.table.selectRow(place)
            self.table.scrollTo(self.table.rows.index(place, 0))

    def _row_chosen(self) -> None:
        index = self.table.currentIndex()
        decision = self.table.chosen()
        self.strips.choose(self.table.rows.shown[index.row()] if decision is not None else None)
        if decision is not None:
            self._say(decision)

    def _open(self) -> None:
        decision = self.table.chosen()
        if decision is not None and decision.episode is not None:
            self.episode_wanted.emit(decision.episode)
