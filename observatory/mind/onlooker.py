"""Watching a replay token by token: what the student makes of one row before and after a step, and the teacher.

It looks at one row of a step, and only as often as its share of the time allows; every episode has its turn. What it
sees changes nothing: no chance is drawn, nothing is kept, and nothing that is learnt depends on it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import torch

from ..protocol import events as ev
from .replay import Drawn, Replay
from .speech import Speech
from .views import View

SHARE = 0.015
"""Of the time that steps take. A row costs two passes over it and its logits: 6 to 10 % of a step of the default model
(float32, one core), so that about one step in six is watched. The first always is.
"""


class Onlooker:
    def __init__(self, speech: Speech, replay: Replay, open_book: Callable[[View], torch.Tensor]):
        """`open_book`: the teacher's states at a view's labels, where the row does not bring them along."""
        self.speech, self.replay, self.open_book = speech, replay, open_book
        self.seen: Counter[int | None] = Counter()
        self._stepped = self._spent = self._last = 0.0

    def picks(self, drawn: list[Drawn]) -> Drawn | None:
        """The row of this step that is watched: of what was watched least. None where there is no time for it."""
        if not drawn or (self.seen and self._spent + self._last > SHARE * self._stepped):
            return None
        row = min(drawn, key=lambda d: self.seen[_whose(d)])
        row.watched = True
        return row

    def passed(self, seconds: float) -> None:
        """A step took so long."""
        self._stepped += seconds

    @property
    def share(self) -> float:
        """How much longer the steps so far have taken because somebody watched."""
        return self._spent / self._stepped if self._stepped else 0.0

    @torch.no_grad()
    def sees(self, drawn: Drawn) -> ev.Watched:
        """What there is to see in a row that was picked, once the step is done."""
        started = time.perf_counter()
        replay, row = self.replay, drawn.row
        after = replay.forward([row])
        loss = float(replay.losses([row], after)[0][0])
        teacher = row.states if row.states is not None else self.open_book(drawn.said or drawn.view)
        logs = replay.cortex.logits(torch.cat([drawn.states, after[0], teacher])).log_softmax(-1)
        wanted = torch.tensor([row.tokens[p + 1] for p in row.labels] * 3, device=logs.device)
        chances = [round(chance, 4) for chance in logs.gather(1, wanted[:, None])[:, 0].exp().tolist()]
        says = [self.speech.cortex.tokenizer.decode([token]) for token in logs.argmax(-1).tolist()]
        many = len(row.labels)
        (before, since, taught), (b, d, t) = ((x[:many], x[many : 2 * many], x[2 * many :]) for x in (chances, says))
        self.seen[_whose(drawn)] += 1
        self._last = time.perf_counter() - started
        self._spent += self._last
        return ev.Watched(
            pieces=self.speech.pieces(row.tokens), places=[p + 1 for p in row.labels], before=before, after=since,
            teacher=taught, before_says=b, after_says=d, teacher_says=t, loss_after=loss, took_ms=1e3 * self._last,
        )  # fmt: skip


def _whose(drawn: Drawn) -> int | None:
    """The episode that a row is of; all old material has its turn together."""
    return drawn.view.episode if drawn.view is not None else None
