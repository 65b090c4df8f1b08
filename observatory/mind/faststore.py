"""The fast store of somebody else that a home has chosen, at work beside the hippocampus.

Every token's key is written with the mark of its episode: a vector drawn once for its number, at right angles to
nearly all others. A store that lays everything into one state may ask for the episode's sparse code instead, a single
row in which two episodes share little (its option `address`: tokens or codes).

What a cue brings back is held against the marks of what is held, so the store says whose episode is meant and how
strongly it still answers; the hippocampus completes it, looks whether it fits, and hands it to the cortex. A store that
fails is switched off and the built-in index finds again. It does not know tokens or the cortex, and keeps nothing:
after a restart or a night it is told all that is held once more, in its order.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch

from ..plugins import find
from ..plugins.guard import Guarded
from ..plugins.manifest import ManifestUnclear
from ..protocol import commands as cmd
from ..protocol import events as ev
from .address import UNITS

ADDRESS, CODES = "address", "codes"
MARK_WIDTH = 256
"""As wide as a key: two drawn marks then overlap by a sixteenth, so that hundreds of episodes stay apart."""
CALL_S = 10.0
"""Forty times what the slowest store that ships takes for a sentence on two busy cores; a store that hangs costs this
once."""
ROW_S = 0.1
"""And for every token of a long text."""
ECHOED, ECHO_ROWS = 16, 3
"""Episodes whose echo is told after every write, and keys that each is asked with: two sentences' worth of reading."""
BROUGHT_BACK = 8
FAINT = 0.03
"""Of an answer at full strength: what is weaker cannot be told from the overlap of drawn marks."""


class FastStore:
    def __init__(self, found: find.Found, width: int, seed: int, choices: dict[str, object]):
        self.found, self.name = found, found.manifest.name
        self.notices: list[ev.Notice] = []
        self._codes = found.manifest.chosen(choices).get(ADDRESS) == CODES
        self._made_with = {"width": UNITS if self._codes else width, "value_width": MARK_WIDTH, "seed": seed}
        self._choices = choices
        self._marks: dict[int, torch.Tensor] = {}
        self._held: list[int] = []
        self._joined: torch.Tensor | None = None
        self._wrote: tuple[int, float, int, float] | None = None
        self._read: tuple[np.ndarray, float] | None = None
        self.store = self._fresh()

    def _fresh(self) -> Guarded:
        return Guarded(self.found, "fast-store", self.notices.append, choices=self._choices, **self._made_with)

    @property
    def on(self) -> bool:
        return self.store.on

    def said(self) -> list[ev.Notice]:
        """What there is to tell since the last time."""
        told, self.notices[:] = list(self.notices), []
        return told

    def switch_off(self, why: str) -> None:
        """For what it did beside answering; it stays off until the next start."""
        self.store.switch_off(why)

    def anew(self) -> None:
        """Empty, to be told everything again; one that is off stays off."""
        if self.on:
            self.store.close()
            self._held, self._joined = [], None
            self.store = self._fresh()

    def close(self) -> None:
        """Let its thread go, where a mind ends before its process does."""
        self.store.close()

    # ------------------------------------------------------------ writing

    def write(self, episode: int, keys: np.ndarray, code: np.ndarray) -> float | None:
        """Told as an episode is stored: how new it was to this store, or None from one that is off."""
        if not self.on or not len(keys):
            return None
        rows = self._rows(keys, code)
        values = self._mark(episode).expand(len(rows), -1)
        started = time.perf_counter()
        novelty = self._ask("encode", len(rows), episode, rows, values)
        if novelty is not None:
            self._held.append(episode)
            self._joined = None
            self._wrote = episode, novelty, len(rows), (time.perf_counter() - started) * 1e3
        return novelty

    def forget(self, episode: int, keys: np.ndarray, code: np.ndarray) -> None:
        """Let go what was written, given again as it was then."""
        if episode not in self._held:
            return
        self._held.remove(episode)
        self._joined = None
        rows = self._rows(keys, code)
        self._ask("forget", len(rows), episode, rows, self._mark(episode).expand(len(rows), -1))

    # ------------------------------------------------------------ reading

    def likeness(self, cue: torch.Tensor, units: np.ndarray) -> tuple[list[int], np.ndarray] | None:
        """The episodes that are held, and how strongly the cue brings each back; None if the store is off."""
        if not self._held:
            return None
        rows = _coded(units) if self._codes else cue.detach().float().cpu()
        started = time.perf_counter()
        read = self._ask("read", len(rows), rows)
        if read is None:
            return None
        if self._joined is None:
            self._joined = torch.stack([self._mark(episode) for episode in self._held])
        found = (read @ self._joined.T).mean(0).clamp(0, 1).numpy()
        self._read = found, (time.perf_counter() - started) * 1e3
        return list(self._held), found

    # ------------------------------------------------------------ shown

    def newest(self) -> list[int]:
        """The episodes whose echo is told after a write, as they were told."""
        return self._held[-ECHOED:]

    def wrote(self, last: list[tuple[int, np.ndarray, np.ndarray]]) -> ev.StoreWrote | None:
        """What the last write did; `last` are the newest episodes with their keys and codes. None if there is none."""
        if self._wrote is None or not self.on:
            return None
        episode, novelty, written, took = self._wrote
        asked = [self._rows(_few(keys), code) for _, keys, code in last]
        read = self._ask("read", sum(map(len, asked)), torch.cat(asked)) if asked else None
        numbers, own = self._ask("size", 0), self._looked()
        if read is None or numbers is None:
            return None
        parts = zip(last, read.split([len(rows) for rows in asked]), strict=True)
        echoes = [_echo(number, float((part @ self._mark(number)).mean())) for (number, *_), part in parts]
        return ev.StoreWrote(
            episode=episode, store=self.found.id, novelty=round(novelty, 4), rows=written, held=len(self._held),
            numbers=numbers, took_ms=took, echoes=echoes, own=own,
        )  # fmt: skip

    def brought_back(self, question: int) -> ev.StoreRead | None:
        """What the last cue found."""
        if self._read is None or not self.on:
            return None
        found, took = self._read
        best = np.argsort(-found, kind="stable")[:BROUGHT_BACK]
        echoes = [_echo(self._held[at], float(found[at])) for at in best]
        return ev.StoreRead(
            question=question, store=self.found.id, echoes=echoes, took_ms=took, own=self._looked()
        )  # fmt: skip

    def _looked(self) -> dict[str, float]:
        shown = self.store.ask("look", otherwise={}) if self.on else {}
        return {name: round(number, 4) for name, number in shown.items()}

    # ------------------------------------------------------------ inside

    def _rows(self, keys: np.ndarray, code: np.ndarray) -> torch.Tensor:
        return _coded(code) if self._codes else torch.from_numpy(keys).float() / 127.0

    def _ask(self, method: str, rows: int, *arguments):
        return self.store.ask(method, *arguments, seconds=CALL_S + ROW_S * rows) if self.on else None

    def _mark(self, episode: int) -> torch.Tensor:
        mark = self._marks.get(episode)
        if mark is None:
            generator = torch.Generator().manual_seed(episode)
            mark = torch.nn.functional.normalize(torch.randn(MARK_WIDTH, generator=generator), dim=0)
            self._marks[episode] = mark
        return mark


