"""How much of a delta is kept: both searches go down while that serves, and stop."""

from __future__ import annotations

import pytest
import torch

from observatory.mind import weigh
from observatory.mind.delta import Delta


class Scaled:
    """Stands for a replay whose loss is known for every scale of its delta."""

    def __init__(self):
        maps = {"a": torch.nn.Linear(6, 5), "b": torch.nn.Linear(6, 8)}
        self.delta = Delta.fresh(maps, 4, 0)
        chance = torch.Generator().manual_seed(1)
        for up in self.delta.up.values():
            up.data.copy_(torch.randn(up.shape, generator=chance))
        self.delta.scale = 2.0


def by_scale(monkeypatch, recall: list[float], old: list[float]):
    """What `_mean` finds at each scale in turn: the probes, the old material, plain text (which never changes)."""
    replay, at = Scaled(), {scale: n for n, scale in enumerate(weigh.SCALES)}

    def mean(_replay, rows, *_):
        if rows == "text":
            return 1.0
        return (recall if rows == "probes" else old)[at[round(_replay.delta.scale / 2.0, 6)]]

    monkeypatch.setattr(weigh, "_mean", mean)
    monkeypatch.setattr(weigh, "_windows", lambda *_: "text")
    return replay, list(weigh.by_scale(replay, "probes", "old", ""))


def test_the_search_ends_where_a_smaller_delta_only_costs(monkeypatch):
    replay, tried = by_scale(monkeypatch, [0.1, 0.2, 0.3, 0.4], [0.02, 0.02, 0.02, 0.02])
    assert [t.scale for t in tried] == [1.0, 0.85]
    assert replay.delta.scale == 2.0, "the delta is left as it was"


def test_the_search_goes_on_while_old_material_gains_more_than_recall_loses(monkeypatch):
    _, tried = by_scale(monkeypatch, [0.1, 0.11, 0.12, 0.9], [0.9, 0.5, 0.3, 0.2])
    assert [t.scale for t in tried] == [1.0, 0.85, 0.7, 0.55]
    assert min(tried, key=lambda t: t.objective).scale == 0.7


def tried(**found) -> weigh.Tried:
    return weigh.Tried(**{"recall_loss": 0.1, "old_kl": 0.0, "text_rise": 0.0, "scale": 1.0, "kept": 8, "of": 8,
                          "bits": 100.0} | found)  # fmt: skip


def test_text_that_gets_stranger_beyond_what_is_free_counts_against_a_scale():
    free, dear = tried(text_rise=weigh.TEXT_FREE), tried(text_rise=weigh.TEXT_FREE + 0.01)
    assert dear.objective - free.objective == pytest.approx(0.01 * weigh.TEXT_WEIGHT)


def test_directions_that_earn_nothing_go_and_those_that_recall_needs_stay(monkeypatch):
    def mean(replay, rows):
        left = sum(down.shape[0] for down in replay.delta.down.values())
        return 0.1 if rows == "old" or left >= 5 else 0.5

    replay = Scaled()
    before = replay.delta
    monkeypatch.setattr(weigh, "_mean", mean)
    found = list(weigh.by_rank(replay, "probes", "old", tried(old_kl=0.1)))
    assert [one.kept for one, _ in found] == [5, 3]
    best, delta = min(found, key=lambda each: each[0].objective)
    assert best.kept == 5
    assert best.bits == delta.bits() < before.bits()
    assert replay.delta is before, "the delta is left as it was"


def test_a_direction_costs_what_describing_it_costs():
    assert tried(kept=4).objective == pytest.approx(tried().objective - weigh.PRICE / 2)
