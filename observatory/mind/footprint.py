"""How much memory this process holds and has held at most, and what it can give back. Knows nothing of minds."""

from __future__ import annotations

import ctypes
import sys

import psutil


def rss_mb() -> float:
    return psutil.Process().memory_info().rss / 2**20


def peak_rss_mb() -> float:
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def give_back() -> None:
    """What was freed goes back to the machine, where the C library would keep it for later: a gigabyte after a step."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
