"""Where a night is held: the breakpoints that a person keeps, and in words where and why it paused. Knows no Qt."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .. import settings
from ..protocol import conditions
from ..protocol import events as ev
from ..settings import Breakpoint
from . import words


def where(paused: ev.Paused | None) -> str:
    """Before which step, or in which stage, and why."""
    if paused is None:
        return "Paused"
    stage = words.STAGE_WORDS.get(paused.stage, paused.stage)
    of = f" of {paused.of:,}" if paused.of else ""
    if paused.why.startswith("the stage "):
        return f"Paused at the start of {stage}: {paused.why}"
    if paused.stage != "replay":
        said = f"Paused in {stage}"
    elif paused.of and paused.step >= paused.of:
        said = f"Paused after step {paused.step:,}{of}"
    else:
        said = f"Paused before step {paused.step + 1:,}{of}"
    return f"{said}: {paused.why}" if paused.why else said


class Breakpoints:
    """Conditions that hold every night as long as they are switched on, kept in the settings of a home."""

    def __init__(self) -> None:
        self.home: Path | None = None
        self.kept: list[Breakpoint] = []

    def open(self, home: Path | None) -> None:
        """Those of a home. Without one they last as long as the window."""
        self.home = home
        if home is not None:
            self.kept = list(settings.peek(home).breakpoints)

    @property
    def watched(self) -> list[str]:
        """What the mind is to be told: conditions that are switched on and still mean something."""
        return [each.condition for each in self.kept if each.on and not problem(each.condition)]

    def add(self, text: str) -> str:
        """As it is kept. One that is there already is switched on again."""
        said = conditions.read(text).said()
        others = [each for each in self.kept if each.condition != said]
        self.put([*others, Breakpoint(condition=said)])
        return said

    def switch(self, place: int) -> None:
        self.put([
            msgspec.structs.replace(each, on=not each.on) if at == place else each
            for at, each in enumerate(self.kept)
        ])  # fmt: skip

    def remove(self, place: int) -> None:
        self.put([each for at, each in enumerate(self.kept) if at != place])

    def put(self, kept: list[Breakpoint]) -> None:
        """These and no others, on disk before anything else is done with them."""
        self.kept = list(kept)
        if self.home is not None:
            chosen, _ = settings.load(self.home)
            settings.save(self.home, msgspec.structs.replace(chosen, breakpoints=self.kept))


def problem(text: str) -> str:
    """Why a condition cannot be read; empty when it can."""
    try:
        conditions.read(text)
    except conditions.ConditionUnclear as unclear:
        return str(unclear)
    return ""
