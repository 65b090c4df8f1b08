"""Answers by the batch say what each would say alone."""

from __future__ import annotations

import pytest
import torch

from observatory.bench.memory import returned
from observatory.mind import exam
from observatory.mind.speech import evenly
from tests.mind.tiny import TEXTS


@pytest.mark.parametrize(
    ("many", "most", "sizes"), [(200, 72, [66, 67, 67]), (72, 72, [72]), (1, 72, [1]), (0, 72, [])]
)
def test_portions_are_of_nearly_equal_size_and_lose_nothing(many, most, sizes):
    portions = evenly(list(range(many)), most)
    assert [len(p) for p in portions] == sizes
    assert [i for p in portions for i in p] == list(range(many))


def test_answers_behind_several_pasts_are_the_same_in_a_batch_as_alone(told):
    speech, store = told.parts.speech, told.parts.hippocampus
    pasts = {e: store.context(store.read(e)) for e in TEXTS}
    mixes = [[(0.7, pasts[1]), (0.3, pasts[2])], [(1.0, pasts[3])], [(0.5, pasts[2]), (0.3, pasts[1]), (0.2, pasts[3])]]
    rows = [store.question(f"{word} about this?", True) for word in ("What", "Where and when", "Who")]
    together = dict(speech.say(rows, mixes, 6))
    for at, (row, mix) in enumerate(zip(rows, mixes, strict=True)):
        alone = returned(speech.say_mixed(row, mix, 6, [None] * len(mix)))
        assert together[at].tokens == alone.tokens
        assert together[at].bits == pytest.approx(alone.bits, abs=1e-3)


def test_a_mix_differs_from_each_of_its_parts(told):
    speech, store = told.parts.speech, told.parts.hippocampus
    first, second = (store.context(store.read(e)) for e in (1, 2))
    row = store.question("What was that?", True)
    said = dict(speech.say([row] * 3, [first, second, [(0.5, first), (0.5, second)]], 1))
    assert said[2].bits != pytest.approx(said[0].bits, abs=1e-6)
    assert said[2].bits != pytest.approx(said[1].bits, abs=1e-6)


def test_cues_read_together_bring_back_what_each_brings_alone(told):
    store = told.parts.hippocampus
    cues = [" ".join(text.split()[:5]) for text in TEXTS.values()]
    for cue, found in zip(cues, store.recall_all(cues), strict=True):
        alone = store.recall(cue)
        assert [e for e, _ in found.candidates] == [e for e, _ in alone.candidates]
        assert [m for _, m in found.candidates] == pytest.approx([m for _, m in alone.candidates], abs=1e-4)
        assert found.sure == alone.sure


def test_episodes_fetched_together_are_what_each_reads_alone(told):
    store = told.parts.hippocampus
    store.cortex_moved()
    alone = {e: store.read(e) for e in TEXTS}
    store.cortex_moved()
    store.fetch(list(TEXTS))
    for episode, past in alone.items():
        again = store.read(episode)
        assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(past.keys, again.keys, strict=True))
        assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(past.values, again.values, strict=True))


def test_the_states_of_an_answer_are_those_that_reading_it_leaves(told):
    speech = told.parts.speech
    opening = speech.opening_past()
    cues = [speech.encode(text) + speech.turn for text in TEXTS.values()]
    for at, said in speech.say(cues, [opening] * len(cues), 5):
        normed, _ = speech.cortex.read_through([cues[at] + said.tokens], pasts=[opening])
        read = normed[len(cues[at]) - 1 :][: len(said.states)]
        assert len(said.states) >= len(said.tokens)
        assert torch.allclose(torch.stack(said.states), read, atol=1e-4)


def test_the_untouched_cortex_is_nowhere_from_its_reference_and_a_moved_one_is(told):
    reference = exam.Reference.of(told.parts.speech, ["What is a lighthouse?", "Tell me of the sea."])
    assert reference.kl(told.parts.speech) < 1e-6
    with torch.no_grad():
        told.parts.cortex.layers[3].mlp.down_proj.weight.mul_(1.5)
    assert reference.kl(told.parts.speech) > 1e-4
