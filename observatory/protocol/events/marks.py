"""What people mark episodes with: that they never fade, or are never replayed."""

from __future__ import annotations

from typing import Literal

from .base import Record

Mark = Literal["pinned", "excluded"]
"""`pinned`: the hippocampus never lets it go. `excluded`: no night replays it; it is still read and recalled."""


class EpisodesMarked(Record, frozen=True, kw_only=True):
    """A mark that a person put on these episodes, or took off them (not `on`). It holds from the next night on."""

    episodes: list[int]
    mark: Mark
    on: bool
    by: str
