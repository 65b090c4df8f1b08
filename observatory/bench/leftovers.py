"""What a session of the window left behind, and what was complained of meanwhile: exceptions, Qt, threads, timers."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

HARMLESS = ("This plugin does not support", "QWindowsWindow", "Populating font family")
"""What a platform without a display says of itself."""


@contextmanager
def listening(faults: list[str]) -> Iterator[None]:
    """Exceptions from slots and threads, and what Qt complains of, each once."""
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler

    def caught(kind, error, trace) -> None:
        _once(faults, "".join(traceback.format_exception(kind, error, trace))[-1500:])

    def complained(kind, context, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and kind != QtMsgType.QtInfoMsg and not text.startswith(HARMLESS):
            _once(faults, f"Qt: {text}")

    hooks, handler = (sys.excepthook, threading.excepthook), qInstallMessageHandler(complained)
    sys.excepthook = caught
    threading.excepthook = lambda args: caught(args.exc_type, args.exc_value, args.exc_traceback)
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = hooks
        qInstallMessageHandler(handler)


def _once(faults: list[str], text: str) -> None:
    if text not in faults:
        faults.append(text)


def running() -> tuple[set, set, set]:
    """Threads, processes and timers that run now."""
    return (
        {thread.ident for thread in threading.enumerate()}, {child.pid for child in _children()},
        {id(timer) for timer in _timers()},
    )  # fmt: skip


def left(before: tuple[set, set, set]) -> list[str]:
    threads, processes, timers = before
    found = [f"left the thread {thread.name}" for thread in threading.enumerate() if thread.ident not in threads]
    found += [f"left the process {child.pid}" for child in _children() if child.pid not in processes]
    return found + [f"left a timer of {timer.interval()} ms running, of {type(timer.parent()).__name__}"
                    for timer in _timers() if id(timer) not in timers]  # fmt: skip


def _children() -> list[psutil.Process]:
    """multiprocessing's own resource tracker lives as long as this process."""
    out = []
    for child in psutil.Process().children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(child.cmdline()):
                out.append(child)
        except psutil.NoSuchProcess:
            continue
    return out


def _timers() -> list:
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    # By its type: to be asked for its class, some other library's object may say more than that.
    return [each for each in gc.get_objects() if issubclass(type(each), QTimer) and isValid(each) and each.isActive()]
