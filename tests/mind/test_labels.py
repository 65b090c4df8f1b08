"""What states at labels cost, and what each is to become: as the plain formula has it, however many there are."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from observatory.mind import labels
from observatory.mind.rounded import Exact, Rounded


@pytest.fixture(params=[1, labels.AT_ONCE + 3, labels.MULTIPLIED_AT_ONCE + 2])
def some(request, mind):
    """Student's and reference's states, the tokens that are wanted, and what each row counts."""
    chance = torch.Generator().manual_seed(request.param)
    many, width = request.param, mind.parts.cortex.width
    states = torch.randn(many, width, generator=chance).requires_grad_(True)
    wanted = torch.randint(mind.parts.cortex.vocabulary, (many,), generator=chance)
    return states, torch.randn(many, width, generator=chance), wanted, torch.rand(many, generator=chance)


def slope(costs: torch.Tensor, counts: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad((costs * counts).sum(), states)[0]


def test_a_wanted_token_costs_its_surprise(mind, some):
    cortex, (states, _, wanted, counts) = mind.parts.cortex, some
    mine = labels.surprise(cortex, Exact(cortex), states, wanted)
    plain = F.cross_entropy(cortex.logits(states), wanted, reduction="none")
    torch.testing.assert_close(mine, plain, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(slope(mine, counts, states), slope(plain, counts, states), rtol=1e-3, atol=1e-5)


def test_another_distribution_costs_how_far_it_is_from_the_reference(mind, some):
    cortex, (states, reference, _, counts) = mind.parts.cortex, some
    mine = labels.divergence(cortex, Exact(cortex), states, reference)
    logs = cortex.logits(reference).log_softmax(-1)
    plain = (logs.exp() * (logs - cortex.logits(states).log_softmax(-1))).sum(-1)
    torch.testing.assert_close(mine, plain, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(slope(mine, counts, states), slope(plain, counts, states), rtol=1e-3, atol=1e-5)
    same = labels.divergence(cortex, Exact(cortex), reference, reference)
    assert float(same.abs().max()) < 1e-5


def test_rounded_it_costs_nearly_the_same_and_points_the_same_way(mind, some):
    cortex, (states, reference, wanted, counts) = mind.parts.cortex, some
    for cost, what in ((labels.surprise, wanted), (labels.divergence, reference)):
        exact = cost(cortex, Exact(cortex), states, what)
        true = slope(exact, counts, states)
        products = Rounded(cortex)
        with products:
            mine = cost(cortex, products, states, what)
            found = slope(mine, counts, states)
        assert torch.allclose(mine, exact, rtol=0.05, atol=0.02)
        assert float(torch.cosine_similarity(found.flatten(), true.flatten(), dim=0)) > 0.99


def test_where_nothing_is_learnt_nothing_is_kept_for_it(mind, some):
    cortex, (states, _, wanted, _) = mind.parts.cortex, some
    with torch.no_grad():
        assert not labels.surprise(cortex, Exact(cortex), states, wanted).requires_grad
