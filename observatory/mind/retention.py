"""How strong an episode still is in either store, and which the hippocampus lets go of.

Two compartments. The hippocampal trace decays, S_h(t) = S_h(0)·exp(−D_h·t); while a night that takes the episode in
replays it, the cortical one is driven by it, dS_c/dt = C·S_h − D_c·S_c, and at any other time it only decays. Between
events both are solved in closed form, so that a strength follows from the history alone and from no state on the way.

Time is counted in days, and a night ends a day: t is the number of nights that have ended (committed or vetoed) since
the episode was told, whatever the clock says, so the same history gives the same strengths. An episode is taken to be
told at the start of its day. That a later night rehearses an episode counts for nothing here; that another night takes
it in anew, after a roll-back, does. It does not know tokens, weights, databases or what is in a store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

ASLEEP = 1 / 3
"""The part of a day that is night: eight hours of twenty-four."""
AWAKE = 1 - ASLEEP
DECAY = 0.3
"""D_h, a day, of a consolidated episode: it falls below `FADED` in the tenth night after it was told."""
UNCONSOLIDATED = 1 / 6
"""D_h is so many times slower while only the hippocampus has the episode: half of it is left after two weeks."""
FEARED = 1 / 3
"""And so many times slower for what went badly: a consolidated one then stays about a month."""
FORGETTING = 0.02
"""D_c, a day: half of what the cortex took in is left after five weeks, if nothing rehearses it."""
DRIVE = 2.5
"""C, a day of replay: one night brings a fresh episode to two thirds in the cortex, and a second one would fill it."""
FADED = 0.05
"""S_h under which a consolidated episode is let go: the twentieth part of the strongest that there can be."""
FORGOTTEN = 0.001
"""S_c under which a faded episode is no longer spoken of: seven months after its night."""
FIRST = 0.5
"""S_h(0) of an episode without surprise and outcome; surprise adds up to 0.3 to it, outcome up to 0.2, so 1 is full."""
BY_SURPRISE = 0.3
BY_OUTCOME = 0.2
USUAL_BITS = 4.0
"""Mean surprise of a token of plain text for the default model: there, surprise adds half of what it can."""


@dataclass
class History:
    """What an episode's strengths follow from. `nights`: accepted nights that took it in, by their numbers."""

    born: int
    first: float
    feared: bool = False
    nights: list[int] = field(default_factory=list)
    held: bool = True
    pinned: bool = False

    @classmethod
    def of(cls, born: int, bits: Sequence[float], outcome: float | None, nights: Iterable[int] = (), **standing: bool):
        feared = outcome is not None and outcome < 0
        return cls(born, first_strength(bits, outcome), feared, list(nights), **standing)


@dataclass(frozen=True)
class Strength:
    hippocampal: float
    cortical: float


def first_strength(bits: Sequence[float], outcome: float | None) -> float:
    """S_h(0), between a half and one: what surprised is written firmly, and so is what ended well or badly."""
    top = sorted(bits, reverse=True)[: max(3, len(bits) // 4)]
    strongest = sum(top) / max(1, len(top))
    felt = min(1.0, abs(outcome or 0.0))
    return FIRST + BY_SURPRISE * strongest / (strongest + USUAL_BITS) + BY_OUTCOME * felt


def strength(history: History, ended: Sequence[int]) -> Strength:
    """Both strengths after the nights in `ended` (their numbers, oldest first)."""
    over = [ended.index(night) - history.born for night in history.nights if night in ended]
    taken = sorted(at for at in over if at >= 0)
    days = len(ended) - history.born
    cortical = sum((_gained(history, taken, at) * math.exp(-FORGETTING * (days - at - 1)) for at in taken), 0.0)
    return Strength(_hippocampal(history, taken, days) if history.held else 0.0, cortical)


def _hippocampal(history: History, taken: list[int], days: float) -> float:
    """Slow while only the hippocampus has it, faster from the end of the first night that took it in."""
    slow = min(days, taken[0] + 1) if taken else days
    rate = DECAY * (FEARED if history.feared else 1.0)
    return history.first * math.exp(-rate * (UNCONSOLIDATED * slow + (days - slow)))


def _gained(history: History, taken: list[int], at: int) -> float:
    """S_c that the night after `at` whole days adds: both equations solved over its hours, from S_c = 0."""
    rate = DECAY * (FEARED if history.feared else 1.0) * (UNCONSOLIDATED if at == taken[0] else 1.0)
    return driven(_hippocampal(history, taken, at + AWAKE), rate, ASLEEP)


def driven(hippocampal: float, rate: float, days: float) -> float:
    """S_c after so much replay by a trace of that strength, which decays at `rate` meanwhile."""
    if math.isclose(rate, FORGETTING):
        return DRIVE * hippocampal * days * math.exp(-rate * days)
    return DRIVE * hippocampal * (math.exp(-rate * days) - math.exp(-FORGETTING * days)) / (FORGETTING - rate)


def fading(known: Mapping[int, History], ended: Sequence[int], capacity: int) -> list[int]:
    """Held episodes to let go of, in the order in which they go.

    A consolidated one goes when it is weak. Over capacity others follow: consolidated before unconsolidated, feared
    last of either, the weakest and then the oldest first. What a person pinned takes its room and never goes.
    """
    held = {e: strength(h, ended).hippocampal for e, h in known.items() if h.held}
    free = [e for e in held if not known[e].pinned]
    order = sorted(free, key=lambda e: (not known[e].nights, known[e].feared, held[e], e))
    gone = [e for e in order if known[e].nights and held[e] < FADED]
    left = [e for e in order if not (known[e].nights and held[e] < FADED)]
    return gone + left[: max(0, len(held) - len(gone) - capacity)]
