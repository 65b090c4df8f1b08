"""The effort tab of the night dock: which episodes rest because withheld cues bring them back, and which resist.

Draws one night that it is handed; what that amounts to is `effort.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStackedWidget

from .dock import label
from .effort import STATE_WORDS, STATES, Effort, efforts
from .lived import Night
from .look import Look
from .tables import Column, Table

INVITATION = (
    "Now and then the night asks for each episode through a cue that it never replays. What comes back rests; what "
    "resists is drawn more often. Every episode will stand here with its need × gain and the number of its replays."
)
NEVER = "This night asked for no episode between its steps, so nothing says which of them could rest."


def _hue(one: Effort, look: Look) -> QColor:
    return {"resists": look.stage("gate"), "rests": look.right}.get(one.state, look.soft)


def _since(one: Effort) -> str:
    return STATE_WORDS[one.state] + (f", since step {one.since}" if one.state == "rests" else "")


def _product(one: Effort) -> str:
    return f"{one.probed.need:.2f} × {one.probed.gain:.2f}" if one.probed is not None else "–"


class EffortPane(QStackedWidget):
    """`episode_wanted`: an episode was opened with Enter."""

    episode_wanted = Signal(int)

    def __init__(self, name: Callable[[int], str], look: Look):
        super().__init__()
        self._name, self._most = name, 1.0
        self._shown: tuple = ()
        self.table = Table(self._columns(), look, "Effort")
        self.empty = label(INVITATION, "soft", wrap=True)
        self.empty.setMargin(12)
        self.addWidget(self.empty)
        self.addWidget(self.table)
        self.setFocusProxy(self.table)
        self.table.activated.connect(lambda _: self.episode_wanted.emit(self.table.chosen().episode))

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("", lambda e: STATE_WORDS[e.state], lambda e: (STATES.index(e.state), e.since), width=126,
                   colour=_hue, tip=_since),
            Column("Episode", lambda e: self._name(e.episode), lambda e: e.episode, stretch=True),
            Column("Need × gain", _product, lambda e: e.priority, number=True, width=100,
                   about="How much it needs replay, times what replay is worth to it"),
            Column("Priority", lambda e: f"{e.priority:.2f}" if e.probed is not None else "–", lambda e: e.priority,
                   number=True, width=112, about="Need × gain: the more, the more often it is drawn",
                   bar=lambda e, look: (e.priority / self._most if e.probed is not None else None, _hue(e, look))),
            Column("Worst", lambda e: f"{e.probed.worst:.1f}" if e.probed is not None else "–",
                   lambda e: e.probed.worst if e.probed is not None else -1.0, number=True, width=58,
                   about="Loss of the worst token when the withheld cue asked"),
            Column("Replays", lambda e: f"{e.drawn:,}", lambda e: e.drawn, number=True, width=70,
                   about="Rows of batches that were about it, dreams included"),
            Column("Why", lambda e: e.because or "–", lambda e: e.because, stretch=True,
                   about="Why it was drawn the last time"),
        )  # fmt: skip

    def restyle(self, look: Look) -> None:
        self.table.restyle(look)

    def draw(self, night: Night) -> None:
        self.setCurrentIndex(int(bool(night.probes)))
        self.empty.setText(INVITATION if night.open and "weigh" not in night.met else NEVER)
        shown = (id(night), len(night.probes), len(night.steps))
        if not night.probes or shown == self._shown:
            return
        self._shown = shown
        chosen = self.table.chosen()
        found = efforts(night)
        self._most = max((one.priority for one in found), default=0.0) or 1.0
        self.table.rows.follow(found)
        if chosen is not None:
            place = self.table.rows.place_of(lambda e: e.episode == chosen.episode)
            if place is not None:
                self.table.selectRow(place)
