"""The whole life of a home as a hypnogram: what it was at, night by night, what was decided, and how tired it was.

Plain data with an axis of time on which hours without events are short. Knows no Qt and draws nothing; it is told every
event as it happens, or once what a long record says of itself.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from ..protocol import events as ev
from . import words

LEVELS = ("awake", "rest", "gate", "exam", "dream", "replay")
"""From waking to the deepest: at the gate it hears, in an exam nothing moves, in replay its weights are trained."""
LEVEL_OF = {
    "propose": "exam", "exam": "exam", "weigh": "exam", "rehearse": "dream", "dream": "dream", "replay": "replay",
    "gate": "gate", "commit": "gate",
}  # fmt: skip
GAP_S = 1800.0
"""Seconds without an event after which time is drawn short: half an hour is longer than any step of a night."""
KINDS = (
    ev.MindReady, ev.ModeChanged, ev.MindLost, ev.NightOpened, ev.StageEntered, ev.Decided, ev.NightCommitted,
    ev.NightClosed, ev.RolledBack,
)  # fmt: skip
"""Events that change the line; of all others only the moment counts, and the pressure that the governor read."""


@dataclass(frozen=True)
class Span:
    """From this event to the next span's: a level, and the night and stage where it is one. Level "": nobody there."""

    seq: int
    level: str
    stage: str = ""
    night: int = 0


@dataclass(frozen=True)
class Mark:
    """A decision on a night: `approved`, `vetoed`, `held` or `rolled back`."""

    seq: int
    kind: str
    night: int
    said: str


class Times:
    """The moment of every event, never falling, in an array that grows."""

    def __init__(self) -> None:
        self._kept = np.zeros(4096)
        self.count = 0
        self.breaks: list[int] = []
        """How many events came before each gap."""

    @property
    def all(self) -> np.ndarray:
        return self._kept[: self.count]

    def add(self, at: float) -> None:
        if self.count == len(self._kept):
            self._kept = np.concatenate([self._kept, np.zeros(self.count)])
        before = float(self._kept[self.count - 1]) if self.count else at
        now = max(at, before)
        if now - before > GAP_S and before > 0:
            self.breaks.append(self.count)
        self._kept[self.count] = now
        self.count += 1

    def start_with(self, moments: np.ndarray) -> None:
        self._kept = np.maximum.accumulate(np.asarray(moments, float)) if len(moments) else np.zeros(1)
        self.count = len(moments)
        self.breaks = (np.flatnonzero(np.diff(self.all) > GAP_S) + 1).tolist()


