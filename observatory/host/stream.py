"""Events on their way to the view: in order, records never dropped, telemetry thinned.

Of telemetry that only says how things stand now the latest wins, so a view that is busy or hidden costs
nothing. It does not know what an event means to the view.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable

from ..protocol.events import (
    AnswerPiece,
    CortexChecked,
    Event,
    Heartbeat,
    MindWaiting,
    NightProgress,
    Saved,
)

LATEST_WINS = (Heartbeat, NightProgress, CortexChecked, MindWaiting, Saved)
PIECES_WAITING = 4_096
"""Answer pieces a view may leave lying before older ones are dropped; `Answered` carries all of them again."""
AT_ONCE = 400
"""Events handed out in one go: a view spends about 20 µs on each, so this many fit its 8 ms."""


class ViewStream:
    """A queue with one reader (the view) and any number of writers."""

    def __init__(self):
        self._ready = threading.Condition()
        self._waiting: deque[Event | type] = deque()
        self._latest: dict[type, Event] = {}
        self._pieces = 0

    def put(self, events: Iterable[Event]) -> None:
        with self._ready:
            for event in events:
                kind = type(event)
                if kind in LATEST_WINS:
                    # Its place in the queue is kept by its kind; what is handed out there is the newest.
                    if kind not in self._latest:
                        self._waiting.append(kind)
                    self._latest[kind] = event
                elif kind is AnswerPiece:
                    if self._pieces < PIECES_WAITING:
                        self._pieces += 1
                        self._waiting.append(event)
                else:
                    self._waiting.append(event)
            self._ready.notify_all()

    def drain(self, budget_ms: float = 8.0) -> list[Event]:
        """What has come, in order, as much as fits the budget; the rest stays for the next turn."""
        until, out = time.perf_counter() + budget_ms / 1000, []
        with self._ready:
            while self._waiting and len(out) < AT_ONCE:
                item = self._waiting.popleft()
                if isinstance(item, type):
                    item = self._latest.pop(item)
                elif type(item) is AnswerPiece:
                    self._pieces -= 1
                out.append(item)
                if len(out) % 64 == 0 and time.perf_counter() > until:
                    break
        return out

    def wait(self, timeout_s: float) -> bool:
        """Until something can be drained, or the time is up."""
        with self._ready:
            return self._ready.wait_for(lambda: bool(self._waiting), timeout_s)
