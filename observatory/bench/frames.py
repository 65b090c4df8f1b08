"""How smooth the window is while a night trains: frame times, from a canned flood or from a live source.

`python -m observatory.bench.frames [--live | --replays N] [--all-docks]` prints JSON; `--live` measures while the real
model replays the built-in first day in a scratch home, `--replays` with the replay dock in front, after so many
replays, and while they are walked through; `--all-docks` with every dock side by side in a window as wide as a wall,
so that nothing is spared for standing behind a tab. A frame is one tick of the window's timer (taking in
events and drawing what is new) with the painting that follows; lateness is how much longer than the
timer's interval two ticks were apart. It measures and asserts nothing about the mind.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

from .. import resources
from ..protocol import events as ev
from ..protocol.days import read_day

TARGET_P95_MS = 40.0
DRAWERS = ("curiosity", "focus", "fear", "chance")
STEPS_A_SECOND = 20.0
"""Forty times what two cores do on the default model; a GPU may come near it."""
WALL, ACROSS = (2560, 1440), 4
"""Size of the window that has every dock in sight, and how many stand in a row."""


def measure(
    source,
    seconds: float = 20.0,
    *,
    size: tuple[int, int] = (1520, 940),
    theme: str = "night",
    all_docks: bool = False,
    before: Callable = lambda window: None,
    each: Callable = lambda window: None,
) -> dict:
    """Open the window on `source` for so long, and say how long its frames took. Needs no display.

    `before` prepares the window, and its time is not counted; `each` is done in every frame, and counts. `all_docks`
    has every dock in sight, in a larger window.
    """
    from ..window.look import Look, platform_without_display

    platform_without_display()
    from PySide6.QtCore import QEvent, QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from ..window.app import application
    from ..window.main import TICK_MS, MainWindow

    application()
    opened = time.perf_counter()
    window = MainWindow(Look(theme))
    window.resize(*(WALL if all_docks else size))
    window.show()
    QApplication.processEvents()
    window_up = time.perf_counter() - opened
    window.attach(source)
    window._timer.stop()
    if all_docks:
        side_by_side(window)
    before(window)
    frames, worked, gaps, last = [], [], [], None
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        if last is not None:
            gaps.append((now - last) * 1e3)
        last, busy = now, time.process_time()
        window.tick()
        each(window)
        # Painting is what the tick's updates cause: they are carried out in this turn of the loop.
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
        took = time.perf_counter() - now
        frames.append(took * 1e3)
        worked.append((time.process_time() - busy) * 1e3)
        if (rest := TICK_MS / 1e3 - took) > 0:
            pause = QEventLoop()
            QTimer.singleShot(round(rest * 1e3), pause.quit)
            pause.exec()
    report = {
        "seconds": round(seconds, 1),
        "frames": len(frames),
        "frames_a_second": round(len(frames) / seconds, 1),
        "frame_ms": spread(frames),
        "frame_cpu_ms": spread(worked),
        "between_frames_ms": spread(gaps),
        "target_p95_ms": TARGET_P95_MS,
        "met": spread(frames)["p95"] <= TARGET_P95_MS,
        "events": window.story.taken,
        "steps_shown": len(window.story.night.steps) if window.story.night else 0,
        "window_up_s": round(window_up, 2),
        "size": [window.width(), window.height()],
        "docks_in_sight": in_sight(window),
        "docks": len(window.docks),
    }
    window.ask_leave = lambda text: True
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return report


def side_by_side(window) -> None:
    """Every dock in sight at once, four in a row."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    for dock in window.docks:
        dock.setFloating(False)
        window.removeDockWidget(dock)
    columns = [window.docks[start::ACROSS] for start in range(ACROSS)]
    for before, column in zip([None, *columns], columns, strict=False):
        if before is None:
            window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, column[0])
        else:
            window.splitDockWidget(before[0], column[0], Qt.Orientation.Horizontal)
    for column in columns:
        for above, below in zip(column, column[1:], strict=False):
            window.splitDockWidget(above, below, Qt.Orientation.Vertical)
    for dock in window.docks:
        dock.show()
    QApplication.processEvents()


def in_sight(window) -> int:
    return sum(not dock.visibleRegion().isEmpty() for dock in window.docks)


def spread(values: list[float]) -> dict[str, float]:
    """Median, p95, p99 and worst of a list of milliseconds."""
    if not values:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "worst": 0.0}
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)], 2)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "worst": round(ordered[-1], 2)}


