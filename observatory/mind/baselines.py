"""The usual ways to teach a model, in the same frame: plain training on the day's text, and the common LoRA recipe.

Both see each episode's bare text, over and over in shuffled order, until the night's tokens are spent: no cues, no
dreams, no old material, nothing withheld. What they leave behind is a delta like any other, and the gate is the same.
"""

from __future__ import annotations

import time
from contextlib import contextmanager

import torch

from ..protocol import events as ev
from ..protocol.commands import Sleep
from . import labels
from .attend import Pack
from .delta import Delta, WholeDelta
from .portions import LossExploded
from .replay import USUAL_TOKENS, Recipe
from .rounded import products

BASELINES = ("finetune", "lora")
TEXTS_AT_ONCE = 8
WARMUP = 0.06
"""Share of the way in which the rate rises; after it falls in a line to zero, as trainers do unless told otherwise."""
FINETUNE_RATE = 5e-5
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.05, "target_modules": "all-linear"}
LORA_RATE = 2e-4
CLIP = 1.0


class Baseline:
    can_be_kept = False
    kept_scale = 1.0

    def __init__(self, parts, order: Sleep, progress, _cortex: str, _saved=None, _wished=None):
        self.parts, self.order, self.plan, self.progress = parts, order, order.plan, progress
        self.speech, self.cortex = parts.speech, parts.cortex
        self.step = self.tokens = 0
        self.delta: Delta | WholeDelta | None = None
        recipe = Recipe.fitting(len(parts.cortex.layers))
        self.maps = self.cortex.matrices(recipe.first_layer, recipe.last_layer)
        self._products = products(self.cortex)
        self.budget = self.plan.tokens or self.plan.steps * USUAL_TOKENS

    def probes(self) -> list:
        return []

    def withheld_old(self) -> list:
        return []

    def run(self):
        rows = {
            e: [self.speech.document, *self.speech.encode(self.parts.lived[e].text), self.speech.end]
            for e in self.order.episodes
        }
        yield self.progress.enter("replay", f"the day's bare text, until {self.budget:,} tokens are trained")
        if self.plan.arm == "lora":
            yield from self._lora(rows)
        else:
            self.delta = WholeDelta.fresh(self.maps)
            with self.cortex.beside(self.delta.hooks(self.maps)):
                yield from self._train(rows, self.delta.parameters(), FINETUNE_RATE)

    def _lora(self, rows: dict[int, list[int]]):
        with _adapted(self.cortex, self.order.seed) as (adapters, parameters):
            yield from self._train(rows, parameters, LORA_RATE)
            down = {name: a.weight.detach().clone() for name, (a, _) in adapters.items()}
            up = {name: b.weight.detach().clone() for name, (_, b) in adapters.items()}
        self.maps = self.cortex.matrices(0, len(self.cortex.layers))
        self.delta = Delta(down, up, LORA["lora_alpha"] / LORA["r"])

    def _train(self, rows: dict[int, list[int]], parameters: list[torch.Tensor], highest: float):
        optimizer = torch.optim.AdamW(parameters, lr=highest, weight_decay=0.0)
        chance = torch.Generator().manual_seed(self.order.seed)
        torch.manual_seed(self.order.seed)
        left: list[int] = []
        while self.tokens < self.budget:
            started = time.monotonic()
            while len(left) < min(TEXTS_AT_ONCE, len(rows)):
                every = list(rows)
                left += [every[i] for i in torch.randperm(len(every), generator=chance).tolist()]
            chosen, left = left[:TEXTS_AT_ONCE], left[TEXTS_AT_ONCE:]
            share = self.tokens / self.budget
            rate = highest * min(1.0, share / WARMUP + 0.1, (1 - share) / (1 - WARMUP))
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad(set_to_none=True)
            with self._products:
                losses = self._losses([rows[e] for e in chosen])
                loss = torch.stack([each.mean() for each in losses]).mean()
                loss.backward()
            if not torch.isfinite(loss):
                named = ", ".join(f"“{self.parts.lived[e].text[:60]}”" for e in chosen[:3])
                raise LossExploded(
                    f"the loss became no number any more in the batch of step {self.step + 1} ({named} and "
                    f"{max(0, len(chosen) - 3)} more); the night stopped there and the cortex is as it was"
                )
            norm = float(torch.nn.utils.clip_grad_norm_(parameters, CLIP))
            optimizer.step()
            self.step += 1
            spent = sum(len(rows[e]) for e in chosen)
            self.tokens += spent
            items = [
                ev.ReplayItem(
                    kind="episode", episode=e, item=0, cue="(the text itself)", loss=float(each.detach().mean()),
                    worst=float(each.detach().max()), because="its turn",
                )
                for e, each in zip(chosen, losses, strict=True)
            ]  # fmt: skip
            yield ev.ReplayStep(
                night=self.order.night, step=self.step, of=max(self.step, self.budget * self.step // self.tokens),
                loss=float(loss.detach()), kl=0.0, rate=rate, tokens=spent, step_s=time.monotonic() - started,
                grad_norm=norm, items=items,
            )  # fmt: skip
            yield self.progress.at("replay", self.tokens, self.budget, f"{self.tokens:,} of {self.budget:,} tokens")

    def _losses(self, rows: list[list[int]]) -> list[torch.Tensor]:
        """What each token of each text costs."""
        pack = Pack([len(row) - 1 for row in rows])
        ids = torch.tensor([token for row in rows for token in row[:-1]])
        wanted = torch.tensor([token for row in rows for token in row[1:]], device=self.cortex.device)
        states = self.cortex.normed(self.cortex.run(pack, self.cortex.embed(ids), pack.positions()))
        return list(labels.surprise(self.cortex, self._products, states, wanted).split(pack.lengths))


@contextmanager
def _adapted(cortex, seed: int):
    """The model with peft's adapters beside its maps: (their pairs by the map's name, what is trained)."""
    import peft

    torch.manual_seed(seed)
    inner = peft.inject_adapter_in_model(peft.LoraConfig(**LORA), cortex.model.model)
    layers = {n: m for n, m in inner.named_modules() if isinstance(m, peft.tuners.lora.LoraLayer)}
    try:
        inner.train()
        found = {name: (layer.lora_A["default"], layer.lora_B["default"]) for name, layer in layers.items()}
        yield found, [p for pair in found.values() for part in pair for p in part.parameters()]
    finally:
        for name, layer in layers.items():
            parent, _, own = name.rpartition(".")
            setattr(inner.get_submodule(parent), own, layer.base_layer)
        inner.eval()
        for parameter in cortex.model.parameters():
            parameter.requires_grad_(False)
