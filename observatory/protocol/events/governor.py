"""What System M tells: what it read off the mind, what it decided, and by which rule."""

from __future__ import annotations

from typing import Literal

from .base import Plain, Record

Moment = Literal["told", "asked", "idle", "night over"]
"""What gave the governor something to decide."""
Choice = Literal[
    "encode", "observe", "read memory", "answer alone", "ask", "rest", "stay awake", "propose sleep", "wake",
]  # fmt: skip
"""`observe`: read, but not stored. `ask`: answered, and a person is asked for what is missing."""


class MetaStates(Plain, frozen=True, kw_only=True):
    """What the governor sees of the mind, each from 0 to 1: it never touches what is thought, only how it goes.

    `pressure` is sleep pressure; `surprise_load` and `capacity` are what it is made of: unconsolidated surprise, and
    how much of the fast store only that store knows. `rhythm`: the daily rhythm's wish to be awake, ½ when switched
    off. `idle`: hours since anything was told or asked, up to one.
    """

    uncertainty: float = 0.0
    prediction_error: float = 0.0
    novelty: float = 0.0
    trust: float = 0.5
    pressure: float = 0.0
    surprise_load: float = 0.0
    capacity: float = 0.0
    rhythm: float = 0.5
    relevance: float = 0.0
    fear: float = 0.0
    idle: float = 0.0


class GovernorDecided(Record, frozen=True, kw_only=True):
    """One decision with what it was made on. `rule`: the first in the table that held; `table`: its hash."""

    on: Moment
    choice: Choice
    rule: str
    why: str
    states: MetaStates
    table: str
    lived_at: str
    episode: int | None = None
    question: int | None = None
    preset: str = ""


class EpisodeObserved(Record, frozen=True, kw_only=True):
    """An experience that was read and, by the governor's word, not stored: there is one like it already."""

    episode: int
    like: int | None
    text: str
    why: str
