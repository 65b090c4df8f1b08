"""What plugins in the mind's process must leave alone, looked at after every turn: weights, the gate, processes.

Python cannot keep code in the same process from reaching for what it was not handed. So it is found out: slow weights
that somebody other than the gate wrote are rebuilt through the gate from the base and the accepted nights; a function
that somebody replaced is put back; processes that somebody started are ended. Whoever was running is named and switched
off. A write that goes round torch's own counters is found by the next hash of every byte, at the latest before a night
proposes and at the gate itself. It does not know what a plugin is for.
"""

from __future__ import annotations

import types

import psutil

from ..protocol import events as ev
from . import gate
from .cortex import Cortex
from .delta import Delta, WholeDelta

GUARDED = (gate, Cortex, Delta, WholeDelta)


class Meddled(RuntimeError):
    """Something beside the gate reached for the slow weights while a night ran; that night cannot be trusted."""


def _functions() -> dict[tuple[object, str], object]:
    return {(place, name): each for place in GUARDED for name, each in list(vars(place).items())
            if isinstance(each, (types.FunctionType, classmethod, staticmethod))}  # fmt: skip


_ORIGINAL = _functions()
_CODE = {place: each.__code__ for place, each in _ORIGINAL.items() if isinstance(each, types.FunctionType)}
"""Taken when this file is imported, before any plugin's code is."""


class Sentry:
    def __init__(self):
        self._children = {child.pid for child in psutil.Process().children()}

    def replaced(self) -> list[str]:
        """Functions that are not what they were, put back."""
        found = []
        for (place, name), each in _ORIGINAL.items():
            if vars(place).get(name) is not each:
                setattr(place, name, each)
                found.append(name)
            if (code := _CODE.get((place, name))) is not None and each.__code__ is not code:
                each.__code__ = code
                found.append(name)
        return sorted(set(found))

    def started(self) -> list[str]:
        """Processes that were not there when the mind woke, ended."""
        names = []
        for child in psutil.Process().children(recursive=True):
            if child.pid in self._children:
                continue
            try:
                names.append(child.name())
                child.kill()
                child.wait(2)
            except psutil.Error:
                continue
        return names

    def written(self, cortex: Cortex, samples: dict[str, str], whole: str = "") -> bool:
        """Whether slow weights were written; with `whole`, the hash they should have, every byte is looked at."""
        if cortex.written_since_hash() or cortex.samples() != samples:
            return True
        return bool(whole) and cortex.hash() != whole


def found_out(who: str, what: list[str]) -> ev.Notice:
    """The notice on all that was found at one look."""
    return ev.Notice(
        level="error", title=f"{who} reached for what it must leave alone", text=" ".join(what),
        remedy="It is off until the next start. Do not choose it again before its author has mended it.",
    )  # fmt: skip
