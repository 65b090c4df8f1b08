"""What a kill at any moment costs: `python -m observatory.bench.kills [--count 200] [--model tiny] [--seed 0]`.

A day of two nights is lived again and again. At seeded random moments the host or the mind dies by SIGKILL; the same
command then goes on with the same home, until the day is behind it and a new home begins. After every kill the home is
opened and verified: what was acknowledged must be there, word for word, no night may count by half, and the mind must
wake with exactly the cortex that the record says. Both processes are forked with their libraries read; how long a new
process reads them is measured by itself and comes on top of what a restart takes here. Prints JSON; exit status 1 when
anything was lost.
"""

from __future__ import annotations

import math
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import soak
from .cases import Cases
from .side import side_by_side

MOST_RUNS = 60
"""A home that needs more runs than this until its day is behind it does not go on any more."""
LISTS = ("lost", "half", "unsound", "opened_s", "awake_s")


def fresh() -> dict:
    """What is counted of one home."""
    return {"host": 0, "mind": 0, "runs": 0, "acknowledged": 0, "outlived": 0, "ended": 0} | {n: [] for n in LISTS}


class Home:
    """One home through all its runs, and everything that was ever acknowledged of it."""

    def __init__(self, plan):
        self.plan, self.count = plan, fresh()
        self.told: dict[int, str] = {}
        self.committed: dict[int, str] = {}

    def live(self, chance: random.Random, kills: int, length: float) -> dict:
        """Killed again and again, at most so often, until the day is behind it."""
        from .forked import run

        count = self.count
        while count["runs"] < MOST_RUNS:
            kill = chance.choice(("host", "mind")) if count["host"] + count["mind"] < kills else ""
            lived = run(self.plan, kill=kill, after_s=chance.random() * length)
            self.judge(lived)
            if lived.killed:
                count[lived.killed] += 1
            elif lived.status != 0:
                count["unsound"].append(f"home {self.plan.home.name}: a run ended with {lived.status}: {lived.said}")
                return count
            else:
                self._once_more(run(self.plan))
                return count
        count["unsound"].append(f"home {self.plan.home.name}: its day was not behind it after {MOST_RUNS} runs")
        return count

    def _once_more(self, check) -> None:
        """Without a kill: what the last run left must be found by somebody."""
        self.judge(check)
        if sorted(check.stored.values()) != sorted(self.plan.told):
            self.count["lost"].append(
                f"home {self.plan.home.name}: {len(check.stored)} episodes of {len(self.plan.told)}"
            )
        self.count["ended"] = 1

    def judge(self, run) -> None:
        """What this run found of what earlier ones acknowledged, then what it acknowledges itself."""
        count = self.count
        count["runs"] += 1
        where = f"home {self.plan.home.name}, run {count['runs']}"
        if run.opened_s is not None:
            count["opened_s"].append(run.opened_s)
            count["lost"] += [
                f"{where}: episode {n}" for n, text in self.told.items() if run.stored.get(n) != text
            ]  # fmt: skip
            count["unsound"] += [f"{where}: {finding}" for finding in run.findings]
            count["half"] += [
                f"{where}: night {n} was acknowledged and does not count"
                for n, cortex in self.committed.items() if cortex not in run.accepted
            ]  # fmt: skip
        elif not run.killed:
            count["unsound"].append(f"{where}: the home did not open: {run.said}")
        if run.ready:
            count["awake_s"].append(run.awake_s)
            standing = run.accepted[-1] if run.accepted else run.base
            if run.ready != standing:
                count["half"].append(f"{where}: the mind woke with another cortex than the record says")
        self.told |= run.kept
        self.committed |= {n: cortex for n, ended, cortex in run.closed if ended == "committed"}
        count["acknowledged"] += len(run.kept)
        count["outlived"] += run.outlived


