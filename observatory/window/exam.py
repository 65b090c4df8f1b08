"""The exam dock: every question before and after, why an answer is given, and what is kept night after night.

Draws the newest examined night of the story. It marks nothing: what is right came with the papers.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSplitter, QStackedWidget, QWidget

from ..protocol import events as ev
from . import words
from .answered import AnsweredTable, columns
from .armsview import Arms
from .changes import VERDICT_MARKS, VERDICT_WORDS, Change, changes, counts, kind_words
from .dock import Dock, EmptyPage, column, either, label, row
from .lived import Night, key
from .look import Look
from .overnights import OverNights
from .papers import examined
from .story import Story
from .theme import GRID
from .why import WhyPanel

LETTERS = {"l": "learnt", "o": "lost", "r": "kept", "m": "missed"}
INVITATION = (
    "With the hippocampus unplugged, every night is examined before and after: what was taught, asked directly and in "
    "other words, and what must not be lost. The answers will stand here, with the reason for each on demand."
)


COLUMNS = columns(135)


def _in_full(change: Change) -> str:
    """The question with all that was said to it, for the panel beside the table."""
    before = change.before.answer if change.before else "not asked"
    right = " or ".join(change.question.answers)
    return (
        f"{words.line(change.question.prompt, 240)}\n{kind_words(change.question.kind)}, right is: "
        f"{words.line(right, 80)}\nBefore: {words.line(before, 160)}\nAfter: {words.line(change.after.answer, 160)}"
    )


def _talked(answered: ev.Answered) -> str:
    memory = "both memories" if answered.memory == "whole" else "the cortex alone"
    return f"{words.line(answered.prompt, 240)}\nAsked in the talk, of {memory}\n{words.line(answered.answer, 240)}"


class ExamDock(Dock):
    """`why_wanted(prompt, answer, memory, style)` asks the mind; `episode_wanted(number)` opens a memory."""

    topic = "exam"
    why_wanted = Signal(str, str, str, str)
    episode_wanted = Signal(int)

    def __init__(self, story: Story, look: Look):
        super().__init__("Exam", "examDock", look)
        self.story, self._shown, self.only = story, (), ""
        self.talked: ev.Answered | None = None
        """An answer of the talk that is asked about, until an answer of the exam is chosen."""
        self.table = AnsweredTable(COLUMNS, look, "Answers before and after")
        self.table.letters = {k: (lambda v=v: self.chips[v].click()) for k, v in LETTERS.items()}
        self.table.letters |= {"w": self.ask_why, "n": lambda: self.show_page(1), "a": lambda: self.show_page(0)}
        self.table.letters["b"] = lambda: self.show_page(2)
        self.chips: dict[str, QPushButton] = {}
        for letter, verdict in LETTERS.items():
            chip = self.chips[verdict] = QPushButton(VERDICT_WORDS[verdict])
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setToolTip(words.tip(f"Only these; in the table: {letter.upper()}"))
            chip.clicked.connect(lambda on=False, v=verdict: self.show_only(v if on else ""))
        self.why = WhyPanel(look, self._name)
        self.why.wanted.connect(self.ask_why)
        self.why.episode_wanted.connect(self.episode_wanted)
        self.over, self.arms = OverNights(look), Arms(look)
        self._page_chips()
        self._lay_out()
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._turn_to_table())
        self.table.clicked.connect(lambda _: self._turn_to_table())
        self.table.activated.connect(lambda _: self.ask_why())

    def _page_chips(self) -> None:
        self.pages_group, self.page_chips = QButtonGroup(self), []
        for place, (text, letter) in enumerate((("Answers", "A"), ("Over nights", "N"), ("Beside the arms", "B"))):
            chip = QPushButton(text)
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setToolTip(words.tip(f"In this dock: {letter}"))
            chip.clicked.connect(lambda _=False, p=place: self.show_page(p))
            self.pages_group.addButton(chip)
            self.page_chips.append(chip)
        self.page_chips[0].setChecked(True)

    def _lay_out(self) -> None:
        full, left = QWidget(), QWidget()
        lefts = column(left, gap=GRID)
        lefts.addLayout(row(*self.chips.values(), None))
        lefts.addWidget(self.table, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.why)
        split.setSizes([560, 440])
        split.setChildrenCollapsible(False)
        self.said = label("", "soft", wrap=True)
        self.stack = QStackedWidget()
        self.stack.addWidget(split)
        self.stack.addWidget(self.over)
        self.stack.addWidget(self.arms)
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        head = row(*self.page_chips, self.said, gap=GRID)
        head.setStretch(len(self.page_chips), 1)
        inside.addLayout(head)
        inside.addWidget(self.stack, 1)
        self.empty = EmptyPage("", INVITATION)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        for each in (self.table, self.why, self.over, self.arms):
            each.restyle(look)

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        nights = examined(self.story.nights)
        if not nights and self.talked is not None:
            self.pages.setCurrentIndex(1)
            self._explain()
            return
        if not nights:
            night = self.story.night
            self.pages.setCurrentIndex(0)
            self.empty.title.setText(
                "No exam yet" if night is None else f"Night {night.number} has not been examined yet"
            )
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        newest = nights[-1]
        shown = (id(newest), len(newest.after), len(nights))
        if shown != self._shown:
            self._shown = shown
            self._draw(newest)
            self.over.show_nights(self.story.nights)
            self.arms.show_nights(self.story.nights, self.story.day_files)
        self._explain()

    def _draw(self, night: Night) -> None:
        found = changes(night)
        tally = counts(found)
        for verdict, chip in self.chips.items():
            chip.setText(f"{VERDICT_MARKS[verdict]} {VERDICT_WORDS[verdict]}  {tally[verdict]:,}")
        self.said.setText(
            f"Night {night.number}, the cortex alone: {words.plural(tally['learnt'], 'answer')} learnt, "
            f"{tally['lost']:,} lost"
        )
        self.subheading.setText(f"{tally['learnt']:,} learnt, {tally['lost']:,} lost")
        chosen = self.table.chosen()
        self.table.rows.follow(found)
        self._choose(key(chosen.question) if chosen is not None else None)

    def _choose(self, wanted: tuple | None) -> None:
        place = self.table.rows.place_of(lambda c: key(c.question) == wanted) if wanted else None
        if place is None and self.table.rows.shown:
            place = self.table.rows.place_of(lambda c: c.verdict == "learnt") or 0
        if place is not None:
            self.table.selectRow(place)

    def show_only(self, verdict: str) -> None:
        self.only = verdict
        for each, chip in self.chips.items():
            chip.setChecked(each == verdict)
        self.table.rows.accepts = (lambda c: c.verdict == verdict) if verdict else None
        self.table.rows.again()
        self._choose(None)
        self._explain()

    def show_page(self, place: int) -> None:
        self.page_chips[place].setChecked(True)
        self.stack.setCurrentIndex(place)

    def take_focus(self) -> None:
        self.table.setFocus()

    def keyPressEvent(self, event) -> None:
        """The letters work wherever the focus is in this dock."""
        if not self.table.take_letter(event):
            super().keyPressEvent(event)

    # ------------------------------------------------------------ why

    def _name(self, episode: int) -> str:
        told = self.story.by_number.get(episode)
        return words.name(told.told if told else None, episode)

    def ask_of(self, answered: ev.Answered) -> None:
        """Why an answer of the talk was given."""
        self.talked = answered
        self.refresh()
        self.talked = answered  # filling the table chooses a row, which turns to the table
        self.show_page(0)
        self._explain()
        self.ask_why()

    def ask_why(self) -> None:
        asked = self._asked()
        if asked is not None and asked[1].strip() and self.story.listens:
            self.why_wanted.emit(*asked)

    def _turn_to_table(self) -> None:
        self.talked = None
        self._explain()

    def _asked(self) -> tuple[str, str, ev.Memory, str] | None:
        """Question, answer, memory and style of what the panel is about."""
        if self.talked is not None:
            return self.talked.prompt, self.talked.answer, self.talked.memory, "chat"
        change = self.table.chosen()
        if change is None:
            return None
        return change.question.prompt, change.after.answer, "cortex", change.question.style

    def _explain(self) -> None:
        asked = self._asked()
        self.why.button.setEnabled(asked is not None and self.story.listens)
        if asked is None:
            self.why.show_question("")
            return
        text = _talked(self.talked) if self.talked is not None else _in_full(self.table.chosen())
        found = self.story.explained.get(asked[:3])
        if found is None:
            self.why.show_question(text, bool(self.story.past))
        else:
            self.why.show_explained(text, found)
        self.why.busy(self.story.explaining if found is None else None)
