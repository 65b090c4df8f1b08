"""Undo and redo in the window: feedback, goal, dials, breakpoints and layouts, each under its name.

Mixed into the main window. Taking back is said to the mind and kept by the record like the act itself.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer

from ..protocol.drives import Drives
from . import words
from .undo import Acts

TAKEN_BACK = "taken back"
"""The reason kept where nothing was known before: neither good nor bad, and no words are read with the episode."""
SETTLED_MS = 700
"""Milliseconds without a turn after which dials count as set."""


class Undoing:
    """The window has the story, the source, `_do` and the drives dock."""

    def _make_undoing(self) -> None:
        self.acts = Acts()
        self._dials_were = self.drives.dials.drives
        self._named: tuple[str, str] = ("", "")
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self._dials_set)
        self.drives.dials.turned.connect(self._settled.start)

    def can_undo(self) -> bool:
        return bool(self.acts.to_undo)

    def can_redo(self) -> bool:
        return bool(self.acts.to_redo)

    def undo(self) -> None:
        self._dials_set()
        if name := self.acts.undo():
            self._say_done(f"Undone: {name}.")
        self._name_undo()

    def redo(self) -> None:
        if name := self.acts.redo():
            self._say_done(f"Done again: {name}.")
        self._name_undo()

    def _say_done(self, text: str) -> None:
        self.statusBar().showMessage(words.line(text), 4000)

    def _name_undo(self) -> None:
        """The menu says what would be taken back."""
        named = self.acts.to_undo, self.acts.to_redo
        if named == self._named:
            return
        self._named = named
        for id_, verb, name in (("undo", "&Undo", named[0]), ("redo", "&Redo", named[1])):
            self.actions_[id_].setText(f"{verb} {words.line(name, 60).replace('&', '&&')}".strip())
        self._enable()

    # ------------------------------------------------------------ how it went

    def give_feedback(self, number: int, score: float, why: str) -> None:
        told = self.story.by_number[number].told
        before = (told.outcome, told.because) if told.outcome is not None else (0.0, TAKEN_BACK)
        if self._feed_back(number, score, why):
            name = f"feedback on {words.name(told, number)}"
            self.acts.did(name, lambda: self._feed_back(number, *before), lambda: self._feed_back(number, score, why))

    def _feed_back(self, number: int, score: float, why: str) -> bool:
        said = self._do("How it went was not taken down", lambda: (self.source.feedback(number, score, why), True))
        return said is not None

    # ------------------------------------------------------------ goal

    def set_goal(self, goal: str) -> None:
        if not (self._open() and self.story.listens):
            return
        before = self.story.goal
        if self._aim(goal) and goal != before:
            self.acts.did("setting the goal", lambda: self._aim(before), lambda: self._aim(goal))

    def _aim(self, goal: str) -> bool:
        said = self._do("The goal was not set", lambda: (self.source.set_goal(goal), True))
        self.drives.goal.setModified(False)
        return said is not None

    # ------------------------------------------------------------ dials

    def set_dials(self, drives: Drives) -> None:
        """By name, from the palette."""
        self.drives.dials.set(drives, by_hand=True)
        self._dials_set()
        self._say_done(f"The next night draws by {words.dials(drives)}.")

    def _dials_set(self) -> None:
        self._settled.stop()
        before, now = self._dials_were, self.drives.dials.drives
        self._dials_were = now
        if before != now:
            self._keep_dials(now)
            self.acts.did("turning the dials", lambda: self._put_dials(before), lambda: self._put_dials(now))

    def _put_dials(self, drives: Drives) -> None:
        self._dials_were = drives
        self.drives.dials.set(drives, by_hand=True)
        self._settled.stop()
        self._keep_dials(drives)
