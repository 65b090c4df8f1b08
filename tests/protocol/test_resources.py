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
TOLD = tuple(f"told-{number:02d}" for number in range(1, 11))
FREE = tuple(f"free-{number:02d}" for number in range(1, 4))
DAYS = (*TOLD, *FREE, "rule")
EXAMS = ("first", "common", "locality", "mixed", *DAYS)
NAME = re.compile(r"\b[A-Z][\w'’-]+(?: (?:(?:of|and|the) )*[A-Z][\w'’-]+)+")


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def runs(text: str, length: int = 5) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


def names(text: str, near: str) -> set[str]:
    """Capitalised words that stand nowhere near in small letters, so that no sentence merely begins with them."""
    ordinary = set(re.findall(r"\b[a-z]\w*", near))
    return {word for word in re.findall(r"\b[A-Z]\w+", text) if word.lower() not in ordinary}


@pytest.fixture(scope="module")
def day():
    return read_day(HERE / "days" / "first.jsonl")


@pytest.fixture(scope="module")
def days():
    return {name: read_day(HERE / "days" / f"{name}.jsonl") for name in ("first", "mixed", *DAYS)}


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


def test_every_day_that_ships_is_checked_here_and_has_its_exam():
    assert {path.stem for path in (HERE / "days").glob("*.jsonl")} == {"first", "mixed", *DAYS}
    assert {path.stem for path in (HERE / "exams").glob("*.jsonl")} == set(EXAMS)


@pytest.mark.parametrize("name", DAYS)
def test_a_day_teaches_its_twenty_things_and_ends_in_sleep(days, papers, name):
    day, kinds = days[name], Counter(question.kind for question in papers[name])
    assert day.sleeps == 1
    assert day.lines[-1].line == len(day.lines)
    assert all(one.because for one in day.experiences if one.outcome is not None)
    things = 10 if name == "rule" else 20
    extra = {"rule": {"listed": 6, "rule": 12}}.get(name, {"corrected": 4} if name in FREE else {})
    assert kinds == {"direct": things, "paraphrase": things, **extra}
    twice = {"rule": 12}.get(name, extra.get("corrected", 0))
    assert len(day.experiences) == things + twice
    assert {question.day for question in papers[name]} == {int(name[-2:]) if name in TOLD else 1}


@pytest.mark.parametrize("name", DAYS)
def test_every_question_is_answered_by_exactly_one_experience_of_its_day(days, papers, name):
    told = [one.text for one in days[name].experiences]
    near = " ".join([*told, *(question.prompt for question in papers[name])])
    for question in papers[name]:
        holding = [text for text in told if marks(text, question.answers)]
        assert len(holding) == (0 if question.kind == "rule" else 1), question.prompt
        if holding:
            assert names(question.prompt, near) & names(holding[0], near), question.prompt


@pytest.mark.parametrize("name", DAYS)
def test_the_question_in_other_words_wants_the_same_and_is_worded_anew(papers, name):
    direct = [question for question in papers[name] if question.kind == "direct"]
    other = [question for question in papers[name] if question.kind == "paraphrase"]
    for first, second in zip(direct, other, strict=True):
        assert first.answers == second.answers
        assert not runs(first.prompt) & runs(second.prompt)


@pytest.mark.parametrize("name", TOLD)
def test_a_told_thing_is_one_sentence_of_8_to_18_words(days, papers, name):
    for one in days[name].experiences:
        assert 8 <= len(one.text.split()) <= 18, one.text
        assert re.fullmatch(r"[^.!?]+[.!?]", one.text), one.text
    openings = Counter(" ".join(words(one.text)[:2]) for one in days[name].experiences)
    assert max(openings.values()) == 1


@pytest.mark.parametrize("name", FREE)
def test_free_text_holds_talk_corrections_and_failed_attempts(days, papers, name):
    day = days[name].experiences
    assert all(25 <= len(one.text.split()) <= 70 for one in day)
    assert sum("\n" in one.text for one in day) == 6
    assert sum(one.outcome is not None and one.outcome < 0 for one in day) == 4
    near = " ".join([*(one.text for one in day), *(question.prompt for question in papers[name])])
    for question in (question for question in papers[name] if question.kind == "corrected"):
        about = [one.text for one in day if names(one.text, near) & names(question.prompt, near)]
        assert [marks(text, question.answers) for text in about] == [False, True], question.prompt


def test_the_rule_is_shown_for_even_numbers_and_asked_for_others(days, papers):
    told = [list(map(int, re.findall(r"\d+", one.text))) for one in days["rule"].experiences]
    shown = {min(pair) for pair in told if pair}
    assert len(shown) == 12
    assert all(len(pair) == 2 and max(pair) == min(pair) + 1 and min(pair) % 2 == 0 for pair in told if pair)
    for question in papers["rule"]:
        if question.kind in ("listed", "rule"):
            number = int(re.search(r"\d+", question.prompt)[0])
            assert question.answers[0] == str(number + 1)
            assert number % 2 == 0 and (number in shown) is (question.kind == "listed")


def test_on_the_mixed_day_what_matters_is_marked_and_asked_twice_and_the_rest_once(days, papers):
    day = days["mixed"].experiences
    assert Counter(one.mark for one in day) == {"surprising": 6, "relevant": 6, "failed": 6, "": 30}
    assert {one.mark for one in day if one.outcome is not None} == {"failed"}
    assert [bool(one.goal) for one in day].count(True) == 1, "the goal is set once, in the morning"
    asked = Counter(question.kind for question in papers["mixed"])
    assert asked == {"surprising": 12, "relevant": 12, "failed": 12, "routine": 30}
    for question in papers["mixed"]:
        told = [one for one in day if marks(f"{one.text} {one.because}", question.answers)]
        assert (question.kind if question.kind != "routine" else "") in {one.mark for one in told}, question.prompt


def test_no_name_stands_in_two_days(days):
    seen = {}
    for name, day in days.items():
        for found in {found for one in day.experiences for found in NAME.findall(one.text)}:
            assert seen.setdefault(found.removesuffix("'s"), name) == name, found


def test_the_days_share_no_wording_with_the_texts_and_prompts_of_the_night(days, texts, chats):
    lived = set().union(*(runs(one.text) for day in days.values() for one in day.experiences))
    assert not lived & set().union(*map(runs, (*texts.values(), *chats)))


def test_the_relations_stand_beside_their_licence():
    folder = HERE / "relations"
    read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    assert len(read) == 16
    assert all(one["prompt_templates"] and one["samples"] for one in read)
    assert "MIT" in (folder / "LICENSE").read_text(encoding="utf-8")


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
