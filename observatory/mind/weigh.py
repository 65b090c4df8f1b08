"""How much of a night is worth keeping: a line search over the delta's scale.

Every scale is tried on cues that the night withheld from replay and on old material that it
withheld from rehearsal. A larger delta recalls more and disturbs more; the scale with the least
sum of both is proposed. Exam questions are never used.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .replay import Replay, Row

SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
OLD_WEIGHT = 6.0
"""Nats of recall that one nat of change in old material is worth. Measured on the default model: see README."""
ROWS_AT_ONCE = 12


@dataclass(frozen=True)
class Tried:
    scale: float
    recall_loss: float
    old_kl: float

    @property
    def objective(self) -> float:
        return self.recall_loss + OLD_WEIGHT * self.old_kl


def search(replay: Replay, probes: list[Row], old: list[Row]):
    """Try every scale; yields what was found for each. The delta's scale is left as it was."""
    whole = replay.delta.scale
    try:
        for scale in SCALES:
            replay.delta.scale = whole * scale
            yield Tried(scale, _mean(replay, probes), _mean(replay, old))
    finally:
        replay.delta.scale = whole


@torch.no_grad()
def _mean(replay: Replay, rows: list[Row]) -> float:
    losses = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        losses += [float(loss) for loss, _ in replay.losses(part, replay.forward(part))]
    return sum(losses) / max(1, len(losses))


def best(tried: list[Tried]) -> Tried:
    return min(tried, key=lambda t: t.objective)
