"""Stories of other moments, made behind the window: the nearest one that was kept, copied and told on from there.

One thread, one wish at a time, the latest wins. In a long life (`WHOLE`) what lies far back is told by its headlines
and the last night up to the moment in full, because millions of events take minutes. Knows no Qt and no record: it is
handed whatever yields stored events.
"""

from __future__ import annotations

import gc
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..protocol import events as ev
from .copies import copied
from .story import Story

Past = Callable[..., Iterator[ev.Record]]
"""`past(after, upto, kinds)`: stored events in order, of these kinds only if any are named."""

WHOLE = 50_000
"""Events up to which every story holds everything: folding so many takes about two seconds."""
DETAIL = 20_000
"""In a longer life: events before the moment that are told in full when its last night began earlier than that."""
KEPT, KEPT_LONG = 12, 3
"""Stories that are kept along a life, and along a long one, where each takes seconds and some hundred megabytes."""
NEAR = 400
"""Events before the moment at which one more is kept, so that a step back is quick."""
STALE_S = 0.3
"""An old wish is finished if it takes no longer than this, so that dragging shows something on the way."""
LOOK_EVERY = 200

HEADLINES = (
    ev.MindReady, ev.MindLost, ev.ModeChanged, ev.EpisodeEncoded, ev.EpisodeKept, ev.EpisodesScored, ev.GoalSet,
    ev.FeedbackGiven, ev.NightOpened, ev.Proposed, ev.Decided, ev.NightCommitted, ev.NightClosed, ev.RolledBack,
    ev.StateTrained, ev.Examined, ev.EpisodesMarked, ev.ForgettingAsked, ev.Forgotten,
)  # fmt: skip
"""What is told of long ago: every episode and how it stands, and how every night came out."""


class Folding:
    """`want` asks for a story and `take` gives it; `ask` has something read and `answer` gives what it found.

    `detail_from` says where the last night before an event began.
    """

    def __init__(self, past: Past, last: Callable[[], int], detail_from: Callable[[int], int]):
        self._past, self._last, self._detail_from = past, last, detail_from
        self._turn = threading.Condition()
        self._wanted: int | None = None
        self._question: Callable[[], Any] | None = None
        self._done: tuple[int, Story] | None = None
        self._answer: Any = None
        self._closing = False
        self._kept: dict[int, Story] = {}
        self._order: list[int] = []
        self._near: tuple[int, Story] | None = None
        self.fraction = 0.0
        self.problem = ""
        self._thread = threading.Thread(target=self._work, name="travel", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------ asked from the window

    def want(self, seq: int) -> None:
        with self._turn:
            self._wanted, self._done = seq, None
            self._turn.notify()

    def ask(self, question: Callable[[], Any]) -> None:
        """Something to be read behind the window; before any story, because it is short."""
        with self._turn:
            self._question, self._answer = question, None
            self._turn.notify()

    def forget(self) -> None:
        """Nothing is wanted any more."""
        with self._turn:
            self._wanted = self._done = self._question = self._answer = None

    def take(self) -> tuple[int, Story] | None:
        """A moment and its story, once; it is the window's from then on."""
        with self._turn:
            done, self._done = self._done, None
            return done

    def answer(self) -> Any:
        with self._turn:
            answer, self._answer = self._answer, None
            return answer

    @property
    def busy(self) -> bool:
        return self._wanted is not None

    def close(self) -> None:
        with self._turn:
            self._closing = True
            self._turn.notify()
        self._thread.join(5.0)

    # ------------------------------------------------------------ the thread

    def _work(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._closing or self._wanted is not None or self._question is not None)
                if self._closing:
                    return
                wanted, question = self._wanted, self._question
            try:
                if question is not None:
                    self._read(question)
                else:
                    self._tell(wanted)
            except (RuntimeError, ValueError, OSError) as error:
                with self._turn:
                    self.problem, self._wanted, self._question = str(error), None, None

    def _read(self, question: Callable[[], Any]) -> None:
        found = question()
        with self._turn:
            if self._question is question:
                self._answer, self._question = found, None

    def _tell(self, wanted: int) -> None:
        started, self.fraction = time.monotonic(), 0.0
        with _uncollected(self._last() > WHOLE):
            story = self._story(wanted, lambda: self._stale(wanted, started))
        with self._turn:
            if story is not None:
                self._done = wanted, story
                if self._wanted == wanted:
                    self._wanted = None

    def _stale(self, wanted: int, started: float) -> bool:
        return self._closing or (self._wanted != wanted and time.monotonic() - started > STALE_S)

    def _story(self, wanted: int, stale: Callable[[], bool]) -> Story | None:
        """None when it is no longer wanted."""
        last = self._last()
        whole = last <= WHOLE
        detail = wanted if whole else max(0, wanted - DETAIL, self._night_before(wanted))
        at, story = self._nearest(wanted if whole else detail)
        first, far = at, max(1, wanted - at)
        spacing = max(2_000, last // (KEPT if whole else KEPT_LONG))
        # A long life is told by headlines up to where it is told in full; a short one in full from the start.
        for upto, kinds in ((detail, None if whole else HEADLINES), (wanted, None)):
            if upto <= at:
                continue
            keep_at = (at // spacing + 1) * spacing
            for event in self._past(at, upto, kinds):
                if (upto == detail or whole) and event.seq > keep_at:
                    self._keep(keep_at, story)
                    keep_at = (event.seq // spacing + 1) * spacing
                if whole and event.seq == wanted - NEAR and wanted - first > NEAR:
                    self._near = event.seq - 1, copied(story)
                story.take(event)
                if event.seq % LOOK_EVERY == 0:
                    self.fraction = (event.seq - first) / far
                    if stale():
                        return None
            at = upto
            if not whole and upto == detail and at - first > DETAIL:
                self._near = at, copied(story)
        return story

    def _night_before(self, wanted: int) -> int:
        opened = self._detail_from(wanted)
        return opened - 1 if opened and wanted - opened < DETAIL else 0

    def _nearest(self, upto: int) -> tuple[int, Story]:
        place = bisect_right(self._order, upto)
        at, story = (self._order[place - 1], self._kept[self._order[place - 1]]) if place else (0, Story())
        if self._near is not None and at < self._near[0] <= upto:
            at, story = self._near
        return at, copied(story)

    def _keep(self, at: int, story: Story) -> None:
        if at not in self._kept:
            self._kept[at] = copied(story)
            self._order = sorted(self._kept)


@contextmanager
def _uncollected(wanted: bool) -> Iterator[None]:
    """Without Python's search for cycles, which takes longer than the work where millions of new things hold none.

    What was made is never searched either: a search through it would stop the window for a second.
    """
    if not wanted:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
