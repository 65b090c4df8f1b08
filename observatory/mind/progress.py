"""Which stage a night is in, how far it is and how long it will take. Knows shares of time, nothing else."""

from __future__ import annotations

import time

from ..protocol.events import NightProgress, Stage, StageEntered
from . import footprint

SHARES: dict[Stage, float] = {
    "propose": 0.0,
    "exam": 0.19,
    "rehearse": 0.06,
    "dream": 0.08,
    "replay": 0.57,
    "weigh": 0.10,
}
"""Share of a night's seconds on the default model: 25 episodes, 200 questions. The exam comes twice."""
USUAL_STEPS = 80


class Progress:
    def __init__(self, night: int, replay_steps: int):
        self.night = night
        self.shares = dict(SHARES)
        self.shares["replay"] *= replay_steps / USUAL_STEPS
        self.started = self._entered = time.monotonic()
        self._before = self._here = 0.0
        self.stage: Stage = "propose"

    def enter(self, stage: Stage, text: str) -> StageEntered:
        """A stage begins, with the memory that the one before it has left."""
        footprint.give_back()
        self._before += self._here
        self.stage, self._entered = stage, time.monotonic()
        share = self.shares.get(stage, 0.0)
        self._here = share / 2 if stage == "exam" else share
        return StageEntered(night=self.night, stage=stage, text=text)

    def watched(self, runner, stage: Stage, what: str):
        """Drive a long step, telling how far it is; returns what it returns."""
        while True:
            try:
                done, of = next(runner)
            except StopIteration as end:
                return end.value
            yield self.at(stage, done, of, f"{done} of {of} {what}")

    def at(self, stage: Stage, done: int, of: int, text: str) -> NightProgress:
        total = sum(self.shares.values())
        part = min(1.0, done / max(1, of))
        fraction = min(1.0, (self._before + self._here * part) / total)
        elapsed, here = time.monotonic() - self.started, time.monotonic() - self._entered
        left = None
        if fraction > 0.02:
            left = elapsed * (1 - fraction) / fraction
        if part > 0.15 and self._here > 0.2 * total:
            # In a long stage its own pace is the better measure, and sets the price of what comes after.
            left = here / part * ((1 - part) + max(0.0, 1 - (self._before + self._here) / total) * total / self._here)
        return NightProgress(night=self.night, stage=stage, done=done, of=of, fraction=fraction, left_s=left, text=text)