class Flood:
    """A made-up night that steps at a steady rate, as a source. Nothing in it was measured."""

    def __init__(self, rate: float = STEPS_A_SECOND, episodes: int = 200, rows: int = 18):
        self.state = SimpleNamespace(mind_silent_s=0.0, read_only=True, home="")
        self._rate, self._rows = rate, rows
        self._first: deque[ev.Event] = deque(_before_replay(episodes))
        self._episodes, self._step, self._started, self._told = episodes, 0, 0.0, 0
        self._dice = random.Random(0)

    def start(self) -> None:
        self._started = time.perf_counter()

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]:
        if self._first:
            given, self._first = list(self._first), deque()
            return given
        due = self._told + int((time.perf_counter() - self._started) * self._rate)
        return [event for _ in range(due - self._step) for event in self._next()]

    def ahead(self, replays: int) -> None:
        """So many replays have been told already when the first events are asked for."""
        self._first += [event for _ in range(-(-replays // self._rows)) for event in self._next()]
        self._told = self._step

    def _next(self) -> Iterator[ev.Event]:
        self._step += 1
        items = [
            ev.ReplayItem(
                kind=("episode", "dream", "old", "earlier")[row % 4],
                episode=1 + (self._step * 7 + row) % self._episodes,
                item=row,
                cue=f"What do you know about harbour {row}?",
                loss=self._dice.random() * 3,
                worst=self._dice.random() * 9,
                drive="" if row % 4 == 2 else DRAWERS[(self._step + row) % len(DRAWERS)],
            )
            for row in range(self._rows)
        ]
        yield ev.ReplayStep(
            night=1, step=self._step, of=10_000, loss=3 * math.exp(-self._step / 300) + self._dice.random() * 0.3,
            kl=0.05 * self._dice.random(), rate=1e-3, tokens=640, step_s=1 / self._rate, grad_norm=1.0, items=items,
        )  # fmt: skip
        yield ev.NightProgress(
            night=1, stage="replay", done=self._step, of=10_000, fraction=self._step / 10_000, left_s=100.0
        )

    def close(self, timeout_s: float = 5.0) -> None:
        self._first.clear()


class Trains:
    """A live session that is already replaying the built-in first day; its events so far come first."""

    def __init__(self, home: Path):
        from ..host.session import Session
        from ..protocol.commands import NightPlan

        self._session, self._first = Session(home), []
        self._session.start()
        self._until(ev.MindReady)
        told = read_day(resources.folder() / "days" / "first.jsonl").experiences
        for line in told:
            self._session.tell(line.text)
        self._until(ev.EpisodeKept, len(told))
        self._session.sleep((), NightPlan(), "a measurement")
        self._until(ev.ReplayStep)

    def _until(self, kind: type, count: int = 1) -> None:
        seen = 0
        while seen < count:
            self._session.wait(1.0)
            fresh = self._session.drain(50.0)
            gone = next((e for e in fresh if isinstance(e, ev.MindLost)), None)
            if gone is not None:
                raise SystemExit(f"the mind left before the night trained: {gone.last_words}")
            seen += sum(isinstance(e, kind) for e in fresh)
            self._first += fresh

    def start(self) -> None:
        """It runs already."""

    def drain(self, budget_ms: float = 8.0) -> list[ev.Event]:
        given, self._first = self._first, []
        return given + self._session.drain(budget_ms)

    def __getattr__(self, name: str):
        return getattr(self._session, name)


def among_replays(many: int, seconds: float = 20.0, *, rate: float = STEPS_A_SECOND, **look) -> dict:
    """Frames with the replay dock in front and in motion: ticks come in, and a person walks from lane to lane."""
    source = Flood(rate)
    source.ahead(many)
    took: list[float] = []

    def before(window) -> None:
        from PySide6.QtWidgets import QApplication

        window.tick()
        started = time.perf_counter()
        window.show_replays()
        QApplication.processEvents()
        took.append(time.perf_counter() - started)
        source.start()

    def each(window) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.keyClick(window.replays.view, Qt.Key.Key_Down if window._ticks % 2 else Qt.Key.Key_Right)

    report = measure(source, seconds, before=before, each=each, **look)
    return report | {"replays_at_first": many, "first_picture_s": round(took[0], 2), "steps_a_second": rate}


def _before_replay(episodes: int) -> Iterator[ev.Event]:
    for number in range(1, episodes + 1):
        text = f"The harbour master of pier {number} keeps {number} lanterns and a blue kettle."
        words = [f" {word}" for word in text.split()]
        yield ev.EpisodeEncoded(
            episode=number, text=text, speaker="user", session="", lived_at="", goal="", outcome=None, because="",
            source="window", line=0, pieces=words, tokens=[1] * len(words), surprise=[4.0] * len(words), code=[1, 2],
            novelty=0.5, nearest=[], pass_ms=40.0, code_ms=2.0, at=float(number),
        )  # fmt: skip
        yield ev.EpisodeKept(episode=number)
    yield ev.NightOpened(
        night=1, seed=0, episodes=list(range(1, episodes + 1)), old_episodes=[], steps=10_000, cortex="0" * 64,
        arm="sleep", why="a measurement",
    )  # fmt: skip
    yield ev.StageEntered(night=1, stage="replay", text="a measurement")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m observatory.bench.frames", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=STEPS_A_SECOND, help="gradient steps a second")
    parser.add_argument("--live", action="store_true", help="while the real model trains, not a canned flood")
    parser.add_argument("--replays", type=int, default=0, help="with the replay dock in front, after so many replays")
    parser.add_argument("--all-docks", action="store_true", help="every dock side by side, none behind a tab")
    parser.add_argument("--theme", default="night")
    asked = parser.parse_args(argv)
    look = {"theme": asked.theme, "all_docks": asked.all_docks}
    if asked.live:
        with tempfile.TemporaryDirectory(prefix="observatory-frames-") as scratch:
            report = measure(Trains(Path(scratch) / "home"), asked.seconds, **look)
        report |= {"source": "the default model, replaying the first day"}
    elif asked.replays:
        report = among_replays(asked.replays, asked.seconds, rate=asked.rate, **look)
        report |= {"source": "canned"}
    else:
        report = measure(Flood(asked.rate), asked.seconds, **look)
        report |= {"source": "canned", "steps_a_second": asked.rate}
    json.dump(report, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
