"""The built-in fast store as the bench asks the others: its own sparse index and completion, fed vectors.

The index, the code and the late interaction are the hippocampus's, untouched; only the reading of text is left away. It
does not know what its vectors stand for.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch

from ..mind.address import UNITS, Address
from ..mind.hippocampus import Hippocampus, _int8


class BuiltIn:
    def __init__(self, width: int, value_width: int, seed: int):
        features = torch.randn(width, UNITS, generator=torch.Generator().manual_seed(seed)) / width**0.5
        address = Address(0, torch.zeros(width), torch.eye(width), features)
        # Without a cortex: nothing here reads a text.
        speech = SimpleNamespace(cortex=None, encode=lambda text: [])
        self.inner, self.values, self.value_width = Hippocampus(speech, address), {}, value_width

    @torch.no_grad()
    def encode(self, episode: int, keys: torch.Tensor, values: torch.Tensor) -> float:
        """Every row is an episode of its own when several of different values come at once."""
        if len(keys) > 1 and not bool((values == values[:1]).all()):
            return max(self.encode(episode + at, keys[at : at + 1], values[at : at + 1]) for at in range(len(keys)))
        units = self.inner.address.code(keys)[0]
        state = keys.mean(0).numpy().astype(np.float16)
        best = max((match for _, match, *_ in self.inner._nearest(keys, units.numpy(), state)), default=0.0)
        self.inner._store(episode, [0] * len(keys), units.numpy().astype(np.int32), _int8(keys), state)
        self.values[episode] = values[0]
        return min(1.0, max(0.0, 1.0 - best))

    @torch.no_grad()
    def read(self, cue: torch.Tensor) -> torch.Tensor:
        """Each row is a cue of its own and brings back the value of what it completes best."""
        if not self.values:
            return torch.zeros(len(cue), self.value_width)
        return torch.stack([self.values[self.found(row[None])] for row in cue])

    def found(self, cue: torch.Tensor) -> int:
        keys = torch.nn.functional.normalize(cue, dim=1)
        slots, match, _ = self.inner._found(keys, self.inner.address.code(keys)[0].numpy())
        return self.inner.files.order[slots[int(match.argmax())]]

    def size(self) -> int:
        """In numbers of four bytes: keys of one byte each, and the units of every code."""
        traces = self.inner.traces.values()
        rows = sum(trace.end - trace.start for trace in traces)
        codes = sum(len(trace.code) for trace in traces)
        return rows * self.inner.files.keys.shape[1] // 4 + codes + len(self.values) * self.value_width
