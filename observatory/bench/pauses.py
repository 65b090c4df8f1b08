"""How soon a night stands still when it is told to: `python -m observatory.bench.pauses [--count 6] [--model default]`.

While the model replays a short day, it is paused at random moments, run on, and at last vetoed. Measured is the time
from the command to its acknowledgement, how many gradient steps came in between, and how long a step takes; and after
the veto the time until the cortex is hashed, found to be the one from before, and awake again. Prints JSON; exit
status 1 when a pause or the veto took more than one step.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from ..protocol import commands as cmd
from ..protocol import events as ev
from . import soak
from .piped import Piped


def measured(mind: Piped, count: int, seed: int, quiet: bool) -> dict:
    chance, before = random.Random(seed), mind.ready.cortex
    mind.sleep(1, 1_000, seed)
    steps = [mind.until(ev.ReplayStep)[1].step_s for _ in range(2)]
    pauses, between = [], []
    with soak.Bar("pauses", count, quiet) as bar:
        for number in range(1, count + 1):
            steps.append(mind.until(ev.ReplayStep)[1].step_s)
            time.sleep(chance.random() * steps[-1])
            wall_s, came = _acknowledged(mind, cmd.Pause(), ev.Paused, steps)
            pauses.append(wall_s)
            between.append(came)
            mind.send(cmd.Resume())
            bar.done(number, f"{wall_s:.2f} s")
    steps.append(mind.until(ev.ReplayStep)[1].step_s)
    time.sleep(chance.random() * steps[-1])
    sent = mind.send(cmd.VetoNight(by="bench", reason="enough"))
    came = 0
    while not isinstance((heard := mind.next())[1], ev.NightClosed):
        came += isinstance(heard[1], ev.ReplayStep)
    closed_s, closed = heard[0] - sent, heard[1]
    awake_s = mind.until(ev.ModeChanged, mode="awake")[0] - sent
    return {
        "device": mind.ready.device, "precision": mind.ready.precision, "threads": mind.ready.threads,
        "step_s": soak.spread(steps), "pauses": count, "pause_acknowledged_s": soak.spread(pauses),
        "steps_before_the_pause": max(between), "veto_closed_s": round(closed_s, 3),
        "steps_before_the_veto": came, "veto_awake_again_s": round(awake_s, 3),
        "cortex_as_before": closed.cortex == before,
        "sound": max(between) <= 1 and came <= 1 and closed.cortex == before,
    }  # fmt: skip


def row(found: dict) -> list[tuple[str, object]]:
    step = found["step_s"]["median"]
    return [
        ("a step, median s", step), ("pauses", found["pauses"]),
        ("steps until the pause, most", found["steps_before_the_pause"]),
        ("paused after, median s", found["pause_acknowledged_s"]["median"]),
        ("worst s", found["pause_acknowledged_s"]["worst"]), ("steps until the veto", found["steps_before_the_veto"]),
        ("vetoed and hashed after s", found["veto_closed_s"]), ("awake after s", found["veto_awake_again_s"]),
        ("cortex as before", "yes" if found["cortex_as_before"] else "NO"),
    ]  # fmt: skip


def _acknowledged(mind: Piped, command: cmd.Command, kind: type, steps: list[float]) -> tuple[float, int]:
    sent, came = mind.send(command), 0
    while not isinstance((heard := mind.next())[1], kind):
        if isinstance(heard[1], ev.ReplayStep):
            came += heard[0] > sent
            steps.append(heard[1].step_s)
    return heard[0] - sent, came


def main(argv: list[str] | None = None) -> int:
    soak.one_thread()
    parser = soak.parser("pauses", __doc__.split("\n")[0], 6)
    parser.set_defaults(model="default")
    asked, began = parser.parse_args(argv), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="observatory-pauses-") as scratch:
        (Path(scratch) / "mind").mkdir()
        with Piped(soak.stuff(asked, Path(scratch)), Path(scratch) / "mind") as mind:
            found = measured(mind, asked.count, asked.seed, asked.quiet)
    soak.tell(asked, soak.result(asked, began, found), row(found))
    return 0 if found["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
