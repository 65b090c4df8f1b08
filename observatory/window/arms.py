"""This home's recall night by night beside the arms of a comparison that was kept. Plain values; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from ..host.keptreports import Comparison, recalled, taught
from .armstyle import HOME
from .lived import Night
from .papers import examined


@dataclass(frozen=True)
class Point:
    """What was right after so many nights, as a share, over the seeds. `night` 0 is before the first."""

    night: int
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Course:
    """One arm, or this home, over its nights: all questions so far, and those about the first day alone."""

    arm: str
    seeds: int
    every: tuple[Point, ...]
    first: tuple[Point, ...]

    @property
    def end(self) -> float:
        return self.every[-1].middle if self.every else 0.0


def kinds(comparison: Comparison) -> list[str]:
    return taught(comparison.reports)


def courses(comparison: Comparison, nights: dict[int, Night], kind: str) -> list[Course]:
    """This home first where it was examined in this kind, then the arms; the best ends stand first."""
    arms: dict[str, list[dict]] = {}
    for kept in comparison.reports:
        arms.setdefault(kept["arm"], []).append(kept)
    made = [
        Course(arm, len(seeds), *(_over(seeds, comparison.nights, kind, day) for day in (None, 1)))
        for arm, seeds in arms.items()
    ]
    made = [course for course in made if course.every]
    made.sort(key=lambda course: -course.end)
    own = Course(HOME, 1, _lived(nights, kind, first=False), _lived(nights, kind, first=True))
    return [own, *made] if own.every else made


def _over(seeds: Sequence[dict], nights: int, kind: str, day: int | None) -> tuple[Point, ...]:
    out = []
    for night in range(nights + 1):
        found = [recalled(kept, night, kind, day) for kept in seeds if len(kept["nights"]) >= night]
        found = [share for share in found if share is not None]
        if found:
            out.append(Point(night, mean(found), min(found), max(found)))
    return tuple(out)


def _lived(nights: dict[int, Night], kind: str, *, first: bool) -> tuple[Point, ...]:
    """Nights count from the first that was examined; a question about a day that was not told yet is not asked."""
    done = examined(nights)
    papers = [done[0].before, *(night.after for night in done)] if done else []
    out = []
    for place, paper in enumerate(papers):
        asked = [
            answer.right for answer in paper.values()
            if answer.question.kind == kind
            and (answer.question.day == 1 if first else (answer.question.day or 1) <= max(1, place))
        ]  # fmt: skip
        if asked:
            share = sum(asked) / len(asked)
            out.append(Point(place, share, share, share))
    return tuple(out)


@dataclass(frozen=True)
class Row:
    """One line of the table: an arm after so many nights."""

    course: Course
    night: int
    every: Point | None
    first: Point | None


def rows(found: Sequence[Course]) -> list[Row]:
    out = []
    for course in found:
        first = {point.night: point for point in course.first}
        out += [Row(course, point.night, point, first.get(point.night)) for point in course.every]
    return out