def chosen(settings: cmd.Settings, width: int, home: Path | None):
    """The store that these settings name, or None for the built-in one; yields what there is to say about that."""
    if not settings.fast_store:
        return None
    found = find.usable(settings.fast_store, "fast-store", home)
    if found is None:
        yield _built_in(settings.fast_store, "no plugin of that name with a fast store can be used here")
        return None
    try:
        found.manifest.chosen(settings.fast_store_options)
    except ManifestUnclear as unclear:
        yield _built_in(settings.fast_store, str(unclear))
        return None
    store = FastStore(found, width, settings.seed, dict(settings.fast_store_options))
    yield from store.said()
    return store


def _built_in(name: str, why: str) -> ev.Notice:
    return ev.Notice(
        level="warning", title=f"The built-in fast store stands in for “{name}”", text=f"It could not be used: {why}",
        remedy="See what there is with: observatory plugins list. Choose with: observatory live --fast-store NAME.",
    )  # fmt: skip


def _few(keys: np.ndarray) -> np.ndarray:
    """Some of an episode's keys, from all over it: enough to see whether it is still there."""
    return keys[np.unique(np.linspace(0, len(keys) - 1, ECHO_ROWS + 2).round().astype(int)[1:-1])]


def _echo(episode: int, strength: float) -> ev.Echo:
    return ev.Echo(episode=episode, strength=round(min(1.0, max(0.0, strength)), 4))


def _coded(units: np.ndarray) -> torch.Tensor:
    """A sparse code as one row of length 1."""
    row = torch.zeros(1, UNITS)
    row[0, torch.as_tensor(units, dtype=torch.long)] = 1.0
    return torch.nn.functional.normalize(row, dim=1)
