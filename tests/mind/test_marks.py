"""What a person pinned never fades, and what a person excluded is never replayed, and is still recalled."""

from __future__ import annotations

import msgspec
import pytest

from observatory.mind.retention import History, fading
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.test_retention import held, nights, past, small, tell
from tests.mind.tiny import EXAM, TEXTS, a_night, of, woken


def mark(mind, episodes, which: ev.Mark, on: bool = True) -> None:
    mind.mark(cmd.MarkEpisodes(episodes=episodes, mark=which, on=on))


def replayed(events) -> set[int]:
    return {item.episode for step in of(events, ev.ReplayStep) for item in step.items} - {None}


# ---------------------------------------------------------------- pinned


def test_a_pinned_episode_is_not_let_go_of_for_being_weak_and_goes_when_the_pin_is_off():
    known = {1: past(nights=[1]), 2: past(nights=[1])}
    known[1].pinned = True
    assert fading(known, nights(30), 10) == [2]
    known[1].pinned = False
    assert fading(known, nights(30), 10) == [1, 2]


def test_over_capacity_the_others_go_and_pinned_ones_take_their_room():
    known: dict[int, History] = {n: past(bits=float(n)) for n in range(1, 6)}
    known[1].pinned = known[2].pinned = True
    assert fading(known, nights(1), 3) == [3, 4]
    assert fading(known, nights(1), 1) == [3, 4, 5]


def test_a_pin_holds_against_a_flood_and_through_a_restart(settings):
    mind = small(settings, 6)
    tell(mind, [1, 2])
    mark(mind, [1], "pinned")
    tell(mind, range(3, 20))
    assert 1 in mind.parts.hippocampus.traces and 2 not in mind.parts.hippocampus.traces
    stored = cmd.StoredEpisode(
        episode=1, text=TEXTS[1], speaker="user", session="", lived_at="", pinned=True,
        tokens=mind.parts.hippocampus.traces[1].tokens, surprise=mind.parts.lived[1].bits,
    )  # fmt: skip
    again = small(settings, 4)
    list(again.restore([stored]))
    tell(again, range(2, 20))
    assert 1 in again.parts.hippocampus.traces


def test_a_pin_stays_when_an_episode_is_read_anew(told):
    mark(told, [2], "pinned")
    list(told.feel(cmd.Feedback(episode=2, outcome=-1.0, because="the paint came off")))
    assert told.fading.known[2].pinned


# ---------------------------------------------------------------- excluded


def test_an_excluded_episode_is_in_no_night_whatever_the_host_asks_and_is_still_recalled(told):
    mark(told, [2], "excluded")
    events = a_night(told)
    assert of(events, ev.NightOpened)[0].episodes == [1, 3, 4]
    assert replayed(events) <= {1, 3, 4}
    assert 2 not in {d.episode for d in of(events, ev.DreamMade)}
    (retained,) = of(events, ev.Retained)
    assert held(retained) == list(TEXTS)
    assert {r.episode: r.cortical for r in retained.episodes}[2] == 0.0
    assert told.parts.hippocampus.recall(TEXTS[2]).candidates[0][0] == 2


def test_a_night_replays_what_one_would_that_was_never_asked_to_take_the_excluded_episode_in(told, settings):
    mark(told, [3], "excluded")
    here = of(a_night(told, steps=3), ev.ReplayStep)
    other = woken(settings)
    for number, text in TEXTS.items():
        list(other.tell(cmd.Tell(episode=number, text=text)))
    mark(other, [3], "excluded")
    order = cmd.Sleep(night=1, seed=3, episodes=[1, 2, 4], exam=EXAM, plan=cmd.NightPlan(steps=3, rank=4))
    there = []
    for event in other.sleep(order):
        if event is None:
            break
        there += of([event], ev.ReplayStep)
    assert [drawn(step) for step in there] == [drawn(step) for step in here]


def drawn(step: ev.ReplayStep) -> list[ev.ReplayItem]:
    """What was replayed, without what was watched of it: that goes by the time there is."""
    return [msgspec.structs.replace(item, watched=None) for item in step.items]


def test_earlier_episodes_and_traces_that_are_excluded_are_not_rehearsed_either(told):
    a_night(told)
    mark(told, [1, 8], "excluded")
    list(told.tell(cmd.Tell(episode=9, text="Mirembe is afraid of balloons.")))
    trace = cmd.Trace(episode=8, cue="Who is Anselm?", answer="A ferryman.")
    order = cmd.Sleep(
        night=2, seed=1, episodes=[9], old_episodes=list(TEXTS), traces=[trace], plan=cmd.NightPlan(steps=3, rank=2)
    )
    events = []
    for event in told.sleep(order):
        if event is None:
            break
        events.append(event)
    assert of(events, ev.NightOpened)[0].old_episodes == [2, 3, 4]
    assert 1 not in replayed(events)
    assert "trace" not in {old.kind for old in of(events, ev.OldMaterial)}


def test_the_open_night_goes_on_with_what_it_was_opened_with(told):
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=2, rank=2))
    for event in told.sleep(order):
        if isinstance(event, ev.NightOpened):
            mark(told, [1], "excluded")
        if event is None:
            assert told.night.proposal.episodes == list(TEXTS)
            delta = told.night.proposal.delta
            told.decide(cmd.Decide(night=1, delta=delta, decision="veto", by="t", reason="r", recorded=1))
    assert told.parts.excluded == {1}


def test_what_is_excluded_does_not_press_for_sleep_until_it_is_taken_back(told):
    before = told.parts.governor.states.surprise_load
    mark(told, list(TEXTS), "excluded")
    assert told.parts.governor.states.surprise_load == 0.0
    assert told.fading.awaiting() == []
    mark(told, list(TEXTS), "excluded", on=False)
    assert told.parts.governor.states.surprise_load == pytest.approx(before)


def test_an_exclusion_is_back_after_a_restart(told, settings):
    stored = [
        cmd.StoredEpisode(
            episode=n, text=text, speaker="user", session="", lived_at="", excluded=n == 2,
            tokens=told.parts.hippocampus.traces[n].tokens, surprise=told.parts.lived[n].bits,
        )
        for n, text in TEXTS.items()
    ]  # fmt: skip
    again = woken(msgspec.structs.replace(settings))
    list(again.restore(stored))
    assert again.parts.excluded == {2}
    assert again.fading.awaiting() == [1, 3, 4]
    assert set(again.parts.hippocampus.traces) == set(TEXTS)
