"""The cortex's writing directions: what each neuron of each layer adds to the stream when it fires.

A unit is a column of its layer's MLP down-projection. Units stand in one row, layer after layer; here is where each
stands, how long it is in the base, and how far a change moves it, all in the original space: ‖Δw‖ / ‖w‖. It does not
know pictures, nights, or which of the units a map shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from .change import Change
from .weights import Weights, WeightsUnusable, in_order, kind_of, layer_of

WRITES = "mlp.down_proj"


class Layer(msgspec.Struct, frozen=True):
    """Where one layer's units stand in the row of all."""

    layer: int
    name: str
    start: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.count


class Units:
    """Every writing direction by its place, with its length in the base."""

    def __init__(self, layers: list[Layer], lengths: np.ndarray, width: int):
        self.layers, self.lengths, self.width = layers, lengths, width

    @classmethod
    def of(cls, weights: Weights, say: Callable[[float], None] = lambda _: None) -> Units:
        names = sorted((n for n in weights.names if kind_of(n) == WRITES), key=in_order)
        if not names:
            raise WeightsUnusable(f"no layer of this model has a map named {WRITES}, so nothing can be drawn of it")
        width = weights.shape(names[0])[0]
        layers, lengths, start = [], [], 0
        for at, name in enumerate(names):
            out, count = weights.shape(name)
            if out != width:
                raise WeightsUnusable(f"{name} writes {out} numbers where the first layer writes {width}")
            layers.append(Layer(layer_of(name), name, start, count))
            lengths.append(np.sqrt(np.square(weights.read(name), dtype=np.float64).sum(0)).astype(np.float32))
            start += count
            say((at + 1) / len(names))
        return cls(layers, np.concatenate(lengths), width)

    def __len__(self) -> int:
        return len(self.lengths)

    def named(self, units: np.ndarray) -> list[tuple[int, int]]:
        """(layer, neuron) of each."""
        starts = np.array([layer.start for layer in self.layers])
        which = np.searchsorted(starts, units, side="right") - 1
        return [(self.layers[at].layer, int(unit - starts[at])) for at, unit in zip(which, units, strict=True)]

    def sample(self, most: int, seed: int) -> np.ndarray:
        """All of them in order, or as many as `most`: every layer gives the same part, drawn with this seed."""
        if len(self) <= most:
            return np.arange(len(self), dtype=np.int32)
        drawn = np.random.default_rng(seed)
        part = most / len(self)
        found = [
            layer.start + np.sort(drawn.choice(layer.count, max(1, int(layer.count * part)), replace=False))
            for layer in self.layers
        ]
        return np.concatenate(found).astype(np.int32)

    def by_layer(self, units: np.ndarray) -> Iterator[tuple[Layer, slice, np.ndarray]]:
        """For units in order: each layer, the stretch of `units` that is its, and those units' neurons."""
        for layer in self.layers:
            first, last = np.searchsorted(units, (layer.start, layer.end))
            if first < last:
                yield layer, slice(int(first), int(last)), units[first:last] - layer.start

    def directions(self, weights: Weights, units: np.ndarray) -> np.ndarray:
        """The units' vectors, each in parts of its own length: [units, width]."""
        found = np.empty((len(units), self.width), np.float32)
        for layer, stretch, neurons in self.by_layer(units):
            found[stretch] = weights.read(layer.name)[:, neurons].T
        return found / self.measure(units)[:, None]

    def measure(self, units: np.ndarray) -> np.ndarray:
        """What a movement is divided by: the unit's length; a unit of no length is measured in whole numbers."""
        lengths = self.lengths[units]
        return np.where(lengths > 0.0, lengths, np.float32(1.0))

    def moved(self, change: Change, units: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """What the change adds to these units, in parts of their lengths; layers it leaves alone are left out."""
        for layer, stretch, neurons in self.by_layer(units):
            added = change.full(layer.name)
            if added is None:
                continue
            if added.shape != (self.width, layer.count):
                raise WeightsUnusable(
                    f"the delta changes {layer.name} as {added.shape[0]}×{added.shape[1]}; the model has "
                    f"{self.width}×{layer.count}. It was learnt on another model."
                )
            yield stretch, added[:, neurons].T / self.measure(units[stretch])[:, None]

    def relative(self, change: Change) -> np.ndarray:
        """‖Δw‖ / ‖w‖ of every unit; exactly 0 where nothing was added."""
        found = np.zeros(len(self), np.float32)
        for stretch, added in self.moved(change, np.arange(len(self))):
            found[stretch] = np.sqrt(np.square(added, dtype=np.float64).sum(1))
        return found
