"""Titans' memory (arXiv 2501.00663), in its linear form: learnt while it is used, by surprise with momentum.

For every pair: the loss ‖kM−v‖² is the surprise; S = ηS − θ∇loss carries it on; M = (1−α)M + S lets the old fade. The
paper learns η, θ and α from data, and its memory may be deeper; here they are options, and M is one matrix. The paper
learns its keys too; here the mind gives sparse codes, in which two episodes share little, for one matrix mixes what
shares much (the option `address`, which the mind goes by and this file does not). It does not
know what its vectors stand for.
"""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


class Store:
    def __init__(self, options, *, width, value_width, seed):
        self.momentum, self.rate, self.fading = options["momentum"], options["rate"], options["fading"]
        self.memory = torch.zeros(width, value_width)
        self.surprise = torch.zeros(width, value_width)
        self.shown = {}

    @torch.no_grad()
    def encode(self, episode, keys, values):
        keys = normalize(keys, dim=1)
        wrong, whole = (keys @ self.memory - values).norm(), values.norm()
        for key, value in zip(keys, values, strict=True):
            gradient = 2 * torch.outer(key, key @ self.memory - value)
            self.surprise = self.momentum * self.surprise - self.rate * gradient
            self.memory = (1 - self.fading) * self.memory + self.surprise
        if whole == 0:
            return 0.0
        novelty, left = ((each / whole).clamp(0, 1) for each in (wrong, (keys @ self.memory - values).norm()))
        self.shown = {"surprise": float(novelty), "surprise left behind": float(left)}
        return float(novelty)

    @torch.no_grad()
    def read(self, cue):
        return normalize(cue, dim=1) @ self.memory

    @torch.no_grad()
    def forget(self, episode, keys, values):
        """Make these keys read nothing. Not as if never told: what shares their direction is dimmed with them."""
        around = torch.linalg.pinv(normalize(keys, dim=1))
        for state in (self.memory, self.surprise):
            state -= around @ (normalize(keys, dim=1) @ state)
        return False

    def look(self):
        """The surprise before and after the last write, and how long what it has learnt and what it carries on are."""
        return self.shown | {"memory": float(self.memory.norm()), "momentum": float(self.surprise.norm())}

    def size(self):
        return self.memory.numel() + self.surprise.numel()
