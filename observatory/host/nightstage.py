"""Which plugin replays in a night, as it was asked for on the command line. It runs in the mind's process, not here."""

from __future__ import annotations

from pathlib import Path

from ..plugins.choice import ChoiceUnclear, read
from .refusal import Refusal

WRONG = 2


def chosen(words: str | None, home: Path) -> dict:
    """What a night's plan says of it. Raises Refusal when nothing of that name can be used."""
    try:
        found = read(words or "", "replay", home)
    except ChoiceUnclear as unclear:
        raise Refusal(WRONG, str(unclear)) from unclear
    return {"stage": found.id, "stage_options": found.options} if found.id else {}
