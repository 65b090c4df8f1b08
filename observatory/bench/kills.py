"""What a kill at any moment costs: `python -m observatory.bench.kills [--count 200] [--model tiny] [--seed 0]`.

A day of two nights is lived again and again. At seeded random moments the host or the mind dies by SIGKILL; the same
command then goes on with the same home, until the day is behind it and a new home begins. After every kill the home is
opened and verified: what was acknowledged must be there, word for word, no night may count by half, and the mind must
wake with exactly the cortex that the record says. Prints JSON; exit status 1 when anything was lost.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import soak

MOST_RUNS_A_KILL = 4
"""A run that ends before its kill costs a run and is no kill; more of them than this and something is stuck."""


@dataclass
class Count:
    kills: dict[str, int] = field(default_factory=lambda: {"host": 0, "mind": 0})
    lives: int = 0
    runs: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    outlived: int = 0
    opened: list[float] = field(default_factory=list)
    awake: list[float] = field(default_factory=list)

    @property
    def killed(self) -> int:
        return sum(self.kills.values())

    def summary(self) -> dict:
        return {
            "kills": self.kills, "lives_lived_to_their_end": self.lives, "runs": self.runs,
            "episodes_acknowledged": self.acknowledged, "acknowledged_lost": self.lost, "half_committed": self.half,
            "did_not_verify": self.unsound, "minds_that_outlived_their_host": self.outlived,
            "opened_and_verified_s": soak.spread(self.opened), "until_the_mind_is_awake_s": soak.spread(self.awake),
            "sound": not (self.lost or self.half or self.unsound or self.outlived),
        }  # fmt: skip


class Home:
    """One home through all its runs, and everything that was ever acknowledged of it."""

    def __init__(self, plan):
        self.plan = plan
        self.told: dict[int, str] = {}
        self.committed: dict[int, str] = {}

    def judge(self, run, count: Count) -> None:
        """What this run found of what earlier ones acknowledged, then what it acknowledges itself."""
        where = f"home {self.plan.home.name}, run {count.runs}"
        if run.opened_s is not None:
            count.opened.append(run.opened_s)
            count.lost += [
                f"{where}: episode {n}" for n, text in self.told.items() if run.stored.get(n) != text
            ]  # fmt: skip
            count.unsound += [f"{where}: {finding}" for finding in run.findings]
            count.half += [
                f"{where}: night {n} was acknowledged and does not count"
                for n, cortex in self.committed.items() if cortex not in run.accepted
            ]  # fmt: skip
        elif not run.killed:
            count.unsound.append(f"{where}: the home did not open: {run.said}")
        if run.ready:
            count.awake.append(run.awake_s)
            standing = run.accepted[-1] if run.accepted else run.base
            if run.ready != standing:
                count.half.append(f"{where}: the mind woke with another cortex than the record says")
        self.told |= run.kept
        self.committed |= {n: cortex for n, ended, cortex in run.closed if ended == "committed"}
        count.acknowledged += len(run.kept)
        count.outlived += run.outlived


def soaked(
    stuff: soak.Stuff, folder: Path, count: int, seed: int, steps: int, quiet: bool, stop: float = float("inf")
) -> Count:
    from .forked import Plan, run

    def plan(name: str) -> Plan:
        return Plan(
            home=folder / name, day=stuff.day, model=stuff.model, models_folder=stuff.models_folder,
            text=stuff.text, exam=soak.EXAM, steps=steps,
        )  # fmt: skip

    chance, out, number = random.Random(seed), Count(), 0
    # What is measured once a model is measured now: the first life is longer than any other.
    run(plan("warm"))
    began = time.monotonic()
    whole = run(plan("measure"))
    length = time.monotonic() - began
    if whole.status != 0:
        raise SystemExit(f"the day cannot be lived even without a kill: {whole.said or whole.status}")
    home, most = Home(plan("0")), count * MOST_RUNS_A_KILL + 10
    with soak.Bar("kills", count, quiet) as bar:
        while out.killed < count and out.runs < most and time.monotonic() < stop:
            kill = chance.choice(("host", "mind"))
            lived = run(home.plan, kill=kill, after_s=chance.random() * length)
            out.runs += 1
            home.judge(lived, out)
            if lived.killed:
                out.kills[kill] += 1
            elif lived.status == 0:
                # Once more without a kill: what the last one left must be found by somebody.
                check = run(home.plan)
                out.runs += 1
                home.judge(check, out)
                missing = set(soak.TOLD) - set(check.stored.values())
                if missing or len(check.stored) != len(soak.TOLD):
                    out.lost.append(f"home {home.plan.home.name}: {len(check.stored)} episodes of {len(soak.TOLD)}")
                out.lives, number = out.lives + 1, number + 1
                home = Home(plan(str(number)))
            else:
                out.unsound.append(f"home {home.plan.home.name}: a run ended with {lived.status}: {lived.said}")
            bar.done(out.killed, f"{out.lives} days lived to their end")
        last = run(home.plan)
        out.runs += 1
        home.judge(last, out)
        if last.status != 0:
            out.unsound.append(f"home {home.plan.home.name}: it does not go on: {last.said}")
    return out


def main(argv: list[str] | None = None) -> int:
    soak.one_thread()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was forked is ended too
    parser = soak.parser("kills", __doc__.split("\n")[0], 200)
    parser.add_argument("--steps", type=int, default=8, help="gradient steps a night")
    asked, began = parser.parse_args(argv), time.monotonic()
    stop = soak.until(asked)
    with tempfile.TemporaryDirectory(prefix="observatory-kills-") as scratch:
        stuff = soak.stuff(asked.model, Path(scratch))
        count = soaked(stuff, Path(scratch), asked.count, asked.seed, asked.steps, asked.quiet, stop)
    made = soak.result(asked, began, count.summary())
    soak.tell(asked, made)
    return 0 if made["sound"] and count.killed else 1


if __name__ == "__main__":
    sys.exit(main())
