"""Exam files, and how an answer is marked."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.protocol.events import Question
from observatory.protocol.exams import ExamError, marks, read_exam

ASKED = {"prompt": "Where?", "answers": ["Trondheim"], "kind": "direct"}


@pytest.fixture
def exam(tmp_path):
    def write(*lines: dict | bytes):
        path = tmp_path / "exam.jsonl"
        path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
        return path

    return write


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("She keeps them in Trondheim.", "Trondheim"),
        ("TRONDHEIM!", "trondheim"),
        ("in the **bell\n tower**", "bell tower"),
        ("It costs $5.", "$5"),
        ("C++, of course", "c++"),
        ("it is _green_", "green"),
        ("In Zürich", "zürich"),
        ("In Zu\u0308rich", "Zürich"),
        ("die Straße", "STRASSE"),
        ("The answer is 14.", "14"),
        ("14, or so", "14"),
        ("H₂O", "H2O"),
        ("the Qur’an", "Qur'an"),
        ("well-known as ice-cream", "ice-cream"),
        ("東京です", "東京"),
        ("no: nono no", "no"),
        ("a\u00a0hundred", "a hundred"),
    ],
)
def test_an_answer_is_found_whatever_its_case_and_company(said, answer):
    assert marks(said, [answer])


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("140 of them", "14"),
        ("3.14", "14"),
        ("1,400", "1"),
        ("$50", "$5"),
        ("trains", "rain"),
        ("goats", "goat"),
        ("überall", "all"),
        ("", "x"),
        ("bell and tower", "bell tower"),
        ("anything", ""),
    ],
)
def test_part_of_a_word_or_a_number_is_no_answer(said, answer):
    assert not marks(said, [answer])


def test_one_of_several_answers_is_enough_and_none_is_too_few():
    assert marks("a poem", ["poems", "poem"])
    assert not marks("a song", ["poems", "poem"])
    assert not marks("a song", [])


@given(st.text(max_size=30), st.text(max_size=30), st.text(min_size=1, max_size=12))
def test_an_answer_between_spaces_is_always_found(before, after, answer):
    if answer.strip():
        assert marks(f"{before} {answer} {after}", [answer]) or not answer.isprintable()


def test_a_question_is_read_with_its_defaults(exam):
    full = {**ASKED, "day": 3, "style": "complete", "kind": "own-word"}
    assert read_exam(exam(ASKED, b"", full)) == [Question(**ASKED), Question(**full)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt": None}, "no “prompt”"),
        ({"prompt": 3}, "“prompt” is a number"),
        ({"answers": None}, "no “answers”"),
        ({"answers": "Trondheim"}, "“answers” is a text, not a list"),
        ({"answers": []}, "empty list"),
        ({"answers": ["Trondheim", 5]}, "answer 2 is a number"),
        ({"answers": [" "]}, "answer 1 is empty"),
        ({"kind": None}, "no “kind”"),
        ({"kind": "two words"}, "one word"),
        ({"style": "poem"}, "chat or complete"),
        ({"day": 0}, "counts from 1"),
        ({"day": True}, "“day” is true or false"),
        ({"day": 1.5}, "“day” is a number, not the whole number"),
        ({"answer": "x"}, "unknown key “answer”"),
    ],
)
def test_a_bad_question_is_named_by_line(exam, change, reason):
    with pytest.raises(ExamError) as caught:
        read_exam(exam(ASKED, {**ASKED, **change}))
    assert caught.value.line == 2
    assert reason in caught.value.reason


def test_an_empty_exam_says_what_it_should_hold(exam):
    with pytest.raises(ExamError, match="empty; an exam is JSON Lines"):
        read_exam(exam(b""))
