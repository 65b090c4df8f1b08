"""Packed rows and pasts give what separate, padded, ordinary passes give."""

from __future__ import annotations

import torch

from observatory.mind.attend import Pack, Watch, joined, rebased


def states(mind, rows, pasts=None):
    with torch.no_grad():
        normed, pack = mind.parts.cortex.read_through(rows, pasts=pasts, keep=True)
    return normed, pack


def test_rows_in_one_pack_do_not_see_each_other(mind):
    a, b = [5, 6, 7, 8], [9, 10, 11]
    together, _ = states(mind, [a, b])
    apart = torch.cat([states(mind, [a])[0], states(mind, [b])[0]])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-5)


def test_a_packed_pass_equals_the_models_own_forward(mind, tiny_folder):
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(tiny_folder)
    row = [5, 6, 7, 8, 9, 30, 31]
    with torch.no_grad():
        expected = plain(torch.tensor([row])).logits[0]
        normed, _ = mind.parts.cortex.read_through([row])
    torch.testing.assert_close(mind.parts.cortex.logits(normed), expected, rtol=1e-3, atol=1e-4)


def test_a_past_counts_as_context(mind):
    head, tail = [5, 6, 7], [8, 9]
    whole, _ = states(mind, [head + tail])
    _, pack = states(mind, [head])
    behind, _ = states(mind, [tail], [pack.kept(0)])
    torch.testing.assert_close(behind, whole[3:], rtol=1e-4, atol=1e-5)


def test_a_rebased_past_is_what_reading_at_that_position_would_have_left(mind):
    cortex = mind.parts.cortex
    opening, row = [20, 21, 22, 23], [8, 9, 10]
    _, first = states(mind, [opening])
    past = first.kept(0)
    pack = Pack([3], pasts=[past], keep=True)
    with torch.no_grad():
        cortex.run(pack, cortex.embed(torch.tensor(row)), pack.positions())
        here = pack.kept(0)
        moved = Pack([3], pasts=[past], keep=True)
        cortex.run(moved, cortex.embed(torch.tensor(row)), moved.positions() + 5)
    # Only the first layer's keys are free of what the other positions did to the states above.
    there = rebased(here, 5, cortex.inverse_frequencies)
    torch.testing.assert_close(there.keys[0], moved.kept(0).keys[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        rebased(there, -5, cortex.inverse_frequencies).keys[0], here.keys[0], rtol=1e-4, atol=1e-5
    )


def test_gradients_flow_through_what_is_read(mind):
    cortex = mind.parts.cortex
    _, pack = states(mind, [[5, 6, 7]])
    past = pack.kept(0)
    past.values = [v.clone().requires_grad_(True) for v in past.values]
    past.keys = [k.clone().requires_grad_(True) for k in past.keys]
    normed, _ = cortex.read_through([[8, 9]], pasts=[past])
    cortex.logits(normed).square().mean().backward()
    assert all(float(v.grad.abs().sum()) > 0 for v in past.values)
    assert all(float(k.grad.abs().sum()) > 0 for k in past.keys)


def test_attention_mass_on_a_stretch_is_a_share_of_one(mind):
    _, pack = states(mind, [[5, 6, 7, 8]])
    past = pack.kept(0)
    everything, part = Watch(0, past.length + 2), Watch(0, 2)
    for watch in (everything, part):
        with torch.no_grad():
            mind.parts.cortex.read_through([[9, 10]], pasts=[past], watch=watch)
    assert abs(everything.mass() - 1.0) < 1e-5
    assert 0.0 < part.mass() < 1.0


def test_joined_pasts_keep_their_order(mind):
    _, pack = states(mind, [[5, 6], [7, 8, 9]])
    both = joined(pack.kept(0), pack.kept(1))
    assert both.length == 5
    assert torch.equal(both.keys[0][:, :, 2:], pack.kept(1).keys[0])


def test_rows_behind_the_packs_own_opening_give_what_they_give_behind_it_as_a_past(mind):
    cortex = mind.parts.cortex
    opening, rows, opened = [20, 21, 22], [[5, 6, 7, 8], [9], [10, 11]], [True, False, True]
    pack = Pack([3, *map(len, rows)], opened=[False, *opened])
    ids = torch.tensor([*opening, *(token for row in rows for token in row)])
    with torch.no_grad():
        together = cortex.normed(cortex.run(pack, cortex.embed(ids), pack.positions()))
    _, first = states(mind, [opening])
    apart, _ = states(mind, rows, [first.kept(0) if behind else None for behind in opened])
    torch.testing.assert_close(together[3:], apart, rtol=1e-4, atol=1e-5)


def test_the_opening_learns_from_every_row_that_it_is_before_and_from_no_other(mind):
    cortex = mind.parts.cortex
    for opened, learns in (([False, True], True), ([False, False], False)):
        pack = Pack([2, 3], opened=opened)
        hidden = cortex.embed(torch.tensor([20, 21, 5, 6, 7])).detach().requires_grad_(True)
        cortex.run(pack, hidden, pack.positions())[2:].square().sum().backward()
        assert bool(hidden.grad[:2].abs().sum() > 0) == learns
