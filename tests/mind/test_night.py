"""A night from end to end on a tiny model: its order, its walls, its chance, and going on after a break."""

from __future__ import annotations

from statistics import fmean

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from observatory.mind import checkpoint, dreams, exam, study, views
from observatory.mind.curator import Curator
from observatory.mind.rehearsal import OldRow
from observatory.mind.replay import Drawn, Recipe, Replay, in_parts
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from observatory.protocol.drives import PRESETS, Drives
from tests.mind.tiny import EXAM, TEXTS, a_night, as_json, of, woken


def test_stages_come_in_their_order_and_nothing_moves_before_the_commit(told):
    before = told.hash
    events = a_night(told)
    assert [e.stage for e in of(events, ev.StageEntered)] == [
        "propose", "exam", "rehearse", "dream", "replay", "weigh", "exam", "gate", "commit",
    ]  # fmt: skip
    assert of(events, ev.NightOpened)[0].cortex == before
    assert of(events, ev.NightCommitted)[0].cortex_before == before
    assert {e.episode for e in of(events, ev.EpisodeProposed)} == set(TEXTS)
    assert all(e.why for e in of(events, ev.EpisodeProposed))


def test_exam_questions_reach_nothing_but_the_exam(told):
    marker = "Xyzzy-Quux"
    paper = [ev.Question(prompt=f"{marker} asks where the bees are?", answers=[f"{marker}-answer"], kind="direct")]
    rest = [e for e in a_night(told, exam=paper) if not isinstance(e, ev.Examined)]
    assert marker not in as_json(rest)


def test_a_night_does_not_depend_on_what_the_exam_asks(told, settings):
    one = of(a_night(told, exam=EXAM), ev.Proposed)[0].proposal
    other = woken(settings)
    for number, text in TEXTS.items():
        list(other.tell(cmd.Tell(episode=number, text=text)))
    two = of(a_night(other, exam=EXAM[:1]), ev.Proposed)[0].proposal
    assert one.cortex_after == two.cortex_after


def test_the_same_seed_gives_the_same_cortex_and_another_seed_another(settings):
    hashes = []
    for seed in (3, 3, 4):
        mind = woken(settings)
        for number, text in TEXTS.items():
            list(mind.tell(cmd.Tell(episode=number, text=text)))
        hashes.append(of(a_night(mind, seed=seed), ev.NightCommitted)[0].cortex_after)
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.fixture
def the_same_cue(monkeypatch):
    """Every replay of an episode is of its text, so that a later loss is beside an earlier one of the same rows."""

    def view(self, episode, repertoire):
        name, pool = repertoire.pool(episode, False)
        self._missed.setdefault(name, [1.0] * len(pool))
        self._drawn[id(pool[0])] = name, 0
        return pool[0]

    monkeypatch.setattr(Curator, "view", view)


@pytest.mark.parametrize(("arm", "share"), [("no-anchor", 0.95), ("sleep", 0.999)])
@pytest.mark.usefixtures("the_same_cue")
def test_replay_brings_the_loss_of_the_days_episodes_down(told, arm, share):
    """Far down where nothing is held on to; a random cortex has no habits worth much, yet holding them costs."""
    steps = of(a_night(told, steps=30, arm=arm), ev.ReplayStep)
    first, last = (sum(s.loss for s in part) / 5 for part in (steps[:5], steps[-5:]))
    assert last < share * first
    assert all(s.grad_norm > 0 for s in steps)


def test_what_the_delta_answers_to_old_habits_is_counted_in_every_step_where_they_are_held(told):
    held = of(a_night(told), ev.ReplayStep)
    assert all(step.calm > 0 for step in held), "the second part of the first batch has something to be calm about"
    assert not any(step.calm for step in of(a_night(told, number=2, arm="no-anchor"), ev.ReplayStep))


def test_a_step_moves_the_delta_once_for_each_part_and_each_part_has_old_material_beside_what_is_new(told, monkeypatch):
    parts, moves, move = [], [], Replay._move

    def noted(replay, number, rows, drawn):
        before = [parameter.detach().clone() for parameter in replay.delta.parameters()]
        found = move(replay, number, rows, drawn)
        after = replay.delta.parameters()
        moves.append((number, any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))))
        parts.append([d.view is not None for d in drawn])
        return found

    monkeypatch.setattr(Replay, "_move", noted)
    steps = of(a_night(told, steps=4), ev.ReplayStep)
    assert moves == [(step.step, True) for step in steps for _ in range(2)]
    for at, step in enumerate(steps):
        mine = parts[2 * at : 2 * at + 2]
        assert sum(map(len, mine)) == len(step.items)
        assert abs(sum(mine[0]) - sum(mine[1])) <= 1
        assert abs(len(mine[0]) - len(mine[1])) <= 1
        assert all(any(part) and not all(part) for part in mine)


