"""Views of plugins for the window: which there are, and one asked for its lines beside the window's own thread.

A view is handed copies of what is recorded and gives back numbers; it never draws on the screen. It is imported when a
person chooses it and not before. One that fails is switched off for the session and named. This does not know how
lines are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..plugins import find
from ..plugins.contract import Chart, Episode, Night, Reading
from ..plugins.guard import Guarded
from ..protocol import events as e

__all__ = ["Chart", "Views", "handed"]


@dataclass(frozen=True)
class Offered:
    id: str
    name: str
    about: str


class Views:
    """The views that a home can show; each is made once, when it is first asked for."""

    def __init__(self, home: Path | None):
        self._found = {p.id: p for p in find.everywhere(home) if p.usable and "view" in p.manifest.contributes}
        self._made: dict[str, Guarded] = {}
        self._notices: list[e.Notice] = []
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="views")

    @property
    def offered(self) -> list[Offered]:
        return [Offered(p.id, p.manifest.name, p.manifest.about) for p in self._found.values()]

    def ask(self, view: str, episodes: list[Episode], nights: list[Night], then: Callable[[Chart | None, str], None]):
        """Has it drawn, and calls `then` on another thread: with the chart, or with None and why there is none."""
        self._asking.submit(self._ask, view, episodes, nights, then)

    def _ask(self, view: str, episodes, nights, then) -> None:
        made = self._made.get(view)
        if made is None:
            made = self._made[view] = Guarded(self._found[view], "view", self._notices.append)
        chart = made.ask("draw", episodes, nights)
        then(chart, made.why_off)

    def said(self) -> list[e.Notice]:
        """What there is to tell since the last time."""
        told, self._notices[:] = list(self._notices), []
        return told

    def close(self) -> None:
        self._asking.shutdown(wait=False, cancel_futures=True)
        for made in self._made.values():
            made.close()


def handed(
    told: Iterable[e.EpisodeEncoded], answered: Iterable[e.Answered], closed: Iterable[e.NightClosed]
) -> tuple[list[Episode], list[Night]]:
    """What is recorded, as a view gets it."""
    readings: dict[int, list[Reading]] = {}
    for each in answered:
        for read in each.reads:
            found = Reading(question=each.question, mass=read.mass, weight=read.weight, at=each.at)
            readings.setdefault(read.episode, []).append(found)
    episodes = [
        Episode(
            number=each.episode, text=each.text, lived_at=each.lived_at, novelty=each.novelty,
            surprise=sum(each.surprise) / max(1, len(each.surprise)), value=each.outcome or 0.0,
            readings=tuple(readings.get(each.episode, ())),
        )
        for each in told
    ]  # fmt: skip
    nights = [Night(number=each.night, stage=each.ended, step=each.steps, steps=each.steps) for each in closed]
    return episodes, nights
