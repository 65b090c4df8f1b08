"""The guarded caller: every call into a plugin has a time budget, and its answer is checked before anyone uses it.

A plugin that raises, takes too long or answers nonsense is switched off for the session and named in a notice with its
traceback; the caller gets what it named for that case and goes on. What this can and cannot hold, in honesty:

- A plugin runs on a thread of its own in this process. Python cannot end a thread. One that is late is abandoned, and
  an exception is thrown into it, which ends a loop written in Python unless it catches everything; one that hangs
  inside C (a sleep, a socket, a kernel of torch) stays until it comes back. It is a daemon: no exit waits for it, but a
  process that ends while one is still inside C++ may be aborted at its very end: close the record before.
- What a call adds to this process's memory is looked at while it runs; one that takes more than its share is abandoned
  like a late one. What C code takes at one stroke is seen only when it has it.
- C code that never lets go of the interpreter's lock, a crash or memory eaten up in one piece take this process with
  them. Only a process of its own would stand that; `observatory plugins check` runs a plugin in one before it is
  trusted.
- This is no sandbox. Nothing that is handed over leads to the gate or the record, but code in the same process can go
  looking. A plugin is code that a person has chosen to run.

It does not know what an answer is used for.
"""

from __future__ import annotations

import ctypes
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import psutil

from ..protocol.events import Notice
from .answers import Nonsense, checked
from .contract import METHODS, OPTIONAL, Kind
from .find import Found
from .load import contribution

LOADING_S = 30.0
"""For importing a plugin and making its contribution: torch may have to be read first."""
CALL_S = 2.0
LOOK_S = 0.05
"""Between two looks at how long a call takes and what it takes of the memory."""
MEGABYTES = {"replay": 8_192}
USUAL_MEGABYTES = 1_024
"""What one call may add: a replay trains a copy of the cortex, all else handles vectors and texts."""
DETAIL_LIMIT = 8_000
"""Characters of a traceback that a notice carries; the end, where the fault stands."""


class TooLate(TimeoutError):
    """A call that took longer than its budget."""


class TooMuch(MemoryError):
    """A call that took more memory than its share."""


class _Stopped(BaseException):
    """Thrown into the thread of a plugin that was abandoned."""


@dataclass
class _Call:
    what: Callable[[], object]
    done: threading.Event = field(default_factory=threading.Event)
    answer: object = None
    error: BaseException | None = None


