"""The governor's wish for a night: when it stands, and what a night of it is opened with."""

from __future__ import annotations

import pytest

from observatory.governor.rules import HELD_BACK
from observatory.host import wish
from observatory.protocol import events as e
from observatory.protocol.commands import NightPlan
from observatory.protocol.days import Day, Experience, SleepLine
from observatory.protocol.drives import PRESETS, Drives


def decided(choice: str, **more) -> e.GovernorDecided:
    fields = {"on": "told", "rule": "tired", "why": "", "states": e.MetaStates(), "table": "", "lived_at": ""}
    return e.GovernorDecided(choice=choice, **{**fields, **more})


def closed(ended: str) -> e.NightClosed:
    return e.NightClosed(night=1, ended=ended, cortex="", why="", wall_s=0, steps=0, tokens=0, peak_rss_mb=0)


PROPOSED = decided("propose sleep")


@pytest.mark.parametrize(
    "since",
    [
        [],
        [decided("encode"), decided("read memory", on="asked")],
        [decided("stay awake", rule=HELD_BACK)],
        [closed("interrupted")],
        [closed("failed")],
    ],
    ids=["nothing since", "other matters", "not repeated yet", "interrupted night", "failed night"],
)
def test_a_wish_stands_until_a_night_has_ended(since):
    assert wish.standing([PROPOSED, *since]) == PROPOSED


@pytest.mark.parametrize("word", [closed("committed"), closed("vetoed"), decided("stay awake"), decided("rest")])
def test_a_night_or_another_word_ends_it(word):
    assert wish.standing([PROPOSED, word]) is None


def test_without_a_proposal_there_is_no_wish():
    assert wish.standing([]) is None
    assert wish.standing([decided("stay awake"), closed("committed")]) is None


def test_only_a_known_preset_replaces_the_drives_of_the_plan():
    plan = NightPlan(steps=7, drives=Drives(curiosity=1, focus=0, fear=0))
    assert wish.planned(plan, PROPOSED) == plan
    careful = wish.planned(plan, decided("propose sleep", preset="careful"))
    assert (careful.steps, careful.drives) == (7, PRESETS["careful"])
    assert wish.planned(plan, decided("propose sleep", preset="gone since")) == plan


def test_a_line_lies_in_the_day_that_the_next_sleep_line_would_have_ended():
    lines = [Experience(1, "a"), SleepLine(2), Experience(3, "b"), SleepLine(4), Experience(5, "c")]
    day = Day(file_hash="f", lines=lines)
    assert [wish.ends(day, line) for line in (0, 1, 3, 5)] == [2, 2, 4, 5]
