"""A longer life out of the canned day and night: several nights, hours between them, every way that one can end."""

from __future__ import annotations

import msgspec

from observatory.protocol import events as ev
from tests.window import canned

HOURS = 8 * 3600.0
STEP_S = 2.0


def governed(pressure: float, number: int = 1) -> ev.GovernorDecided:
    return ev.GovernorDecided(
        on="told", choice="encode", rule="new", why="it is new", table=canned.hash_("table"), lived_at="",
        states=ev.MetaStates(pressure=pressure), episode=number,
    )  # fmt: skip


def closed(number: int, ended: str) -> list[ev.Event]:
    """A night that is vetoed, or one that is held first and approved then."""
    if ended == "vetoed":
        return [
            ev.Decided(night=number, delta=canned.DELTA, decision="veto", by="Ada", reason="too much was lost"),
            ev.NightClosed(night=number, ended="vetoed", cortex=canned.BASE, why="vetoed", wall_s=300.0, steps=40,
                           tokens=25_600, peak_rss_mb=2900.0),
            ev.ModeChanged(mode="awake", why="the night is over"),
        ]  # fmt: skip
    held = ev.Decided(night=number, delta=canned.DELTA, decision="hold", by="Ada", reason="to be looked at again")
    return [held, *canned.committed(number)]


def life(nights: int = 3) -> list[ev.Event]:
    """Numbered records, each a moment after the one before; a night follows a day, hours follow a night."""
    days = canned.day()
    told = [e for e in days if isinstance(e, ev.EpisodeEncoded)]
    parts: list[list[ev.Event]] = []
    for night in range(1, nights + 1):
        first = days[:2] if night == 1 else [ev.ModeChanged(mode="awake", why="morning")]
        day: list[ev.Event] = list(first)
        for place, e in enumerate(told):
            number = (night - 1) * len(told) + e.episode
            day += [msgspec.structs.replace(e, episode=number), ev.EpisodeKept(episode=number)]
            day.append(governed(min(1.0, 0.2 + place / 30), number))
        asleep = [*canned.night_opens(12, night), *canned.dreams(night), *canned.steps(12, 12, night),
                  *canned.gate(night)]  # fmt: skip
        parts.append([*day, *asleep, *closed(night, "vetoed" if night == 2 else "committed"), governed(0.2)])
    parts[-1].append(ev.RolledBack(to_night=0, nights=[1], cortex=canned.BASE, why="to see what it was like before"))
    out, at = [], canned.START
    for part in parts:
        for event in part:
            if isinstance(event, ev.Record):
                at += STEP_S
                out.append(msgspec.structs.replace(event, seq=len(out) + 1, at=at))
        at += HOURS
    return out
