"""The one place where slow weights change.

`commit` demands the open night, the proposal's hash and a recorded decision to approve exactly
that; without them it raises. `rebuilt` makes the cortex from its base and the accepted deltas, in
order, through the same single write. It does not know who decided, only that someone did.
"""

from __future__ import annotations

from pathlib import Path

import torch

from ..protocol.commands import AcceptedDelta, Decide
from ..protocol.events import Proposal
from .cortex import Cortex, sum_of
from .delta import Delta


class GateClosed(RuntimeError):
    """Nothing was changed; the message says what was missing."""


def commit(cortex: Cortex, night: int | None, proposal: Proposal, decision: Decide, folder: Path) -> str:
    """Add the proposed delta to the slow weights. Returns the new hash, or raises and changes nothing."""
    if night is None or night != proposal.night:
        raise GateClosed(f"night {proposal.night} is not open, so nothing of it may enter the cortex")
    if decision.night != proposal.night or decision.delta != proposal.delta:
        raise GateClosed("the decision is about another proposal than the one at the gate")
    if decision.decision != "approve" or not decision.by or decision.recorded < 1:
        raise GateClosed(f"the decision on night {night} is “{decision.decision}”, not a recorded approval")
    if cortex.hash() != proposal.cortex_before:
        raise GateClosed("the cortex is not the one that the proposal was made for; the night must be dreamt again")
    delta = Delta.read(folder / proposal.file, proposal.delta, cortex.device)
    if cortex.hash(with_added=delta.matrices()) != proposal.cortex_after:
        raise GateClosed("the committed cortex would differ from the proposed one; nothing was written")
    _add(cortex, delta)
    return cortex.hash()


def rebuild(cortex: Cortex, accepted: list[AcceptedDelta], folder: Path) -> str:
    """Add the recorded deltas to an untouched base, in order, checking every hash on the way."""
    current = cortex.hash()
    for entry in accepted:
        if current != entry.cortex_before:
            raise GateClosed(
                f"night {entry.night} was learnt on another cortex ({entry.cortex_before[:12]}…) than this one "
                f"({current[:12]}…): another model or precision. Start this home with the model it began with."
            )
        _add(cortex, Delta.read(folder / entry.file, entry.delta, cortex.device))
        current = cortex.hash()
        if current != entry.cortex_after:
            raise GateClosed(f"night {entry.night} gives another cortex here than when it was committed")
    return current


@torch.no_grad()
def roll_back(cortex: Cortex, base: Cortex, accepted: list[AcceptedDelta], folder: Path) -> str:
    """Make the cortex what the base and these accepted deltas give; `base` is a freshly loaded one."""
    after = rebuild(base, accepted, folder)
    rebuilt = dict(base.tensors())
    for name, tensor in cortex.tensors():
        tensor.copy_(rebuilt[name])
    if cortex.hash() != after:
        raise GateClosed("the cortex differs from the one that was rebuilt; restart the mind before going on")
    return after


@torch.no_grad()
def _add(cortex: Cortex, delta: Delta) -> None:
    """The single write. Everything is checked before the first weight is touched."""
    maps = cortex.matrices(0, len(cortex.layers))
    for name in delta.down:
        if name not in maps:
            raise GateClosed(f"the delta names a map that this model has not: {name}")
        shape = (delta.up[name].shape[0], delta.down[name].shape[1])
        if shape != tuple(maps[name].weight.shape):
            raise GateClosed(f"the delta was made for another model: {name} has shape {shape}")
    for name, matrix in delta.matrices().items():
        weight = maps[name].weight
        weight.copy_(sum_of(weight, matrix))
