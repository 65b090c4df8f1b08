"""The table of ranked episodes: as stacked bars of what each drive would draw, or as all the figures behind them.

Rows are places in a ranking, so that another setting of the dials changes no row, only their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView

from . import words
from .lived import Episode
from .look import Look
from .ranking import Ranking, order_of
from .story import Story
from .tables import Column, Table
from .theme import drive_mark

BARS = ("Episode", "Who draws it", "Share", "Why")
FIGURES = (
    "Episode", "Share", "Curiosity", "Focus", "Fear", "Plugin's", "Over usual", "State error", "Relevance", "Value",
    "Worst tenth", "Repeats", "Drawn tonight",
)  # fmt: skip
WITH_FIGURES = 230
"""Pixels of an episode's name beside its figures; the table is then wider than most windows, and moves sideways."""
ON_STAGE = ("Why",)
"""Left out where type is large; the chosen episode's reason stands in full under the table."""


class RankedTable(Table):
    """`chosen` is a place in the ranking. Sorted by share until somebody sorts otherwise."""

    def __init__(self, story: Story, look: Look):
        self.story, self.ranking = story, Ranking()
        super().__init__(self._columns(), look, "Episodes as the drives rank them")
        self._wanted: tuple[str, ...] = BARS
        self.show_columns(BARS)
        # Not through the header: its arrow would stand on the title.
        self.rows.sort([c.title for c in self.rows.columns].index("Share"), Qt.SortOrder.DescendingOrder)

    # ------------------------------------------------------------ columns

    def _columns(self) -> tuple[Column, ...]:
        def figure(title: str, value: Callable, text: Callable, about: str, width: int = 78) -> Column:
            return Column(title, lambda p: text(self._score(p)), lambda p: value(self._score(p)), number=True,
                          width=width, about=about)  # fmt: skip

        def seen(name: str, about: str) -> Column:
            return figure(name.capitalize(), lambda s: getattr(s, name), lambda s: f"{getattr(s, name):.2f}",
                          f"What {name} sees in it: {about}. 1 is usual, 0 is nothing")  # fmt: skip

        return (
            Column("Episode", self._name, self._number, stretch=True, tip=lambda p: self._episode(p).told.text,
                   colour=lambda p, look: look.wrong if (self._episode(p).told.outcome or 0) < 0 else None),
            Column("Who draws it", lambda p: "  ".join(self.parts_said(p)), self._total, stack=self._stack, width=150,
                   about="How much of all draws each drive, and chance, would give it"),
            Column("Share", lambda p: f"{100 * self._total(p):.1f} %", self._total, number=True, width=64,
                   about="Its part of all draws with these dials"),
            Column("Why", lambda p: self._score(p).why, lambda p: self._score(p).why, stretch=True),
            seen("curiosity", "its surprise"), seen("focus", "its closeness to the goal"), seen("fear", "how it goes"),
            figure("Plugin's", lambda s: max(s.others.values(), default=0.0),
                   lambda s: ", ".join(f"{seen:.2f}" for seen in s.others.values()) or "–",
                   "What the plugin's drive sees in it, from 0 to 1"),
            figure("Over usual", lambda s: s.bits_over, lambda s: words.signed(s.bits_over),
                   "Bits a token over what such text usually costs", 84),
            figure("State error", lambda s: s.error, lambda s: f"{s.error:.2f}",
                   "Nats by which the latent state came out otherwise than expected", 84),
            figure("Relevance", lambda s: -2.0 if s.relevance is None else s.relevance,
                   lambda s: "–" if s.relevance is None else words.signed(s.relevance, 2),
                   "Closeness to the goal, from −1 to 1"),
            figure("Value", lambda s: s.value, lambda s: words.signed(s.value, 2),
                   "How it is expected to go, from −1 (badly) to 1 (well)", 66),
            figure("Worst tenth", lambda s: s.tail, lambda s: words.signed(s.tail, 2),
                   "How it is expected to go in the worst tenth of cases", 90),
            Column("Repeats", self._twin, lambda p: self._score(p).twin_of or 0, width=110,
                   about="The earlier episode that it nearly repeats; both share what one of them would be drawn"),
            Column("Drawn tonight", self._drawn, lambda p: self._draws(p).total(), width=150,
                   about="How often the newest night has drawn it so far, by the drive that drew it"),
        )  # fmt: skip

    def _episode(self, place: int) -> Episode:
        return self.ranking.episodes[place]

    def _score(self, place: int):
        return self.ranking.episodes[place].score

    def _number(self, place: int) -> int:
        return self.ranking.episodes[place].number

    def _total(self, place: int) -> float:
        return float(self.ranking.total[place])

    def _name(self, place: int) -> str:
        episode = self._episode(place)
        failed = "▼ failed: " if (episode.told.outcome or 0) < 0 else ""
        return failed + words.name(episode.told, episode.number, 60)

    def _stack(self, place: int) -> list[tuple[float, str]]:
        most = self.ranking.most or 1.0
        found = zip(self.ranking.parts[place], self.ranking.drawers, strict=True)
        return [(float(part) / most, name) for part, name in found]

    def parts_said(self, place: int) -> list[str]:
        """What each drive gives it, in words; drives that give nothing are left out."""
        found = zip(self.ranking.drawers, self.ranking.parts[place].tolist(), strict=True)
        return [f"{drive_mark(name)} {name} {100 * part:.1f} %" for name, part in found if part > 0]

    def _twin(self, place: int) -> str:
        twin = self._score(place).twin_of
        if twin is None:
            return "–"
        other = self.story.by_number.get(twin)
        return words.name(other.told if other else None, twin, 24)

    def _draws(self, place: int) -> Counter[str]:
        return self.story.drawn_by(self._number(place))

    def _drawn(self, place: int) -> str:
        drawn = self._draws(place)
        names = sorted((name for name in drawn if name), key=order_of)
        return "  ".join(f"{drive_mark(name)} {drawn[name]}" for name in names) or "–"

    # ------------------------------------------------------------ showing

    def follow(self, ranking: Ranking) -> None:
        self.ranking = ranking
        self.rows.follow(range(len(ranking.episodes)))

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.show_columns(self._wanted)

    def show_columns(self, titles: tuple[str, ...]) -> None:
        self._wanted = titles
        wide = titles is FIGURES
        self.horizontalHeader().setSectionResizeMode(
            0, QHeaderView.ResizeMode.Interactive if wide else QHeaderView.ResizeMode.Stretch
        )
        if wide:
            self.setColumnWidth(0, round(WITH_FIGURES * self.rows.look.type.body / 10.5))
        for at, each in enumerate(self.rows.columns):
            left_out = self.rows.look.on_stage and each.title in ON_STAGE
            self.setColumnHidden(at, each.title not in titles or left_out)

    def go_to(self, place: int) -> None:
        """Choose one episode by its place in the ranking."""
        if place in self.rows.shown:
            at = self.rows.shown.index(place)
            self.selectRow(at)
            self.scrollTo(self.rows.index(at, 0))
