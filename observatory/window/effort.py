"""Where the night's effort goes: which episodes withheld cues bring back and rest, and which resist.

Pure data from one night of the story; the effort tab and the curve of what is recalled are drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import events as ev
from .lived import Night

STATES = ("resists", "rests", "unasked")
STATE_WORDS = {"resists": "▲ resists", "rests": "● recalled", "unasked": "○ not asked yet"}


@dataclass(frozen=True)
class Effort:
    """One episode of a night: the last word of its withheld cue, and how much replay it has had."""

    episode: int
    probed: ev.ProbedEpisode | None
    since: int
    """The step from which on every probe has brought it back; 0 where the last one has not."""
    drawn: int
    because: str

    @property
    def state(self) -> str:
        if self.probed is None:
            return "unasked"
        return "rests" if self.probed.recalled else "resists"

    @property
    def priority(self) -> float:
        return self.probed.need * self.probed.gain if self.probed is not None else 0.0


def efforts(night: Night) -> list[Effort]:
    """Those that resist first, by priority; then those at rest; then those nobody has asked for."""
    last: dict[int, ev.ProbedEpisode] = {}
    since: dict[int, int] = {}
    for probe in night.probes:
        for one in probe.episodes:
            last[one.episode] = one
            since[one.episode] = (since.get(one.episode) or probe.step) if one.recalled else 0
    numbers = dict.fromkeys([*night.opened.episodes, *night.opened.old_episodes, *last])
    found = [
        Effort(n, last.get(n), since.get(n, 0), night.drawn[n], night.because.get(n, ""))
        for n in numbers
        if n in last or n in night.drawn or n in night.opened.episodes
    ]
    return sorted(found, key=lambda e: (STATES.index(e.state), -e.priority, -e.drawn))


def resting(night: Night) -> tuple[int, int]:
    """How many the last probe found recalled, of how many that were ever asked for."""
    asked = [one for one in efforts(night) if one.probed is not None]
    return sum(one.state == "rests" for one in asked), len(asked)


def recalled(night: Night) -> tuple[list[int], list[int], int]:
    """Steps, how many episodes withheld cues brought back from each on, and how many were asked for.

    A probe need not ask for every episode: one that was recalled counts until a probe says otherwise.
    """
    known: dict[int, bool] = {}
    steps, counts = [], []
    for probe in night.probes:
        known.update((one.episode, one.recalled) for one in probe.episodes)
        steps.append(probe.step)
        counts.append(sum(known.values()))
    return steps, counts, len(known)
