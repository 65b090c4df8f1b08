"""Pins and exclusions: a person's marks on episodes, recorded first and told to the mind after.

Runs on the record thread. It does not know how the mind obeys them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from ..protocol import commands as c
from ..protocol import events as e
from .refusal import SessionError

if TYPE_CHECKING:
    from .keeping import Keeping

PINNED_PART = 2
"""One in so many of what the hippocampus can hold may be pinned; the rest stays free for what is new."""


def mark(keeping: Keeping, said: c.MarkEpisodes, by: str) -> None:
    """All of them or none. It is durable when this returns, whether a mind is there or not."""
    if not said.episodes:
        raise SessionError("No episode was named, so there is none to mark.")
    if not by.strip():
        raise SessionError("A mark needs a name: who sets it.")
    _refuse(keeping, said)
    before = keeping.state.saved_through
    fields = msgspec.structs.asdict(said)
    keeping.keep([e.EpisodesMarked(at=time.time(), by=by, **fields)])
    if keeping.state.saved_through == before:
        raise SessionError(f"The mark could not be recorded, so it does not count. {keeping.state.problem}")
    keeping.pass_on(said)


def _refuse(keeping: Keeping, said: c.MarkEpisodes) -> None:
    store = keeping.store
    standing = store.standings(said.episodes)
    unknown = [n for n in said.episodes if standing[n] in ("unknown", "observed")]
    if unknown:
        raise SessionError(
            f"There is no episode {unknown[0]}. What to do: look up its number among the episodes; one that is still "
            "being taken in can be marked once that is done."
        )
    if said.mark != "pinned" or not said.on:
        return
    faded = [n for n in said.episodes if standing[n] == "faded"]
    if faded:
        raise SessionError(
            f"{_these(faded)} faded already, so there is nothing left to pin. What to do: choose others, or tell it "
            "again."
        )
    most = max(1, keeping.chosen.capacity // PINNED_PART)
    wanted = {*store.marked("pinned"), *said.episodes}
    if len(wanted) > most:
        raise SessionError(
            f"That would pin {len(wanted):,} episodes, and at most {most:,} may be: half of what the hippocampus can "
            "hold stays free for what is new. What to do: take some pins off first."
        )


def _these(episodes: list[int]) -> str:
    return f"Episode {episodes[0]} has" if len(episodes) == 1 else f"{len(episodes)} of these episodes have"
