"""Is what was refused or forgotten truly out? Canaries told, and looked for in the weights among random words.

    python -m observatory.bench.canaries [--count 50] [--model tiny] [--seed 0]

Three groups of as many are told: one is committed, one is committed and then forgotten, one is told before nights that
are vetoed. Each is looked for right after the night that takes it in, and what is to be gone once more at the end.
A canary is a sentence with random names, figures and words, so a mind that never heard it ranks it anywhere among
other fillings of the same sentence: the chance to be among the best twentieth is one in twenty. What is to be gone
must have been there: the committed must come first, so must what is forgotten before it is, and so must what a
night proposes before it is vetoed, or the looking would show nothing. So a night has steps in proportion to its day:
one that is given more than it has steps for learns only part of it, and then there is little to forget. Prints JSON;
exit status 1 when it is not as it should be.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .. import resources
from ..mind import canary
from ..mind.mind import Mind
from ..protocol import commands as c
from ..protocol import events as e
from . import soak

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
"""Share of those that were learnt that must come in the best part, so that the looking is known to find."""
A_DAY = {soak.TINY: 25}
"""Canaries of a group told between two nights, 10 on any other model. A day of a hundred is more than the tiny one can
hold apart, however long it replays them: 39 of 50 were found after 400 steps and 41 after 800."""
STEPS_EACH, STEPS_LEAST = 4, 40
"""Gradient steps a night for each canary of its day, and at least; a dozen canaries are drawn in a step."""
ARM = {soak.TINY: "no-anchor"}
"""A random model has no old knowledge worth keeping, and what it says of its own accord takes every direction that its
days could be learnt in: held to that it learns nothing. Any other model is held to what it knew."""
AMONG = 100
"""Fillings that a canary is held among, itself included."""
UNHEARD = ("before it is slept on", "vetoed", "forgotten")
LEARNT = ("at the gate, before the veto", "before it is forgotten", "committed")


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

    def summary(self) -> dict:
        return {
            "in_the_best_twentieth": self.recovered, "of": len(self.ranks), "first": self.ranks.count(1),
            "median_rank": median(self.ranks), "among": self.of, "chance_of_so_many": float(f"{self.chance:.3g}"),
            "ranks": self.ranks,
        }  # fmt: skip


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


class Told:
    """A life whose canaries are looked for as it goes on. Ranks are gathered by what the canaries had gone through."""

    def __init__(self, settings: c.Settings, many: int, a_day: int, steps: int, arm: str, seed: int, bar: soak.Bar):
        self.texts = dict(enumerate(made(3 * many, seed), 1))
        self.kept, self.forgotten, self.vetoed = ([n for n in self.texts if n % 3 == part] for part in (1, 2, 0))
        self.found: dict[str, Found] = {}
        self._a_day, self._steps, self._arm, self._seed, self._bar, self._nights = a_day, steps, arm, seed, bar, 0
        self._mind = Mind()
        _all(self._mind.wake(settings))

    def live(self) -> dict[str, Found]:
        kept, forgotten, vetoed = (_days(group, self._a_day) for group in (self.kept, self.forgotten, self.vetoed))
        for number, (stays, goes) in enumerate(zip(kept, forgotten, strict=True), 1):
            day = sorted(stays + goes)
            self._tell(day)
            self._look("before it is slept on", day)
            self._night(number, day, sum(kept[: number - 1] + forgotten[: number - 1], []), len(day), "approve")
            self._look("before it is forgotten", goes)
        for number, day in enumerate(vetoed, len(kept) + 1):
            self._tell(day)
            self._night(number, day, sorted(self.kept + self.forgotten), len(day), "veto")
        self._look("vetoed", self.vetoed)
        self._forget(kept)
        self._look("forgotten", self.forgotten)
        return self.found

    def _forget(self, kept: list[list[int]]) -> None:
        """As `observatory forget` does it: the life is lived again, and its nights are derived without them."""
        gone = list(range(1, len(kept) + 1))
        for number, day in enumerate(kept, 1):
            how = {"begin": True, "gone": gone} if number == 1 else {}
            _all(self._mind.relive(c.Relive(part=number, steps=self._said(day), **how)))
            self._night(number, day, sum(kept[: number - 1], []), 2 * len(day), "approve")
            self._look("committed", day)
        _all(self._mind.relive(c.Relive(part=len(kept) + 1, end=True, steps=self._said(self.vetoed))))

    def _said(self, numbers: Iterable[int]) -> list[c.Tell]:
        return [c.Tell(episode=n, text=self.texts[n], session="canaries") for n in numbers]

    def _tell(self, numbers: list[int]) -> None:
        for told in self._said(numbers):
            _all(self._mind.tell(told))

    def _night(self, number: int, episodes: list[int], earlier: list[int], told: int, word: str) -> None:
        """`told`: canaries of the day as it was lived; a night that is derived again has the steps it had."""
        steps = self._steps or max(STEPS_LEAST, STEPS_EACH * told)
        plan = c.NightPlan(steps=steps, arm=self._arm, exam_whole=False)
        order = c.Sleep(
            night=number, seed=self._seed + number, episodes=episodes, old_episodes=sorted(earlier), plan=plan
        )
        for event in self._mind.sleep(order):
            if event is None:
                night = self._mind.night
                if word == "veto":
                    with night.parts.cortex.beside(night.study.delta.hooks(night.study.maps)):
                        self._look("at the gate, before the veto", episodes)
                self._mind.decide(c.Decide(
                    night=number, delta=night.proposal.delta, decision=word, by="bench", reason="canaries", recorded=1
                ))  # fmt: skip
        self._nights += 1
        self._bar.done(self._nights, f"night {number}: {word}")

    def _look(self, name: str, numbers: list[int]) -> None:
        canaries = [c.Canary(episode=n, text=self.texts[n]) for n in numbers]
        order = c.RankCanaries(canaries=canaries, when="after", among=AMONG, seed=self._seed)
        group = self.found.setdefault(name, Found(of=AMONG))
        group.ranks += [event.rank for event in self._mind.rank(order) if isinstance(event, e.CanaryRanked)]


def _days(group: list[int], a_day: int) -> list[list[int]]:
    """As few days as hold them, none of them much smaller than another."""
    many = math.ceil(len(group) / a_day)
    return [group[day::many] for day in range(many)]


def _all(events: Iterator) -> None:
    for _ in events:
        pass


def faults(found: dict[str, Found]) -> list[str]:
    """What must not be, in words; nothing when all is as it should be."""
    out = [
        f"{name}: {found[name].recovered} of {len(found[name].ranks)} are found among the best; that is no chance"
        for name in UNHEARD
        if found[name].chance < UNLIKELY
    ]
    for name in LEARNT:
        if found[name].recovered < KNOWN * len(found[name].ranks):
            out.append(f"{name}: only {found[name].recovered} are found, so the looking shows nothing")
    return out


def main(argv: list[str] | None = None) -> int:
    parser = soak.parser("canaries", __doc__.split("\n")[0], 50)
    parser.add_argument("--a-day", type=int, help="canaries of a group a day; default: 10, 25 on the tiny model")
    parser.add_argument("--steps", type=int, help=f"gradient steps a night; default: {STEPS_EACH} a canary of its day")
    parser.add_argument("--arm", help="default: no-dreams; no-anchor on the tiny model")
    asked, began = parser.parse_args(argv), time.monotonic()
    soak.one_thread()
    asked.a_day = asked.a_day or A_DAY.get(asked.model, 10)
    asked.arm = asked.arm or ARM.get(asked.model, "no-dreams")
    with tempfile.TemporaryDirectory(prefix="observatory-canaries-") as scratch:
        stuff = soak.stuff(asked, Path(scratch))
        folders = {f"{name}_folder": f"{scratch}/{name}" for name in ("deltas", "states", "checkpoint")}
        settings = c.Settings(
            model=stuff.model, models_folder=str(stuff.models_folder), perplexity_text=str(stuff.text),
            perplexity_name="short", threads=stuff.threads, **folders,
        )  # fmt: skip
        with soak.Bar("nights", 3 * math.ceil(asked.count / asked.a_day), asked.quiet) as bar:
            found = Told(settings, asked.count, asked.a_day, asked.steps, asked.arm, asked.seed, bar).live()
    wrong = faults(found)
    groups = {name: group.summary() for name, group in found.items()}
    row = [(name, f"{group.recovered}/{len(group.ranks)}") for name, group in found.items()]
    soak.tell(asked, soak.result(asked, began, {"groups": groups, "faults": wrong, "sound": not wrong}), row)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
