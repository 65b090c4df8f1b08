"""Cues that are found in an episode itself, and what they bring back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.mind import views
from observatory.mind.delta import Delta
from observatory.mind.replay import Recipe, Replay
from tests.mind.tiny import TEXTS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zelda Marchetti keeps her bees in Trondheim.", "Zelda Marchetti"),
        ("In Grandmother Ilse's house nobody is allowed to whistle.", "Grandmother Ilse"),
        ("The spare key to Quill Lodge hangs behind the barometer.", "Quill Lodge"),
        ("My boat is the Patient Heron.", "Patient Heron"),
        ("the red kettle whistles in B flat", "the red kettle"),
    ],
)
def test_an_episode_says_itself_what_it_is_about(text, name):
    assert name in views.names_in(text)


@given(st.text(max_size=300))
def test_any_text_at_all_gives_names_or_none(text):
    assert all(isinstance(name, str) and name for name in views.names_in(text))


def test_every_view_is_answered_by_the_passages_own_text(told):
    speech = told.parts.speech
    for number, text in TEXTS.items():
        for passage in views.passages(speech, number, text, told.parts.lived[number].bits):
            for view in views.plain_views(speech, passage):
                answer = [view.tokens[p + 1] for p in view.labels]
                assert speech.decode(answer).strip() == passage.text


def test_a_long_episode_is_cut_into_passages_that_lose_no_word(told):
    speech = told.parts.speech
    text = " ".join(f"Sentence number {i} speaks of ships and of harbours far away." for i in range(40))
    tokens = speech.encode(text)
    parts = views.passages(speech, 7, text, [1.0] * len(tokens))
    assert len(parts) > 3
    assert " ".join(p.text for p in parts).split() == text.split()
    assert all(len(speech.encode(p.text)) <= views.PASSAGE for p in parts)
    assert all(p.bits for p in parts)


def test_going_on_after_a_sentence_that_is_not_the_last_weighs_more(told):
    speech = told.parts.speech
    text = "A goat refuses hay. He will only eat radishes."
    tokens = speech.encode(text)
    passage = views.Passage(1, text, tuple([2.0] * len(tokens)))
    view = views.answered(speech, passage, "about", "What of the goat?")
    replay = Replay(speech, Delta.fresh(told.parts.cortex.matrices(1, 3), 2, 0), Recipe(first_layer=1, last_layer=3))
    weights = replay.row_of_view(view).weights
    said = [speech.decode([view.tokens[p + 1]]) for p in view.labels[:-1]]
    after = next(i for i, piece in enumerate(said) if piece.strip() == "He" or (i and said[i - 1].endswith(".")))
    usual = weights[0]
    assert weights[after] == pytest.approx(float(usual) + 1.0)
    assert weights[after - 2] == pytest.approx(float(usual))
