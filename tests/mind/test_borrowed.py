"""A plugin replays the night: it proposes a delta like any other, and when it fails the built-in replay does it."""

from __future__ import annotations

import pytest
import torch

from observatory.mind.borrowed import Borrowed
from observatory.mind.copied import Copied, day_of, moved_maps
from observatory.mind.delta import Delta
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of, woken
from tests.plugins.conftest import MANIFEST

pytestmark = pytest.mark.mind

REPLAY = """import torch
from observatory.plugins.contract import Dose


class Part:
    def __init__(self, options):
        pass

    def begin(self, cortex, day):
        self.cortex, self.day = cortex, day
        return 3

    def step(self):
        {step}

    def proposal(self):
        {proposal}
"""
PAIR = "(torch.ones(1, m.in_features), torch.full((m.out_features, 1), 1e-4))"
GOOD = f"return {{n: {PAIR} for n, m in self.cortex.maps.items()}}"
DOSE = "return Dose(loss=1.0, tokens=5)"


@pytest.fixture
def slept(settings, tmp_path):
    """`slept(stage, …)` → the mind and the events of a night that this plugin replayed."""

    def sleep(stage: str, step: str = DOSE, proposal: str = GOOD, decision: str = "approve", **plan):
        if stage == "sample":
            place = tmp_path / "home" / "plugins" / "sample"
            place.mkdir(parents=True)
            (place / "plugin.toml").write_text(MANIFEST.format(name="sample", kind="replay"), "utf-8")
            (place / "part.py").write_text(REPLAY.format(step=step, proposal=proposal), "utf-8")
        mind = woken(cmd.Settings(**{
            **{name: getattr(settings, name) for name in settings.__struct_fields__},
            "plugins_folder": str(tmp_path / "home" / "plugins"),
        }))  # fmt: skip
        for number, text in TEXTS.items():
            list(mind.tell(cmd.Tell(episode=number, text=text)))
        mind.before = mind.hash
        return mind, a_night(mind, stage=stage, decision=decision, **plan)

    return sleep


@pytest.mark.parametrize("stage", ["distil", "src"])
def test_what_ships_replays_a_night_and_the_gate_commits_exactly_what_it_proposed(slept, stage):
    mind, events = slept(stage)
    assert of(events, ev.NightOpened)[0].stage == stage and len(of(events, ev.ReplayStep)) == 6
    proposal, done = of(events, ev.Proposed)[0].proposal, of(events, ev.NightCommitted)[0]
    assert proposal.norm > 0 and done.cortex_after == proposal.cortex_after == mind.parts.cortex.hash() != mind.before
    assert not of(events, ev.Notice) and not of(events, ev.OldMaterial)
    assert [of(events, ev.Examined)[0].when, of(events, ev.Examined)[-1].when] == ["before", "after"]


def test_distillation_brings_the_student_nearer_to_the_teacher(slept):
    _, events = slept("distil", decision="veto", steps=24)
    losses = [step.loss for step in of(events, ev.ReplayStep)]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


def test_noise_alone_moves_the_chosen_maps_by_the_share_that_was_asked(slept):
    mind, events = slept("src", decision="veto", stage_options={"noise": 1.0, "strength": 0.01})
    proposal = of(events, ev.Proposed)[0].proposal
    moved = {name: share for name, share in proposal.drift.items() if share > 0}
    assert moved and all("mlp" in name for name in moved) and max(moved.values()) == pytest.approx(0.01, rel=0.35)
    assert mind.parts.cortex.hash() == mind.before


def test_a_veto_leaves_the_cortex_as_it_was_whoever_replayed(slept):
    mind, events = slept("distil", decision="veto")
    assert of(events, ev.NightClosed)[0].ended == "vetoed" and mind.parts.cortex.hash() == mind.before


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"step": "raise ValueError('I am unwell')"}, "I am unwell"),
        ({"step": "return Dose(loss=float('nan'), tokens=5)"}, "no number"),
        ({"proposal": "return {}"}, "give a pair"),
        ({"proposal": "return {'layers.2.mlp.up_proj': (torch.ones(1, 3), torch.ones(3, 1))}"}, "no map"),
        ({"proposal": "return {'embed_tokens': (torch.ones(1, 48), torch.ones(48, 1))}"}, "no map"),
    ],
)
def test_a_replay_that_fails_is_named_and_the_built_in_one_does_the_night(slept, wrong, named):
    mind, events = slept("sample", **wrong)
    said = " ".join(f"{n.text} {n.detail}" for n in of(events, ev.Notice))
    assert named in said and "stands in" in of(events, ev.Notice)[-1].title
    assert of(events, ev.NightClosed)[0].ended == "committed" and of(events, ev.OldMaterial)
    assert mind.parts.cortex.hash() == of(events, ev.NightCommitted)[0].cortex_after
    assert mind.company.plugins == []


def test_what_a_plugin_does_to_its_copy_stays_with_the_copy(mind):
    cortex, before = mind.parts.cortex, mind.parts.cortex.hash()
    copied = Copied(cortex, list(moved_maps(cortex)))
    tokens = mind.parts.speech.encode(TEXTS[1])
    with torch.no_grad():
        normed, _ = cortex.read_through([tokens])
        apart = (copied.logits([tokens, tokens[:4]])[0] - cortex.logits(normed)).abs().max()
        assert float(apart) < 1e-4
        for linear in copied.maps.values():
            linear.weight.zero_()
    assert cortex.hash() == before and not Borrowed(mind.parts, cmd.Sleep(night=1, seed=0, episodes=[]), None).on


def test_pairs_become_a_delta_of_the_usual_form(slept):
    mind, events = slept("sample")
    proposal = of(events, ev.Proposed)[0].proposal
    kept = Delta.read(mind.parts.deltas / proposal.file, proposal.delta, torch.device("cpu"))
    assert kept.rank == proposal.rank == 1 and kept.norm() == pytest.approx(proposal.norm, rel=1e-4)


def test_a_lesson_of_tonight_is_told_from_an_earlier_one_of_the_same_name(told):
    """A plugin that replays has no other way to know which of the two is meant."""
    list(told.tell(cmd.Tell(episode=9, text="Now and then Zelda Marchetti repairs umbrellas.")))
    order = cmd.Sleep(night=2, seed=4, episodes=[9], old_episodes=[1], exam=[], plan=cmd.NightPlan(steps=2, rank=4))
    day, speech = day_of(told.parts, order), told.parts.speech
    for lesson in (*day.lessons, *day.earlier):
        cues = [speech.decode(list(row.tokens[: row.answer])) for row in lesson.rows]
        assert any("Zelda Marchetti and " in cue for cue in cues)
        assert not any("Tell me about Zelda Marchetti." in cue for cue in cues)
