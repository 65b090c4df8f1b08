"""Cues that are found in an episode itself, and dreams that are sifted by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.mind import views
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


@pytest.mark.parametrize(
    ("question", "kept", "why"),
    [
        ("Where does Zelda Marchetti keep her bees?", True, "asks what the episode answers"),
        ("Zelda Marchetti keeps bees.", False, "not a whole question"),
        ("Where are the bees kept in Trondheim roof factory?", True, "asks what the episode answers"),
        ("What colour is the old rope?", False, "does not name what it is about"),
        ("Which prize did Zelda win for ballet dancing abroad?", False, "speaks of things that the episode does not"),
    ],
)
def test_a_dream_is_kept_only_when_the_episode_supports_it(question, kept, why):
    passage = views.Passage(1, TEXTS[1], (1.0,))
    dream = views.Dream(passage, question)
    views.sift([dream], 5)
    assert (dream.kept, dream.why) == (kept, why)


def test_the_same_dream_is_kept_once():
    passage = views.Passage(1, TEXTS[1], (1.0,))
    dreams = [views.Dream(passage, "Where does Zelda Marchetti keep her bees?") for _ in range(3)]
    views.sift(dreams, 5)
    assert [d.kept for d in dreams] == [True, False, False]
