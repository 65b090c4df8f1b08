"""The days, exams and texts that ship: enough of them, fit for their purpose, and apart from one another."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from observatory import resources
from observatory.protocol.days import read_day
from observatory.protocol.exams import marks, read_exam

HERE = resources.folder()
EXAMS = ("first", "common", "locality")


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def runs(text: str, length: int = 5) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


@pytest.fixture(scope="module")
def day():
    return read_day(HERE / "days" / "first.jsonl")


@pytest.fixture(scope="module")
def papers():
    return {name: read_exam(HERE / "exams" / f"{name}.jsonl") for name in EXAMS}


@pytest.fixture(scope="module")
def texts():
    return {name: (HERE / "texts" / f"{name}.txt").read_text(encoding="utf-8") for name in ("held-out", "primer")}


@pytest.fixture(scope="module")
def chats():
    lines = (HERE / "texts" / "chat-prompts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["prompt"] for line in lines]


def test_the_first_day_has_at_least_24_experiences_and_ends_in_sleep(day):
    assert len(day.experiences) >= 24
    assert day.sleeps == 1
    assert day.lines[-1].line == len(day.lines)


def test_the_first_day_is_not_one_template(day):
    openings = Counter(" ".join(words(one.text)[:2]) for one in day.experiences)
    assert openings.most_common(1)[0][1] <= 2
    assert len({len(words(one.text)) for one in day.experiences}) >= 8
    assert len({one.speaker for one in day.experiences}) >= 4


def test_the_first_day_carries_goals_outcomes_and_reasons(day):
    went = [one for one in day.experiences if one.outcome is not None]
    assert any(one.outcome < 0 for one in went)
    assert any(one.outcome > 0 for one in went)
    assert all(one.because for one in went)


def test_every_question_about_the_first_day_is_answered_by_that_day(day, papers):
    whole = "\n".join(one.text for one in day.experiences)
    missing = [question.prompt for question in papers["first"] if not marks(whole, question.answers)]
    assert not missing


def test_every_experience_is_asked_directly_and_in_other_words(day, papers):
    kinds = Counter(question.kind for question in papers["first"])
    assert kinds == {"direct": len(day.experiences), "paraphrase": len(day.experiences)}
    assert {question.day for question in papers["first"]} == {1}


def test_a_paraphrase_is_not_the_direct_question_again(papers):
    direct = [q for q in papers["first"] if q.kind == "direct"]
    other = [q for q in papers["first"] if q.kind == "paraphrase"]
    for first, second in zip(direct, other, strict=True):
        assert set(first.answers) == set(second.answers)
        assert not runs(first.prompt) & runs(second.prompt)


@pytest.mark.parametrize("name", EXAMS)
def test_no_question_holds_its_own_answer(papers, name):
    assert not [question.prompt for question in papers[name] if marks(question.prompt, question.answers)]


def test_no_question_is_asked_twice(papers):
    asked = Counter(question.prompt for paper in papers.values() for question in paper)
    assert [prompt for prompt, times in asked.items() if times > 1] == []


def test_common_knowledge_is_broad(papers):
    kinds = Counter(question.kind for question in papers["common"])
    assert kinds["known"] >= 100
    assert set(kinds) == {"known", "shaky"}
    forms = Counter(" ".join(words(question.prompt)[:4]) for question in papers["common"])
    assert forms.most_common(1)[0][1] <= 12
    assert {question.style for question in papers["common"]} == {"chat", "complete"}


def test_locality_is_near_the_first_day_but_not_about_its_people(day, papers):
    assert len(papers["locality"]) >= 30
    assert {question.kind for question in papers["locality"]} == {"locality"}
    near = set(words(" ".join(one.text for one in day.experiences)))
    assert sum(bool(near & {w for w in words(q.prompt) if len(w) > 3}) for q in papers["locality"]) >= 15
    names = {"zelda", "marchetti", "wilhelmina", "bartholomew", "mirembe", "casimir", "corran", "nightjar", "halloran"}
    assert not [q.prompt for q in papers["locality"] if names & set(words(q.prompt))]


def test_the_held_out_text_is_long_enough_and_its_own(texts, papers, day, chats):
    assert len(texts["held-out"].split()) >= 3_000
    held = runs(texts["held-out"])
    assert not held & runs(texts["primer"])
    assert not held & set().union(*(runs(one.text) for one in day.experiences))
    assert not held & set().union(*(runs(q.prompt) for paper in papers.values() for q in paper))
    assert not held & set().union(*(runs(prompt) for prompt in chats))


def test_the_held_out_text_does_not_repeat_itself(texts):
    found = words(texts["held-out"])
    assert len(found) - 7 - len(runs(texts["held-out"], 8)) <= 3
    assert len(set(found)) >= 1_000


def test_the_primer_is_ordinary_text_apart_from_the_first_day(texts, papers, day):
    assert 1_500 <= len(texts["primer"].split()) <= 2_500
    primer = runs(texts["primer"])
    assert not primer & set().union(*(runs(one.text) for one in day.experiences))
    assert not primer & set().union(*(runs(q.prompt) for paper in papers.values() for q in paper))


def test_the_chat_prompts_are_64_and_ask_nothing_that_an_exam_asks(chats, papers):
    assert len(chats) == len(set(chats)) == 64
    assert not set(chats) & {q.prompt for paper in papers.values() for q in paper}
    assert not set().union(*map(runs, chats)) & set().union(*(runs(q.prompt) for p in papers.values() for q in p))
