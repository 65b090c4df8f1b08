"""Stepping through a night, as methods of the main window: run on, one step, one stage, to the exam, to a condition.

`pace` is what the keys move: a live night. In a recording they travel through it.
"""

from __future__ import annotations

from pathlib import Path

from ..protocol.conditions import ConditionUnclear
from . import stopping
from .breakpoints import BreakpointsDock

NEXT_EXAM = "stage exam"
NOT_HEARD = "The night did not hear that"


class Stepping:
    """Mixed into the main window, which has the story, the source, `_do` and `night_runs`."""

    @property
    def pace(self):
        """What Space and the stops move in a live night; in a recording the same keys travel."""
        return self.source

    def _make_stepping(self) -> BreakpointsDock:
        self.stops = stopping.Breakpoints()
        self._told_to: object = None
        dock = self.breakpoints = BreakpointsDock(self.story, self.look, self.stops)
        dock.add_wanted.connect(self.add_breakpoint)
        dock.run_wanted.connect(self.run_until)
        dock.switched.connect(lambda place: self._change_stops("switching a breakpoint", self.stops.switch, place))
        dock.removed.connect(lambda place: self._change_stops("taking a breakpoint away", self.stops.remove, place))
        dock.table.installEventFilter(self)
        return dock

    # ------------------------------------------------------------ moving

    def pause_or_run(self) -> None:
        if self.is_recorded():
            self.travel.play()
        elif self.night_runs():
            paused = self.story.paused
            self._do(NOT_HEARD, lambda: self.pace.run() if paused else self.pace.pause())

    def step(self) -> None:
        if self.is_recorded():
            self.travel.step()
        elif self.night_runs():
            self._do(NOT_HEARD, lambda: self.pace.step("step"))

    def step_stage(self) -> None:
        if self.is_recorded():
            self.travel.stage()
        elif self.night_runs():
            self._do(NOT_HEARD, lambda: self.pace.step("stage"))

    def run_to_exam(self) -> None:
        if self.night_runs():
            self._do(NOT_HEARD, lambda: self.pace.run_until(NEXT_EXAM))

    def run_until(self, text: str) -> None:
        """Asked for in the breakpoints dock or in the palette."""
        if unclear := stopping.problem(text):
            self.breakpoints.say(unclear, wrong=True)
        elif self.night_runs():
            self._do(NOT_HEARD, lambda: self.pace.run_until(text))
            self.breakpoints.say(f"Running until {text.removeprefix('until ')}.")
        else:
            self.breakpoints.say("No night runs now. Add it, and every night holds there.", wrong=True)

    # ------------------------------------------------------------ breakpoints

    def show_breakpoints(self) -> None:
        self._show(self.breakpoints)
        self.breakpoints.line.setFocus()
        self.breakpoints.line.selectAll()

    def add_breakpoint(self, text: str) -> None:
        try:
            self._change_stops("adding a breakpoint", self.stops.add, text)
        except ConditionUnclear as unclear:
            self.breakpoints.say(str(unclear), wrong=True)
            return
        self.breakpoints.line.remember(text)
        self.breakpoints.line.clear()
        self.breakpoints.say(f"Every night holds at: {self.stops.kept[-1].condition}.")

    def _change_stops(self, name: str, change, *what) -> None:
        before = self.stops.kept
        change(*what)
        after = self.stops.kept
        self.acts.did(name, lambda: self._put_stops(before), lambda: self._put_stops(after))
        self._watch()

    def _put_stops(self, kept) -> None:
        self.stops.put(kept)
        self._watch()

    def _open_stops(self) -> None:
        home = getattr(self.source, "home", None)
        try:
            self.stops.open(home if isinstance(home, Path) else None)
        except OSError as error:
            self.notice_error("The breakpoints could not be read", str(error), "")

    def _watch(self) -> None:
        """The mind that is there hears of every change; a new one hears all of them when it has woken."""
        self.story.changed.add("breakpoints")
        if self._open() and self.story.up:
            self._do("The breakpoints were not heard", lambda: self.source.watch(self.stops.watched))

    def _tell_new_mind(self) -> None:
        if self.story.up and self.story.ready is not self._told_to:
            self._told_to = self.story.ready
            if self.stops.watched:
                self._watch()
