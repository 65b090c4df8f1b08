"""The episodes as the drives would draw them: scores as arrays, and shares for any setting of the dials.

Built when scores or nights change, asked again at every move of a dial. The formula is the protocol's; knows no Qt.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..protocol.drives import CHANCE, Drives, shares
from ..protocol.events import DRIVES, EpisodeProposed
from .lived import Episode

PARTS = (*DRIVES, CHANCE)


def parts_of(chosen: EpisodeProposed) -> dict[str, float]:
    """What each drive, and chance, gives an episode of a night to begin with."""
    built_in = {drive: getattr(chosen, drive) for drive in DRIVES}
    return built_in | chosen.others | {CHANCE: chosen.chance}


def order_of(drive: str) -> int:
    """Built-in drives first, then those of plugins, then chance, then nobody."""
    return PARTS.index(drive) * 2 if drive in PARTS else 2 * len(DRIVES) - 1 if drive else 2 * len(PARTS)


class Ranking:
    """`parts` and `total` follow the dials; the place of an episode in all arrays is its place in `episodes`."""

    def __init__(self, episodes: Iterable[Episode] = (), drives: Drives = Drives()):
        self.episodes = [episode for episode in episodes if episode.score is not None]
        self.scores = np.array(
            [(e.score.curiosity, e.score.focus, e.score.fear) for e in self.episodes], float
        ).reshape(-1, len(DRIVES))
        self.twins = _groups(self.episodes)
        self.rank(drives)

    def rank(self, drives: Drives) -> None:
        """Drives of plugins have columns of their own, as far as the dials name them."""
        self.drawers = drives.drawers
        others = [[e.score.others.get(name, 0.0) for e in self.episodes] for name in drives.others]
        self.parts = shares(np.column_stack([self.scores, *others]), drives, self.twins)
        self.total = self.parts.sum(1)
        self.most = float(self.total.max()) if len(self.total) else 1.0

    @property
    def by_drive(self) -> dict[str, float]:
        """The part of all draws that each drive, and chance, makes with these dials."""
        return dict(zip(self.drawers, map(float, self.parts.sum(0)), strict=True))

    def between(self) -> np.ndarray:
        """How much of what the drives see in each episode is each one's, whatever the dials; no number where none is.

        A score of 1 is usual for every drive, so scores may stand beside each other.
        """
        seen = np.maximum(self.scores, 0.0)
        whole = seen.sum(1, keepdims=True)
        return np.divide(seen, whole, out=np.full_like(seen, np.nan), where=whole > 0)

    def foremost(self) -> np.ndarray:
        """The place in `DRIVES` of the drive that sees most in each episode."""
        return self.scores.argmax(1) if len(self.scores) else np.zeros(0, int)

    def place_of(self, number: int) -> int | None:
        return next((place for place, episode in enumerate(self.episodes) if episode.number == number), None)


def waiting(episodes: Iterable[Episode]) -> list[Episode]:
    """Those that the next night would go over: not slept on, and still held."""
    return [episode for episode in episodes if not episode.nights and episode.faded is None]


def _groups(episodes: list[Episode]) -> list[int]:
    """A number for every episode; near-duplicates have the number of the first of them."""
    first: dict[int, int] = {}
    for episode in episodes:
        twin = episode.score.twin_of
        first[episode.number] = episode.number if twin is None else first.get(twin, twin)
    return [first[episode.number] for episode in episodes]
