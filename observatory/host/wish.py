"""When a run that the governor leads sleeps: its wish for a night, and what such a night is opened with.

A wish stands until a night ended, or until the governor says otherwise; a proposal that it only does not repeat stands
too. Read from events alone, so that a run which was stopped in between finds it again in the record. It does not know
how a night is opened.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from ..governor.rules import HELD_BACK
from ..protocol import events as e
from ..protocol.commands import NightPlan
from ..protocol.days import Day, SleepLine
from ..protocol.drives import PRESETS

KINDS = (e.GovernorDecided, e.NightClosed)
"""The stored events that a wish is read from."""

Wish = e.GovernorDecided | None


def after(wish: Wish, event: e.Event) -> Wish:
    """The wish once this event has been taken in."""
    match event:
        case e.NightClosed(ended="committed" | "vetoed"):
            return None
        case e.GovernorDecided(choice="propose sleep"):
            return event
        case e.GovernorDecided(choice="stay awake" | "rest" | "wake") if event.rule != HELD_BACK:
            return None
    return wish


def standing(events: Iterable[e.Event]) -> Wish:
    """The wish that the record ends with."""
    wish = None
    for event in events:
        wish = after(wish, event)
    return wish


def planned(plan: NightPlan, wish: e.GovernorDecided) -> NightPlan:
    """The night with the drives that the governor asks for, if it asks for any."""
    drives = PRESETS.get(wish.preset, plan.drives)
    return structs.replace(plan, drives=structs.replace(drives, others=plan.drives.others))


def ends(day: Day, line: int) -> int:
    """The sleep line that would have ended the day in which this line lies; what is asked is asked as it would be."""
    return next((one.line for one in day.lines if isinstance(one, SleepLine) and one.line > line), line)
