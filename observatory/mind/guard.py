"""Which directions a night may listen to, so that it learns in those and leaves the others alone.

For every linear map the inputs that old material sends through it are measured, and those that
the day sends. A delta then answers where the day is strong beside what was, and is deaf both to
the directions that old habits use and to those that nothing of the day uses. New names and old
habits mostly lie in different directions, so what is learnt disturbs less of what was known.
What still gets through costs: `Calm` is what a delta answers to old habits, in every direction at
once, where a few rows of old material a step only sample it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from .attend import Pack
from .cortex import kin
from .delta import Delta
from .rounded import Exact
from .speech import Speech, evenly

OLD_WEIGHT = 1.0
"""A direction in which the day is as strong as old material, both per token, is halved."""
FLOOR = 1e-3
"""Of the mean strength: what is weaker than this in both is silence."""
LARGEST_GAIN = 10.0
WINDOW = 128
OPENINGS = 24
VIEWS_EACH = 4
AT_ONCE = 24


class Watcher:
    """Sums x·xᵀ over all inputs of each map while old material runs through the cortex."""

    def __init__(self, maps: dict[str, torch.nn.Linear], products: Exact):
        self.maps, self.products = maps, products
        self.sums: dict[str, torch.Tensor] = {}
        self.counts: dict[str, int] = {}

    def hooks(self):
        eldest: dict[str, torch.nn.Linear] = {}
        for name, module in self.maps.items():
            eldest.setdefault(kin(name), module)
        return [(module, self._hook(name)) for name, module in eldest.items()]

    def _hook(self, name: str):
        def add(_module, inputs, output):
            x = inputs[0].detach().flatten(0, -2)
            self.sums[name] = self.sums.get(name, 0) + self.products.gram(x)
            self.counts[name] = self.counts.get(name, 0) + len(x)

        return add

    def also(self, speech: Speech, text: str) -> Iterator[tuple[int, int]]:
        """See plain text too, and the opening of every turn: few places, passed by everything."""
        tokens = speech.encode(text)
        rows = [tokens[at : at + WINDOW] for at in range(0, len(tokens), WINDOW)]
        yield from self.watch(speech, [(row, False) for row in rows] + [(speech.opening, False)] * OPENINGS)

    @torch.no_grad()
    def watch(self, speech: Speech, rows: list[tuple[list[int], bool]]) -> Iterator[tuple[int, int]]:
        """See rows being read, up to the last map, and say how many were. `rows`: tokens, and whether a turn's opening
        comes before.
        """
        cortex, opening, done = speech.cortex, speech.opening_past(), 0
        last = 1 + max(int(name.split(".")[1]) for name in self.maps)
        for part in evenly(rows, AT_ONCE):
            pack = Pack([len(t) for t, _ in part], pasts=[opening if opened else None for _, opened in part])
            ids = torch.tensor([token for tokens, _ in part for token in tokens])
            with cortex.beside(self.hooks()), self.products:
                cortex.run(pack, cortex.embed(ids), pack.positions(), last=last)
            done += len(part)
            yield done, len(rows)

    def strength(self, name: str) -> torch.Tensor:
        return self.sums[name] / self.counts[name]

    def taken(self, name: str) -> torch.Tensor:
        """Its strength, for the last time: the sums of all maps are a quarter of a gigabyte."""
        return self.sums.pop(name) / self.counts[name]


def between(old: Watcher, day: Watcher, old_weight: float = OLD_WEIGHT) -> dict[str, torch.Tensor]:
    """For every map the matrix that lets the day through and old material not; maps of one input share one.

    What was seen of the day goes with it.
    """
    made: dict[str, torch.Tensor] = {}
    for name in old.sums:
        was, now = old.strength(name), day.taken(name)
        floor = FLOOR * was.diagonal().mean() * torch.eye(len(was), device=was.device)
        kept = torch.linalg.solve(now + old_weight * was + floor, now).T  # both are symmetric
        left = (kept @ now).mul(kept).sum() / now.diagonal().sum()
        made[name] = kept * min(LARGEST_GAIN, float(left.clamp_min(1e-9).rsqrt()))
    return {name: made[kin(name)] for name in old.maps}


class Calm:
    """How loud a delta answers old material, for each map as a share of what the map itself says to it; summed.

    What was seen of old material goes with it.
    """

    @torch.no_grad()
    def __init__(self, old: Watcher, guards: dict[str, torch.Tensor]):
        self.heard: dict[str, torch.Tensor] = {}
        self.usual: dict[str, torch.Tensor] = {}
        for name in list(old.sums):
            let_through, strength = guards[name], old.taken(name)
            self.heard[name] = old.products.factor(let_through @ strength @ let_through.T)
            for sibling, module in old.maps.items():
                if kin(sibling) == name:
                    weight = module.weight.float()
                    self.usual[sibling] = (weight @ strength).mul(weight).sum()

    def of(self, delta: Delta) -> torch.Tensor:
        """Of a delta behind the guards that this was made for."""
        together: dict[str, list[str]] = {}
        for name in delta.down:
            together.setdefault(kin(name), []).append(name)
        each = []
        for eldest, names in together.items():
            downs, ups = [delta.down[n] for n in names], [delta.up[n] for n in names]
            each.append(_Loudness.apply(self.heard[eldest], [self.usual[n] for n in names], *downs, *ups))
        return delta.scale**2 * torch.stack(each).sum()


class _Loudness(torch.autograd.Function):
    """tr(down·H·downᵀ · upᵀ·up) over what is usual, summed over maps that read the same; H is symmetric, so that the
    one large product serves the gradient too."""

    @staticmethod
    def forward(ctx, heard: torch.Tensor, usual: list[torch.Tensor], *pairs: torch.Tensor) -> torch.Tensor:
        downs, ups = pairs[: len(usual)], pairs[len(usual) :]
        through = (torch.cat(downs).to(heard.dtype) @ heard).float().split([len(down) for down in downs])
        total, of_downs, of_ups = downs[0].new_zeros(()), [], []
        for down, up, after, loud in zip(downs, ups, through, usual, strict=True):
            inner, gram = after @ down.T, (up.T @ up) / loud
            total += (inner * gram).sum()
            of_downs.append(2 * (gram @ after))
            of_ups.append((2 / loud) * (up @ inner))
        ctx.save_for_backward(*of_downs, *of_ups)
        return total

    @staticmethod
    def backward(ctx, grad: torch.Tensor):
        return None, None, *(grad * each for each in ctx.saved_tensors)
