"""A life on the terminal: progress while it happens, a table when a night asks for leave, one line for each outcome.

Another view of the same events as the window. On a terminal rich draws bars; into a file or pipe plain lines go
out, rarely. It does not know where the events come from and decides nothing.
"""

from __future__ import annotations

import time

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..protocol import events as e
from ..protocol.plain import literal
from .console import PlainConsole

PLAIN_EVERY_S = 15.0
"""Seconds between plain progress lines: a ten-minute night leaves forty of them in a log."""
SILENT_S = 10.0
"""A mind unheard for ten heartbeats is worth a word."""


class Terminal:
    def __init__(self, *, quiet: bool = False, plain: bool = False):
        self.console = PlainConsole(stderr=True)
        self._quiet = quiet
        self._bars = not (quiet or plain) and self.console.is_terminal
        self._progress: Progress | None = None
        self._task = None
        self._spoke = 0.0
        self._silent_said = False

    def __enter__(self) -> Terminal:
        if self._bars:
            self._progress = Progress(
                SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
                TextColumn("{task.fields[left]}", markup=False),
                TimeElapsedColumn(), console=self.console, transient=True,
            )  # fmt: skip
            self._progress.start()
            self._task = self._progress.add_task("opening the home", total=None, left="")
        return self

    def __exit__(self, *_) -> None:
        if self._progress is not None:
            self._progress.stop()

    def say(self, text: str, style: str = "") -> None:
        """A line that stays."""
        if not self._quiet:
            self.console.print(text, style=style or None, markup=False, soft_wrap=True)

    def complain(self, text: str) -> None:
        """Also said when quiet."""
        self.console.print(text, style="red", markup=False, soft_wrap=True)

    def busy(self, what: str, done: float | None = None, of: float | None = None, left: str = "") -> None:
        """What is going on now, with how far it is when that is known."""
        if self._progress is not None:
            self._progress.update(self._task, description=literal(what), completed=done or 0, total=of, left=left)
        elif time.monotonic() - self._spoke > PLAIN_EVERY_S:
            self._spoke = time.monotonic()
            far = f" {done / of:.0%}" if of and done is not None else ""
            self.say(f"… {what}{far}{f', {left}' if left else ''}")

    def listen(self, silent_s: float) -> None:
        """Says once when the mind falls silent, and once when it is heard again."""
        if silent_s > SILENT_S and not self._silent_said:
            self._silent_said = True
            self.say(f"The mind has been silent for {silent_s:.0f} s.", "yellow")
        elif silent_s < 2 and self._silent_said:
            self._silent_said = False
            self.say("The mind is heard again.")

    def show(self, event: e.Event) -> None:
        match event:
            case e.MindWaiting():
                self.busy(event.what, event.fraction, 1.0 if event.fraction is not None else None)
            case e.MindReady():
                self.say(
                    f"{event.model} is awake on {event.device} ({event.precision}, {event.parameters / 1e6:.0f} M "
                    f"parameters); cortex {event.cortex[:12]}"
                )
            case e.EpisodeObserved():
                self.say(f"  read and not stored: “{event.text}” {event.why}")
            case e.NightOpened():
                again = f", taken up again from step {event.resumed_from_step}" if event.resumed_from_step else ""
                self.say(f"Night {event.night} opens over {len(event.episodes)} episodes{again}")
            case e.StageEntered():
                self.say(f"  {event.stage}: {event.text}" if event.text else f"  {event.stage}")
            case e.NightProgress():
                left = "" if event.left_s is None else f"about {_span(event.left_s)} left"
                self.busy(f"night {event.night} · {event.stage} {event.text}".strip(), event.fraction, 1.0, left)
            case e.Decided():
                self.say(f"  {event.by} says {event.decision}: {event.reason}")
            case e.NightClosed():
                self.say(f"Night {event.night} {event.ended} after {_span(event.wall_s)}; cortex {event.cortex[:12]}")
            case e.Retained() if event.faded and any(each.held for each in event.episodes):
                held = sum(each.held for each in event.episodes)
                self.say(f"  faded from the hippocampus: {len(event.faded):,} episodes; it holds {held:,}")
            case e.Notice(level="error" | "warning"):
                self.complain(" ".join(filter(None, [f"{event.title}.", event.text, event.remedy])))
            case e.Notice():
                self.say(f"{event.title}. {event.text}")

    def table(self, proposed: e.Proposed) -> None:
        """What the night learnt and lost, side by side."""
        if self._quiet:
            return
        table = Table(title=f"Night {proposed.proposal.night}: hippocampus unplugged", title_justify="left")
        for column in ("", "before", "after", "asked"):
            table.add_column(column, justify="left" if not column else "right")
        for kind in sorted({*proposed.recall_before, *proposed.recall_after}):
            before, after = proposed.recall_before.get(kind), proposed.recall_after.get(kind)
            table.add_row(
                kind, str(before.right) if before else "–", str(after.right) if after else "–",
                str((after or before).asked),
            )  # fmt: skip
        table.add_row("perplexity", f"{proposed.perplexity_before:.2f}", f"{proposed.perplexity_after:.2f}", "")
        table.add_row("KL from base, nats", f"{proposed.kl_before:.3f}", f"{proposed.kl_after:.3f}", "")
        self.console.print(table)

    def ask(self, proposed: e.Proposed) -> tuple[str, str]:
        """A person's word and reason. Hold is what an empty answer means; approving is never the default."""
        from rich.prompt import Prompt

        if self._progress is not None:
            self._progress.stop()
        self.table(proposed)
        decision = Prompt.ask(
            "Approve, hold or veto?", console=self.console, choices=["approve", "hold", "veto"], default="hold"
        )
        reason = ""
        while decision != "hold" and not reason:
            reason = Prompt.ask("Why?", console=self.console).strip()
        if self._progress is not None:
            self._progress.start()
        return decision, reason or "held at the terminal"


def _span(seconds: float) -> str:
    seconds = round(seconds)
    return f"{seconds} s" if seconds < 90 else f"{seconds // 60} min {seconds % 60:02d} s"
