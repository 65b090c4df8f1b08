"""What another table would have decided: recorded decisions, each asked again on the states that it was made on.

Every decision stands for itself: what would have followed from another choice was not lived. States are as they were
recorded, so of another table's `[pressure]` only the threshold and the rhythm's strength show here; and moments at
which nobody was asked left nothing to ask about. It does not know where the record is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ..protocol.events import GovernorDecided
from .rules import HELD_BACK, Table, Verdict, question

NOBODY = "ask nobody"
"""What is said where a table asks no one and the recorded one did."""


class Compared(NamedTuple):
    event: GovernorDecided
    verdict: Verdict | None

    @property
    def would(self) -> str:
        return NOBODY if self.verdict is None else _with(self.verdict.choice, self.verdict.preset)

    @property
    def did(self) -> str:
        return _with(self.event.choice, self.event.preset)

    @property
    def differs(self) -> bool:
        return self.would != self.did


def against(table: Table, decided: Iterable[GovernorDecided]) -> list[Compared]:
    """Each recorded decision beside what this table says. What was not repeated then would not be repeated now."""
    return [
        Compared(
            event,
            table.decide(
                event.on, question(event.on, event.choice), event.states, 1.0 if event.rule == HELD_BACK else -1.0
            ),
        )
        for event in decided
    ]


def counts(compared: Iterable[Compared]) -> dict[str, int]:
    """How often one choice would have been another, the most frequent first."""
    return dict(Counter(f"{each.did} → {each.would}" for each in compared if each.differs).most_common())


def _with(choice: str, preset: str) -> str:
    return f"{choice} ({preset})" if preset else choice