def summary(homes: list[dict]) -> dict:
    all_ = {name: sum((home[name] for home in homes), [] if name in LISTS else 0) for name in fresh()}
    return {
        "kills": {"host": all_["host"], "mind": all_["mind"]}, "lives_lived_to_their_end": all_["ended"],
        "runs": all_["runs"], "episodes_acknowledged": all_["acknowledged"], "acknowledged_lost": all_["lost"],
        "half_committed": all_["half"], "did_not_verify": all_["unsound"],
        "minds_that_outlived_their_host": all_["outlived"], "opened_and_verified_s": soak.spread(all_["opened_s"]),
        "until_the_mind_is_awake_s": soak.spread(all_["awake_s"]),
        "sound": bool(homes) and not (all_["lost"] or all_["half"] or all_["unsound"] or all_["outlived"]),
    }  # fmt: skip


def row(found: dict) -> list[tuple[str, object]]:
    return [
        ("kills", f"{sum(found['kills'].values())} ({found['kills']['host']} host, {found['kills']['mind']} mind)"),
        ("acknowledged", found["episodes_acknowledged"]), ("lost", len(found["acknowledged_lost"])),
        ("half-committed", len(found["half_committed"])), ("not verified", len(found["did_not_verify"])),
        ("opened and verified, median s", found["opened_and_verified_s"]["median"]),
        ("awake, median s", found["until_the_mind_is_awake_s"]["median"]),
        ("reading the libraries s", found["reading_the_libraries_s"]),
    ]  # fmt: skip


def soaked(stuff: soak.Stuff, folder: Path, asked, cases: Cases, stop: float) -> dict:
    from .forked import Plan, run

    def plan(name: str) -> Plan:
        return Plan(
            home=folder / name, day=stuff.day, told=stuff.told, model=stuff.model, models_folder=stuff.models_folder,
            text=stuff.text, exam=soak.EXAM, steps=asked.steps, threads=stuff.threads,
        )  # fmt: skip

    def killed() -> int:
        return sum(home["host"] + home["mind"] for home in cases.found.values())

    def homes() -> Iterator[dict]:
        number = 0
        while killed() < asked.count and time.monotonic() < stop:
            number += 1
            if number not in cases.found:
                yield {"home": number, "kills": math.ceil((asked.count - killed()) / soak.jobs(asked))}

    @contextmanager
    def work():
        def tried(case: dict) -> dict:
            chance = random.Random(f"{asked.seed}:{case['home']}")
            found = Home(plan(str(case["home"]))).live(chance, case["kills"], length)
            shutil.rmtree(folder / str(case["home"]), ignore_errors=True)
            return found

        yield tried

    # What is measured once a model is measured now, if it was not before: such a life is longer than any other.
    length, known = 0.0, (stuff.models_folder / "measured").is_dir()
    for name in ("measure",) if known else ("warm", "measure"):
        began = time.monotonic()
        whole = run(plan(name))
        length = time.monotonic() - began
        if whole.status != 0:
            raise SystemExit(f"the day cannot be lived even without a kill: {whole.said or whole.status}")
    with soak.Bar("kills", asked.count, asked.quiet) as bar:
        bar.done(killed())
        for case, found in side_by_side(work, homes(), soak.jobs(asked)):
            cases.add(case["home"], found)
            bar.done(killed(), f"{len(cases.found)} days lived to their end")
    return summary(list(cases.found.values())) | {"reading_the_libraries_s": soak.libraries_s()}


def main(argv: list[str] | None = None) -> int:
    soak.one_thread()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was forked is ended too
    parser = soak.parser("kills", __doc__.split("\n")[0], 200, cases=True, jobs=True)
    parser.add_argument("--steps", type=int, default=8, help="gradient steps a night")
    asked, began = parser.parse_args(argv), time.monotonic()
    stop = soak.until(asked)
    with tempfile.TemporaryDirectory(prefix="observatory-kills-") as scratch, soak.cases(asked) as cases:
        stuff = soak.stuff(asked, Path(scratch))
        found = soaked(stuff, Path(scratch), asked, cases, stop)
    soak.tell(asked, soak.result(asked, began, found), row(found))
    return 0 if found["sound"] and sum(found["kills"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
