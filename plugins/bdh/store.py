"""A Hebbian state in the manner of the Dragon Hatchling (arXiv 2509.26507): sparse positive neurons that wire.

A key fires the few neurons that it drives over a threshold, x = ReLU(kE − b); what fires together is wired, σ += xᵀv;
a cue fires its neurons and reads what they are wired to. This is the paper's linear attention σ as a store, without its
layers, gates and rotary places. It does not know what its vectors stand for.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import normalize


class Store:
    def __init__(self, options, *, width, value_width, seed):
        self.fading = options["fading"]
        generator = torch.Generator().manual_seed(seed)
        self.wires = torch.randn(width, options["neurons"], generator=generator, dtype=torch.float64)
        self.threshold = math.sqrt(2) * float(torch.erfinv(torch.tensor(1 - 2 * options["active"]).double()))
        """The drive that this share of the neurons exceeds, for a key of length 1."""
        self.state = torch.zeros(options["neurons"], value_width, dtype=torch.float64)
        self.clock = 0
        self.active = 0.0
        self.written: dict[int, int] = {}
        """When each episode began, so that exactly what is left of it can be taken out."""

    @torch.no_grad()
    def encode(self, episode, keys, values):
        fired = self._fired(keys)
        wrong, whole = (fired @ self.state - values).norm(), values.norm()
        self.written[episode] = self.clock
        self.active = float((fired > 0).double().mean()) if len(fired) else 0.0
        self.clock += len(keys)
        self.state *= (1 - self.fading) ** len(keys)
        self.state += self._added(fired, values, self.clock - len(keys))
        return float((wrong / whole).clamp(0, 1)) if whole > 0 else 0.0

    @torch.no_grad()
    def read(self, cue):
        return (self._fired(cue) @ self.state).float()

    @torch.no_grad()
    def forget(self, episode, keys, values):
        """The state is a sum: what an episode added is taken out, faded as it is by now."""
        began = self.written.pop(episode, None)
        if began is None:
            return False
        self.state -= self._added(self._fired(keys), values, began)
        return self.fading == 0

    def look(self):
        """The share of the neurons that fired at the last write, and of those that have learnt anything."""
        return {"fired": self.active, "neurons in use": float(self.state.any(1).double().mean())}

    def size(self):
        return self.state.numel()

    def _added(self, fired, values, began):
        """What tokens told from `began` on have added to the state, as far as it has not faded by now."""
        ages = self.clock - 1 - began - torch.arange(len(fired), dtype=torch.float64)
        return (fired * ((1 - self.fading) ** ages).unsqueeze(1)).T @ values.double()

    def _fired(self, keys):
        drive = normalize(keys.double(), dim=1) @ self.wires
        return normalize(torch.relu(drive - self.threshold), dim=1)
