"""Dials and draws: each corner draws what its drive sees, chance holds its part, and the whole is quick."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import torch

from observatory.mind.curator import Curator
from observatory.mind.feelings import Feelings, Felt
from observatory.protocol.drives import BY_CHANCE, PRESETS, Drives, DrivesUnclear, read, shares
from observatory.protocol.events import DRIVES

EPISODES = list(range(1, 61))
DRAWS = 5_000


def some_scores(count: int, seed: int = 4) -> list[tuple[float, float, float]]:
    """Three objectives that do not go together, none of them ever the same twice."""
    drawn = torch.rand(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return [tuple(row) for row in (2 ** (4 * drawn - 2)).tolist()]


def ranks(values: list[float]) -> torch.Tensor:
    """Places in order; equal values share the mean of theirs."""
    found = torch.tensor(values, dtype=torch.float64)
    below = (found[:, None] > found[None]).sum(1)
    return below + ((found[:, None] == found[None]).sum(1) - 1) / 2


def rank_correlation(one: list[float], other: list[float]) -> float:
    return float(torch.corrcoef(torch.stack([ranks(one), ranks(other)]))[0, 1])


def drawn_with(drives: Drives, scores, draws: int = DRAWS) -> tuple[Counter, Counter]:
    curator = Curator(dict(zip(EPISODES, shares(scores, drives).tolist(), strict=True)), [], seed=0)
    made = [curator.draws(1)[0] for _ in range(draws)]
    return Counter(d.episode for d in made), Counter(d.drive for d in made)


@pytest.mark.parametrize("corner", DRIVES)
def test_at_each_corner_draws_follow_that_objective_and_chance_holds_its_part(corner):
    scores = some_scores(len(EPISODES))
    drives = Drives(**{drive: float(drive == corner) for drive in DRIVES})
    episodes, by = drawn_with(drives, scores)
    objective = [row[DRIVES.index(corner)] for row in scores]
    assert rank_correlation([episodes[e] for e in EPISODES], objective) >= 0.9
    assert by["chance"] / DRAWS == pytest.approx(BY_CHANCE, abs=0.02)
    assert by[corner] / DRAWS == pytest.approx(1 - BY_CHANCE, abs=0.02)


def test_between_the_corners_each_drive_makes_the_part_of_draws_that_its_dial_says():
    drives = Drives(curiosity=0.6, focus=0.3, fear=0.1)
    _, by = drawn_with(drives, some_scores(len(EPISODES)))
    for drive, dial in zip(DRIVES, drives.parts(), strict=True):
        assert by[drive] / DRAWS == pytest.approx(dial * (1 - BY_CHANCE), abs=0.025)


def test_a_drive_that_sees_nothing_leaves_its_part_to_chance():
    scores = [(c, 0.0, 0.0) for c, _, _ in some_scores(len(EPISODES))]
    _, by = drawn_with(PRESETS["focused"], scores)
    assert by["focus"] == by["fear"] == 0
    assert by["curiosity"] / DRAWS == pytest.approx(0.1 * (1 - BY_CHANCE), abs=0.02)


def test_doubling_the_units_of_a_score_changes_nothing():
    scores = some_scores(10)
    doubled = [(2 * c, focus, fear) for c, focus, fear in scores]
    assert shares(scores, Drives()) == pytest.approx(shares(doubled, Drives()))


def test_near_duplicates_share_what_one_of_them_would_have():
    scores = some_scores(3)
    one = shares([scores[0], scores[1]], Drives())
    three = shares([scores[0], scores[1], scores[1]], Drives(), [1, 2, 2])
    assert three[0] == pytest.approx(one[0])
    assert three[1] + three[2] == pytest.approx(one[1])


def test_ten_thousand_episodes_are_scored_and_drawn_from_in_fifty_milliseconds():
    feelings, chance = Feelings(), torch.Generator().manual_seed(0)
    numbers = torch.rand(10_000, 4, generator=chance).tolist()
    for episode, (surprise, error, near, value) in enumerate(numbers):
        feelings.felt[episode] = Felt(
            frozenset(), surprise, surprise, [], error, error, near, 2 * value - 1, value - 1,
            twin_of=episode - 1 if episode % 9 == 1 else None,
        )  # fmt: skip
    every = list(feelings.felt)
    took = []
    for _ in range(5):
        started = time.process_time()
        found = shares(feelings.scores(every), Drives(), feelings.twins(every))
        curator = Curator(dict(zip(every, found.tolist(), strict=True)), [], seed=0)
        assert len(curator.draws(12)) == 12
        took.append(time.process_time() - started)
    assert min(took) < 0.05


@pytest.mark.parametrize(
    ("text", "said"),
    [("bravery=1", "“bravery=1” is no dial"), ("fear", "“fear” has no number"), ("fear=2", "outside of 0 to 1"),
     ("fear=1,fear=1", "is no dial"), ("", "is no dial"), ("fear=nan", "outside of 0 to 1")],
)  # fmt: skip
def test_dials_that_cannot_be_understood_say_what_to_write(text, said):
    with pytest.raises(DrivesUnclear, match=said) as refused:
        read(text)
    assert "balanced, curious, focused, careful" in str(refused.value)


def test_dials_are_read_by_name_or_by_number_and_said_as_they_are_read():
    assert read("careful") is PRESETS["careful"]
    assert read("curiosity=0.6, fear=0.1") == Drives(curiosity=0.6, focus=0.0, fear=0.1)
    assert read(read("curiosity=0.6,focus=0.3,fear=0.1").said()) == Drives(curiosity=0.6, focus=0.3, fear=0.1)
