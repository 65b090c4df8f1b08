"""Replay: small doses of episodes, interleaved with old material, into a delta beside the cortex.

One step takes a few views and a few old rows in two parts, each of which moves the delta: what the second part learns,
it learns from where the first left it. A part is packed, opened with one shared opening, starts from the
kept states of the layers that never move, and takes logits only at labels. The loss is the
cross-entropy of the answers (weighted by what surprised when it was lived), plus the KL of the old
rows to the cortex before the night, plus what the delta answers to old habits (`guard.Calm`). It
does not know when to stop or what becomes of the delta.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean

import torch

from . import labels
from .attend import Pack
from .delta import Delta
from .guard import Calm
from .portions import Found, LossExploded, Portions, refuse
from .rehearsal import OldRow
from .rounded import products
from .speech import Speech
from .views import View

SENTENCE_ENDS = (".", "!", "?")
USUAL_TOKENS = 870
"""Trained tokens of one step: a plan in steps means as many of the usual ways, and one in tokens so many steps here."""
TELLING_BITS = 4.0
"""A token that surprised by more than this when it was lived tells something; that "the" is expected tells nothing."""


@dataclass
class Recipe:
    """The numbers of a night's replay. Source of the defaults: measured on the default model, see README."""

    first_layer: int = 6
    last_layer: int = 26
    rank: int = 32
    delta_scale: float = 2.0
    rate: float = 3e-3
    warmup: int = 5
    steps: int = 80
    episodes: int = 12
    old: int = 11
    lean: int = 4
    parts: int = 2
    old_labels: int = 40
    old_weight: float = 16.0
    calm: float = 100.0
    clip: float = 1.0
    settle_from: float = 0.5
    settle_keep: float = 0.9
    surprise_floor: float = 0.2
    seed: int = 0

    @classmethod
    def fitting(cls, layers: int, **chosen) -> Recipe:
        """The same share of layers on another model: from a fifth of the depth to just below the top."""
        first = layers // 5
        return cls(first_layer=first, last_layer=max(first + 1, round(layers * 26 / 30)), **chosen)

    def rows(self, step: int) -> tuple[int, int]:
        """How many rows of the step after so many are new, and how many old: the night begins with more of what is new
        and ends with more of what was, when the rate has come down and little is undone any more."""
        moved = round(self.lean * (1 - 2 * min(1.0, step / self.steps)))
        return self.episodes + moved, self.old - moved


@dataclass
class Row:
    """What one packed row needs beyond its tokens."""

    tokens: list[int]
    labels: list[int]
    opened: bool
    low: torch.Tensor | None = None
    weights: torch.Tensor | None = None
    states: torch.Tensor | None = None
    telling: torch.Tensor | None = None


@dataclass
class Drawn:
    """One row of one step, and how wrong the student was on it before the step."""

    view: View | None
    old: OldRow | None
    said: View | None = None
    """What the cortex itself says to the view's cue, where it is to learn from that."""
    loss: float = 0.0
    worst: float = 0.0
    watched: bool = False
    """Somebody wants to see this row: what it was and what the student made of it are left behind."""
    row: Row | None = None
    states: torch.Tensor | None = None


@dataclass
class Stepped:
    step: int
    loss: float
    kl: float
    calm: float
    rate: float
    tokens: int
    grad_norm: float
    drawn: list[Drawn]


