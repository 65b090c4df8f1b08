"""Sleep replay consolidation (Tadros, Krishnan, Ramyaa & Bazhenov 2022), on the feed-forward maps of chosen layers.

As in the paper, the new is learnt first, plainly: gradient steps on the day's own words, no old material. Then sleep:
the chosen layers run as spiking units on noise whose rates are the mean input that they had, what fires is strengthened
to the inputs that were active and weakened to those that were not, and no label or text is needed. The paper's networks
are small and positive (ReLU); a transformer's are gated and signed, so here an input's spike carries the sign of its
mean and a unit's threshold is set by the share that is to fire. The local changes of a night are a sum of outer
products, of which the strongest directions are proposed. It does not know a gate.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import cross_entropy

from observatory.plugins.contract import Dose

LEAK = 0.9
"""What is left of a unit's potential from one moment to the next."""
MOMENTS = 20
"""Moments of noise in one step."""
RATE, ROWS = 1e-3, 8


class Replay:
    def __init__(self, options):
        self.options = options

    def begin(self, cortex, day):
        self.cortex, self.day, self.done = cortex, day, 0
        self.rows = [(one.episode, row) for one in day.lessons for row in one.rows]
        self.chance = torch.Generator().manual_seed(day.seed)
        self.wake = round(day.steps * (1 - self.options["noise"]))
        self.down, self.up = {}, {}
        for name, linear in cortex.maps.items():
            high, wide = linear.weight.shape
            drawn = torch.rand(day.rank, wide, generator=self.chance) * 2 - 1
            self.down[name] = (drawn * math.sqrt(3 / wide)).requires_grad_(True)
            self.up[name] = torch.zeros(high, day.rank, requires_grad=True)
        self.optimizer = torch.optim.AdamW([*self.down.values(), *self.up.values()], lr=RATE, weight_decay=0.0)
        self.chosen = self._chosen_maps()
        self.means, self.changes, self.potentials = {}, {}, {}
        return day.steps if self.rows else 0

    def step(self):
        self.done += 1
        if self.done <= self.wake:
            return self._learn()
        if not self.means:
            self._measure()
        return self._dream()

    def proposal(self):
        """What was learnt awake, with the strongest directions of what noise changed joined to it."""
        pairs = {name: (self.down[name].detach(), 2.0 * self.up[name].detach()) for name in self.down}
        for name, change in self.changes.items():
            weight = self.cortex.maps[name].weight.detach().float()
            length = change.norm()
            if length == 0 or self.options["strength"] == 0:
                continue
            change = change * (self.options["strength"] * weight.norm() / length)
            left, strengths, right = torch.svd_lowrank(change, q=min(self.day.rank, *change.shape))
            down, up = pairs[name]
            root = strengths.sqrt()
            pairs[name] = torch.cat([down, (right * root).T]), torch.cat([up, left * root], dim=1)
        return pairs

    # ------------------------------------------------------------ awake: the new, plainly

    def _learn(self):
        picked = torch.randint(len(self.rows), (min(ROWS, len(self.rows)),), generator=self.chance).tolist()
        drawn = [self.rows[i] for i in picked]
        tokens = [[*self.day.opening, *row.tokens] for _, row in drawn]
        hooks = [m.register_forward_hook(self._beside(n)) for n, m in self.cortex.maps.items()]
        try:
            with torch.enable_grad():
                losses = []
                for said, each, (_, row) in zip(self.cortex.logits(tokens), tokens, drawn, strict=True):
                    answer = len(row.tokens) - row.answer
                    losses.append(cross_entropy(said[-answer - 1 : -1].float(), torch.tensor(each[-answer:])))
                loss = torch.stack(losses).mean()
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
        finally:
            for hook in hooks:
                hook.remove()
        self.optimizer.step()
        return Dose(loss=float(loss.detach()), tokens=sum(map(len, tokens)), episodes=tuple(e for e, _ in drawn))

    def _beside(self, name):
        return lambda _, given, out: out + 2.0 * (given[0] @ self.down[name].T) @ self.up[name].T

    # ------------------------------------------------------------ asleep: noise

    def _chosen_maps(self):
        layers = sorted({int(name.split(".")[1]) for name in self.cortex.maps})
        first, last = (round(self.options[end] * len(layers)) for end in ("first", "last"))
        chosen = layers[first : max(last, first + 1)] or layers[-1:]
        kinds = (".mlp.up_proj", ".mlp.down_proj")
        return [n for n in self.cortex.maps if int(n.split(".")[1]) in chosen and n.endswith(kinds)]

    @torch.no_grad()
    def _measure(self):
        """The mean input of every chosen map while the day and earlier days are read: the shape of the noise."""
        sums = {name: [0, 0] for name in self.chosen}

        def add(name):
            def hook(_, given, out):
                x = given[0].reshape(-1, given[0].shape[-1]).float()
                sums[name][0] = sums[name][0] + x.sum(0)
                sums[name][1] += len(x)

            return hook

        hooks = [self.cortex.maps[name].register_forward_hook(add(name)) for name in self.chosen]
        try:
            for one in [*self.day.lessons, *self.day.earlier][:64]:
                self.cortex.logits([[*self.day.opening, *one.text]])
        finally:
            for hook in hooks:
                hook.remove()
        for name, (total, count) in sums.items():
            self.means[name] = total / max(1, count)
            weight = self.cortex.maps[name].weight
            self.changes[name] = torch.zeros(weight.shape)
            self.potentials[name] = torch.zeros(weight.shape[0])

    @torch.no_grad()
    def _dream(self):
        firing, fired = self.options["firing"], []
        for name in self.chosen:
            mean, weight = self.means[name], self.cortex.maps[name].weight.float()
            rates = mean.abs() / mean.abs().mean().clamp_min(1e-12) * firing
            many = max(1, round(firing * weight.shape[0]))
            for _ in range(MOMENTS):
                spikes = (torch.rand(len(rates), generator=self.chance) < rates).float()
                potential = LEAK * self.potentials[name] + weight @ (spikes * mean.sign())
                threshold = potential.topk(many).values[-1].clamp_min(1e-6)
                post = (potential >= threshold).float()
                self.potentials[name] = potential * (1 - post)
                # Co-active: up; firing while the input was silent: down. The sign is the input's own.
                local = (spikes - self.options["down"] * (1 - spikes)) * mean.sign()
                self.changes[name].addr_(post, local)
                fired.append(float(post.mean()))
        return Dose(loss=sum(fired) / max(1, len(fired)), tokens=0)
