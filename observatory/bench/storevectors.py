"""What the bench of stores writes and asks with: the default model's own vectors of real sentences, or drawn ones.

A sentence becomes the keys of its tokens as the hippocampus files them (whitened states at two thirds of the depth),
and so does the question about it. Vectors are kept in the cache of models, since reading three thousand sentences
takes a minute. It does not know what a store does with them.
"""

from __future__ import annotations

import functools
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .. import resources
from ..mind.address import UNITS, Address
from ..protocol.days import read_day
from ..protocol.durable import written_beside
from . import lookalikes, relations

WIDTH = 256
READ_AT_ONCE = 24
SENTENCES = 3_000
"""Real sentences: the built-in days, facts of the relations, and look-alikes for the rest."""


@dataclass(frozen=True)
class Told:
    """One sentence's keys, and those of what is asked about it; a row a token."""

    keys: torch.Tensor
    cue: torch.Tensor


@dataclass(frozen=True)
class Sentence:
    text: str
    cue: str


def sentences(count: int, seed: int = 0) -> list[Sentence]:
    """Real sentences first, then look-alikes; in an order that the seed draws."""
    place, chance = resources.folder(), random.Random(f"stores {seed}")
    found: dict[str, str] = {}
    for day in sorted((place / "days").glob("*.jsonl")):
        for line in read_day(day).experiences:
            # What a person remembers of it: its beginning.
            words = line.text.split()
            found.setdefault(line.text, " ".join(words[: max(2, len(words) // 2)]))
    facts = relations.read(place / "relations", relations.TAUGHT, random.Random(f"facts {seed}"))
    for fact in (fact for each in facts.values() for fact in each):
        found.setdefault(fact.statement, fact.others[0] if fact.others else fact.direct)
    real = [Sentence(text, cue) for text, cue in found.items()]
    chance.shuffle(real)
    real = real[: max(1, count * 2 // 5)]
    alike = [Sentence(each.text, each.direct) for each in lookalikes.episodes(max(0, count - len(real)), seed)]
    both = [*real, *alike][:count]
    chance.shuffle(both)
    return both


def real(cache: Path, count: int = SENTENCES, seed: int = 0) -> list[Told]:
    """The keys of real sentences and of their cues, read by the default model or taken from the cache."""
    asked = sentences(count, seed)
    mark = hashlib.sha256("\n".join(f"{s.text}\t{s.cue}" for s in asked).encode()).hexdigest()[:16]
    path = cache / "measured" / f"stores-{mark}.safetensors"
    if not path.is_file():
        _keep(path, asked, cache)
    kept = load_file(path)
    lengths = [kept[name].tolist() for name in ("lengths", "cue_lengths")]
    keys, cues = (kept[name].float().split(each) for name, each in zip(("keys", "cues"), lengths, strict=True))
    return [Told(_unit(k), _unit(c)) for k, c in zip(keys, cues, strict=True)]


def _keep(path: Path, asked: list[Sentence], cache: Path) -> None:
    from .ready import wake

    store = wake("default", cache).parts.hippocampus
    keys, cues = ([*_read(store, texts)] for texts in ([s.text for s in asked], [s.cue for s in asked]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(path) as beside:
        save_file({
            "keys": torch.cat(keys).half(), "lengths": torch.tensor([len(k) for k in keys]),
            "cues": torch.cat(cues).half(), "cue_lengths": torch.tensor([len(c) for c in cues]),
        }, beside)  # fmt: skip


@torch.no_grad()
def _read(store, texts: list[str]) -> Iterator[torch.Tensor]:
    for start in range(0, len(texts), READ_AT_ONCE):
        rows = [store.speech.encode(text) for text in texts[start : start + READ_AT_ONCE]]
        states = store._states_of(rows, store.opening())
        yield from (store.address.keys(part).cpu() for part in states.split([len(row) for row in rows]))


def code(keys: torch.Tensor) -> torch.Tensor:
    """The sparse code of a whole sentence, as one row of length 1; features as a home's address draws them."""
    address = Address(0, torch.zeros(WIDTH), torch.eye(WIDTH), _features())
    row = torch.zeros(1, UNITS)
    row[0, address.code(keys)[0]] = 1.0
    return _unit(row)


@functools.cache
def _features() -> torch.Tensor:
    return torch.randn(WIDTH, UNITS, generator=torch.Generator().manual_seed(11)) / WIDTH**0.5


def drawn(count: int, seed: int, width: int = WIDTH) -> torch.Tensor:
    """Near-orthogonal vectors of length 1."""
    generator = torch.Generator().manual_seed(seed)
    return _unit(torch.randn(count, width, generator=generator))


def _unit(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows, dim=1)