class Replay:
    def __init__(
        self, speech: Speech, delta: Delta, recipe: Recipe, teacher=None, calm: Calm | None = None, rounded=None
    ):
        """`teacher` (view → states at its labels, the episode in context): learn from those, not from the text.
        `rounded`: the night's products, where they are made already."""
        self.teacher, self.calm = teacher, calm
        self.speech, self.cortex, self.delta, self.recipe = speech, speech.cortex, delta, recipe
        self.maps = self.cortex.matrices(recipe.first_layer, recipe.last_layer)
        self.optimizer = torch.optim.AdamW(delta.parameters(), lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0)
        self._rows: dict[int, Row] = {}
        self._means: dict[str, torch.Tensor] = {}
        self._chance = torch.Generator().manual_seed(recipe.seed)
        self._cooling: tuple[int, int] | None = None
        self._opening_low = self._lower([Row(speech.opening, [], False)])[0]
        self.delta.scale = recipe.delta_scale
        self._products = rounded or products(self.cortex)
        self.portions = Portions(torch.cuda.empty_cache if self.cortex.device.type == "cuda" else lambda: None)

    # ------------------------------------------------------------ rows

    def row_of_view(self, view: View, teach: bool = True, keep: bool = True) -> Row:
        """What surprised when it was lived weighs more, and so does going on after a sentence that is not the last.

        `teach`: by the teacher, where there is one. `keep`: the same view will be asked for again.
        """
        keep = keep and not view.fresh
        row = self._rows.get(id(view)) if keep else None
        if row is None:
            floor = self.recipe.surprise_floor
            nats = torch.tensor(view.passage.bits, dtype=torch.float32) * math.log(2)
            weights = torch.full((len(view.labels),), floor + 1.0)
            usable = min(len(weights), len(nats))
            weights[:usable] = floor + nats[:usable]
            telling = weights > floor + TELLING_BITS * math.log(2)
            for at, place in enumerate(view.labels[1:-1], 1):
                if self.speech.decode([view.tokens[place]]).rstrip()[-1:] in SENTENCE_ENDS:
                    weights[at] += 1.0
            row = Row(
                view.tokens, view.labels, view.opened, weights=weights.to(self.cortex.device),
                telling=(telling if telling.any() else ~telling).to(self.cortex.device),
            )  # fmt: skip
            if teach and self.teacher is not None:
                row.states = self.teacher(view)
            if keep:
                self._rows[id(view)] = row
        return row

    def row_of(self, drawn: Drawn) -> Row:
        if drawn.said is not None:
            return self.row_of_view(drawn.said, keep=False)
        return self.row_of_view(drawn.view) if drawn.view else self.row_of_old(drawn.old)

    def row_of_old(self, old: OldRow, whole: bool = False) -> Row:
        """A few places of the row are drawn each time: the output layer is a fifth of a step's cost."""
        row = self._rows.get(id(old))
        if row is None:
            row = Row(old.tokens, old.labels, old.opened, weights=old.weights, states=old.states)
            self._rows[id(old)] = row
        if whole or len(row.labels) <= self.recipe.old_labels:
            return row
        self._with_low([row])
        places = torch.randperm(len(row.labels), generator=self._chance)[: self.recipe.old_labels].sort().values
        weights = None if row.weights is None else row.weights[places]
        return Row(row.tokens, [row.labels[p] for p in places], row.opened, row.low, weights, row.states[places])

    @torch.no_grad()
    def _lower(self, rows: list[Row]) -> list[torch.Tensor]:
        """States entering the first trained layer. They never change during a night, so they are kept."""
        opened = [False] + [r.opened for r in rows]
        lists = [self.speech.opening] + [r.tokens for r in rows]
        pack = Pack([len(x) for x in lists], opened=opened)
        ids = torch.tensor([t for x in lists for t in x])
        low = self.cortex.run(pack, self.cortex.embed(ids), pack.positions(), last=self.recipe.first_layer)
        return list(low.split([len(x) for x in lists])[1:])

    def _with_low(self, rows: list[Row]) -> None:
        fresh = [r for r in rows if r.low is None]
        if fresh:
            for row, low in zip(fresh, self._lower(fresh), strict=True):
                row.low = low.clone()

    # ------------------------------------------------------------ passes

    def forward(self, rows: list[Row]) -> list[torch.Tensor]:
        """Final normed states at every row's labels, with the delta beside the weights."""
        self._with_low(rows)
        pack = Pack(
            [len(self.speech.opening)] + [len(r.tokens) for r in rows], opened=[False] + [r.opened for r in rows]
        )
        hidden = torch.cat([self._opening_low] + [r.low for r in rows])
        places, start = [], len(self.speech.opening)
        for row in rows:
            places += [start + p for p in row.labels]
            start += len(row.tokens)
        with self._products.beside(self.delta, self.maps):
            out = self.cortex.run(pack, hidden, pack.positions(), first=self.recipe.first_layer)
        return list(self.cortex.normed(out[places]).split([len(r.labels) for r in rows]))

    def losses(self, rows: list[Row], states: list[torch.Tensor]):
        """Per row: (loss, the loss of its worst telling token). A row with reference states is held to those by KL."""
        free = [i for i, row in enumerate(rows) if row.states is None]
        held = [i for i, row in enumerate(rows) if row.states is not None]
        each: dict[int, torch.Tensor] = {}
        # Two portions, split and never sliced: the backward pass of a slice fills a tensor of the whole with zeros.
        if free:
            wanted = torch.tensor([rows[i].tokens[p + 1] for i in free for p in rows[i].labels])
            each |= self._costs(rows, free, states, labels.surprise, wanted.to(self.cortex.device))
        if held:
            each |= self._costs(rows, held, states, labels.divergence, torch.cat([rows[i].states for i in held]))
        out = []
        for at, row in enumerate(rows):
            weights = row.weights
            loss = each[at].mean() if weights is None else (each[at] * weights).sum() / weights.sum()
            telling = each[at] if row.telling is None else each[at][row.telling]
            out.append((loss, telling.detach().max()))
        return out

    def _costs(self, rows, chosen, states, cost, wanted) -> dict[int, torch.Tensor]:
        """Every label's loss against what is wanted there: a token, or what a reference state says."""
        costs = cost(self.cortex, self._products, torch.cat([states[i] for i in chosen]), wanted)
        return dict(zip(chosen, costs.split([len(rows[i].labels) for i in chosen]), strict=True))

    def step(self, number: int, drawn: list[Drawn]) -> Stepped:
        """One step over these rows: the delta moves once for each part of them."""
        rate = self.recipe.rate * self._schedule(number)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        found, norms, tokens = [], [], 0
        for part in in_parts(drawn, self.recipe.parts):
            rows = [self.row_of(d) for d in part]
            one, norm = self._move(number, rows, part)
            found.append(one)
            norms.append(norm)
            tokens += sum(len(r.tokens) for r in rows) + len(self.speech.opening)
        self._settling(number)
        loss, kl, calm = (fmean(each) for each in zip(*((f.loss, f.kl, f.calm) for f in found), strict=True))
        return Stepped(number, loss, kl, calm, rate, tokens, max(norms), drawn)

    def _move(self, number: int, rows: list[Row], drawn: list[Drawn]) -> tuple[Found, float]:
        with self._products:
            found = self._gradient(rows, drawn)
        refuse(found, [_named(d) for d in drawn], self.cortex.vocabulary, number)
        norm = torch.nn.utils.clip_grad_norm_(self.delta.parameters(), self.recipe.clip)
        if not torch.isfinite(norm):
            raise LossExploded(
                f"the gradient became {float(norm)} in the batch of step {number}, which begins with "
                f"“{_named(drawn[0])}”; the night stopped there and the cortex is as it was"
            )
        self.optimizer.step()
        for d, (loss, worst) in zip(drawn, found.each, strict=True):
            d.loss, d.worst = loss, worst
        return found, float(norm)

    def _gradient(self, rows: list[Row], drawn: list[Drawn]) -> Found:
        recipe = self.recipe

        def read(places: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
            some = [rows[at] for at in places]
            states = self.forward(some)
            for at, row, each in zip(places, some, states, strict=True):
                if drawn[at].watched:
                    drawn[at].row, drawn[at].states = row, each.detach()
            return self.losses(some, states)

        def calm() -> torch.Tensor:
            return self.calm.of(self.delta) if self.calm else torch.zeros((), device=self.cortex.device)

        return self.portions.gradient(
            read, [d.view is not None for d in drawn], calm, (recipe.old_weight, recipe.calm),
            lambda: self.optimizer.zero_grad(set_to_none=True),
        )  # fmt: skip

    @torch.no_grad()
    def tried(self, rows: list[Row], at_once: int) -> list[tuple[float, float]]:
        """Each row's loss as things stand and that of its worst telling token; nothing is learnt from it."""

        def read(part: list[Row]) -> list[tuple[float, float]]:
            return [(float(loss), float(worst)) for loss, worst in self.losses(part, self.forward(part))]

        with self._products:
            return self.portions.tried(rows, at_once, read)

    def _schedule(self, number: int) -> float:
        """Up in a few steps, then down by a cosine; once nothing is left to learn, straight down to the end."""
        if self._cooling is not None and number > self._cooling[0]:
            at, steps = self._cooling
            return max(0.1, self._planned(at) * (1 - 0.9 * (number - at) / steps))
        return self._planned(number)

    def _planned(self, number: int) -> float:
        recipe = self.recipe
        if number <= recipe.warmup:
            return number / recipe.warmup
        progress = (number - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

    def cool(self, at: int, steps: int) -> None:
        """From step `at` on the rate comes down within so many steps, and the delta settles meanwhile."""
        self._cooling = (at, steps)

    # ------------------------------------------------------------ settling

    @torch.no_grad()
    def _settling(self, number: int) -> None:
        """In the last part of the night a running mean of the delta is kept: small batches make it jitter."""
        if number <= self.recipe.settle_from * self.recipe.steps and self._cooling is None:
            return
        for name, parameter in self._named():
            mean = self._means.get(name)
            if mean is None:
                self._means[name] = parameter.detach().clone()
            else:
                mean.lerp_(parameter, 1 - self.recipe.settle_keep)

    @torch.no_grad()
    def settle(self) -> None:
        """The delta becomes its own running mean."""
        for name, parameter in self._named():
            if name in self._means:
                parameter.copy_(self._means[name])

    # ------------------------------------------------------------ keeping

    def tensors(self) -> dict[str, torch.Tensor]:
        """The delta and its optimizer, by name."""
        found = {}
        for name, parameter in self._named():
            found[name] = parameter
            for part, tensor in self.optimizer.state.get(parameter, {}).items():
                found[f"{name}/{part}"] = tensor
        for name, mean in self._means.items():
            found[f"mean:{name}"] = mean
        found["chance"] = self._chance.get_state()
        return found

    @torch.no_grad()
    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        for name, parameter in self._named():
            parameter.copy_(tensors[name].to(parameter.device))
            parts = {k.rpartition("/")[2]: v for k, v in tensors.items() if k.startswith(f"{name}/")}
            self.optimizer.state[parameter] = {
                part: tensor if part == "step" else tensor.to(parameter.device) for part, tensor in parts.items()
            }
        self._means = {
            k.removeprefix("mean:"): v.to(self.cortex.device) for k, v in tensors.items() if k[:5] == "mean:"
        }
        self._chance.set_state(tensors["chance"])

    def _named(self):
        for name in self.delta.down:
            yield f"down:{name}", self.delta.down[name]
            yield f"up:{name}", self.delta.up[name]


def in_parts(drawn: list[Drawn], count: int) -> list[list[Drawn]]:
    """A batch in so many parts, each with its share of what is new and of every kind of old material."""
    order = sorted(drawn, key=lambda d: (d.view is None, d.old.kind if d.old else ""))
    return [part for part in (order[at::count] for at in range(count)) if part]


def _named(drawn: Drawn) -> str:
    """One row of a batch as a person would call it: how its text begins."""
    text = " ".join((drawn.view.passage.text if drawn.view else drawn.old.text).split())
    return text if len(text) <= 60 else text[:59] + "…"
