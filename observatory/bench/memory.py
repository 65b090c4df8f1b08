"""The fast store measured: `python -m observatory.bench.memory [--episodes 500] [--many 100000] [--model …]`.

Prints one JSON object: how often the right episode is the best match among look-alikes, how many
questions are answered through the store and with the episode pasted into the prompt, what encoding
costs over the bare pass that it rides on, what scoring costs beside it, and how long a read takes from a very large
store.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from .. import models, resources
from ..mind import exam
from ..mind.hippocampus import Hippocampus, Recall
from ..mind.mind import Mind
from ..mind.speech import evenly
from ..protocol import commands as cmd
from ..protocol import events as ev
from ..protocol.days import read_day
from ..protocol.exams import marks, read_exam
from . import lookalikes
from .ready import wake

CUES_AT_ONCE = 24


def tell(mind: Mind, texts: list[str]) -> list[ev.Event]:
    """Every text as an episode of its own; returns what the mind said meanwhile."""
    numbered = enumerate(texts, len(mind.parts.lived) + 1)
    return [event for number, text in numbered for event in mind.tell(cmd.Tell(episode=number, text=text))]


def scoring(told: list[ev.Event]) -> dict:
    """What the latent state, the drives' scores and the governor's word cost beside the pass that reads an episode."""
    passes = [event.pass_ms for event in told if isinstance(event, ev.EpisodeEncoded)]
    beside = [event.took_ms for event in told if isinstance(event, ev.StateMoved)]
    share = statistics.median(b / p for b, p in zip(beside, passes, strict=True))
    return {"pass_ms": statistics.median(passes), "beside_ms": statistics.median(beside), "share": share}


def finding(mind: Mind, questions: list[tuple[str, int]]) -> float:
    """The share of questions whose best match is the right episode."""
    found = _recalls(mind, [cue for cue, _ in questions])
    right = sum(r.candidates[0][0] == episode for r, (_, episode) in zip(found, questions, strict=True))
    return right / len(questions)


def _recalls(mind: Mind, cues: list[str]) -> list[Recall]:
    return [found for part in evenly(cues, CUES_AT_ONCE) for found in mind.parts.hippocampus.recall_all(part)]


def sureness(mind: Mind, own: list[str], strange: list[str]) -> dict:
    """How often the store is sure about questions on what it holds, and about questions on what it does not."""
    return {
        name: sum(found.sure for found in _recalls(mind, questions)) / len(questions)
        for name, questions in (("about_the_day", own), ("about_other_things", strange))
    }


def answering(mind: Mind, questions: list[ev.Question], where: dict[str, int]) -> dict:
    """Questions answered through the store, and with the right episode pasted into the prompt."""
    parts = mind.parts
    through = returned(exam.ask_all(parts.speech, parts.hippocampus, questions, "whole"))
    opening = parts.hippocampus.opening()
    rows = [
        parts.speech.encode(f"{parts.lived[where[q.prompt]].text}\n{q.prompt}") + parts.speech.turn for q in questions
    ]
    said = dict(parts.speech.say(rows, [opening] * len(rows), exam.TOKENS))
    pasted = [marks(said[i].text, q.answers) for i, q in enumerate(questions)]
    return {"asked": len(questions), "through_the_store": sum(a.right for a in through), "pasted": sum(pasted)}


def returned(generator):
    """Run a generator to its end for what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def encoding(mind: Mind, texts: list[str], rounds: int = 3) -> dict:
    """Median milliseconds of the bare forward pass (with its surprise) and of encoding, text by text in turn."""
    parts, bare, whole = mind.parts, [], []
    store = Hippocampus(parts.speech, parts.hippocampus.address)
    opening = store.opening()
    for turn in range(rounds):
        for number, text in enumerate(texts, 1 + turn * len(texts)):
            tokens = parts.speech.encode(text)
            started = time.perf_counter()
            with torch.no_grad():
                normed, _ = parts.cortex.read_through([tokens], pasts=[opening])
                parts.cortex.surprise(normed, tokens)
            bare.append(time.perf_counter() - started)
            started = time.perf_counter()
            store.encode(number, text)
            whole.append(time.perf_counter() - started)
    half = len(texts)  # the first round warms up
    ratio = statistics.median(w / b for w, b in zip(whole[half:], bare[half:], strict=True))
    return {"bare_ms": 1e3 * statistics.median(bare[half:]), "encode_ms": 1e3 * statistics.median(whole[half:]),
            "ratio": ratio}  # fmt: skip


