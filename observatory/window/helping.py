"""What helps people in the window: palette, log, reports, machine strip. Mixed into the main window.

It calls `_make_help` once, `_help_begins` when there is a source, and `_help_ticks` every frame.
"""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ..protocol import events as ev
from ..protocol.drives import PRESETS
from . import report, stopping, words
from .actions import ACTIONS
from .log import LogDock
from .loglines import Log
from .machine import Machine, MachineStrip
from .palette import Entry, Palette

RECENT = 12
"""Commands that the palette remembers."""
READ_S = 1.0
EPISODES = 1_000
"""Episodes that the palette goes to by their words: the newest; a letter then takes 80 ms at most. Search has all."""


class Helping:
    """The window has the story, the source, its docks and its actions."""

    def _make_help_docks(self) -> tuple[LogDock]:
        self.log = Log()
        self.log_dock = LogDock(self.log, self.look)
        self.machine, self.strip = Machine(), MachineStrip(self.look)
        self.failure: report.Failure | None = None
        self._read_at = 0.0
        self._used: list[str] = []
        return (self.log_dock,)

    def _make_help(self) -> None:
        self.status.addWidget(self.strip, 1)
        self.failed.connect(self.something_failed)
        if self.settings:
            kept = self.settings.value("commands") or []
            self._used = [str(each) for each in (kept if isinstance(kept, list) else [kept])]

    def _help_begins(self) -> None:
        """A source is there."""
        home = getattr(self.source, "home", None)
        if self.live and isinstance(home, Path):
            self._remember_home(home)
        self._open_stops()
        self._open_choices()

    def _help_ticks(self, events: list[ev.Event]) -> None:
        self.machine.frames.frame(time.perf_counter())
        if self.log.take(events):
            self.story.changed.add("log")
        self._tell_new_mind()
        self.sleep_if_governed()
        self._name_undo()
        self._welcome_or_not()
        if time.monotonic() - self._read_at >= READ_S and self.strip.isVisible():
            self._read_at = time.monotonic()
            self.strip.show_readings(self.machine.read(self.story, getattr(self.source.state, "pid", None)))

    # ------------------------------------------------------------ palette

    def palette_(self) -> None:
        dialog = Palette(self.entries(), self._used, self.look, self, self._entries_for)
        dialog.used.connect(self._was_used)
        self.palette_dialog = dialog
        dialog.open()

    def _was_used(self, text: str) -> None:
        self._used = [text, *(each for each in self._used if each != text)][:RECENT]
        if self.settings:
            self.settings.setValue("commands", self._used)

    def entries(self) -> list[Entry]:
        """Every action, every dock, every preset of the dials, and the newest episodes."""
        out = []
        for action in ACTIONS:
            made = self.actions_[action.id]
            if action.id != "palette":
                text = made.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")
                out.append(Entry(text, action.tip, made.trigger, _keys(made), getattr(self, action.when)()))
        for dock in self.docks:
            title = dock.windowTitle()
            out.append(Entry(f"Go to dock {title}", f"Bring {title} up and give it the keys",
                             lambda dock=dock: self._go_to(dock)))  # fmt: skip
        for preset, drives in PRESETS.items():
            out.append(Entry(f"Set drives to {preset}", words.dials(drives), lambda d=drives: self.set_dials(d)))
        for episode in reversed(self.story.episodes[-EPISODES:]):
            out.append(Entry(f"Go to episode {words.name(episode.told, episode.number, 60)}", episode.standing,
                             lambda n=episode.number: self.open_episode(n)))  # fmt: skip
        return out

    def _entries_for(self, typed: str) -> list[Entry]:
        """What is typed may be a condition itself."""
        if len(typed) < 4 or stopping.problem(typed):
            return []
        said = typed.strip().removeprefix("until ").strip()
        return [
            Entry(f"Run until {said}", "Run on, and hold as soon as it is so", lambda: self.run_until(typed),
                  can=self.night_runs()),
            Entry(f"Break at {said}", "Hold every night as soon as it is so", lambda: self.add_breakpoint(typed)),
        ]  # fmt: skip

    def _go_to(self, dock) -> None:
        self._show(dock)
        first = next((w for w in dock.body.findChildren(QWidget) if w.isVisible() and w.isEnabled()
                      and w.focusPolicy() & Qt.FocusPolicy.TabFocus), dock.body)  # fmt: skip
        first.setFocus()

    # ------------------------------------------------------------ log, about, what failed

    def show_log(self) -> None:
        self._show(self.log_dock)
        self.log_dock.filter.setFocus()

    def about(self) -> None:
        shown, whole = report.about(self.story), report.text(self.story, self.log.lines)
        self.about_dialog = report.ReportDialog("About this mind", shown, whole, self.choose_save, self)
        self.about_dialog.open()

    def something_failed(self, title: str, text: str, detail: str) -> None:
        """An error nobody caught, from a slot or a thread: said in a notice whose button opens the report."""
        self.failure = report.Failure(title, text, detail)
        notice = ev.Notice(at=time.time(), level="error", title=title, text=text, detail=detail, action="error-report")
        self.log.take([notice])
        self.story.take(notice)
        self.story.changed.add("log")
        self._draw()

    def has_failed(self) -> bool:
        return self.failure is not None

    def error_report(self) -> None:
        if self.failure is not None:
            whole = report.text(self.story, self.log.lines, self.failure)
            self.report_dialog = report.ReportDialog("What went wrong", whole, whole, self.choose_save, self)
            self.report_dialog.open()


def _keys(action) -> str:
    return ", ".join(key.toString(key.SequenceFormat.NativeText) for key in action.shortcuts())
