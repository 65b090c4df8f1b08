"""What a night changed in the exam: every question before and after, and what that makes it.

Pure data from the story; the review dock and the reports of tests read it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..protocol import events as ev
from .lived import Night

VERDICTS = ("learnt", "lost", "kept", "missed")
VERDICT_WORDS = {"learnt": "Learnt", "lost": "Lost", "kept": "Still right", "missed": "Still wrong"}
VERDICT_MARKS = {"learnt": "▲", "lost": "▼", "kept": "●", "missed": "○"}
KIND_WORDS = {
    "direct": "Asked directly",
    "paraphrase": "Asked in other words",
    "known": "Common knowledge",
    "shaky": "Shaky knowledge",
    "locality": "Must not change",
}


@dataclass(frozen=True)
class Change:
    question: ev.Question
    before: ev.ExamAnswer | None
    after: ev.ExamAnswer

    @property
    def verdict(self) -> str:
        was = self.before is not None and self.before.right
        if self.after.right:
            return "kept" if was else "learnt"
        return "lost" if was else "missed"


def changes(night: Night) -> list[Change]:
    """Lost ones first: they are what a reviewer must not miss."""
    order = {"lost": 0, "learnt": 1, "missed": 2, "kept": 3}
    found = [Change(after.question, night.before.get(key), after) for key, after in night.after.items()]
    return sorted(found, key=lambda c: (order[c.verdict], c.question.kind))


def counts(found: list[Change]) -> Counter:
    return Counter(change.verdict for change in found)


def kind_words(kind: str) -> str:
    """A plugin's exam is said by its name."""
    asked_by = kind.removeprefix("plugin:")
    return KIND_WORDS.get(kind, kind) if asked_by == kind else f"{asked_by} (a plugin's)"


def scores(proposed: ev.Proposed) -> list[tuple[str, ev.Score | None, ev.Score]]:
    """Kinds in the order in which a reviewer asks for them."""
    order = {kind: place for place, kind in enumerate(KIND_WORDS)}
    kinds = sorted(proposed.recall_after, key=lambda kind: (order.get(kind, len(order)), kind))
    return [(kind, proposed.recall_before.get(kind), proposed.recall_after[kind]) for kind in kinds]
