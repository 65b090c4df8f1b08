"""A night whose replay is a plugin's: the same exams before and after, the same gate, another way in between.

The plugin trains a copy of the cortex and proposes low-rank pairs. They become a delta beside the cortex like any
other; no weight is written. If the plugin fails at any step, the built-in replay does the night instead. It does not
know how a plugin learns.
"""

from __future__ import annotations

import time

import torch

from ..plugins import find
from ..plugins.guard import Guarded
from ..protocol import events as ev
from ..protocol.commands import Sleep
from .copied import Copied, day_of, moved_maps
from .delta import Delta

BEGIN_S, STEP_S = 120.0, 120.0
"""Seconds until a plugin is given up: a step of the built-in replay takes 7 on two cores."""


class Borrowed:
    """Stands where `Study` stands. `failed` says that the built-in replay is to do the night."""

    can_be_kept = False
    kept_scale = 1.0

    def __init__(self, parts, order: Sleep, progress):
        self.parts, self.order, self.plan, self.progress = parts, order, order.plan, progress
        self.step = self.tokens = 0
        self.delta: Delta | None = None
        self.maps = moved_maps(parts.cortex)
        self.notices: list[ev.Notice] = []
        self.plugin: Guarded | None = None
        self.name = order.plan.stage

    # ------------------------------------------------------------ as one of the company

    @property
    def on(self) -> bool:
        return self.plugin is not None and self.plugin.on

    def said(self) -> list[ev.Notice]:
        told, self.notices[:] = list(self.notices), []
        return told

    def switch_off(self, why: str) -> None:
        self.plugin.switch_off(why)

    @property
    def failed(self) -> bool:
        return self.delta is None

    # ------------------------------------------------------------ weighing finds nothing withheld

    def probes(self) -> list:
        return []

    def withheld_old(self) -> list:
        return []

    # ------------------------------------------------------------ the night

    def run(self):
        found = find.usable(self.plan.stage, "replay", self.parts.company.home)
        if found is None:
            yield self._instead("no plugin of that name that replays can be used here")
            return
        self.name = found.manifest.name
        yield self.progress.enter("replay", f"{self.name} replays the day, on a copy of the cortex")
        self.plugin = Guarded(
            found, "replay", self.notices.append, choices=dict(self.plan.stage_options), seconds=STEP_S
        )
        self.parts.company.joins(self)
        try:
            yield from self._through()
        finally:
            self.plugin.close()
            yield from self.said()
            self.parts.company.leaves(self)
        if self.failed:
            yield self._instead(self.plugin.why_off)

    def _through(self):
        of = self.plugin.ask(
            "begin", Copied(self.parts.cortex, list(self.maps)), day_of(self.parts, self.order), seconds=BEGIN_S
        )
        while self.plugin.on and of and self.step < of and not self._spent():
            started = time.monotonic()
            dose = self.plugin.ask("step")
            if dose is None:
                break
            self.step += 1
            self.tokens += dose.tokens
            yield ev.ReplayStep(
                night=self.order.night, step=self.step, of=of, loss=dose.loss, kl=0.0, rate=0.0, tokens=dose.tokens,
                step_s=time.monotonic() - started, grad_norm=0.0,
                items=[self._item(e, dose.loss) for e in dose.episodes],
            )  # fmt: skip
            yield self.progress.at("replay", self.step, of, f"step {self.step} of at most {of}")
            if dose.over:
                break
        pairs = self.plugin.ask("proposal") if self.plugin.on and of is not None else None
        if pairs is not None:
            self._propose(pairs)

    def _spent(self) -> bool:
        return self.plan.tokens is not None and self.tokens >= self.plan.tokens

    def _item(self, episode: int, loss: float) -> ev.ReplayItem:
        return ev.ReplayItem(
            kind="episode", episode=episode, item=0, cue=f"(as {self.name} has it)", loss=loss, worst=loss
        )

    def _propose(self, pairs: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> None:
        device = self.parts.cortex.device
        for name, (down, up) in pairs.items():
            wanted = tuple(self.maps[name].weight.shape) if name in self.maps else None
            if (up.shape[0], down.shape[1]) != wanted:
                self.plugin.switch_off(f"proposal: it names {name[:60]} with a shape that no map of the cortex has")
                return
        down = {name: pair[0].to(device) for name, pair in pairs.items()}
        up = {name: pair[1].to(device) for name, pair in pairs.items()}
        self.delta = Delta(down, up)

    def _instead(self, why: str) -> ev.Notice:
        return ev.Notice(
            level="warning", title=f"The built-in replay stands in for “{self.name}”",
            text=f"It could not do this night: {why}. The night goes on.",
            remedy="See what there is with: observatory plugins list.",
        )  # fmt: skip
