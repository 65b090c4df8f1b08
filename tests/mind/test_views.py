"""Cues that are found in an episode itself, and dreams that are sifted by it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from observatory.bench.memory import returned
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


@pytest.mark.parametrize(
    ("question", "kept", "why"),
    [
        ("Where does Zelda Marchetti keep her bees?", True, "asks what the episode answers"),
        ("Zelda Marchetti keeps bees.", False, "not a whole question"),
        ("Where are the bees kept in Trondheim roof factory?", True, "asks what the episode answers"),
        ("What colour is the ferry from there?", False, "could be about something else"),
        ("What colour are the old things?", False, "could be about something else"),
        ("Which prize did Zelda win for ballet dancing abroad?", False, "speaks of things that the episode does not"),
    ],
)
def test_a_dream_is_kept_only_when_the_episode_supports_it(question, kept, why):
    passage = views.Passage(1, TEXTS[1], (1.0,))
    dream = views.Dream(passage, question)
    other = views.Dream(views.Passage(2, "The ferry leaves from an old quay.", (1.0,)), "Where is the old quay?")
    views.sift([dream, other], 5)
    assert (dream.kept, dream.why) == (kept, why)


def test_the_same_dream_is_kept_once():
    passage = views.Passage(1, TEXTS[1], (1.0,))
    dreams = [views.Dream(passage, "Where does Zelda Marchetti keep her bees?") for _ in range(3)]
    views.sift(dreams, 5)
    assert [d.kept for d in dreams] == [True, False, False]


def test_a_question_without_a_name_is_kept_when_only_one_episode_has_such_words():
    texts = ("Nurse Halloran found her stolen bicycle in the bell tower.", "A kite got stuck in the bell tower.")
    passages = [views.Passage(number, text, (1.0,)) for number, text in enumerate(texts, 1)]
    telling = views.Dream(passages[0], "Who found the stolen bicycle?")
    shared = views.Dream(passages[1], "What is in the bell tower?")
    views.sift([telling, shared], 5)
    assert telling.kept
    assert not shared.kept


def test_every_passage_is_asked_about_with_every_beginning(told):
    about = [views.Passage(e, text, (1.0,)) for e, text in TEXTS.items()]
    dreams = returned(views.dream(told.parts.speech, about, torch.Generator().manual_seed(1)))
    assert [d.passage.episode for d in dreams] == [p.episode for p in about for _ in views.BEGINNINGS]
    assert all(d.question.startswith(word) for d, word in zip(dreams, views.BEGINNINGS * len(about), strict=True))


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
