"""Reading what a comparison of arms kept: plain JSON, one file a job, checked and never written here.

`bench` writes these files; the window draws them beside a home. It does not know how a job was run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

SCHEMA = 1
ASKED = ("days", "arm", "seed", "nights_asked", "tokens_asked", "model", "day_hash", "exam_hash")
"""What was asked for: two kept reports may stand in for one another only if all of it agrees."""
MEASURED = ("model_hash", "device", "precision", "threads", "versions")
FILES = "*-seed*-nights*.json"
WITH_ITS_STORE = "retrieval"
"""The arm whose cortex learns nothing: it is asked with its store."""


class KeptError(RuntimeError):
    """A kept report that cannot be read; the message says which and why."""


def load(path: Path) -> dict:
    try:
        kept = msgspec.json.decode(path.read_bytes())
        if kept["schema"] != SCHEMA:
            raise KeptError(f"{path} was written by another version (schema {kept['schema']}, not {SCHEMA}).")
        missing = [name for name in (*ASKED, *MEASURED, "nights") if name not in kept]
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
        raise KeptError(f"{path} is no kept report ({type(error).__name__}: {error}).") from error
    if missing or not kept["nights"]:
        raise KeptError(f"{path} is no kept report: {', '.join(missing) or 'nights'} missing.")
    return kept


def load_all(folder: Path, days: str, arms: Iterable[str] = (), nights: int | None = None) -> list[dict]:
    """Every kept report on these days, or those of some arms and of one number of nights."""
    wanted = set(arms)
    found = [load(path) for path in sorted((folder / days).glob(FILES))]
    return [
        kept for kept in found
        if (not wanted or kept["arm"] in wanted) and (nights is None or kept["nights_asked"] == nights)
    ]  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Arms that lived the same days for as many nights, and can be put side by side."""

    days: str
    nights: int
    reports: list[dict]

    @property
    def day_hashes(self) -> set[str]:
        return {kept["day_hash"] for kept in self.reports}


def comparisons(folder: Path) -> list[Comparison]:
    """All that was kept here, the longest first."""
    found: list[Comparison] = []
    for days in sorted({path.parent.name for path in folder.glob(f"*/{FILES}")}):
        reports = load_all(folder, days)
        for nights in sorted({kept["nights_asked"] for kept in reports}):
            found.append(Comparison(days, nights, [kept for kept in reports if kept["nights_asked"] == nights]))
    return sorted(found, key=lambda each: (-each.nights, each.days))


# ---------------------------------------------------------------- what one report says


def paper(kept: dict, night: int, memory: str = "cortex", when: str = "after") -> dict:
    return kept["nights"][night]["exam"].get(memory, {}).get(when, {})


def score(paper: dict, kind: str, day: int | None = None) -> tuple[int, int] | None:
    """Right and asked. None when nothing of the kind, or of that day, was asked."""
    found = paper.get(kind)
    if found is None:
        return None
    right, asked = found["by_day"].get(str(day), (0, 0)) if day else (found["right"], found["asked"])
    return (right, asked) if asked else None


def share(scores: Iterable[tuple[int, int] | None]) -> float | None:
    """Of all that was asked, the share that was right."""
    found = [one for one in scores if one is not None]
    return sum(right for right, _ in found) / sum(asked for _, asked in found) if found else None


def recalled(kept: dict, night: int, kind: str = "direct", day: int | None = None) -> float | None:
    """What is right after that many nights (0: before the first), of all questions so far or of one day's."""
    memory = "whole" if kept["arm"] == WITH_ITS_STORE else "cortex"
    when, place = ("after", night - 1) if night else ("before", 0)
    return share([score(paper(kept, place, memory, when), kind, day)])


def taught(reports: Iterable[dict]) -> list[str]:
    """Kinds of question whose teaching day these papers name."""
    found = (
        kind for kept in reports for kind, of in paper(kept, -1).items() if of["by_day"]
    )  # fmt: skip
    return list(dict.fromkeys(found))
