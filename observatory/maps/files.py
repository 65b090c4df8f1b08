"""Files that a night leaves for the map beside its delta: arrays with a note, read whole and checked or refused.

It knows safetensors and nothing of what the arrays mean.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load

LIMIT = 256 * 1024**2
"""Bytes: states of the default model are a third of a megabyte, its pulls some three."""


class LeftUnreadable(RuntimeError):
    """A file that a night left is missing or is not what it should be."""


def read(path: Path, form: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and note of a file of this format."""
    path = Path(path)
    try:
        if path.stat().st_size > LIMIT:
            raise LeftUnreadable(f"{path.name} is {path.stat().st_size:,} bytes, too large for what it should be")
        with safe_open(path, framework="np") as file:
            note = file.metadata() or {}
        arrays = load(path.read_bytes())
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise LeftUnreadable(f"{path.name} could not be read: {error}") from error
    if note.get("format") != form:
        raise LeftUnreadable(f"{path.name} is not what it should be: its format is {note.get('format')!r}")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise LeftUnreadable(f"{path.name} holds numbers that are not finite")
    return arrays, note
