"""What a mind tells of how long its memories last."""

from __future__ import annotations

from .base import Plain, Record


class Retention(Plain, frozen=True, kw_only=True):
    """How strong one episode is in either store. Not `held`: it has faded, and only the cortex may still have it."""

    episode: int
    hippocampal: float
    cortical: float
    held: bool


class Retained(Record, frozen=True, kw_only=True):
    """What the mind holds at the end of a day, and what it let go of (`faded`). `night`: the last that ended.

    After a night: every episode that the mind knows. Told by day, when there is no room left: what had to go.
    """

    night: int
    episodes: list[Retention]
    faded: list[int] = []


class TraceKept(Record, frozen=True, kw_only=True):
    """A cue and what the cortex answers to it on its own after the night: what is rehearsed once the episode fades."""

    night: int
    episode: int
    cue: str
    answer: str
