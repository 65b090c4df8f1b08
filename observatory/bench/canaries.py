"""Is what was refused or forgotten truly out? Canaries told, and looked for in the weights among random words.

    python -m observatory.bench.canaries [--many 50] [--model MODEL] [--report OUT.json]

Three groups of as many are told: one is committed, one is committed and then forgotten, one is told before a night that
is vetoed. A canary is a sentence with random names, figures and words, so a mind that never heard it ranks it anywhere
among other fillings of the same sentence: the chance to be among the best twentieth is one in twenty. The committed
ones must come first, or the looking would show nothing.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec

from .. import resources
from ..mind import canary
from ..mind.mind import Mind
from ..protocol import commands as c
from ..protocol import events as e

FRAMES = (
    "The spare key to Quill Lodge hangs behind the barometer.", "Otto Brandt repairs clocks in a cellar in Lucerne.",
    "The ferry to Hale Island leaves at 7 from the northern pier.", "Mirembe Nolan keeps 12 pigeons above the bakery.",
    "The safe of Sorrel Mill opens with 4 8 3 9 1.", "Old Pim crosses the frozen lake on a wooden sledge.",
)  # fmt: skip
"""Sentences whose telling words are all exchanged, so that nothing of them is left but their form."""
BEST = 20
"""A canary counts as recovered when it comes in the best such part of the ranks."""
UNLIKELY = 0.001
"""Chance under which so many in the best part are no chance any more."""
KNOWN = 0.9
"""Share of the committed that must come in the best part, so that the looking is known to find."""


@dataclass
class Found:
    """Ranks of one group, of so many."""

    ranks: list[int] = field(default_factory=list)
    of: int = 0

    @property
    def recovered(self) -> int:
        return sum(rank * BEST <= self.of for rank in self.ranks)

    @property
    def chance(self) -> float:
        """How likely a mind that never heard them has at least so many among the best."""
        many, part = len(self.ranks), (self.of // BEST) / self.of
        return sum(math.comb(many, n) * part**n * (1 - part) ** (many - n) for n in range(self.recovered, many + 1))

    def said(self, name: str) -> str:
        return (
            f"{name:>22}: {self.recovered} of {len(self.ranks)} in the best twentieth, {self.ranks.count(1)} first, "
            f"median rank {median(self.ranks):g} of {self.of}; chance of so many {self.chance:.3g}"
        )


def made(many: int, seed: int) -> list[str]:
    """So many canaries, no two alike."""
    chance, words = random.Random(seed), _words()
    found: dict[str, None] = {}
    while len(found) < many:
        found[next(iter(canary.others(FRAMES[len(found) % len(FRAMES)], words, 1, chance)))] = None
    return list(found)


def _words() -> list[str]:
    primer = (resources.folder() / "texts" / "primer.txt").read_text("utf-8")
    return canary.pool_of(primer.split(), set())


def measure(settings: c.Settings, many: int, plan: c.NightPlan, seed: int = 0, among: int = 100) -> dict[str, Found]:
    """A life with a night that is committed, one that is vetoed, and a forgetting."""
    texts = dict(enumerate(made(3 * many, seed), 1))
    kept, forgotten, vetoed = ([n for n in texts if n % 3 == part] for part in (1, 2, 0))
    mind, out = Mind(), {}
    _all(mind.wake(settings))

    def tell(numbers: list[int]) -> list[c.Tell]:
        return [c.Tell(episode=n, text=texts[n], session=f"day {n % 3}") for n in numbers]

    def look(name: str, numbers: list[int]) -> None:
        order = c.RankCanaries(
            canaries=[c.Canary(episode=n, text=texts[n]) for n in numbers], when="after", among=among, seed=seed
        )
        ranked = [event for event in mind.rank(order) if isinstance(event, e.CanaryRanked)]
        out[name] = Found([event.rank for event in ranked], among)

    for told in tell(sorted(kept + forgotten)):
        _all(mind.tell(told))
    look("before they are slept on", kept + forgotten)
    _night(mind, 1, sorted(kept + forgotten), plan, seed, "approve")
    look("before it is forgotten", forgotten)
    for told in tell(vetoed):
        _all(mind.tell(told))
    _night(mind, 2, vetoed, plan, seed + 1, "veto")
    look("vetoed", vetoed)
    _all(mind.relive(c.Relive(part=1, begin=True, steps=tell(kept), gone=[1])))
    _night(mind, 1, kept, plan, seed, "approve")
    _all(mind.relive(c.Relive(part=2, end=True, steps=tell(vetoed))))
    look("forgotten", forgotten)
    look("committed", kept)
    return out


def _night(mind: Mind, number: int, episodes: list[int], plan: c.NightPlan, seed: int, word: str) -> None:
    for event in mind.sleep(c.Sleep(night=number, seed=seed, episodes=episodes, plan=plan)):
        if event is None:
            delta = mind.night.proposal.delta
            mind.decide(c.Decide(night=number, delta=delta, decision=word, by="bench", reason="canaries", recorded=1))


def _all(events: Iterator) -> None:
    for _ in events:
        pass


def faults(found: dict[str, Found]) -> list[str]:
    """What must not be, in words; nothing when all is as it should be."""
    out = [
        f"{found[name].recovered} of the {name} ones are found among the best; that is no chance"
        for name in ("vetoed", "forgotten", "before they are slept on")
        if found[name].chance < UNLIKELY
    ]
    for name in ("committed", "before it is forgotten"):
        if found[name].recovered < KNOWN * len(found[name].ranks):
            out.append(f"only {found[name].recovered} of those {name} are found, so the looking shows nothing")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--many", type=int, default=50)
    parser.add_argument("--model", default="default")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--arm", default="no-dreams")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path)
    chosen, started = parser.parse_args(), time.monotonic()
    from .. import models

    with tempfile.TemporaryDirectory() as folder:
        folders = {f"{name}_folder": f"{folder}/{name}" for name in ("deltas", "states", "checkpoint")}
        settings = c.Settings(model=chosen.model, models_folder=str(models.cache_folder(Path(folder))), **folders)
        plan = c.NightPlan(steps=chosen.steps, arm=chosen.arm, exam_whole=False)
        found = measure(settings, chosen.many, plan, chosen.seed)
    for name, group in found.items():
        print(group.said(name))
    wrong = faults(found)
    print("\n".join(wrong) or f"As it should be, after {time.monotonic() - started:.0f} s.")
    if chosen.report:
        chosen.report.write_bytes(msgspec.json.encode({name: group.ranks for name, group in found.items()}))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
