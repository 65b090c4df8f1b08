"""The governor itself: keeps what it reads off the mind, and decides at every moment what is done next.

Numbers go in, decisions come out as the events that record them, each made on exactly the states that it carries. It
is told what became of them, too: which episodes a night took in, and which proposals were refused. It carries nothing
out, and knows neither tokens, weights nor the record; what it cannot work out again after a restart is only how the
mind fared lately, and that sleep was just refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import structs

from ..protocol.events import GovernorDecided, MetaStates, Moment
from .rules import Table

LATELY = 0.2
"""What the newest counts for in trust, fear, relevance and prediction error: about the last five make them up."""
UNSURE_LATELY = 0.5
"""What the newest answer counts for in uncertainty: it is about what is being asked, not about the week."""
UNSURE_BITS = 1.0
"""Mean surprise of an answer's tokens at which it is half unsure: as if each had had one other to choose from. The
default model says common knowledge at 0.2 to 1.0 bits, and makes things up at 1.3 to 1.9."""
BACKED = 0.5
"""An answer that a sure match stood behind is half as unsure as its words sound: they are read, not made up."""
ERROR_NATS = 1.0
"""Nats of latent surprise that count as half: what the drives take for usual before they know better."""
EDGE = 0.01
"""How far novelty keeps from 0 and 1, which say of what was told that the very words are there, and of a question that
nothing sure is."""
DECIMALS = 4
"""Of every state: what is decided on is what is recorded."""


class Governor:
    """One mind's governor. `capacity`: how many episodes its fast store can hold."""

    def __init__(self, table: Table, capacity: int):
        self.table, self.states = table, MetaStates()
        self._hash, self._capacity = table.hash, capacity
        self._waiting: dict[int, float] = {}
        self._recalled: frozenset[int] = frozenset()
        self._quiet_until = -1.0
        self._lived_at = ""
        self._look()

    # ------------------------------------------------------------ what there is to decide

    def told(
        self, *, episode: int, novelty: float, bits_over: float, error: float = 0.0, repeats: int | None = None,
        outcome: float | None = None, expected_fail: float | None = None, relevance: float | None = None,
        fear: float = 0.0, lived_at: str = "",
    ) -> list[GovernorDecided]:  # fmt: skip
        """Before an experience is stored: is it, and is it time for a night?

        `bits_over`: of the whole episode, see `pressure.bits_beyond`. `error`: nats. `repeats`: a stored episode of
        the very same words. `expected_fail`: the chance of failure that was expected before the outcome was known.
        `fear`: as the drive scores it, 0 to 1. `relevance`: −1 to 1, None without a goal.
        """
        self._lived_at = lived_at
        if outcome is not None and expected_fail is not None:
            self.went(outcome, expected_fail)
        same = repeats is not None and outcome is None
        self._look(
            novelty=0.0 if same else max(EDGE, novelty), idle=0.0,
            prediction_error=self._lately("prediction_error", _half_at(error, ERROR_NATS)),
            relevance=self._lately("relevance", relevance or 0.0), fear=self._lately("fear", fear),
        )  # fmt: skip
        store = self._decide("told", "store", episode=episode)
        if store.choice == "encode":
            self._waiting[episode] = bits_over
            self._look()
            if self.states.capacity >= 1.0:
                self._quiet_until = -1.0
        return [store, self._decide("told", "sleep", episode=episode)]

    def asked(self, *, question: int, sure: bool, novelty: float, lived_at: str = "") -> GovernorDecided:
        """Before the store is read for a question: is it? `sure`: whether its best match is."""
        self._lived_at = lived_at
        self._look(novelty=min(1.0 - EDGE, novelty) if sure else 1.0, idle=0.0)
        return self._decide("asked", "memory", question=question)

    def answered(self, *, question: int, surprise_bits: float, sure: bool) -> GovernorDecided | None:
        """After the answer: is a person to be asked? None: no. `surprise_bits`: the mean of the answer's tokens."""
        unsure = _half_at(surprise_bits, UNSURE_BITS) * (BACKED if sure else 1.0)
        self._look(uncertainty=self._lately("uncertainty", unsure, UNSURE_LATELY))
        return self._decide("asked", "person", question=question)

    def idle(self, hours: float, lived_at: str = "") -> GovernorDecided:
        """Nothing was told or asked for so long."""
        self._lived_at = lived_at
        self._look(idle=hours)
        return self._decide("idle", "time")

    def night_over(self, lived_at: str = "") -> GovernorDecided:
        """After `slept` or `refused`: what to do in the morning."""
        self._lived_at, self._recalled = lived_at, frozenset()
        self._look(idle=0.0)
        return self._decide("night over", "wake")

    # ------------------------------------------------------------ what became of it

    def recalled(self, episodes: Collection[int]) -> MetaStates:
        """In a night: all episodes that its probes find recalled by now. They no longer press while it is open."""
        self._recalled = frozenset(episodes)
        return self._look()

    def slept(self, episodes: Collection[int]) -> None:
        """A night was committed, and these are in the cortex."""
        self._drop(episodes)
        self._quiet_until = -1.0

    def refused(self) -> None:
        """A proposal was declined, or a night vetoed: not again before pressure has risen by `ask_again`."""
        self._recalled = frozenset()
        self._look()
        self._hush()

    def forgot(self, episodes: Collection[int]) -> None:
        """The store let go of these."""
        self._drop(episodes)

    def restore(self, bits_over: Mapping[int, float]) -> None:
        """Stored episodes that no night has taken in: after a restart, a roll-back, or when one was read anew."""
        self._waiting.update(bits_over)
        self._look()

    def went(self, outcome: float, expected_fail: float) -> None:
        """How something went, against the chance of failure that was expected."""
        failed = 1.0 if outcome < 0 else 0.0
        self._look(trust=self._lately("trust", 1.0 - abs(expected_fail - failed)))

    # ------------------------------------------------------------ inside

    def _decide(self, on: Moment, name: str, *, episode: int | None = None, question: int | None = None):
        said = self.table.decide(on, name, self.states, self._quiet_until)
        if said is None:
            return None
        if said.choice == "propose sleep":
            self._hush()
        return GovernorDecided(
            on=on, choice=said.choice, rule=said.rule, why=said.why, states=self.states, table=self._hash,
            lived_at=self._lived_at, episode=episode, question=question, preset=said.preset,
        )  # fmt: skip

    def _hush(self) -> None:
        self._quiet_until = max(self._quiet_until, self.table.pressure.again_above(self.states.pressure))

    def _drop(self, episodes: Collection[int]) -> None:
        for episode in episodes:
            self._waiting.pop(episode, None)
        self._recalled -= frozenset(episodes)
        self._look()

    def _lately(self, state: str, newest: float, counts: float = LATELY) -> float:
        before = getattr(self.states, state)
        return before + counts * (_part(newest) - before)

    def _look(self, **seen: float) -> MetaStates:
        """The states as they are now. Pressure follows from what waits and the hour alone."""
        constants = self.table.pressure
        load = constants.surprise_load(b for e, b in self._waiting.items() if e not in self._recalled)
        capacity = min(1.0, len(self._waiting) / self._capacity)
        found = {
            **seen, "surprise_load": load, "capacity": capacity, "pressure": constants.pressure(load, capacity),
            "rhythm": constants.wish_to_be_awake(self._lived_at),
        }  # fmt: skip
        self.states = structs.replace(self.states, **{k: round(_part(v), DECIMALS) for k, v in found.items()})
        return self.states


def _half_at(value: float, half: float) -> float:
    return 1.0 - half / (max(0.0, value) + half)


def _part(value: float) -> float:
    return min(1.0, max(0.0, value))
