"""How what is said inside the cortex moves: pooled states of fixed probes and of a night's episodes, layer by layer.

The frame is the two main axes of the earliest states there are, taken once and frozen, so that later states move in it
and it never moves with them. How far a state went is taken in the original space: ‖Δs‖ / ‖s‖, from where its text was
first read. It does not know texts, nights or who reads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from . import files
from .fit import axes

FORMAT = "observatory-states-1"


class Row(msgspec.Struct, frozen=True):
    """Whose state it is: a fixed probe's or an episode's, and its number."""

    kind: str
    number: int
    text: str = ""


@dataclass(frozen=True)
class States:
    """What was read at one moment. `floor`: how far a second reading of the same came out, relative to its length."""

    rows: list[Row]
    layers: dict[int, np.ndarray]
    floor: float
    model: str


@dataclass(frozen=True)
class Traced:
    """By moment, layer and row: place in the frozen frame, and how far from where the row was first read.

    Not a number where a row was not read. `explained`: the part of the first states' variance that a layer's frame
    holds.
    """

    layers: list[int]
    rows: list[Row]
    places: np.ndarray
    moved: np.ndarray
    floors: np.ndarray
    explained: np.ndarray


def read(path: Path) -> States:
    arrays, note = files.read(path, FORMAT)
    try:
        rows = msgspec.json.decode(note["rows"], type=list[Row])
        layers = {int(name.split(".")[1]): array.astype(np.float32) for name, array in arrays.items()}
        floor = float(note["floor"])
    except (KeyError, ValueError, IndexError, msgspec.MsgspecError, json.JSONDecodeError) as error:
        raise files.LeftUnreadable(f"{Path(path).name} are no states of a night: {error}") from error
    if not rows or any(array.ndim != 2 or len(array) != len(rows) for array in layers.values()):
        raise files.LeftUnreadable(f"{Path(path).name}: its states and its rows are not as many")
    return States(rows, layers, floor, note.get("model", ""))


def trace(moments: list[States]) -> Traced:
    """All moments, earliest first, in the frame of the first. Of another model's cortex nothing is drawn."""
    first = moments[0]
    layers = sorted(first.layers)
    for other in moments:
        widths = {at: other.layers[at].shape[1:] for at in sorted(other.layers)}
        if widths != {at: first.layers[at].shape[1:] for at in layers}:
            raise files.LeftUnreadable("the states of this home are of two different models; no picture holds both")
    rows: list[Row] = []
    place: dict[tuple[str, int], int] = {}
    for one in moments:
        for row in one.rows:
            if (row.kind, row.number) not in place:
                place[row.kind, row.number] = len(rows)
                rows.append(row)
    places = np.full((len(moments), len(layers), len(rows), 2), np.nan, np.float32)
    moved = np.full((len(moments), len(layers), len(rows)), np.nan, np.float32)
    explained = np.zeros(len(layers), np.float32)
    for at, layer in enumerate(layers):
        centre, basis, explained[at] = axes(first.layers[layer].astype(np.float32), 2)
        if len(basis) < 2:
            raise files.LeftUnreadable("too few texts were read for a frame; three are needed at least")
        origin: dict[int, np.ndarray] = {}
        for moment, one in enumerate(moments):
            for row, state in zip(one.rows, one.layers[layer], strict=True):
                where = place[row.kind, row.number]
                start = origin.setdefault(where, state)
                length = float(np.linalg.norm(start)) or 1.0
                places[moment, at, where] = (state - centre) @ basis.T
                moved[moment, at, where] = np.linalg.norm(state - start) / length
    floors = np.array([one.floor for one in moments], np.float32)
    return Traced(layers, rows, places, moved, floors, explained)
