"""The governor: what it reads off the mind, what it proposes and when it does not, and what a restart leaves."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.governor import rules
from observatory.governor.governor import Governor
from observatory.protocol import wire
from observatory.protocol.events import GovernorDecided, MetaStates

from .tables import rule, table

NIGHT, NOON, THREE = "2026-01-05T03:00:00Z", "2026-01-05T12:00:00Z", "2026-01-05T15:00:00Z"


def tell(governor: Governor, episode: int, bits: float = 77.0, novelty: float = 0.6, **more) -> list[GovernorDecided]:
    return governor.told(episode=episode, novelty=novelty, bits_over=bits, **more)


def fill(governor: Governor, first: int, last: int, **more) -> list[GovernorDecided]:
    """Tell these episodes; the decisions about sleep."""
    return [tell(governor, n, **more)[1] for n in range(first, last + 1)]


def proposals(decided: list[GovernorDecided]) -> list[int]:
    return [each.episode for each in decided if each.choice == "propose sleep"]


# ---------------------------------------------------------------- decisions


def test_what_is_told_is_decided_twice_once_about_keeping_it_and_once_about_sleep(governor):
    keep, sleep = tell(governor, 1, lived_at=NOON)
    assert (keep.choice, sleep.choice) == ("encode", "stay awake")
    assert keep.episode == sleep.episode == 1 and keep.question is None
    assert keep.lived_at == NOON and keep.table == rules.built_in().hash
    assert keep.states.capacity == 0.0 and sleep.states.capacity == 0.01
    assert wire.event_from_json(wire.to_json(sleep)) == sleep


def test_the_very_same_words_are_observed_unless_something_new_is_said_of_how_it_went(governor):
    tell(governor, 1)
    again, _ = tell(governor, 2, novelty=0.0, repeats=1)
    assert (again.choice, again.states.novelty) == ("observe", 0.0)
    assert governor.states.capacity == 0.01
    assert tell(governor, 3, novelty=0.0, repeats=1, outcome=-1.0)[0].choice == "encode"
    assert tell(governor, 4, novelty=0.0)[0].choice == "encode", "nearly the same is not the same"


def test_the_store_is_left_out_only_where_it_is_not_sure(governor):
    unsure = governor.asked(question=1, sure=False, novelty=0.3, lived_at=NOON)
    sure = governor.asked(question=2, sure=True, novelty=1.0)
    assert (unsure.choice, unsure.states.novelty, unsure.question) == ("answer alone", 1.0, 1)
    assert (sure.choice, sure.question, sure.episode) == ("read memory", 2, None)


def test_a_person_is_asked_after_unsure_answers_about_what_nobody_told(governor):
    asked = []
    for n in range(1, 5):
        governor.asked(question=n, sure=False, novelty=0.7)
        asked.append(governor.answered(question=n, surprise_bits=1.6, sure=False))
    assert asked[:2] == [None, None]
    assert (asked[3].choice, asked[3].on, asked[3].question) == ("ask", "asked", 4)
    assert f"{asked[3].states.uncertainty:.0%}" in asked[3].why
    governor.asked(question=5, sure=True, novelty=0.3)
    assert governor.answered(question=5, surprise_bits=1.2, sure=True) is None


def test_common_knowledge_is_never_asked_for(governor):
    for n in range(1, 20):
        governor.asked(question=n, sure=False, novelty=0.7)
        assert governor.answered(question=n, surprise_bits=0.7, sure=False) is None


def test_left_alone_it_rests_and_is_awake_before_that(governor):
    assert governor.idle(0.1).choice == "stay awake"
    assert governor.idle(0.5).choice == "rest"
    assert (governor.idle(9.0).states.idle, tell(governor, 1)[0].states.idle) == (1.0, 0.0)


def test_after_a_night_it_wakes(governor):
    fill(governor, 1, 30)
    governor.slept(range(1, 31))
    morning = governor.night_over("2026-01-06T07:00:00Z")
    assert (morning.on, morning.choice, morning.lived_at) == ("night over", "wake", "2026-01-06T07:00:00Z")
    assert "0.0%" in morning.why


def test_a_night_after_much_went_badly_is_a_careful_one(governor):
    (proposed, *_) = [d for d in fill(governor, 1, 40, fear=0.5) if d.choice == "propose sleep"]
    assert (proposed.preset, proposed.rule) == ("careful", "pressure, and much to fear")
    usual = Governor(rules.built_in(), 100)
    (proposed, *_) = [d for d in fill(usual, 1, 40, fear=0.2) if d.choice == "propose sleep"]
    assert (proposed.preset, proposed.rule) == ("", "pressure")


@pytest.mark.parametrize("lived_at", [NIGHT, NOON, THREE, ""])
def test_every_decision_about_sleep_says_which_numbers_mattered(governor, lived_at):
    for each in fill(governor, 1, 100, lived_at=lived_at, bits=1.0) + [governor.idle(1.0, lived_at)]:
        held_back = each.rule == rules.HELD_BACK
        assert f"{each.states.pressure:{'.0%' if held_back else '.1%'}}" in each.why
        assert held_back or f"{each.states.capacity:.0%}" in each.why or each.on == "idle"


# ---------------------------------------------------------------- states


@given(st.lists(st.tuples(st.floats(-10.0, 1e4), st.floats(-2.0, 2.0), st.floats(0.0, 50.0), st.floats(-1.0, 1.0)),
                max_size=20))  # fmt: skip
def test_every_state_stays_between_nought_and_one(found):
    governor = Governor(rules.built_in(), 10)
    for n, (bits, novelty, fear, outcome) in enumerate(found, start=1):
        tell(governor, n, bits, novelty, fear=fear, error=fear, relevance=outcome, outcome=outcome, expected_fail=0.3)
        governor.asked(question=n, sure=n % 2 == 0, novelty=novelty)
        governor.answered(question=n, surprise_bits=fear, sure=n % 2 == 0)
        assert all(0.0 <= getattr(governor.states, state) <= 1.0 for state in rules.STATES)


def test_trust_is_half_at_first_and_follows_how_right_predictions_were(governor):
    assert governor.states.trust == 0.5
    for _ in range(20):
        governor.went(-1.0, 0.95)
        governor.went(0.5, 0.05)
    assert governor.states.trust == pytest.approx(0.95, abs=1e-3)
    for _ in range(20):
        governor.went(-1.0, 0.1)
    assert governor.states.trust == pytest.approx(0.1, abs=0.02)


def test_what_went_neither_way_did_not_fail(governor):
    governor.went(0.0, 0.0)
    assert governor.states.trust == pytest.approx(0.6)


def test_an_outcome_that_nothing_was_expected_of_leaves_trust_alone(governor):
    tell(governor, 1, outcome=-1.0)
    tell(governor, 2, expected_fail=0.9)
    assert governor.states.trust == 0.5
    assert tell(governor, 3, outcome=-1.0, expected_fail=1.0)[0].states.trust == 0.6


def test_a_sure_match_behind_an_answer_makes_it_less_unsure():
    with_it, without = Governor(rules.built_in(), 9), Governor(rules.built_in(), 9)
    with_it.answered(question=1, surprise_bits=1.0, sure=True)
    without.answered(question=1, surprise_bits=1.0, sure=False)
    assert (with_it.states.uncertainty, without.states.uncertainty) == (0.125, 0.25)


def test_numbers_that_are_none_are_taken_for_nought(governor):
    tell(governor, 1, math.nan, math.nan, error=math.nan, fear=math.nan, relevance=math.nan)
    assert all(0.0 <= getattr(governor.states, state) <= 1.0 for state in rules.STATES)


# ---------------------------------------------------------------- pressure


def test_pressure_falls_in_a_night_with_what_is_recalled_and_stays_down_when_it_is_committed(governor):
    fill(governor, 1, 40)
    seen = [governor.states.pressure]
    for many in (10, 20, 40):
        seen.append(governor.recalled(range(1, many + 1)).pressure)
    assert seen == sorted(seen, reverse=True) and governor.states.surprise_load == 0.0
    assert governor.states.capacity == 0.4, "only a commit makes the cortex know them"
    governor.slept(range(1, 41))
    assert governor.states.pressure == 0.0


def test_pressure_is_back_after_a_veto(governor):
    fill(governor, 1, 40)
    before = governor.states.pressure
    assert governor.recalled(range(1, 30)).pressure < before
    governor.refused()
    assert governor.night_over().states.pressure == before


def test_what_a_night_did_not_take_in_goes_on_pressing(governor):
    fill(governor, 1, 40)
    other = Governor(rules.built_in(), 100)
    fill(other, 31, 40)
    governor.slept(range(1, 31))
    assert governor.states.pressure == other.states.pressure > 0.0


@given(st.dictionaries(st.integers(1, 300), st.floats(0.0, 400.0), max_size=60), st.integers(0, 300), st.randoms())
def test_a_restart_gives_the_same_pressure(waiting, slept, chance):
    """It follows from the episodes that wait, whatever was told, slept on or refused on the way, and in what order."""
    lived, order = Governor(rules.built_in(), 200), list(waiting)
    chance.shuffle(order)
    for episode in order:
        tell(lived, episode, waiting[episode], lived_at=NOON)
    lived.recalled(order[:5])
    lived.refused()
    lived.slept([episode for episode in order if episode <= slept])
    lived.asked(question=1, sure=True, novelty=0.5, lived_at=NIGHT)
    again = Governor(rules.built_in(), 200)
    for episode, bits in waiting.items():
        if episode > slept:
            again.restore({episode: bits})
    again.asked(question=1, sure=True, novelty=0.5, lived_at=NIGHT)
    for state in ("pressure", "surprise_load", "capacity", "rhythm"):
        assert getattr(again.states, state) == getattr(lived.states, state)


def test_a_roll_back_brings_the_pressure_back_and_what_is_gone_no_longer_presses(governor):
    fill(governor, 1, 20)
    before = governor.states
    governor.slept(range(1, 21))
    governor.restore({n: 77.0 for n in range(1, 21)})
    assert governor.states == before
    governor.forgot(range(11, 21))
    assert governor.states.capacity == 0.1
    governor.forgot([999])
    assert governor.states.capacity == 0.1


# ---------------------------------------------------------------- not nagging


def test_what_was_proposed_is_not_proposed_again_before_pressure_has_risen(governor):
    decided = fill(governor, 1, 80)
    asked = proposals(decided)
    assert 3 <= len(asked) <= 6
    pressed = [decided[n - 1].states.pressure for n in asked]
    step = rules.built_in().pressure.again_above
    assert all(after > step(before) for before, after in zip(pressed, pressed[1:], strict=False))
    held = decided[asked[0]]
    assert (held.choice, held.rule) == ("stay awake", rules.HELD_BACK) and "did so before" in held.why
    assert len(proposals([governor.idle(1.0) for _ in range(20)])) == 0


def test_a_refused_night_is_not_proposed_again_from_where_pressure_stands_then(governor):
    asked = proposals(fill(governor, 1, 30))
    governor.refused()
    assert governor.idle(1.0).rule == rules.HELD_BACK
    later = proposals(fill(governor, 31, 60))
    assert len(asked) == 1 and later[0] >= 33


def test_a_committed_night_lets_it_propose_anew(governor):
    first = proposals(fill(governor, 1, 30))
    governor.slept(range(1, 31))
    again = proposals(fill(governor, 31, 60))
    assert again[0] - 30 == first[0]


def test_a_full_store_is_said_with_every_episode_that_is_added_and_not_between():
    governor = Governor(rules.built_in(), 10)
    fill(governor, 1, 9, bits=0.0)
    assert proposals(fill(governor, 10, 10, bits=0.0)) == [10]
    assert proposals([governor.idle(1.0), governor.idle(1.0)]) == []
    assert tell(governor, 11, repeats=3, novelty=0.0)[1].rule == rules.HELD_BACK
    governor.refused()
    assert proposals(fill(governor, 12, 14, bits=0.0)) == [12, 13, 14]


def test_with_nothing_to_raise_it_pressure_never_asks_twice_whatever_the_hour(governor):
    fill(governor, 1, 12)
    hours = [governor.idle(1.0, f"2026-01-{day:02d}T{hour:02d}:00:00Z") for day in (5, 6, 7) for hour in range(24)]
    asked = [each for each in hours if each.choice == "propose sleep"]
    assert len(asked) == 1 and asked[0].states.rhythm < 0.2


def test_a_table_of_ones_own_is_what_decides():
    governor = Governor(rules.read(table(rule(preset='"curious"', because='"{pressure:.0%}"'))), 100)
    decided = fill(governor, 1, 6)
    assert proposals(decided) == [4]
    assert (decided[3].preset, decided[3].rule, decided[3].why) == ("curious", "early", "24%")
    assert governor.asked(question=1, sure=False, novelty=1.0).choice == "read memory"
    assert isinstance(governor.states, MetaStates)
