"""A modern Hopfield network (arXiv 2008.02217): every key is a pattern, and a cue falls into the nearest of them.

The step ξ ← X softmax(β Xᵀξ) is taken a few times on the keys; the weights of the last step read the values. It does
not know what its vectors stand for.
"""

from __future__ import annotations

import torch
from torch.nn.functional import normalize


class Store:
    def __init__(self, options, *, width, value_width, seed):
        self.sharpness, self.steps = options["sharpness"], options["steps"]
        self.none = (torch.zeros(0, width), torch.zeros(0, value_width))
        self.pairs: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._joined: tuple[torch.Tensor, torch.Tensor] | None = None
        self.picked = 0.0

    @torch.no_grad()
    def encode(self, episode, keys, values):
        patterns = normalize(keys, dim=1)
        known, _ = self._all()
        match = (patterns @ known.T).amax(1) if len(known) else torch.zeros(len(keys))
        self.pairs[episode] = (patterns, values)
        self._joined = None
        return float((1 - match).mean().clamp(0, 1)) if len(keys) else 0.0

    @torch.no_grad()
    def read(self, cue):
        patterns, values = self._all()
        if not len(patterns):
            return torch.zeros(len(cue), values.shape[1])
        weights = self._weights(cue, patterns)
        self.picked = float(weights.amax(1).mean())
        return weights @ values

    @torch.no_grad()
    def completed(self, cue):
        """The key itself, made whole from a part of it."""
        patterns, _ = self._all()
        return self._weights(cue, patterns) @ patterns if len(patterns) else torch.zeros_like(cue)

    def forget(self, episode, keys, values):
        self._joined = None
        return self.pairs.pop(episode, None) is not None

    def look(self):
        """How much of the last answers was one pattern alone: 1 is recall, less is a blend."""
        return {"of one pattern": self.picked, "patterns": len(self._all()[0])}

    def size(self):
        return sum(patterns.numel() + values.numel() for patterns, values in self.pairs.values())

    def _all(self):
        if self._joined is None:
            held = [self.none, *self.pairs.values()]
            self._joined = torch.cat([p for p, _ in held]), torch.cat([v for _, v in held])
        return self._joined

    def _weights(self, cue, patterns):
        state = normalize(cue, dim=1)
        for _ in range(self.steps):
            weights = torch.softmax(self.sharpness * state @ patterns.T, dim=1)
            state = normalize(weights @ patterns, dim=1)
        return weights
