"""A day: recorded experience, one JSON object a line, and the sleeps between.

The whole file is checked before the first line is handed out, so nothing is half-taken. The hash is
over the file's bytes: a home remembers by it how far it has lived this file. This file does not
know who lives the day or what becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .commands import EPISODE_TEXT_LIMIT
from .lines import NAME_LIMIT, LinesError, Refused, checked_text, kind_of, only_known, read, text_of

KEYS = ("text", "speaker", "at", "session", "goal", "outcome", "because", "mark")


class DayError(LinesError):
    """A day file that cannot be lived; nothing of it was."""

    what = "day"
    meaning = "Nothing of this day was lived; mend it and start again."


@dataclass(frozen=True)
class Experience:
    """One line to live. `at` is UTC in ISO form, or empty when the file does not say.

    `mark` is for people and for comparisons, who want to know why a line is there; the mind is never told.
    """

    line: int
    text: str
    speaker: str = "user"
    at: str = ""
    session: str = ""
    goal: str = ""
    outcome: float | None = None
    because: str = ""
    mark: str = ""


@dataclass(frozen=True)
class SleepLine:
    """The end of a day."""

    line: int


@dataclass(frozen=True)
class Day:
    """A checked file. It may hold many days, each ended by a sleep."""

    file_hash: str
    lines: list[Experience | SleepLine]
    begun: dict[str, int] = field(default_factory=dict)
    """For a day that may grow: up to which line it had which hash when there was no more of it. Empty for a file."""

    @property
    def experiences(self) -> list[Experience]:
        return [line for line in self.lines if isinstance(line, Experience)]

    @property
    def sleeps(self) -> int:
        return sum(isinstance(line, SleepLine) for line in self.lines)


def read_day(path: Path | str) -> Day:
    """The whole file, checked. Raises DayError naming every bad line (up to twenty) with the reason."""
    lines = read(path, DayError)
    made = lines.each(_line)
    lines.raise_faults(DayError)
    return Day(file_hash=lines.hash, lines=made)


def _line(line: int, found: dict) -> Experience | SleepLine:
    if "sleep" in found:
        if len(found) > 1:
            raise Refused("“sleep” stands alone on its line; put what was experienced on a line of its own")
        if found["sleep"] is not True:
            raise Refused('“sleep” can only be true; leave the line out if there is no sleep: {"sleep": true}')
        return SleepLine(line)
    only_known(found, (*KEYS, "sleep"))
    return Experience(
        line=line,
        text=text_of(found, "text", EPISODE_TEXT_LIMIT, needed=True),
        speaker=text_of(found, "speaker", NAME_LIMIT) or "user",
        at=_moment(found.get("at")),
        session=text_of(found, "session", NAME_LIMIT),
        goal=text_of(found, "goal", EPISODE_TEXT_LIMIT),
        outcome=_outcome(found.get("outcome")),
        because=text_of(found, "because", EPISODE_TEXT_LIMIT),
        mark=text_of(found, "mark", NAME_LIMIT),
    )


def _outcome(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"“outcome” is {kind_of(value)}, not a number between -1 and 1")
    if not -1.0 <= value <= 1.0:
        said = f"{value:.4g}" if isinstance(value, float) or abs(value) < 10**9 else "a very large number"
        raise Refused(f"“outcome” is {said}; it lies between -1 (went badly) and 1 (went well)")
    return float(value)


def _moment(value: object) -> str:
    """A point in time as UTC. A time without an offset is taken as UTC, as a day has no other place to say."""
    if value is None:
        return ""
    written = checked_text(value, "“at”", NAME_LIMIT).strip()
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(f"“at” is “{written[:40]}”, not a time such as 2026-01-05T09:12:00Z") from None
    return moment.isoformat().replace("+00:00", "Z")
