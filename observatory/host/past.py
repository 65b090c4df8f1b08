"""What a view may ask of a life that lies behind: its events between two numbers, its line of time, its last part.

A long life is not told to the view from its first event on: it begins with its last part, and the rest is asked for.
Knows no view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from ..protocol import events as e

if TYPE_CHECKING:
    import numpy as np

    from ..record.reading import Reader

WHOLE = 50_000
"""Events that are told from the first one on: about two seconds of a view's time."""
LAST = 2_000
"""Events that a longer life begins with at least."""
LAST_NIGHT = 10_000
"""If its last night began within so many events, it begins there at the latest."""
STANDING = (e.MindReady, e.GoalSet, e.ModeChanged, e.StateTrained)
"""Of what lies before only the last of each is needed to know how things stand."""

SAID = (e.EpisodeEncoded, e.EpisodeKept, e.Answered)
"""What was said lately is told too, so that talk and memory are not empty until the whole life has been read."""
LATELY = 10_000
"""Events that are looked through for it."""

Timeline = tuple["np.ndarray", list[e.Record], list[tuple[int, float]]]
"""The moment of every event, the events of the kinds that were asked for, sleep pressure by event."""


def told_first(reader: Reader) -> tuple[int, Iterator[e.Record]]:
    """The first event that a view is told by itself, and from there on all of them."""
    last = reader.last()
    if last <= WHOLE:
        return 1, reader.history()
    opened = reader.last_opening()
    after = min(last - LAST, opened - 1) if opened and last - opened < LAST_NIGHT else last - LAST
    said = reader.history(max(0, after - LATELY), kinds=SAID, upto=after)
    return after + 1, chain(reader.latest(STANDING, after), said, reader.history(after))


def timeline(reader: Reader, kinds: Sequence[type]) -> Timeline:
    return reader.moments(), list(reader.history(kinds=kinds)), reader.pressures()
