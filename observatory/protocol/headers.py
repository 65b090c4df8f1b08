"""What a file of weights says about itself, read and checked before anything is made of it.

A safetensors or GGUF file may come from anywhere. Its sizes are held against the file's own length here, so that a
header of twenty bytes cannot ask for a terabyte, and nothing else than these two is known. It reads no weights and
knows neither torch nor the libraries that read them.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

HEADER_LIMIT = 100_000_000
"""Bytes of a safetensors header; the format's own limit."""
WIDTHS = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip
"""Bytes a number takes; what is narrower than a byte is not used here."""
DIMENSIONS = 8
TENSORS = 1_000_000

GGUF_VERSIONS = (2, 3)
GGUF_FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value of each type that has a fixed width."""
GGUF_TEXT, GGUF_LIST = 8, 9
GGUF_NAME = 65_535
GGUF_DEEP = 4
"""Lists within lists; real files have none."""
GGUF_DIMENSIONS = 4


class HeaderBroken(ValueError):
    """The file is not what it says it is; the message names it and says what is wrong."""


@dataclass(frozen=True)
class Tensors:
    """A safetensors header: each tensor's kind and shape, and the notes written beside them."""

    shapes: dict[str, tuple[str, tuple[int, ...]]]
    notes: dict[str, str]


def tensors(path: Path, most: int | None = None) -> Tensors:
    """The checked header of a safetensors file of at most so many bytes."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if most is not None and size > most:
                raise HeaderBroken(f"{path.name} is {size:,} bytes, and {most:,} is the most it can be")
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(HEADER_LIMIT, size - 8):
                raise HeaderBroken(f"{path.name} is no safetensors file, or it was cut off: its header does not fit")
            raw = file.read(length)
    except OSError as why:
        raise HeaderBroken(f"{path.name} could not be read: {why.strerror or why}") from why
    try:
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as why:
        raise HeaderBroken(f"{path.name} is no safetensors file: its header is not JSON") from why
    return _checked(path.name, found, size - 8 - length)


def _checked(name: str, found: object, data: int) -> Tensors:
    if not isinstance(found, dict) or len(found) > TENSORS:
        raise HeaderBroken(f"{name} is no safetensors file: its header lists no tensors")
    notes = found.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        raise HeaderBroken(f"{name} has notes that are no texts")
    shapes, places = {}, []
    for key, about in found.items():
        kind, shape, place = _tensor(name, key, about)
        if not 0 <= place[0] <= place[1] <= data or place[1] - place[0] != WIDTHS[kind] * prod(shape):
            raise HeaderBroken(f"{name}: “{_short(key)}” does not lie within the file as large as it says")
        shapes[key] = (kind, shape)
        places.append(place)
    at = 0
    for start, end in sorted(places):
        if start != at:
            raise HeaderBroken(f"{name} has tensors that overlap or a hole between them")
        at = end
    if at != data:
        raise HeaderBroken(f"{name} is longer or shorter than its tensors")
    return Tensors(shapes, notes)


def _tensor(name: str, key: str, about: object) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    try:
        kind, shape, place = about["dtype"], about["shape"], about["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in (*shape, *place))
    except (TypeError, KeyError) as why:
        raise HeaderBroken(f"{name}: “{_short(key)}” is not described as a tensor is") from why
    if not isinstance(kind, str) or kind not in WIDTHS:
        raise HeaderBroken(f"{name}: “{_short(key)}” holds numbers of a kind that is not read here")
    if not isinstance(shape, list) or not isinstance(place, list) or not whole or len(place) != 2:
        raise HeaderBroken(f"{name}: “{_short(key)}” is not described as a tensor is")
    if len(shape) > DIMENSIONS:
        raise HeaderBroken(f"{name}: “{_short(key)}” has {len(shape)} dimensions")
    return kind, tuple(shape), tuple(place)


def gguf(path: Path) -> int:
    """Walk a GGUF file's header and hold every size against the file. Returns how many tensors it lists."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            walk = _Walk(path.name, file)
            return walk.whole()
    except OSError as why:
        raise HeaderBroken(f"{path.name} could not be read: {why.strerror or why}") from why


class _Walk:
    """A place in a GGUF file that only moves forward and never past its end."""

    def __init__(self, name: str, file: BinaryIO):
        self.name, self.file = name, file
        self.size = file.seek(0, 2)
        self.at = file.seek(0)

    def whole(self) -> int:
        if self.take(4) != b"GGUF":
            raise HeaderBroken(f"{self.name} is not a GGUF file")
        version, count, notes = struct.unpack("<IQQ", self.take(20))
        if version not in GGUF_VERSIONS:
            raise HeaderBroken(f"{self.name} is GGUF of version {version}; versions 2 and 3 are read")
        # Nothing takes fewer bytes than these, so a count beyond them is a lie whatever follows.
        if count > min(TENSORS, self.size // 24) or notes > self.size // 13:
            raise HeaderBroken(f"{self.name} lists more than a file of its size can hold")
        for _ in range(notes):
            self.text(GGUF_NAME)
            self.value(self.number(4), 0)
        for _ in range(count):
            self.tensor()
        return count

    def tensor(self) -> None:
        self.text(GGUF_NAME)
        dimensions = self.number(4)
        if not 1 <= dimensions <= GGUF_DIMENSIONS:
            raise HeaderBroken(f"{self.name} has a tensor of {dimensions} dimensions")
        numbers = prod(self.number(8) for _ in range(dimensions))
        self.number(4)
        offset = self.number(8)
        # The narrowest numbers take a little over a bit.
        if numbers // 8 > self.size or offset > self.size:
            raise HeaderBroken(f"{self.name} has a tensor that does not lie within the file")

    def value(self, kind: int, deep: int) -> None:
        if kind in GGUF_FIXED:
            self.skip(GGUF_FIXED[kind])
        elif kind == GGUF_TEXT:
            self.text(self.size)
        elif kind == GGUF_LIST and deep < GGUF_DEEP:
            inner, count = self.number(4), self.number(8)
            if inner in GGUF_FIXED:
                self.skip(GGUF_FIXED[inner] * count)
                return
            if count > self.size // 8:
                raise HeaderBroken(f"{self.name} has a list longer than the file")
            for _ in range(count):
                self.value(inner, deep + 1)
        else:
            raise HeaderBroken(f"{self.name} holds a value of a kind that GGUF does not know")

    def text(self, most: int) -> None:
        length = self.number(8)
        if length > most:
            raise HeaderBroken(f"{self.name} holds a text longer than it can be")
        self.skip(length)

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def take(self, count: int) -> bytes:
        self.skip(count, move=False)
        self.at += count
        return self.file.read(count)

    def skip(self, count: int, move: bool = True) -> None:
        if count > self.size - self.at:
            raise HeaderBroken(f"{self.name} ends in the middle of its header")
        if move:
            self.at += count
            self.file.seek(self.at)


def _short(key: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in key)
    return clean if len(clean) <= 60 else clean[:59] + "…"
