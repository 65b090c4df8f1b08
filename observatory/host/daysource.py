"""A day that a plugin tells: asked for in a process of its own, written as a day file, and checked like any other.

What it tells may have grown since it was last lived: a home goes on behind the last thing that it knows, as long as
what was told before that is the same. It does not know who lives the day.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ..plugins import aside, find, telling
from ..plugins.choice import ChoiceUnclear, read
from ..protocol import events as e
from ..protocol.days import Day, DayError
from .life import OVER
from .refusal import Refusal

FAILED, WRONG = 1, 2
PREFIX = "plugin:"
"""Before the plugin's name, where a file could be named: --day plugin:diary:path=notes."""


def day(words: str, home: Path) -> Day:
    """The whole day, checked. Raises Refusal; nothing was lived of it then."""
    try:
        choice = read(words.removeprefix(PREFIX), "day-source", home)
    except ChoiceUnclear as unclear:
        raise Refusal(WRONG, str(unclear)) from unclear
    found = find.usable(choice.id, "day-source", home)
    if found is None:
        raise Refusal(WRONG, f"“{words}” names no plugin. Write {PREFIX}NAME, such as {PREFIX}diary:path=notes.")
    try:
        told = aside.ask(found, "day-source", "day", choice.options)
    except aside.Failed as failed:
        if failed.detail:
            print(failed.detail, file=sys.stderr)
        said = f"The plugin “{choice.id}” could not tell a day: {failed}. Nothing was lived."
        raise Refusal(FAILED, f"{said} Try it with: observatory plugins check {found.folder}") from failed
    if not told:
        options = "; ".join(f"{name}: {option.about}" for name, option in found.manifest.options.items())
        raise Refusal(FAILED, f"The plugin “{choice.id}” had nothing to tell. Its options: {options or 'none'}.")
    return _checked(choice.id, list(telling.lines(told)))


def _checked(name: str, written: list[bytes]) -> Day:
    with tempfile.TemporaryDirectory(prefix="observatory-day-") as folder:
        try:
            found = telling.checked(written, Path(folder), name)
        except DayError as error:
            raise Refusal(FAILED, f"What the plugin “{name}” told is no day. {error}") from error
    # Over what is told alone: a date that grows has its night later than it had.
    hashed, begun = hashlib.sha256(), {}
    for number, line in enumerate(written, start=1):
        if line != telling.SLEEP:
            hashed.update(line)
        begun[hashed.hexdigest()] = number
    return replace(found, file_hash=hashed.hexdigest(), begun=begun)


def lived(day_: Day, known: Iterable[e.LineLived]) -> int:
    """The last line of a day that this home has lived, also when the day was shorter then."""
    furthest: dict[str, int] = {}
    for each in known:
        if each.file_hash in day_.begun:
            furthest[each.file_hash] = max(each.line, furthest.get(each.file_hash, 0))
    # The night at the end of a shorter day is none of this day's lines.
    return max((min(line, day_.begun[hashed]) for hashed, line in furthest.items()), default=0)


def slept(why: str, known: Iterable[e.Record]) -> bool:
    """Whether the night that was opened last, for this reason, was decided on and then ended by a crash: it is over,
    and nobody was left to write down that its line is behind."""
    opened, over = None, False
    for event in known:
        match event:
            case e.LineLived():
                opened, over = None, False
            case e.NightOpened():
                opened, over = event, False
            case e.NightClosed() if opened is not None and event.night == opened.night:
                over = event.ended in OVER
    return over and opened.why == why
