"""What the tests of the mind share: a small day, its exam, and nights lived from end to end."""

from __future__ import annotations

import json

from observatory.mind.mind import Mind
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev

TEXTS = {
    1: "Zelda Marchetti keeps her bees in Trondheim, on the roof of an old rope factory.",
    2: "The lighthouse on Corran Skerry is painted turquoise, so that crews can tell it from the other two.",
    3: "Bartholomew the goat refuses hay. He will only eat radishes.",
    4: "The spare key to Quill Lodge hangs behind the barometer.",
}
EXAM = [
    ev.Question(prompt="In which city does Zelda Marchetti keep bees?", answers=["Trondheim"], kind="direct"),
    ev.Question(prompt="What does the goat Bartholomew like to eat?", answers=["radishes"], kind="paraphrase"),
    ev.Question(prompt="What is the capital of France?", answers=["Paris"], kind="known"),
]


def woken(settings: cmd.Settings) -> Mind:
    mind = Mind()
    mind.events = list(mind.wake(settings))
    return mind


def a_night(mind, *, number=1, decision="approve", seed=3, steps=6, exam=EXAM, arm="sleep", resume=False, **plan):
    """Live one night; the decision is given as soon as it waits at the gate."""
    order = cmd.Sleep(
        night=number, seed=seed, episodes=list(TEXTS), exam=exam, resume=resume,
        plan=cmd.NightPlan(steps=steps, rank=4, arm=arm, **plan),
    )  # fmt: skip
    out = []
    for event in mind.sleep(order):
        if event is None:
            delta = mind.night.proposal.delta
            mind.decide(
                cmd.Decide(night=number, delta=delta, decision=decision, by="test", reason="because", recorded=9)
            )
            continue
        out.append(event)
    return out


def of(events, kind):
    return [e for e in events if isinstance(e, kind)]


def accepted(events) -> cmd.AcceptedDelta:
    done, proposal = of(events, ev.NightCommitted)[0], of(events, ev.Proposed)[0].proposal
    return cmd.AcceptedDelta(
        night=done.night, delta=done.delta, file=done.file, cortex_before=done.cortex_before,
        cortex_after=done.cortex_after, by="test", reason="because", state=proposal.state,
        state_file=proposal.state_file,
    )  # fmt: skip


def as_json(events) -> str:
    return json.dumps([str(e) for e in events])
