"""Replays in lanes: one lane an episode, then dreams and old material, and for every lane what happened in it when.

Every replay is put away once, in the time that adding to the end of an array takes; what is drawn is asked for by lane
and by stretch of steps, already thinned to as many marks as there is room for. Plain data; it knows no Qt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..protocol import events as ev
from .lived import Night, Replayed

MARKS = ("curiosity", "focus", "fear", "own", "chance", "old", "unsaid", "recalled", "missed")
"""What a tick is: which drive drew a replay (`own` is a plugin's), old material that no drive draws, a replay of
which nothing more was said, or a withheld cue that was tried."""
PROBES = ("recalled", "missed")
OLD_WORDS = {"chat": "Old: chat", "plain": "Old: plain text", "question": "Old: questions", "trace": "Old: traces"}
DREAMS, UNKNOWN_OLD = "Dreams", "Old material"


class Grown:
    """An array that is added to at its end in amortised constant time."""

    def __init__(self, kind: type):
        self._room, self.many = np.zeros(16, kind), 0

    def add(self, value: float) -> None:
        if self.many == len(self._room):
            self._room = np.concatenate([self._room, np.zeros_like(self._room)])
        self._room[self.many] = value
        self.many += 1

    @property
    def values(self) -> np.ndarray:
        return self._room[: self.many]


@dataclass
class Lane:
    """One row: its key is an episode's number, or a name for what is no episode's."""

    key: int | str
    steps: Grown = field(default_factory=lambda: Grown(np.float32))
    """When: several of one step lie side by side around it, and a probe lies behind its step."""
    marks: Grown = field(default_factory=lambda: Grown(np.int8))
    whose: Grown = field(default_factory=lambda: Grown(np.int32))
    """The place of each replay among the night's replays; −1 for a probe."""
    watched: Grown = field(default_factory=lambda: Grown(np.int32))
    """Which of its ticks were watched."""
    replays: int = 0
    worst: float = 0.0
    """Of its last replay."""

    def add(self, step: float, mark: str, whose: int) -> None:
        self.steps.add(step)
        self.marks.add(MARKS.index(mark))
        self.whose.add(whose)

    def __len__(self) -> int:
        return self.steps.many


@dataclass(frozen=True)
class Drawn:
    """The marks of one lane in one stretch: where, which, and how many ticks each stands for."""

    at: np.ndarray
    marks: np.ndarray
    counts: np.ndarray

    @property
    def most(self) -> int:
        return int(self.counts.max()) if len(self.counts) else 0


ORDERS: dict[str, Callable[[Lanes, int | str], tuple]] = {
    "told": lambda lanes, key: (key,),
    "replays": lambda lanes, key: (-lanes.by_key[key].replays, key),
    "value": lambda lanes, key: (-lanes.priority.get(key, 0.0), key),
    "missed": lambda lanes, key: (-lanes.by_key[key].worst, key),
}
"""Ways to put the episodes' lanes in order; dreams and old material stay at the bottom."""


class Lanes:
    """All lanes of one night. `follow` takes in what is new."""

    def __init__(self, night: Night | None = None):
        self.night = night
        self.by_key: dict[int | str, Lane] = {}
        self.priority: dict[int | str, float] = {}
        self.kinds: Counter[str] = Counter()
        self.order = "told"
        self.shown: list[Lane] = []
        self._taken = self._probed = 0
        self._old_kinds: dict[int, str] = {}

    def follow(self) -> bool:
        """Whether anything was new."""
        night = self.night
        if night is None or (self._taken == len(night.replays) and self._probed == len(night.probes)):
            return False
        many = len(self.by_key)
        while self._taken < len(night.replays):
            step = night.replays[self._taken].step
            self._probes(step)
            self._step(step)
        self._probes(None)
        if len(self.by_key) != many:
            self.sort(self.order)
        return True

    def _probes(self, before: int | None) -> None:
        """Those that were made before this step, or all that there are."""
        probes = self.night.probes
        while self._probed < len(probes) and (before is None or probes[self._probed].step < before):
            probe = probes[self._probed]
            self._probed += 1
            for one in probe.episodes:
                self._lane(one.episode).add(probe.step + 0.5, "recalled" if one.recalled else "missed", -1)

    def _step(self, step: int) -> None:
        """The rows of one batch. Those that fall into one lane lie side by side."""
        replays, rows = self.night.replays, {}
        while self._taken < len(replays) and replays[self._taken].step == step:
            rows.setdefault(self._key(replays[self._taken].item), []).append(self._taken)
            self._taken += 1
        for key, mine in rows.items():
            lane = self._lane(key)
            for place, at in enumerate(mine):
                item = replays[at].item
                mark = item.drive or ("old" if item.kind == "old" else "unsaid")
                mark = mark if mark in MARKS else "own"
                lane.add(step - 0.5 + (place + 0.5) / len(mine), mark, at)
                self.kinds[mark] += 1
                if item.watched is not None:
                    lane.watched.add(len(lane) - 1)
            lane.replays += len(mine)
            lane.worst = replays[mine[-1]].item.worst

    def _old(self, number: int) -> str:
        if len(self._old_kinds) != len(self.night.old):
            self._old_kinds = {old.item: old.kind for old in self.night.old}
        return OLD_WORDS.get(self._old_kinds.get(number, ""), UNKNOWN_OLD)

    def _key(self, item: ev.ReplayItem) -> int | str:
        if item.kind == "old":
            return self._old(item.item)
        return DREAMS if item.kind == "dream" or item.episode is None else item.episode

    def _lane(self, key: int | str) -> Lane:
        lane = self.by_key.get(key)
        if lane is None:
            lane = self.by_key[key] = Lane(key)
        return lane

    # ------------------------------------------------------------ what is shown

    def sort(self, order: str) -> None:
        """Put the lanes in order; they stay so until somebody asks again or a new one comes."""
        self.order = order
        self.priority = {c.episode: c.priority for c in self.night.chosen} if self.night is not None else {}
        episodes = sorted((k for k in self.by_key if isinstance(k, int)), key=lambda key: ORDERS[order](self, key))
        below = [k for k in (DREAMS, *OLD_WORDS.values(), UNKNOWN_OLD) if k in self.by_key]
        self.shown = [self.by_key[key] for key in (*episodes, *below)]

    def thinned(self, lane: Lane, first: float, last: float, bins: int) -> Drawn:
        """At most one mark for every bin of the stretch: the commonest of what falls there, the later where equal.

        Replays go before probes, which are tried a few times a night and are drawn on their own line.
        """
        steps = lane.steps.values
        a, b = np.searchsorted(steps, first, "left"), np.searchsorted(steps, last, "right")
        if a == b:
            return Drawn(np.zeros(0), np.zeros(0, np.int8), np.zeros(0, np.int64))
        wide = (last - first) / max(1, bins)
        at = np.minimum(((steps[a:b] - first) / wide).astype(np.int64), bins - 1)
        marks = lane.marks.values[a:b].astype(np.int64)
        probe = marks >= MARKS.index(PROBES[0])
        # A probe shares no bin with replays: it has a line of its own.
        cells = (at * 2 + probe) * len(MARKS) + marks
        found, first_at, counts = np.unique(cells, return_index=True, return_counts=True)
        bin_, mark = found // len(MARKS), found % len(MARKS)
        order = np.lexsort((-counts, bin_))
        chosen = order[np.unique(bin_[order], return_index=True)[1]]
        whole = np.add.reduceat(counts, np.unique(bin_, return_index=True)[1])
        where = steps[a:b][first_at[chosen]].astype(float)
        crowded = whole > 1
        where[crowded] = first + (bin_[chosen][crowded] // 2 + 0.5) * wide
        return Drawn(where, mark[chosen].astype(np.int8), whole)

    def nearest(self, lane: Lane, step: float) -> int | None:
        """The tick of a lane that is nearest to a step."""
        return int(np.abs(lane.steps.values - step).argmin()) if len(lane) else None

    def replayed(self, lane: Lane, tick: int) -> Replayed | None:
        """What a tick is of; nothing where it is a probe."""
        at = int(lane.whose.values[tick])
        return self.night.replays[at] if at >= 0 else None

    def tick_of(self, replayed: Replayed) -> tuple[int | str, int] | None:
        """The lane and the place in it of a replay that was taken in."""
        key = self._key(replayed.item)
        lane = self.by_key.get(key)
        if lane is None:
            return None
        first, last = np.searchsorted(lane.steps.values, [replayed.step - 0.5, replayed.step + 0.5])
        return next(((key, tick) for tick in range(first, last) if self.replayed(lane, tick) is replayed), None)
