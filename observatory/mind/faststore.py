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
        novelty = self._ask("encode", len(rows), episode, rows, values)
        if novelty is not None:
            self._held.append(episode)
            self._joined = None
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
        read = self._ask("read", len(rows), rows)
        if read is None:
            return None
        if self._joined is None:
            self._joined = torch.stack([self._mark(episode) for episode in self._held])
        return list(self._held), (read @ self._joined.T).mean(0).clamp(0, 1).numpy()

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


def _coded(units: np.ndarray) -> torch.Tensor:
    """A sparse code as one row of length 1."""
    row = torch.zeros(1, UNITS)
    row[0, torch.as_tensor(units, dtype=torch.long)] = 1.0
    return torch.nn.functional.normalize(row, dim=1)
