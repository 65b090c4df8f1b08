"""What a mind tells of a plugin's fast store while it lives with one: what it wrote, and what it brings back."""

from __future__ import annotations

from .base import Plain, Record


class Echo(Plain, frozen=True, kw_only=True):
    """How strongly a store answers for one episode: 1 as if it had been told it alone, 0 not at all."""

    episode: int
    strength: float


class StoreWrote(Record, frozen=True, kw_only=True):
    """An episode was written into the chosen store.

    `novelty` is the store's own word on it. `echoes`: how strongly it now brings back what it was told last, asked with
    that episode's own keys; the new one is the last of them. `own` are numbers that the store itself gives, by name.
    """

    episode: int
    store: str
    novelty: float
    rows: int
    """Keys that it was written under."""
    held: int
    numbers: int
    """How many numbers the store holds: the memory that it takes."""
    took_ms: float
    echoes: list[Echo] = []
    own: dict[str, float] = {}


class StoreRead(Record, frozen=True, kw_only=True):
    """What a question's cue brought back from the chosen store, the strongest first, before anybody judged it."""

    question: int
    store: str
    echoes: list[Echo]
    took_ms: float
    own: dict[str, float] = {}
