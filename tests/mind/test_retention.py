"""Two strengths an episode, what fades in which order, and a hippocampus that never holds more than it may."""

from __future__ import annotations

import math
import subprocess
import sys

import msgspec
import pytest

from observatory.mind import retention as r
from observatory.mind.retention import History, Strength, fading, strength
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of, woken


def past(nights=(), outcome=None, bits=4.0, born=0) -> History:
    return History.of(born, [bits] * 12, outcome, nights)


def nights(count: int) -> list[int]:
    return list(range(1, count + 1))


# ---------------------------------------------------------------- the two compartments


def test_a_trace_is_written_between_a_half_and_full_by_surprise_and_outcome():
    plain, odd = past(bits=0.0).first, past(bits=12.0).first
    assert plain == pytest.approx(0.5)
    assert odd == pytest.approx(0.5 + 0.3 * 12 / 16)
    assert past(bits=12.0, outcome=-0.5).first == past(bits=12.0, outcome=0.5).first == pytest.approx(odd + 0.1)
    assert 0.99 < past(bits=1e6, outcome=-1.0).first <= 1.0
    assert History.of(0, [], None).first == 0.5


def test_the_hippocampal_trace_decays_exponentially_and_the_cortical_one_starts_from_nothing():
    history = past()
    for days in (0, 1, 7, 40):
        now = strength(history, nights(days))
        assert now.hippocampal == pytest.approx(history.first * math.exp(-0.3 / 6 * days))
        assert now.cortical == 0.0


def test_a_night_drives_the_cortical_trace_as_the_equations_say():
    """The closed form against ten thousand small steps of both equations through the same days."""
    history = past(nights=[2])
    hippocampal, cortical, step = history.first, 0.0, 1e-4
    for tick in range(round(5 / step)):
        day = tick * step
        asleep_in_it = 1 + r.AWAKE <= day < 2
        rate = r.DECAY * (r.UNCONSOLIDATED if day < 2 else 1.0)
        cortical += step * ((r.DRIVE * hippocampal if asleep_in_it else 0.0) - r.FORGETTING * cortical)
        hippocampal -= step * rate * hippocampal
    now = strength(history, nights(5))
    assert now.hippocampal == pytest.approx(hippocampal, rel=1e-3)
    assert now.cortical == pytest.approx(cortical, rel=2e-3)
    assert strength(history, nights(1)).cortical == 0.0


def test_equal_rates_are_the_limit_of_nearly_equal_ones():
    near, at = r.driven(0.8, r.FORGETTING * 1.0001, 0.3), r.driven(0.8, r.FORGETTING, 0.3)
    assert at == pytest.approx(near, rel=1e-4)


def test_only_days_that_ended_count_whatever_the_nights_are_called():
    assert strength(past(nights=[2]), [1, 2, 3]) == strength(past(nights=[40]), [7, 40, 41])
    assert strength(past(nights=[3], born=2), [1, 2, 3]) == strength(past(nights=[1]), [1])


def test_a_vetoed_night_is_a_day_without_learning():
    assert strength(past(), nights(3)).cortical == 0.0
    assert strength(past(), nights(3)).hippocampal < strength(past(), nights(2)).hippocampal


def test_what_is_consolidated_fades_fastest_and_what_is_feared_or_unconsolidated_last():
    after = {
        name: strength(history, nights(9)).hippocampal / history.first
        for name, history in {
            "learnt": past(nights=[1]), "learnt, feared": past(nights=[1], outcome=-0.4),
            "new": past(), "new, feared": past(outcome=-0.4),
        }.items()
    }  # fmt: skip
    assert sorted(after, key=after.get) == ["learnt", "learnt, feared", "new", "new, feared"]
    glad = past(nights=[1], outcome=0.4)
    assert strength(glad, nights(9)).hippocampal / glad.first == pytest.approx(after["learnt"])


def test_a_learnt_episode_is_let_go_of_in_the_second_week_and_its_cortical_trace_stays():
    history = past(nights=[1])
    gone = next(n for n in range(99) if fading({1: history}, nights(n), 100))
    assert gone == 10
    history.held = False
    assert strength(history, nights(gone)) == Strength(0.0, pytest.approx(0.44, abs=0.02))
    assert strength(history, nights(gone + 35)).cortical == pytest.approx(0.22, abs=0.02)


# ---------------------------------------------------------------- who goes


def test_an_unconsolidated_episode_is_never_let_go_of_for_being_weak():
    known = {1: past(), 2: past(outcome=-1.0)}
    assert strength(known[1], nights(400)).hippocampal < r.FADED
    assert fading(known, nights(400), capacity=2) == []


