"""What is measured once of a base model and kept beside it: addresses, and the base's own answers to hold on to.

It does not know episodes, nights or deltas.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import torch

from .. import resources
from ..protocol.durable import written_beside
from . import exam, tensorfile
from .address import DEPTH, Address
from .speech import Speech

UNUSABLE = (OSError, ValueError, KeyError, TypeError, RecursionError)
"""What is not there, or was spoilt, is measured again: it follows from the base alone, so nothing is lost by it."""


def address(speech: Speech, folder: Path) -> Address:
    """Whitening from the primer text, at two thirds of the depth."""
    path = folder / "address.safetensors"
    with suppress(*UNUSABLE):
        return Address.load(path)
    text = (resources.folder() / "texts" / "primer.txt").read_text("utf-8")
    layer = round(len(speech.cortex.layers) * DEPTH)
    tokens = speech.encode(text)
    rows = [tokens[at : at + 64] for at in range(0, len(tokens), 64)]
    rows = [row for row in rows if len(row) > 8]
    opening = speech.opening_past()
    states = []
    with torch.no_grad():
        for start in range(0, len(rows), 16):
            part, taps = rows[start : start + 16], {layer: None}
            speech.cortex.read_through(part, pasts=[opening] * len(part), taps=taps)
            states.append(taps[layer])
    fitted = Address.fitted(layer, torch.cat(states))
    folder.mkdir(parents=True, exist_ok=True)
    fitted.save(path)
    return fitted


def reference(speech: Speech, folder: Path) -> exam.Reference:
    """The base's own answers to unrelated chat prompts, and its states while giving them."""
    tensors, rows = folder / "reference.safetensors", folder / "reference.json"
    with suppress(*UNUSABLE):
        kept = json.loads(rows.read_text("utf-8"))
        return exam.Reference(kept["rows"], kept["labels"], tensorfile.read(tensors)["states"])
    lines = (resources.folder() / "texts" / "chat-prompts.jsonl").read_text("utf-8").splitlines()
    found = exam.Reference.of(speech, [json.loads(line)["prompt"] for line in lines if line.strip()])
    folder.mkdir(parents=True, exist_ok=True)
    with written_beside(rows) as beside:
        beside.write_text(json.dumps({"rows": found.rows, "labels": found.labels}), "utf-8")
    tensorfile.write(tensors, {"states": found.states.contiguous()})
    return found
