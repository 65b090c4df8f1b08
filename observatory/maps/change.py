"""What accepted deltas add to each map, as numpy arrays, read from the files that nights leave behind.

Low-rank pairs stay pairs: lengths and angles are taken from them without the whole matrix. It knows the form of a
delta file and its hash. It does not know the weights, whether a delta was accepted, or how the sum is rounded when
the gate writes it into weights of a smaller precision.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load

FORMAT = "observatory-delta-1"
FILE_LIMIT = 2 * 1024**3
"""Bytes; the mind refuses larger ones too."""


class ChangeUnreadable(RuntimeError):
    """A delta file is not what it should be; the message says how."""


@dataclass(frozen=True)
class Part:
    """scale × up·down, or scale × whole, for one map."""

    scale: float
    up: np.ndarray
    down: np.ndarray | None

    def full(self) -> np.ndarray:
        return self.scale * (self.up if self.down is None else self.up @ self.down)

    def times(self, by: float) -> Part:
        return Part(self.scale * by, self.up, self.down)

    def inner(self, other: Part) -> float:
        """The inner product of two contributions to one map, in double precision."""
        mine, theirs = (self.up.astype(np.float64), other.up.astype(np.float64))
        if self.down is not None and other.down is not None:
            down = self.down.astype(np.float64) @ other.down.astype(np.float64).T
            found = float(np.sum((mine.T @ theirs) * down))
        else:
            mine = mine if self.down is None else mine @ self.down.astype(np.float64)
            theirs = theirs if other.down is None else theirs @ other.down.astype(np.float64)
            found = float(np.sum(mine * theirs))
        return self.scale * other.scale * found


class Change:
    """A sum of contributions, map by map. A map that nothing was added to is not in it."""

    def __init__(self, parts: dict[str, list[Part]] | None = None):
        self.parts = {name: list(found) for name, found in (parts or {}).items() if found}

    @property
    def names(self) -> list[str]:
        return sorted(self.parts)

    def full(self, name: str) -> np.ndarray | None:
        """The matrix that is added to one map in float32, or None where nothing is."""
        found = self.parts.get(name)
        if found is None:
            return None
        return np.sum([part.full() for part in found], axis=0, dtype=np.float32)

    def inner(self, other: Change, name: str) -> float:
        mine, theirs = self.parts.get(name, []), other.parts.get(name, [])
        return float(sum(a.inner(b) for a in mine for b in theirs))

    def norm(self, name: str) -> float:
        return float(np.sqrt(max(0.0, self.inner(self, name))))


def together(changes: list[tuple[Change, float]]) -> Change:
    """Several changes, each times its scale. One at scale nought adds nothing, not even a map's name."""
    parts: dict[str, list[Part]] = {}
    for change, by in changes:
        if by == 0.0:
            continue
        for name, found in change.parts.items():
            parts.setdefault(name, []).extend(part.times(by) for part in found)
    return Change(parts)


def read(path: Path, expected: str = "") -> Change:
    """A delta file as a night wrote it; `expected` is the SHA-256 that the record has of it."""
    path = Path(path)
    if not path.is_file():
        raise ChangeUnreadable(f"the delta {path.name} is missing; `observatory verify` lists what is")
    if path.stat().st_size > FILE_LIMIT:
        raise ChangeUnreadable(f"{path.name} is {path.stat().st_size:,} bytes, too large to be a delta")
    data = path.read_bytes()
    if expected and hashlib.sha256(data).hexdigest() != expected:
        raise ChangeUnreadable(f"{path.name} has other bytes than the record says; it is not drawn")
    try:
        with safe_open(path, framework="np") as file:
            note = file.metadata() or {}
        tensors = load(data)
        scale = float(note["scale"])
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ChangeUnreadable(f"{path.name} is no delta of a night: {error}") from error
    if note.get("format") != FORMAT or not np.isfinite(scale):
        raise ChangeUnreadable(f"{path.name} is no delta of a night: its format is {note.get('format')!r}")
    return Change({name: [part] for name, part in _parts(tensors, scale, path.name).items() if scale != 0.0})


def _parts(tensors: dict[str, np.ndarray], scale: float, file: str) -> dict[str, Part]:
    found = {}
    # A night's course is kept in halves, to save space; sums are taken in whole floats all the same.
    tensors = {key: tensor.astype(np.float32) for key, tensor in tensors.items()}
    for key, tensor in tensors.items():
        name, _, kind = key.rpartition(".")
        if tensor.ndim != 2 or not np.isfinite(tensor).all():
            raise ChangeUnreadable(f"{file}: {key} is not a matrix of finite numbers")
        if kind == "whole":
            found[name] = Part(scale, tensor, None)
        elif kind == "up":
            down = tensors.get(f"{name}.down")
            if down is None or down.ndim != 2 or tensor.shape[1] != down.shape[0]:
                raise ChangeUnreadable(f"{file}: the two halves of {name} do not fit together")
            found[name] = Part(scale, tensor, down)
        elif kind != "down":
            raise ChangeUnreadable(f"{file}: {key} is no part of a delta")
    return found
