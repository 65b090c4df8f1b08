"""What every test stands on: one thread a process, a home of its own, Qt offscreen, nothing left running.

It knows no room; fixtures of one room live beside its tests.
"""

from __future__ import annotations

import os
import signal

# Before anything is imported: five workers with two threads each on two cores measure nothing but each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import threading
import time

import psutil
import pytest


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path, monkeypatch):
    """No test touches the home of whoever runs it."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OBSERVATORY_MIND", raising=False)
    monkeypatch.delenv("OBSERVATORY_DOUBLE", raising=False)


@pytest.fixture(autouse=True)
def nothing_left_running(request):
    """A test that leaves a thread of ours or a child process behind fails and names it."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    until = time.monotonic() + 5
    while time.monotonic() < until:
        threads = [t.name for t in threading.enumerate() if t.name in OURS]
        children = [c for c in psutil.Process().children(recursive=True) if c.pid not in before and _counts(c)]
        if not threads and not children:
            return
        time.sleep(0.05)
    names = [_name(child) for child in children]
    for child in children:
        child.kill()
    pytest.fail(f"{request.node.name} left running: threads {threads}, processes {names}")


OURS = ("record", "mind-reader", "mind-writer", "map-reader", "map-writer", "drift", "drift-end")


def _counts(child: psutil.Process) -> bool:
    """multiprocessing's own resource tracker lives as long as the tests do."""
    return "resource_tracker" not in _name(child)


def _name(child: psutil.Process) -> str:
    try:
        if child.status() == psutil.STATUS_ZOMBIE:
            return "resource_tracker or a zombie that its parent has yet to collect"
        return " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return "resource_tracker or a process that has just gone"


# A shell that starts the suite in the background hands down an ignored Ctrl+C; programs under test must get a live one.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
