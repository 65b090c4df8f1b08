"""What is shown while jobs run: on a terminal one line a job, in a pipe or file one line a change.

It reads where a job stands from the job's own log. It does not know how jobs are run.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from .jobs import Job, doing

EVERY_S = 1.0
PLAIN_EVERY_S = 60.0
"""Seconds between two plain lines about one job: an hour's job leaves sixty in a log."""


class Board:
    def __init__(self, jobs: Sequence[Job], work: Path, *, quiet: bool = False, plain: bool = False):
        self.console = Console(stderr=True, highlight=False)
        self._quiet, self._work = quiet, work
        self._since = time.time()
        self._state = {job: "waiting" for job in jobs}
        self._begun: dict[Job, float] = {}
        self._took: dict[Job, float] = {}
        self._said: dict[Job, tuple[str, float]] = {}
        self._looked = 0.0
        self._live = None
        if not quiet and not plain and self.console.is_terminal:
            self._live = Live(console=self.console, auto_refresh=False, transient=True)

    def __enter__(self) -> Board:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_) -> None:
        if self._live is not None:
            self._live.stop()

    def look(self) -> None:
        """Once a second at most: what every job is at."""
        now = time.time()
        if now - self._looked < EVERY_S:
            return
        self._looked = now
        for job, state in self._state.items():
            if job in self._took:
                continue
            found = doing(job, self._work, self._since)
            if found:
                self._begun.setdefault(job, now)
                self._state[job] = found
                self._change(job, state.split(":")[0] != found.split(":")[0])
        self._draw()

    def ended(self, job: Job, how: str) -> None:
        self._took[job] = time.time() - self._begun.get(job, self._since)
        self._state[job] = how
        self._change(job, True)
        self._draw()

    def _change(self, job: Job, new: bool) -> None:
        """In a pipe: a line when another night or state begins, and a rare one in between."""
        if self._quiet or self._live is not None:
            return
        before, at = self._said.get(job, ("", 0.0))
        if self._state[job] != before and (new or time.time() - at > PLAIN_EVERY_S):
            self._said[job] = self._state[job], time.time()
            self.console.print(f"{job.name}: {self._state[job]} ({self._span(job)})", markup=False, soft_wrap=True)

    def _draw(self) -> None:
        if self._live is None:
            return
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for wrap in ("ellipsis", "fold", "ellipsis"):
            table.add_column(no_wrap=True, overflow=wrap)
        for job, state in self._state.items():
            table.add_row(job.name, self._span(job), state, style="dim" if state == "waiting" else None)
        self._live.update(table, refresh=True)

    def _span(self, job: Job) -> str:
        begun = self._begun.get(job)
        seconds = int(self._took.get(job, time.time() - begun if begun else 0))
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
