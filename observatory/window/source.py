"""What the window asks of whatever feeds it: a live session, a recorded home, or a test's canned list.

Only shapes are described here. The window never learns which of them it is talking to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

from ..protocol import commands as cmd
from ..protocol import events as ev


class Source(Protocol):
    """`host.session.Session` as the window sees it. `state` may carry `mind_silent_s` and `read_only`."""

    state: Any

    def start(self) -> None: ...

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]: ...

    def tell(self, text: str, **about: Any) -> int: ...

    def ask(self, text: str, memory: ev.Memory = "whole") -> int: ...

    def feedback(self, episode: int, outcome: float, because: str = "") -> Any: ...

    def set_goal(self, goal: str) -> Any: ...

    def not_now(self) -> Any: ...

    def sleep(self, exam: Sequence[ev.Question] = (), plan: cmd.NightPlan = cmd.NightPlan(), why: str = "") -> int: ...

    def resume_night(self, exam: Sequence[ev.Question] = ()) -> Any: ...

    def pause(self) -> None: ...

    def run(self) -> None: ...

    def step(self, unit: Literal["step", "stage"] = "step") -> None: ...

    def decide(self, decision: Literal["approve", "hold", "veto"], reason: str, by: str) -> None: ...

    def veto_night(self, reason: str, by: str) -> None: ...

    def rows(self, name: str, **params: Any) -> list[dict]: ...

    def close(self, timeout_s: float = 5.0) -> None: ...


class Recording:
    """A list of events, told once, to look at. It takes no requests."""

    def __init__(self, events: Iterable[ev.Event] = (), portion: int = 500):
        self._events = list(events)
        self._portion = portion
        self.state = RecordingState()

    def start(self) -> None:
        """Nothing to start: the events are already here."""

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]:
        given, self._events = self._events[: self._portion], self._events[self._portion :]
        return given

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ReadOnly("This is a recording: it can be looked at, not changed. Open the home itself to do that.")

    tell = ask = feedback = set_goal = not_now = _refuse
    sleep = resume_night = pause = run = step = decide = veto_night = _refuse

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
