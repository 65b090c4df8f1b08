"""What is said of a unit, a layer or an episode in the drift at one stop: its name, its change, and who pulled it.

Knows the story and what the map process worked out; draws nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import words
from .story import Story
from .unitmap import share


@dataclass(frozen=True)
class Said:
    story: Story
    shown: object
    """What is known of the home's drift so far (`host/drift.py`)."""
    stop: object
    """Where on its line of time it is looked at."""

    def unit_of(self, place: int) -> int:
        """A place on the map among all units."""
        return int(self.shown.picture.shown()[place])

    def unit(self, unit: int) -> str:
        layers, neurons = self.shown.picture.names()
        moved = self.shown.moved.get(self.stop.key)
        much = float(moved.table[unit]) if moved is not None else 0.0
        how = f"changed by {share(much)}" if much else "unchanged"
        return f"Layer {layers[unit]}, neuron {neurons[unit]}: {how}"

    def episode(self, number: int, most: int = 34) -> str:
        known = self.story.by_number.get(number)
        return words.name(known.told if known else None, number, most)

    def row(self, place: int) -> str:
        kind, number, text = self.shown.inside.rows[place]
        return self.episode(number, 110) if kind == "episode" else words.line(text)

    # ------------------------------------------------------------ who pulled

    def _pulled(self):
        """What is known of it up to this stop: of its own night, or of the last one before."""
        nights = [night for night in self.shown.pulled if night <= self.stop.night]
        return self.shown.pulled[max(nights)] if nights else None

    def pullers(self, kind: str, which: int) -> list[tuple[int, float]]:
        """(episode, nats), the strongest first."""
        pulled = self._pulled()
        if pulled is None:
            return []
        if kind == "unit":
            pairs = zip(pulled.best[which], pulled.strength[which], strict=True)
            return [(pulled.episodes[at], float(much)) for at, much in pairs if at >= 0]
        if kind == "layer" and which in pulled.layers:
            much = pulled.by_layer[pulled.layers.index(which)]
            return [(pulled.episodes[at], float(much[at])) for at in np.argsort(-much) if much[at] > 0]
        return []

    def first_puller(self, unit: int) -> str:
        found = self.pullers("unit", unit)
        return self.episode(found[0][0], 70) if found else ""

    def by_whom(self, found: list[tuple[int, float]]) -> str:
        if not found:
            return "" if self._pulled() is not None else ". Who pulled it is known once its night has weighed."
        return "; pulled most by"
