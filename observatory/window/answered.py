"""The columns that a question before and after a night has, wherever such a table stands. Knows no events."""

from __future__ import annotations

from .changes import VERDICT_MARKS, VERDICT_WORDS, VERDICTS, Change
from .look import Look
from .tables import Column


def hue(change: Change, look: Look):
    return {"learnt": look.right, "lost": look.wrong}.get(change.verdict, look.soft)


def columns(said: int) -> tuple[Column, ...]:
    """`said`: the width of what was answered."""
    return (
        Column("", lambda c: f"{VERDICT_MARKS[c.verdict]} {VERDICT_WORDS[c.verdict]}",
               lambda c: VERDICTS.index(c.verdict), width=110, colour=hue),
        Column("Question", lambda c: c.question.prompt, lambda c: c.question.prompt.casefold(), stretch=True,
               tip=lambda c: f"{c.question.prompt}\nRight: {' / '.join(c.question.answers)}"),
        Column("Before", lambda c: c.before.answer if c.before else "not asked", width=said),
        Column("After", lambda c: c.after.answer, width=said, colour=hue),
    )  # fmt: skip
