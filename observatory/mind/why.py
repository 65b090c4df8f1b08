"""Why does it say that? The answer's likelihood with one thing left out at a time.

A night is left out by running with its delta taken off *beside* the weights, a memory by not reading it; nothing is
written, and the cortex's hash is the same afterwards. The lens reads the telling word off every layer. Knows nothing
of who asked or how it is shown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from ..protocol import commands as cmd
from ..protocol import events as ev
from .attend import Past, joined
from .delta import Delta
from .exam import TOKENS
from .hippocampus import Hippocampus

ANSWER_TOKENS = 64
"""Of a long answer this much is explained: what is asked about stands at its beginning."""


@dataclass
class Reading:
    """How one question is read: its row, and behind which memories, each with its share."""

    row: list[int]
    shares: list[float]
    reads: list[int]
    plain: bool = False


class Why:
    def __init__(self, store: Hippocampus, deltas: Callable[[], dict[int, Delta]]):
        """`deltas`: those of the accepted nights, by night, oldest first."""
        self.store, self.speech, self.cortex, self._deltas = store, store.speech, store.cortex, deltas

    @torch.no_grad()
    def explain(self, asked: cmd.Explain):
        started, deltas = time.monotonic(), self._deltas()
        answer = self.speech.encode(asked.answer)[:ANSWER_TOKENS]
        pieces, how = self.speech.pieces(answer), self._reading(asked)
        bare = self._bare(asked, how)
        total, done = 2 + len(deltas) + (len(how.reads) if len(how.reads) else 0), 1
        bits = self._bits(how, answer)
        yield ev.Explaining(done=done, of=total)
        with self._without(list(deltas.values())):
            base = ev.Without(bits=self._bits(bare, answer), says=self._says(bare))
        done += 1
        yield ev.Explaining(done=done, of=total)
        nights = []
        for night, delta in deltas.items():
            with self._without([delta]):
                nights.append(ev.WithoutNight(night=night, bits=self._bits(how, answer), says=self._says(how)))
            done += 1
            yield ev.Explaining(done=done, of=total)
        reads = []
        for at, episode in enumerate(how.reads):
            less = self._less(asked, how, at)
            reads.append(ev.WithoutRead(
                episode=episode, weight=how.shares[at], bits=self._bits(less, answer), says=self._says(less)
            ))  # fmt: skip
            done += 1
            yield ev.Explaining(done=done, of=total)
        taught = _most_missed(bits, nights)
        without = taught.bits if taught is not None else base.bits
        telling = max(range(len(bits)), key=lambda at: abs(without[at] - bits[at]), default=0)
        lens = self._lens(how, answer, telling, [deltas[taught.night]] if taught is not None else []) if answer else []
        yield ev.Explained(
            prompt=asked.text, answer=asked.answer, memory=asked.memory, pieces=pieces, bits=bits, base=base,
            nights=nights, reads=reads, telling=telling, lens_night=taught.night if taught is not None else 0,
            lens=lens, wall_s=time.monotonic() - started,
        )  # fmt: skip

    # ------------------------------------------------------------ how it is read

    def _reading(self, asked: cmd.Explain) -> Reading:
        reads = self.store.recall_all([asked.text])[0].reads if asked.memory == "whole" else []
        if not reads:
            return self._alone(asked)
        return Reading(self.store.question(asked.text, True), [w for _, _, w in reads], [e for e, _, _ in reads])

    def _alone(self, asked: cmd.Explain) -> Reading:
        if asked.style == "complete":
            return Reading(self.speech.encode(asked.text), [1.0], [], plain=True)
        return Reading(self.store.question(asked.text, False), [1.0], [])

    def _bare(self, asked: cmd.Explain, how: Reading) -> Reading:
        return self._alone(asked) if how.reads else how

    def _less(self, asked: cmd.Explain, how: Reading, at: int) -> Reading:
        """The same without one of the memories; without its only one, the cortex stands alone."""
        rest = [place for place in range(len(how.reads)) if place != at]
        left = sum(how.shares[place] for place in rest)
        if not rest or left <= 0:
            return self._alone(asked)
        return Reading(how.row, [how.shares[p] / left for p in rest], [how.reads[p] for p in rest])

    def _pasts(self, how: Reading) -> list[Past]:
        """Read with the cortex as it runs now: what is kept of a memory belongs to the cortex that has every night."""
        if how.plain:
            return [self.speech.document_past()]
        opening = self.speech.opening_past()
        if not how.reads:
            return [opening]
        rows = [self.store.traces[episode].tokens for episode in how.reads]
        _, pack = self.cortex.read_through(rows, pasts=[opening] * len(rows), keep=True)
        return [joined(opening, pack.kept(at)) for at in range(len(rows))]

    # ------------------------------------------------------------ what is asked of it

    def _bits(self, how: Reading, answer: list[int]) -> list[float]:
        if not answer:
            return []
        pasts, wanted = self._pasts(how), torch.tensor(answer, device=self.cortex.device)
        row, logs = [*how.row, *answer[:-1]], []
        for share, past in zip(how.shares, pasts, strict=True):
            normed, _ = self.cortex.read_through([row], pasts=[past])
            expected = self.cortex.logits(normed[len(how.row) - 1 :]).log_softmax(-1)
            logs.append(expected.gather(1, wanted[:, None])[:, 0] + math.log(max(share, 1e-9)))
        mixed = torch.logsumexp(torch.stack(logs), 0)
        return (-mixed / math.log(2)).tolist()

    def _says(self, how: Reading) -> str:
        mix = list(zip(how.shares, self._pasts(how), strict=True))
        return next(said.text for _, said in self.speech.say([how.row], [mix], TOKENS))

    def _lens(self, how: Reading, answer: list[int], telling: int, taught: list[Delta]) -> list[ev.LensLayer]:
        after = self._tips(how, answer, telling)
        before = after
        if taught:
            with self._without(taught):
                before = self._tips(how, answer, telling)
        return [
            ev.LensLayer(layer=at, before_bits=b, after_bits=a, before_word=was, after_word=now)
            for at, ((b, was), (a, now)) in enumerate(zip(before, after, strict=True), start=1)
        ]

    def _tips(self, how: Reading, answer: list[int], telling: int) -> list[tuple[float, str]]:
        """After every layer: bits of the telling word, and the word that stands first. Behind the strongest memory."""
        strongest = max(range(len(how.shares)), key=how.shares.__getitem__)
        taps = {layer: None for layer in range(1, len(self.cortex.layers))}
        row = [*how.row, *answer[:telling]]
        normed, _ = self.cortex.read_through([row], pasts=[self._pasts(how)[strongest]], taps=taps)
        states = [self.cortex.normed(taps[layer][-1:]) for layer in taps] + [normed[-1:]]
        logs = self.cortex.logits(torch.cat(states)).log_softmax(-1)
        bits = (-logs[:, answer[telling]] / math.log(2)).tolist()
        words = [self.speech.decode([token]).strip() for token in logs.argmax(-1).tolist()]
        return list(zip(bits, words, strict=True))

    @contextmanager
    def _without(self, deltas: list[Delta]):
        """Run with these nights taken off beside the weights, to rounding what they were before."""
        hooks = []
        for delta in deltas:
            delta.scale = -delta.scale
            hooks += delta.hooks(self.cortex.matrices(0, len(self.cortex.layers)))
        try:
            with self.cortex.beside(hooks):
                yield
        finally:
            for delta in deltas:
                delta.scale = -delta.scale


def _most_missed(bits: list[float], nights: list[ev.WithoutNight]) -> ev.WithoutNight | None:
    """The night whose absence makes the answer least likely."""
    return max(nights, key=lambda night: sum(night.bits) - sum(bits), default=None)
