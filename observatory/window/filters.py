"""What is typed into the search line of the episodes, as a question to each of them.

Words must all occur in text, speaker, session or goal; `speaker:`, `session:`, `drive:` and `is:` ask for more, a minus
in front asks for the opposite, and quotation marks keep words together. Knows no Qt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..protocol import events as ev
from .lived import Episode

IS: dict[str, tuple[str, Callable[[Episode], bool]]] = {
    "pinned": ("Pinned", lambda e: e.pinned),
    "excluded": ("Excluded", lambda e: e.excluded),
    "faded": ("Faded", lambda e: e.faded is not None),
    "slept": ("Slept on", lambda e: bool(e.nights)),
    "unslept": ("Not slept on", lambda e: not e.nights),
    "failed": ("Failed", lambda e: e.told.outcome is not None and e.told.outcome < 0),
    "worked": ("Worked", lambda e: e.told.outcome is not None and e.told.outcome > 0),
}
"""What an episode can be, as a menu says it and as it is asked of one."""

CONTAINS = ("", "speaker", "session")
"""Parts whose value must occur somewhere, so that a longer value lets less through."""
_PART = re.compile(r'(-?)(?:(\w+):)?("[^"]*"?|\S+)')


def drive_of(episode: Episode) -> str:
    """The drive that sees most in it, as it was scored last; none before that."""
    score = episode.score
    if score is None:
        return ""
    if score.curiosity >= score.focus and score.curiosity >= score.fear:
        return "curiosity"
    return "focus" if score.focus >= score.fear else "fear"


@dataclass(frozen=True)
class Ask:
    """One part of the line. `name` is empty for a word."""

    minus: bool
    name: str
    value: str
    holds: Callable[[Episode], bool] = field(compare=False)

    def follows_from(self, other: Ask) -> bool:
        """Whatever the other one lets through, this one does."""
        longer = not self.minus and not other.minus and self.name in CONTAINS and self.name == other.name
        return self == other or (longer and self.value in other.value)


@dataclass(frozen=True)
class Filter:
    """`unclear` says what was not understood; that part asks nothing."""

    asks: tuple[Ask, ...]
    unclear: str = ""

    def narrows(self, before: Filter) -> bool:
        """It lets nothing through that the one before did not."""
        return all(any(old.follows_from(new) for new in self.asks) for old in before.asks)

    def accepts(self, episode: Episode) -> bool:
        return all(ask.holds(episode) for ask in self.asks)


def read(text: str) -> Filter:
    """Words come first: they are the quickest to ask, and leave the least to ask more of."""
    asks, unclear = [], ""
    for minus, name, value in _PART.findall(text):
        name, value = name.casefold(), value.strip('"').casefold()
        found = _named(name, value) if name else (lambda e, value=value: value in e.folded)
        if found is None:
            unclear = f"“{name}:{value}” is not understood: is:{', is:'.join(IS)}, speaker:, session:, drive:"
        elif name or value:
            asks.append(Ask(bool(minus), name, value, _not(found) if minus else found))
    return Filter(tuple(sorted(asks, key=lambda ask: (bool(ask.name), ask.minus))), unclear)


def _named(name: str, value: str) -> Callable[[Episode], bool] | None:
    match name:
        case "is":
            return IS[value][1] if value in IS else None
        case "speaker":
            return lambda e: value in speaker(e).casefold()
        case "session":
            return lambda e: value in e.told.session.casefold()
        case "drive" if value in ev.DRIVES:
            return lambda e: drive_of(e) == value
    return None


def _not(holds: Callable[[Episode], bool]) -> Callable[[Episode], bool]:
    return lambda e: not holds(e)


def speaker(episode: Episode) -> str:
    return "You" if episode.told.speaker == "user" else episode.told.speaker


# ---------------------------------------------------------------- by menu


def part(name: str, value: str) -> str:
    """How it is written in the line."""
    return f'{name}:"{value}"' if re.search(r"\s", value) else f"{name}:{value}"


def has(text: str, written: str) -> bool:
    return written.casefold() in _parts(text)


def toggled(text: str, written: str) -> str:
    """The line with that part added, or without it."""
    if not has(text, written):
        return f"{text.strip()} {written}".strip()
    return " ".join(each for each in _parts(text, False) if each.casefold() != written.casefold())


def _parts(text: str, folded: bool = True) -> list[str]:
    found = [match.group(0) for match in _PART.finditer(text)]
    return [p.casefold() for p in found] if folded else found


def offered(episodes: Iterable[Episode], most: int = 12) -> dict[str, list[str]]:
    """Speakers and sessions to choose from, the newest first."""
    found: dict[str, dict[str, None]] = {"speaker": {}, "session": {}}
    for episode in reversed(list(episodes)):
        for name, value in (("speaker", speaker(episode)), ("session", episode.told.session)):
            if value and len(found[name]) < most and '"' not in value:
                found[name][value] = None
    return {name: list(values) for name, values in found.items()}
