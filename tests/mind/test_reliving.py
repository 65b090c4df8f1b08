"""A life lived again without some of it is the life of a mind that never heard it, to the last bit."""

from __future__ import annotations

import msgspec
import pytest

from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import EXAM, TEXTS, accepted, of, woken

SECOND = {
    5: "Zelda Marchetti sold the rope factory and moved her bees to Bergen.",
    6: "The keeper of Corran Skerry whistles when fog comes in.",
    7: "Bartholomew the goat has learnt to open the door of the barn.",
}
HEARD = {**TEXTS, **SECOND}
OUTCOMES = {2: 0.5, 5: -1.0, 6: 1.0}


def telling(number: int, as_number: int | None = None) -> cmd.Tell:
    because = "it was so" if number in OUTCOMES else ""
    return cmd.Tell(
        episode=as_number or number, text=HEARD[number], session="one", lived_at=f"2026-01-0{number}T09:00:00Z",
        goal="find out where the bees are" if number == 2 else "", outcome=OUTCOMES.get(number), because=because,
    )  # fmt: skip


def slept(mind, night, episodes, old=(), decision="approve", **more):
    order = cmd.Sleep(
        night=night, seed=10 + night, episodes=list(episodes), old_episodes=list(old), exam=EXAM,
        plan=cmd.NightPlan(steps=4, rank=4, exam_whole=False),
    )  # fmt: skip
    out = []
    for event in mind.sleep(order):
        if event is None:
            delta = mind.night.proposal.delta
            mind.decide(cmd.Decide(night=night, delta=delta, decision=decision, by="test", reason="r", recorded=9))
        else:
            out.append(event)
    return out


def lived(settings, first, second, numbered=None):
    """Two days and two nights; `numbered`: under which numbers, where they are not their own."""
    mind, at = woken(settings), numbered or {}
    for number in first:
        list(mind.tell(telling(number, at.get(number))))
    one = slept(mind, 1, [at.get(n, n) for n in first])
    list(mind.aim(cmd.SetGoal(goal="keep the goat in")))
    for number in second:
        list(mind.tell(telling(number, at.get(number))))
    two = slept(mind, 2, [at.get(n, n) for n in second], [at.get(n, n) for n in first])
    return mind, one, two


def again(mind, first, second):
    """The same life with these alone, as the host has it lived again."""
    out = list(mind.relive(cmd.Relive(part=1, begin=True, steps=[telling(n) for n in first], gone=[1, 2], fresh=4)))
    one = slept(mind, 1, first)
    steps = [cmd.SetGoal(goal="keep the goat in"), *(telling(n) for n in second)]
    out += mind.relive(cmd.Relive(part=2, steps=steps, fresh=4))
    two = slept(mind, 2, second, first)
    out += mind.relive(cmd.Relive(part=3, end=True))
    return out, one, two


def delta(events) -> ev.Proposal:
    return of(events, ev.Proposed)[0].proposal


def test_a_life_lived_again_is_that_of_a_mind_that_never_heard_it_to_the_last_bit(settings, tmp_path):
    """Whatever the numbers: the other mind's are others from the third on."""
    other = msgspec.structs.replace(settings, deltas_folder=str(tmp_path / "o"), states_folder=str(tmp_path / "os"))
    never, *theirs = lived(other, [1, 2, 4], [5, 6, 7], {4: 3, 5: 4, 6: 5, 7: 6})
    mind = woken(settings)
    for number in (1, 2, 3, 4):
        list(mind.tell(telling(number)))
    heard = slept(mind, 1, [1, 2, 3, 4])
    out, *mine = again(mind, [1, 2, 4], [5, 6, 7])

    assert delta(heard).delta != delta(theirs[0]).delta, "or the test shows nothing"
    assert [delta(night).delta for night in mine] == [delta(night).delta for night in theirs]
    assert delta(mine[1]).state == delta(theirs[1]).state != ""
    assert mind.hash == never.hash == mind.parts.cortex.hash()

    mine, theirs = mind.parts, never.parts
    assert 3 not in mine.lived and 3 not in mine.hippocampus.traces
    assert [each.bits for each in mine.lived.values()] == [each.bits for each in theirs.lived.values()]
    assert (mine.hippocampus.files.keys == theirs.hippocampus.files.keys).all(), "no key of it is left in the arrays"
    dials = cmd.Drives()
    assert list(mine.inner.shares([5, 6, 7], dials).values()) == list(theirs.inner.shares([4, 5, 6], dials).values())
    assert {e.episode for e in of(out, ev.EpisodeReread)} == {4, 5, 6, 7}
    assert of(out, ev.RolledBack)[0].nights == [1, 2]
    assert TEXTS[3][:20] not in str(out)


def test_nights_before_it_was_told_keep_their_deltas_and_their_cortex(settings):
    mind = woken(settings)
    for number in (1, 2, 4):
        list(mind.tell(telling(number)))
    one = slept(mind, 1, [1, 2, 4])
    behind = cmd.NightBehind(night=1, episodes=[1, 2, 4], accepted=accepted(one))
    steps = [*(telling(n) for n in (1, 2, 4)), behind, telling(5)]
    out = list(mind.relive(cmd.Relive(part=1, begin=True, end=True, steps=steps, back_to=1, gone=[2], fresh=5)))
    assert mind.hash == accepted(one).cortex_after == of(out, ev.RolledBack)[0].cortex
    assert mind.fading.awaiting() == [5]


def test_scaled_down_at_the_gate_another_delta_is_examined_and_proposed(settings):
    mind = woken(settings)
    for number in TEXTS:
        list(mind.tell(telling(number)))
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=4, rank=4))
    out = []
    for event in mind.sleep(order):
        proposals = of(out, ev.Proposed)
        if event is not None:
            out.append(event)
        elif len(proposals) == 1:
            mind.scale_down(cmd.ScaleDown(night=1, scale=0.5))
        else:
            last = proposals[-1].proposal
            mind.decide(cmd.Decide(night=1, delta=last.delta, decision="approve", by="t", reason="r", recorded=1))
    first, half = (each.proposal for each in of(out, ev.Proposed))
    assert half.norm == pytest.approx(first.norm / 2)
    assert half.delta != first.delta and half.scale == pytest.approx(first.scale / 2)
    assert of(out, ev.NightCommitted)[0].cortex_after == half.cortex_after == mind.parts.cortex.hash()
    after = [e for e in of(out, ev.Examined) if e.when == "after" and e.memory == "cortex"]
    assert len(after) == 2
