"""Tensors on disk: written whole or not at all, and read only after the file's header was checked.

Every safetensors file that the mind writes or reads of its own goes through here. It does not know what the tensors
mean.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..protocol.durable import written_beside
from ..protocol.headers import HeaderBroken, tensors

__all__ = ["HeaderBroken", "read", "write"]

LIMIT = 4 * 1024**3
"""Bytes; old material of the default model is 40 MB."""


def write(path: Path, found: dict[str, torch.Tensor], notes: dict[str, str] | None = None) -> None:
    """Beside, fsync, rename, fsync the folder. Raises OSError as any other write does."""
    with written_beside(path) as beside:
        _save(found, beside, notes)


def _save(found: dict[str, torch.Tensor], path: Path, notes: dict[str, str] | None) -> None:
    try:
        save_file(found, path, metadata=notes)
    except SafetensorError as why:
        # The library reports a full disk as an error of its own kind.
        raise OSError(f"{path.name} could not be written: {why}") from why
    _in_order(path)


def _in_order(path: Path) -> None:
    """The same tensors and notes give the same bytes: the library writes its notes in an order of chance."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    said = json.dumps(json.loads(data[8 : 8 + length]), sort_keys=True, separators=(",", ":")).encode()
    said += b" " * (-len(said) % 8)
    path.write_bytes(len(said).to_bytes(8, "little") + said + data[8 + length :])


def read(path: Path, most: int = LIMIT) -> dict[str, torch.Tensor]:
    """Raises HeaderBroken for what is no whole safetensors file of at most so many bytes."""
    tensors(path, most)
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as why:
        raise HeaderBroken(f"{path.name} could not be read: {why}") from why
