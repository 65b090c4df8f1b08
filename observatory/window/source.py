"""What the window asks of whatever feeds it: a live session, a recorded home, or a test's canned list.

Only shapes are described here. The window never learns which of them it is talking to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
import numpy as np

from ..protocol import commands as cmd
from ..protocol import events as ev


class Source(Protocol):
    """`host.session.Session` as the window sees it. `state` may carry `mind_silent_s`, `read_only` and `told_from`.

    One that also has `past` and `timeline`, as a session and a recording do, can be travelled in.
    """

    state: Any

    def start(self) -> None: ...

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]: ...

    def tell(self, text: str, **about: Any) -> int: ...

    def ask(self, text: str, memory: ev.Memory = "whole") -> int: ...

    def explain(self, text: str, answer: str, memory: ev.Memory = "cortex", style: str = "chat") -> Any: ...

    def feedback(self, episode: int, outcome: float, because: str = "") -> Any: ...

    def mark(self, episodes: Sequence[int], mark: ev.Mark, on: bool, by: str) -> Any: ...

    def sql(self, text: str) -> Any: ...

    def export(self, target: Path, text: str, values: dict | None = None) -> Any: ...

    def set_goal(self, goal: str) -> Any: ...

    def not_now(self) -> Any: ...

    def sleep(self, exam: Sequence[ev.Question] = (), plan: cmd.NightPlan = cmd.NightPlan(), why: str = "") -> int: ...

    def resume_night(self, exam: Sequence[ev.Question] = ()) -> Any: ...

    def pause(self) -> None: ...

    def run(self) -> None: ...

    def step(self, unit: Literal["step", "stage"] = "step") -> None: ...

    def run_until(self, condition: str) -> None: ...

    def watch(self, conditions: Sequence[str]) -> None: ...

    def decide(self, decision: Literal["approve", "hold", "veto"], reason: str, by: str) -> None: ...

    def signs(self, by: str) -> bool: ...

    def decide_signed(self, decision: str, reason: str, by: str, phrase: str) -> None: ...

    def change(self, reason: str, by: str, *, leave_out: Sequence[int] = (), scale: float = 1.0) -> None: ...

    def forget(self, episodes: Sequence[int], by: str, why: str) -> list[int]: ...

    def veto_night(self, reason: str, by: str) -> None: ...

    def rows(self, name: str, **params: Any) -> list[dict]: ...

    def close(self, timeout_s: float = 5.0) -> None: ...


class Recording:
    """A list of events, told once and then travelled in. It takes no requests."""

    def __init__(self, events: Iterable[ev.Event] = (), portion: int = 500):
        self._events, self._stored = [], []
        for event in events:
            if isinstance(event, ev.Record):
                event = msgspec.structs.replace(event, seq=len(self._stored) + 1)
                self._stored.append(event)
            self._events.append(event)
        self._portion = portion
        self.state = RecordingState()

    def start(self) -> None:
        """Nothing to start: the events are already here."""

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]:
        given, self._events = self._events[: self._portion], self._events[self._portion :]
        return given

    def past(self, after: int, upto: int, kinds: Sequence[type] | None = None) -> Iterator[ev.Record]:
        part = self._stored[max(0, after) : upto]
        return iter(part if kinds is None else [event for event in part if isinstance(event, tuple(kinds))])

    def timeline(self, kinds: Sequence[type]) -> tuple[np.ndarray, list[ev.Record], list[tuple[int, float]]]:
        read = [event for event in self._stored if isinstance(event, ev.GovernorDecided)]
        return (
            np.array([event.at for event in self._stored]), list(self.past(0, len(self._stored), kinds)),
            [(event.seq, event.states.pressure) for event in read],
        )  # fmt: skip

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ReadOnly("This is a recording: it can be looked at, not changed. Open the home itself to do that.")

    tell = ask = explain = feedback = mark = sql = export = set_goal = not_now = _refuse
    sleep = resume_night = pause = run = step = run_until = watch = decide = decide_signed = veto_night = _refuse
    change = forget = _refuse

    def signs(self, by: str) -> bool:
        return False

    def rows(self, name: str, **params: Any) -> list[dict]:
        return []

    def close(self, timeout_s: float = 5.0) -> None:
        self._events = []


class RecordingState:
    """What a recording can say about itself."""

    mind_silent_s = None
    read_only = True
    home = ""


class ReadOnly(RuntimeError):
    """A request to something that only shows."""
