"""The benchmark of the replay step runs all three loops over the same rows, and its table says what they did."""

from __future__ import annotations

import argparse

import pytest
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from observatory.bench import speed


@pytest.mark.parametrize(
    ("precision", "ways"),
    [("float32", ["bare", "replay", "observed"]), ("mixed", ["bare", "bare, bfloat16", "replay", "observed"])],
)
def test_every_loop_trains_the_same_tokens_and_the_night_is_held_against_the_fastest_bare_one(
    tiny_folder, models_folder, precision, ways
):
    found = speed.measured(
        argparse.Namespace(
            model=str(tiny_folder), models_folder=models_folder, steps=2, device="cpu", precision=precision,
            random_llama=False, json=False,
        )
    )  # fmt: skip
    assert found["precision"] == precision
    said = speed.table(found)
    rows = [line.split("|")[1:4] for line in said.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert [way.strip() for way, *_ in rows] == ways
    assert all(float(rate) > 0 for _, rate, _ in rows)
    assert max(float(beside) for way, _, beside in rows if "bare" in way) == 1.0
    assert "observation costs" in said


def test_the_bare_loop_learns_and_leaves_the_model_as_it_was(mind):
    batches = speed._batches(mind.parts.speech, 1) * 12
    before = mind.parts.cortex.hash()
    bare = speed.Bare(mind.parts.cortex, batches)
    losses = []
    for at in range(len(batches)):
        bare.step(at)
        losses.append(bare.loss)
    assert losses[-1] < losses[0]
    assert mind.parts.cortex.hash() == before


def test_two_runs_of_the_replay_end_in_the_same_numbers(mind):
    batches = speed._batches(mind.parts.speech, 2)
    cortex, speech = mind.parts.cortex, mind.parts.speech
    assert speed._hash_after(cortex, speech, batches) == speed._hash_after(cortex, speech, batches)


@pytest.mark.parametrize(("rounds", "share"), [(False, 0.7), (True, 0.95)])
def test_a_step_multiplies_less_than_the_bare_loop_does_over_the_same_rows(mind, rounds, share):
    """Guard and calm are reckoned for every part of a batch, and rounded rows are filled up to a usual number: both is
    much beside so small a model."""
    speech, cortex = mind.parts.speech, mind.parts.cortex
    cortex.rounds = rounds
    batches, counted = speed._batches(speech, 2), {}
    for name, loop in (("night", speed.Ours(cortex, speech, batches)), ("bare", speed.Bare(cortex, batches))):
        loop.step(0)
        with Multiplications() as counter:
            loop.step(1)
        counted[name] = counter.many
    assert counted["night"] < share * counted["bare"], "something is reckoned twice, or where nobody asked for it"


class Multiplications(TorchDispatchMode):
    """`with` it, the multiplications in products of matrices are counted, forth and back: no clock is asked."""

    many = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        out = operation(*args, **(kwargs or {}))
        if operation._overloadpacket in flop_registry:
            self.many += flop_registry[operation._overloadpacket](*args, **(kwargs or {}), out_val=out) // 2
        return out
