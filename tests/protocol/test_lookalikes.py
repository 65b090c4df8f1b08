"""Look-alike episodes: many, near, and never in the way of the first day's answers."""

from __future__ import annotations

import re

import pytest

from observatory import resources
from observatory.bench.lookalikes import FRAMES, MOST, episodes, lookalikes, questions
from observatory.bench.names import TAKEN
from observatory.protocol.days import read_day
from observatory.protocol.exams import marks, read_exam

ORDINARY = {"grandmother", "skerry", "lodge", "patient", "mount", "inn", "cottage"}
"""Words that the first day writes with a capital although they name nobody."""


@pytest.fixture(scope="module")
def most():
    return episodes(MOST, seed=5)


@pytest.fixture(scope="module")
def first():
    return read_day(resources.folder() / "days" / "first.jsonl").experiences


def test_the_same_seed_gives_the_same_texts_and_another_seed_others():
    assert lookalikes(500, seed=1) == lookalikes(500, seed=1)
    assert len(set(lookalikes(500, seed=1)) & set(lookalikes(500, seed=2))) < 10


def test_as_many_come_as_were_asked_for_and_no_two_are_alike(most):
    assert len(lookalikes()) == 500
    assert lookalikes(0) == []
    assert len({one.text for one in most}) == len({one.direct for one in most}) == MOST


def test_too_many_are_refused_with_the_limit():
    with pytest.raises(ValueError, match=f"{MOST:,}"):
        lookalikes(MOST + 1)


def test_there_is_a_frame_for_every_experience_of_the_first_day(first):
    assert len(FRAMES) == len(first)


def test_no_lookalike_uses_a_name_of_the_first_day(most, first):
    capitals = {word for one in first for word in re.findall(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+", one.text)}
    named = {word.lower() for word in capitals} - ORDINARY
    assert named <= TAKEN
    used = {word.lower() for one in most for word in re.findall(r"\w+", f"{one.text} {one.direct} {one.paraphrase}")}
    assert not used & TAKEN


def test_no_lookalike_holds_an_answer_to_the_first_exam(most):
    answers = [a for q in read_exam(resources.folder() / "exams" / "first.jsonl") for a in q.answers]
    assert not [one.text for one in most if marks(one.text, answers)]


def test_every_lookalike_answers_its_own_questions_and_they_do_not_give_it_away(most):
    for one in most:
        assert marks(one.text, list(one.answers))
        assert not marks(f"{one.direct} {one.paraphrase}", list(one.answers))
        assert one.direct != one.paraphrase


def test_questions_come_in_pairs_for_the_subset_that_was_given(most):
    asked = questions(most[:10], day=2)
    assert [q.kind for q in asked] == ["direct", "paraphrase"] * 10
    assert {q.day for q in asked} == {2}


def test_sentences_are_well_formed(most):
    for one in most:
        for text in (one.text, one.direct, one.paraphrase):
            assert text[0].isupper()
            assert text[-1] in ".?"
            assert "{" not in text
            assert "  " not in text
            assert not re.search(r"\b[Aa] [aeiou]", text), text
