"""Which questions a night is examined with: a person's own exam, with common knowledge beside it.

What a night teaches is only half of what it does, so an exam that asks nothing known before gets the built-in
common-knowledge questions. It does not ask or mark anything.
"""

from __future__ import annotations

from pathlib import Path

from .. import resources
from ..protocol.days import Day, SleepLine
from ..protocol.events import Question
from ..protocol.exams import read_exam


def first_day() -> Path:
    return resources.folder() / "days" / "first.jsonl"


def first_exam() -> Path:
    return resources.folder() / "exams" / "first.jsonl"


def common() -> list[Question]:
    """Questions on what everyone knows: what a night must not damage."""
    return read_exam(resources.folder() / "exams" / "common.jsonl")


def questions(exam: Path | None) -> list[Question]:
    """The exam's questions (none without a file), and common knowledge if they ask for none. Raises ExamError."""
    own = read_exam(exam) if exam is not None else []
    return own if any(question.kind == "known" for question in own) else [*own, *common()]


def due(questions: list[Question], day: Day, line: int) -> list[Question]:
    """The questions that the sleep on this line of a day file can be asked: none on a day that has not been lived yet.

    Days are counted by the file's own sleeps. An exam that speaks of more days than the file holds counts them
    otherwise (the third day in a file of its own), and is asked whole.
    """
    sleeps = max(1, day.sleeps)
    if any(question.day is not None and question.day > sleeps for question in questions):
        return questions
    tonight = sum(isinstance(one, SleepLine) and one.line <= line for one in day.lines) or 1
    return [question for question in questions if question.day is None or question.day <= tonight]
