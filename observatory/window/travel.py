"""Going to another moment of the life: all docks show it, and the present goes on being told behind them.

There are two stories: the one that is shown, which the docks hold, and the present, which takes every event. Live they
are one. Away they are two, and coming back makes them one again, so nothing is missed. Draws nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from ..protocol import events as ev
from .folding import Folding
from .hypnogram import KINDS, Axis, Hypnogram
from .story import Story

PAST = "You look at the past; L brings you back to now"
RECORDING = "A recording: it can be looked at, not talked to"
SPEEDS = (1, 10, 60, 300, 1800)
"""Seconds of the recording in a second of playing."""
GAP_PLAYED_S = 1.0
"""Seconds of playing that hours without events take."""
MOST_AT_ONCE = 400
"""Events told in one frame of playing: about 8 ms."""
AHEAD = 600
"""Events that are read on at once for playing."""


class Travel:
    """`seq` is the moment that is shown; None is now, in a recording its end. `wanted`: one that is being made."""

    def __init__(self, story: Story):
        self.story, self.present = story, Story()
        self.present.tell_of(story)
        self.hypnogram = Hypnogram()
        self.seq: int | None = None
        self.wanted: int | None = None
        self.recorded = False
        self.playing = False
        self.speed = SPEEDS[2]
        self.problem = ""
        self.changes = 0
        self._source: Any = None
        self._folding: Folding | None = None
        self._whole: list[ev.Event] | None = None
        """While the older part of a long life is read: what has happened since, to be told after it."""
        self._whole_upto = 0
        self._ahead: deque[ev.Record] = deque()
        self._reading_on = False
        self._steps = 0
        self._played = 0.0
        self._axis: Axis | None = None
        self._ticked = 0.0

    # ------------------------------------------------------------ how it stands

    @property
    def away(self) -> bool:
        return self.seq is not None or self.wanted is not None

    @property
    def possible(self) -> bool:
        return self._folding is not None and self.hypnogram.last > 0

    @property
    def whole(self) -> bool:
        """The story of now holds the whole life, and not only its last part."""
        return self._whole is None

    @property
    def place(self) -> int:
        """The number of the last event that is shown, or will be in a moment."""
        if self.wanted is not None:
            return self.wanted
        return self.hypnogram.last if self.seq is None else self.seq

    @property
    def reading(self) -> str:
        """What is being read, in words; empty when nothing is."""
        folder = self._folding
        if folder is None or not folder.busy or folder.fraction == 0.0:
            return ""
        what = "Older history is being read" if self._whole is not None and not self.away else "Reading"
        return f"{what}: {100 * folder.fraction:.0f} %"

    # ------------------------------------------------------------ the source

    def attach(self, source: Any) -> None:
        """Whoever can tell of the past can be travelled in; a read-only one is a recording."""
        self._source = source
        if not hasattr(source, "past"):
            return
        self.recorded = bool(getattr(source.state, "read_only", False))
        self._folding = Folding(source.past, lambda: self.hypnogram.last, self.hypnogram.night_before)
        if self.recorded:
            self.present.past, self.present.live_since = RECORDING, time.time() - 1.0

    def close(self) -> None:
        if self._folding is not None:
            self._folding.close()

    def take(self, events: Sequence[ev.Event]) -> None:
        """What happens now, whatever is shown."""
        if events and self._whole is None and not self._whole_upto and self._told_from() > 1:
            self._whole, self._whole_upto = [], -1
            self._folding.ask(lambda: Hypnogram.of(*self._source.timeline(KINDS)))
        for event in events:
            if self._whole_upto >= 0:
                self.hypnogram.take(event)
            self.present.take(event)
        if self._whole is not None:
            self._whole += events

    def _told_from(self) -> int:
        """The first event of those that come by themselves; in a long life what lies before is asked for."""
        return getattr(self._source.state, "told_from", 1) if self._folding is not None else 1

    def _read_line(self, line: Hypnogram) -> None:
        """The line of time of a long life is known at once; its story is told from the beginning behind the window."""
        self.hypnogram.become(line)
        self._whole_upto = self.hypnogram.last
        for event in self._whole:
            self.hypnogram.take(event)
        self._folding.want(self._whole_upto)
        self.changes += 1

    # ------------------------------------------------------------ every frame

    def tick(self) -> None:
        folder = self._folding
        if folder is None:
            return
        if folder.problem:
            self.problem, folder.problem = folder.problem, ""
            self.playing = False
        if (found := folder.answer()) is not None:
            if self._whole_upto < 0:
                self._read_line(found)
            else:
                self._reading_on = False
                self._ahead.extend(each for each in found if each.seq == self.seq + len(self._ahead) + 1)
        if (done := folder.take()) is not None:
            self._arrive(*done)
        self._go_on()

    def _arrive(self, seq: int, story: Story) -> None:
        if self._whole is not None and seq == self._whole_upto and not self.away:
            self._add_the_rest(story)
            return
        if not self.away:
            return
        story.past = RECORDING if self.recorded else PAST
        self.story.tell_of(story)
        self.seq = seq
        if self.wanted == seq:
            self.wanted = None
        self._ahead.clear()
        self.changes += 1

    def _add_the_rest(self, story: Story) -> None:
        """The whole story in place of its last part: what came since is told after it, and what is being said."""
        before, since = self.present, [e for e in self._whole if not 0 < e.seq <= self._whole_upto]
        self._whole = None
        story.live_since, story.past = before.live_since, before.past
        story.heard = story.live_since is None
        story.take_all(since)
        story.heard = before.heard
        story.waiting, story.heartbeat, story.checked = before.waiting, before.heartbeat, before.checked
        story.saved, story.lost, story.mode, story.paused = before.saved, before.lost, before.mode, before.paused
        for turn in before.turns:
            if turn.kind == "told" and turn.encoded is None and turn.observed is None:
                story.telling(turn.number, turn.text)
            elif turn.kind == "asked" and turn.answered is None:
                story.asking(turn.number, turn.text, turn.memory)
        story.notices = before.notices
        self.present.tell_of(story)
        self.story.tell_of(self.present)
        self.changes += 1

    # ------------------------------------------------------------ going

    def go(self, seq: int) -> None:
        """To that event, from wherever; past the last one is now."""
        if not self.possible:
            return
        self.playing = False
        self._to(seq)

    def _to(self, seq: int) -> None:
        self._steps = 0
        if seq >= self.hypnogram.last:
            self.live()
            return
        self.wanted, self._reading_on = max(1, seq), False
        self._folding.want(self.wanted)
        self.changes += 1

    def live(self) -> None:
        """Back to now; in a recording to its end."""
        self.playing, self._steps = False, 0
        if not self.away:
            return
        self.seq = self.wanted = None
        self._reading_on = False
        self._ahead.clear()
        self._folding.forget()
        self.story.tell_of(self.present)
        if self._whole is not None:
            self._folding.want(self._whole_upto)
        self.changes += 1

    def night(self, way: int) -> None:
        """To where the next night begins, or the one before."""
        if way > 0:
            self.go(self.hypnogram.night_after(self.place) or self.hypnogram.last)
        else:
            self.go(self.hypnogram.night_before(self.place - 1) or 1)

    def change(self, way: int) -> None:
        """To the next change of stage or mode, or decision, on that side."""
        self.go(self.hypnogram.next_change(self.place, way))

    # ------------------------------------------------------------ playing

    def play(self) -> None:
        """Play on from here, or pause. At the end it begins again."""
        if not self.possible:
            return
        self.playing = not self.playing
        self._ticked = time.monotonic()
        self._axis = None
        if self.playing and not self.away:
            self._to(1)
        self.changes += 1

    def faster(self, way: int = 1) -> None:
        place = max(0, min(len(SPEEDS) - 1, SPEEDS.index(self.speed) + way))
        self.speed, self._axis = SPEEDS[place], None
        self.changes += 1

    def step(self, way: int = 1) -> None:
        """One event on, or back."""
        if not self.possible:
            return
        self.playing = False
        if way < 0:
            self.go(self.place - 1)
        elif self.away:
            self._steps += 1
            self._go_on()

    def on_to(self, seq: int) -> None:
        """To a later event by telling what lies between; from anywhere else like `go`."""
        if self.seq is None or self.wanted is not None or seq < self.seq:
            self.go(seq)
        else:
            self.playing, self._steps = False, min(seq, self.hypnogram.last) - self.seq

    @property
    def arrived(self) -> bool:
        """Nothing that was asked for is still on its way."""
        return self.wanted is None and self._steps == 0

    def stage(self) -> None:
        """To where the next stage begins."""
        self.change(1)

    def _go_on(self) -> None:
        """As far as steps and playing ask for, out of what was read on."""
        if self.seq is None or self.wanted is not None:
            return
        if self.playing:
            self._steps = self._due()
        moved = 0
        while self._steps > 0 and self._ahead and moved < MOST_AT_ONCE:
            event = self._ahead.popleft()
            self.story.take(event)
            self.seq = event.seq
            self._steps -= 1
            moved += 1
        if moved:
            self.changes += 1
        if self.seq >= self.hypnogram.last:
            self.live()
        elif (self._steps or self.playing) and len(self._ahead) < AHEAD // 3 and not self._reading_on:
            after, self._reading_on = self.seq + len(self._ahead), True
            self._folding.ask(lambda: list(self._source.past(after, after + AHEAD)))

    def _due(self) -> int:
        """Events between here and where playing is by now. Hours without events take a moment."""
        now = time.monotonic()
        if self._axis is None:
            times, breaks = self.hypnogram.times, self.hypnogram.times.breaks
            lived = float(times.all[-1] - times.all[0]) - sum(float(times.all[n] - times.all[n - 1]) for n in breaks)
            room = lived / self.speed + GAP_PLAYED_S * len(breaks)
            self._axis = Axis(self.hypnogram, room, GAP_PLAYED_S, most=1.0)
            self._played = float(self._axis.x(self.seq))
        self._played += min(0.25, now - self._ticked)
        self._ticked = now
        return max(0, self._axis.seq(self._played) - self.seq)