def test_over_capacity_consolidated_go_first_and_feared_last():
    known = {
        1: past(outcome=-0.5), 2: past(bits=1.0), 3: past(nights=[1], outcome=-0.9, bits=1.0),
        4: past(nights=[1], bits=9.0), 5: past(nights=[1], bits=1.0), 6: past(bits=9.0),
    }  # fmt: skip
    assert fading(known, nights(1), 6) == []
    assert fading(known, nights(1), 5) == [5]
    assert fading(known, nights(1), 3) == [5, 4, 3]
    assert fading(known, nights(1), 0) == [5, 4, 3, 2, 6, 1]


def test_unconsolidated_episodes_go_only_when_they_alone_are_too_many():
    known = {n: past(nights=[1] if n <= 5 else ()) for n in range(1, 11)}
    assert fading(known, nights(1), 5) == [1, 2, 3, 4, 5]
    assert fading(known, nights(1), 4) == [1, 2, 3, 4, 5, 6]


def test_what_has_faded_does_not_fade_again():
    known = {1: past(nights=[1]), 2: past(nights=[1])}
    known[1].held = False
    assert fading(known, nights(30), 10) == [2]


def test_strengths_need_no_torch():
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('retention', {r.__file__!r})\n"
        "module = sys.modules['retention'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(module.strength(module.History.of(0, [4.0], None), [1]).cortical, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["0.0", "False"]


# ---------------------------------------------------------------- a mind that forgets


def small(settings, capacity: int):
    return woken(msgspec.structs.replace(settings, capacity=capacity))


def tell(mind, numbers, outcome=None):
    texts = {n: f"{TEXTS[1 + n % 4]} ({n})" for n in numbers}
    return [e for n, text in texts.items() for e in mind.tell(cmd.Tell(episode=n, text=text, outcome=outcome))]


def held(retained: ev.Retained) -> list[int]:
    return [each.episode for each in retained.episodes if each.held]


def test_every_night_that_ends_says_how_strong_each_episode_is(told):
    committed = a_night(told)
    (retained,) = of(committed, ev.Retained)
    assert committed.index(retained) > committed.index(of(committed, ev.NightClosed)[0])
    assert (retained.night, held(retained), retained.faded) == (1, list(TEXTS), [])
    assert all(each.cortical > 0.4 and 0.4 < each.hippocampal < 1 for each in retained.episodes)
    (after_veto,) = of(a_night(told, number=2, decision="veto"), ev.Retained)
    for before, after in zip(retained.episodes, after_veto.episodes, strict=True):
        assert after.hippocampal < before.hippocampal
        assert after.cortical < before.cortical


def test_a_vetoed_night_consolidates_nothing(told):
    (retained,) = of(a_night(told, decision="veto"), ev.Retained)
    assert [each.cortical for each in retained.episodes] == [0.0] * len(TEXTS)


def test_a_faded_episode_leaves_the_hippocampus_and_is_spoken_of_while_the_cortex_keeps_it(told):
    list(told.tell(cmd.Tell(episode=9, text="Mirembe is afraid of balloons.", outcome=-1.0)))
    a_night(told)
    told.fading.ended += range(101, 120)
    order = cmd.Sleep(night=120, seed=1, episodes=[9], old_episodes=list(TEXTS), plan=cmd.NightPlan(steps=2, rank=2))
    events = []
    for event in told.sleep(order):
        if event is None:
            told.decide(cmd.Decide(night=120, delta=told.night.proposal.delta, decision="veto", by="t", reason="r",
                                   recorded=1))  # fmt: skip
        else:
            events.append(event)
    (retained,) = of(events, ev.Retained)
    assert sorted(retained.faded) == list(TEXTS)
    assert held(retained) == [9]
    assert len(told.parts.hippocampus) == 1 and list(told.parts.lived) == [9]
    assert all(each.hippocampal == 0 and each.cortical > 0.2 for each in retained.episodes if not each.held)
    recall = told.parts.hippocampus.recall(TEXTS[1])
    assert [e for e, _ in recall.candidates] == [9]
    # The host may not have heard of it yet when it asks for the next night: what has faded is not replayed.
    again = told.sleep(msgspec.structs.replace(order, night=121))
    opened = next(e for e in again if isinstance(e, ev.NightOpened))
    assert opened.old_episodes == []


