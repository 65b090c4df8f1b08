"""What the three drives see in an episode: curiosity its surprise, focus its closeness to the goal, fear how it goes.

Scores are such that 1 is usual and one spread more counts threefold, so that dials mean the same whatever is told; fear
is the exception, being 0 where nothing is to be feared and 1 at the worst. Every score is explained in a sentence. It
knows numbers and words of episodes; it does not know weights, stores, nights or what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ..protocol.events import EpisodeScore
from .passages import content_words, names_in

TELLING = 4
"""Every so many tokens one is telling: an episode is as surprising as those of its tokens that surprise most. Over all
of them the small words of a short sentence weigh as much as its news."""
USUAL_BITS, USUAL_SPREAD = 10.0, 2.5
"""What such a token costs beforehand, and how far texts lie apart in it: on the default model everyday sentences have
9, invented facts 15 to 16, and conversations 14."""
TRUSTED_AS = 5
"""What is taken to be usual beforehand counts as much as so many texts."""
HORIZON = 60
"""Texts after which an old one counts half as much as a new one in what is usual."""
FOLD, MOST = 3.0, 2.5
"""What one spread more counts, and the spreads beyond which more is not counted: sixteen times the usual."""
ERROR_PART = 0.3
"""The latent state's part in curiosity, once a night has trained it."""
USUAL_ERROR = 1.0
"""Nats of latent surprise beforehand, and their spread."""
TAIL_PART = 1 / 3
"""The part of fear that looks at the worst tenth rather than at what is expected."""
TWINS = 0.8
"""Share of telling words from which two texts say nearly the same. Two built-in facts of one kind share under 0.6."""
CLOSE = 1.0
"""Spreads of closeness to the goal that are worth a word."""


@dataclass
class Usual:
    """A running mean and spread; the newest texts count most."""

    mean: float
    spread: float
    seen: float = TRUSTED_AS

    def __post_init__(self) -> None:
        self._square = self.spread**2 + self.mean**2

    def over(self, value: float) -> float:
        """By how many spreads a value lies over the usual."""
        return (value - self.mean) / max(1e-3, self.spread)

    def take(self, value: float) -> None:
        self.seen = min(HORIZON, self.seen + 1)
        self.mean += (value - self.mean) / self.seen
        self._square += (value * value - self._square) / self.seen
        self.spread = math.sqrt(max(0.01, self._square - self.mean**2))


@dataclass
class Felt:
    """What is kept of one episode to score it by."""

    words: frozenset[str]
    bits_over: float
    surprise: float
    names: list[str]
    error: float = 0.0
    strange: float | None = None
    relevance: float | None = None
    value: float = 0.0
    tail: float = 0.0
    outcome: float | None = None
    because: str = ""
    twin_of: int | None = None


