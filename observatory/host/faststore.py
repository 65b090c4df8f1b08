"""Which fast store a home has chosen, and what is said when it is another than the one it lived with.

The choice stands in the home's settings; what it lived with is in the record. Nothing of a plugin is imported here: it
runs in the mind's process. It does not know what a store does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from .. import settings
from ..plugins.choice import BUILT_IN, Choice, ChoiceUnclear, read
from ..plugins.find import FOLDER
from ..protocol import events as e
from .refusal import Refusal

WRONG = 2


def choose(home: Path, words: str | None) -> None:
    """Keep the choice in the home's settings. Raises Refusal when nothing of that name can be used."""
    if words is None:
        return
    try:
        found = read(words, "fast-store", home)
    except ChoiceUnclear as unclear:
        raise Refusal(WRONG, str(unclear)) from unclear
    kept, _ = settings.load(home)
    kept.fast_store = words.strip() if found.id else ""
    settings.save(home, kept)


def in_force(home: Path) -> tuple[Choice, list[e.Notice]]:
    """What the home's settings choose; a choice that cannot be had is the built-in store, and that is said."""
    kept, _ = settings.load(home)
    try:
        return read(kept.fast_store, "fast-store", home), []
    except ChoiceUnclear as unclear:
        return Choice("", {}), [
            e.Notice(
                at=time.time(), level="warning", title="The built-in fast store stands in for the chosen one",
                text=str(unclear), remedy="Choose again with: observatory live --fast-store NAME.",
            )
        ]  # fmt: skip


def fields(home: Path, choice: Choice) -> dict:
    """What the mind is told of it."""
    return {
        "fast_store": choice.id, "fast_store_options": choice.options,
        "plugins_folder": str((Path(home) / FOLDER).absolute()),
    }  # fmt: skip


def changed(choice: Choice, woken: Iterable[e.MindReady], held: Callable[[], int]) -> list[e.Notice]:
    """The word on a home that lived with another store: what is held is encoded anew into this one."""
    last = next(iter([*woken][-1:]), None)
    if last is None or last.fast_store == choice.id:
        return []
    many = held()
    if not many:
        return []
    was, now = (f"“{name}”" if name else f"the {BUILT_IN} one" for name in (last.fast_store, choice.id))
    return [
        e.Notice(
            at=time.time(), level="info", title="This home finds its episodes with another fast store now",
            text=f"It lived with {was} and is opened with {now}. The {many:,} episodes that it holds are encoded anew "
            "from the record; the record, the cortex and what fades stay as they are.",
        )
    ]  # fmt: skip
