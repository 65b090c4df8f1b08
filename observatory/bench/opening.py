"""How long a long life takes to open: `python -m observatory.bench.opening [--episodes N] [--events N]`.

Makes a home of so many episodes and events (or takes one with --home), opens it in the window, and prints as JSON: when
the first picture with something in it is on the screen, when the line of the whole life is, when every episode is, and
how long it takes to look at the middle of the life. `cpu_s` is what the process itself worked, which other programs on
the machine do not change. It asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TARGET_S = 3.0


class Clock:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"s": round(wall, 2), "cpu_s": round(cpu, 2)}


def measure(home: Path, *, read_only: bool = True, patience_s: float = 600.0) -> dict:
    """Open the window on that home and wait until all of it is there. Needs no display and wakes no mind."""
    from ..window.look import Look, platform_without_display

    platform_without_display()
    from PySide6.QtWidgets import QApplication

    from ..host.session import Session
    from ..window.app import application
    from ..window.main import MainWindow

    application()
    window = MainWindow(Look("night"), live=not read_only)
    window.resize(1520, 940)
    window.show()
    QApplication.processEvents()
    session = Session(home, read_only=read_only)
    session.start = lambda start=session.start: start(wake=False)
    clock, worst = Clock(), 0.0
    window.attach(session)
    window._timer.stop()

    def until(found: Callable[[], bool]) -> dict[str, float]:
        nonlocal worst
        end = time.monotonic() + patience_s
        while not found():
            if time.monotonic() > end or session.state.phase == "failed":
                raise SystemExit(f"it never came: {session.state.problem or 'the time was up'}")
            began = time.perf_counter()
            window.tick()
            QApplication.processEvents()
            worst = max(worst, time.perf_counter() - began)
            time.sleep(0.005)
        return clock.read()

    travel, report = window.travel, {}
    report["first_picture"] = until(lambda: window.story.turns and window.episodes.table.rows.rowCount())
    report["the_line_of_the_whole_life"] = until(lambda: travel.hypnogram.last >= session.state.told_from)
    report["every_episode"] = until(lambda: travel.whole)
    report["events"] = travel.hypnogram.last
    report["told_at_once"] = report["events"] - session.state.told_from + 1
    report["episodes"] = len(window.story.episodes)
    clock = Clock()
    travel.go(travel.hypnogram.last // 2)
    report["to_the_middle"] = until(lambda: travel.wanted is None)
    clock = Clock()
    travel.step(-1)
    report["one_event_back"] = until(lambda: travel.wanted is None)
    report |= {
        "worst_frame_ms": round(1e3 * worst),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "target_s": TARGET_S,
        "met": report["first_picture"]["s"] <= TARGET_S,
        "journal_mb": round((home / "journal.jsonl").stat().st_size / 1e6),
        "read_only": read_only,
    }
    window.ask_leave = lambda text: True
    window.close()
    return report


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m observatory.bench.opening", description=__doc__.split("\n")[0])
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--home", type=Path, help="measure this home; made first if it is not there")
    parser.add_argument("--live", action="store_true", help="open it for writing, with no mind")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="observatory-opening-") as scratch:
        home = asked.home or Path(scratch) / "home"
        if not home.exists():
            from .longlife import write

            began = time.perf_counter()
            count = write(home, asked.episodes, asked.events, _say)
            print(f"\n{count:,} events written in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        json.dump(measure(home, read_only=not asked.live), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


def _say(count: int) -> None:
    if count % 50_000 == 0:
        print(f"\r{count:,} events", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
