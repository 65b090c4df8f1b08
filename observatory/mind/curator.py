"""What is drawn in each step of a night, by which drive, and why.

An episode's priority is need × gain: what the drives see in it, and how much of it is still missed:
at first all of it, then the loss of its worst telling word, over recent replays and where a
withheld cue was tried. What a withheld cue brings back rests. That is for nights too short for all;
in one with a dose for everybody all come alike, by chance. Every row is drawn by one drive, as
often as its dial says; a fixed part is left to chance. Old material comes round in turn, so that
every piece is seen. All chance comes from one seeded generator, whose state can be kept. It does
not know weights, scores or losses beyond the numbers that it is handed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..protocol.drives import CHANCE, Drives
from .views import Repertoire, View

DRAWERS = Drives().drawers
"""Who draws where no plugin does."""
FIRST_WORST = 5.0
LEAST = 0.05
KEPT_OF_MEAN = 0.5
FRESH_SHARE, DREAM_SHARE = 45, 30
"""Percent of an episode's replays that answer a cue made for this once, and of those that answer a question dreamed
about it, once there is one. The others go by its own words."""
PRACTISED = 75, 15
"""The same for a cortex that has had nights: it has learnt to answer the usual cues, and soon learns little from them.
"""
KNOWN_BELOW = 0.6
"""Nats of the worst token under which a greedy answer says that token: its chance is above 55 %."""

DOSE = 36
"""Replays that serve an episode. A night that has as many for each of them takes all alike, and every cue of each: what
choosing gave to some the others lacked, and it was missed in other words."""
MOST_VIEWS = 3
"""Views of one episode in one step: what resists gets more, but a batch stays a mixture."""

OLD_KINDS = (
    "question", "question", "plain", "question", "trace", "question", "question", "chat", "question", "plain",
    "question",
)  # fmt: skip
"""Shares of old material in every batch: plain text keeps perplexity, questions keep knowledge, chat keeps manner, and
traces what earlier nights taught and the hippocampus has let go."""


@dataclass(frozen=True)
class Draw:
    """One episode for one row, and which drive drew it."""

    episode: int
    drive: str


class Curator:
    """Draws episodes by what they still miss, and old material in rounds."""

    def __init__(
        self, parts: dict[int, Sequence[float]], old: list[str], seed: int, evenly: bool = False,
        drawers: Sequence[str] = DRAWERS, rows: int = 0, practised: bool = False,
    ):  # fmt: skip
        """`parts`: what each of the drawers (the drives, and chance) gives to each episode. `old`: the kind of every
        piece of old material, in order. `rows`: how many the night has for them, as far as that is known. `practised`:
        this cortex has had nights before."""
        self.chance = torch.Generator().manual_seed(seed)
        self._parts = torch.tensor(list(parts.values()), dtype=torch.float32).reshape(-1, len(drawers))
        self.need = dict(zip(parts, (self._parts.sum(1) * len(parts)).tolist(), strict=True))
        self.gain = dict.fromkeys(parts, FIRST_WORST)
        self.seen = dict.fromkeys(parts, 0)
        self.resting: set[int] = set()
        self.old, self._drawers = old, drawers
        self.evenly = evenly or rows >= DOSE * len(parts) > 0
        self._fresh, self._dreamt = PRACTISED if practised else (FRESH_SHARE, DREAM_SHARE)
        self._dials = self._parts.sum(0)
        self._missed: dict[str, list[float]] = {}
        self._drawn: dict[int, tuple[str, int]] = {}
        self._rounds: dict[str, list[int]] = {}
        self._turn = 0

    def draws(self, count: int, tired: bool = False) -> list[Draw]:
        """Episodes for one step: for every row a drive, by the dials, and one of those that it sees most in and that
        still miss something. None comes twice before all came once; one that resists may come up to three times.

        `tired`: those that rest are drawn too.
        """
        if self.evenly:
            pool = list(self.need)
            drawn = torch.randperm(len(pool), generator=self.chance).tolist()[:count]
            return [Draw(pool[i], "chance") for i in drawn]
        pool = list(self.need)
        gains = torch.tensor([self.gain[e] for e in pool]).clamp_min(LEAST)
        if self.resting and not tired:
            gains[[at for at, e in enumerate(pool) if e in self.resting]] = 0.0
        wanted, awake = self._parts * gains[:, None], int((gains > 0).sum())
        chosen: list[Draw] = []
        for _ in range(MOST_VIEWS):
            left = wanted.T.clone()
            for _ in range(min(count - len(chosen), awake)):
                by = int(torch.multinomial(self._shares(left.sum(1)), 1, generator=self.chance))
                at = int(torch.multinomial(left[by], 1, generator=self.chance))
                chosen.append(Draw(pool[at], self._drawers[by]))
                left[:, at] = 0.0
        return chosen

    def _shares(self, missed: torch.Tensor) -> torch.Tensor:
        """How often each drive draws: by its dial, and by how much of what it sees is still missed, so that one whose
        episodes are learnt leaves its turn to the others. Chance keeps its part whatever they see."""
        shares, chance = missed.clone(), self._drawers.index(CHANCE)
        drives, dials = missed.sum() - missed[chance], self._dials.sum() - self._dials[chance]
        if missed[chance] > 0 and drives > 0:
            shares[chance] = drives * self._dials[chance] / dials.clamp_min(1e-9)
        return shares

    def pick(self, count: int) -> int:
        return int(torch.randint(count, (1,), generator=self.chance))

    def view(self, episode: int, repertoire: Repertoire) -> View:
        """A fresh view of an episode, or one it has had, by what each missed when last replayed; the unseen first."""
        turn = self.pick(100)
        if turn < self._fresh and (view := repertoire.fresh(episode, self.chance)):
            return view
        name, pool = repertoire.pool(episode, turn >= 100 - self._dreamt)
        missed = self._missed.setdefault(name, [FIRST_WORST] * len(pool))
        at = self.pick(len(pool))
        if not self.evenly:
            weights = torch.tensor([max(LEAST, m) for m in missed])
            at = int(torch.multinomial(weights, 1, generator=self.chance))
        self._drawn[id(pool[at])] = name, at
        return pool[at]

    def old_material(self, count: int) -> list[int]:
        """Places of old material: its kinds in fixed shares, every piece of a kind once a round."""
        out: list[int] = []
        while self.old and len(out) < count:
            kind = OLD_KINDS[self._turn % len(OLD_KINDS)]
            self._turn += 1
            if kind not in self.old:
                continue
            left = self._rounds.setdefault(kind, [])
            if not left:
                places = [i for i, k in enumerate(self.old) if k == kind]
                order = torch.randperm(len(places), generator=self.chance).tolist()
                left += [places[i] for i in order]
            out.append(left.pop())
        return out

    def replayed(self, view: View, worst: float) -> None:
        """What the worst token of a view that was drawn cost, before the step."""
        if not view.fresh:
            name, at = self._drawn[id(view)]
            self._missed[name][at] = worst
        self._miss(view.episode, worst)
        self.seen[view.episode] += 1

    def probed(self, found: dict[int, float]) -> None:
        """What the worst word behind each episode's withheld cue costs now: what is recalled rests until it is not."""
        for episode, worst in found.items():
            self._miss(episode, worst)
            if worst < KNOWN_BELOW:
                self.resting.add(episode)
            else:
                self.resting.discard(episode)

    def _miss(self, episode: int, worst: float) -> None:
        kept = KEPT_OF_MEAN * self.gain[episode]
        self.gain[episode] = kept + (1 - KEPT_OF_MEAN) * max(worst, LEAST)

    def because(self, episode: int) -> str:
        if self.seen[episode] == 0:
            return "not yet replayed"
        missing = self.gain[episode]
        return f"still misses {missing:.1f} nats at its worst word" if missing > KNOWN_BELOW else "rehearsed"

    def satisfied(self) -> bool:
        """Nothing is left that a withheld cue does not bring back; where there is a dose for everybody, not before each
        had it: cues as they are made are brought back sooner than what other people ask."""
        dosed = not self.evenly or min(self.seen.values(), default=DOSE) >= DOSE
        return dosed and len(self.resting) == len(self.need)

    # ------------------------------------------------------------ keeping

    def state(self) -> dict:
        return {
            "chance": self.chance.get_state().tolist(), "gain": {str(k): v for k, v in self.gain.items()},
            "seen": {str(k): v for k, v in self.seen.items()}, "resting": sorted(self.resting),
            "missed": self._missed, "rounds": self._rounds, "turn": self._turn,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        self.chance.set_state(torch.tensor(state["chance"], dtype=torch.uint8))
        self.gain = {int(k): float(v) for k, v in state["gain"].items()}
        self.resting = {int(e) for e in state["resting"]}
        self.seen = {int(k): int(v) for k, v in state["seen"].items()}
        self._missed = {pool: [float(m) for m in found] for pool, found in state["missed"].items()}
        self._rounds = {kind: [int(i) for i in left] for kind, left in state["rounds"].items()}
        self._turn = int(state["turn"])
