"""Which units of the sparse code the episodes have lit so far, counted once each. Plain data; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .lived import Episode

UNITS = 4096
"""Where the mind has not said how many it has: as many as the default model."""
NAMED = 3


class Codes:
    """`follow` takes in episodes that were told since; those that were counted are not gone through again."""

    def __init__(self, units: int = UNITS):
        self.uses = np.zeros(units, np.int64)
        """How many episodes have lit each unit."""
        self.first = np.full(units, -1, np.int64)
        """The place, among all episodes, of the one that lit it first; −1 is none."""
        self._taken = 0

    def follow(self, episodes: Sequence[Episode]) -> None:
        for place in range(self._taken, len(episodes)):
            code = np.asarray(episodes[place].told.code, np.int64)
            if len(code) and code.max() >= len(self.uses):
                more = int(code.max()) + 1 - len(self.uses)
                self.uses = np.concatenate([self.uses, np.zeros(more, np.int64)])
                self.first = np.concatenate([self.first, np.full(more, -1, np.int64)])
            self.uses[code] += 1
            fresh = code[self.first[code] < 0]
            self.first[fresh] = place
        self._taken = len(episodes)

    def new_in(self, code: Sequence[int], place: int) -> set[int]:
        """Units that no episode before this one had lit."""
        return {unit for unit in code if self.first[unit] >= place or self.first[unit] < 0}

    def others(self, unit: int, but: int, episodes: Sequence[Episode]) -> list[Episode]:
        """The newest few other episodes that have this unit."""
        found: list[Episode] = []
        for episode in reversed(episodes):
            if episode.number != but and unit in episode.told.code:
                found.append(episode)
                if len(found) == NAMED:
                    break
        return found
