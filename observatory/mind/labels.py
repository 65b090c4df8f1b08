"""What the student's states at labels cost, and at once what each of them is to become.

A vocabulary wide, logits are the largest thing in a step. Here they are taken forward and back in one go, and what is
to become of them is written where they were.
"""

from __future__ import annotations

import torch

from .cortex import Cortex

MULTIPLIED_AT_ONCE = 256
"""Rows: the output map is read once for so many, and 256 × 49,152 × 4 bytes = 50 MB are held."""
AT_ONCE = 64


def surprise(cortex: Cortex, products, states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Nats of each wanted token, given the state before it."""

    def portion(logs: torch.Tensor, at: slice, _reference) -> tuple[torch.Tensor, torch.Tensor]:
        places = wanted[at, None]
        found = -logs.gather(1, places)[:, 0]
        return found, logs.exp_().scatter_add_(1, places, logs.new_full(places.shape, -1.0))

    return _Costs.apply(states, None, cortex.model.lm_head, products, portion)


def divergence(cortex: Cortex, products, states: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Nats by which each state's distribution is another than that of its reference."""

    def portion(logs: torch.Tensor, _at, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        share = wanted.exp()
        found = torch.linalg.vecdot(share, wanted.sub_(logs))
        return found, logs.exp_().sub_(share)

    return _Costs.apply(states, reference, cortex.model.lm_head, products, portion)


class _Costs(torch.autograd.Function):
    """`portion` (log-probabilities, which rows, the reference's) → their costs, and those costs' gradient before the
    softmax."""

    @staticmethod
    def forward(ctx, states: torch.Tensor, reference: torch.Tensor | None, output, products, portion) -> torch.Tensor:
        costs, back, learns = [], [], ctx.needs_input_grad[0]
        for start in range(0, len(states), MULTIPLIED_AT_ONCE):
            part = states[start : start + MULTIPLIED_AT_ONCE]
            logits = products.forth(output, part)
            other = None
            if reference is not None:
                other = products.forth(output, reference[start : start + MULTIPLIED_AT_ONCE])
            for first in range(0, len(part), AT_ONCE):
                at = slice(first, min(first + AT_ONCE, len(part)))
                wanted = None if other is None else other[at].float().log_softmax(-1)
                here = slice(start + at.start, start + at.stop)
                found, grad = portion(logits[at].float().log_softmax(-1), here, wanted)
                costs.append(found)
                if learns:
                    logits[at] = grad
            if learns:
                back.append(products.back(output, logits)[: len(part)].to(states.dtype))
        if learns:
            ctx.save_for_backward(torch.cat(back))
        return torch.cat(costs)

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        (back,) = ctx.saved_tensors
        return back * grad[:, None].to(back.dtype), None, None, None, None