class Guarded:
    """One contribution of one plugin, made with a person's options; off from its first fault on."""

    def __init__(
        self, found: Found, kind: Kind, tell: Callable[[Notice], None], *, choices: dict[str, object] | None = None,
        seconds: float = CALL_S, loading_seconds: float = LOADING_S, megabytes: int | None = None, **made_with: int,
    ):  # fmt: skip
        """`made_with` is what this kind's constructor takes besides the options: a fast store's widths and seed."""
        self.found, self.kind, self.seconds = found, kind, seconds
        self.why_off = ""
        self._bytes = (megabytes or MEGABYTES.get(kind, USUAL_MEGABYTES)) << 20
        self._tell = tell
        self._widths = (made_with.get("width", 0), made_with.get("value_width", 0))
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"plugin {found.id}", daemon=True)
        self._thread.start()
        self._made = self._try("its making", lambda: self._make(choices, made_with), loading_seconds)[0]

    @property
    def on(self) -> bool:
        return not self.why_off

    def ask(self, method: str, *arguments: object, otherwise: object = None, seconds: float | None = None) -> object:
        """The plugin's answer, or `otherwise` if it is off or this call switches it off. Never raises its errors."""
        optional = method in OPTIONAL.get(self.kind, ())
        if method not in METHODS[self.kind] and not optional:
            raise ValueError(f"a {self.kind} has no method {method}; it has {', '.join(METHODS[self.kind])}")
        if not self.on:
            return otherwise
        copies = tuple(_copy(each) for each in arguments)

        def call() -> object:
            if optional and not hasattr(self._made, method):
                return otherwise
            answer = getattr(self._made, method)(*copies)
            return _copy(checked(self.kind, method, answer, arguments, self._widths))

        answer, well = self._try(method, call, self.seconds if seconds is None else seconds)
        return answer if well else otherwise

    def switch_off(self, why: str) -> None:
        """Off for something it did beside answering, which whoever found it says."""
        if self.on:
            self.why_off = why
            self._calls.put(None)

    def close(self) -> None:
        """Let the thread go; a contribution that is closed answers no more."""
        if self.on:
            self.why_off = "closed"
            self._calls.put(None)
            self._thread.join(self.seconds)

    def __enter__(self) -> Guarded:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # ------------------------------------------------------------ inside

    def _make(self, choices: dict[str, object] | None, made_with: dict[str, int]) -> object:
        options = self.found.manifest.chosen(choices)
        return contribution(self.found, self.kind)(options, **made_with)

    def _work(self) -> None:
        """The plugin's thread: carries out calls until there are no more, or it is abandoned."""
        try:
            while (call := self._calls.get()) is not None:
                try:
                    call.answer = call.what()
                except _Stopped:
                    raise
                except BaseException as error:  # noqa: BLE001 - even a plugin that asks to exit is only switched off
                    call.error = error
                call.done.set()
        except _Stopped:
            return

    def _try(self, method: str, what: Callable[[], object], seconds: float) -> tuple[object, bool]:
        call = _Call(what)
        started = time.monotonic()
        self._calls.put(call)
        if (why := self._given_up(call, started, seconds)) is not None:
            detail = _where(self._thread)
            self._calls.put(None)
            _throw_into(self._thread)
            self._switch_off(method, why, detail)
            return None, False
        if call.error is not None:
            self._calls.put(None)
            self._switch_off(method, call.error, "".join(traceback.format_exception(call.error)))
            return None, False
        return call.answer, True

    def _given_up(self, call: _Call, started: float, seconds: float) -> Exception | None:
        """Wait for a call; why it is waited for no longer, if it has not come back."""
        process = psutil.Process()
        before = process.memory_info().rss
        while not call.done.wait(min(LOOK_S, max(0.0, started + seconds - time.monotonic()))):
            took = time.monotonic() - started
            if (grown := process.memory_info().rss - before) > self._bytes:
                share = self._bytes >> 20
                return TooMuch(f"it had taken {grown >> 20:,} MB after {took:.1f} s; {share:,} are its share")
            if took >= seconds:
                return TooLate(f"it had not come back after {took:.1f} s")
        return None

    def _switch_off(self, method: str, error: BaseException, detail: str) -> None:
        said = str(error).strip() or "it gave no reason"
        kind = "" if isinstance(error, (Nonsense, TooLate, TooMuch)) else f"{type(error).__name__}: "
        self.why_off = f"{method}: {kind}{said}"
        self._tell(
            Notice(
                at=time.time(), level="warning", title=f"The plugin “{self.found.id}” was switched off",
                text=f"Its {self.kind} failed at {self.why_off[:400]}. It is off until the next start; all else goes "
                "on without it.",
                remedy=f"Mend it, and try it with: observatory plugins check {self.found.folder}",
                detail=detail[-DETAIL_LIMIT:],
            )
        )  # fmt: skip


def _copy(value: object) -> object:
    """What crosses over is never shared: tensors are cloned, lists copied; frozen structs may go as they are."""
    if hasattr(value, "detach") and hasattr(value, "clone"):
        return value.detach().clone()
    if isinstance(value, (list, tuple)):
        return type(value)(_copy(each) for each in value)
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    if isinstance(value, msgspec.Struct):
        return msgspec.convert(msgspec.to_builtins(value), type(value))
    return value


def _where(thread: threading.Thread) -> str:
    """Where a thread stands now, as a traceback."""
    frame = sys._current_frames().get(thread.ident)
    return "".join(traceback.format_stack(frame)) if frame else ""


def _throw_into(thread: threading.Thread) -> None:
    """Ask the interpreter to raise in that thread at its next step in Python; where it cannot, nothing happens."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped))
