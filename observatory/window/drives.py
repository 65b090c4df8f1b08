"""The drives dock: the dials, the goal, and the episodes as the next night would draw them, with the reason for each.

Ranks again at every move of a dial, by the protocol's own formula. It sets nothing itself: the goal and the dials are
asked for by the window, and the mind decides what it sees in an episode.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QSplitter, QStackedWidget, QWidget

from ..protocol.commands import EPISODE_TEXT_LIMIT
from . import words
from .dials import Dials
from .dock import Dock, EmptyPage, OneLine, column, either, label, row
from .look import Look
from .ranked import BARS, FIGURES, RankedTable
from .ranking import Ranking, waiting
from .stacks import DriveLegend
from .story import Story
from .theme import GRID, drive_mark
from .triangle import Triangle

RANK_MS = 30
"""After the first move of a dial; however fast it is turned, the list is ranked no more often than this."""
INVITATION = (
    "Every episode that is told is looked at by three drives: curiosity sees what was surprising, focus what is close "
    "to the goal, fear what went badly or is expected to. They will stand here as the next night would draw them. "
    "Tell the mind something in Talk (Ctrl+1)."
)
ALL_SLEPT_ON = "Every episode was slept on: nothing waits for the next night.\nAll shows how the drives rank them."
UNSEEN = "Nothing lies between the drives: none of them sees anything in these episodes."


class DrivesDock(Dock):
    """`goal_wanted(text)`, `turned`: the dials were moved; `episode_wanted(number)`: one was opened."""

    topic = "drives"
    goal_wanted = Signal(str)
    turned = Signal()
    episode_wanted = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("Drives", "drivesDock", look)
        self.story = story
        self.ranking = Ranking()
        self._shown: tuple = ()
        self.governed = False
        self.goal = QLineEdit()
        self.goal.setMaxLength(EPISODE_TEXT_LIMIT)
        self.goal.setAccessibleName("What the mind is after")
        self.goal.returnPressed.connect(lambda: self.goal_wanted.emit(self.goal.text().strip()))
        self.dials, self.legend, self.triangle = Dials(look), DriveLegend(look), Triangle(look)
        self.tonight = label("", "softSmall", wrap=True)
        # One line each, always there: nothing may move under a pointer that chooses in the triangle.
        self.detail, self.reason = OneLine(), OneLine("soft")
        self.table = RankedTable(story, look)
        self.all_button, self.twin_button = self._chip("All", "Those that were slept on too"), self._chip(
            "Table", "The same numbers as a table"
        )  # fmt: skip
        self.triangle.name = lambda place: words.name(self.ranking.episodes[place].told, most=80)
        self._lay_out()
        self._wire()

    def _chip(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName("chip")
        made.setCheckable(True)
        made.setToolTip(words.tip(tip))
        return made

    def _lay_out(self) -> None:
        inside = column(self.body, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addLayout(row(label("Goal", "heading"), self.goal, gap=2 * GRID))
        inside.addWidget(self.dials)
        presets = row(*self.dials.chips.values(), self.tonight, self.all_button, self.twin_button)
        presets.setStretch(len(self.dials.chips), 1)
        inside.addLayout(presets)
        full = QWidget()
        below = column(full, gap=GRID)
        below.addLayout(row(self.legend, None))
        self.split = QSplitter()
        self.split.addWidget(self.table)
        self.split.addWidget(self.triangle)
        self.table.setMinimumHeight(60)
        self.split.setSizes([580, 340])
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.nothing = label(ALL_SLEPT_ON, "soft", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.lists = QStackedWidget()
        self.lists.addWidget(self.nothing)
        self.lists.addWidget(self.split)
        below.addWidget(self.lists, 1)
        page = column(gap=2)
        page.addWidget(self.detail)
        page.addWidget(self.reason)
        below.addLayout(page)
        self.empty = EmptyPage("No drive has seen anything yet", INVITATION)
        self.pages = either(self.empty, full)
        inside.addWidget(self.pages, 1)

    def _wire(self) -> None:
        self._soon = QTimer(self, singleShot=True, interval=RANK_MS)
        self._soon.timeout.connect(self.rank_again)
        self.dials.turned.connect(self._turned)
        self.all_button.toggled.connect(lambda _: self.refresh())
        self.twin_button.toggled.connect(self._twin)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show())
        self.table.activated.connect(lambda _: self._open(self.table.chosen()))
        self.triangle.pointed.connect(self.table.go_to)
        self.triangle.opened.connect(self._open)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.legend.look = look
        self.legend.updateGeometry()
        for each in (self.dials, self.table, self.triangle):
            each.restyle(look)

    def take_focus(self) -> None:
        self.dials.sliders["curiosity"].setFocus()

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        story = self.story
        self.lend()
        self._say_goal()
        self._say_dials()
        shown = (story.rankings, self.all_button.isChecked())
        if shown != self._shown:
            self._shown = shown
            self._fill()
        self.table.viewport().update()
        self.pages.setCurrentIndex(1 if any(e.score is not None for e in story.episodes) else 0)

    def lend(self) -> None:
        """Whether it is seen or not: a night takes the dials along."""
        if self.story.ready is not None and self.dials.lend(self.story.ready.drive):
            self.rank_again()

    def _fill(self) -> None:
        """Other episodes, or other scores: everything anew."""
        kept = self.chosen_number
        episodes = self.story.episodes if self.all_button.isChecked() else waiting(self.story.episodes)
        self.ranking = Ranking(episodes, self.dials.drives)
        self.table.follow(self.ranking)
        self.triangle.show_episodes(self.ranking.between(), self.ranking.foremost(), UNSEEN)
        self._show_shares()
        self.lists.setCurrentIndex(int(bool(self.ranking.episodes)))
        place = self.ranking.place_of(kept) if kept else None
        if place is not None:
            self.table.go_to(place)
        self._show()

    def rank_again(self) -> None:
        """The dials stand elsewhere: other shares of the same scores."""
        self._soon.stop()
        self.ranking.rank(self.dials.drives)
        self.table.rows.order_again()
        self._show_shares()
        self._show()

    def _show_shares(self) -> None:
        ranking = self.ranking
        self.legend.show_parts(ranking.by_drive if ranking.episodes else {})
        self.triangle.show_shares(ranking.total, self.dials.drives.built_in.parts())
        self.table.viewport().update()
        unscored = sum(e.score is None for e in self.story.episodes)
        said = f"{len(ranking.episodes):,} {'in all' if self.all_button.isChecked() else 'not slept on'}"
        self.subheading.setText(said + (f", {unscored:,} without scores" if unscored else ""))

    def _say_goal(self) -> None:
        can = self.story.listens
        self.goal.setEnabled(can)
        if not (self.goal.hasFocus() and self.goal.isModified()):
            self.goal.setText(words.literal(self.story.goal))
        self.goal.setPlaceholderText(
            "Nothing in particular. Write what the mind should be after, and press Enter" if can
            else "Nothing in particular. The mind sleeps: a goal can be set when it listens again"
        )  # fmt: skip

    def _say_dials(self) -> None:
        night = self.story.night
        if self.story.asleep and night.opened.drives:
            said = f"Night {night.number} was opened with {words.dials(night.opened.drives)}."
        else:
            named = words.preset(self.dials.drives)
            when = "when the governor proposes it" if self.governed else "Ctrl+L"
            said = f"For the next night ({when}): {f'“{named}”' if named else 'dials of your own'}."
        self.tonight.setText(said)

    def _turned(self) -> None:
        self._say_dials()
        self.turned.emit()
        if not self._soon.isActive():
            self._soon.start()

    def _twin(self, on: bool) -> None:
        self.table.show_columns(FIGURES if on else BARS)
        self.triangle.setVisible(not on)

    # ------------------------------------------------------------ choosing

    @property
    def chosen_number(self) -> int:
        """The chosen episode's number; 0 where none is."""
        place = self.table.chosen()
        return self.ranking.episodes[place].number if place is not None else 0

    def _show(self) -> None:
        place = self.table.chosen()
        self.triangle.choose(place)
        if place is None:
            some = bool(self.ranking.episodes)
            self.detail.say("Choose an episode in the list or in the triangle; Enter opens it." if some else "")
            self.reason.say("")
            return
        episode = self.ranking.episodes[place]
        ranking = self.ranking
        drawn = zip(ranking.drawers, ranking.parts[place].tolist(), strict=True)
        parts = "  ".join(f"{drive_mark(name)} {100 * part:.1f} %" for name, part in drawn)
        name = words.name(episode.told, most=120)
        self.detail.say(f"{100 * self.ranking.total[place]:.1f} % of the draws ({parts}): {name}")
        self.reason.say(episode.score.why)

    def _open(self, place: int | None) -> None:
        if place is not None:
            self.episode_wanted.emit(self.ranking.episodes[place].number)
