"""Which directions the cortex already uses, so that a night can learn in the others.

For every linear map the inputs that old material sends through it are measured; a delta then
answers least to the directions in which those inputs are strong, and most where they are silent.
New names and old habits mostly lie in different directions, so what is learnt disturbs less of
what was known. It does not know episodes; it never sees the day.
"""

from __future__ import annotations

import torch

from .speech import Speech

RIDGE = 0.1
"""Of the mean strength of a direction: those much stronger are shut, those much weaker are open."""
LARGEST_GAIN = 5.0
WINDOW = 128
OPENINGS = 24


class Watcher:
    """Sums x·xᵀ over all inputs of each map while old material runs through the cortex."""

    def __init__(self, maps: dict[str, torch.nn.Linear]):
        self.maps = maps
        self.sums: dict[str, torch.Tensor] = {}
        self.counts: dict[str, int] = {}
        self._last: tuple[int, torch.Tensor] | None = None

    def hooks(self):
        eldest: dict[str, torch.nn.Linear] = {}
        for name, module in self.maps.items():
            eldest.setdefault(self.kin(name), module)
        return [(module, self._hook(name)) for name, module in eldest.items()]

    @staticmethod
    def kin(name: str) -> str:
        """Maps that share one input share one guard: q, k and v; gate and up."""
        for sibling, eldest in (("k_proj", "q_proj"), ("v_proj", "q_proj"), ("up_proj", "gate_proj")):
            if name.endswith(sibling):
                return name.removesuffix(sibling) + eldest
        return name

    def _hook(self, name: str):
        def add(_module, inputs, output):
            x = inputs[0].detach().reshape(-1, inputs[0].shape[-1]).float()
            self.sums[name] = self.sums.get(name, 0) + x.T @ x
            self.counts[name] = self.counts.get(name, 0) + len(x)

        return add

    @torch.no_grad()
    def also(self, speech: Speech, text: str) -> None:
        """See plain text too, and the opening of every turn: few places, passed by everything."""
        tokens = speech.encode(text)
        rows = [tokens[at : at + WINDOW] for at in range(0, len(tokens), WINDOW)]
        with speech.cortex.beside(self.hooks()):
            speech.cortex.read_through(rows + [speech.opening] * OPENINGS)

    def guards(self, ridge: float = RIDGE, gain: float = LARGEST_GAIN) -> dict[str, torch.Tensor]:
        """For every map a symmetric matrix that damps the used directions; siblings share one."""
        made: dict[str, torch.Tensor] = {}
        for name, total in self.sums.items():
            strength = total / self.counts[name]
            mean = strength.diagonal().mean()
            eye = torch.eye(len(strength), device=strength.device)
            damped = torch.linalg.inv(eye + strength / (ridge * mean))
            damped = (damped + damped.T) / 2
            left = (damped @ strength).mul(damped).sum() / strength.diagonal().sum()
            made[name] = damped * min(gain, float(left.clamp_min(1e-9).rsqrt()))
        return {name: made[self.kin(name)] for name in self.maps}
