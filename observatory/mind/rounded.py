"""Gradient steps whose products with frozen weights are taken of factors rounded to bfloat16; all else is float32.

Two products through every map, forward and back, are two thirds of a step's time, and a CPU with arithmetic
for it takes them of bfloat16 in a fifth of that. Withheld cues are tried and the day's directions found so
too. Weights, states, sums and the delta stay as they are, and so does everything that is said, examined and
weighed: a mind that is rounded altogether learns less. It changes no weight.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch

from .cortex import Cortex

ROWS = 128
"""Rows come in multiples of so many: for every shape the library makes a kernel and keeps it (1.6 GB after a night)."""


def products(cortex: Cortex) -> AbstractContextManager:
    """`with products:` around a step: rounded or, on a cortex that is not to be, as they are."""
    return Rounded(cortex) if cortex.rounds else nullcontext()


class Rounded:
    """`with rounded:` the cortex multiplies so, by copies of its weights as they are now: make one for each night."""

    def __init__(self, cortex: Cortex):
        maps = [module for module in cortex.model.modules() if isinstance(module, torch.nn.Linear)]
        self._copies = [(module, module.weight.detach().bfloat16()) for module in maps]
        self._last: tuple[torch.Tensor, torch.Tensor] | None = None

    def __enter__(self) -> None:
        for module, weight in self._copies:
            module.forward = partial(self._multiply, weight, module.bias)

    def __exit__(self, *_) -> None:
        self._last = None
        for module, _ in self._copies:
            del module.forward

    def _multiply(self, weight: torch.Tensor, bias: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
        # Several maps read the same states: they are rounded once.
        if self._last is None or self._last[0] is not x:
            self._last = x, _rounded(x.detach())
        out = _Product.apply(x, self._last[1], weight)
        return out if bias is None else out + bias


class _Product(torch.autograd.Function):
    """x·Wᵀ, of which only x is learnt through."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, rounded: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(weight)
        return _unrounded(rounded @ weight.t(), x)

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        (weight,) = ctx.saved_tensors
        return _unrounded(_rounded(grad) @ weight, grad), None, None


def _rounded(x: torch.Tensor) -> torch.Tensor:
    """Flat, and with rows of nought up to a usual number of them."""
    flat = x.flatten(0, -2)
    many = -(-len(flat) // ROWS) * ROWS
    out = torch.empty(many, flat.shape[1], dtype=torch.bfloat16, device=x.device)
    out[: len(flat)] = flat
    out[len(flat) :] = 0
    return out


def _unrounded(product: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    rows = like.shape[:-1].numel()
    return product[:rows].to(like.dtype).view(*like.shape[:-1], -1)
