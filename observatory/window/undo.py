"""What a person did and can take back: acts with a name and two ways, one back and one forward. Knows no Qt.

Nothing is unwritten: taking back is another act, which the record keeps like the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST = 100
"""Acts that can be taken back; older ones stay done."""


@dataclass(frozen=True)
class Act:
    """`name` follows “Undo” and “Redo” in the menu. Both ways return False where they were refused."""

    name: str
    back: Callable[[], object]
    forth: Callable[[], object]


class Acts:
    """A line of acts with a place in it: those before it are done, those after it were taken back."""

    def __init__(self) -> None:
        self._acts: list[Act] = []
        self._done = 0

    def did(self, name: str, back: Callable[[], object], forth: Callable[[], object]) -> None:
        """Another act, done already. What was taken back before it cannot come again."""
        self._acts = [*self._acts[: self._done], Act(name, back, forth)][-MOST:]
        self._done = len(self._acts)

    @property
    def to_undo(self) -> str:
        return self._acts[self._done - 1].name if self._done else ""

    @property
    def to_redo(self) -> str:
        return self._acts[self._done].name if self._done < len(self._acts) else ""

    def undo(self) -> str:
        """The name of what was taken back; empty when there was nothing, or it was refused and stays done."""
        if not self._done or self._acts[self._done - 1].back() is False:
            return ""
        self._done -= 1
        return self._acts[self._done].name

    def redo(self) -> str:
        if self._done == len(self._acts) or self._acts[self._done].forth() is False:
            return ""
        self._done += 1
        return self._acts[self._done - 1].name

    def forget(self) -> None:
        """Another home: nothing of the last one can be taken back here."""
        self._acts, self._done = [], 0
