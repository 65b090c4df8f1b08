"""What is proposed for a night, what is drawn in each step, and why.

An episode's claim on the night is what it still surprises by: at first the surprise with which it
was lived, then the loss of its worst token, averaged over recent replays. Old material comes round
in turn, so that every piece is seen. All chance comes from one seeded generator, whose state can
be kept. It does not know weights or losses beyond the numbers that it is handed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

USUAL_BITS = 4.0
"""Mean surprise of a token of plain text for the default model (held-out perplexity 17–60, by subject)."""
FIRST_WORST = 5.0
LEAST = 0.05
KEPT_OF_MEAN = 0.5
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

    def replayed(self, episode: int, worst: float) -> None:
        self.worst[episode] = KEPT_OF_MEAN * self.worst[episode] + (1 - KEPT_OF_MEAN) * max(worst, LEAST)
        self.seen[episode] += 1

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
            "seen": {str(k): v for k, v in self.seen.items()}, "rounds": self._rounds, "turn": self._turn,
        }  # fmt: skip

    def restore(self, state: dict) -> None:
        self.chance.set_state(torch.tensor(state["chance"], dtype=torch.uint8))
        self.worst = {int(k): float(v) for k, v in state["worst"].items()}
        self.seen = {int(k): int(v) for k, v in state["seen"].items()}
        self._rounds = {kind: [int(i) for i in left] for kind, left in state["rounds"].items()}
        self._turn = int(state["turn"])
