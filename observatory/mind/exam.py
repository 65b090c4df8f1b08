"""Examining the mind: questions with the hippocampus unplugged or in reach, and side effects.

Marks are exact (an answer occurs in the greedy continuation), never a judge's opinion. Side
effects are perplexity on text nobody trains on and the KL to the untouched base on unrelated chat
prompts. Nothing in here is ever shown to the night.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ..protocol.events import ExamAnswer, Memory, Question, Score
from ..protocol.exams import marks
from .hippocampus import Hippocampus
from .speech import Speech

TOKENS = 24
"""Length of a marked continuation, fixed by the exam format."""
WINDOW = 256


def ask_all(speech: Speech, hippocampus: Hippocampus, questions: list[Question], memory: Memory):
    """Answer every question greedily. Yields how many are done; returns the marked answers in order."""
    rows, pasts = [], []
    opening = hippocampus.opening()
    start = speech.cortex.read_through([[speech.document]], keep=True)[1].kept(0)
    for question in questions:
        reads = hippocampus.recall(question.prompt, most=1).pasts if memory == "whole" else []
        if reads:
            pasts.append(hippocampus.context(reads[0][1]))
            rows.append(hippocampus.question(question.prompt, True))
        elif question.style == "complete":
            pasts.append(start)
            rows.append(speech.encode(question.prompt))
        else:
            pasts.append(opening)
            rows.append(hippocampus.question(question.prompt, False))
        if reads and len(rows) % 8 == 0:
            yield 0
    answers: dict[int, ExamAnswer] = {}
    for index, said in speech.say(rows, pasts, TOKENS):
        question = questions[index]
        answers[index] = ExamAnswer(question=question, answer=said.text, right=marks(said.text, question.answers))
        if len(answers) % 8 == 0 or len(answers) == len(questions):
            yield len(answers)
    return [answers[i] for i in range(len(questions))]


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
    total, count = 0.0, 0
    for start in range(0, len(tokens), WINDOW * 4):
        rows = [
            [speech.document, *tokens[at : at + WINDOW]]
            for at in range(start, min(len(tokens), start + WINDOW * 4), WINDOW)
        ]
        normed, _ = speech.cortex.read_through(rows)
        at = 0
        for row in rows:
            logs = speech.cortex.logits(normed[at : at + len(row) - 1]).log_softmax(-1)
            wanted = torch.tensor(row[1:], device=logs.device)
            total -= float(logs.gather(1, wanted[:, None]).sum())
            count += len(row) - 1
            at += len(row)
        yield count
    return math.exp(total / max(1, count))


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
        rows: list[list[int]] = [[] for _ in cues]
        for index, said in speech.say(cues, [opening] * len(cues), TOKENS):
            rows[index] = cues[index] + said.tokens
        labels = [list(range(len(c) - 1, len(r) - 1)) for c, r in zip(cues, rows)]
        found = cls(rows, labels, torch.empty(0))
        found.states = found._now(speech).cpu()
        return found

    def _now(self, speech: Speech) -> torch.Tensor:
        normed, _ = speech.cortex.read_through(self.rows, pasts=[speech.opening_past()] * len(self.rows))
        places, at = [], 0
        for row, labels in zip(self.rows, self.labels):
            places += [at + p for p in labels]
            at += len(row)
        return normed[places]

    @torch.no_grad()
    def kl(self, speech: Speech) -> float:
        """Mean KL(base ‖ now) in nats a token."""
        base = speech.cortex.logits(self.states.to(speech.cortex.device)).log_softmax(-1)
        now = speech.cortex.logits(self._now(speech)).log_softmax(-1)
        return max(0.0, float((base.exp() * (base - now)).sum(-1).mean()))
