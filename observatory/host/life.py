"""What was lived, from the record, as a mind can live it again: what was told, felt and wanted, and every night.

A life comes in parts, each as far as the next night that is to be derived anew. It only reads, and it does not know
why something is left out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from ..protocol import commands as c
from ..protocol import events as e

if TYPE_CHECKING:
    from ..record.store import Store

KINDS = (e.EpisodeEncoded, e.FeedbackGiven, e.GoalSet, e.EpisodesMarked, e.NightOpened, e.NightClosed)
OVER = ("committed", "vetoed")


@dataclass
class Part:
    """Things lived, and the night that is derived anew behind them; None at the end."""

    steps: list[c.Lived] = field(default_factory=list)
    night: e.NightOpened | None = None


def parts(store: Store, without: Collection[int], anew: Collection[int]) -> list[Part]:
    """The whole life without these episodes. `anew`: nights that are derived again rather than gone by."""
    events = list(store.history(kinds=list(KINDS)))
    opened = openings(events)
    places = {opening.seq for night, opening in opened.items() if night in anew}
    accepted = {delta.night: delta for delta in store.accepted() if delta.night not in anew}
    told, over, goal, hushed = {}, set(), "", ""
    found = [Part()]
    for event in events:
        steps = found[-1].steps
        match event:
            case e.EpisodeEncoded() if event.episode in without:
                hushed = event.goal if event.goal != goal else ""
            case e.EpisodeEncoded():
                told[event.episode] = event
                goal = event.goal or goal
                steps.append(_tell(event))
            case e.FeedbackGiven() if event.episode in told:
                steps.append(c.Feedback(episode=event.episode, outcome=event.outcome, because=event.because))
            case e.GoalSet() if event.goal != goal:
                if not event.goal or event.goal != hushed:
                    goal = event.goal
                    steps.append(c.SetGoal(goal=event.goal))
                hushed = ""
            case e.EpisodesMarked() if marked := [n for n in event.episodes if n in told]:
                steps.append(c.MarkEpisodes(episodes=marked, mark=event.mark, on=event.on))
            case e.NightOpened() if event.seq in places:
                found[-1].night = event
                found.append(Part())
            case e.NightClosed() if event.ended in OVER and event.night not in over:
                over.add(event.night)
                if event.night not in anew and event.night in opened:
                    learnt = [n for n in opened[event.night].episodes if n not in without]
                    steps.append(c.NightBehind(night=event.night, episodes=learnt, accepted=accepted.get(event.night)))
    return found


def _tell(event: e.EpisodeEncoded) -> c.Tell:
    return c.Tell(
        episode=event.episode, text=event.text, speaker=event.speaker, session=event.session, lived_at=event.lived_at,
        goal=event.goal, outcome=event.outcome, because=event.because, source=event.source, line=event.line,
    )  # fmt: skip


def openings(events: list[e.Record]) -> dict[int, e.NightOpened]:
    """How each night was opened that came to an end first, or that is open: it may have been opened again since."""
    found: dict[int, e.NightOpened] = {}
    over: set[int] = set()
    for event in events:
        if isinstance(event, e.NightOpened) and event.night not in over:
            found[event.night] = event
        elif isinstance(event, e.NightClosed) and event.ended in OVER:
            over.add(event.night)
    return found


def plan_of(opened: e.NightOpened) -> c.NightPlan | None:
    """The plan that it was opened with, whole; None where an older version did not record it."""
    return msgspec.json.decode(opened.plan, type=c.NightPlan) if opened.plan else None
