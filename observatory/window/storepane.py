"""A plugin's fast store at work, beside the encoding: whom it still answers for, how new things were to it, and what it
shows of itself.

It is handed what the store told and reckons nothing but places; it knows neither stores nor how they work.
"""

from __future__ import annotations

import html
from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ..protocol import events as ev
from . import words
from .charts import Line, SearchChart
from .dock import OneLine, column, label, row
from .look import Look
from .tables import Column, Table
from .theme import GRID

NUMBER_BYTES = 4
TOP = 1.08
NOVELTY = ("replay", "o", "●")
OWN = (("exam", "s", "■"), ("dream", "t1", "▲"), ("weigh", "d", "◆"))
"""Hue, shape, and the shape in words, of the first numbers of its own that can be drawn over the episodes."""
ASKED = ("gate", "d", "◆")


class StorePane(QWidget):
    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.head, self.said = OneLine("heading"), OneLine("soft")
        self.own, self.asked = OneLine("soft"), OneLine("soft")
        self.echoes = SearchChart("Brought back by their own words", "episode, as they were told", "strength", look,
                                  from_zero=True)  # fmt: skip
        self.course = SearchChart("At every write", "episode, as they were told", "from 0 to 1", look, from_zero=True)
        self.legends = label("", "softSmall"), label("", "softSmall")
        for each in self.legends:
            each.setTextFormat(Qt.TextFormat.RichText)
        inside = column(self, gap=GRID // 2)
        for each in (self.head, self.said, self.own, self.asked):
            inside.addWidget(each)
        sides = [QWidget(), QWidget()]
        for side, legend, chart in zip(sides, self.legends, (self.echoes, self.course), strict=True):
            under = column(side, gap=GRID // 2)
            under.addWidget(legend)
            under.addWidget(chart, 1)
        inside.addLayout(row(*sides, gap=2 * GRID), 1)
        self._shown: tuple | None = None

    def restyle(self, look: Look) -> None:
        self.look = look
        self.echoes.restyle(look)
        self.course.restyle(look)
        if self._shown is not None:
            self.show_store(*self._shown)

    def show_store(
        self, number: int, wrote: Mapping[int, ev.StoreWrote], places: Mapping[int, int], read: ev.StoreRead | None,
        name,
    ) -> None:  # fmt: skip
        """`number`: the episode that is shown; `wrote`: what was told of every write; `places`: which one each was."""
        self._shown = number, wrote, places, read, name
        mine = wrote.get(number)
        self.head.say(f"{(mine or next(iter(wrote.values()))).store.capitalize()}, the store that finds here")
        self.said.say(_said(mine) if mine else "This episode was written before anything was told of it.")
        self.own.say(f"It shows: {_own(mine)}" if mine and mine.own else "It shows no numbers of its own.")
        self.asked.say(_brought_back(read, name))
        self._draw_echoes(number, mine, places, read)
        self._draw_course(number, wrote, places)

    def _draw_echoes(self, number: int, mine: ev.StoreWrote | None, places, read: ev.StoreRead | None) -> None:
        echoes = [each for each in mine.echoes if each.episode in places] if mine else []
        at = [places[each.episode] for each in echoes]
        lines = [Line("strength", [each.strength for each in echoes], NOVELTY[0], NOVELTY[1])]
        legend = [(NOVELTY, "asked with its own words, after this write")]
        found = {each.episode: each.strength for each in read.echoes} if read is not None else {}
        if any(each.episode in found for each in echoes):
            values = [found.get(each.episode, float("nan")) for each in echoes]
            lines.append(Line("the last question", values, ASKED[0], ASKED[1], joined=False))
            legend.append((ASKED, "asked with the last question"))
        chosen = next((n for n, each in enumerate(echoes) if each.episode == number), None)
        self.echoes.draw(at, lines, chosen, "")
        self.echoes.setYRange(0.0, TOP, padding=0)
        self.legends[0].setText(self._legend(legend))
        self.echoes.setAccessibleDescription("; ".join(
            f"episode {place}: {each.strength:.2f}" for place, each in zip(at, echoes, strict=True)
        ))  # fmt: skip

    def _draw_course(self, number: int, wrote: Mapping[int, ev.StoreWrote], places) -> None:
        told = [wrote[episode] for episode in sorted(wrote, key=lambda e: places.get(e, 0)) if episode in places]
        at = [places[each.episode] for each in told]
        lines = [Line("novelty", [each.novelty for each in told], NOVELTY[0], NOVELTY[1])]
        legend = [(NOVELTY, "novelty")]
        for name, way in zip(drawn_of(told), OWN, strict=False):
            lines.append(Line(name, [each.own.get(name, float("nan")) for each in told], way[0], way[1]))
            legend.append((way, name))
        chosen = next((n for n, each in enumerate(told) if each.episode == number), None)
        self.course.draw(at, lines, chosen, "")
        self.course.setYRange(0.0, TOP, padding=0)
        self.legends[1].setText(self._legend(legend))
        self.course.setAccessibleDescription("; ".join(
            f"episode {place}: {_said(each)}" for place, each in zip(at, told, strict=True)
        ))  # fmt: skip

    def _legend(self, parts) -> str:
        return "&nbsp;&nbsp;".join(
            f'<span style="color:{self.look.stage(way[0]).name()}">{way[2]}</span> {html.escape(text)}'
            for way, text in parts
        )


def store_table(name, look: Look) -> Table:
    """The same numbers: every write, newest last."""
    return Table((
        Column("Episode", lambda w: name(w.episode), lambda w: w.episode, stretch=True),
        Column("Novelty", lambda w: f"{w.novelty:.2f}", lambda w: w.novelty, number=True, width=66,
               about="The store's own word, from 0 to 1"),
        Column("Answers", lambda w: f"{_own_echo(w):.2f}", _own_echo, number=True, width=66,
               about="How strongly it brought the episode back, straight after the write"),
        Column("Oldest answers", lambda w: f"{w.echoes[0].strength:.2f}" if w.echoes else "–",
               lambda w: w.echoes[0].strength if w.echoes else 0.0, number=True, width=104,
               about="How strongly it then brought back the oldest of the episodes that it was asked for"),
        Column("Write", lambda w: f"{w.took_ms:.1f} ms", lambda w: w.took_ms, number=True, width=78),
        Column("Its own numbers", _own, stretch=True, tip=_own),
    ), look, "What the store wrote")  # fmt: skip


def drawn_of(told: list[ev.StoreWrote]) -> list[str]:
    """The store's own numbers that lie from 0 to 1 in every write; its novelty in other words is left out."""
    names = list(told[-1].own) if told else []
    return [
        name for name in names
        if all(0.0 <= each.own.get(name, 0.0) <= 1.0 for each in told)
        and any(abs(each.own.get(name, 0.0) - each.novelty) > 1e-3 for each in told)
    ]  # fmt: skip


def _own_echo(wrote: ev.StoreWrote) -> float:
    return next((each.strength for each in wrote.echoes if each.episode == wrote.episode), 0.0)


def _own(wrote: ev.StoreWrote) -> str:
    return ", ".join(f"{name} {_figure(number)}" for name, number in wrote.own.items()) or "–"


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) and abs(number) > 1 else f"{number:.2f}"


def _said(wrote: ev.StoreWrote) -> str:
    keys = words.plural(wrote.rows, "key")
    return (
        f"Novelty {wrote.novelty:.2f}  ·  written under {keys} in {wrote.took_ms:.1f} ms  ·  "
        f"{wrote.held:,} held in {words.size(wrote.numbers * NUMBER_BYTES)}"
    )


def _brought_back(read: ev.StoreRead | None, name) -> str:
    if read is None or not read.echoes:
        return "No question was put to it yet."
    strong = [f"{each.strength:.2f} {name(each.episode)}" for each in read.echoes[:3] if each.strength > 0]
    if not strong:
        return "The last question brought nothing back from it."
    return f"For the last question: {';  '.join(strong)}"
