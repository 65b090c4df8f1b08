"""What was lived, from the record, as a mind can live it again."""

from __future__ import annotations

from observatory.host import life
from observatory.protocol import commands as c
from observatory.protocol import events as e
from tests.window import canned


class Kept:
    """A record of these events, with no night accepted."""

    def __init__(self, *events):
        self.events = events

    def history(self, kinds):
        return [event for event in self.events if isinstance(event, tuple(kinds))]

    def accepted(self):
        return []


def test_marks_are_set_again_but_not_on_what_is_forgotten():
    told = [canned.episode(number, f"thing {number}") for number in (1, 2, 3)]
    marked = e.EpisodesMarked(episodes=[1, 2], mark="pinned", on=True, by="Ada")
    alone = e.EpisodesMarked(episodes=[2], mark="excluded", on=True, by="Ada")
    (part,) = life.parts(Kept(*told, marked, alone), without=[2], anew=[])
    assert [step.episode for step in part.steps if isinstance(step, c.Tell)] == [1, 3]
    assert [step for step in part.steps if isinstance(step, c.MarkEpisodes)] == [
        c.MarkEpisodes(episodes=[1], mark="pinned", on=True)
    ]  # fmt: skip