@given(st.lists(st.sampled_from(["", "habit", "text", "trace"]), max_size=30), st.integers(1, 4))
def test_parts_of_a_batch_hold_every_row_once_and_as_much_of_each_kind(kinds, count):
    batch = [Drawn(None, OldRow(kind, [1, 2], False, [0], "")) if kind else Drawn("new", None) for kind in kinds]
    parts = in_parts(batch, count)
    assert len(parts) == min(count, len(batch))
    assert sorted(map(id, batch)) == sorted(id(d) for part in parts for d in part)
    for kind in {*kinds}:
        shares = [sum((d.old.kind if d.old else "") == kind for d in part) for part in parts]
        assert max(shares) - min(shares) <= 1


def test_every_step_interleaves_old_material_and_says_why_each_episode_is_there(told):
    steps = of(a_night(told), ev.ReplayStep)
    for step in steps:
        kinds = {item.kind for item in step.items}
        assert "old" in kinds
        assert kinds & {"episode", "dream"}
        assert all(item.because for item in step.items if item.kind != "old")


@pytest.mark.parametrize("arm", ["finetune", "lora", "uniform", "no-dreams", "no-anchor"])
def test_every_arm_lives_a_whole_night(told, arm):
    events = a_night(told, arm=arm)
    assert of(events, ev.NightClosed)[0].ended == "committed"
    kinds = {item.kind for step in of(events, ev.ReplayStep) for item in step.items}
    assert ("old" in kinds) == (arm in ("uniform", "no-dreams"))
    if arm in ("no-dreams", "finetune", "lora"):
        assert not of(events, ev.DreamMade)
    if arm in ("finetune", "lora"):
        cues = {item.cue for step in of(events, ev.ReplayStep) for item in step.items}
        assert cues == {"(the text itself)"}


@pytest.mark.usefixtures("the_same_cue")
def test_the_open_book_teacher_is_a_switch(told):
    events = a_night(told, target="teacher", steps=40)
    steps = of(events, ev.ReplayStep)
    assert of(events, ev.NightClosed)[0].ended == "committed"
    assert steps[0].loss < 3.0, "an untrained delta is already near the same cortex with the episode in reach"
    assert fmean(s.loss for s in steps[-13:]) < 0.99 * fmean(s.loss for s in steps[:13]), "and it comes nearer"


@pytest.mark.parametrize(("target", "own"), [("teacher", False), ("on-policy", True)])
def test_on_policy_the_teacher_judges_what_the_cortex_says_itself(told, monkeypatch, target, own):
    judged, open_book = [], study.Study._open_book

    def watched(self, view):
        judged.append(self.speech.decode([view.tokens[p + 1] for p in view.labels]).strip())
        return open_book(self, view)

    monkeypatch.setattr(study.Study, "_open_book", watched)
    events = a_night(told, target=target, steps=3)
    assert of(events, ev.NightClosed)[0].ended == "committed"
    assert judged
    assert all(text in TEXTS.values() for text in judged) != own


def test_earlier_nights_are_rehearsed_in_later_ones(told):
    a_night(told)
    list(told.tell(cmd.Tell(episode=9, text="Mirembe is afraid of only one thing, and that is balloons.")))
    order = cmd.Sleep(
        night=2, seed=4, episodes=[9], old_episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=4, rank=4)
    )
    runner, out = told.sleep(order), []
    for event in runner:
        if event is None:
            break
        out.append(event)
    earlier = [i for s in of(out, ev.ReplayStep) for i in s.items if i.kind == "earlier"]
    assert earlier
    assert {i.episode for i in earlier} <= set(TEXTS)


def test_cues_made_for_this_once_are_most_of_a_night_only_once_a_night_was_committed(told, monkeypatch):
    drawn, shares, replayed = [], [], Curator.replayed

    def watched(self, view, worst):
        drawn.append(view)
        replayed(self, view, worst)

    monkeypatch.setattr(Curator, "replayed", watched)
    for number, decision in ((1, "veto"), (2, "approve"), (3, "veto")):
        drawn.clear()
        a_night(told, number=number, decision=decision, steps=24)
        shares.append(sum(view.fresh for view in drawn) / len(drawn))
    first, after_a_veto, after_a_commit = shares
    assert max(first, after_a_veto) < 0.6 < after_a_commit


def test_dreams_stay_those_of_the_mind_before_its_first_night(told, monkeypatch):
    dreamers, base = [], told.hash
    for deed in ("dream", "verify"):
        real = getattr(dreams, deed)

        def watched(speech, *rest, real=real):
            dreamers.append(speech.cortex.hash())
            return real(speech, *rest)

        monkeypatch.setattr(dreams, deed, watched)
    for number in (1, 2):
        a_night(told, number=number)
    assert told.hash != base
    assert dreamers == [base] * 4


