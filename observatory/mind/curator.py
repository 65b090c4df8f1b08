"""What is proposed for a night, what is drawn in each step, and why.

An episode's claim on the night is what it still surprises by: at first the surprise with which it
was lived, then the loss of its worst token, averaged over recent replays. Old material comes round
in turn, so that every piece is seen. All chance comes from one seeded generator, whose state can
be kept. It does not know weights or losses beyond the numbers that it is handed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .views import Repertoire, View

USUAL_BITS = 4.0
"""Mean surprise of a token of plain text for the default model (held-out perplexity 17–60, by subject)."""
FIRST_WORST = 5.0
LEAST = 0.05
KEPT_OF_MEAN = 0.5
DREAM_SHARE = 40
"""Percent of an episode's replays that answer a question dreamed about it, once there is one."""
KNOWN_BELOW = 0.35
"""Nats of the worst token under which a greedy answer says that token: its chance is above 70 %."""

OLD_KINDS = (
    "question",
    "question",
    "plain",
    "question",
    "question",
    "chat",
    "question",
    "question",
    "plain",
    "question",
)
"""Shares of old material in every batch: plain text keeps perplexity, questions keep knowledge, chat keeps manner."""


@dataclass(frozen=True)
class Claim:
    """Why an episode is proposed."""

    episode: int
    priority: float
    bits_over_usual: float
    why: str


def claims(episodes: dict[int, tuple[list[float], float | None]]) -> list[Claim]:
    """Order episodes by surprise and outcome. `episodes`: number → (bits of every token, outcome)."""
    out = []
    for episode, (bits, outcome) in episodes.items():
        top = sorted(bits, reverse=True)[: max(3, len(bits) // 4)]
        over = sum(max(0.0, b - USUAL_BITS) for b in bits)
        felt = 1.0 + (abs(outcome) if outcome is not None else 0.0)
        strongest = sum(top) / max(1, len(top))
        why = f"{over:.0f} bits more than usual text; its most surprising words cost {strongest:.1f} bits each"
        if outcome is not None and outcome < 0:
            why += f"; it went badly ({outcome:+.1f})"
        elif outcome is not None and outcome > 0:
            why += f"; it went well ({outcome:+.1f})"
        out.append(Claim(episode, strongest * felt, over, why))
    return sorted(out, key=lambda c: -c.priority)


class Curator:
    """Draws episodes by what they still miss, and old material in rounds."""

    def __init__(self, episodes: list[int], old: list[str], seed: int, evenly: bool = False):
        """`old`: the kind of every piece of old material that may be drawn, in order."""
        self.chance = torch.Generator().manual_seed(seed)
        self.worst = dict.fromkeys(episodes, FIRST_WORST)
        self.seen = dict.fromkeys(episodes, 0)
        self.old, self.evenly = old, evenly
        self._missed: dict[str, list[float]] = {}
        self._drawn: dict[int, tuple[str, int]] = {}
        self._rounds: dict[str, list[int]] = {}
        self._turn = 0

    def episodes(self, count: int) -> list[int]:
        """Different episodes for one step, in proportion to what they still miss."""
        pool = list(self.worst)
        weights = torch.tensor([1.0 if self.evenly else max(LEAST, self.worst[e]) for e in pool])
        drawn = torch.multinomial(weights, min(count, len(pool)), generator=self.chance).tolist()
        return [pool[i] for i in drawn]

    def pick(self, count: int) -> int:
        return int(torch.randint(count, (1,), generator=self.chance))

    def view(self, episode: int, repertoire: Repertoire) -> View:
        """One view of an episode, in proportion to what each missed when it was last replayed; the unseen first."""
        name, pool = repertoire.pool(episode, self.pick(100) < DREAM_SHARE)
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
        name, at = self._drawn[id(view)]
        self._missed[name][at] = worst
        if view.episode in self.worst:
            kept = KEPT_OF_MEAN * self.worst[view.episode]
            self.worst[view.episode] = kept + (1 - KEPT_OF_MEAN) * max(worst, LEAST)
            self.seen[view.episode] += 1

    def because(self, episode: int) -> str:
        if self.seen[episode] == 0:
            return "not yet replayed"
        missing = self.worst[episode]
        return f"still misses {missing:.1f} nats at its worst word" if missing > KNOWN_BELOW else "rehearsed"

    def satisfied(self, least_seen: int = 3) -> bool:
        """Everything was replayed a few times and nothing misses a word any more."""
        return all(self.seen[e] >= least_seen and self.worst[e] < KNOWN_BELOW for e in self.worst)

    # ------------------------------------------------------------ keeping

    def state(self) -> dict:
        return {
            "chance": self.chance.get_state().tolist(), "worst": {str(k): v for k, v in self.worst.items()},
            "seen": {str(k): v for k, v in self.seen.items()}, "missed": self._missed, "rounds": self._rounds,
            "turn": self._turn,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        self.chance.set_state(torch.tensor(state["chance"], dtype=torch.uint8))
        self.worst = {int(k): float(v) for k, v in state["worst"].items()}
        self.seen = {int(k): int(v) for k, v in state["seen"].items()}
        self._missed = {pool: [float(m) for m in found] for pool, found in state["missed"].items()}
        self._rounds = {kind: [int(i) for i in left] for kind, left in state["rounds"].items()}
        self._turn = int(state["turn"])