class Hypnogram:
    def __init__(self) -> None:
        self.times = Times()
        self.spans: list[Span] = []
        self.marks: list[Mark] = []
        self.nights: list[tuple[int, int]] = []
        """The event that opened it, and its number; a night that was resumed has one place."""
        self.pressures: list[tuple[int, float]] = []
        self.changes = 0

    @property
    def last(self) -> int:
        """The number of the newest event."""
        return self.times.count

    # ------------------------------------------------------------ filling

    def take(self, event: ev.Event) -> None:
        """The next event of the record. One without a number gets the next one; what was taken already is passed by."""
        if not isinstance(event, ev.Record) or 0 < event.seq <= self.last:
            return
        self.times.add(event.at)
        self.changes += 1
        if isinstance(event, ev.GovernorDecided):
            self.pressures.append((self.last, event.states.pressure))
        elif isinstance(event, KINDS):
            self._note(self.last, event)

    @classmethod
    def of(cls, moments: np.ndarray, events: list[ev.Record], pressures: list[tuple[int, float]]) -> Hypnogram:
        """What a long record says of itself at once. It may be made beside the window, which cannot wait for it."""
        made = cls()
        made.times.start_with(moments)
        made.pressures = list(pressures)
        for event in events:
            made._note(event.seq, event)
        return made

    def become(self, other: Hypnogram) -> None:
        """What came by telling before is in the other too."""
        self.__dict__ = {**other.__dict__, "changes": self.changes + 1}

    def _note(self, seq: int, event: ev.Record) -> None:
        match event:
            case ev.MindReady():
                self._span(Span(seq, "awake"))
            case ev.MindLost():
                self._span(Span(seq, ""))
            case ev.ModeChanged(mode="awake" | "rest"):
                self._span(Span(seq, event.mode))
            case ev.ModeChanged(mode="waiting" | "leaving"):
                self._span(Span(seq, ""))
            case ev.NightOpened():
                if not self.nights or self.nights[-1][1] != event.night:
                    self.nights.append((seq, event.night))
                self._span(Span(seq, "exam", "propose", event.night))
            case ev.StageEntered():
                self._span(Span(seq, LEVEL_OF[event.stage], event.stage, event.night))
            case ev.NightClosed():
                self._span(Span(seq, "awake" if event.ended in ("committed", "vetoed") else ""))
                if event.ended == "vetoed" and not (self.marks and self.marks[-1].night == event.night):
                    self.marks.append(Mark(seq, "vetoed", event.night, event.why))
            case ev.Decided():
                kind = {"approve": "approved", "veto": "vetoed", "hold": "held"}[event.decision]
                self.marks.append(Mark(seq, kind, event.night, f"by {event.by}: {event.reason}"))
            case ev.RolledBack():
                self.marks.append(Mark(seq, "rolled back", event.to_night, event.why))

    def _span(self, span: Span) -> None:
        before = self.spans[-1] if self.spans else None
        if before is None or (before.level, before.stage, before.night) != (span.level, span.stage, span.night):
            self.spans.append(span)

    # ------------------------------------------------------------ asking

    def at(self, seq: int) -> float:
        """When that event was; the first one's moment before it."""
        return float(self.times.all[max(0, min(seq, self.last) - 1)]) if self.last else 0.0

    def seq_at(self, at: float) -> int:
        """The last event up to that moment."""
        return int(np.searchsorted(self.times.all, at, side="right"))

    def span_at(self, seq: int) -> Span | None:
        place = bisect_right(self.spans, seq, key=lambda span: span.seq)
        return self.spans[place - 1] if place else None

    def pressure_at(self, seq: int) -> float | None:
        place = bisect_right(self.pressures, seq, key=lambda pair: pair[0])
        return self.pressures[place - 1][1] if place else None

    def night_before(self, seq: int) -> int:
        """The event that opened the last night up to there; 0 where there was none."""
        place = bisect_right(self.nights, seq, key=lambda pair: pair[0])
        return self.nights[place - 1][0] if place else 0

    def night_after(self, seq: int) -> int | None:
        place = bisect_right(self.nights, seq, key=lambda pair: pair[0])
        return self.nights[place][0] if place < len(self.nights) else None

    def next_change(self, seq: int, way: int) -> int:
        """The nearest event on that side that begins or decides something; else the first or the last of all."""
        if way > 0:
            return min((n for n in self._near(seq, 1) if n > seq), default=self.last)
        return max((n for n in self._near(seq, -1) if n < seq), default=min(1, self.last))

    def _near(self, seq: int, way: int) -> list[int]:
        """Candidates around that event, two of each list on the wanted side."""
        found = []
        for of in (self.spans, self.marks):
            place = bisect_right(of, seq if way > 0 else seq - 1, key=lambda each: each.seq)
            found += [each.seq for each in (of[place : place + 1] if way > 0 else of[max(0, place - 1) : place])]
        place = bisect_right(self.times.breaks, seq - 1 if way > 0 else seq - 2)
        near = self.times.breaks[place : place + 1] if way > 0 else self.times.breaks[max(0, place - 1) : place]
        return found + [n + 1 for n in near]

    def said(self, seq: int) -> str:
        """That moment in words: when, in which night and stage, how tired."""
        if not self.last:
            return ""
        span, pressure = self.span_at(seq), self.pressure_at(seq)
        parts = [words.when("", self.at(seq))]
        if span is not None and span.night:
            parts.append(f"night {span.night}, {words.STAGE_WORDS[span.stage].lower()}")
        elif span is not None:
            parts.append(words.MODES.get(span.level, "no mind was awake"))
        if pressure is not None:
            parts.append(f"sleep pressure {pressure:.2f}")
        return "  ·  ".join(filter(None, parts))

    def marks_near(self, first: int, last: int) -> list[Mark]:
        """Decisions from one event to another."""
        place = bisect_right(self.marks, first - 1, key=lambda mark: mark.seq)
        end = bisect_right(self.marks, last, key=lambda mark: mark.seq)
        return self.marks[place:end]


class Axis:
    """Moments on a line of so much room: proportional to time, but every gap is as short as every other."""

    def __init__(self, hypnogram: Hypnogram, room: float, gap: float, most: float = 0.3):
        """`gap`: the room of each; all of them together take no more than `most` of the room."""
        times, breaks = hypnogram.times.all, hypnogram.times.breaks
        self._hypnogram = hypnogram
        if not len(times):
            self._at, self._x, self.gaps = np.zeros(2), np.array([0.0, room]), []
            return
        starts = np.array([0, *breaks])
        ends = np.array([*breaks, len(times)]) - 1
        lasts = times[ends] - times[starts]
        gap = min(gap, most * room / len(breaks)) if breaks else 0.0
        left = room - gap * len(breaks)
        scale = left / float(lasts.sum()) if lasts.sum() > 0 else 0.0
        begins = np.concatenate([[0.0], np.cumsum(lasts * scale + gap)[:-1]])
        self._at = np.stack([times[starts], times[ends]], 1).ravel()
        self._x = np.stack([begins, begins + lasts * scale], 1).ravel()
        self.gaps = [
            (float(begins[n] - gap), float(begins[n]), float(times[starts[n]] - times[ends[n - 1]]))
            for n in range(1, len(starts))
        ]
        """Where each gap begins and ends, and the seconds that it stands for."""

    def x(self, seq: int | np.ndarray) -> np.ndarray:
        """Where events lie."""
        times = self._hypnogram.times.all
        if not len(times):
            return np.zeros(np.shape(seq))
        return np.interp(times[np.clip(np.asarray(seq) - 1, 0, len(times) - 1)], self._at, self._x)

    def seq(self, x: float) -> int:
        """The last event up to that place, at least the first."""
        if not self._hypnogram.last:
            return 0
        return max(1, self._hypnogram.seq_at(float(np.interp(x, self._x, self._at)) + 1e-4))
