"""What of a night's evidence has been on the screen since it was proposed. A courtesy to the reviewer; nothing waits
for it. Knows no events.
"""

from __future__ import annotations

EVIDENCE = {
    "exam": ("the exam", "Alt+4"), "dreams": ("the dreams", "Ctrl+5"), "weighing": ("the weighing", "Ctrl+6"),
    "replays": ("the replays", "Alt+2"), "drift": ("the drift", "Alt+3"), "drives": ("the drives", "Ctrl+7"),
}  # fmt: skip
"""Docks that say what led to a proposal, and what it would do."""


class Looked:
    def __init__(self) -> None:
        self._of: tuple = ()
        self._seen: set[str] = set()

    def at(self, proposal: tuple) -> None:
        """Another proposal is another matter: nothing of it has been seen."""
        if proposal != self._of:
            self._of, self._seen = proposal, set()

    def saw(self, topic: str) -> bool:
        """Whether that is news."""
        if not self._of or topic not in EVIDENCE or topic in self._seen:
            return False
        self._seen.add(topic)
        return True

    def left(self) -> str:
        """What has not been looked at yet, with the keys that show it; empty when all has."""
        missing = [f"{name} ({key})" for topic, (name, key) in EVIDENCE.items() if topic not in self._seen]
        return f"Not looked at yet: {', '.join(missing)}" if missing else ""
