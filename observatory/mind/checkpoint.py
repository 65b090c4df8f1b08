"""Where a running night stands, so that a killed one can go on: one safetensors file, whole or not there.

Tensors are the delta and its optimizer; the header carries everything else as JSON. It does not
know what the fields mean to the night.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch

from ..protocol import headers
from . import tensorfile

NAME = "night.safetensors"
FORMAT = "observatory-checkpoint-1"


def write(folder: Path, tensors: dict[str, torch.Tensor], state: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    tensorfile.write(folder / NAME, flat, {"format": FORMAT, "state": json.dumps(state)})


def read(folder: Path) -> tuple[dict[str, torch.Tensor], dict] | None:
    """The checkpoint, or None when there is none. Raises HeaderBroken when there is one that cannot be read."""
    path = folder / NAME
    if not path.is_file():
        return None
    note = headers.tensors(path, tensorfile.LIMIT).notes
    if note.get("format") != FORMAT:
        raise headers.HeaderBroken(f"{NAME} is no checkpoint that this version reads")
    try:
        state = json.loads(note["state"])
    except (ValueError, KeyError, RecursionError) as why:
        raise headers.HeaderBroken(f"{NAME} does not say where its night stands") from why
    if not isinstance(state, dict):
        raise headers.HeaderBroken(f"{NAME} does not say where its night stands")
    return tensorfile.read(path), state


def set_aside(folder: Path) -> str:
    """What cannot be read is moved out of the way and kept. Returns its new name."""
    number = 1
    while (place := folder / f"broken-{number}-{NAME}").exists():
        number += 1
    os.replace(folder / NAME, place)
    return place.name


def drop(folder: Path) -> None:
    (folder / NAME).unlink(missing_ok=True)
