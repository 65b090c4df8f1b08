"""The drives: what their dials mean, and how scores and dials become shares of what is drawn.

A dial says which part of the draws its drive makes. Every drive hands its part out over the episodes in proportion to
its own score, so that doubling a dial doubles its draws whatever units the scores are in; a drive that sees nothing
anywhere leaves its part to chance. Beside the three that are built in a plugin's drive may have a dial, under the
plugin's name. Near-duplicates share one draw, and a fixed part always falls evenly on all. It does not know where
scores come from nor what a draw does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Annotated

import msgspec

from .events.base import DRIVES, Plain

BY_CHANCE = 0.15
"""The part of all draws that falls evenly on every episode whatever the dials say."""

CHANCE = "chance"
NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
"""What a plugin may be called."""
FIRST_DIAL = 1 / 3
"""Where the dial of a plugin's drive begins: where each of the built-in ones stands."""

Dial = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Drives(Plain, frozen=True, kw_only=True):
    """The three dials, and those of plugins. Only their proportions count; all at nought draws by chance alone."""

    curiosity: Dial = 1 / 3
    focus: Dial = 1 / 3
    fear: Dial = 1 / 3
    others: dict[str, Dial] = {}

    @property
    def dials(self) -> dict[str, float]:
        """Every dial by its drive's name, the built-in ones first."""
        return {drive: getattr(self, drive) for drive in DRIVES} | self.others

    @property
    def built_in(self) -> Drives:
        """The built-in drives' dials alone."""
        return msgspec.structs.replace(self, others={})

    @property
    def drawers(self) -> tuple[str, ...]:
        """Whoever may draw: every drive, and chance."""
        return (*self.dials, CHANCE)

    def parts(self) -> list[float]:
        """The dials as parts of one."""
        dials = self.dials.values()
        return [dial / (sum(dials) or 1.0) for dial in dials]

    def said(self) -> str:
        """As it is written on the command line."""
        return ",".join(f"{drive}={dial:.3g}" for drive, dial in self.dials.items())


PRESETS: dict[str, Drives] = {
    "balanced": Drives(),
    "curious": Drives(curiosity=0.8, focus=0.1, fear=0.1),
    "focused": Drives(curiosity=0.1, focus=0.8, fear=0.1),
    "careful": Drives(curiosity=0.1, focus=0.1, fear=0.8),
}
"""Dials that have a name."""


class DrivesUnclear(ValueError):
    """A setting of the dials that cannot be understood; the message says what to write."""


def read(text: str, others: Collection[str] | None = ()) -> Drives:
    """A preset's name, or dials such as `curiosity=0.6,focus=0.3,fear=0.1`. What is not named is at nought.

    A preset may be followed by the dials of plugins' drives. `others` are those that there are; None takes any name, as
    what is recorded may have been drawn by one that is gone since.
    """
    first, _, rest = text.partition(",")
    built_in = PRESETS.get(first.strip())
    if built_in is not None and not rest.strip():
        return built_in
    dials: dict[str, float] = {}
    for part in (text if built_in is None else rest).split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        own = name in DRIVES and built_in is None
        if not own and not (equals and _of_a_plugin(name, others)) or name in dials:
            raise DrivesUnclear(f"“{part.strip()}” is no dial. {_HOW}")
        try:
            dials[name] = float(value)
        except ValueError:
            raise DrivesUnclear(f"“{part.strip()}” has no number. {_HOW}") from None
        if not 0.0 <= dials[name] <= 1.0:
            raise DrivesUnclear(f"“{part.strip()}” is outside of 0 to 1. {_HOW}")
    found = {name: dials.pop(name, 0.0) for name in DRIVES} if built_in is None else built_in.dials
    return Drives(**found, others=dials)


def _of_a_plugin(name: str, others: Collection[str] | None) -> bool:
    if name in (*DRIVES, CHANCE):
        return False
    return bool(NAME.fullmatch(name)) if others is None else name in others


_HOW = f"Write a preset ({', '.join(PRESETS)}) or dials such as curiosity=0.6,focus=0.3,fear=0.1."


def shares(scores: Sequence[Sequence[float]], drives: Drives, twins: Sequence[int] | None = None):
    """The part of all draws that each drive, and chance, gives to every episode: an array [episodes, 4] with the
    built-in drives alone, in all one.

    `scores`: for every episode what each of the drives sees, in the order of `dials`, none below nought. `twins` puts a
    number on every episode; those with the same number are near-duplicates and share what one of them would have.
    """
    import numpy as np

    count = len(scores)
    if not count:
        return np.zeros((0, len(drives.drawers)))
    groups = np.arange(count) if twins is None else np.asarray(twins)
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    alone = 1.0 / sizes[group]
    seen = np.maximum(0.0, np.asarray(scores, float)) * alone[:, None]
    whole = seen.sum(0)
    dials = np.array(drives.parts()) * (whole > 0) * (1.0 - BY_CHANCE)
    out = np.empty((count, len(drives.drawers)))
    out[:, :-1] = seen / np.where(whole > 0, whole, 1.0) * dials
    out[:, -1] = alone / alone.sum() * (1.0 - dials.sum())
    return out
