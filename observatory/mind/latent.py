"""The latent state: what a session has come to, carried from turn to turn, and what it is worth.

Before a turn the state expects one (prior); the turn, read by the cortex, corrects it (posterior); the nats between the
two are a surprise of their own. From the corrected state follow how the turn will go, and its value: how it goes and,
less and less, what comes after. When it is known how it went, that enters too. So the same words after another history
have another value, which nothing read off the words themselves can have.

It is small, runs on the processor, and is trained at night only. It knows vectors; it does not know tokens, episodes,
nights or who asks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional as F

from ..protocol import headers
from ..protocol.events import VALUE_BINS
from . import tensorfile

WIDTH = 96
GROUPS, CLASSES = 12, 12
"""The latent of a turn: so many choices among so many each. A turn of the made worlds needs about three bits."""
UNSURE = 0.01
"""The part of every choice's chances that is spread evenly, so that no surprise is without end."""
SHOWN = 3
"""Directions in which a state is shown."""
TAIL = 0.1
"""Fear looks at the worst tenth."""
FILE_LIMIT = 64 * 1024**2


class LatentBroken(RuntimeError):
    """A file of the latent state's model is not what the record says it is."""


@dataclass(frozen=True)
class Turn:
    """One turn as the state sees it: what was said, what for, and, once it is known, how it went and why."""

    gist: Tensor
    goal: Tensor | None = None
    outcome: float | None = None
    because: Tensor | None = None


@dataclass(frozen=True)
class Moved:
    """What one turn did. `state` is the corrected state before the outcome, `after` the one that is carried on."""

    state: Tensor
    after: Tensor
    place: list[float]
    expected: list[float]
    error: float
    distribution: list[float]
    value: float
    tail: float
    fails: float


