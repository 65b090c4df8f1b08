"""What stays of an episode that fades: what the cortex says by itself, where the episode bears it out."""

from __future__ import annotations

import pytest

from observatory.mind import traces
from observatory.mind.speech import Said
from tests.mind.tiny import TEXTS


@pytest.fixture
def answering(mind, monkeypatch):
    """A cortex that answers every cue as it is told to."""

    def answers(text: str) -> list[tuple[int, str, str]]:
        def say(rows, pasts, tokens):
            assert len(rows) == len(pasts)
            yield from ((at, Said([], [], text)) for at in range(len(rows)))

        monkeypatch.setattr(mind.parts.speech, "say", say)
        episodes = {e: (t, [1.0] * len(mind.parts.speech.encode(t))) for e, t in TEXTS.items()}
        return traces.left_behind(mind.parts.speech, episodes)

    return answers


def test_what_the_cortex_still_says_rightly_is_kept_with_the_cue_that_brought_it_back(answering):
    kept = answering("The spare key hangs behind the barometer.")
    assert (4, "Tell me about Quill Lodge.", "The spare key hangs behind the barometer.") in kept
    assert {episode for episode, *_ in kept} == {4}


def test_what_the_episode_does_not_bear_out_is_not_kept(answering):
    assert answering("It is a well known animated film about a princess.") == []


def test_of_one_episode_a_few_cues_are_kept(answering):
    kept = answering(TEXTS[2])
    assert 1 <= len(kept) <= traces.CUES
    assert {episode for episode, *_ in kept} == {2}


def test_nothing_that_fades_leaves_nothing(mind):
    assert traces.left_behind(mind.parts.speech, {}) == []