def large(mind: Mind, many: int, cues: list[str], seed: int = 0) -> dict:
    """Search and read times with a store filled by stand-ins: the day's keys, each turned a little at random."""
    parts, chance = mind.parts, np.random.default_rng(seed)
    source, store = parts.hippocampus, Hippocampus(parts.speech, parts.hippocampus.address)
    kept = list(source.traces.values())
    for number in range(1, many + 1):
        trace = kept[number % len(kept)]
        keys = source.files.keys_of(trace)
        turned = keys + chance.integers(-24, 25, keys.shape, dtype=np.int8) // 2
        code = np.unique(np.concatenate([trace.code[: len(trace.code) // 2], chance.integers(0, 4096, 40)]))[:64]
        store._store(number, trace.tokens, code.astype(np.int32), turned.astype(np.int8), trace.state)
    searched, read = [], []
    for cue in cues:
        found = store.recall(cue)
        searched.append(found.search_ms)
        if found.sure:
            read.append(found.read_ms)
    return {"episodes": many, "search_ms_median": statistics.median(searched), "search_ms_worst": max(searched),
            "read_ms_median": statistics.median(read) if read else None}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=500, help="look-alikes stored beside the first day")
    parser.add_argument("--many", type=int, default=100_000, help="size of the large store")
    parser.add_argument("--model", default=models.DEFAULT)
    parser.add_argument("--models-folder", type=Path, default=None)
    asked = parser.parse_args()
    folder = asked.models_folder or models.cache_folder(Path(tempfile.gettempdir()) / "observatory-bench")
    mind = wake(asked.model, folder)
    place = resources.folder()
    day = [line.text for line in read_day(place / "days" / "first.jsonl").experiences]
    paper = read_exam(place / "exams" / "first.jsonl")
    where = {q.prompt: day_of(q, day) for q in paper}
    by_kind = {kind: [q for q in paper if q.kind == kind] for kind in ("direct", "paraphrase")}
    tell(mind, day)
    alone = answering(mind, paper, where)
    alike = lookalikes.episodes(asked.episodes)
    told = tell(mind, [one.text for one in alike])
    first = len(day)
    pairs = {
        "direct": [(one.direct, first + i) for i, one in enumerate(alike, 1)],
        "paraphrase": [(one.paraphrase, first + i) for i, one in enumerate(alike, 1)],
    }
    strange = [q.prompt for q in read_exam(place / "exams" / "common.jsonl")]
    result = {
        "model": mind.ready.model, "device": mind.ready.device, "precision": mind.ready.precision,
        "threads": mind.ready.threads, "versions": mind.ready.versions, "python": platform.python_version(),
        "stored": len(day) + len(alike),
        "best_match": {
            "first_day": {k: finding(mind, [(q.prompt, where[q.prompt]) for q in qs]) for k, qs in by_kind.items()},
            "look_alikes": {k: finding(mind, qs) for k, qs in pairs.items()},
        },
        "sure": sureness(mind, [q.prompt for q in paper], strange),
        "answers": {"first_day_alone": alone, "among_look_alikes": answering(mind, paper, where)},
        "encoding": encoding(mind, day),
        "scoring": scoring(told),
        "large_store": large(mind, asked.many, [q.prompt for q in paper]),
    }  # fmt: skip
    print(json.dumps(result, indent=1))


def day_of(question: ev.Question, day: list[str]) -> int:
    """The episode that a first-day question is about: the one that holds its answer and most of its words."""
    words = {w.strip(".,?!'’").casefold() for w in question.prompt.split()}

    def shared(text: str) -> tuple[bool, int]:
        return marks(text, question.answers), len(words & {w.strip(".,?!'’").casefold() for w in text.split()})

    return max(range(len(day)), key=lambda at: shared(day[at])) + 1


if __name__ == "__main__":
    main()
