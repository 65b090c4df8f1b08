"""Plain context distillation: min KL(p(·|episode, cue) ‖ p′(·|cue)), over low-rank pairs beside every map.

The teacher is the copy with the episode in reach and no pairs, the student the copy with the pairs and without the
episode; both read the cue and the episode's own words as its answer. No old material, no dreams, no choice of what is
hard: what a night does besides is what it can be compared with. It does not know a gate.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import kl_div

from observatory.plugins.contract import Dose


class Pairs:
    """Low-rank pairs beside maps; nothing at first, since `up` begins at zero."""

    def __init__(self, maps, rank: int, scale: float, seed: int):
        generator = torch.Generator().manual_seed(seed)
        self.maps, self.scale, self.down, self.up = maps, scale, {}, {}
        for name, linear in maps.items():
            high, wide = linear.weight.shape
            drawn = (torch.rand(rank, wide, generator=generator) * 2 - 1) * math.sqrt(3 / wide)
            self.down[name] = drawn.requires_grad_(True)
            self.up[name] = torch.zeros(high, rank, requires_grad=True)

    def parameters(self):
        return [*self.down.values(), *self.up.values()]

    def __enter__(self):
        self.hooks = [m.register_forward_hook(self._beside(n)) for n, m in self.maps.items()]

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()

    def _beside(self, name):
        return lambda _, given, out: out + self.scale * (given[0] @ self.down[name].T) @ self.up[name].T

    def tensors(self):
        return {n: (self.down[n].detach(), self.scale * self.up[n].detach()) for n in self.maps}


class Replay:
    def __init__(self, options):
        self.rate, self.rows, self.scale = options["rate"], options["rows"], options["scale"]

    def begin(self, cortex, day):
        self.cortex, self.day = cortex, day
        self.every = [(lesson, row) for lesson in day.lessons for row in lesson.rows]
        self.pairs = Pairs(cortex.maps, day.rank, self.scale, day.seed)
        self.optimizer = torch.optim.AdamW(self.pairs.parameters(), lr=self.rate, weight_decay=0.0)
        self.chance = torch.Generator().manual_seed(day.seed)
        self.done, self.left = 0, []
        return day.steps if self.every else 0

    def step(self):
        if len(self.left) < self.rows:
            self.left += torch.randperm(len(self.every), generator=self.chance).tolist()
        drawn, self.left = self.left[: self.rows], self.left[self.rows :]
        chosen = [self.every[i] for i in drawn]
        with torch.no_grad():
            open_book = [[*self.day.opening, *one.text, *self.day.joint, *row.tokens] for one, row in chosen]
            taught = self._answers(self.cortex.logits(open_book), chosen)
        closed_book = [[*self.day.opening, *row.tokens] for _, row in chosen]
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * min(1.0, (self.done + 1) / 5, 1.05 - self.done / max(1, self.day.steps))
        with self.pairs, torch.enable_grad():
            said = self._answers(self.cortex.logits(closed_book), chosen)
            losses = [kl_div(s, t, reduction="batchmean", log_target=True) for s, t in zip(said, taught, strict=True)]
            loss = torch.stack(losses).mean()
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.pairs.parameters(), 1.0)
        self.optimizer.step()
        self.done += 1
        tokens = sum(map(len, closed_book))
        return Dose(loss=float(loss.detach()), tokens=tokens, episodes=tuple(one.episode for one, _ in chosen))

    def proposal(self):
        return self.pairs.tensors()

    @staticmethod
    def _answers(logits, chosen):
        """What is expected for every answer's tokens, as log-probabilities."""
        lengths = [len(row.tokens) - row.answer for _, row in chosen]
        return [each[-many - 1 : -1].float().log_softmax(-1) for each, many in zip(logits, lengths, strict=True)]
