"""The cortex taken elsewhere: as an ordinary Hugging Face folder, or in a form that a plugin names.

The cortex is rebuilt from its base and the accepted nights through the gate, so that what is written has the hash that
the record says; nothing of a home is changed. Tensors go out as safetensors, layer by layer. It does not know the
record: what was accepted is handed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..plugins.find import Found
from ..plugins.guard import Guarded
from ..protocol.commands import AcceptedDelta
from ..protocol.durable import write
from . import device, gate
from .cortex import Cortex

NOTE = "observatory.json"
CALL_S = 60.0


class ExportFailed(RuntimeError):
    """Nothing usable was written; the message says why."""


def cortex_of(base: Path, accepted: list[AcceptedDelta], deltas: Path, precision: str) -> Cortex:
    """The base with these nights in it, in the precision that they were lived in."""
    place = device.choose("cpu", precision)
    cortex = Cortex.load(base, place.device, place.dtype)
    gate.rebuild(cortex, accepted, deltas)
    return cortex


def as_hugging_face(cortex: Cortex, folder: Path, note: dict) -> list[Path]:
    """A folder that transformers loads by itself: weights, configuration, tokenizer, and where it comes from."""
    model = cortex.model
    model.set_attn_implementation("sdpa")
    model.save_pretrained(folder, safe_serialization=True)
    cortex.tokenizer.save_pretrained(folder)
    write(folder / NOTE, json.dumps({**note, "cortex": cortex.hash()}, indent=1).encode() + b"\n")
    return sorted(path for path in folder.iterdir() if path.is_file())


def by_plugin(
    found: Found, states: dict[str, Cortex], folder: Path, note: dict, choices: dict[str, object] | None = None
) -> list[Path]:
    """One safetensors file for every state (“before”, “after”), as the plugin names and shapes it, and its JSON."""
    notices: list = []
    made: list[Path] = []
    with Guarded(found, "cortex-exporter", notices.append, choices=choices, seconds=CALL_S) as plugin:
        for state, cortex in states.items():
            model = _plain(cortex.model.config.to_dict())
            config = plugin.ask("config", model)
            tensors: dict[str, torch.Tensor] = {}
            for part in _parts(cortex):
                given = plugin.ask("tensors", model, part, otherwise={})
                if doubles := tensors.keys() & given.keys():
                    raise ExportFailed(f"{found.manifest.name} gave two tensors the name {sorted(doubles)[0]}.")
                tensors |= {name: tensor.contiguous() for name, tensor in given.items()}
            if not plugin.on:
                break
            path = folder / f"{state}.safetensors"
            save_file(tensors, path, metadata={"format": "pt", "cortex": cortex.hash()})
            made.append(path)
        if not plugin.on:
            for path in made:
                path.unlink()
            raise ExportFailed(f"{found.manifest.name} could not name the weights: {plugin.why_off}.")
    about = {**note, "cortex": {state: cortex.hash() for state, cortex in states.items()}, "config": config}
    write(folder / "config.json", json.dumps(about, indent=1).encode() + b"\n")
    return [*made, folder / "config.json"]


def _parts(cortex: Cortex) -> Iterator[dict[str, torch.Tensor]]:
    """Copies of the weights under their usual names: the embedding, layer by layer, and what stands behind them."""
    every = {name: tensor.detach() for name, tensor in cortex.model.state_dict().items()}
    layers = len(cortex.layers)
    prefixes = [f"model.layers.{at}." for at in range(layers)]
    first = {n: t for n, t in every.items() if n.startswith("model.embed_tokens.")}
    last = {n: t for n, t in every.items() if n not in first and not n.startswith("model.layers.")}
    for part in (first, *({n: t for n, t in every.items() if n.startswith(p)} for p in prefixes), last):
        yield {name: tensor.cpu() for name, tensor in part.items()}


def _plain(config: dict) -> dict:
    """The configuration as JSON has it: numbers, words, lists."""
    return json.loads(json.dumps(config, default=str))
