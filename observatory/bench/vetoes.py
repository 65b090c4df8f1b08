"""What is left of a night that was vetoed: `python -m observatory.bench.vetoes [--count 100] [--model tiny]`.

A night is opened and vetoed at a random event of a random stage: between any two steps, or at the gate. The hash of
every weight must be the one from before, and the same night, lived after that to its proposal, must propose the very
delta that another mind proposed in which nothing was ever vetoed. Prints JSON; exit status 1 when a bit differs.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..protocol import commands as cmd
from ..protocol import events as ev
from . import soak
from .cases import Cases
from .piped import Piped
from .side import side_by_side

COMPARED_EVERY = 10
"""After every tenth veto the next night is lived to its proposal; after the last one too."""
QUIET = (ev.Heartbeat, ev.NightProgress, ev.Saved)


def proposed(mind: Piped, steps: int, seed: int) -> tuple[list[str], ev.Proposal]:
    """A night lived to its proposal and vetoed there. Returns the stage of each of its events, and what it proposed."""
    mind.sleep(1, steps, seed, soak.EXAM)
    mind.until(ev.NightOpened)
    stage, stages = "propose", []
    while True:
        _, event = mind.next()
        stage = event.stage if isinstance(event, ev.StageEntered) else stage
        if not isinstance(event, QUIET):
            stages.append(stage)
        if isinstance(event, ev.Proposed):
            break
    proposal = event.proposal
    mind.send(cmd.Decide(night=1, delta=proposal.delta, decision="veto", by="bench", reason="seen", recorded=1))
    _awake(mind)
    return stages, proposal


def moment(stages: list[str], chance: random.Random) -> int:
    """After how many events: any stage is as likely as any other, however much it tells."""
    stage = chance.choice(sorted(set(stages)))
    return 1 + chance.choice([at for at, each in enumerate(stages) if each == stage])


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


def soaked(stuff: soak.Stuff, folder: Path, asked, cases: Cases, stop: float) -> dict:
    @contextmanager
    def work():
        place = folder / f"mind-{os.getpid()}"
        place.mkdir()
        with Piped(stuff, place) as mind:
            yield lambda case: tried(mind, case["veto"]) if case["veto"] else untouched(mind)

    def untouched(mind: Piped) -> dict:
        """Case 0: what a mind proposes in which nothing was ever vetoed."""
        stages, proposal = proposed(mind, asked.steps, asked.seed)
        return {"stages": stages, "delta": proposal.delta, "after": proposal.cortex_after, "before": mind.ready.cortex}

    def tried(mind: Piped, number: int) -> dict:
        wanted, wrong = cases.found[0], []
        after = moment(wanted["stages"], random.Random(f"{asked.seed}:{number}"))
        stage, wall_s, closed = vetoed(mind, asked.steps, asked.seed, after)
        if closed.ended != "vetoed" or closed.cortex != wanted["before"]:
            wrong.append(f"veto {number} in {stage}: {closed.ended}, cortex {closed.cortex[:12]}")
        compared = number % COMPARED_EVERY == 0 or number == asked.count
        if compared:
            _, found = proposed(mind, asked.steps, asked.seed)
            if (found.delta, found.cortex_after) != (wanted["delta"], wanted["after"]):
                wrong.append(f"the night after veto {number} proposed another delta")
        return {"stage": stage, "closed_s": wall_s, "wrong": wrong, "compared": compared}

    def missing(first: int, last: int) -> Iterator[dict]:
        for number in range(first, last + 1):
            if number not in cases.found and time.monotonic() < stop:
                yield {"veto": number}

    with soak.Bar("vetoes", asked.count, asked.quiet) as bar:
        for first, last, jobs in ((0, 0, 1), (1, asked.count, soak.jobs(asked))):
            for case, found in side_by_side(work, missing(first, last), jobs):
                cases.add(case["veto"], found)
                bar.done(len(cases.found) - 1, found.get("stage", ""))
    return summary([found for number, found in cases.found.items() if number])


def summary(vetoes: list[dict]) -> dict:
    wrong = [said for veto in vetoes for said in veto["wrong"]]
    return {
        "vetoed": len(vetoes), "by_stage": dict(Counter(veto["stage"] for veto in vetoes)),
        "until_the_night_was_closed_s": soak.spread(veto["closed_s"] for veto in vetoes),
        "next_nights_compared": sum(veto["compared"] for veto in vetoes), "differences": wrong,
        "sound": bool(vetoes) and not wrong,
    }  # fmt: skip


def row(found: dict) -> list[tuple[str, object]]:
    closed = found["until_the_night_was_closed_s"]
    return [
        ("vetoes", found["vetoed"]), ("next nights compared", found["next_nights_compared"]),
        ("differences", len(found["differences"])), ("closed after, median s", closed["median"]),
        ("worst s", closed["worst"]),
    ]  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    soak.one_thread()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the minds are ended too
    parser = soak.parser("vetoes", __doc__.split("\n")[0], 100, cases=True, jobs=True)
    parser.add_argument("--steps", type=int, default=8, help="gradient steps a night")
    asked, began = parser.parse_args(argv), time.monotonic()
    stop = soak.until(asked)
    with tempfile.TemporaryDirectory(prefix="observatory-vetoes-") as scratch, soak.cases(asked) as cases:
        stuff = soak.stuff(asked, Path(scratch))
        found = soaked(stuff, Path(scratch), asked, cases, stop)
    soak.tell(asked, soak.result(asked, began, found), row(found))
    return 0 if found["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
