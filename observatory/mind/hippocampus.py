"""The fast store: an episode goes in during the one pass that reads it, and comes back by attention.

A cue becomes a sparse code; an index from units to episodes finds who shares its units; the best of
those are completed token by token (each token of the cue looks for its best partner); the winner's
keys and values are handed to the cortex as context. An unsure match hands over nothing. It does not
know nights, databases or windows.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import torch

from ..protocol import events as ev
from .address import ACTIVE, UNITS, Address
from .attend import Pack, Past, joined, rebased
from .faststore import FAINT, FastStore
from .filing import Files
from .passages import telling_places
from .speech import Speech, evenly

PASTS_KEPT = 256
"""Episodes whose keys and values stay in memory (0.7 MB each on the default model); others are read again."""
FETCHED_AT_ONCE = 24
COMPARED_AT_ONCE = 1024
"""Episodes that a goal is held against in one go: some 20 MB of keys."""
SURE = 0.65
SURE_WORDS = 3
"""How well the three best-matched tokens of the cue's telling words must match. Measured on the default model over nine
days: of 362 questions on them that found the right episode 8 lie below, of 1,782 on other things 6 above (and 24 and
30 where "Who wrote" counts like a name and 0.77 is asked for)."""
NEIGHBOURS = 8
"""Stored episodes that a new one is held against when it is filed."""
LEAST_WEIGHT = 0.15
"""What gets less of the weight is not read."""
SHARPNESS = 60.0
"""Inverse temperature of the completion: a lead of 0.04 in match gives the best episode 92 % of the weight."""


@dataclass
class Encoded:
    """What one encoding pass gave."""

    episode: int
    tokens: list[int]
    bits: list[float]
    code: list[int]
    novelty: float
    nearest: list[tuple[int, float, float, float]]
    """The nearest episodes by keys, and how alike they are in keys, in code and in the cortex's own states."""
    pass_ms: float
    code_ms: float
    strengths: list[float]


@dataclass
class Recall:
    """What a cue brought back: candidates with match and weight; `reads` is empty when unsure."""

    candidates: list[tuple[int, float]]
    reads: list[tuple[int, float, float]]
    sure: bool
    why: str
    novelty: float
    search_ms: float
    pasts: list[tuple[float, Past, int]] = field(default_factory=list)
    read_ms: float = 0.0


