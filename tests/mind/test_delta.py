"""A delta in directions: the same sum, in order of what each direction does, and fewer of them on request."""

from __future__ import annotations

import pytest
import torch

from observatory.mind.delta import Delta, WholeDelta


def made_of(rank: int) -> Delta:
    maps = {"a": torch.nn.Linear(6, 5), "b": torch.nn.Linear(7, 8)}
    made = Delta.fresh(maps, rank, 0)
    chance = torch.Generator().manual_seed(1)
    for up in made.up.values():
        up.data.copy_(torch.randn(up.shape, generator=chance))
    made.guard = {name: torch.eye(m.in_features) * 0.5 for name, m in maps.items()}
    made.scale = 1.5
    return made


@pytest.fixture
def delta():
    return made_of(4)


def test_a_delta_in_directions_adds_the_same(delta):
    ordered = delta.in_directions()
    for name in delta.names:
        assert torch.allclose(ordered.full(name), delta.full(name), atol=1e-5)


def test_a_rank_above_what_a_map_can_hold_leaves_as_many_directions_as_it_has():
    delta = made_of(12)
    ordered = delta.in_directions()
    assert {name: down.shape[0] for name, down in ordered.down.items()} == {"a": 5, "b": 7}
    for name in delta.names:
        assert torch.allclose(ordered.full(name), delta.full(name), atol=1e-5)


def test_its_directions_are_orthogonal_so_that_each_can_go_by_itself(delta):
    for up in delta.in_directions().up.values():
        gram = up.T @ up
        assert torch.allclose(gram, torch.diag(gram.diagonal()), atol=1e-4)


def test_what_is_left_out_is_what_does_least_for_its_price(delta):
    ordered = delta.in_directions()
    strengths = ordered.strengths()
    assert len(strengths) == 8
    assert [s[0] for s in strengths] == sorted((s[0] for s in strengths), reverse=True)
    shorter = ordered.pruned(strengths[:5])
    assert sum(down.shape[0] for down in shorter.down.values()) == 5
    assert shorter.norm() < delta.norm()
    assert shorter.norm() > 0.8 * delta.norm()


def test_a_pruned_delta_comes_back_from_its_file_as_it_went(delta, tmp_path):
    ordered = delta.in_directions()
    shorter = ordered.pruned([s for s in ordered.strengths() if s[1] == "b"][:2])
    path, digest, _ = shorter.save(tmp_path, 3)
    again = Delta.read(path, digest, torch.device("cpu"))
    assert again.names == ["b"]
    assert torch.equal(again.full("b"), shorter.full("b"))


def test_a_delta_of_full_matrices_comes_back_too(tmp_path):
    whole = WholeDelta({"a": torch.randn(5, 6)}, 0.5)
    path, digest, _ = whole.save(tmp_path, 1)
    again = Delta.read(path, digest, torch.device("cpu"))
    assert isinstance(again, WholeDelta)
    assert torch.equal(again.full("a"), whole.full("a"))
    assert again.norm() == pytest.approx(float(whole.full("a").norm()))
