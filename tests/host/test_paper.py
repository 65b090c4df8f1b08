"""Which questions a sleep can be asked: those of days that have been lived by then."""

from __future__ import annotations

import pytest

from observatory.host import paper
from observatory.protocol.days import Day, Experience, SleepLine
from observatory.protocol.events import Question

WEEK = Day("hash", [Experience(1, "a"), SleepLine(2), Experience(3, "b"), SleepLine(4)])
OPEN = Day("hash", [Experience(1, "a")])


def asked(*days) -> list[Question]:
    return [Question(prompt=str(day), answers=["x"], kind="direct", day=day) for day in days]


@pytest.mark.parametrize(
    ("day", "line", "questions", "due"),
    [
        (WEEK, 2, (1, None, 2), (1, None)),
        (WEEK, 4, (1, None, 2), (1, None, 2)),
        (WEEK, 2, (3,), (3,)),
        (OPEN, 2, (1, None), (1, None)),
        (OPEN, 2, (7,), (7,)),
    ],
    ids=["first night", "second night", "days counted otherwise", "no sleep in the file", "the seventh day alone"],
)
def test_only_days_that_have_been_lived_are_asked_about(day, line, questions, due):
    assert [q.day for q in paper.due(asked(*questions), day, line)] == list(due)
