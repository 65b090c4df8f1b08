"""The first thing that runs in the mind's process, before the mind itself is imported.

It gives the process manners: Ctrl+C belongs to the host, error output goes to a file whose end can be
quoted if the process dies, and a process whose host is gone does not outlive it. It does not know
messages or what a mind is; it calls `run(connection)` of the module it was given.
"""

from __future__ import annotations

import faulthandler
import importlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
import time

ORPHAN_S = float(os.environ.get("OBSERVATORY_ORPHAN_S", 20))
"""Seconds an orphaned mind has for its checkpoint: ten times what writing one of the default model takes."""
ORPHANED = 70
"""Exit status of a mind that had to be ended because its host was gone."""


def run(connection, module: str, log: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if log:
        _write_errors_to(log)
    faulthandler.enable()
    threading.Thread(target=_follow_parent, name="parent-watch", daemon=True).start()
    importlib.import_module(module).run(connection)


def _write_errors_to(log: str) -> None:
    """Both outputs of this process and of everything native in it."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)


def _follow_parent() -> None:
    """The mind sees its host's death as EOF and leaves by itself; this is for one stuck in a long computation."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    multiprocessing.connection.wait([parent.sentinel])
    time.sleep(ORPHAN_S)
    os._exit(ORPHANED)