def test_a_night_reminds_of_no_episode_by_a_name_that_another_goes_by(told):
    list(told.tell(cmd.Tell(episode=9, text="Now and then Zelda Marchetti repairs umbrellas.")))
    order = cmd.Sleep(night=1, seed=4, episodes=[1, 9], exam=EXAM, plan=cmd.NightPlan(steps=20, rank=4))
    cues = []
    for event in told.sleep(order):
        if event is None:
            break
        cues += [item.cue for item in event.items if item.kind == "episode"] if isinstance(event, ev.ReplayStep) else []
    named = [cue for cue in cues if "Zelda Marchetti and " in cue]
    assert named
    assert not {form.format("Zelda Marchetti") for form in views.ABOUT} & set(cues)


def test_the_before_of_a_later_night_is_not_asked_twice(told, monkeypatch):
    first = a_night(told)
    asked = []
    whole = exam.ask_all

    def counted(speech, store, questions, memory, recalls=None):
        asked.append(len(questions))
        return whole(speech, store, questions, memory, recalls)

    monkeypatch.setattr(exam, "ask_all", counted)
    second = a_night(told, number=2, decision="veto")
    after = [e for e in of(first, ev.Examined) if e.when == "after"]
    before = [e for e in of(second, ev.Examined) if e.when == "before"]
    assert asked[:2] == [0, 0]
    assert [e.answers for e in before] == [e.answers for e in after]


def test_a_checkpoint_lets_a_night_go_on_where_it_stood(told, settings):
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=6, rank=4))
    runner = told.sleep(order)
    for event in runner:
        if isinstance(event, ev.ReplayStep) and event.step == 4:
            assert told.night.keep()
            break
    runner.close()
    again = woken(settings)
    for number, text in TEXTS.items():
        list(again.tell(cmd.Tell(episode=number, text=text)))
    events = a_night(again, resume=True)
    assert of(events, ev.NightOpened)[0].resumed_from_step == 4
    steps = of(events, ev.ReplayStep)
    assert [s.step for s in steps] == [5, 6]
    whole = of(a_night(told), ev.ReplayStep)
    assert abs(steps[-1].loss - whole[-1].loss) < 1e-3
    assert not of(events, ev.DreamMade), "dreams are kept, not dreamed again"
    assert checkpoint.read(again.parts.checkpoints) is None, "a committed night leaves none behind"


def test_a_checkpoint_of_another_night_is_not_used(told):
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=6, rank=4))
    runner = told.sleep(order)
    for event in runner:
        if isinstance(event, ev.ReplayStep):
            told.night.keep()
            break
    runner.close()
    events = a_night(told, seed=99, resume=True)
    assert of(events, ev.NightOpened)[0].resumed_from_step == 0


def test_a_night_of_nothing_closes_at_once(mind):
    order = cmd.Sleep(night=1, seed=1, episodes=[])
    events = list(mind.sleep(order))
    closed = of(events, ev.NightClosed)[0]
    assert closed.ended == "interrupted"
    assert "nothing new" in closed.why


def test_a_loss_that_is_no_number_stops_the_night_and_leaves_the_cortex(told):
    before = told.hash
    order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=6, rank=4))
    with pytest.raises(RuntimeError, match="not|became"):
        for event in told.sleep(order):
            if isinstance(event, ev.ReplayStep):
                next(iter(told.night.study.delta.up.values())).data.fill_(float("nan"))
    assert told.parts.cortex.hash() == before


@pytest.mark.parametrize("search", ["scale", "rank"])
def test_both_searches_tell_everything_they_tried_and_mark_the_least_sum(told, search):
    events = a_night(told)
    tried = [w for w in of(events, ev.Weighed) if w.search == search]
    chosen = [w for w in tried if w.chosen]
    assert len(chosen) == 1
    assert chosen[0].objective == min(w.objective for w in tried)
    assert of(events, ev.Proposed)[0].proposal.scale == chosen[0].scale
    assert tried[0].kept == tried[0].of


def test_a_night_with_room_for_all_takes_all_alike_unless_somebody_moved_the_dials(told):
    for steps, drives, chosen in ((12, Drives(), False), (12, PRESETS["careful"], True), (6, Drives(), True)):
        events = a_night(told, steps=steps, drives=drives, decision="veto")
        drawn = {item.drive for step in of(events, ev.ReplayStep) for item in step.items if item.episode is not None}
        assert (drawn != {"chance"}) == chosen


def test_a_night_ends_at_its_tokens_whatever_its_steps(told):
    whole = of(a_night(told, steps=10, decision="veto"), ev.ReplayStep)
    budget = sum(s.tokens for s in whole[:4]) + 1
    events = a_night(told, seed=3, steps=10, tokens=budget)
    spent = [step.tokens for step in of(events, ev.ReplayStep)]
    assert sum(spent[:-1]) < budget <= sum(spent) == of(events, ev.NightClosed)[0].tokens
    assert len(spent) < 10


