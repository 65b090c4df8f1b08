"""The chosen episode: its text and what came with it, its strength over the nights, what each night did with it.

Reads the story only.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QSplitter, QTabWidget, QWidget

from . import lineage, words
from .columns import marks
from .dock import column, either, label, row
from .feedback import went
from .lived import Episode
from .look import Look
from .story import Story
from .strength import KEYS, StrengthChart
from .tables import Column, Table
from .theme import GRID, drive_mark
from .tokens import TokenText


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
            self.setAccessibleDescription("\n".join([told.text, *self._about()]))
        page = self.viewport().height()
        self.verticalScrollBar().setPageStep(page)
        self.verticalScrollBar().setRange(0, max(0, round(y + GRID) - page))
        self.viewport().update()

    def _about(self) -> list[str]:
        told, said = self.episode.told, []
        if marked := marks(self.episode):
            said.append(marked)
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
        said += self._corrections()
        for near in told.nearest[:2]:
            name = self._name(near.episode)
            said.append(f"Nearest: {name}, overlap of inputs {near.before:.2f} → of codes {near.after:.2f}")
        for trace in self.story.traces.get(self.episode.number, [])[-2:]:
            said.append(f"The cortex alone, after night {trace.night}: “{trace.cue}” → “{trace.answer}”")
        return said

    def _corrections(self) -> list[str]:
        said, later = [], self.story.corrected.get(self.episode.number)
        if self.episode.told.corrects is not None:
            said.append(f"It corrects {self._name(self.episode.told.corrects)}")
        if later is not None:
            said.append(f"Corrected by {self._name(later)}, which is replayed in its place")
        return said

    def _name(self, number: int) -> str:
        other = self.story.by_number.get(number)
        return words.name(other.told if other else None, number, 44)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.lay()

    def paintEvent(self, event) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.look.panel)
        shift = QPointF(0, -self.verticalScrollBar().value())
        for at, laid, colour in self._laid:
            laid.paint(painter, at + shift, self.look, getattr(self.look, colour))


def _nats(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _from_to(first: float | None, last: float | None) -> str:
    return f"{_nats(first)} → {_nats(last)}" if first is not None else "–"


def _drives(past: lineage.Past) -> str:
    return ", ".join(f"{drive_mark(d)} {n}" for d, n in past.drives.most_common()) or "–"


def _cue(past: lineage.Past) -> str:
    if past.recalled is None:
        return "–"
    return f"{'✓' if past.recalled else '✗'} {_from_to(past.cue_first, past.cue_last)}"


NIGHTS = (
    Column("Night", lambda p: str(p.night), lambda p: p.night, number=True, width=52),
    Column("Ended", lambda p: p.standing or "–", width=84),
    Column("As", lambda p: p.part or "–", width=76, about="New to that night, or rehearsed from an earlier one"),
    Column("Replays", lambda p: str(p.replays), lambda p: p.replays, number=True, width=62),
    Column("Drawn by", _drives, lambda p: p.replays, width=142,
           tip=lambda p: ", ".join(f"{d} {n}" for d, n in p.drives.most_common()) or "No drive drew it",
           about="How often each drive drew it: ● curiosity, ■ focus, ▲ fear, ◆ a plugin's, ○ chance"),
    Column("Dreams", lambda p: str(p.dreams), lambda p: p.dreams, number=True, width=64,
           about="Dreams about it that were kept"),
    Column("Loss", lambda p: _from_to(p.first, p.last), lambda p: (p.last is None, p.last or 0.0), width=104,
           about="At its first and its last replay, before the step, in nats"),
    Column("Withheld cue", _cue, lambda p: (p.recalled is None, p.cue_last or 0.0), width=120,
           colour=lambda p, look: None if p.recalled is None else look.right if p.recalled else look.wrong,
           about="A cue that is never replayed: whether it brought the episode back at the end, and what its worst "
                 "word cost at first and last, in nats"),
    Column("Hippocampus", lambda p: f"{p.strength.hippocampal:.2f}" if p.strength else "–",
           lambda p: p.strength.hippocampal if p.strength else -1.0, number=True, width=108),
    Column("Cortex", lambda p: f"{p.strength.cortical:.2f}" if p.strength else "–",
           lambda p: p.strength.cortical if p.strength else -1.0, number=True, width=64),
)  # fmt: skip


def _answer(given) -> str:
    return "–" if given is None else f"{'✓' if given.right else '✗'} {given.answer}"


def _hue(given, look):
    return look.soft if given is None else look.right if given.right else look.wrong


EXAM = (
    Column("Night", lambda a: str(a.night), lambda a: a.night, number=True, width=52),
    Column("Question", lambda a: a.question.prompt, stretch=True),
    Column("Before", lambda a: _answer(a.before), width=190, colour=lambda a, look: _hue(a.before, look)),
    Column("After", lambda a: _answer(a.after), width=190, colour=lambda a, look: _hue(a.after, look)),
)


class Detail(QSplitter):
    """The page on the left; on the right strength, nights and exam, each on a tab of its own."""

    def __init__(self, story: Story, look: Look):
        super().__init__(Qt.Orientation.Horizontal)
        self.story, self.look = story, look
        self.page = EpisodePage(story, look)
        self.chart = StrengthChart(look)
        self.nights, self.exam = (
            Table(NIGHTS, look, "What the nights did with it"),
            Table(EXAM, look, "What exams said"),
        )
        self.keys = {key: label(name, "small") for key, (name, *_) in KEYS.items()}
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("More of the chosen episode")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.strength_pages = self._strength()
        none = "No night has replayed it yet. Sleep (Ctrl+L) opens one."
        self.night_pages = either(label(none, "soft", wrap=True), self.nights)
        exam, said = (
            QWidget(),
            label("Told by the words they share with it: the cortex alone, before and after", "softSmall"),
        )
        inside = column(exam, gap=0)
        said.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        inside.addWidget(said)
        inside.addWidget(self.exam, 1)
        none = "No exam question shares its answer and a word with this episode, or no night was examined yet."
        self.exam_pages = either(label(none, "soft", wrap=True), exam)
        for pages in (self.strength_pages, self.night_pages, self.exam_pages):
            pages.widget(0).setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
            pages.widget(0).setAlignment(Qt.AlignmentFlag.AlignTop)
        for title, pages in (
            ("&Strength", self.strength_pages), ("&Nights", self.night_pages), ("E&xam", self.exam_pages),
        ):  # fmt: skip
            self.tabs.addTab(pages, title)
        self.addWidget(self.page)
        self.addWidget(self.tabs)
        self.setSizes([360, 560])
        self.setChildrenCollapsible(False)
        self.setMinimumHeight(160)

    def _strength(self):
        whole = QWidget()
        inside = column(whole, gap=0)
        line = row(*self.keys.values(), None, gap=2 * GRID)
        line.setContentsMargins(2 * GRID, GRID // 2, GRID, 0)
        inside.addLayout(line)
        inside.addWidget(self.chart, 1)
        none = "How strong it is in either store is told after every night. No night has ended since it was told."
        return either(label(none, "soft", wrap=True), whole)

    def restyle(self, look: Look) -> None:
        self.look = self.page.look = look
        for key, (_, stage, _) in KEYS.items():
            self.keys[key].setStyleSheet(f"color: {look.stage(stage).name()};")
        self.chart.restyle(look)
        self.nights.restyle(look)
        self.exam.restyle(look)
        self.page.lay()

    def show_episode(self, episode: Episode | None) -> None:
        self.page.show_episode(episode)
        self.setVisible(episode is not None)
        self.refresh()

    def refresh(self) -> None:
        """What is shown, of the story as it is now."""
        self.page.lay()
        episode = self.page.episode
        if episode is None:
            return
        strengths = self.story.strengths(episode.number)
        self.strength_pages.setCurrentIndex(1 if strengths else 0)
        values = {key: [getattr(each, key) for _, each in strengths] for key in KEYS}
        self.chart.draw([night for night, _ in strengths], values)
        nights, asked = lineage.past(self.story, episode), lineage.exam(self.story, episode)
        self.nights.rows.follow(nights)
        self.night_pages.setCurrentIndex(1 if nights else 0)
        self.exam.rows.follow(asked)
        self.exam_pages.setCurrentIndex(1 if asked else 0)
