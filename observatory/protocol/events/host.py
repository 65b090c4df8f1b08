"""What the host adds to the stream: what is saved, and what became of the mind."""

from __future__ import annotations

from .base import Record, Telemetry


class Saved(Telemetry, frozen=True, kw_only=True):
    """Everything up to this sequence number is on disk."""

    through: int


class MindLost(Record, frozen=True, kw_only=True):
    """The mind's process ended without being asked to."""

    exit_code: int | None
    night: int | None
    last_words: str


class LineLived(Record, frozen=True, kw_only=True):
    """One line of a day file is behind us; `live` goes on after the last of these."""

    file_hash: str
    line: int
    episode: int | None
    night: int | None
