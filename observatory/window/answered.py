"""The columns that a question before and after a night has, wherever such a table stands. Knows no events."""

from __future__ import annotations

from .changes import VERDICT_MARKS, VERDICT_WORDS, VERDICTS, Change
from .look import Look
from .tables import Column, Table

LEAST = 180
"""Pixels that a question must have, in type of the usual size."""


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


class AnsweredTable(Table):
    """Where there is little room, or type is large, what was answered before gives it to the question."""

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self._give_room()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        look, columns = self.rows.look, self.rows.columns
        needed = LEAST + sum(each.width for each in columns if not each.stretch)
        narrow = self.width() < needed * look.type.body / 10.5
        for place, each in enumerate(columns):
            self.setColumnHidden(place, each.title == "Before" and (look.on_stage or narrow))
