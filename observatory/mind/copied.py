"""A copy of the cortex for a plugin to do with as it likes, and the day as tokens.

Nothing of the copy is shared with the cortex: not a tensor, not a hook. It attends in the ordinary way, so that what a
plugin trains on it is what its paper trains. It does not know who gets it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch

from ..plugins.contract import Day, Lesson, Row
from ..protocol.commands import Sleep
from .cortex import Cortex
from .passages import passages, told_apart
from .replay import Recipe
from .views import Repertoire


class Copied:
    def __init__(self, cortex: Cortex, names: list[str]):
        model = copy.deepcopy(cortex.model)
        model.set_attn_implementation("sdpa")
        model.float()
        self._model, self._device = model, cortex.device
        self.maps = {name: model.model.get_submodule(name) for name in names}

    def logits(self, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """What the copy expects after every token of every row. Padding stands behind, where nothing looks at it."""
        if not rows:
            return []
        longest = max(map(len, rows))
        ids = torch.zeros(len(rows), longest, dtype=torch.long)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = torch.tensor(list(row))
        out = self._model(input_ids=ids.to(self._device), use_cache=False).logits
        return [out[at, : len(row)] for at, row in enumerate(rows)]


def moved_maps(cortex: Cortex) -> dict[str, torch.nn.Linear]:
    """The maps that a night may move, as the built-in replay has them."""
    recipe = Recipe.fitting(len(cortex.layers))
    return cortex.matrices(recipe.first_layer, recipe.last_layer)


def day_of(parts, order: Sleep) -> Day:
    """The night's episodes as lessons: their text, and the built-in cues that are read off them."""
    speech, lived, superseded = parts.speech, parts.lived, parts.superseded

    standing = [e for e in (*order.episodes, *order.old_episodes) if e not in superseded]
    found = told_apart({e: passages(speech, e, lived[e].text, lived[e].bits, []) for e in standing})
    views = Repertoire.of(speech, found, [], [])

    def lessons(episodes: list[int]) -> tuple[Lesson, ...]:
        out = []
        for e in (e for e in episodes if e in found):
            opened = [view for view in views.plain[e] if view.opened]
            rows = tuple(Row(tokens=tuple(v.tokens), answer=v.labels[0] + 1) for v in opened)
            out.append(Lesson(episode=e, text=tuple(speech.encode(lived[e].text)), rows=rows))
        return tuple(out)

    return Day(
        seed=order.seed, steps=order.plan.steps, rank=order.plan.rank, opening=tuple(speech.opening),
        joint=tuple(parts.hippocampus.joint), lessons=lessons(order.episodes), earlier=lessons(order.old_episodes),
    )  # fmt: skip
