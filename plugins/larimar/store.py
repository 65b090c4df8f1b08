"""Larimar's memory (arXiv 2403.11901): recursive least squares, one shot, no gradient, and an exact way back.

A key is spread over more places than it has numbers (a fixed random map), so that many keys stay apart; the memory M is
the least-squares map from places to values, and U what is still unknown of the places. Writing and forgetting are the
same step with the noise's sign turned: c = wU/(wUwᵀ+σ²), M += cᵀ(z−wM), U −= cᵀ(wU). It does not know what its
vectors stand for.
"""

from __future__ import annotations

import torch

LEAST = 1e-12
"""A key shorter than this points nowhere: nothing is written or read for it."""


class Store:
    def __init__(self, options, *, width, value_width, seed):
        self.noise, many = options["noise"] ** 2, options["places"]
        generator = torch.Generator().manual_seed(seed)
        self.spread = torch.randn(width, many, generator=generator, dtype=torch.float64) / options["reach"]
        self.phases = torch.rand(many, generator=generator, dtype=torch.float64) * 2 * torch.pi
        self.memory = torch.zeros(many, value_width, dtype=torch.float64)
        self.unknown = torch.eye(many, dtype=torch.float64)
        self.held: set[int] = set()

    @torch.no_grad()
    def encode(self, episode, keys, values):
        places = self._places(keys)
        novelty = self._novelty(places)
        for place, value in zip(places, values.double(), strict=True):
            self._step(place, value, self.noise)
        self.held.add(episode)
        return novelty

    @torch.no_grad()
    def read(self, cue):
        return (self._places(cue) @ self.memory).float()

    @torch.no_grad()
    def forget(self, episode, keys, values):
        """The same steps backwards, with negative noise: what was learnt is taken out, and U knows it no more."""
        if episode not in self.held:
            return False
        for place, value in reversed(list(zip(self._places(keys), values.double(), strict=True))):
            self._step(place, value, -self.noise)
        self.held.discard(episode)
        return True

    def look(self):
        """How much of all places is known by now: as it nears 1, the next write disturbs what was written."""
        return {"places taken": 1.0 - float(self.unknown.diagonal().mean())}

    def size(self):
        return self.memory.numel() + self.unknown.numel()

    def _places(self, keys):
        """Random Fourier features: places of two keys are alike as exp(−d²/2r²), so far ones are at right angles."""
        lengths = keys.double().norm(dim=1, keepdim=True)
        places = torch.cos((keys.double() / lengths.clamp_min(LEAST)) @ self.spread + self.phases)
        return torch.nn.functional.normalize(places, dim=1) * (lengths > LEAST)

    def _step(self, place, value, noise):
        if not place.any():
            return
        known = place @ self.unknown
        gain = known / (known @ place + noise)
        self.memory += torch.outer(gain, value - place @ self.memory)
        self.unknown -= torch.outer(gain, known)

    def _novelty(self, places):
        """How much of each place U does not know yet: 1 for what is at right angles to all that was written."""
        unknown = ((places @ self.unknown) * places).sum(1)
        return float(unknown.mean().clamp(0, 1)) if len(places) else 0.0