def test_a_night_begins_with_more_of_what_is_new_and_ends_with_more_of_what_was():
    recipe = Recipe(steps=80)
    rows = [recipe.rows(step) for step in range(80)]
    assert rows[0] == (16, 7)
    assert rows[-1] == (8, 15)
    assert {new + old for new, old in rows} == {23}
    assert sorted(rows, reverse=True) == rows
    assert sum(new for new, _ in rows) == pytest.approx(80 * recipe.episodes, abs=8)


def test_the_steps_of_a_night_hold_ever_more_old_material(told):
    steps = of(a_night(told, steps=8, decision="veto"), ev.ReplayStep)
    old = [sum(item.kind == "old" for item in step.items) for step in steps]
    assert old == [7, 8, 9, 10, 11, 12, 13, 14]


def test_what_withheld_cues_bring_back_is_told_and_never_replayed(told, monkeypatch):
    monkeypatch.setattr(study, "PROBE_FROM", 2)
    monkeypatch.setattr(study, "PROBE_EVERY", 2)
    events = a_night(told, steps=6)
    probes = of(events, ev.Probed)
    assert [p.step for p in probes] == [2, 4, 6]
    assert {e.episode for e in probes[0].episodes} == set(TEXTS)
    withheld = {"Do you remember Zelda Marchetti?", "Do you remember Quill Lodge?"}
    cues = {item.cue for step in of(events, ev.ReplayStep) for item in step.items}
    assert not withheld & cues


def test_a_night_ends_by_itself_when_nothing_is_missed_any_more(told, monkeypatch):
    monkeypatch.setattr(study, "PROBE_FROM", 4)
    monkeypatch.setattr(study, "COOLING", 3)
    monkeypatch.setattr("observatory.mind.curator.KNOWN_BELOW", 1e9)
    monkeypatch.setattr("observatory.mind.curator.DOSE", 3)
    steps = of(a_night(told, steps=40), ev.ReplayStep)
    assert len(steps) == 4 + 3
    assert steps[-1].rate < 0.2 * steps[3].rate
    old = [sum(item.kind == "old" for item in step.items) for step in steps]
    assert old[:4] == [7, 7, 7, 8] and old[4:] == [15, 15, 15], "what was told earlier has the last steps there too"


def test_old_material_is_said_once_for_a_model_and_found_again(told, settings, models_folder):
    first = of(a_night(told, decision="veto"), ev.OldMaterial)
    kept = list(models_folder.rglob("old-material.json"))
    assert len(kept) == 1
    monday = kept[0].stat().st_mtime_ns
    again = of(a_night(told, seed=99), ev.OldMaterial)
    assert [o.text for o in again] == [o.text for o in first]
    assert kept[0].stat().st_mtime_ns == monday


def test_traces_of_what_faded_are_old_material(told):
    trace = cmd.Trace(episode=77, cue="What of the tortoise?", answer="It winters in a cello case.")
    order = cmd.Sleep(
        night=1, seed=3, episodes=list(TEXTS), traces=[trace] * 3, plan=cmd.NightPlan(steps=3, rank=4),
    )  # fmt: skip
    events = []
    for event in told.sleep(order):
        if event is None:
            break
        events.append(event)
    assert "trace" in {o.kind for o in of(events, ev.OldMaterial)}
    assert any("tortoise" in i.cue for s in of(events, ev.ReplayStep) for i in s.items if i.kind == "old")


@pytest.mark.parametrize("arm", ["finetune", "lora"])
def test_the_usual_ways_learn_the_text_and_leave_the_cortex_to_the_gate(told, arm):
    before = told.hash
    events = a_night(told, arm=arm, steps=1, tokens=9000, decision="veto")
    steps = of(events, ev.ReplayStep)
    assert sum(s.loss for s in steps[-5:]) < sum(s.loss for s in steps[:5])
    assert told.parts.cortex.hash() == before
    assert not any(p.requires_grad for p in told.parts.cortex.model.parameters())


def test_the_rate_has_come_down_by_the_end_of_a_night_that_is_bounded_in_tokens(told, monkeypatch):
    free = of(a_night(told, steps=60, decision="veto"), ev.ReplayStep)
    usual = round(fmean(step.tokens for step in free))
    monkeypatch.setattr(study, "USUAL_TOKENS", usual)
    bounded = of(a_night(told, number=2, steps=60, tokens=12 * usual, decision="veto"), ev.ReplayStep)
    assert 9 <= len(bounded) <= 15
    assert bounded[-1].rate < 0.3 * max(step.rate for step in bounded)
    assert free[len(bounded) - 1].rate > 0.8 * max(step.rate for step in bounded)
