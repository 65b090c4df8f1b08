"""The mind's process: started, listened to, watched, and stopped for certain.

Bytes go through one duplex pipe; a thread reads events from it and another writes commands to it, so
that a busy mind never blocks the host. It knows the wire form of messages and nothing of what they
mean: whether an event is kept, and what to do when the mind is lost, is the session's.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import psutil

from ..protocol import wire
from ..protocol.commands import Command, Leave
from ..protocol.events import Event
from . import child

RUNG_S = 3.0
"""Seconds on each rung of the stop ladder: ask, terminate, kill."""
LAST_WORDS = 2_000
"""Characters of the mind's error output that are kept when it dies: a traceback's end, not its whole."""


ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(4 << 30), "MALLOC_TOP_PAD_": str(64 << 20),
    "MALLOC_ARENA_MAX": "1",
}  # fmt: skip
"""glibc hands every large block back at once and faults it in again, page by page: a sixth of a gradient step.

Other C libraries do not read these names, and what a user has set is left as it is.
"""


@contextmanager
def _environment(wanted: dict[str, str]):
    """What a process started in here finds in its environment, unless the user has said otherwise."""
    fresh = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(fresh)
    try:
        yield
    finally:
        for name in fresh:
            os.environ.pop(name, None)


class Supervisor:
    """One mind process, from start to certain end.

    `on_event` is called on the reader thread with each event; `on_gone(exit_code, last_words, asked)` once, when the
    pipe has closed and the process has ended. Both must return soon.
    """

    def __init__(
        self,
        on_event: Callable[[Event], None],
        on_gone: Callable[[int | None, str, bool], None],
        *,
        mind: str = "observatory.mind.process",
        log: Path | None = None,
    ):
        self._on_event, self._on_gone = on_event, on_gone
        self._mind, self._log = mind, log
        self._commands: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._asked_to_leave = threading.Event()
        self._gone = threading.Event()
        self._heard = time.monotonic()
        self._process = None
        self._pipe = None

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe(duplex=True)
        log = str(self._log) if self._log else ""
        self._process = context.Process(
            target=child.run, args=(theirs, self._mind, log), name="observatory-mind", daemon=True
        )
        with _environment(ALLOCATOR):
            self._process.start()
        # The child must be the only holder of its end, and we of ours: then each sees the other's death as EOF.
        theirs.close()
        self._heard = time.monotonic()
        threading.Thread(target=self._read, name="mind-reader", daemon=True).start()
        threading.Thread(target=self._write, name="mind-writer", daemon=True).start()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and not self._gone.is_set()

    @property
    def silent_s(self) -> float:
        """Seconds since the mind was last heard."""
        return time.monotonic() - self._heard

    def send(self, command: Command) -> None:
        """Queue a command. A message too large for the wire is refused here, before it can hang anything."""
        data = wire.pack(command)
        if isinstance(command, Leave):
            self._asked_to_leave.set()
        self._commands.put(data)

    def _write(self) -> None:
        while (data := self._commands.get()) is not None:
            try:
                self._pipe.send_bytes(data)
            except (OSError, ValueError):
                return  # the mind is gone; the reader thread reports it

    def _read(self) -> None:
        words = ""
        try:
            while True:
                data = self._pipe.recv_bytes(wire.MESSAGE_LIMIT)
                self._heard = time.monotonic()
                self._on_event(wire.event(data))
        except (EOFError, ConnectionError):
            pass  # it is gone; a reset means that it died with commands unread
        except wire.WireError as error:
            words = f"The mind sent what is no event, and was stopped: {error}"
            self._kill_tree()
        except OSError as error:
            words = f"The pipe to the mind broke: {error}"
            self._kill_tree()
        self._process.join(RUNG_S)
        if self._process.is_alive():
            # It closed its end and lingers: nothing can be heard from it any more.
            self._kill_tree()
            self._process.join(RUNG_S)
        self._commands.put(None)
        self._pipe.close()
        # Told before it is marked, so that whoever waits for the end finds the news already delivered.
        self._on_gone(self._process.exitcode, words or self._last_words(), self._asked_to_leave.is_set())
        self._gone.set()

    def _last_words(self) -> str:
        if self._log is None or not self._log.is_file():
            return ""
        with self._log.open("rb") as file:
            file.seek(max(0, self._log.stat().st_size - LAST_WORDS))
            return file.read().decode("utf-8", "replace").strip()

    def stop(self, ask_s: float = RUNG_S, terminate_s: float = RUNG_S) -> str:
        """The stop ladder: ask, wait, terminate, wait, kill the tree. Returns the rung that was needed."""
        if self._process is None or self._gone.is_set():
            return "gone"
        self.send(Leave())
        if self._gone.wait(ask_s):
            return "asked"
        self._process.terminate()
        if self._gone.wait(terminate_s):
            return "terminated"
        self._kill_tree()
        self._gone.wait(RUNG_S)
        return "killed"

    def kill(self) -> None:
        """At once and without asking, for a mind that must not go on."""
        self._kill_tree()
        self._gone.wait(RUNG_S)

    def _kill_tree(self) -> None:
        try:
            children = psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        # The mind itself through multiprocessing, which must be the one to collect its exit status.
        self._process.kill()
        for process in children:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(children, timeout=RUNG_S)
