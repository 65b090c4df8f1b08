"""Which episodes pulled which part of the cortex: each episode's gradient, projected on what the night proposes.

The gradient of an episode's replay loss is taken halfway to the proposed delta; minus its product with a unit's part of
the delta is how much of the episode's loss that unit took away, to first order, in nats. Summed over everything that
moved it comes near the loss that really went, and both are left, so that anyone can see how near. It changes nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..protocol.durable import written_beside
from .replay import Replay, Row

FORMAT = "observatory-pulls-1"
WRITES = "mlp.down_proj"
FIRST = 5
"""Episodes that are kept for a unit, the strongest first."""
VIEWS = 2
"""Ways of asking that stand for an episode: its own text and one cue."""
EPISODES = 40
"""At most: each takes some third of a gradient step."""


@dataclass
class Pulled:
    """`units`: for every layer's down-projection, episode by neuron. `layers`: episode by layer, all maps together."""

    episodes: list[int]
    before: list[float]
    after: list[float]
    units: dict[str, list[torch.Tensor]]
    layers: dict[int, list[float]]


def pulls(replay: Replay, views: dict[int, list]):
    """A generator of (done, of) that returns what each episode pulled."""
    chosen = list(views.items())[:EPISODES]
    delta, maps = replay.delta, replay.maps
    found = Pulled([], [], [], {name: [] for name in delta.names if name.endswith(WRITES)}, {})
    for name in delta.names:
        found.layers.setdefault(int(name.split(".")[1]), [])
    for done, (episode, some) in enumerate(chosen, 1):
        rows = [replay.row_of_view(view, teach=False) for view in some[:VIEWS]]
        if rows:
            _one(replay, maps, episode, rows, found)
        yield done, len(chosen)
    return found


def _one(replay: Replay, maps, episode: int, rows: list[Row], found: Pulled) -> None:
    delta, scale = replay.delta, replay.delta.scale
    try:
        with torch.no_grad():
            delta.scale = 0.0
            before = _loss(replay, rows)
            delta.scale = scale
            after = _loss(replay, rows)
        delta.scale = scale / 2
        with _watched(delta, maps) as seen, torch.enable_grad():
            _loss(replay, rows).backward()
    finally:
        delta.scale = scale
    found.episodes.append(episode)
    found.before.append(float(before))
    found.after.append(float(after))
    of_layer = dict.fromkeys(found.layers, 0.0)
    with torch.no_grad():
        for name, (inputs, output) in seen.items():
            wanted = output.grad.flatten(0, -2).float() @ delta.up[name].float() @ delta.guarded(name).float()
            pull = -scale * (wanted * inputs.flatten(0, -2).float()).sum(0)
            of_layer[int(name.split(".")[1])] += float(pull.sum())
            if name in found.units:
                found.units[name].append(pull.cpu())
    for layer, much in of_layer.items():
        found.layers[layer].append(much)


def _loss(replay: Replay, rows: list[Row]) -> torch.Tensor:
    return torch.stack([loss for loss, _ in replay.losses(rows, replay.forward(rows))]).mean()


@contextmanager
def _watched(delta, maps):
    """What goes into every map that moves, and the gradient of what comes out of it."""
    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def hook(name: str):
        def watch(_module, inputs, output):
            # The weights ask for no gradient, so the outputs do.
            output = output if output.requires_grad else output.detach().requires_grad_()
            output.retain_grad()
            seen[name] = inputs[0].detach(), output
            return output

        return watch

    handles = [maps[name].register_forward_hook(hook(name), prepend=True) for name in delta.names]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def save(found: Pulled, path: Path) -> None:
    """The strongest few of every unit, and every episode's pull on every layer."""
    if not found.episodes:
        return
    layers = sorted(found.layers)
    tensors = {
        "episodes": torch.tensor(found.episodes), "layers": torch.tensor(layers), "before": torch.tensor(found.before),
        "after": torch.tensor(found.after), "by_layer": torch.tensor([found.layers[layer] for layer in layers]),
    }  # fmt: skip
    for name, each in found.units.items():
        strength, best = torch.stack(each, 1).topk(min(FIRST, len(each)), dim=1)
        tensors[f"{name}.best"] = best.to(torch.int16).masked_fill(strength <= 0.0, -1)
        tensors[f"{name}.strength"] = strength.clamp_min(0.0).contiguous()
    with written_beside(path) as beside:
        save_file(tensors, beside, metadata={"format": FORMAT})
