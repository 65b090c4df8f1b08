"""Sets of days joined into one file, and their exams as far as they are lived."""

from __future__ import annotations

import pytest

from observatory import resources
from observatory.bench import sets
from observatory.host.refusal import Refusal
from observatory.protocol.days import read_day
from observatory.protocol.exams import read_exam


@pytest.fixture
def folder(tmp_path):
    for room in ("days", "exams"):
        (tmp_path / room).mkdir()
    for number in (1, 2, 10):
        text = f'{{"text": "Fact {number}."}}\n' + '{"sleep": true}\n' * (number != 2)
        (tmp_path / "days" / f"told-{number:02d}.jsonl").write_text(text)
        day = min(number, 3)
        question = f'{{"prompt": "Q{number}?", "answers": ["x"], "kind": "direct", "day": {day}}}\n'
        same = '{"prompt": "Capital of France?", "answers": ["Paris"], "kind": "known"}\n'
        (tmp_path / "exams" / f"told-{number:02d}.jsonl").write_text(question + same)
    return tmp_path


def read(days: sets.DaySet, tmp_path):
    for name, text in (("d.jsonl", days.day), ("e.jsonl", days.exam)):
        (tmp_path / name).write_text(text)
    return read_day(tmp_path / "d.jsonl"), read_exam(tmp_path / "e.jsonl")


def test_days_are_joined_in_their_order_each_with_a_sleep_and_no_question_twice(folder):
    day, exam = read(sets.named("told", None, folder), folder)
    assert day.sleeps == 3
    assert [line.text for line in day.experiences] == ["Fact 1.", "Fact 2.", "Fact 10."]
    assert [q.prompt for q in exam] == ["Q1?", "Capital of France?", "Q2?", "Q10?"]


def test_fewer_nights_take_fewer_days_and_ask_nothing_of_the_rest(folder):
    one = sets.named("told", 2, folder)
    day, exam = read(one, folder)
    assert (one.nights, day.sleeps, [q.day for q in exam]) == (2, 2, [1, None, 2])
    assert sets.named("told", 2, folder).day_hash == one.day_hash != sets.named("told", 3, folder).day_hash


def test_exams_that_each_count_from_one_are_counted_on(folder):
    for path in (folder / "exams").glob("told-*"):
        path.write_text(f'{{"prompt": "{path.stem}?", "answers": ["x"], "kind": "direct", "day": 1}}\n')
    _, exam = read(sets.named("told", None, folder), folder)
    assert [q.day for q in exam] == [1, 2, 3]
    _, exam = read(sets.named("told-02", None, folder), folder)
    assert [(q.prompt, q.day) for q in exam] == [("told-02?", 1)]


def test_one_exam_for_a_whole_set_is_cut_to_the_days_lived(folder):
    for path in (folder / "exams").glob("told-*"):
        path.unlink()
    lines = [f'{{"prompt": "Q{day}?", "answers": ["x"], "kind": "direct", "day": {day}}}\n' for day in (1, 2, 3)]
    (folder / "exams" / "told.jsonl").write_text("".join(lines))
    single = folder / "days" / "told-whole.jsonl"
    single.write_text('{"text": "a"}\n{"sleep": true}\n{"text": "b"}\n')
    _, exam = read(sets.named(str(single), 1, folder, folder / "exams" / "told.jsonl"), folder)
    assert [q.day for q in exam] == [1]


def test_the_built_in_first_day_is_a_set():
    first = sets.named("first", None, resources.folder())
    assert first.nights == 1 and '"Zelda' in first.exam or "Zelda" in first.exam


@pytest.mark.parametrize(
    ("name", "nights", "said"),
    [("other", None, "choose one of told"), ("told", 4, "holds 3 days"), ("bare.jsonl", None, "No exam was found")],
)
def test_what_is_not_there_is_said_with_what_is(folder, monkeypatch, name, nights, said):
    monkeypatch.chdir(folder)
    with pytest.raises(Refusal, match=said):
        sets.named(name, nights, folder)


def test_a_bad_line_is_named_before_anything_is_run(folder):
    (folder / "days" / "told-02.jsonl").write_text('{"text": 7}\n')
    with pytest.raises(Refusal, match="line 1"):
        sets.named("told", None, folder)