@dataclass
class Feelings:
    """Scores of all episodes that are held."""

    usual: dict[str, Usual] = field(default_factory=dict)
    usual_error: Usual = field(default_factory=lambda: Usual(USUAL_ERROR, USUAL_ERROR))
    felt: dict[int, Felt] = field(default_factory=dict)
    known_names: set[str] = field(default_factory=set)

    # ------------------------------------------------------------ taking in

    def told(self, episode: int, text: str, speaker: str, bits: list[float], nearest: Iterable[int]) -> Felt:
        """A new episode: its surprise is judged by what such text has cost until now, and then counted in."""
        mean = telling(bits)
        usual = self.usual.setdefault(speaker, Usual(USUAL_BITS, USUAL_SPREAD))
        names = [name for name in names_in(text) if name.casefold() not in self.known_names]
        self.known_names.update(name.casefold() for name in names_in(text))
        made = Felt(frozenset(content_words(text)), mean - usual.mean, usual.over(mean), names)
        usual.take(mean)
        made.twin_of = self._twin(episode, made.words, nearest)
        self.felt[episode] = made
        return made

    def _twin(self, episode: int, words: frozenset[str], nearest: Iterable[int]) -> int | None:
        """The first of those that say nearly the same, if there is one among the nearest."""
        for other in nearest:
            known = self.felt.get(other)
            if known is None or other == episode or not words:
                continue
            if len(words & known.words) >= TWINS * len(words | known.words):
                return known.twin_of if known.twin_of is not None else other
        return None

    def moved(self, episode: int, error: float, value: float, tail: float, trained: bool) -> None:
        """What the latent state said of it. Of a state that nothing was taught yet only the outcome counts."""
        felt = self.felt[episode]
        felt.error = error if trained else 0.0
        felt.strange = self.usual_error.over(error) if trained else None
        felt.value, felt.tail = (value, tail) if trained else (0.0, 0.0)
        if trained:
            self.usual_error.take(error)

    def went(self, episode: int, outcome: float | None, because: str) -> None:
        self.felt[episode].outcome, self.felt[episode].because = outcome, because

    def forget(self, episode: int) -> None:
        self.felt.pop(episode, None)

    # ------------------------------------------------------------ scores

    def scores(self, episodes: Iterable[int]) -> np.ndarray:
        """What curiosity, focus and fear see in each: [episodes, 3]."""
        each, near = [self.felt[e] for e in episodes], self._near()

        def column(name: str) -> np.ndarray:
            return np.array([getattr(felt, name) for felt in each], float)

        strange, relevance, outcome = column("strange"), column("relevance"), column("outcome")
        part = np.where(np.isnan(strange), 0.0, ERROR_PART)
        curiosity = _folds((1 - part) * column("surprise") + part * np.nan_to_num(strange))
        # What worked counts up to twice for focus, since it shows how to get there.
        close = _folds((relevance - near.mean) / near.spread) if near else np.zeros(len(each))
        focus = np.where(np.isnan(relevance), 0.0, close * (1.0 + np.maximum(0.0, np.nan_to_num(outcome))))
        value = np.where(np.isnan(outcome), column("value"), outcome)
        worst = np.minimum(column("tail"), value)
        fear = (1 - TAIL_PART) * np.maximum(0.0, -value) + TAIL_PART * np.maximum(0.0, -worst)
        return np.stack([curiosity, np.nan_to_num(focus), fear], 1)

    def _near(self) -> Usual | None:
        """How close to the goal what is held usually is."""
        found = np.array([felt.relevance for felt in self.felt.values() if felt.relevance is not None])
        return Usual(float(found.mean()), float(found.std()) or 1.0) if len(found) else None

    def twins(self, episodes: Iterable[int]) -> list[int]:
        """A number for each, the same for near-duplicates."""
        return [twin if (twin := self.felt[e].twin_of) is not None else e for e in episodes]

    def scored(self, episodes: list[int]) -> list[EpisodeScore]:
        near, out = self._near(), []
        for episode, seen in zip(episodes, self.scores(episodes).tolist(), strict=True):
            felt, (curiosity, focus, fear) = self.felt[episode], seen
            out.append(EpisodeScore(
                episode=episode, curiosity=round(curiosity, 4), focus=round(focus, 4), fear=round(fear, 4),
                why=said(felt, seen, near), bits_over=round(felt.bits_over, 3), error=round(felt.error, 3),
                names=felt.names, relevance=None if felt.relevance is None else round(felt.relevance, 4),
                value=round(value_of(felt), 4), tail=round(min(felt.tail, value_of(felt)), 4), twin_of=felt.twin_of,
            ))  # fmt: skip
        return out


def telling(bits: list[float]) -> float:
    """Mean bits of the tokens that surprise most; how a text begins is not counted."""
    top = sorted(bits[1:] or bits, reverse=True)[: max(3, len(bits) // TELLING)]
    return sum(top) / max(1, len(top))


def value_of(felt: Felt) -> float:
    """How it went where that is known, else how it is expected to go."""
    return felt.value if felt.outcome is None else felt.outcome


def _folds(spreads: np.ndarray) -> np.ndarray:
    return FOLD ** np.clip(spreads, -MOST, MOST)


# ---------------------------------------------------------------- in words


def said(felt: Felt, seen: list[float], near: Usual | None) -> str:
    """Why an episode is scored as it is, in a sentence; the strongest reasons, and never more than three."""
    reasons = []
    over = felt.bits_over
    if over > 0:
        fresh = f", names not heard before ({', '.join(felt.names[:2])})" if felt.names else ""
        reasons.append((seen[0], f"surprising: its telling words cost {over:.1f} bits a token over usual{fresh}"))
    else:
        reasons.append((0.0, f"nothing unusual: its telling words cost {-over:.1f} bits a token less than usual"))
    if felt.strange is not None and felt.strange > 1:
        reasons.append((felt.strange, f"it took an unexpected turn ({felt.error:.1f} nats)"))
    if felt.relevance is not None and near is not None and near.over(felt.relevance) > CLOSE:
        reasons.append((seen[1], f"close to the goal ({felt.relevance:.2f}; usual {near.mean:.2f})"))
    if felt.outcome is not None and felt.outcome:
        how = "it went badly" if felt.outcome < 0 else "it went well"
        why = f": {felt.because.rstrip('.')}" if felt.because else ""
        reasons.append((4 * abs(felt.outcome), f"{how} ({felt.outcome:+.1f}{why})"))
    elif felt.value < -0.1:
        reasons.append((4 * -felt.value, f"it is expected to go badly ({felt.value:+.1f})"))
    if felt.twin_of is not None:
        reasons.append((5.0, f"nearly a repetition of episode {felt.twin_of}, so they share their draws"))
    best = sorted(reasons, key=lambda reason: -reason[0])[:3]
    text = "; ".join(reason for _, reason in best)
    return text[:1].upper() + text[1:]