class Hippocampus:
    def __init__(self, speech: Speech, address: Address):
        self.speech, self.cortex, self.address = speech, speech.cortex, address
        self.files = Files(address.whiten.shape[1])
        self.traces = self.files.traces
        self._pasts: OrderedDict[int, Past] = OrderedDict()
        self._opening: Past | None = None
        self._opened_state: torch.Tensor | None = None
        self.joint = speech.encode("\n")
        self.chosen: FastStore | None = None
        """Another store that the home has chosen to find episodes with; the built-in index finds where it does not."""
        self.superseded: dict[int, int] = {}
        """Episodes that a later one corrects: a cue that finds the earlier one is answered by the later."""

    def __len__(self) -> int:
        return len(self.traces)

    def opening(self) -> Past:
        """Keys and values of the shared opening of every turn, for the cortex as it is now."""
        if self._opening is None:
            self._opening = self.speech.opening_past()
        return self._opening

    def cortex_moved(self) -> None:
        """After a night the kept keys and values belong to a cortex that is no more."""
        self._opening = self._opened_state = None
        self._pasts.clear()

    # ------------------------------------------------------------ writing

    @torch.no_grad()
    def encode(self, episode: int, text: str) -> Encoded:
        """Read the text once; file what that pass left behind."""
        started = time.perf_counter()
        tokens = self.speech.encode(text)
        opening = self.opening()
        taps = {self.address.layer: None}
        normed, pack = self.cortex.read_through([tokens], pasts=[opening], keep=True, taps=taps)
        bits = self.cortex.surprise(torch.cat([self._after_opening, normed[:-1]]), tokens)
        passed = time.perf_counter()
        states = taps[self.address.layer]
        keys = self.address.keys(states)
        units, strengths = self.address.code(keys)
        quick, state = _int8(keys), _mean(states)
        nearest = self._nearest(keys, units.numpy(), state)
        best = nearest[0][1] if nearest else 0.0
        units, order = units.sort()
        self._store(episode, tokens, units.cpu().numpy().astype(np.int32), quick, state)
        self._hold(episode, pack.kept(0))
        done = time.perf_counter()
        return Encoded(
            episode, tokens, bits, units.tolist(), 1.0 - best, nearest, (passed - started) * 1e3,
            (done - passed) * 1e3, strengths[order].tolist(),
        )  # fmt: skip

    @property
    def _after_opening(self) -> torch.Tensor:
        """The cortex's state at the end of the opening: from it the first word of an episode is expected."""
        if self._opened_state is None:
            normed, _ = self.cortex.read_through([self.speech.opening])
            self._opened_state = normed[-1:]
        return self._opened_state

    @torch.no_grad()
    def refile(self, episodes: dict[int, list[int]], batch: int = 24):
        """Read stored episodes again for the cortex as it is now (after a restart or a night). Yields a count."""
        opening, items = self.opening(), list(episodes.items())
        if self.chosen is not None and not self.traces.keys() - episodes.keys():
            self.chosen.anew()
        for start in range(0, len(items), batch):
            part = items[start : start + batch]
            rows = [tokens for _, tokens in part]
            pack_hidden = self._states_of(rows, opening)
            at = 0
            for episode, tokens in part:
                states = pack_hidden[at : at + len(tokens)]
                keys = self.address.keys(states)
                at += len(tokens)
                units, _ = self.address.code(keys)
                self._store(episode, tokens, units.cpu().numpy().astype(np.int32), _int8(keys), _mean(states))
            yield start + len(part)

    def _states_of(self, rows: list[list[int]], opening: Past) -> torch.Tensor:
        pack = Pack([len(r) for r in rows], pasts=[opening] * len(rows))
        ids = torch.tensor([t for r in rows for t in r])
        return self.cortex.run(pack, self.cortex.embed(ids), pack.positions(), last=self.address.layer)

    def forget(self, episode: int) -> None:
        """Let an episode go: its codes, its keys and what is at hand of it."""
        if (trace := self.traces.get(episode)) is None:
            return
        if self.chosen is not None:
            self.chosen.forget(episode, self.files.keys_of(trace), trace.code)
        self.files.drop(episode)
        self._pasts.pop(episode, None)

    def _store(self, episode: int, tokens: list[int], code: np.ndarray, keys: np.ndarray, state: np.ndarray) -> None:
        self.forget(episode)
        self.files.add(episode, tokens, code, keys, state)
        if self.chosen is not None:
            self.chosen.write(episode, keys, code)

    def store_wrote(self, episode: int) -> ev.StoreWrote | None:
        """What the chosen store made of an episode that was just stored; None where the built-in one finds."""
        if self.chosen is None or episode not in self.chosen.newest():
            return None
        last = [self.traces[e] for e in self.chosen.newest()]
        return self.chosen.wrote([(t.episode, self.files.keys_of(t), t.code) for t in last])

    def _hold(self, episode: int, past: Past) -> None:
        self._pasts[episode] = past
        self._pasts.move_to_end(episode)
        while len(self._pasts) > PASTS_KEPT:
            self._pasts.popitem(last=False)

    # ------------------------------------------------------------ finding

    def _nearest(self, keys: torch.Tensor, units: np.ndarray, state: np.ndarray) -> list[tuple]:
        """Separation: how alike the inputs are, and how much less alike the codes. The nearest by keys come first."""
        if not self.traces:
            return []
        slots = self.files.shortlist(units)
        match = self.files.match(keys, slots)
        order = np.argsort(-match)[:NEIGHBOURS]
        mine, out = set(units.tolist()), []
        for at in order:
            trace = self.traces[self.files.order[slots[at]]]
            shared = len(mine.intersection(trace.code.tolist())) / max(1, min(len(mine), len(trace.code)))
            alike = float(trace.state.astype(np.float32) @ state.astype(np.float32))
            out.append((trace.episode, float(match[at]), shared, alike))
        return out

    def gist(self, episode: int, first: int = 0, last: int | None = None) -> torch.Tensor:
        """The mean of an episode's keys, or of a stretch of them: where it lies as a whole."""
        trace = self.traces[episode]
        rows = self.files.keys_of(trace)[first:last]
        return torch.from_numpy(rows).float().mean(0) / 127.0 if len(rows) else torch.zeros(rows.shape[1])

    @torch.no_grad()
    def keys_of(self, text: str) -> torch.Tensor:
        """The keys of something that is not stored: a goal, a cue."""
        return self.address.keys(self._states_of([self.speech.encode(text)], self.opening())).cpu()

    def closeness(self, keys: torch.Tensor, episodes: list[int]) -> list[float]:
        """How well each episode completes these keys, from 0 to 1."""
        out: list[float] = []
        for part in evenly(episodes, COMPARED_AT_ONCE):
            out += self.files.match(keys, self.files.slots_of(part)).tolist()
        return out

    def recall(self, cue: str) -> Recall:
        """Cue → code → completion → keys and values of the best match."""
        found = self.recall_all([cue])[0]
        started = time.perf_counter()
        found.pasts = [(w, self.read(e), e) for e, _, w in found.reads]
        found.read_ms = (time.perf_counter() - started) * 1e3
        return found

    @torch.no_grad()
    def recall_all(self, cues: list[str]) -> list[Recall]:
        """What each of several cues brings back; they are read in one pass."""
        if not (self.traces and cues):
            return [Recall([], [], False, "nothing has been told yet", 1.0, 0.0) for _ in cues]
        rows = [self.speech.encode(cue) for cue in cues]
        states = self._states_of(rows, self.opening()).split([len(row) for row in rows])
        return [self._complete(each, row) for each, row in zip(states, rows, strict=True)]

    def _complete(self, states: torch.Tensor, tokens: list[int], most: int = 3) -> Recall:
        started = time.perf_counter()
        keys = self.address.keys(states)
        units, _ = self.address.code(keys)
        slots, match, full = self._found(keys, units.numpy())
        order = np.argsort(-match, kind="stable")[: max(most, 5)]
        candidates = [(self.files.order[slots[at]], float(match[at])) for at in order]
        searched = time.perf_counter()
        best, top = candidates[0][1], [m for _, m in candidates]
        weights = np.exp(SHARPNESS * (np.array(top[:most]) - best) / full)
        weights = weights / weights.sum()
        novelty, took = 1.0 - best, (searched - started) * 1e3
        if doubt := self._doubt(best, keys, tokens, slots[order[:1]]):
            return Recall(candidates, [], False, f"unsure: {doubt}; nothing was read", novelty, took)
        chosen: dict[int, tuple[float, float]] = {}
        for (episode, m), w in zip(candidates, weights, strict=False):
            if w >= LEAST_WEIGHT:
                stands = self._standing(episode)
                known, weight = chosen.get(stands, (m, 0.0))
                chosen[stands] = (max(known, m), weight + float(w))
        total = sum(w for _, w in chosen.values())
        reads = [(e, m, w / total) for e, (m, w) in chosen.items()]
        return Recall(candidates, reads, True, "", novelty, took)

    def _doubt(self, best: float, keys: torch.Tensor, tokens: list[int], slot: np.ndarray) -> str:
        """Why the best match is none, if it is none."""
        if best < FAINT:
            return f"the store answers with {best:.2f}, which is too faint"
        told = telling_places([self.speech.decode([token]) for token in tokens])
        if not told:
            return "the cue names nothing"
        match = self.files.partners(keys[told], slot)[0]
        strongest = float(match.topk(min(SURE_WORDS, len(told))).values.mean())
        return f"its telling words match {strongest:.2f}, under {SURE:.2f}" if strongest < SURE else ""

    def _found(self, keys: torch.Tensor, units: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Slots that may be meant, how well each matches, and what a full match is; by the chosen store if it answers.

        Built in, a full match is 1. Other stores answer the fainter the more they hold: there the best is full.
        """
        answered = self.chosen.likeness(keys, units) if self.chosen is not None else None
        if answered is None:
            slots = self.files.shortlist(units)
            return slots, self.files.match(keys, slots), 1.0
        episodes, strength = answered
        return self.files.slots_of(episodes), strength, max(FAINT, float(strength.max()))

    def _standing(self, episode: int) -> int:
        """The episode itself, or what corrects it, as far as that is still held."""
        seen = {episode}
        while (later := self.superseded.get(episode)) in self.traces and later not in seen:
            seen.add(later)
            episode = later
        return episode

    @torch.no_grad()
    def fetch(self, episodes: list[int]) -> None:
        """Read several episodes again in one pass, so that their keys and values are at hand."""
        missing = [e for e in dict.fromkeys(episodes) if e not in self._pasts]
        for part in evenly(missing[:PASTS_KEPT], FETCHED_AT_ONCE):
            rows = [self.traces[e].tokens for e in part]
            _, pack = self.cortex.read_through(rows, pasts=[self.opening()] * len(rows), keep=True)
            for at, episode in enumerate(part):
                self._hold(episode, pack.kept(at).slice(0, len(rows[at])))

    @torch.no_grad()
    def read(self, episode: int, at: int | None = None, hold: bool = True) -> Past:
        """An episode's keys and values, re-based to begin at position `at` (default: right behind the opening).

        `hold`: they are wanted again soon. Who only watches takes nobody else's place.
        """
        past = self._pasts.get(episode)
        if past is None:
            _, pack = self.cortex.read_through([self.traces[episode].tokens], pasts=[self.opening()], keep=True)
            past = pack.kept(0)
        if hold:
            self._hold(episode, past)
        home = self.opening().length
        return rebased(past, (home if at is None else at) - home, self.cortex.inverse_frequencies)

    def context(self, past: Past) -> Past:
        """The opening followed by what was read: the past behind which a question is put."""
        return joined(self.opening(), past)

    def question(self, text: str, remembering: bool) -> list[int]:
        """A question's tokens; behind a memory it starts on a new line, as it would in a pasted prompt."""
        return [*(self.joint if remembering else []), *self.speech.encode(text), *self.speech.turn]


def _mean(states: torch.Tensor) -> np.ndarray:
    mean = states.float().mean(0)
    return (mean / mean.norm().clamp_min(1e-6)).to(torch.float16).cpu().numpy()


def _int8(keys: torch.Tensor) -> np.ndarray:
    return (keys * 127).round().clamp(-127, 127).to(torch.int8).cpu().numpy()


assert ACTIVE / UNITS < 0.02
