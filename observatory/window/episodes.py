"""The episodes dock: every experience in one table that is searched and sorted, and the chosen one below.

Reads the story only. Thousands of rows cost what is on the screen.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QLineEdit, QSizePolicy, QSplitter, QWidget

from . import words
from .dock import Dock, EmptyPage, column, either, label, row
from .feedback import HowLine, hue, went
from .look import Look
from .story import Episode, Story
from .tables import Column, Table
from .theme import BITS_AT_THE_TOP, GRID
from .tokens import TokenText


def _nights(episode: Episode) -> str:
    return ", ".join(str(n) for n in episode.nights) or "not yet"


def _speaker(episode: Episode) -> str:
    return "You" if episode.told.speaker == "user" else episode.told.speaker


def _strength(place: str, stage: str, title: str, width: int, about: str) -> Column:
    """How strong an episode is in one store, as the mind said after the last night."""

    def value(episode: Episode) -> float:
        return getattr(episode.retention, place) if episode.retention else -1.0

    def gone(episode: Episode) -> bool:
        return place == "hippocampal" and episode.faded is not None

    def text(episode: Episode) -> str:
        if episode.retention is None:
            return "–"
        return "faded" if gone(episode) else f"{value(episode):.2f}"

    return Column(
        title, text, value, number=True, width=width, figure=42, about=about,
        tip=lambda e: e.standing[:1].upper() + e.standing[1:],
        bar=lambda e, look: None if value(e) <= 0 else (value(e), look.stage(stage)),
        colour=lambda e, look: look.soft if gone(e) or value(e) <= 0 else None,
    )  # fmt: skip


COLUMNS = (
    Column("No.", lambda e: f"{e.number:,}", lambda e: e.number, number=True, width=56),
    Column("When", lambda e: words.when(e.told.lived_at, e.told.at), lambda e: (e.told.lived_at, e.told.at), width=124),
    Column("Speaker", _speaker, lambda e: _speaker(e).casefold(), width=88),
    Column("What", lambda e: e.told.text, lambda e: e.told.text.casefold(), stretch=True),
    Column("How it went", lambda e: went(e.told.outcome), lambda e: -2.0 if e.told.outcome is None else e.told.outcome,
           width=112, colour=lambda e, look: getattr(look, hue(e.told.outcome)),
           tip=lambda e: e.told.because or went(e.told.outcome), about="As it was told, or said since"),
    Column("Surprise", lambda e: words.bits(e.mean), lambda e: e.mean, number=True, width=108,
           bar=lambda e, look: (e.mean / BITS_AT_THE_TOP, look.heat(e.mean)), about="Mean bits per token when read"),
    Column("Slept on", _nights, lambda e: (len(e.nights), e.nights), width=84,
           colour=lambda e, look: None if e.nights else look.soft,
           about="The nights whose delta holds it, as far as they were committed"),
    _strength("hippocampal", "wake", "Hippocampus", 88,
              "Strength of the trace in the hippocampus, from 0 to 1, after the last night. It decays: slowly while no "
              "night has taken the episode in and when it went badly, faster once the cortex has it"),
    _strength("cortical", "replay", "Cortex", 88,
              "Strength in the cortex, from 0 to 1, after the last night: raised by the nights that took the episode "
              "in, and decaying slowly. It is reckoned from the nights; the exam is what measures"),
)  # fmt: skip


ON_STAGE_LEFT_OUT = ("Speaker", "Slept on", "Hippocampus", "Cortex")


class EpisodePage(QAbstractScrollArea):
    """One episode in full: its text with the surprise of every token, and what came with it."""

    def __init__(self, story: Story, look: Look):
        super().__init__()
        self.story, self.look = story, look
        self.episode: Episode | None = None
        self._laid: list[tuple[QPointF, TokenText, str]] = []
        self.setMinimumHeight(64)
        self.setAccessibleName("The chosen episode")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_episode(self, episode: Episode | None) -> None:
        self.episode = episode
        self.verticalScrollBar().setValue(0)
        self.lay()

    def lay(self) -> None:
        self._laid, y, width = [], float(GRID), self.viewport().width() - 4.0 * GRID
        if self.episode is not None:
            told = self.episode.told
            laid = TokenText(told.text, self.look.font("body"), width, told.pieces, told.surprise)
            self._laid.append((QPointF(2 * GRID, y), laid, "text"))
            y += laid.height + GRID / 2
            for said in self._about():
                laid = TokenText(said, self.look.font("small"), width)
                self._laid.append((QPointF(2 * GRID, y), laid, "soft"))
                y += laid.height + 2
        page = self.viewport().height()
        self.verticalScrollBar().setPageStep(page)
        self.verticalScrollBar().setRange(0, max(0, round(y + GRID) - page))
        self.viewport().update()

    def _about(self) -> list[str]:
        told, said = self.episode.told, []
        if told.goal:
            said.append(f"Goal: {told.goal}")
        if told.outcome is not None:
            said.append(went(told.outcome) + (f", because {told.because}" if told.because else ""))
        code = f"code of {words.plural(len(told.code), 'unit')}, read in {told.pass_ms:.0f} ms"
        slept = ", ".join(f"night {n}" for n in self.episode.nights)
        said.append(
            f"Novelty {told.novelty:.2f}  ·  {code}  ·  " + (f"slept on in {slept}" if slept else "not slept on yet")
        )
        now = self.episode.retention
        if self.episode.faded is not None:
            kept = f"the cortex keeps it ({now.cortical:.2f})" if self.episode.nights else "only the record keeps it"
            said.append(f"Faded from the hippocampus after night {self.episode.faded}; {kept}")
        elif now is not None:
            said.append(f"Strength in the hippocampus {now.hippocampal:.2f}  ·  in the cortex {now.cortical:.2f}")
        for near in told.nearest[:2]:
            other = self.story.by_number.get(near.episode)
            name = words.name(other.told if other else None, near.episode, 44)
            said.append(f"Nearest: {name}, overlap of inputs {near.before:.2f} → of codes {near.after:.2f}")
        return said

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.lay()

    def paintEvent(self, event) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.look.panel)
        shift = QPointF(0, -self.verticalScrollBar().value())
        for at, laid, colour in self._laid:
            laid.paint(painter, at + shift, self.look, getattr(self.look, colour))


class EpisodesDock(Dock):
    """Search narrows while typing; every word must occur in text, speaker, session or goal."""

    topic = "episodes"
    chosen = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("Episodes", "episodesDock", look)
        self.story = story
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search text, speaker, session, goal")
        self.search.setAccessibleName("Search the episodes")
        self.search.setClearButtonEnabled(True)
        self.count = label("", "softSmall")
        self.table = Table(COLUMNS, look, "Episodes")
        self.page, self.how = EpisodePage(story, look), HowLine(look)
        self.how.what.hide()  # the page below says all of it
        self.how.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.page.hide()
        self.how.hide()
        self.empty = EmptyPage(
            "No episodes yet",
            "Everything the mind is told becomes a row here: when, who, what, and how surprising it was. "
            "Tell it something in Talk (Ctrl+1), or the built-in first day (Ctrl+Shift+O).",
        )
        self._lay_out()
        self._typed = QTimer(self, singleShot=True, interval=120)
        self._typed.timeout.connect(self._filter)
        self.search.textChanged.connect(lambda: self._typed.start())
        self.search.returnPressed.connect(self._to_table)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show())

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=0)
        head = row(self.search, self.count, self.how)
        head.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addLayout(head)
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.table)
        self.split.addWidget(self.page)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([300, 104])
        self.split.setChildrenCollapsible(False)
        inside.addWidget(self.split, 1)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.page.look = look
        self.table.restyle(look)
        # Large type leaves them no room; they stand on the chosen episode's page.
        for place, each in enumerate(self.table.rows.columns):
            self.table.setColumnHidden(place, look.on_stage and each.title in ON_STAGE_LEFT_OUT)
        self.page.lay()

    def refresh(self) -> None:
        self.pages.setCurrentIndex(1 if self.story.episodes else 0)
        self.table.rows.follow(self.story.episodes)
        self.table.viewport().update()
        self._say_count()
        if self.page.episode is not None:
            self.page.lay()
            self._show_how(self.page.episode)

    def _show_how(self, episode: Episode) -> None:
        told, can = episode.told, self.story.listens and episode.faded is None
        self.how.show_episode(told.episode, words.name(told, most=70), told.outcome, can)

    def _say_count(self) -> None:
        shown, whole = len(self.table.rows.shown), len(self.story.episodes)
        said = words.plural(whole, "episode")
        self.count.setText(f"{shown:,} of {said}" if shown != whole else said)
        unslept, faded = self.story.unslept, self.story.faded
        slept = f"{unslept:,} not slept on" if unslept else ("all slept on" if whole else "")
        self.subheading.setText(f"{slept}, {faded:,} faded" if faded else slept)

    def _filter(self) -> None:
        wanted = self.search.text().casefold().split()
        self.table.rows.accepts = (lambda e: all(word in e.folded for word in wanted)) if wanted else None
        self.table.rows.again()
        self._say_count()

    def _to_table(self) -> None:
        self._typed.stop()
        self._filter()
        if self.table.rows.shown:
            self.table.selectRow(0)
            self.table.setFocus()

    def _show(self) -> None:
        episode = self.table.chosen()
        self.page.setVisible(episode is not None)
        self.how.setVisible(episode is not None)
        self.page.show_episode(episode)
        if episode is not None:
            self._show_how(episode)
            self.chosen.emit(episode.number)

    def go_to(self, number: int) -> None:
        """Choose one episode, taking a filter away that hides it."""
        self.table.rows.follow(self.story.episodes)
        place = self.table.rows.place_of(lambda e: e.number == number)
        if place is None and number in self.story.by_number:
            self.search.clear()
            self._typed.stop()
            self._filter()
            place = self.table.rows.place_of(lambda e: e.number == number)
        if place is not None:
            self.pages.setCurrentIndex(1)
            self.table.selectRow(place)
            self.table.scrollTo(self.table.rows.index(place, 0))
