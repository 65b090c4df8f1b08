"""Which plugins a home has chosen to live with: its store, a drive, an examiner, an onlooker.

Every choice stands in the home's settings in words, as it is written on the command line. Nothing of a plugin is
imported here: it runs in the mind's process. It does not know what a plugin does.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from .. import settings
from ..plugins.choice import Choice, ChoiceUnclear, read
from ..plugins.contract import Kind
from ..protocol import drives
from ..protocol import events as e
from .refusal import Refusal

WRONG = 2

Role = Literal["fast_store", "drive", "examiner", "looks_on"]
"""A choice as the settings name it."""


class _Way(NamedTuple):
    kind: Kind
    flag: str
    gone: str


_WAYS: dict[Role, _Way] = {
    "fast_store": _Way("fast-store", "--fast-store", "The built-in fast store stands in for the chosen one"),
    "drive": _Way("drive", "--drive", "The mind goes on without the chosen drive"),
    "examiner": _Way("exam", "--examiner", "The mind goes on without the chosen examiner"),
    "looks_on": _Way("night-stage", "--looks-on", "The mind goes on without the chosen onlooker"),
}


def choose(home: Path, role: Role, words: str | None) -> None:
    """Keep the choice in the home's settings. Raises Refusal when nothing of that name can be used."""
    if words is None:
        return
    try:
        found = read(words, _WAYS[role].kind, home)
    except ChoiceUnclear as unclear:
        raise Refusal(WRONG, str(unclear)) from unclear
    if found.id in (*e.DRIVES, drives.CHANCE):
        raise Refusal(WRONG, f"“{found.id}” is the name of what draws by itself. Give the plugin another id.")
    kept, _ = settings.load(home)
    if role == "drive" and found.id:
        kept.drives = _with_a_dial(kept.drives, found.id)
    setattr(kept, role, words.strip() if found.id else "")
    settings.save(home, kept)


def in_force(home: Path, role: Role) -> tuple[Choice, list[e.Notice]]:
    """What the home's settings choose; a choice that cannot be had is what is built in, and that is said."""
    kept = settings.peek(home)
    way = _WAYS[role]
    try:
        return read(getattr(kept, role), way.kind, home), []
    except ChoiceUnclear as unclear:
        return Choice("", {}), [
            e.Notice(
                at=time.time(), level="warning", title=way.gone, text=str(unclear),
                remedy=f"Choose again with: observatory live {way.flag} NAME.",
            )
        ]  # fmt: skip


def drive_of(home: Path) -> tuple[str, ...]:
    """The name of the plugin's drive that may have a dial here; none where the home has chosen none."""
    found = in_force(home, "drive")[0].id
    return (found,) if found else ()


def _with_a_dial(kept: str, drive: str) -> str:
    """The dials as they are kept, and one for this drive."""
    try:
        known = drives.read(kept, None)
    except drives.DrivesUnclear:
        return kept
    dial = known.others.get(drive, drives.FIRST_DIAL)
    return msgspec.structs.replace(known, others={drive: dial}).said()