class Latent(nn.Module):
    """The model of the state, for gists of `inputs` numbers."""

    def __init__(self, inputs: int, seed: int = 0):
        super().__init__()
        self.inputs, self.trained_by = inputs, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            latent = GROUPS * CLASSES
            self.begin = nn.Parameter(torch.zeros(WIDTH))
            self.read = nn.Linear(inputs, WIDTH)
            self.aim = nn.Linear(inputs, WIDTH, bias=False)
            self.prior = _two_layers(WIDTH, WIDTH, latent)
            self.posterior = _two_layers(2 * WIDTH, WIDTH, latent)
            self.turn = nn.GRUCell(latent + WIDTH, WIDTH)
            self.ended = nn.GRUCell(inputs + 2, WIDTH)
            self.again = nn.Linear(latent, inputs)
            self.goes, self.worth = head(WIDTH), head(WIDTH)
        self.register_buffer("bins", torch.linspace(-1.0, 1.0, VALUE_BINS))
        self.register_buffer("centre", torch.zeros(WIDTH))
        self.register_buffer("axes", torch.eye(WIDTH)[:SHOWN].clone())

    # ------------------------------------------------------------ one turn

    def first(self, rows: int = 1) -> Tensor:
        return self.begin.expand(rows, WIDTH)

    def step(self, before: Tensor, gist: Tensor, goal: Tensor):
        """Before and a turn → the corrected state, and the chances of its latent before and after reading."""
        expected = _chances(self.prior(before))
        found = _chances(self.posterior(torch.cat([before, self.read(gist)], -1)))
        state = self.turn(torch.cat([found.flatten(-2), self.aim(goal)], -1), before)
        return state, expected, found

    def close(self, state: Tensor, outcome: Tensor, known: Tensor, because: Tensor) -> Tensor:
        """The state once it is known how the turn went; the same where that is not known."""
        after = self.ended(torch.cat([because, outcome[:, None], known[:, None]], -1), state)
        return torch.where(known[:, None] > 0, after, state)

    @torch.no_grad()
    def take(self, before: Tensor | None, turn: Turn) -> Moved:
        """One turn of one session."""
        before = self.first() if before is None else before
        goal = torch.zeros(self.inputs) if turn.goal is None else turn.goal
        state, expected, found = self.step(before, turn.gist[None], goal[None])
        unread = self.turn(torch.cat([expected.flatten(-2), self.aim(goal[None])], -1), before)
        because = torch.zeros(self.inputs) if turn.because is None else turn.because
        known = torch.tensor([float(turn.outcome is not None)])
        after = self.close(state, torch.tensor([turn.outcome or 0.0]), known, because[None])
        worth = self.worth(state).softmax(-1)[0]
        return Moved(
            state=state, after=after, place=self._shown(state), expected=self._shown(unread),
            error=float(divergence(found, expected)), distribution=worth.tolist(), value=float(worth @ self.bins),
            tail=tail_of(worth, self.bins), fails=float(self.fails(state)),
        )  # fmt: skip

    def fails(self, state: Tensor) -> Tensor:
        """The chance that the turn which led here goes badly."""
        return self.goes(state).softmax(-1)[..., : VALUE_BINS // 2].sum(-1)

    def _shown(self, state: Tensor) -> list[float]:
        return ((state[0] - self.centre) @ self.axes.T).tolist()

    @torch.no_grad()
    def look_along(self, states: Tensor) -> None:
        """Show states from now on in the directions in which these differ most."""
        self.centre.copy_(states.mean(0))
        _, _, directions = torch.linalg.svd(states - self.centre, full_matrices=False)
        found = directions[:SHOWN]
        # A direction has no sign of its own: the largest part of it points up, so that the same states look the same.
        signs = found.gather(1, found.abs().argmax(1, keepdim=True)).sign()
        self.axes.zero_()
        self.axes[: len(found)] = found * signs

    # ------------------------------------------------------------ files

    def save(self, folder: Path, night: int) -> tuple[str, str]:
        """Its file's name and hash."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"night-{night:04d}.safetensors"
        tensors = {name: tensor.detach().contiguous().clone() for name, tensor in self.state_dict().items()}
        tensorfile.write(path, tensors, {"night": str(night), "inputs": str(self.inputs)})
        return path.name, hashlib.sha256(path.read_bytes()).hexdigest()

    @classmethod
    def from_file(cls, path: Path, wanted: str, inputs: int, night: int) -> Latent:
        try:
            headers.tensors(path, FILE_LIMIT)
            data = path.read_bytes()
        except (headers.HeaderBroken, OSError) as error:
            raise LatentBroken(f"{path.name} of night {night} cannot be read: {error}") from error
        if hashlib.sha256(data).hexdigest() != wanted:
            raise LatentBroken(f"{path.name} is not what night {night} trained: its hash differs.")
        made = cls(inputs)
        try:
            made.load_state_dict(load(data))
        except (RuntimeError, ValueError) as error:
            raise LatentBroken(f"{path.name} does not fit this version: {error}") from error
        made.trained_by = night
        return made


def head(inputs: int) -> nn.Sequential:
    """From a state to the distribution of how it goes."""
    return _two_layers(inputs, WIDTH, VALUE_BINS)


def divergence(found: Tensor, expected: Tensor) -> Tensor:
    """Nats by which what was found differs from what was expected; summed over the choices."""
    return (found * (found.log() - expected.log())).sum((-2, -1))


def tail_of(chances: Tensor, bins: Tensor) -> float:
    """The mean of the worst `TAIL` of a distribution."""
    before = chances.cumsum(-1) - chances
    worst = (TAIL - before).clamp_min(0).minimum(chances)
    return float((worst * bins).sum() / worst.sum().clamp_min(1e-9))


def two_hot(values: Tensor, bins: Tensor) -> Tensor:
    """A number as chances of the two bins that it lies between."""
    width = bins[1] - bins[0]
    at = ((values.clamp(-1.0, 1.0) - bins[0]) / width).clamp(0, len(bins) - 1)
    low = at.floor().long().clamp_max(len(bins) - 2)
    high_part = (at - low).unsqueeze(-1)
    return F.one_hot(low, len(bins)) * (1 - high_part) + F.one_hot(low + 1, len(bins)) * high_part


def _chances(logits: Tensor) -> Tensor:
    grouped = logits.unflatten(-1, (GROUPS, CLASSES)).softmax(-1)
    return (1 - UNSURE) * grouped + UNSURE / CLASSES


def _two_layers(inputs: int, inner: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, inner), nn.SiLU(), nn.Linear(inner, out))