def test_the_hippocampus_never_holds_more_than_its_capacity_and_its_arrays_stay_small(settings):
    mind = small(settings, 8)
    events = tell(mind, range(1, 301))
    store = mind.parts.hippocampus
    assert len(store) == len(mind.parts.lived) == 8
    assert len(store.files.order) <= 2 * 8 + 64 + 2
    assert len(store.files.keys) <= 4096 and len(store.files._starts) == 256
    assert sum(map(len, store.files.index)) == sum(len(trace.code) for trace in store.traces.values())
    gone = [e for retained in of(events, ev.Retained) for e in retained.faded]
    assert sorted([*gone, *store.traces]) == list(range(1, 301))
    best = max(store.traces)
    assert store.recall(f"{TEXTS[1 + best % 4]} ({best})").candidates[0][0] in store.traces


def test_feared_episodes_outlast_a_flood_of_others(settings):
    mind = small(settings, 6)
    tell(mind, [1, 2, 3], outcome=-0.8)
    tell(mind, range(4, 60))
    assert {1, 2, 3} < set(mind.parts.hippocampus.traces)


def test_what_is_left_after_clearing_up_is_found_as_before(told):
    store = told.parts.hippocampus
    before = {n: store.recall(text).candidates[0] for n, text in TEXTS.items() if n != 3}
    store.forget(3)
    store.files.clear_up()
    assert {n: store.recall(text).candidates[0] for n, text in TEXTS.items() if n != 3} == before
    list(told.tell(cmd.Tell(episode=7, text="A wholly different story of trains.")))
    assert store.recall("A wholly different story of trains.").candidates[0][0] == 7


def test_a_roll_back_takes_the_cortical_strength_of_its_nights_away(told):
    a_night(told)
    events = list(told.roll_back(cmd.RollBack(to_night=0, accepted=[], why="look again")))
    (retained,) = of(events, ev.Retained)
    assert [each.cortical for each in retained.episodes] == [0.0] * len(TEXTS)
    assert held(retained) == list(TEXTS)


def test_a_restarted_mind_knows_the_same_strengths(told, settings):
    (before,) = of(a_night(told), ev.Retained)
    committed = told.fading.known[1].nights
    stored = [
        cmd.StoredEpisode(episode=e, text=t if e != 2 else "", speaker="user", session="", lived_at="",
                          tokens=told.parts.hippocampus.traces[e].tokens if e != 2 else [],
                          surprise=told.parts.lived[e].bits, nights=committed, held=e != 2)
        for e, t in TEXTS.items()
    ]  # fmt: skip
    again = woken(msgspec.structs.replace(settings, ended=[1]))
    list(again.restore(stored))
    assert set(again.parts.hippocampus.traces) == set(again.parts.lived) == set(TEXTS) - {2}
    there = {each.episode: each for each in of(list(again.fading.retained()), ev.Retained)[0].episodes}
    for each in before.episodes:
        expected = msgspec.structs.replace(each, hippocampal=0.0, held=False) if each.episode == 2 else each
        assert there[each.episode] == expected


def test_a_smaller_capacity_is_kept_to_from_the_next_episode_on(told, settings):
    stored = [
        cmd.StoredEpisode(episode=e, text=t, speaker="user", session="", lived_at="",
                          tokens=told.parts.hippocampus.traces[e].tokens, surprise=told.parts.lived[e].bits,
                          nights=[1] if e in (2, 3) else [])
        for e, t in TEXTS.items()
    ]  # fmt: skip
    again = woken(msgspec.structs.replace(settings, ended=[1], capacity=3))
    list(again.restore(stored))
    (retained,) = of(list(again.tell(cmd.Tell(episode=9, text="Mirembe is afraid of balloons."))), ev.Retained)
    assert (retained.night, sorted(retained.faded), held(retained)) == (1, [2, 3], [])
    assert sorted(again.parts.hippocampus.traces) == [1, 4, 9]


def test_an_episode_handed_back_for_a_roll_back_is_held_again(told):
    a_night(told)
    stored = cmd.StoredEpisode(
        episode=2, text=TEXTS[2], speaker="user", session="", lived_at="", nights=[1],
        tokens=told.parts.hippocampus.traces[2].tokens, surprise=told.parts.lived[2].bits,
    )  # fmt: skip
    list(told.restore([msgspec.structs.replace(stored, held=False, text="", tokens=[])]))
    told.parts.hippocampus.forget(2)
    list(told.restore([stored]))
    events = list(told.roll_back(cmd.RollBack(to_night=0, accepted=[], why="look again")))
    (retained,), (rolled_back,) = of(events, ev.Retained), of(events, ev.RolledBack)
    assert held(retained) == list(TEXTS)
    assert events.index(retained) < events.index(rolled_back), "killed in between, it would be in neither store"
    assert told.parts.hippocampus.recall(TEXTS[2]).candidates[0][0] == 2
