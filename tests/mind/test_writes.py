"""No other write path to the cortex: the code is walked for one, and a running mind is watched."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import torch

from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import EXAM, TEXTS, of

ROOT = Path(__file__).resolve().parents[2] / "observatory"
GATE = {"gate.py:_add", "gate.py:roll_back"}
"""The two places that write slow weights."""
OWN = {
    "replay.py:settle", "replay.py:restore", "replay.py:_settling", "latent.py:look_along", "latent.py:from_file",
    "foresight.py:train", "labels.py:divergence", "labels.py:portion", "rounded.py:forward", "rounded.py:backward",
}  # fmt: skip
"""Places that write tensors of their own."""
WRITES = {
    "copy_", "add_", "sub_", "mul_", "div_", "fill_", "zero_", "lerp_", "set_", "addmm_", "addcmul_", "addcdiv_",
    "normal_", "uniform_", "index_copy_", "index_add_", "scatter_", "masked_fill_", "swap_tensors", "load_state_dict",
    "requires_grad_", "merge_and_unload", "merge_adapter",
}  # fmt: skip
ON_FRESH = {"requires_grad_", "fill_"}


def writes():
    """(file:function, what) for everything in the mind that can write into a tensor in place."""
    for path in sorted((ROOT / "mind").rglob("*.py")):
        for outer in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(outer, ast.FunctionDef):
                continue
            for node in ast.walk(outer):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
                    yield f"{path.name}:{outer.name}", node.func.attr
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                if isinstance(node, ast.Assign | ast.AugAssign):
                    for target in targets:
                        said = ast.unparse(target)
                        if re.search(r"\.weight\b", said) or said.endswith(".data") or ".data[" in said:
                            yield f"{path.name}:{outer.name}", said


def test_nothing_but_the_gate_writes_into_weights():
    found = {(where, what) for where, what in writes() if what not in ON_FRESH}
    gate = {where for where, what in found if where in GATE and what == "copy_"}
    assert gate == GATE, "or the walk finds nothing"
    strange = sorted(f"{where} {what}" for where, what in found if where not in GATE | OWN)
    assert {where for where, _ in found} >= OWN
    assert not strange, "a new write into a tensor: through the gate, or into a tensor of its own and listed here"


def test_no_other_room_touches_tensors_at_all():
    """But plugins' stores, which hold arrays of their own, and the bench, which never writes."""
    for room in ("host", "record", "window", "governor", "maps", "protocol"):
        for path in (ROOT / room).rglob("*.py"):
            names = {n.attr for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute)}
            assert not names & {"copy_", "add_", "mul_", "lerp_", "load_state_dict", "requires_grad_"}, path


def test_in_a_running_night_weights_are_written_at_the_commit_and_nowhere_else(told):
    cortex, moved = told.parts.cortex, []

    def versions():
        return [tensor._version for _, tensor in cortex.tensors()]

    last = versions()
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=3, rank=4))
    for event in told.sleep(order):
        if event is None:
            delta = told.night.proposal.delta
            told.decide(cmd.Decide(night=1, delta=delta, decision="approve", by="t", reason="r", recorded=1))
        now = versions()
        if now != last:
            moved.append(type(event).__name__)
        last = now
    assert moved == ["NightCommitted"]


def by_a_counted_write(weight):
    weight[0, 0] += 0.01


def by_a_debugger_line(weight):
    weight.data[0, 0] += 0.01


def by_its_memory(weight):
    weight.detach().numpy()[0, 0] += 0.01


@pytest.mark.parametrize("written", [by_a_counted_write, by_a_debugger_line, by_its_memory])
def test_a_write_past_the_gate_is_found_at_the_next_turn_and_named(told, written):
    with torch.no_grad():
        written(told.parts.cortex.layers[2].self_attn.q_proj.weight)
    (checked,) = of(list(told.tell(cmd.Tell(episode=9, text="One more thing."))), ev.CortexChecked)
    assert not checked.unchanged
    assert checked.written == ["model.layers.2.self_attn.q_proj.weight"]


def test_no_delta_is_examined_for_longer_than_its_night(told):
    """Hooks beside the weights would be another way in."""
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=2, rank=4))
    runner = told.sleep(order)
    for event in runner:
        if event is None:
            break
    hooked = [name for name, module in told.parts.cortex.model.named_modules() if module._forward_hooks]
    runner.close()
    assert not hooked
