"""A real mind's process and what it tells, for measurements that need no home: commands in, events out.

It keeps nothing, and decides only what it is told to.
"""

from __future__ import annotations

import queue
import time
from pathlib import Path

from ..host.supervisor import Supervisor
from ..protocol import commands as cmd
from ..protocol import events as ev
from . import soak

PATIENCE_S = 600.0
"""Seconds without the event that is waited for: a night of the default model says something every second."""


class Stuck(RuntimeError):
    """What was waited for did not come."""


class Piped:
    """Awake and told of the short day when `begin` returns. What comes is stamped with when it was heard."""

    def __init__(self, stuff: soak.Stuff, folder: Path):
        self._heard: queue.SimpleQueue = queue.SimpleQueue()
        self._supervisor = Supervisor(
            lambda event: self._heard.put((time.monotonic(), event)),
            lambda *how: self._heard.put((time.monotonic(), how)),
            log=folder / "mind.log",
        )
        self._settings = cmd.Settings(
            model=stuff.model, models_folder=str(stuff.models_folder), deltas_folder=str(folder / "deltas"),
            checkpoint_folder=str(folder / "checkpoint"), states_folder=str(folder / "states"), device="cpu",
            precision="float32", threads=stuff.threads, perplexity_text=str(stuff.text), perplexity_name="short",
        )  # fmt: skip
        self.ready: ev.MindReady | None = None
        self.told = stuff.told[: len(stuff.told) // 2]
        """The first half of the day."""

    def __enter__(self) -> Piped:
        self._supervisor.start()
        self.send(cmd.Wake(settings=self._settings))
        self.ready = self.until(ev.MindReady)[1]
        for number, text in enumerate(self.told, 1):
            self.send(cmd.Tell(episode=number, text=text))
        self.until(ev.EpisodeEncoded, episode=len(self.told))
        return self

    def __exit__(self, *_) -> None:
        self._supervisor.stop()

    def send(self, command: cmd.Command) -> float:
        """When it was sent."""
        self._supervisor.send(command)
        return time.monotonic()

    def next(self) -> tuple[float, ev.Event]:
        try:
            at, event = self._heard.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise Stuck(f"the mind said nothing for {PATIENCE_S:.0f} s") from None
        if isinstance(event, tuple):
            raise Stuck(f"the mind's process ended: {event}")
        if isinstance(event, ev.Notice) and event.level == "error":
            raise Stuck(f"{event.title}: {event.text}")
        return at, event

    def until(self, kind: type, **fields) -> tuple[float, ev.Event]:
        while True:
            at, event = self.next()
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items()):
                return at, event

    def sleep(self, night: int, steps: int, seed: int, exam=()) -> None:
        plan, episodes = cmd.NightPlan(steps=steps, rank=4, exam_whole=bool(exam)), list(range(1, len(self.told) + 1))
        self.send(cmd.Sleep(night=night, seed=seed, episodes=episodes, exam=list(exam), plan=plan))
