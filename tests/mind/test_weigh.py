"""How much of a delta is kept: the search goes down while that serves, and stops."""

from __future__ import annotations

import pytest

from observatory.mind import weigh


class Scaled:
    """Stands for a replay whose loss is known for every scale of its delta."""

    def __init__(self):
        self.delta = self
        self.scale = 2.0


def losses_by(monkeypatch, recall: list[float], old: list[float]):
    """What `_mean` finds at each scale in turn: the probes, the old material, plain text (which never changes)."""
    replay, at = Scaled(), {scale: n for n, scale in enumerate(weigh.SCALES)}

    def mean(_replay, rows):
        if rows == "text":
            return 1.0
        return (recall if rows == "probes" else old)[at[round(_replay.scale / 2.0, 6)]]

    monkeypatch.setattr(weigh, "_mean", mean)
    monkeypatch.setattr(weigh, "_windows", lambda *_: "text")
    return replay, list(weigh.search(replay, "probes", "old", ""))


def test_the_search_ends_where_a_smaller_delta_only_costs(monkeypatch):
    replay, tried = losses_by(monkeypatch, [0.1, 0.2, 0.3, 0.4, 0.5], [0.02, 0.02, 0.02, 0.02, 0.02])
    assert [t.scale for t in tried] == [1.0, 0.9]
    assert weigh.best(tried).scale == 1.0
    assert replay.scale == 2.0, "the delta is left as it was"


def test_the_search_goes_on_while_old_material_gains_more_than_recall_loses(monkeypatch):
    _, tried = losses_by(monkeypatch, [0.1, 0.11, 0.12, 0.5, 0.9], [0.9, 0.5, 0.3, 0.2, 0.1])
    assert [t.scale for t in tried] == [1.0, 0.9, 0.8, 0.65]
    assert weigh.best(tried).scale == 0.8


def test_text_that_gets_stranger_beyond_what_is_free_counts_against_a_scale():
    free = weigh.Tried(1.0, 0.1, 0.0, weigh.TEXT_FREE)
    dear = weigh.Tried(1.0, 0.1, 0.0, weigh.TEXT_FREE + 0.01)
    assert dear.objective - free.objective == pytest.approx(0.1)
