"""What a mind tells when it is asked why it says something: the answer held against minds that lack one thing each."""

from __future__ import annotations

from .base import Memory, Plain, Record, Telemetry


class Without(Plain, frozen=True, kw_only=True):
    """The same question with one thing left out: what the answer would cost then, and what would be said instead."""

    bits: list[float]
    says: str


class WithoutNight(Without, frozen=True, kw_only=True):
    night: int


class WithoutRead(Without, frozen=True, kw_only=True):
    episode: int
    weight: float
    """The share of the answer's expectations that came from this episode."""


class LensLayer(Plain, frozen=True, kw_only=True):
    """What stands on the tip of one layer: bits of the telling word, and the word that stands first there."""

    layer: int
    before_bits: float
    after_bits: float
    before_word: str
    after_word: str


class Explaining(Telemetry, frozen=True, kw_only=True):
    """How far the asking why has come."""

    done: int
    of: int


class Explained(Record, frozen=True, kw_only=True):
    """Why the mind says this, found by leaving things out one at a time; nothing is written to find out."""

    prompt: str
    answer: str
    memory: Memory
    pieces: list[str]
    bits: list[float]
    """Of each piece of the answer, for the mind as it is."""
    base: Without
    """With every night left out, and nothing read: what was there before the first night."""
    nights: list[WithoutNight]
    reads: list[WithoutRead]
    telling: int
    """The place among `pieces` whose likelihood the nights moved most."""
    lens_night: int
    """The night that the lens compares before and after; 0 when there was none."""
    lens: list[LensLayer]
    wall_s: float
