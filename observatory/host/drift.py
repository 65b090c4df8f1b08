"""Drift for a view: one thread that looks at what lies in the home and has the map process work it out, job by job.

It starts when somebody first looks, answers from what it has, and ends with the session. A map process that dies takes
nothing with it: that is said, with the offer to start another. Arrays stay out of the record; they can be worked out
again from the files. It does not know windows, and the mind never hears of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .. import models, settings
from ..maps import messages
from ..maps.client import MapProcess
from ..protocol import wire
from ..protocol.commands import AcceptedDelta
from ..protocol.events import Proposal
from .course import Lying, lying
from .drifted import Courses, Drifted, Inside, Moved, Picture, Pulled

POLL_S = 1.0
"""Between two looks at the home; a night leaves something every few seconds at most."""
LOG = "map.log"
MOVED_KEPT = 64
"""Stops whose units are kept at a time: about a megabyte each."""
WORDS = ("phase", "what", "part", "problem", "remedy")
"""What is said over and over; said again it changes nothing."""
WORKED_OUT_S, ASKED_S = 120.0, 0.1
"""How long the whole of it is waited for at most: laying a map out takes about 42 s once. And between two looks."""
NOT_PREPARED = "The map needs the model's weights, which are prepared when the home is first opened to live in."


class Drift:
    """`accepted` and `proposed` ask the record; they may raise, which means: not now."""

    def __init__(
        self,
        home: Path,
        model: str,
        accepted: Callable[[], list[AcceptedDelta]],
        proposed: Callable[[], tuple[Proposal | None, int | None]],
    ):
        self.home, self._model, self._accepted, self._proposed = Path(home), model, accepted, proposed
        self._news = threading.Condition()
        self._shown = Drifted()
        self._thread: threading.Thread | None = None
        self._maps: MapProcess | None = None
        self._closed = False
        self._wanted = ""
        self._model_folder: Path | None = None
        self._lying: Lying | None = None
        self._job, self._doing = 0, ""
        self._done: dict[str, object] = {}
        """What was asked and answered, or failed: task by what it was about. Asked again only when that changes."""

    # ------------------------------------------------------------ called from any thread

    def open(self) -> None:
        """Start, if nobody has; after the map process was lost, start another."""
        with self._news:
            if self._closed or (self._thread is not None and self._shown.phase != "lost"):
                return
            # The thread of a map that was lost sees that it is not its own any more, and ends.
            self._maps, self._job, self._doing, self._done = None, self._job + 1, "", {}
            self._say(phase="waits", what="the map process is starting", problem="", remedy="", part=None)
            self._thread = threading.Thread(target=self._live, name="drift", daemon=True)
            self._thread.start()

    def look(self) -> Drifted:
        """What is known now; frozen."""
        return self._shown

    def want(self, key: str) -> None:
        """The stop whose units are looked at comes before the others."""
        with self._news:
            self._wanted = key
            self._news.notify_all()

    def close(self) -> str:
        """End for certain. Returns the rung of the stop ladder that was needed."""
        with self._news:
            self._closed = True
            self._say(phase="closed", what="", part=None)
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()
        return self._maps.stop() if self._maps is not None else "gone"

    # ------------------------------------------------------------ the thread

    def _live(self) -> None:
        maps = MapProcess(self._heard, self._gone, log=self.home / LOG)
        with self._news:
            if self._closed:
                return
            self._maps = maps
        try:
            maps.start()
        except OSError as error:
            self._lost(f"No process could be made for the map: {error}.")
            return
        while True:
            self._look_around()
            with self._news:
                # Another thread has taken over where another map was started meanwhile.
                if self._closed or self._shown.phase == "lost" or self._maps is not maps:
                    return
                self._next()
                self._news.wait(POLL_S)

    def _look_around(self) -> None:
        try:
            accepted = self._accepted()
            proposal, night = self._proposed()
            found = lying(self.home, accepted, proposal, night)
        except (OSError, RuntimeError, TimeoutError):
            return  # the home is not open yet, or is closing; the next look will tell
        with self._news:
            self._lying = found
            if found.stops != self._shown.stops:
                there = {stop.key for stop in found.stops}
                kept = {key: moved for key, moved in self._shown.moved.items() if key in there}
                self._say(stops=found.stops, moved=kept)

    def _next(self) -> None:
        """The next thing to ask, one at a time: layers first, since they need no picture; then what is looked at."""
        if self._doing or self._lying is None:
            return
        folder = self._folder()
        if folder is None:
            return
        for task, about, make in self._tasks(folder):
            if self._done.get(task) != about:
                self._job, self._doing = self._job + 1, task
                self._done[task] = about
                self._maps.send(make(self._job))
                return
        if self._shown.phase in ("waits", "warming", "laying out"):
            self._say(phase="ready", what="", part=None)

    def _folder(self) -> Path | None:
        if self._model_folder is not None:
            return self._model_folder
        kept = models.cache_folder(self.home)
        found = models.find(self._model, kept)
        if found.problem or (not found.ready and found.kind != "hub"):
            self._say(phase="waits", what=found.problem or NOT_PREPARED)
            return None
        try:
            self._model_folder = models.prepare(self._model, kept)[1]
            return self._model_folder
        except (models.ModelMissing, OSError) as error:
            self._say(phase="waits", what=str(error))
            return None

    def _tasks(self, folder: Path):
        """(task, what it is about, how to ask for it), the most urgent first."""
        now, where = self._lying, str(folder)
        yield "base", where, lambda job: messages.ReadBase(job=job, model_folder=where)
        keys = tuple(stop.key for stop in now.stops)
        yield "paths", keys, lambda job: _paths(job, now)
        readings = tuple(now.readings.items())
        if readings:
            files = [str(path) for _, path in readings]
            yield "states", readings, lambda job: messages.TraceStates(job=job, files=files)
        maps = str(models.cache_folder(self.home) / "maps")
        yield "map", where, lambda job: messages.OpenMap(job=job, model_folder=where, kept=[maps])
        if self._shown.picture is None:
            return
        for night, path in now.pulls.items():
            mark = path.stat().st_mtime_ns if path.is_file() else 0
            yield f"pulls {night}", mark, lambda job, path=path: messages.ReadPulls(job=job, file=str(path))
        wanted = [stop.key for stop in now.stops if stop.key == self._wanted]
        for key in [*wanted, *reversed(keys[-MOVED_KEPT:])]:
            yield f"stop {key}", True, lambda job, key=key: messages.Project(job=job, changes=now.changes[key])

    # ------------------------------------------------------------ answers, on the map's reader thread

    def _heard(self, answer: messages.Answer) -> None:
        with self._news:
            if self._closed:
                return
            match answer:
                case messages.Warming():
                    if self._shown.phase == "waits":
                        self._say(phase="warming", what=answer.what)
                    return
                case messages.Warm():
                    return
                case messages.Progress():
                    if self._doing == "map":
                        self._say(phase="laying out", what=answer.what, part=answer.part)
                    return
            if answer.job != self._job:
                if isinstance(answer, messages.Failed) and not answer.job:
                    self._say(problem=answer.what, remedy=answer.remedy)
                return
            task, self._doing = self._doing, ""
            try:
                self._take(task, answer)
            except wire.WireError as error:
                self._say(problem=str(error))
            self._news.notify_all()

    def _take(self, task: str, answer: messages.Answer) -> None:
        shown = self._shown
        match answer:
            case messages.MapOpened():
                self._say(picture=_picture(answer), phase="ready", what="", part=None)
            case messages.Projected():
                self._say(moved={**shown.moved, task.removeprefix("stop "): _moved(answer)})
            case messages.PathsTraced():
                self._say(courses=_courses(self._done[task], answer))
            case messages.StatesTraced():
                self._say(inside=_inside(tuple(reading for reading, _ in self._done[task]), answer))
            case messages.PullsRead():
                night = int(task.removeprefix("pulls "))
                self._say(pulled={**shown.pulled, night: _pulled(answer)})
            case messages.Failed():
                # A step that was thinned while it was asked for is no news: the next look does not list it any more.
                if not task.startswith(("stop step", "paths")) or "missing" not in answer.what:
                    self._say(problem=answer.what, remedy=answer.remedy)

    def _gone(self, exit_code: int | None) -> None:
        with self._news:
            if not self._closed:
                self._lost(f"The map process ended by itself (exit status {exit_code}).")

    def _lost(self, problem: str) -> None:
        with self._news:
            self._doing = ""
            remedy = "The mind and the record are not touched by it. Start the map again."
            self._say(phase="lost", what="", part=None, problem=problem, remedy=remedy)
            self._news.notify_all()

    def _say(self, **change) -> None:
        if all(name in WORDS and getattr(self._shown, name) == value for name, value in change.items()):
            return
        self._shown = replace(self._shown, version=self._shown.version + 1, **change)


@contextmanager
def worked_out(home: Path, accepted: list[AcceptedDelta], most_s: float = WORKED_OUT_S) -> Iterator[Drift]:
    """The drift of a home that nobody lives in now, every stop of it. If it takes too long, as far as it came."""
    drift = Drift(home, settings.peek(home).model, lambda: accepted, lambda: (None, None))
    drift.open()
    try:
        until = time.monotonic() + most_s
        while time.monotonic() < until and not (now := drift.look()).whole and now.phase != "lost":
            # Of a long life only the last stops are placed unasked.
            if missing := next((stop.key for stop in now.stops if stop.key not in now.moved), ""):
                drift.want(missing)
            time.sleep(ASKED_S)
        yield drift
    finally:
        drift.close()


def _paths(job: int, now: Lying) -> messages.TracePaths:
    """Every change once, and for every stop but the base how much of each it holds."""
    every: list[messages.AcceptedChange] = []
    for stop in now.stops:
        every += [change for change in now.changes[stop.key] if change not in every]
    states = [[float(change in now.changes[stop.key]) for change in every] for stop in now.stops[1:]]
    return messages.TracePaths(job=job, changes=every, states=states)


def _picture(answer: messages.MapOpened) -> Picture:
    return Picture(
        layers=answer.layers.numbers().astype(int), neurons=answer.neurons.numbers().astype(int),
        places=answer.coordinates.numbers(), plain=answer.plain.numbers(), floor=answer.floor,
        explained=answer.explained, seed=answer.seed, row=answer.row, versions=answer.versions,
    )  # fmt: skip


def _moved(answer: messages.Projected) -> Moved:
    return Moved(
        after=answer.after.numbers(), plain=answer.plain_after.numbers(), relative=answer.relative.numbers(),
        table=answer.table.numbers(), heat=answer.heat.numbers(), held=answer.held, agreement=answer.agreement,
        moved=answer.moved, moving=answer.moving, line=answer.line, seconds=answer.seconds,
    )  # fmt: skip


def _courses(keys: tuple[str, ...], answer: messages.PathsTraced) -> Courses:
    return Courses(
        keys=keys, layers=answer.layers, kinds=answer.kinds, away=answer.away.numbers(), along=answer.along.numbers(),
        across=answer.across.numbers(), heat=answer.heat.numbers(),
    )  # fmt: skip


def _inside(readings, answer: messages.StatesTraced) -> Inside:
    return Inside(
        readings=readings, layers=answer.layers, rows=answer.rows, places=answer.places.numbers(),
        moved=answer.moved.numbers(), floors=answer.floors.numbers(), explained=answer.explained.numbers(),
    )  # fmt: skip


def _pulled(answer: messages.PullsRead) -> Pulled:
    return Pulled(
        episodes=answer.episodes, before=answer.before.numbers(), after=answer.after.numbers(),
        best=answer.best.numbers().astype(int), strength=answer.strength.numbers(), layers=answer.layers,
        by_layer=answer.by_layer.numbers(),
    )  # fmt: skip
