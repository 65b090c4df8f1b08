"""How long the memory dock takes from a key to the rows it leaves, over very many episodes.

    python -m observatory.bench.search [--episodes 100000] [--json]

Opens the window without a display, fills the story with made episodes, and types into the search line as a person does:
letter by letter, then takes letters back; once as they were told and once sorted by surprise. A key is timed from its
press until the table has been painted with what is left; the processor time of it is told beside, since on a machine
that does other things as well the clock measures those too. The aim is 100 ms for the slowest. It knows no model.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from ..protocol import events as ev

AIM_MS = 100.0
TYPED = ("the harbour", "speaker:mara lantern", "is:failed -rope", "is:unslept drive:fear bees")
NAMES = ("Mara", "Ilse", "Tomasz", "Wilhelmina", "Dario", "Vesna", "Fenwick", "Anselm")
WORDS = (
    "harbour", "lantern", "bees", "rope", "factory", "barometer", "radishes", "turquoise", "lighthouse", "ferry",
    "mustard", "cello", "chestnuts", "railway", "kestrel", "balloon", "telephone", "tortoise", "moths", "parrot",
    "orchard", "violin", "glacier", "compass", "meadow", "ledger", "bicycle", "umbrella",
)  # fmt: skip


def told(number: int, dice: random.Random) -> ev.EpisodeEncoded:
    text = f"{dice.choice(NAMES)} keeps the {' and the '.join(dice.sample(WORDS, 4))} of house {number}."
    pieces = text.split()
    return ev.EpisodeEncoded(
        episode=number, text=text, speaker=dice.choice(NAMES), session=f"session {number // 40}", lived_at="",
        goal="", outcome=dice.choice((None, None, None, -0.5, 0.5)), because="", source="bench", line=0, pieces=pieces,
        tokens=[1] * len(pieces), surprise=[dice.expovariate(0.2) for _ in pieces], code=[1, 2], novelty=dice.random(),
        nearest=[], pass_ms=1.0, code_ms=1.0, at=1_767_600_000.0 + 60 * number,
    )  # fmt: skip


def scored(number: int, dice: random.Random) -> ev.EpisodeScore:
    return ev.EpisodeScore(
        episode=number, curiosity=dice.random(), focus=dice.random(), fear=dice.random(), why="", bits_over=0.0,
        error=0.0, value=0.0, tail=0.0,
    )  # fmt: skip


class Typist:
    def __init__(self, window):
        self.window, self.dock = window, window.episodes
        self.work: list[float] = []

    def press(self, key: Qt.Key, text: str) -> float:
        """Milliseconds from the key until what is left has been painted."""
        started, worked = time.perf_counter(), time.process_time()
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(self.dock.search, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))
        while self.dock._typed.isActive():
            QApplication.processEvents()
            time.sleep(0.001)
        self.dock.table.viewport().repaint()
        self.work.append((time.process_time() - worked) * 1e3)
        return (time.perf_counter() - started) * 1e3

    def line(self, text: str) -> list[float]:
        took = [self.press(Qt.Key(ord(letter.upper())), letter) for letter in text]
        return took + [self.press(Qt.Key.Key_Backspace, "") for _ in text]


def measured(episodes: int) -> dict:
    from ..window.app import application
    from ..window.look import Look
    from ..window.main import MainWindow

    application()
    dice, window = random.Random(0), MainWindow(Look("night"), live=False)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(1600, 1000)
    window.show()
    window.story.take_all(told(number, dice) for number in range(1, episodes + 1))
    window.story.take(
        ev.EpisodesScored(goal="", why="", episodes=[scored(n, dice) for n in range(1, episodes + 1)], took_ms=0.0)
    )
    window.episodes.refresh()
    QApplication.processEvents()
    typist, found = Typist(window), {}
    for order, place in (("as told", -1), ("by surprise", 5)):
        window.episodes.table.sortByColumn(place, Qt.SortOrder.AscendingOrder)
        for text in TYPED:
            found[f"{text} · {order}"] = typist.line(text)
    window.close()
    every = [each for took in found.values() for each in took]
    return {
        "episodes": episodes, "keys": len(every), "median_ms": round(statistics.median(every), 1),
        "p95_ms": round(statistics.quantiles(every, n=20)[-1], 1), "worst_ms": round(max(every), 1), "aim_ms": AIM_MS,
        "work_p95_ms": round(statistics.quantiles(typist.work, n=20)[-1], 1),
        "work_worst_ms": round(max(typist.work), 1),
        "worst_by_line": {line: round(max(took), 1) for line, took in found.items()},
    }  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--episodes", type=int, default=100_000)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    found = measured(options.episodes)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print(
        f"{found['episodes']:,} episodes, {found['keys']} keys: median {found['median_ms']} ms, "
        f"95 in 100 under {found['p95_ms']} ms, worst {found['worst_ms']} ms (aim: {AIM_MS:.0f})"
    )
    print(f"of processor time: 95 in 100 under {found['work_p95_ms']} ms, worst {found['work_worst_ms']} ms")
    for line, worst in found["worst_by_line"].items():
        print(f"  {worst:6.1f} ms  {line}")


if __name__ == "__main__":
    main()
