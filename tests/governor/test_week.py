"""A week of a mind without a mind: days with numbers instead of experiences, told and slept on as the governor says.

The store is real in what it lets go of (`retention.fading`), and every proposal is followed unless a test says no.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import resources
from observatory.governor import rules
from observatory.governor.governor import Governor
from observatory.governor.pressure import bits_beyond
from observatory.mind.retention import History, fading
from observatory.protocol.events import GovernorDecided

from .tables import table

MONDAY = datetime(2026, 1, 5)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TOLD = {"Mon": 26, "Tue": 5, "Wed": 4, "Thu": 75, "Fri": 22, "Sat": 0, "Sun": 45}
"""Experiences a day. The built-in first day has 25; Thursday is three of those."""


def experience(chance: random.Random) -> list[float]:
    """Bits of a sentence's tokens: 57 to 93 beyond usual in all for eight of ten, as the first day was measured."""
    return [4.0 + max(0.0, chance.gauss(6.4, 4.2)) for _ in range(12)]


@dataclass
class Life:
    """What the host and the mind do around a governor: store, let go, sleep or say no."""

    governor: Governor
    capacity: int = 2000
    accepts: Callable[[], bool] = lambda: True
    known: dict[int, History] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)
    nights: list[tuple[datetime, GovernorDecided, int]] = field(default_factory=list)
    refused: list[GovernorDecided] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    last: GovernorDecided | None = None

    def waiting(self) -> list[int]:
        return [episode for episode, history in self.known.items() if history.held and not history.nights]

    def tell(self, when: datetime, bits: list[float], outcome: float | None = None) -> None:
        episode = len(self.known) + 1
        keep, sleep = self.governor.told(
            episode=episode, novelty=0.65, bits_over=bits_beyond(bits), outcome=outcome, lived_at=when.isoformat()
        )
        assert keep.choice == "encode"
        self.known[episode] = History.of(len(self.ended), bits, outcome)
        gone = fading(self.known, self.ended, self.capacity)
        for each in gone:
            self.known[each].held = False
        lost = [each for each in gone if not self.known[each].nights]
        assert not lost or self.last in self.refused, "lost, and the night before it was neither proposed nor refused"
        self.lost += lost
        self.governor.forgot(gone)
        self.last = sleep
        self.heard(when, sleep)

    def heard(self, when: datetime, said: GovernorDecided) -> None:
        if said.choice != "propose sleep":
            return
        if not self.accepts():
            self.refused.append(said)
            self.governor.refused()
            return
        taken = self.waiting()
        self.ended.append(len(self.ended) + 1)
        for episode in taken:
            self.known[episode].nights.append(self.ended[-1])
        self.governor.slept(taken)
        assert self.governor.night_over(when.isoformat()).choice == "wake"
        self.nights.append((when, said, len(taken)))

    def nights_of(self, day: str) -> list[tuple[datetime, GovernorDecided, int]]:
        """Nights from this day's morning to the next one's."""
        begins = MONDAY + timedelta(days=DAYS.index(day), hours=7)
        return [night for night in self.nights if begins <= night[0] < begins + timedelta(days=1)]


def live(life: Life, told: dict[str, int] = TOLD, seed: int = 0) -> Life:
    """Experiences between eight and eighteen, and every half hour of quiet in between, to Monday morning."""
    chance = random.Random(seed)
    moments: list[tuple[datetime, bool]] = [(MONDAY + timedelta(minutes=30 * n), False) for n in range(14, 7 * 48 + 14)]
    for day, count in told.items():
        begins = MONDAY + timedelta(days=DAYS.index(day), hours=8)
        moments += [(begins + timedelta(minutes=chance.uniform(0, 600)), True) for _ in range(count)]
    since = MONDAY
    for when, is_told in sorted(moments):
        if is_told:
            since = when
            life.tell(when, experience(chance))
        else:
            hours = (when - since) / timedelta(hours=1)
            life.heard(when, life.governor.idle(hours, when.isoformat()))
    return life


@pytest.fixture(scope="module")
def week() -> Life:
    return live(Life(Governor(rules.built_in(), 2000)))


def test_a_quiet_day_passes_without_a_night(week):
    for day in ("Tue", "Wed", "Sat"):
        assert week.nights_of(day) == []


