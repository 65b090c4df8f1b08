"""Dreams: asked freely, sifted by their episode, verified with the book open and closed, and drawn by gain."""

from __future__ import annotations

import pytest
import torch

from observatory.bench.memory import returned
from observatory.mind import dreams
from observatory.mind.dreams import Dream
from observatory.mind.views import Passage
from tests.mind.tiny import TEXTS


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("Where does Zelda Marchetti keep her bees?", ""),
        ("Zelda Marchetti keeps bees.", "not a whole question"),
        ("Where are the bees kept in Trondheim roof factory?", ""),
        ("What colour is the ferry from there?", "could be about something else"),
        ("What colour are the old things?", "could be about something else"),
        ("Which prize did Zelda win for ballet dancing abroad?", "speaks of things that the episode does not"),
    ],
)
def test_a_dream_is_worth_verifying_only_when_it_can_be_about_nothing_else(question, why):
    dream = Dream(Passage(1, TEXTS[1], (1.0,)), question)
    other = Dream(Passage(2, "The ferry leaves from an old quay.", (1.0,)), "Where is the old quay?")
    left = dreams.sift([dream, other])
    assert dream.why == why
    assert (dream in left) == (why == "")


def test_the_same_dream_is_verified_once():
    passage = Passage(1, TEXTS[1], (1.0,))
    dreamt = [Dream(passage, "Where does Zelda Marchetti keep her bees?") for _ in range(3)]
    assert dreams.sift(dreamt) == dreamt[:1]
    assert [d.why for d in dreamt[1:]] == ["dreamed before"] * 2


def test_a_question_without_a_name_is_kept_when_only_one_episode_has_such_words():
    texts = ("Nurse Halloran found her stolen bicycle in the bell tower.", "A kite got stuck in the bell tower.")
    passages = [Passage(number, text, (1.0,)) for number, text in enumerate(texts, 1)]
    telling = Dream(passages[0], "Who found the stolen bicycle?")
    shared = Dream(passages[1], "What is in the bell tower?")
    assert dreams.sift([telling, shared]) == [telling]


def test_every_passage_is_asked_about_with_every_beginning(told):
    about = [Passage(e, text, (1.0,)) for e, text in TEXTS.items()]
    dreamt = returned(dreams.dream(told.parts.speech, about, torch.Generator().manual_seed(1)))
    assert [d.passage.episode for d in dreamt] == [p.episode for p in about for _ in dreams.BEGINNINGS]
    assert all(d.question.startswith(word) for d, word in zip(dreamt, dreams.BEGINNINGS * len(about), strict=True))


def test_verifying_answers_every_dream_with_the_book_open(told):
    passage = Passage(1, TEXTS[1], (1.0,))
    dreamt = [Dream(passage, "Where does Zelda Marchetti keep her bees?"), Dream(passage, "Who keeps the old bees?")]
    returned(dreams.verify(told.parts.speech, dreamt))
    assert all(d.tokens and d.with_bits > 0 for d in dreamt)
    assert all(d.without_bits > 0 for d in dreamt), "what is shown as a gain was measured, also where it is dropped"


def verified(question: str, gain: float, agrees: bool = True, episode: int = 1) -> Dream:
    return Dream(
        Passage(episode, TEXTS[episode], (1.0,)), question, answer="in Trondheim", with_bits=1.0,
        without_bits=1.0 + gain, agrees=agrees,
    )  # fmt: skip


def test_the_best_are_kept_by_gain_and_one_more_by_chance():
    dreamt = [verified(f"question {n}?", gain=float(n)) for n in range(1, 7)]
    dreams.choose(dreamt, best=2, by_chance=1, generator=torch.Generator().manual_seed(0))
    assert [d.drawn for d in dreamt[-2:]] == ["best", "best"]
    assert [d.drawn for d in dreamt[:-2]].count("chance") == 1
    assert [d.kept for d in dreamt].count(True) == 3
    assert all(d.why for d in dreamt)


@pytest.mark.parametrize(
    ("gain", "agrees", "why"),
    [
        (6.0, False, "the mind, with the episode before it, does not answer from there"),
        (0.1, True, "the episode does not make the answer likelier"),
    ],
)
def test_what_the_episode_does_not_support_is_dropped_however_few_there_are(gain, agrees, why):
    dream = verified("question?", gain, agrees)
    dreams.choose([dream], best=3, by_chance=1, generator=torch.Generator())
    assert (dream.kept, dream.why) == (False, why)


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        ("in a cellar in Trondheim", True), ("Zelda keeps bees", False), ("in Bergen", False), ("", False),
        ("on the roof of a rope factory", True),
    ],
)  # fmt: skip
def test_an_answer_agrees_when_it_says_something_new_and_most_of_that_stands_there(answer, agrees):
    shared = dreams.agreement(answer, "Where does Zelda Marchetti keep her bees?", TEXTS[1])
    assert (shared >= dreams.LEAST_SUPPORT) is agrees
