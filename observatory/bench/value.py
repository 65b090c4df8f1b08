"""Is value computed on a state or on words? `python -m observatory.bench.value [--seeds 0,1,2] [--sessions 600]`.

Sessions of three made worlds (`worlds.py`) are read by the cortex; the model of the latent state is trained on them as
a night trains it, and asked about sessions whose histories it has never seen: will the last turn fail? Every session
ends on the same words. Beside it stands the same kind of head, trained as long, on the cortex's state over those last
words: read alone, and read with all that went before in context. Prints one JSON object: the area under the curve, and
by how much the chances given lie beside what happened.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from pathlib import Path

import torch

from .. import models
from ..mind import foresight
from ..mind.latent import Latent, Turn, head, two_hot
from ..mind.mind import Mind
from ..mind.went import as_read
from ..protocol.events import VALUE_BINS
from . import worlds
from .ready import wake

UNSEEN = 200
PLACES = 10
"""Equal stretches of chance over which what was said is held against what happened."""


class Reader:
    """Turns as the mind sees them; whatever is said twice is read once."""

    def __init__(self, mind: Mind):
        self.store, self.speech = mind.parts.hippocampus, mind.parts.speech
        self._read: dict[tuple[str, str], tuple[torch.Tensor, torch.Tensor]] = {}
        self._goals: dict[str, torch.Tensor] = {}

    def turns(self, story: worlds.Story, told_to_the_end: bool) -> list[Turn]:
        """`told_to_the_end`: also how the last turn went; that is what is to be said."""
        out = []
        for number, turn in enumerate(story.turns, 1):
            known = told_to_the_end or number < len(story.turns)
            outcome, because = (turn.outcome, turn.because) if known else (None, "")
            gist, why = self._gists(turn.text, as_read(turn.text, outcome, because))
            out.append(Turn(gist, self._goal(story.goal), outcome, why if outcome is not None else None))
        return out

    def _gists(self, text: str, read: str) -> tuple[torch.Tensor, torch.Tensor]:
        if (text, read) not in self._read:
            number, words = len(self._read) + 1, len(self.speech.encode(text))
            self.store.encode(number, read)
            self._read[text, read] = self.store.gist(number, 0, words), self.store.gist(number, words)
        return self._read[text, read]

    def last_words(self, story: worlds.Story, in_context: bool) -> torch.Tensor:
        """The cortex's state over the last turn, read alone or behind everything that went before and how it went."""
        said = [as_read(turn.text, turn.outcome, turn.because) for turn in story.turns[:-1]] if in_context else []
        last = story.turns[-1].text
        keys = self.store.keys_of("\n".join([*said, last]))
        return keys[-len(self.speech.encode(last)) :].mean(0)

    def _goal(self, goal: str) -> torch.Tensor:
        if goal not in self._goals:
            self._goals[goal] = self.store.keys_of(goal).mean(0)
        return self._goals[goal]


def compared(reader: Reader, world: worlds.World, seed: int, sessions: int, steps: int | None = None) -> dict:
    """One world, one seed."""
    lived = worlds.told(world, sessions, seed)
    unseen = worlds.told(world, UNSEEN, seed + 1_000, frozenset(story.history for story in lived))
    told = [reader.turns(story, True) for story in lived]
    asked = [reader.turns(story, False) for story in unseen]
    failed = torch.tensor([story.fails for story in unseen])
    started = time.monotonic()
    trained = _driven(foresight.train(Latent(len(told[0][0].gist), seed), told, seed, steps))
    took = time.monotonic() - started
    moved = [_last(trained.latent, turns) for turns in asked]
    value, fails = (torch.tensor([getattr(m, name) for m in moved]) for name in ("value", "fails"))
    words = {
        name: _by_words([reader.last_words(s, context) for s in lived], lived,
                        [reader.last_words(s, context) for s in unseen], seed, trained.steps)
        for name, context in (("alone", False), ("in_context", True))
    }  # fmt: skip
    return {
        "world": world.name, "seed": seed, "sessions": sessions, "unseen": UNSEEN, "steps": trained.steps,
        "train_s": round(took, 1), "auc_value": area(-value, failed), "auc_fails": area(fails, failed),
        "off_by": calibration(fails, failed),
        **{f"auc_words_{name}": area(chances, failed) for name, chances in words.items()},
        **{f"off_by_words_{name}": calibration(chances, failed) for name, chances in words.items()},
    }  # fmt: skip


def _driven(runner) -> foresight.Trained:
    while True:
        try:
            next(runner)
        except StopIteration as end:
            return end.value


def _last(latent: Latent, turns: list[Turn]):
    state = None
    for turn in turns:
        moved = latent.take(state, turn)
        state = moved.after
    return moved


def _by_words(
    read: list[torch.Tensor], lived: list[worlds.Story], asked: list[torch.Tensor], seed: int, steps: int
) -> torch.Tensor:
    """The chance of failing by the same head on the cortex's state over the last words."""
    bins = torch.linspace(-1.0, 1.0, VALUE_BINS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        alone = head(len(read[0]))
    optimiser = torch.optim.AdamW(alone.parameters(), foresight.RATE, weight_decay=foresight.DECAY)
    said, target = torch.stack(read), two_hot(torch.tensor([story.turns[-1].outcome for story in lived]), bins)
    for _ in range(steps):
        loss = -(target * alone(said).log_softmax(-1)).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        chances = alone(torch.stack(asked)).softmax(-1)
    return chances[:, : VALUE_BINS // 2].sum(-1)


def area(score: torch.Tensor, failed: torch.Tensor) -> float:
    """The chance that one that failed is scored above one that did not; equal scores count half."""
    bad, good = score[failed], score[~failed]
    above = (bad[:, None] > good[None]).float() + 0.5 * (bad[:, None] == good[None]).float()
    return round(float(above.mean()), 4)


def calibration(chances: torch.Tensor, failed: torch.Tensor) -> float:
    """By how much the chances given differ from what happened, over stretches of equal width, weighted by use."""
    place = (chances * PLACES).long().clamp(0, PLACES - 1)
    off = 0.0
    for at in range(PLACES):
        here = place == at
        if here.any():
            off += float(here.float().mean() * (chances[here].mean() - failed[here].float().mean()).abs())
    return round(off, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--sessions", type=int, default=600)
    parser.add_argument("--model", default=models.DEFAULT)
    parser.add_argument("--models-folder", type=Path, default=None)
    asked = parser.parse_args()
    folder = asked.models_folder or models.cache_folder(Path(tempfile.gettempdir()) / "observatory-bench")
    mind = wake(asked.model, folder)
    reader, rows = Reader(mind), []
    for world in worlds.WORLDS.values():
        for seed in map(int, asked.seeds.split(",")):
            rows.append(compared(reader, world, seed, asked.sessions))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    result = {
        "model": mind.ready.model, "device": mind.ready.device, "precision": mind.ready.precision,
        "versions": mind.ready.versions, "python": platform.python_version(), "rows": rows,
    }  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
