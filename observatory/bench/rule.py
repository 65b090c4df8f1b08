"""Does a shorter delta know a rule as well as the whole one? `python -m observatory.bench.rule [--seed 0] [--model …]`.

A night on the day that shows a number rule among facts (examples only, the rule is never said). When the night has
chosen its scale, the exam is taken with the delta whole and again with the fewer directions that the night weighs.
Prints one JSON object: right answers on facts, on examples that were shown and on numbers that were not; beside them
what the untouched model answers right.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path

import torch

from .. import models, resources
from ..mind import exam, weigh
from ..mind.delta import Delta
from ..mind.mind import Mind
from ..protocol import commands as cmd
from ..protocol import events as ev
from ..protocol.days import read_day
from ..protocol.exams import read_exam
from .memory import tell
from .ready import wake

DAY = "rule"


def night(mind: Mind, seed: int, steps: int) -> tuple[Delta, dict[str, torch.nn.Linear], list[ev.Weighed]]:
    """One night up to its proposal: the delta at its scale, whole, the maps that it is for, and how it was weighed."""
    weighed: list[ev.Weighed] = []
    whole, maps = None, {}
    order = cmd.Sleep(
        night=1, seed=seed, episodes=sorted(mind.parts.lived), exam=[],
        plan=cmd.NightPlan(steps=steps, exam_whole=False),
    )  # fmt: skip
    for event in mind.sleep(order):
        if isinstance(event, ev.NightProgress) and event.stage == "replay":
            print(f"\r{event.text:60}", end="", file=sys.stderr, flush=True)
        if isinstance(event, ev.Weighed):
            weighed.append(event)
            if event.search == "rank" and whole is None:
                # Not yet the shorter one: that is chosen after the telling. The night ends when nobody asks it on.
                whole, maps = mind.night.study.delta, mind.night.study.maps
        if isinstance(event, ev.Proposed):
            print(file=sys.stderr)
            return whole, maps, weighed
    raise SystemExit("the night proposed nothing")


def examined(
    mind: Mind, delta: Delta | None, maps: dict[str, torch.nn.Linear], paper: list[ev.Question]
) -> dict[str, str]:  # fmt: skip
    """Right of asked, by kind, with this delta beside the cortex; none: as it is."""
    parts = mind.parts
    with parts.cortex.beside(delta.hooks(maps) if delta else []):
        parts.hippocampus.cortex_moved()
        asking = exam.ask_all(parts.speech, parts.hippocampus, paper, "cortex")
        try:
            while True:
                next(asking)
        except StopIteration as done:
            answers = done.value
    parts.hippocampus.cortex_moved()
    return {kind: f"{score.right}/{score.asked}" for kind, score in exam.scores(answers).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=cmd.NightPlan().steps)
    parser.add_argument("--model", default=models.DEFAULT)
    parser.add_argument("--models-folder", type=Path, default=None)
    asked = parser.parse_args()
    folder = asked.models_folder or models.cache_folder(Path(tempfile.gettempdir()) / "observatory-bench")
    mind = wake(asked.model, folder)
    place = resources.folder()
    tell(mind, [line.text for line in read_day(place / "days" / f"{DAY}.jsonl").experiences])
    paper = read_exam(place / "exams" / f"{DAY}.jsonl")
    untouched = examined(mind, None, {}, paper)
    whole, maps, weighed = night(mind, asked.seed, asked.steps)
    ordered = whole.in_directions()
    strengths = ordered.strengths()
    chosen = {one.search: one for one in weighed if one.chosen}
    result = {
        "model": mind.ready.model, "device": mind.ready.device, "precision": mind.ready.precision,
        "versions": mind.ready.versions, "python": platform.python_version(), "seed": asked.seed,
        "scale": chosen["scale"].scale, "untouched": untouched,
        "tried": [
            {
                "directions": count, "kept": count == chosen["rank"].kept,
                "right": examined(mind, ordered.pruned(strengths[:count]), maps, paper),
            }
            for count in [len(strengths), *(round(share * len(strengths)) for share in weigh.KEPT)]
        ],
    }  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
