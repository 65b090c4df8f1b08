"""Where a running night stands, so that a killed one can go on: one safetensors file, whole or not there.

Tensors are the delta and its optimizer; the header carries everything else as JSON. It does not
know what the fields mean to the night.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..protocol.durable import written_beside

NAME = "night.safetensors"
FORMAT = "observatory-checkpoint-1"


def write(folder: Path, tensors: dict[str, torch.Tensor], state: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with written_beside(folder / NAME) as beside:
        save_file(flat, beside, metadata={"format": FORMAT, "state": json.dumps(state)})


def read(folder: Path) -> tuple[dict[str, torch.Tensor], dict] | None:
    """The checkpoint, or None when there is none that can be read (the night then starts anew)."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            note = file.metadata() or {}
            if note.get("format") != FORMAT:
                return None
            state = json.loads(note["state"])
            return {name: file.get_tensor(name) for name in file.keys()}, state  # noqa: SIM118
    except (SafetensorError, ValueError, KeyError, OSError):
        return None


def drop(folder: Path) -> None:
    (folder / NAME).unlink(missing_ok=True)
