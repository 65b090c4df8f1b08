"""What is left of a night that was vetoed: `python -m observatory.bench.vetoes [--count 100] [--model tiny]`.

A night is opened and vetoed at a random one of its events: at any stage, between any two steps, or at the gate. The
hash of every weight must be the one from before, and the same night, lived after that to its proposal, must propose
the very delta that it proposed at first, when nothing had been vetoed yet. Prints JSON; exit status 1 when
a bit differs.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ..protocol import commands as cmd
from ..protocol import events as ev
from . import soak
from .piped import Piped

QUIET = (ev.Heartbeat, ev.NightProgress, ev.Saved)


def proposed(mind: Piped, steps: int, seed: int) -> tuple[int, ev.Proposal]:
    """A night lived to its proposal and vetoed there. Returns how many events it has, and what it proposed."""
    mind.sleep(1, steps, seed, soak.EXAM)
    mind.until(ev.NightOpened)
    count = 0
    while True:
        _, event = mind.next()
        if isinstance(event, ev.Proposed):
            break
        count += not isinstance(event, QUIET)
    proposal = event.proposal
    mind.send(cmd.Decide(night=1, delta=proposal.delta, decision="veto", by="bench", reason="seen", recorded=1))
    _awake(mind)
    return count, proposal


def _awake(mind: Piped) -> ev.NightClosed:
    closed = mind.until(ev.NightClosed)[1]
    mind.until(ev.ModeChanged, mode="awake")
    return closed


def vetoed(mind: Piped, steps: int, seed: int, after: int) -> tuple[str, float, ev.NightClosed]:
    """Stage at which the veto was given, seconds until the night was closed, and how it closed."""
    mind.sleep(1, steps, seed, soak.EXAM)
    mind.until(ev.NightOpened)
    stage, left = "propose", after
    while left > 0:
        _, event = mind.next()
        stage = event.stage if isinstance(event, ev.StageEntered) else stage
        left -= not isinstance(event, QUIET)
        if isinstance(event, ev.Proposed):
            break
    sent = mind.send(cmd.VetoNight(by="bench", reason="a veto at a random moment"))
    at, closed = mind.until(ev.NightClosed)
    mind.until(ev.ModeChanged, mode="awake")
    return stage, at - sent, closed


def soaked(
    stuff: soak.Stuff, folder: Path, count: int, seed: int, steps: int, quiet: bool, stop: float = float("inf")
) -> dict:
    chance, stages, took, wrong = random.Random(seed), Counter(), [], []
    with Piped(stuff, folder / "mind") as mind, soak.Bar("vetoes", count, quiet) as bar:
        before, next_nights = mind.ready.cortex, 0
        events, wanted = proposed(mind, steps, seed)
        for number in range(1, count + 1):
            stage, wall_s, closed = vetoed(mind, steps, seed, chance.randrange(events + 2))
            stages[stage] += 1
            took.append(wall_s)
            if closed.ended != "vetoed" or closed.cortex != before:
                wrong.append(f"veto {number} in {stage}: {closed.ended}, cortex {closed.cortex[:12]}")
            last = number == count or time.monotonic() > stop
            if number % 10 == 0 or last:
                _, found = proposed(mind, steps, seed)
                next_nights += 1
                if (found.delta, found.cortex_after) != (wanted.delta, wanted.cortex_after):
                    wrong.append(f"the night after veto {number} proposed another delta")
            bar.done(number, stage)
            if last:
                break
    return {
        "vetoed": sum(stages.values()), "by_stage": dict(stages), "events_a_night": events,
        "until_the_night_was_closed_s": soak.spread(took), "next_nights_compared": next_nights,
        "differences": wrong, "sound": not wrong,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    soak.one_thread()
    parser = soak.parser("vetoes", __doc__.split("\n")[0], 100)
    parser.add_argument("--steps", type=int, default=8, help="gradient steps a night")
    asked, began = parser.parse_args(argv), time.monotonic()
    stop = soak.until(asked)
    with tempfile.TemporaryDirectory(prefix="observatory-vetoes-") as scratch:
        (Path(scratch) / "mind").mkdir()
        stuff = soak.stuff(asked.model, Path(scratch))
        found = soaked(stuff, Path(scratch), asked.count, asked.seed, asked.steps, asked.quiet, stop)
    soak.tell(asked, soak.result(asked, began, found))
    return 0 if found["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
