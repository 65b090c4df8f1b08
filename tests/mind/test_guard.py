"""The guard before a delta: what it lets through, what it is deaf to, and whom it protects."""

from __future__ import annotations

import pytest
import torch

from observatory.mind import guard
from observatory.mind.delta import Delta
from observatory.mind.rounded import Exact


def watched(maps, **strengths) -> guard.Watcher:
    """A watcher that has seen inputs of so much strength in each direction."""
    found = guard.Watcher(maps, Exact(None))
    for name, diagonal in strengths.items():
        found.sums[name], found.counts[name] = torch.diag(torch.tensor(diagonal)) * 7, 7
    return found


@pytest.fixture
def maps():
    return {"gate_proj": torch.nn.Linear(4, 3), "up_proj": torch.nn.Linear(4, 3)}


@pytest.fixture
def between(maps):
    old = watched(maps, gate_proj=[1.0, 0.0, 1.0, 0.0])
    day = watched(maps, gate_proj=[0.0, 1.0, 1.0, 0.0])
    return guard.between(old, day)


def test_the_days_own_direction_passes_and_that_of_old_material_does_not(between):
    own, old = between["gate_proj"][1, 1], between["gate_proj"][0, 0]
    assert own > 0.9
    assert abs(old) < 1e-3 * own


def test_a_direction_that_both_use_is_halved(between):
    assert float(between["gate_proj"][2, 2] / between["gate_proj"][1, 1]) == pytest.approx(0.5, abs=0.01)


def test_a_direction_that_neither_uses_is_silence(between):
    assert abs(between["gate_proj"][3, 3]) < 1e-3 * between["gate_proj"][1, 1]


def test_maps_with_one_input_share_one_guard(between):
    assert between["up_proj"] is between["gate_proj"]


def test_the_more_old_material_weighs_the_less_of_what_both_use_passes(maps):
    old = watched(maps, gate_proj=[1.0, 0.0, 1.0, 0.0])
    shares = []
    for weight in (0.5, 1.0, 4.0):
        day = watched(maps, gate_proj=[0.0, 1.0, 1.0, 0.0])
        made = guard.between(old, day, weight)["gate_proj"]
        shares.append(float(made[2, 2] / made[1, 1]))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.6
    assert shares[-1] < 0.25


def test_a_guarded_delta_follows_what_is_learnt_between_two_exams(maps):
    delta = Delta.fresh(maps, rank=2, seed=0)
    delta.guard = {name: torch.diag(torch.tensor([1.0, 0.0, 0.5, 1.0])) for name in maps}
    with torch.no_grad():
        first = delta.guarded("gate_proj")
        assert delta.guarded("gate_proj") is first
        delta.down["gate_proj"].add_(1.0)
        second = delta.guarded("gate_proj")
    assert torch.equal(second, delta.down["gate_proj"] @ delta.guard["gate_proj"])
    assert not torch.equal(first, second)
    assert delta.guarded("gate_proj").requires_grad, "while it learns, what is learnt must reach `down`"


def behind(guards, maps, **ups) -> Delta:
    """A delta of one direction, the same for every map, that answers with these."""
    direction = torch.tensor([[1.0, 1.0, 1.0, 1.0]])
    delta = Delta({n: direction.clone() for n in maps}, {n: torch.tensor([u]).T for n, u in ups.items()})
    delta.guard = guards
    return delta


def test_calm_is_the_share_of_a_maps_answer_to_old_material_that_the_delta_adds(maps):
    inputs = torch.randn(200, 4, generator=torch.Generator().manual_seed(3))
    old = guard.Watcher(maps, Exact(None))
    old.sums, old.counts = {"gate_proj": inputs.T @ inputs}, {"gate_proj": len(inputs)}
    guards = dict.fromkeys(maps, torch.diag(torch.tensor([1.0, 0.5, 0.0, 1.0])))
    delta = behind(guards, maps, gate_proj=[1.0, 2.0, 0.0], up_proj=[0.0, 0.0, 3.0])
    delta.scale = 0.5
    wanted = sum(
        float((inputs @ delta.full(name).T).square().sum() / (inputs @ m.weight.detach().T).square().sum())
        for name, m in maps.items()
    )
    assert float(guard.Calm(old, guards).of(delta)) == pytest.approx(wanted, rel=1e-4)


def test_a_delta_that_old_material_cannot_reach_is_calm_and_its_twin_that_it_can_is_not(maps):
    old = [watched(maps, gate_proj=[1.0, 0.0, 1.0, 0.0]) for _ in range(2)]
    deaf = dict.fromkeys(maps, torch.diag(torch.tensor([0.0, 1.0, 0.0, 1.0])))
    open_ = dict.fromkeys(maps, torch.eye(4))
    ups = {"gate_proj": [1.0, 1.0, 1.0], "up_proj": [1.0, 1.0, 1.0]}
    assert float(guard.Calm(old[0], deaf).of(behind(deaf, maps, **ups))) == 0
    assert float(guard.Calm(old[1], open_).of(behind(open_, maps, **ups))) > 0.1


def test_calm_tells_every_direction_how_to_fall_silent(maps):
    old = watched(maps, gate_proj=[1.0, 0.5, 1.0, 0.2])
    guards = dict.fromkeys(maps, torch.eye(4))
    delta = Delta.fresh(maps, rank=2, seed=0)
    delta.guard = guards
    with torch.no_grad():
        for up in delta.up.values():
            up.add_(0.3)
    calm = guard.Calm(old, guards)
    before = calm.of(delta)
    before.backward()
    with torch.no_grad():
        for parameter in delta.parameters():
            parameter.sub_(0.05 * parameter.grad)
    assert calm.of(delta) < before


def test_what_calm_asks_of_every_number_is_the_slope_of_what_it_measures(maps):
    inputs = torch.randn(50, 4, generator=torch.Generator().manual_seed(5))
    old = guard.Watcher(maps, Exact(None))
    old.sums, old.counts = {"gate_proj": inputs.T @ inputs}, {"gate_proj": len(inputs)}
    delta = Delta.fresh(maps, rank=2, seed=1)
    with torch.no_grad():
        for at, parameter in enumerate(delta.parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(at)))
    calm = guard.Calm(old, dict.fromkeys(maps, torch.eye(4)))
    calm.of(delta).backward()
    for parameter in delta.parameters():
        place, step = (1, 1), 1e-2
        with torch.no_grad():
            ends = []
            for sign in (1, -1):
                parameter[place] += sign * step
                ends.append(float(calm.of(delta)))
                parameter[place] -= sign * step
        assert float(parameter.grad[place]) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-2, abs=1e-4)
