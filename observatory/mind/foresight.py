"""How a night trains the model of the latent state: on whole sessions, by what came next and how it went.

Four things are learnt at once: to expect the next turn's latent (prior towards posterior, and a little the other
way), to tell the turn from its latent, to say how a turn goes, and its value by TD(λ) as a two-hot distribution. Some
sessions are held out, and the best of what did well on those is kept. It knows sessions as vectors and nothing of how
they were told, kept or accepted.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .latent import Latent, Turn, divergence, two_hot
from .speech import evenly

STEPS = 480
"""Gradient steps at most; made worlds of 600 sessions are learnt in about so many."""
STEPS_OF_FEW = 80
"""Steps where nothing can be held out to say when it is enough."""
STRETCH = 32
"""Turns of one session that are learnt in one go; of a longer one each stretch begins anew."""
RATE = 3e-3
DECAY = 1e-2
CLIP = 1.0
BATCH = 64
LAMBDA = 0.9
LATER = 0.3
"""The part of a turn's value that is left to what comes after it, where its own outcome is known."""
FADING = 0.95
"""And the part that is left of it where nothing is known of the turn itself."""
TOWARDS_POSTERIOR, TOWARDS_PRIOR = 1.0, 0.1
FREE = 0.5
"""Nats of a turn that cost nothing: under that, expecting it better is not worth what it would forget."""
HELD_OUT = 6
"""Every sixth session is held out, where there are at least `ENOUGH`."""
ENOUGH = 12
LOOK_EVERY = 12
PATIENCE = 6
"""Looks at the held-out sessions without anything better, and it is over."""


@dataclass(frozen=True)
class Sessions:
    """Whole sessions, padded to one length."""

    gist: Tensor
    goal: Tensor
    because: Tensor
    outcome: Tensor
    known: Tensor
    there: Tensor

    @classmethod
    def of(cls, sessions: Sequence[Sequence[Turn]], inputs: int) -> Sessions:
        rows, length = len(sessions), max(map(len, sessions))
        nothing = torch.zeros(inputs)
        gist, goal, because = (torch.zeros(rows, length, inputs) for _ in range(3))
        outcome, known, there = (torch.zeros(rows, length) for _ in range(3))
        for row, session in enumerate(sessions):
            for at, turn in enumerate(session):
                gist[row, at] = turn.gist
                goal[row, at] = nothing if turn.goal is None else turn.goal
                because[row, at] = nothing if turn.because is None else turn.because
                outcome[row, at] = turn.outcome or 0.0
                known[row, at] = turn.outcome is not None
                there[row, at] = 1
        return cls(gist, goal, because, outcome, known, there)

    def rows(self, which: Tensor) -> Sessions:
        return Sessions(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Losses:
    """Means: of a turn's surprise in nats beyond nothing, of telling it, of its outcome, and of its value."""

    ahead: Tensor
    telling: Tensor
    outcome: Tensor
    value: Tensor

    def whole(self) -> Tensor:
        return self.ahead + self.telling + self.outcome + self.value


@dataclass(frozen=True)
class Trained:
    """What came of it. `before` and `after`: (next latent, value) on what was held out; None when nothing was."""

    latent: Latent
    steps: int
    before: tuple[float, float] | None
    after: tuple[float, float] | None


def train(latent: Latent, sessions: Sequence[Sequence[Turn]], seed: int, steps: int | None = None):
    """A trained copy; the one that was handed in stays as it is. Yields (steps done, of at most), returns `Trained`."""
    chance = torch.Generator().manual_seed(seed)
    made = copy.deepcopy(latent)
    every = Sessions.of([part for session in sessions for part in evenly(list(session), STRETCH)], latent.inputs)
    order = torch.randperm(len(every.gist), generator=chance)
    some = len(order) >= ENOUGH
    steps = steps or (STEPS if some else STEPS_OF_FEW)
    held, learnt = (order[::HELD_OUT], order[torch.arange(len(order)) % HELD_OUT != 0]) if some else (None, order)
    before = _judged(made, every.rows(held)) if some else None
    best, best_loss, looks, done = None, float("inf"), 0, 0
    optimiser = torch.optim.AdamW(made.parameters(), RATE, weight_decay=DECAY)
    for done in range(1, steps + 1):
        batch = every.rows(learnt[torch.randperm(len(learnt), generator=chance)[:BATCH]])
        with torch.enable_grad():
            loss = losses(made, batch).whole()
            optimiser.zero_grad()
            loss.backward()
        torch.nn.utils.clip_grad_norm_(made.parameters(), CLIP)
        optimiser.step()
        yield done, steps
        if some and done % LOOK_EVERY == 0:
            found = float(_on(made, every.rows(held)).whole())
            looks += 1
            if found < best_loss:
                best, best_loss, looks = copy.deepcopy(made.state_dict()), found, 0
            if looks >= PATIENCE:
                break
    if best is not None:
        made.load_state_dict(best)
    with torch.no_grad():
        states, *_ = _run(made, every)
        made.look_along(states[every.there > 0])
    return Trained(made, done, before, _judged(made, every.rows(held)) if some else None)


def losses(latent: Latent, s: Sessions) -> Losses:
    states, afters, expected, found = _run(latent, s)
    turns, known = s.there.sum().clamp_min(1), s.known.sum().clamp_min(1)
    learn = divergence(found.detach(), expected).clamp_min(FREE)
    hold = divergence(found, expected.detach()).clamp_min(FREE)
    ahead = ((TOWARDS_POSTERIOR * learn + TOWARDS_PRIOR * hold) * s.there).sum() / turns
    said = latent.again(found.flatten(-2))
    telling = (((said - s.gist).square().sum(-1)) * s.there).sum() / turns
    goes = -(two_hot(s.outcome, latent.bins) * latent.goes(states).log_softmax(-1)).sum(-1)
    worth = latent.worth(states).log_softmax(-1)
    target = returns(s, (worth.detach().exp() @ latent.bins))
    value = -(two_hot(target, latent.bins) * worth).sum(-1)
    return Losses(ahead, telling, (goes * s.known).sum() / known, (value * s.there).sum() / turns)


def returns(s: Sessions, value: Tensor) -> Tensor:
    """TD(λ): how each turn goes and, less and less, what comes after; what is not known is worth nothing."""
    out, later = torch.zeros_like(value), torch.zeros(len(value))
    for at in reversed(range(value.shape[1])):
        left = torch.where(s.known[:, at] > 0, LATER, FADING)
        last = s.there[:, at + 1] == 0 if at + 1 < value.shape[1] else torch.ones(len(value), dtype=torch.bool)
        alone = torch.where(s.known[:, at] > 0, s.outcome[:, at], 0.0)
        out[:, at] = torch.where(last, alone, (1 - left) * alone + left * later)
        later = (1 - LAMBDA) * value[:, at] + LAMBDA * out[:, at]
    return out


def _run(latent: Latent, s: Sessions):
    """All turns of all sessions: corrected states, states carried on, and the chances before and after reading."""
    before = latent.first(len(s.gist))
    out = []
    for at in range(s.gist.shape[1]):
        state, expected, found = latent.step(before, s.gist[:, at], s.goal[:, at])
        before = latent.close(state, s.outcome[:, at], s.known[:, at], s.because[:, at])
        out.append((state, before, expected, found))
    return tuple(torch.stack(each, 1) for each in zip(*out, strict=True))


@torch.no_grad()
def _on(latent: Latent, s: Sessions) -> Losses:
    return losses(latent, s)


def _judged(latent: Latent, s: Sessions) -> tuple[float, float]:
    found = _on(latent, s)
    return float(found.ahead), float(found.value)
