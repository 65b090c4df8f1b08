"""The memory dock: every experience in one table that is searched, sorted and marked, the chosen one below, and SQL.

Reads the story only. Thousands of rows cost what is on the screen.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QSplitter, QTabWidget, QWidget

from . import words
from .choosing import Choosing
from .columns import AT_FIRST, COLUMNS, ON_STAGE_LEFT_OUT
from .console import SqlConsole
from .dock import Dock, EmptyPage, OneLine, column, either, label, row
from .episode import Detail
from .feedback import HowLine
from .filters import read
from .look import Look
from .story import Episode, Story
from .tables import Table
from .theme import GRID

TYPED_MS = 10
"""After a key: two that come together are searched for once."""
LOOKS_MS = 100


class EpisodesDock(Choosing, Dock):
    """Search narrows while typing. What is chosen, one row or several, can be pinned, excluded and written out."""

    topic = "episodes"
    chosen = Signal(int)
    pin_wanted = Signal()
    exclude_wanted = Signal()
    export_wanted = Signal()
    exported = Signal(object)

    def __init__(self, story: Story, look: Look):
        super().__init__("Memory", "episodesDock", look)
        self.story = story
        self.shown: tuple[str, ...] = AT_FIRST
        self._asked = read("")
        self._at: int | None = None
        """The chosen episode's place in the story."""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, or is:pinned")
        self.search.setToolTip(words.tip(
            "Every word must occur in text, speaker, session or goal. is:pinned, is:excluded, is:faded, is:slept, "
            "is:unslept, is:failed, is:worked, speaker:…, session:…, drive:… ask for more; a minus in front asks for "
            "the opposite."
        ))  # fmt: skip
        self.search.setAccessibleName("Search the episodes")
        self.search.setClearButtonEnabled(True)
        self.count = label("", "softSmall")
        self.unclear = OneLine("softSmall")
        self.unclear.hide()
        self.table = Table(COLUMNS, look, "Episodes")
        self.table.several()
        self.detail, self.how, self.console = Detail(story, look), HowLine(look), SqlConsole(look)
        self.page = self.detail.page
        self.how.what.hide()  # the page below says all of it
        self.how.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.pin_button, self.exclude_button = QPushButton("◆ Pin"), QPushButton("× Exclude")
        self.can_mark: Callable[[], bool] = lambda: True
        """Whether a mark could be kept now: not in a recording, and not in the past."""
        self.export_button = QPushButton("Export…")
        self.with_chosen = self._with_chosen()
        self.detail.hide()
        self.with_chosen.hide()
        self.empty = EmptyPage(
            "No episodes yet",
            "Everything the mind is told becomes a row here: when, who, what, and how surprising it was. "
            "Tell it something in Talk (Ctrl+1), or the built-in first day (Ctrl+Shift+O).",
        )
        self._lay_out()
        self._typed = QTimer(self, singleShot=True, interval=TYPED_MS)
        self._typed.timeout.connect(self._filter)
        self.search.textChanged.connect(lambda: self._typed.start())
        self.search.returnPressed.connect(self._to_table)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._say_chosen())
        self.table.letters |= {"p": self.pin_wanted.emit, "x": self.exclude_wanted.emit, "e": self.export_wanted.emit}
        self._export = None
        self._looks = QTimer(self, interval=LOOKS_MS)
        self._looks.timeout.connect(self._look_for_export)
        self.show_columns(AT_FIRST)

    # ------------------------------------------------------------ making

    def _with_chosen(self) -> QWidget:
        line = QWidget()
        for button, signal, tip in (
            (self.pin_button, self.pin_wanted, "Pinned, it never fades from the hippocampus (Ctrl+P; in the table: P)"),
            (self.exclude_button, self.exclude_wanted,
             "Excluded, no later night replays it; it is still read and recalled (Ctrl+E; in the table: X)"),
            (self.export_button, self.export_wanted, "The chosen episodes as Parquet or CSV (Ctrl+Shift+E; E)"),
        ):  # fmt: skip
            button.setObjectName("chip")
            button.setToolTip(words.tip(tip))
            button.setAccessibleDescription(tip)
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            button.clicked.connect(lambda _=False, signal=signal: signal.emit())
        inside = row(self.pin_button, self.exclude_button, self.export_button, self.how)
        inside.setContentsMargins(GRID, 0, 2 * GRID, 0)
        line.setLayout(inside)
        return line

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=0)
        head = row(self.search, *self.choosing_buttons(), self.count)
        head.setStretch(0, 1)
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addLayout(head)
        told = row(self.unclear)
        told.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        inside.addLayout(told)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.table)
        self.split.addWidget(self.detail)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setSizes([260, 150])
        self.split.setChildrenCollapsible(False)
        inside.addWidget(self.split, 1)
        self.pages = either(self.empty, full)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setAccessibleName("Memory")
        self.tabs.addTab(self.pages, "Epi&sodes")
        self.tabs.addTab(self.console, "S&QL")
        self.tabs.setCornerWidget(self.with_chosen)
        self.tabs.currentChanged.connect(lambda _: self._show_buttons())
        column(self.body, gap=0).addWidget(self.tabs)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.table.restyle(look)
        self.detail.restyle(look)
        self.console.restyle(look)
        self._hide_columns()

    # ------------------------------------------------------------ columns

    def show_columns(self, titles: tuple[str, ...]) -> None:
        self.shown = titles
        self._hide_columns()

    def _hide_columns(self) -> None:
        for place, each in enumerate(COLUMNS):
            no_room = self.look.on_stage and each.title in ON_STAGE_LEFT_OUT
            self.table.setColumnHidden(place, no_room or each.title not in self.shown)

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        self.pages.setCurrentIndex(1 if self.story.episodes else 0)
        self.table.rows.values_changed()
        self.table.rows.follow(self.story.episodes)
        self.table.viewport().update()
        self._say_count()
        unslept, faded = self.story.unslept, self.story.faded
        slept = f"{unslept:,} not slept on" if unslept else ("all slept on" if self.story.episodes else "")
        self.subheading.setText(f"{slept}, {faded:,} faded" if faded else slept)
        if self.page.episode is not None:
            self.detail.refresh()
            self._show_how(self.page.episode)
            self._say_chosen()

    def _show_how(self, episode: Episode) -> None:
        told, can = episode.told, self.story.listens and episode.faded is None
        self.how.show_episode(told.episode, words.name(told, most=70), told.outcome, can)

    def _say_count(self) -> None:
        shown, whole = len(self.table.rows.shown), len(self.story.episodes)
        said = words.plural(whole, "episode")
        said = f"{shown:,} of {said}" if shown != whole else said
        stretches = self.table.selectionModel().selection()
        chosen = sum(each.height() for each in stretches)
        self.count.setText(f"{chosen:,} chosen of {said}" if chosen > 1 else said)

    def _filter(self) -> None:
        text, before, asked = self.search.text(), self._asked, read(self.search.text())
        self._asked = asked
        narrower = asked.narrows(before)
        new = [ask.holds for ask in asked.asks if not (narrower and ask in before.asks)]
        self.table.rows.sift(asked.accepts if asked.asks else None, new, text, narrower)
        self._choose_again()
        self.unclear.say(asked.unclear)
        self.unclear.setVisible(bool(asked.unclear))
        self._say_count()

    def _choose_again(self) -> None:
        """What was chosen stays chosen as long as a search leaves it."""
        shown = self.table.rows.shown
        if self._at is not None and self._at in shown:
            self.table.selectRow(shown.index(self._at))
        elif self.page.episode is not None:
            self._show()

    def _to_table(self) -> None:
        self._typed.stop()
        self._filter()
        if self.table.rows.shown:
            self.table.selectRow(0)
            self.table.setFocus()

    # ------------------------------------------------------------ what is chosen

    def picked(self) -> list[Episode]:
        return self.table.picked()

    def all_shown(self) -> list[Episode]:
        return [self.table.rows.row(place) for place in range(len(self.table.rows.shown))]

    def _show(self) -> None:
        episode = self.table.chosen()
        self._at = None if episode is None else self.table.rows.shown[self.table.currentIndex().row()]
        self._show_buttons()
        self.detail.show_episode(episode)
        if episode is not None:
            self._show_how(episode)
            self.chosen.emit(episode.number)

    def _show_buttons(self) -> None:
        """Only where there is something for them to act on; they stand beside the tabs, where they take no row away."""
        self.with_chosen.setVisible(self.tabs.currentIndex() == 0 and self.table.chosen() is not None)

    def _say_chosen(self) -> None:
        episodes = self.picked()
        self.how.setVisible(len(episodes) < 2)
        self._say_count()
        self.pin_button.setText("◆ Unpin" if episodes and all(e.pinned for e in episodes) else "◆ Pin")
        taken = bool(episodes) and all(e.excluded for e in episodes)
        self.exclude_button.setText("× Include again" if taken else "× Exclude")
        can = self.can_mark()
        self.pin_button.setEnabled(can and any(e.pinned or e.faded is None for e in episodes))
        self.exclude_button.setEnabled(can)

    def go_to(self, number: int) -> None:
        """Choose one episode, taking a filter away that hides it."""
        self.tabs.setCurrentIndex(0)
        self.table.rows.follow(self.story.episodes)
        place = self.table.rows.place_of(lambda e: e.number == number)
        if place is None and number in self.story.by_number:
            with QSignalBlocker(self.search):
                self.search.clear()
            self._typed.stop()
            self._filter()
            place = self.table.rows.place_of(lambda e: e.number == number)
        if place is not None:
            self.pages.setCurrentIndex(1)
            self.table.selectRow(place)
            self.table.scrollTo(self.table.rows.index(place, 0))

    # ------------------------------------------------------------ SQL and files

    def show_console(self) -> None:
        self.tabs.setCurrentWidget(self.console)
        self.console.editor.setFocus()

    def wait_for_export(self, asked) -> None:
        """`exported` says when it is written, or why it was not."""
        self._export = asked
        self._looks.start()

    def _look_for_export(self) -> None:
        if self._export is not None and self._export.done:
            answer, self._export = self._export.answer, None
            self._looks.stop()
            self.exported.emit(answer)
