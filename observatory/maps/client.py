"""The host's end of the map process: started, listened to, and ended for certain.

Requests go out by one thread and answers come in by another, so that a map that compiles never blocks who asks. It
knows the wire form of messages and nothing of pictures; it loads neither UMAP nor the worker in the host's process.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from ..protocol import wire
from . import messages

RUNG_S = 3.0
"""Seconds on each rung of the stop ladder: ask, terminate, kill."""


def child(connection, log: str) -> None:
    """The first thing that runs in the map process."""
    if log:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.close(handle)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)
    from .worker import run

    run(connection)


class MapProcess:
    """One map process. `on_answer` is called on the reader thread; `on_gone(exit_code)` once, when it has ended."""

    def __init__(
        self,
        on_answer: Callable[[messages.Answer], None],
        on_gone: Callable[[int | None], None] = lambda _: None,
        *,
        log: Path | None = None,
    ):
        self._on_answer, self._on_gone, self._log = on_answer, on_gone, log
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._gone = threading.Event()
        self._process = None
        self._pipe = None

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe(duplex=True)
        log = str(self._log) if self._log else ""
        self._process = context.Process(target=child, args=(theirs, log), name="observatory-map", daemon=True)
        self._process.start()
        # The child must be the only holder of its end, and we of ours: then each sees the other's death as EOF.
        theirs.close()
        threading.Thread(target=self._read, name="map-reader", daemon=True).start()
        threading.Thread(target=self._write, name="map-writer", daemon=True).start()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and not self._gone.is_set()

    def send(self, request: messages.Request) -> None:
        self._requests.put(wire.pack(request))

    def _write(self) -> None:
        while (data := self._requests.get()) is not None:
            try:
                self._pipe.send_bytes(data)
            except (OSError, ValueError):
                return  # it is gone; the reader thread reports it

    def _read(self) -> None:
        try:
            while True:
                self._on_answer(messages.answer(self._pipe.recv_bytes(wire.MESSAGE_LIMIT)))
        except (EOFError, OSError):
            pass  # it is gone
        except wire.WireError as error:
            self._on_answer(messages.Failed(what=f"The map process sent what is no answer, and was stopped: {error}"))
            self._process.kill()
        self._process.join(RUNG_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(RUNG_S)
        self._requests.put(None)
        self._pipe.close()
        self._on_gone(self._process.exitcode)
        self._gone.set()

    def stop(self) -> str:
        """The stop ladder: ask, wait, terminate, wait, kill. Returns the rung that was needed."""
        if self._process is None or self._gone.is_set():
            return "gone"
        self.send(messages.Leave())
        for rung, ended in (("asked", self._process.terminate), ("terminated", self._process.kill)):
            if self._gone.wait(RUNG_S):
                return rung
            ended()
        self._gone.wait(RUNG_S)
        return "killed"
