"""How much of a night is worth keeping: a line search over the delta's scale, then over how many of its directions.

Both are tried, largest first, on cues that the night withheld from replay and on old material that it withheld from
rehearsal; the scale also on plain text that nobody trains on. A larger delta recalls more and disturbs more, and every
direction has to be described: a short rule is worth more than a long list. Each search ends where the sum grows
again, and the least is proposed. Neither exam questions nor the held-out text of the exam are used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..protocol import events as ev
from .replay import Replay, Row

SCALES = (1.0, 0.85, 0.7, 0.55)
KEPT = (0.6, 0.35)
"""Shares of the directions that are tried once the scale is chosen."""
OLD_WEIGHT = 3.0
"""Nats of recall that one nat of change in old material is worth: what is missed tonight can be slept on again, what is
lost nobody tells anew."""
TEXT_FREE = 0.025
TEXT_WEIGHT = 4.0
"""A rise of plain text beyond 2.5 % weighs too: at 3 % on the held-out text the default policy refuses the night."""
PRICE = 0.05
"""Nats of recall that describing all directions is worth: those that earn less than their share go."""
OLD_ROWS, TEXT_ROWS = 24, 12
"""Pieces of old material and windows of text that each try is weighed on: seconds count, and these settle it."""
ROWS_AT_ONCE, WINDOWS_AT_ONCE = 12, 4
"""The logits of a window of text are 25 MB, and as much again twice."""
WINDOW = 128


@dataclass(frozen=True)
class Tried:
    recall_loss: float
    old_kl: float
    text_rise: float
    scale: float
    kept: int
    of: int
    bits: float

    @property
    def objective(self) -> float:
        damage = OLD_WEIGHT * self.old_kl + TEXT_WEIGHT * max(0.0, self.text_rise - TEXT_FREE)
        return self.recall_loss + damage + PRICE * self.kept / self.of


def weighed(study, text: str, progress):
    """Choose scale and directions of what the night learnt; a generator of events that leaves the study's delta so."""
    probes, old = study.probes(), study.withheld_old()[:OLD_ROWS]
    if not probes or not old:
        return
    replay = study.replay
    whole = replay.delta.scale
    tried: list[Tried] = []
    for one in by_scale(replay, probes, old, text):
        tried.append(one)
        yield progress.at("weigh", len(tried), len(SCALES) + len(KEPT), f"scale {one.scale:.2f}")
    chosen = min(tried, key=lambda t: t.objective)
    yield from _told(study, tried, chosen, "scale")
    replay.delta.scale, study.kept_scale = whole * chosen.scale, chosen.scale
    shorter = [chosen]
    deltas = [replay.delta]
    for one, delta in by_rank(replay, probes, old, chosen):
        shorter.append(one)
        deltas.append(delta)
        yield progress.at("weigh", len(tried) + len(shorter), len(SCALES) + len(KEPT), f"{one.kept:,} directions")
    best = min(range(len(shorter)), key=lambda at: shorter[at].objective)
    yield from _told(study, shorter, shorter[best], "rank")
    replay.delta = deltas[best]


def _told(study, tried: list[Tried], chosen: Tried, search: str):
    for one in tried:
        yield ev.Weighed(
            night=study.order.night, scale=one.scale, recall_loss=one.recall_loss, old_kl=one.old_kl,
            text_rise=one.text_rise, objective=one.objective, chosen=one is chosen, search=search, kept=one.kept,
            of=one.of, bits=one.bits,
        )  # fmt: skip


def by_scale(replay: Replay, probes: list[Row], old: list[Row], text: str):
    """Smaller and smaller scales while that serves. The delta's scale is left as it was."""
    delta, whole, rows = replay.delta, replay.delta.scale, _windows(replay, text)
    every = sum(down.shape[0] for down in delta.down.values())
    try:
        delta.scale = 0.0
        before = _mean(replay, rows, WINDOWS_AT_ONCE)
        least = math.inf
        for scale in SCALES:
            delta.scale = whole * scale
            rise = _mean(replay, rows, WINDOWS_AT_ONCE) - before
            tried = Tried(_mean(replay, probes), _mean(replay, old), rise, scale, every, every, delta.bits())
            yield tried
            if tried.objective > least:
                return
            least = tried.objective
    finally:
        delta.scale = whole


def by_rank(replay: Replay, probes: list[Row], old: list[Row], whole: Tried):
    """Fewer and fewer directions while that serves: (what was found, the shorter delta). The replay's delta stays."""
    delta = replay.delta
    ordered = delta.in_directions()
    strengths, least = ordered.strengths(), whole.objective
    try:
        for share in KEPT:
            kept = max(1, round(share * len(strengths)))
            replay.delta = ordered.pruned(strengths[:kept])
            tried = Tried(
                _mean(replay, probes), _mean(replay, old), whole.text_rise, whole.scale, kept, len(strengths),
                replay.delta.bits(),
            )  # fmt: skip
            yield tried, replay.delta
            if tried.objective > least:
                return
            least = tried.objective
    finally:
        replay.delta = delta


def _windows(replay: Replay, text: str) -> list[Row]:
    speech = replay.speech
    tokens = speech.encode(text)
    rows = [[speech.document, *tokens[at : at + WINDOW]] for at in range(0, len(tokens), WINDOW)]
    every = [Row(row, list(range(len(row) - 1)), False) for row in rows if len(row) > 2]
    return every[:: max(1, -(-len(every) // TEXT_ROWS))]


def _mean(replay: Replay, rows: list[Row], at_once: int = ROWS_AT_ONCE) -> float:
    """Mean loss of a label over these rows."""
    total, count = 0.0, 0
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        read = replay.tried(part, at_once)
        for row, (loss, _) in zip(part, read, strict=True):
            total += float(loss) * len(row.labels)
            count += len(row.labels)
    return total / max(1, count)
