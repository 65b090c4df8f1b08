"""Sleep pressure: it rises with what waits, falls with what is taken in, and follows from nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.governor.pressure import HIGHEST_THRESHOLD, Constants, bits_beyond

USUAL = Constants()
BITS = st.lists(st.floats(0.0, 500.0), max_size=60)
PART = st.floats(0.0, 1.0)


def at(hour: int, minute: int = 0) -> str:
    return f"2026-01-05T{hour:02d}:{minute:02d}:00Z"


# ---------------------------------------------------------------- process S


@given(BITS, st.floats(1.0, 500.0))
def test_every_surprise_raises_the_load_and_nothing_fills_it(bits, more):
    before, after = USUAL.surprise_load(bits), USUAL.surprise_load([*bits, more])
    assert 0.0 <= before < after < 1.0


@given(BITS, st.randoms())
def test_the_order_in_which_it_was_told_counts_for_nothing(bits, chance):
    other = list(bits)
    chance.shuffle(other)
    assert USUAL.surprise_load(other) == USUAL.surprise_load(bits)


def test_the_load_is_half_where_the_table_says():
    assert USUAL.surprise_load([]) == 0.0
    assert USUAL.surprise_load([600.0, 400.0]) == 0.5
    assert Constants(half_bits=50.0).surprise_load([50.0]) == 0.5


def test_what_is_no_surprise_adds_nothing():
    assert USUAL.surprise_load([-30.0, 100.0]) == USUAL.surprise_load([100.0])
    assert bits_beyond([1.0, 4.0, 6.5, 12.0]) == 10.5
    assert bits_beyond([]) == bits_beyond([0.2] * 9) == 0.0


@given(PART, PART, PART)
def test_pressure_is_a_part_and_rises_with_either_cause(load, capacity, more):
    found = USUAL.pressure(load, capacity)
    assert 0.0 <= found <= 1.0 and found >= load - 1e-12
    assert USUAL.pressure(max(load, more), capacity) >= found
    assert USUAL.pressure(load, max(capacity, more)) >= found


def test_a_half_full_store_hardly_presses_and_a_full_one_presses_fully():
    assert USUAL.pressure(0.0, 0.5) == pytest.approx(0.0625)
    assert USUAL.pressure(0.0, 0.9) == pytest.approx(0.656, abs=1e-3)
    assert USUAL.pressure(0.0, 1.0) == 1.0
    assert Constants(capacity_power=1.0).pressure(0.0, 0.5) == 0.5


# ---------------------------------------------------------------- process C


def test_the_wish_to_be_awake_is_strongest_eight_hours_after_waking_and_weakest_at_night():
    wish = {hour: USUAL.wish_to_be_awake(at(hour)) for hour in range(24)}
    assert max(wish, key=wish.get) == 15 and wish[15] == 1.0
    assert min(wish, key=wish.get) == 3 and wish[3] == 0.0
    assert wish[9] == pytest.approx(0.5) == wish[21]
    assert Constants(wake_hour=22.0).wish_to_be_awake(at(6)) == 1.0
    assert USUAL.wish_to_be_awake(at(15, 30)) < 1.0


def test_the_hour_is_the_one_that_is_written_there_in_whatever_zone():
    assert USUAL.wish_to_be_awake("2026-01-05T15:00:00+09:00") == USUAL.wish_to_be_awake("2026-08-01T15:00:00Z") == 1.0


@pytest.mark.parametrize("lived_at", ["", "yesterday", "15:00", "2026-13-01T15:00:00Z"])
def test_without_an_hour_there_is_no_rhythm(lived_at):
    assert USUAL.wish_to_be_awake(lived_at) == 0.5


def test_the_rhythm_can_be_switched_off():
    off = Constants(rhythm=False)
    assert {off.threshold_at(off.wish_to_be_awake(at(hour))) for hour in range(24)} == {0.6}


def test_the_threshold_is_raised_by_the_wish_to_be_awake():
    assert [USUAL.threshold_at(wish) for wish in (0.0, 0.5, 1.0)] == pytest.approx([0.45, 0.6, 0.75])


@given(PART, PART)
def test_a_store_that_fills_up_overrides_any_rhythm(load, rhythm):
    """The last place that is taken presses more than any threshold that a table may have."""
    for constants in (USUAL, Constants(threshold=0.9, rhythm_strength=0.05, capacity_power=32.0)):
        assert constants.threshold_at(rhythm) <= HIGHEST_THRESHOLD + 1e-9 < constants.pressure(load, 1.0)


def test_a_day_as_it_was_measured_needs_sleep_in_the_evening_and_a_short_one_does_not():
    """Seventy-seven bits an episode, which is what the built-in first day was measured at."""
    day, short = (USUAL.pressure(USUAL.surprise_load([77.0] * count), count / 2000) for count in (25, 6))
    assert USUAL.threshold_at(USUAL.wish_to_be_awake(at(15))) > day > USUAL.threshold_at(
        USUAL.wish_to_be_awake(at(20))
    )
    assert short < min(USUAL.threshold_at(USUAL.wish_to_be_awake(at(hour))) for hour in range(24))


@given(PART)
def test_asking_again_takes_more_pressure_and_stays_possible(pressure):
    again = USUAL.again_above(pressure)
    assert pressure <= again <= 1.0
    assert pressure == 1.0 or again < 1.0
