"""Where the hippocampus keeps what it stored: every episode's keys in one array, and who lights which unit.

Finds by shared units first and by keys then. What was let go leaves a gap, and when gaps are many they are closed. It
knows neither cortex nor text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from .address import UNITS

SHORTLIST = 320
"""Episodes completed token by token after the index has spoken: every question of the bench finds its own among them,
and searching 100,000 takes no longer than with half as many."""
DEAD_BESIDES = 64
"""Places of forgotten episodes that may lie about, besides as many as there are living ones, until they are cleared."""


@dataclass
class Trace:
    """One stored episode, as the hippocampus holds it."""

    episode: int
    tokens: list[int]
    code: np.ndarray
    start: int
    end: int
    state: np.ndarray
    """The mean of the cortex's states while it was read, of length one: where it lay before anything was whitened."""


class Files:
    def __init__(self, width: int):
        self.traces: dict[int, Trace] = {}
        self.order: list[int] = []
        """The episode at every slot; -1 where one was let go."""
        self.keys = np.zeros((1024, width), np.int8)
        self.index: list[list[int]] = [[] for _ in range(UNITS)]
        self._frozen_index: list[np.ndarray | None] = [None] * UNITS
        self._slot: dict[int, int] = {}
        self._starts = np.zeros(256, np.int64)
        self._ends = np.zeros(256, np.int64)
        self._used = 0
        self._dead: list[int] = []

    # ------------------------------------------------------------ keeping

    def add(self, episode: int, tokens: list[int], code: np.ndarray, keys: np.ndarray, state: np.ndarray) -> None:
        slot = len(self.order)
        while self._used + len(keys) > len(self.keys):
            self.keys = np.concatenate([self.keys, np.zeros_like(self.keys)])
        if slot >= len(self._starts):
            self._starts = np.concatenate([self._starts, np.zeros_like(self._starts)])
            self._ends = np.concatenate([self._ends, np.zeros_like(self._ends)])
        start, end = self._used, self._used + len(keys)
        self.keys[start:end] = keys
        self._used = end
        self._starts[slot], self._ends[slot] = start, end
        self.traces[episode] = Trace(episode, tokens, code, start, end, state)
        self._slot[episode] = slot
        self.order.append(episode)
        for unit in code:
            self.index[unit].append(slot)
            self._frozen_index[unit] = None

    def drop(self, episode: int) -> None:
        trace, slot = self.traces.pop(episode), self._slot.pop(episode)
        for unit in trace.code:
            if slot in self.index[unit]:
                self.index[unit].remove(slot)
                self._frozen_index[unit] = None
        self.order[slot] = -1
        self._dead.append(slot)
        if len(self._dead) > len(self.traces) + DEAD_BESIDES:
            self.clear_up()

    def clear_up(self) -> None:
        """Close the gaps that forgotten episodes left, and give back the memory that is not needed any more."""
        living = list(self.traces.values())
        keys = [self.keys_of(trace) for trace in living]
        self._used = sum(len(rows) for rows in keys)
        self.keys = np.zeros((_room(self._used, 1024), self.keys.shape[1]), np.int8)
        if keys:
            self.keys[: self._used] = np.concatenate(keys)
        self._starts = np.zeros(_room(len(living), 256), np.int64)
        self._ends = np.zeros_like(self._starts)
        self.order, self._dead = [trace.episode for trace in living], []
        self._slot = {episode: slot for slot, episode in enumerate(self.order)}
        self.index = [[] for _ in range(UNITS)]
        self._frozen_index = [None] * UNITS
        at = 0
        for slot, trace in enumerate(living):
            trace.start, trace.end = at, at + trace.end - trace.start
            at = trace.end
            self._starts[slot], self._ends[slot] = trace.start, trace.end
            for unit in trace.code:
                self.index[unit].append(slot)

    # ------------------------------------------------------------ finding

    def keys_of(self, trace: Trace) -> np.ndarray:
        return self.keys[trace.start : trace.end]

    def slots_of(self, episodes: list[int]) -> np.ndarray:
        return np.array([self._slot[episode] for episode in episodes], np.int64)

    def shortlist(self, units: np.ndarray) -> np.ndarray:
        """Slots that share most with the cue's code, each shared unit counted by how rare it is here."""
        total = len(self.order)
        scores = np.zeros(total, np.float32)
        for unit in units:
            slots = self._slots_with(int(unit))
            if len(slots):
                scores[slots] += math.log1p(total / len(slots))
        scores[self._dead] = -1.0
        many = min(SHORTLIST, total)
        best = np.argpartition(-scores, many - 1)[:many] if total > many else np.arange(total)
        return best[[self.order[s] >= 0 for s in best]]

    def _slots_with(self, unit: int) -> np.ndarray:
        frozen = self._frozen_index[unit]
        if frozen is None:
            frozen = self._frozen_index[unit] = np.asarray(self.index[unit], np.int64)
        return frozen

    def match(self, keys: torch.Tensor, slots: np.ndarray) -> np.ndarray:
        """Late interaction: every token of the cue takes its best partner in the episode; their root mean square.

        Squared, since one word that matches well says more than many that match somewhat: every episode has a “the”.
        """
        return self.partners(keys, slots).clamp_min(0).square().mean(1).sqrt().numpy()

    def partners(self, keys: torch.Tensor, slots: np.ndarray) -> torch.Tensor:
        """For every slot and every token of the cue, the likeness of its best partner there."""
        if not len(slots):
            return torch.zeros(0, len(keys))
        starts, ends = self._starts[slots], self._ends[slots]
        lengths = ends - starts
        rows = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])
        stored = torch.from_numpy(self.keys[rows]).float() / 127.0
        likeness = stored @ keys.cpu().T
        owner = torch.from_numpy(np.repeat(np.arange(len(slots)), lengths))
        best = torch.full((len(slots), likeness.shape[1]), -1.0)
        best.scatter_reduce_(0, owner[:, None].expand_as(likeness), likeness, "amax")
        return best


def _room(needed: int, least: int) -> int:
    """Arrays grow by doubling; this is where they stand for so many rows."""
    return least << max(0, math.ceil(math.log2(max(1, needed) / least)))
