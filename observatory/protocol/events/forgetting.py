"""What a home keeps of an act of forgetting, and of a night that was changed before it was approved.

None of these holds a word of what was forgotten: numbers, hashes and ranks only.
"""

from __future__ import annotations

from .base import Plain, Record, Telemetry, When


class ForgettingAsked(Record, frozen=True, kw_only=True):
    """From here on these episodes are neither remembered nor replayed; `nights` are to be derived again without them.

    It stands until `Forgotten` says that it is done.
    """

    episodes: list[int]
    nights: list[int]
    by: str
    why: str


class EpisodeReread(Record, frozen=True, kw_only=True):
    """An episode as it was taken in when its life was lived again without what was forgotten."""

    episode: int
    pieces: list[str]
    tokens: list[int]
    surprise: list[float]
    code: list[int]
    novelty: float
    corrects: int | None = None


class CanaryRanked(Record, frozen=True, kw_only=True):
    """How likely the cortex alone finds an episode's telling words, among random ones in their place.

    1 is the likeliest of all `of`. A mind that never heard it puts them anywhere.
    """

    episode: int
    when: When
    rank: int
    of: int
    cortex: str


class Relived(Telemetry, frozen=True, kw_only=True):
    """One part of a life has been lived again: as far as the next night that is to be derived anew, or to the end."""

    part: int
    cortex: str


class LineRedacted(Plain, frozen=True, kw_only=True):
    """Vouches for one line of the journal whose words were taken out: the chain before it and its own, which stay as
    they were, and the hash of what the line says now."""

    event: int
    before: str
    chain: str
    says: str


class FileDestroyed(Plain, frozen=True, kw_only=True):
    """A file of the home that had learnt from what was forgotten, or was a copy of it."""

    file: str
    hash: str


class Forgotten(Record, frozen=True, kw_only=True):
    """Done: what is left of these episodes in the home is numbers, and this names every place that was changed."""

    episodes: list[int]
    lines: list[LineRedacted]
    files: list[FileDestroyed]
    cortex: str


class ChangesAsked(Record, frozen=True, kw_only=True):
    """A reviewer will have this proposal only changed: without these episodes, or scaled down. It is proposed anew."""

    night: int
    delta: str
    leave_out: list[int]
    scale: float
    by: str
    reason: str
