"""One gate: what it demands, and that nothing else moves the slow weights."""

from __future__ import annotations

import msgspec
import pytest

from observatory.mind import gate
from observatory.mind.delta import Delta, DeltaBroken
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, accepted, of, woken


def proposal_of(mind, **kw):
    """A night brought to the gate and then left there."""
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=2, rank=4), **kw)
    runner = mind.sleep(order)
    for event in runner:
        if event is None:
            break
    return runner, mind.night.proposal


def decision(proposal, **other):
    fields = {"night": proposal.night, "delta": proposal.delta, "decision": "approve", "by": "test", "reason": "r",
              "recorded": 1} | other  # fmt: skip
    return cmd.Decide(**fields)


def test_awake_turns_leave_every_byte_of_the_cortex(told):
    before = told.parts.cortex.hash()
    for memory in ("whole", "cortex"):
        list(told.ask(cmd.Ask(question=1, text="Where are the bees?", memory=memory, tokens=5)))
    checked = of(list(told.tell(cmd.Tell(episode=9, text="One more thing."))), ev.CortexChecked)
    assert told.parts.cortex.hash() == before
    assert checked[0].unchanged
    assert checked[0].cortex == before


def test_a_write_outside_the_gate_is_noticed_at_the_next_turn(told):
    told.parts.cortex.layers[2].self_attn.q_proj.weight[0, 0] += 0.01
    checked = of(list(told.tell(cmd.Tell(episode=9, text="One more thing."))), ev.CortexChecked)
    assert not checked[0].unchanged


def test_an_approved_night_gives_exactly_the_hash_that_was_proposed(told):
    events = a_night(told)
    proposed = of(events, ev.Proposed)[0].proposal
    committed = of(events, ev.NightCommitted)[0]
    assert committed.cortex_after == proposed.cortex_after == told.parts.cortex.hash()
    assert committed.cortex_after != proposed.cortex_before
    assert of(events, ev.NightClosed)[0].ended == "committed"


def test_a_veto_leaves_the_cortex_bit_identical(told):
    before = told.parts.cortex.hash()
    events = a_night(told, decision="veto")
    assert told.parts.cortex.hash() == before
    assert of(events, ev.NightClosed)[0].ended == "vetoed"
    assert not of(events, ev.NightCommitted)


@pytest.mark.parametrize(
    "wrong",
    [{"decision": "veto"}, {"decision": "hold"}, {"delta": "0" * 64}, {"night": 2}],
    ids=["a veto", "a hold", "another delta", "another night"],
)
def test_the_gate_stays_shut_for_anything_but_the_approval_of_this_delta(told, wrong):
    _, proposal = proposal_of(told)
    before = told.parts.cortex.hash()
    with pytest.raises(gate.GateClosed):
        gate.commit(told.parts.cortex, 1, proposal, decision(proposal, **wrong), told.parts.deltas)
    assert told.parts.cortex.hash() == before


def test_the_gate_stays_shut_when_no_night_is_open(told):
    _, proposal = proposal_of(told)
    with pytest.raises(gate.GateClosed, match="not open"):
        gate.commit(told.parts.cortex, None, proposal, decision(proposal), told.parts.deltas)


def test_a_delta_file_that_was_changed_is_refused_and_nothing_is_written(told):
    _, proposal = proposal_of(told)
    before = told.parts.cortex.hash()
    path = told.parts.deltas / proposal.file
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DeltaBroken, match="other bytes"):
        gate.commit(told.parts.cortex, 1, proposal, decision(proposal), told.parts.deltas)
    assert told.parts.cortex.hash() == before


def test_the_same_accepted_list_gives_the_same_hash_in_a_new_mind(told, settings):
    events = a_night(told)
    again = woken(msgspec.structs.replace(settings, accepted=[accepted(events)]))
    assert again.hash == told.hash
    assert again.events[-2].nights == [1]


def test_rolling_back_gives_the_base_again_bit_for_bit(told):
    base = told.hash
    a_night(told)
    assert told.hash != base
    out = list(told.roll_back(cmd.RollBack(to_night=0, accepted=[], why="test")))
    assert of(out, ev.RolledBack)[0].nights == [1]
    assert told.hash == told.parts.cortex.hash() == base


def test_a_delta_for_another_model_is_refused_before_the_first_weight(told):
    cortex = told.parts.cortex
    fresh = Delta.fresh(cortex.matrices(0, 2), 2, 1)
    name = next(iter(fresh.down))
    fresh.down[name] = fresh.down[name][:, :5].detach()
    before = cortex.hash()
    with pytest.raises(gate.GateClosed, match="another model"):
        gate._add(cortex, fresh)
    assert cortex.hash() == before
