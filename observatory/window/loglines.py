"""Events as lines of a log: when, how grave, what, and in words. What a person told or asked is marked as theirs.

Knows no Qt. Kinds that come by the thousand are counted elsewhere and leave no line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ..protocol import events as ev
from . import stopping, words

MOST = 20_000
"""Lines kept; the oldest quarter goes when there are more. The record has all of it."""
Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class LogLine:
    """`said` may hold what people told the mind when `private`; reports leave it out then."""

    at: float
    level: Level
    what: str
    said: str
    private: bool = False

    @property
    def folded(self) -> str:
        return f"{self.what} {self.said} {self.level}".casefold()

    def plain(self, *, everything: bool = True) -> str:
        said = self.said if everything or not self.private else "(what was said is left out)"
        return "  ".join(filter(None, (words.clock(self.at) or "now", self.level, self.what, said)))


class Log:
    """Lines in the order in which they were heard."""

    def __init__(self) -> None:
        self.lines: list[LogLine] = []
        self.warnings = 0

    def take(self, events: Iterable[ev.Event]) -> bool:
        """Whether anything was added. What is kept is a new list after a cut, so that views see it."""
        added = [line for event in events if (line := line_of(event)) is not None]
        self.warnings += sum(line.level != "info" for line in added)
        self.lines.extend(added)
        if len(self.lines) > MOST:
            self.lines = self.lines[-MOST * 3 // 4 :]
        return bool(added)


def line_of(event: ev.Event) -> LogLine | None:
    if isinstance(event, ev.Notice):
        said = " ".join(filter(None, (event.text, event.remedy)))
        return LogLine(event.at, event.level, event.title, said)
    say = _SAID.get(type(event))
    if say is None:
        return None
    what, said, *rest = say(event)
    return LogLine(event.at, rest[0] if rest else "info", what, words.line(said, 600), type(event) in _PRIVATE)


def _checked(e: ev.CortexChecked) -> tuple:
    if e.unchanged:
        return "Cortex checked", "whole" if e.whole else "in part"
    return "The cortex changed while awake", "This must never happen; run observatory verify.", "error"


def _closed(e: ev.NightClosed) -> tuple:
    said = f"{e.ended} after {words.duration(e.wall_s)}, {words.plural(e.steps, 'step')}. {e.why}"
    return f"Night {e.night} over", said, "error" if e.ended == "failed" else "info"


_SAID: dict[type, Callable[..., tuple]] = {
    ev.MindReady: lambda e: ("Mind ready", f"{e.model} on {e.device} in {words.duration(e.load_s)}"),
    ev.MindLost: lambda e: ("Mind lost", f"It ended with {e.exit_code}. {e.last_words}", "error"),
    ev.ModeChanged: lambda e: ("Mode", f"{words.MODES[e.mode]}: {e.why}"),
    ev.EpisodeEncoded: lambda e: (f"Told episode {e.episode}", e.text),
    ev.EpisodeObserved: lambda e: ("Observed, not stored", e.text),
    ev.Answered: lambda e: ("Asked", f"{e.prompt} → {e.answer}"),
    ev.FeedbackGiven: lambda e: (f"Feedback on episode {e.episode}", f"{words.signed(e.outcome)} {e.because}"),
    ev.GoalSet: lambda e: ("Goal", e.goal or "nothing in particular"),
    ev.GovernorDecided: lambda e: (f"Governor: {e.choice}", e.why),
    ev.NightOpened: lambda e: (f"Night {e.night} opened", f"{words.plural(len(e.episodes), 'episode')}. {e.why}"),
    ev.StageEntered: lambda e: (f"Stage {words.STAGE_WORDS[e.stage]}", e.text),
    ev.Paused: lambda e: ("Paused", stopping.where(e)),
    ev.Resumed: lambda e: ("Running on", f"from step {e.step}"),
    ev.Measured: lambda e: (f"Measured {e.when}", f"perplexity {e.perplexity:.2f}, KL {e.kl_from_base:.4f}"),
    ev.Proposed: lambda e: ("At the gate", f"{words.plural(e.proposal.steps, 'step')}, norm {e.proposal.norm:.2f}"),
    ev.Decided: lambda e: (f"Decided: {e.decision}", f"{e.by}: {e.reason}"),
    ev.NightCommitted: lambda e: (f"Night {e.night} committed", f"cortex {words.short(e.cortex_after)}"),
    ev.NightClosed: _closed,
    ev.RolledBack: lambda e: ("Rolled back", f"to night {e.to_night}. {e.why}"),
    ev.CortexChecked: _checked,
}
_PRIVATE = {ev.EpisodeEncoded, ev.EpisodeObserved, ev.Answered, ev.FeedbackGiven, ev.GoalSet}
