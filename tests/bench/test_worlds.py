"""Made worlds: what went before decides, the last words never do; and a state tells them apart where words cannot."""

from __future__ import annotations

import pytest
import torch

from observatory.bench import value, worlds
from observatory.mind.latent import Turn
from observatory.protocol.days import read_day


@pytest.mark.parametrize("world", worlds.WORLDS.values(), ids=lambda world: world.name)
def test_every_session_ends_on_the_same_words_and_half_of_them_badly(world):
    stories = worlds.told(world, 100, seed=3)
    assert len({story.turns[-1].text for story in stories}) == 1
    assert sum(story.fails for story in stories) == 50
    assert all(story.turns[-1].because for story in stories)


def test_unseen_histories_are_unseen():
    lived = worlds.told(worlds.OSCILLATION, 200, seed=0)
    seen = frozenset(story.history for story in lived)
    assert not seen & {story.history for story in worlds.told(worlds.OSCILLATION, 100, seed=1, unlike=seen)}


def test_fixing_one_breaks_the_other_until_they_are_separated():
    state, deeds = worlds.OSCILLATION.begins(), worlds.OSCILLATION.deeds
    assert deeds["fix A"].does(state)[0] == -1.0
    assert deeds["fix B"].does(state)[0] == -1.0
    deeds["separate"].does(state)
    assert deeds["fix A"].does(state)[0] == 1.0


def test_sessions_are_a_day_that_can_be_lived(tmp_path):
    path = tmp_path / "worlds.jsonl"
    path.write_text(worlds.day(worlds.told(worlds.KEY, 3, seed=0)), "utf-8")
    day = read_day(path)
    assert day.sleeps == 1
    assert len({x.session for x in day.experiences}) == 3
    assert {x.goal for x in day.experiences} == {worlds.KEY.goal}
    assert day.experiences[-1].because


class Guess:
    """Reads every text as a direction of its own, without a model."""

    def __init__(self):
        self.known: dict[str, torch.Tensor] = {}
        self.chance = torch.Generator().manual_seed(1)

    def gist(self, text: str) -> torch.Tensor:
        if text not in self.known:
            self.known[text] = torch.nn.functional.normalize(torch.randn(32, generator=self.chance), dim=0)
        return self.known[text]

    def turns(self, story, told_to_the_end: bool) -> list[Turn]:
        last = len(story.turns) - (not told_to_the_end)
        return [
            Turn(self.gist(t.text), self.gist(story.goal), t.outcome if at < last else None)
            for at, t in enumerate(story.turns)
        ]

    def last_words(self, story, in_context: bool) -> torch.Tensor:
        return self.gist(story.turns[-1].text)


def test_value_on_the_state_tells_what_value_on_the_last_words_cannot():
    found = value.compared(Guess(), worlds.KEY, seed=0, sessions=240, steps=140)
    assert found["auc_value"] >= 0.95
    assert found["auc_fails"] >= 0.95
    assert found["off_by"] <= 0.05
    assert found["auc_words_alone"] == 0.5, "the last words are always the same"
