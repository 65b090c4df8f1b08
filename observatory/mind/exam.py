"""Examining the mind: questions with the hippocampus unplugged or in reach, and side effects.

Marks are exact (an answer occurs in the greedy continuation), never a judge's opinion. Side
effects are perplexity on text nobody trains on and the KL to the untouched base on unrelated chat
prompts. Nothing in here is ever shown to the night.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..protocol.events import ExamAnswer, Memory, Question, Score
from ..protocol.exams import marks
from .cortex import LOGITS_AT_ONCE
from .hippocampus import Hippocampus
from .speech import Speech

TOKENS = 24
"""Length of a marked continuation, fixed by the exam format."""
WINDOW = 256


def ask_all(
    speech: Speech, hippocampus: Hippocampus, questions: list[Question], memory: Memory, recalls: dict | None = None
):
    """Answer every question greedily. Yields (done, of); returns the marked answers in order.

    `recalls` (question text → Recall) says what each cue brought back; without it the hippocampus is asked now.
    """
    rows, pasts = [], []
    opening = hippocampus.opening()
    start = speech.document_past()
    found = [[] for _ in questions]
    if memory == "whole":
        cues = [q.prompt for q in questions]
        recalls = recalls if recalls is not None else dict(zip(cues, hippocampus.recall_all(cues), strict=True))
        found = [recalls[cue].reads for cue in cues]
    hippocampus.fetch([e for reads in found for e, _, _ in reads])
    yield 0, len(questions)
    for question, reads in zip(questions, found, strict=True):
        if reads:
            pasts.append([(weight, hippocampus.context(hippocampus.read(e))) for e, _, weight in reads])
        else:
            pasts.append(start if question.style == "complete" else opening)
        if question.style == "complete" and not reads:
            rows.append(speech.encode(question.prompt))
        else:
            rows.append(hippocampus.question(question.prompt, bool(reads)))
    answers: dict[int, ExamAnswer] = {}
    for index, said in speech.say(rows, pasts, TOKENS):
        question = questions[index]
        answers[index] = marked(question, said.text)
        yield len(answers), len(questions)
    return [answers[i] for i in range(len(questions))]


def marked(question: Question, answer: str) -> ExamAnswer:
    return ExamAnswer(question=question, answer=answer, right=marks(answer, question.answers))


def scores(answers: list[ExamAnswer]) -> dict[str, Score]:
    """Right and asked, by kind and by the day that taught it."""
    right: dict[str, list[int]] = {}
    days: dict[str, dict[str, list[int]]] = {}
    for answer in answers:
        kind = answer.question.kind
        tally = right.setdefault(kind, [0, 0])
        tally[0] += answer.right
        tally[1] += 1
        if answer.question.day is not None:
            day = days.setdefault(kind, {}).setdefault(str(answer.question.day), [0, 0])
            day[0] += answer.right
            day[1] += 1
    return {kind: Score(right=r, asked=n, by_day=days.get(kind, {})) for kind, (r, n) in right.items()}


@torch.no_grad()
def perplexity(speech: Speech, text: str):
    """Perplexity in windows that each start a document. Yields after every few windows; returns the number."""
    tokens = speech.encode(text)
    bits: list[float] = []
    for start in range(0, len(tokens), WINDOW * 2):
        rows = [
            [speech.document, *tokens[at : at + WINDOW]]
            for at in range(start, min(len(tokens), start + WINDOW * 2), WINDOW)
        ]
        normed, _ = speech.cortex.read_through(rows)
        at = 0
        for row in rows:
            bits += speech.cortex.surprise(normed[at : at + len(row) - 1], row[1:])
            at += len(row)
        yield len(bits), len(tokens)
    return 2 ** (sum(bits) / max(1, len(bits)))


class Papers:
    """What was already answered by which cortex, so that nothing is asked twice.

    The before of a night is the after of the one before it: answers are kept by the cortex's hash.
    """

    def __init__(self):
        self._given: dict[tuple[Memory, str], dict[str, ExamAnswer]] = {}
        self.measured: dict[str, tuple[float, float]] = {}

    def answers(self, memory: Memory, cortex: str) -> dict[str, ExamAnswer]:
        return self._given.setdefault((memory, cortex), {})

    def hippocampus_changed(self) -> None:
        """What both memories answered was read from other episodes than are held now; what the cortex said stands."""
        self._given = {kept: given for kept, given in self._given.items() if kept[0] == "cortex"}


@dataclass
class Reference:
    """What the untouched base says to unrelated chat prompts, and its states while saying it."""

    rows: list[list[int]]
    labels: list[list[int]]
    states: torch.Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, speech: Speech, prompts: list[str]) -> Reference:
        opening = speech.opening_past()
        cues = [speech.encode(p) + speech.turn for p in prompts]
        said = dict(speech.say(cues, [opening] * len(cues), TOKENS))
        rows = [cue + said[at].tokens for at, cue in enumerate(cues)]
        labels = [list(range(len(c) - 1, len(r) - 1)) for c, r in zip(cues, rows, strict=True)]
        states = [state for at in range(len(cues)) for state in said[at].states[: len(labels[at])]]
        return cls(rows, labels, torch.stack(states).cpu())

    def _now(self, speech: Speech) -> torch.Tensor:
        normed, _ = speech.cortex.read_through(self.rows, pasts=[speech.opening_past()] * len(self.rows))
        places, at = [], 0
        for row, labels in zip(self.rows, self.labels, strict=True):
            places += [at + p for p in labels]
            at += len(row)
        return normed[places]

    @torch.no_grad()
    def kl(self, speech: Speech) -> float:
        """Mean KL(base ‖ now) in nats a token."""
        now, total = self._now(speech), 0.0
        for start in range(0, len(now), LOGITS_AT_ONCE // 2):
            part = slice(start, start + LOGITS_AT_ONCE // 2)
            base = speech.cortex.logits(self.states[part].to(speech.cortex.device)).log_softmax(-1)
            here = speech.cortex.logits(now[part]).log_softmax(-1)
            total += float(torch.nn.functional.kl_div(here, base, reduction="sum", log_target=True))
        return max(0.0, total / max(1, len(now)))
