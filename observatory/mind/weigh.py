"""How much of a night is worth keeping: a line search over the delta's scale.

Scales are tried, largest first, on cues that the night withheld from replay, on old material that
it withheld from rehearsal, and on plain text that nobody trains on. A larger delta recalls more
and disturbs more; the search ends where the sum of both grows again, and the scale with the least
is proposed. Neither exam questions nor the held-out text of the exam are used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .replay import Replay, Row

SCALES = (1.0, 0.9, 0.8, 0.65, 0.5)
OLD_WEIGHT = 3.0
"""Nats of recall that one nat of change in old material is worth: what is missed tonight can be slept on again, what is
lost nobody tells anew."""
TEXT_FREE = 0.025
TEXT_WEIGHT = 10.0
"""A rise of plain text beyond 2.5 % weighs heavily: at 3 % the default policy refuses the night."""
ROWS_AT_ONCE = 12
WINDOW = 128


@dataclass(frozen=True)
class Tried:
    scale: float
    recall_loss: float
    old_kl: float
    text_rise: float

    @property
    def objective(self) -> float:
        return self.recall_loss + OLD_WEIGHT * self.old_kl + TEXT_WEIGHT * max(0.0, self.text_rise - TEXT_FREE)


WHOLE = Tried(1.0, 0.0, 0.0, 0.0)
"""What is proposed when a night withheld nothing to weigh on."""


def search(replay: Replay, probes: list[Row], old: list[Row], text: str):
    """Try smaller and smaller scales while that serves; yields what was found. The delta's scale is left as it was."""
    whole = replay.delta.scale
    rows = _windows(replay, text)
    try:
        replay.delta.scale = 0.0
        before = _mean(replay, rows)
        least = math.inf
        for scale in SCALES:
            replay.delta.scale = whole * scale
            tried = Tried(scale, _mean(replay, probes), _mean(replay, old), _mean(replay, rows) - before)
            yield tried
            if tried.objective > least:
                return
            least = tried.objective
    finally:
        replay.delta.scale = whole


def _windows(replay: Replay, text: str) -> list[Row]:
    speech = replay.speech
    tokens = speech.encode(text)
    rows = [[speech.document, *tokens[at : at + WINDOW]] for at in range(0, len(tokens), WINDOW)]
    return [Row(row, list(range(len(row) - 1)), False) for row in rows if len(row) > 2]


@torch.no_grad()
def _mean(replay: Replay, rows: list[Row]) -> float:
    """Mean loss of a label over these rows."""
    total, count = 0.0, 0
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        for row, (loss, _) in zip(part, replay.losses(part, replay.forward(part)), strict=True):
            total += float(loss) * len(row.labels)
            count += len(row.labels)
    return total / max(1, count)


def best(tried: list[Tried]) -> Tried:
    return min(tried, key=lambda t: t.objective)
