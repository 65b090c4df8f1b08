"""The dreams dock: every question that the night dreamed, what it scored, and why it was kept or dropped.

Draws the newest night of the story. It judges nothing: scores, marks and reasons come with the dreams.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from ..protocol import events as ev
from . import words
from .dock import Dock, EmptyPage, column, either, label, row
from .lived import Night
from .look import Look
from .story import Story
from .tables import Column, Table
from .theme import GRID

BITS_OF_A_FULL_BAR = 6.0
"""Of gain a token: an answer that without its episode was one of 64 guesses, and with it is certain."""
FILTERS = {"all": "All", "kept": "◆ Kept", "dropped": "× Dropped"}
LETTERS = {"a": "all", "k": "kept", "d": "dropped"}
INVITATION = (
    "At night the mind makes up questions about each episode, answers them with the episode open, and asks how many "
    "bits that answer costs with the episode and without it. Every question becomes a row here: its scores, whether "
    "it was kept as one of the best, by chance, or dropped, and why."
)


def fate(dream: ev.DreamMade) -> str:
    """A mark and a word, so that no one needs the hue. Older nights do not say whether it was the best or chance."""
    if not dream.kept:
        return "× dropped"
    return {"best": "◆ best", "chance": "● by chance"}.get(dream.drawn, "◆ kept")


def weighed(dream: ev.DreamMade) -> bool:
    """Whether it came as far as being scored in bits."""
    return bool(dream.with_bits or dream.without_bits or dream.gain)


def _hue(dream: ev.DreamMade, look: Look) -> QColor:
    if not dream.kept:
        return look.soft
    return look.kind("episode") if dream.drawn == "chance" else look.kind("dream")


def _bits(dream: ev.DreamMade) -> str:
    return f"{dream.without_bits:.1f} → {dream.with_bits:.1f}" if weighed(dream) else "–"


class DreamsDock(Dock):
    """`episode_wanted(number, open)`: a dream was chosen, or opened with Enter."""

    topic = "dreams"
    episode_wanted = Signal(int, bool)

    def __init__(self, story: Story, look: Look):
        super().__init__("Dreams", "dreamsDock", look)
        self.story = story
        self.wanted = "all"
        self.said = label("", "soft")
        self.table = Table(self._columns(), look, "Dreams")
        self.table.letters = {letter: (lambda w=wanted: self.show_only(w)) for letter, wanted in LETTERS.items()}
        self.detail = label("", "", wrap=True, selectable=True)
        self.reason = label("", "soft", wrap=True)
        self.chips: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for letter, wanted in LETTERS.items():
            chip = self.chips[wanted] = QPushButton(FILTERS[wanted])
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setToolTip(words.tip(f"In the table: {letter.upper()}"))
            chip.clicked.connect(lambda _=False, w=wanted: self.show_only(w))
            group.addButton(chip)
        self.chips["all"].setChecked(True)
        self._lay_out()
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show(emit=True))
        self.table.activated.connect(lambda _: self._open())

    def _name(self, dream: ev.DreamMade, most: int = 40) -> str:
        episode = self.story.by_number.get(dream.episode)
        return words.name(episode.told if episode else None, dream.episode, most)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("", fate, lambda d: (d.kept, d.drawn == "best"), width=104, colour=_hue,
                   about="Kept as one of the best, kept by chance, or dropped"),
            Column("Episode", self._name, lambda d: d.episode, width=160),
            Column("Question", lambda d: d.prompt, lambda d: d.prompt.casefold(), stretch=True),
            Column("Answer", lambda d: d.answer or "–", lambda d: d.answer.casefold(), stretch=True,
                   about="Open book: what the mind says with the episode in reach"),
            Column("Bits", _bits, lambda d: d.without_bits, number=True, width=92,
                   about="Surprise of that answer, a token: without the episode → with it"),
            Column("Gain", lambda d: words.signed(d.gain) if weighed(d) else "–", lambda d: d.gain, number=True,
                   width=116, bar=lambda d, look: (d.gain / BITS_OF_A_FULL_BAR if weighed(d) else None, _hue(d, look)),
                   about="Bits a token that the episode saves"),
            Column("Why", lambda d: d.why or "–", lambda d: d.why, stretch=True),
        )  # fmt: skip

    def _lay_out(self) -> None:
        full = QWidget()
        inside = column(full, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside.addLayout(row(*self.chips.values(), None, self.said))
        inside.addWidget(self.table, 1)
        self.page = QWidget()
        page = column(self.page, gap=2)
        page.addWidget(self.detail)
        page.addWidget(self.reason)
        self.page.hide()
        inside.addWidget(self.page)
        self.empty = EmptyPage("", INVITATION)
        self.pages = either(self.empty, full)
        column(self.body, gap=0).addWidget(self.pages)

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.table.restyle(look)
        # Large type leaves them no room; they stand in full under the table, for the dream that is chosen.
        for place, each in enumerate(self.table.rows.columns):
            self.table.setColumnHidden(place, look.on_stage and each.title in ("Answer", "Why"))

    # ------------------------------------------------------------ drawing

    def refresh(self) -> None:
        night = self.story.night
        if night is None or not night.dreams:
            self.pages.setCurrentIndex(0)
            self.empty.title.setText(_nothing(night))
            self.empty.text.setText(INVITATION + ("" if night else " Ctrl+L opens a night."))
            self.subheading.setText("")
            return
        self.pages.setCurrentIndex(1)
        self.table.rows.follow(night.dreams)
        self._count(night)
        self._show()

    def _count(self, night: Night) -> None:
        kept = sum(d.kept for d in night.dreams)
        for wanted, count in (("all", len(night.dreams)), ("kept", kept), ("dropped", len(night.dreams) - kept)):
            self.chips[wanted].setText(f"{FILTERS[wanted]}  {count:,}")
        whose = len({d.episode for d in night.dreams})
        chance = sum(d.kept and d.drawn == "chance" for d in night.dreams)
        parts = [f"Night {night.number}", f"about {words.plural(whose, 'episode')}"]
        if chance:
            parts.append(f"{chance:,} kept by chance")
        self.said.setText("  ·  ".join(parts))
        self.subheading.setText(f"{kept:,} of {words.plural(len(night.dreams), 'dream')} kept")

    def show_only(self, wanted: str) -> None:
        """All, the kept or the dropped ones; the chosen dream stays chosen where it is still shown."""
        self.wanted = wanted
        self.chips[wanted].setChecked(True)
        chosen = self.table.chosen()
        self.table.rows.accepts = None if wanted == "all" else lambda d: d.kept is (wanted == "kept")
        self.table.rows.again()
        place = self.table.rows.place_of(lambda d: d is chosen) if chosen is not None else None
        if place is not None:
            self.table.selectRow(place)
        self._show()

    def take_focus(self) -> None:
        """The keyboard goes to the table, on a row."""
        self.table.setFocus()
        if self.table.chosen() is None and self.table.rows.shown:
            self.table.selectRow(0)

    def keyPressEvent(self, event) -> None:
        """The letters work wherever the focus is in this dock."""
        if not self.table.take_letter(event):
            super().keyPressEvent(event)

    def _show(self, *, emit: bool = False) -> None:
        dream = self.table.chosen()
        self.page.setVisible(dream is not None)
        if dream is None:
            return
        answer = f"  →  {words.line(dream.answer, 160)}" if dream.answer else ""
        self.detail.setText(f"{words.line(dream.prompt, 240)}{answer}")
        self.reason.setText("  ·  ".join(self._reasons(dream)))
        if emit:
            self.episode_wanted.emit(dream.episode, False)

    def _reasons(self, dream: ev.DreamMade) -> list[str]:
        found = [fate(dream), self._name(dream, 70)]
        if dream.why:
            found.append(words.line(dream.why, 200))
        if weighed(dream):
            found.append(
                f"without the episode {words.bits(dream.without_bits)} a token, with it {words.bits(dream.with_bits)}"
            )
        found.append(f"support {dream.support:.2f}")
        return found

    def _open(self) -> None:
        dream = self.table.chosen()
        if dream is not None:
            self.episode_wanted.emit(dream.episode, True)


def _nothing(night: Night | None) -> str:
    if night is None:
        return "No dreams yet"
    waits = night.open and "dream" not in night.met and "replay" not in night.met
    return f"Night {night.number} has not dreamed yet" if waits else f"Night {night.number} has no dreams"