def test_a_busy_day_has_a_night_before_its_evening_or_two(week):
    for day in ("Thu", "Sun"):
        nights = week.nights_of(day)
        assert len(nights) >= 2 or nights[0][0].hour < 18
    assert len(week.nights_of("Thu")) >= 2


def test_an_ordinary_day_is_slept_on_in_the_evening_or_at_night(week):
    for day in ("Mon", "Fri"):
        ((when, _, taken),) = week.nights_of(day)
        assert when.hour >= 18 or when.hour < 7
        assert taken >= 0.9 * TOLD[day]


def test_the_clock_alone_never_makes_a_night(week):
    """At hours at which one day has a night another, with less to sleep on, has none; nothing to sleep on, no night."""
    assert len({when.hour for when, _, _ in week.nights}) >= 3
    assert all(taken >= 8 for _, _, taken in week.nights)
    empty = live(Life(Governor(rules.built_in(), 2000)), dict.fromkeys(DAYS, 0))
    assert empty.nights == []


def test_without_the_rhythm_the_same_week_is_slept_on_by_pressure_alone():
    text = (resources.folder() / rules.FILE).read_text("utf-8")
    week = live(Life(Governor(rules.read(text.replace("rhythm = true", "rhythm = false")), 2000)))
    assert all(said.states.rhythm == 0.5 and 0.6 < said.states.pressure < 0.63 for _, said, _ in week.nights)
    assert week.nights_of("Tue") == [] and len(week.nights_of("Thu")) >= 3


def test_every_nights_log_explains_itself(week):
    for when, said, _ in week.nights:
        assert said.lived_at == when.isoformat() and said.rule and said.table == rules.built_in().hash
        assert f"{said.states.pressure:.1%}" in said.why
        assert f"threshold of {rules.built_in().pressure.threshold_at(said.states.rhythm):.1%}" in said.why
        assert f"{said.states.surprise_load:.0%}" in said.why and f"{said.states.capacity:.0%}" in said.why


def test_all_that_was_told_is_known_and_hardly_any_of_it_is_left_waiting(week):
    assert len(week.known) == sum(TOLD.values()) and week.lost == []
    assert len(week.waiting()) < 11


@pytest.mark.parametrize("capacity", [1, 2, 5, 12])
def test_a_small_store_is_slept_on_before_it_overflows_and_the_log_says_so(capacity):
    week = live(Life(Governor(rules.built_in(), capacity), capacity))
    assert week.lost == [] and max(taken for _, _, taken in week.nights) <= capacity
    for_room = [said for _, said, _ in week.nights if said.rule == "no room left"]
    assert for_room
    for said in for_room:
        assert f"{said.states.capacity:.0%}" in said.why and f"{said.states.pressure:.1%}" in said.why


def test_capacity_overrides_the_rhythm():
    """Things that surprise nobody, in the afternoon: the store fills and nothing else presses."""
    life = Life(Governor(rules.built_in(), 20), 20)
    for n in range(100):
        life.tell(MONDAY + timedelta(hours=15, seconds=n), [3.0] * 12)
    assert len(life.nights) == 5 and life.lost == []
    for _, said, taken in life.nights:
        assert taken == 18 and said.states.rhythm > 0.99 and said.states.surprise_load == 0.0
        assert said.states.pressure < rules.built_in().pressure.threshold_at(said.states.rhythm)


@given(
    st.integers(1, 25), st.lists(st.tuples(st.integers(0, 48), st.floats(0.0, 30.0), st.booleans()), max_size=120),
    st.sampled_from(["", table()]), st.randoms(), st.sampled_from([1.0, 0.5, 0.0]),
)  # fmt: skip
def test_nothing_is_lost_to_capacity_that_was_not_offered_to_a_night(capacity, told, text, chance, agreeing):
    """At any pace, also by a table that never speaks of sleep: what is lost is lost after a no to a full store."""
    life = Life(Governor(rules.read(text), capacity), capacity, accepts=lambda: chance.random() < agreeing)
    when = MONDAY
    for half_hours, bits, bad in told:
        when += timedelta(minutes=30 * half_hours)
        if half_hours:
            life.heard(when, life.governor.idle(half_hours / 2, when.isoformat()))
        life.tell(when, [bits] * 10, -1.0 if bad else None)
    assert agreeing < 1.0 or life.lost == []

