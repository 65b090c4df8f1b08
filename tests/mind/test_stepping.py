"""Holding a night in its own process: pauses that take effect within a step, conditions, breakpoints."""

from __future__ import annotations

import time

import pytest

from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.test_process import spawned  # noqa: F401  (a fixture)
from tests.mind.tiny import of

pytestmark = pytest.mark.crash


@pytest.fixture
def asleep(spawned):  # noqa: F811
    """`asleep(first)` → a mind in a long night that hears this first; a `Watch` is heard before the night begins."""

    def start(first: cmd.Command | None = None, steps: int = 300):
        mind = spawned()
        mind.until(ev.MindReady)
        mind.tell_all()
        if isinstance(first, cmd.Watch):
            mind.send(first)
        mind.sleep(steps)
        if isinstance(first, cmd.RunUntil):
            mind.send(first)
        return mind

    return start


def test_a_pause_takes_effect_within_one_step_and_says_before_which(asleep, record_property):
    mind, waited = asleep(), []
    mind.until(ev.ReplayStep, step=2)
    for _ in range(3):
        before, sent = len(of(mind.events, ev.ReplayStep)), time.perf_counter()
        mind.send(cmd.Pause())
        paused = mind.until(ev.Paused)
        waited.append(1e3 * (time.perf_counter() - sent))
        # What was in the pipe already is no step that the pause let through: the mind's own count tells.
        at = of(mind.events, ev.ReplayStep)[-1].step
        assert paused.step == at and paused.of == 300 and not paused.why
        taken = len(of(mind.events, ev.ReplayStep)) - before
        assert taken <= 2, f"{taken} steps between the pause and its effect"
        mind.send(cmd.Resume())
        mind.until(ev.ReplayStep, step=at + 2)
    usual = 1e3 * sorted(e.step_s for e in of(mind.events, ev.ReplayStep))[-1]
    record_property("pause_ms", [round(ms, 1) for ms in waited])
    record_property("longest_step_ms", round(usual, 1))
    print(f"paused after {', '.join(f'{ms:.0f}' for ms in waited)} ms; the longest step took {usual:.0f} ms")


def test_running_to_a_condition_holds_before_the_next_step_and_says_why(asleep):
    mind = asleep(cmd.RunUntil(condition="step 4"))
    paused = mind.until(ev.Paused)
    assert (paused.step, paused.of, paused.why) == (4, 300, "Step 4 = 4")
    mind.send(cmd.RunUntil(condition="episode 2 is replayed and step > 5"))
    mind.until(ev.Resumed)
    paused = mind.until(ev.Paused)
    assert paused.step > 5 and paused.why.startswith("episode 2 was replayed and Step ")
    assert 2 in {item.episode for item in of(mind.events, ev.ReplayStep)[-1].items}


def test_breakpoints_set_while_awake_hold_the_night_and_can_be_taken_away_in_it(asleep):
    mind = asleep(cmd.Watch(conditions=["stage dream", "step > 2"]))
    assert mind.until(ev.Paused).why == "the stage dream begins"
    mind.send(cmd.Resume())
    paused = mind.until(ev.Paused)
    assert (paused.step, paused.why) == (3, "Step 3 > 2")
    mind.send(cmd.Watch(conditions=[]))
    mind.send(cmd.RunUntil(condition="step 6"))
    assert mind.until(ev.Paused).step == 6


def test_a_condition_that_never_comes_is_said_at_the_gate_and_one_that_means_nothing_at_once(asleep):
    mind = asleep(cmd.RunUntil(condition="loss > 1000"), steps=2)
    mind.until(ev.ReplayStep, step=1)
    mind.send(cmd.Watch(conditions=["the moon is full"]))
    assert mind.until(ev.Notice).title == "The condition is not understood"
    assert mind.until(ev.Notice).text == "It never came to: Loss > 1000."
    assert of(mind.events, ev.Proposed) and not of(mind.events, ev.Paused)
