"""What a mind tells of an exam: questions, answers, scores and side effects."""

from __future__ import annotations

from typing import Literal

from .base import Memory, Plain, Record, When


class Question(Plain, frozen=True, kw_only=True):
    prompt: str
    answers: list[str]
    kind: str
    day: int | None = None
    style: Literal["chat", "complete"] = "chat"


class ExamAnswer(Plain, frozen=True, kw_only=True):
    question: Question
    answer: str
    right: bool


class Score(Plain, frozen=True, kw_only=True):
    right: int
    asked: int
    by_day: dict[str, list[int]] = {}


class Examined(Record, frozen=True, kw_only=True):
    """One whole exam paper, marked."""

    night: int
    when: When
    memory: Memory
    scores: dict[str, Score]
    answers: list[ExamAnswer]
    wall_s: float


class Measured(Record, frozen=True, kw_only=True):
    """Side effects: perplexity on held-out text, KL to the untouched base on unrelated chat prompts."""

    night: int
    when: When
    perplexity: float
    kl_from_base: float
    perplexity_text: str
