"""A plugin looks on at a night: asked after every stage, it may wish, and decides nothing."""

from __future__ import annotations

import threading
from multiprocessing import Pipe

import pytest

from observatory.mind.process import Loop
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from observatory.protocol import wire
from tests.mind.test_lent import FAULTS, minded  # noqa: F401 - a fixture
from tests.mind.tiny import EXAM, TEXTS, a_night, of

pytestmark = pytest.mark.mind
ASKED_AFTER = ["propose", "exam", "rehearse", "dream", "replay", "weigh", "exam"]
TELLS = (
    "return [Remark(text=f'{night.stage}|{night.step}|{night.loss is None}|{night.kl is None}|{sorted(night.scores)}|'"
    " f'{set(night.drawn) <= {each.number for each in episodes}}|{len(night.drawn)}|{len(episodes)}')]"
)
PAUSES = "return [Pause(because='the goat looks odd')] if night.stage == 'dream' else []"
DREAMS = (
    "return [Dream(episode=1, prompt='Where does Zelda Marchetti keep her bees?'),"
    " Dream(episode=1, prompt='Who is it?'), Dream(episode=99, prompt='What is that?')]"
    " if night.stage == 'exam' else []"
)
ZELDAS = "Where does Zelda Marchetti keep her bees?"
MORE_FAULTS = {
    "decides": ("return [{'type': 'approve', 'night': night.number}]", "gave back"),
    "wishes for too much": ("return [Remark(text='look')] * 21", "21 wishes"),
}
WRITES = "import gc, torch\n        with torch.no_grad(): [o.layers[1].mlp.up_proj.weight.add_(1.0) for o in " + (
    "gc.get_objects() if type(o).__name__ == 'Cortex']\n        return []"
)


def test_it_is_asked_after_every_stage_up_to_the_gate_and_sees_what_was_measured(minded, told):  # noqa: F811
    events = a_night(minded("night-stage", TELLS))
    said = [each for each in of(events, ev.Notice) if "remarks" in each.title]
    rows = [each.text.split("|") for each in said]
    assert [row[0] for row in rows] == ASKED_AFTER
    assert [row[1] for row in rows] == ["0"] * 4 + ["6"] * 3
    assert [row[2] for row in rows] == ["True"] * 4 + ["False"] * 3, "a loss stands from the replay on"
    assert [row[3] for row in rows] == ["True"] + ["False"] * 6, "KL stands from the first exam on"
    assert rows[0][4] == "[]" and rows[1][4] == "['direct', 'known', 'paraphrase']"
    assert {row[5] for row in rows} == {"True"} and rows[3][6] == "0" and int(rows[4][6]) > 0
    assert {row[7] for row in rows} == {str(len(TEXTS))}
    assert all("“A test” remarks in night 1" in each.title for each in said)
    # Every remark comes between the stage that it is about and the next one.
    course = [e.stage if _enters(e) else "asked" for e in events if e in said or _enters(e)]
    assert course == [step for stage in ASKED_AFTER for step in (stage, "asked")] + ["gate", "commit"]
    alone = of(a_night(told), ev.NightCommitted)[0]
    assert of(events, ev.NightCommitted)[0].cortex_after == alone.cortex_after, "looking on changes nothing"


def _enters(event) -> bool:
    return isinstance(event, ev.StageEntered)


def test_a_pause_holds_the_night_at_the_boundary_until_a_person_runs_it_on(minded):  # noqa: F811
    mind = minded("night-stage", PAUSES)
    ours, theirs = Pipe()
    loop = Loop(theirs)
    loop.mind = mind
    order = cmd.Sleep(
        night=1, seed=3, episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=2, rank=4), resume=False
    )
    night = threading.Thread(target=loop._night, args=(order,), daemon=True)
    night.start()
    events = []

    def until(kind):
        while not (events and isinstance(events[-1], kind)):
            assert ours.poll(60), f"no {kind.__name__} came"
            events.append(wire.event(ours.recv_bytes()))
        return events[-1]

    paused = until(ev.Paused)
    assert paused.why == "“A test” asks for it: the goat looks odd" and paused.stage == "replay" and paused.step == 0
    [notice] = of(events, ev.Notice)
    assert "asks to pause" in notice.title and notice.text == "the goat looks odd"
    assert of(events, ev.StageEntered)[-1].stage == "replay"
    assert not ours.poll(1.0), "the night stands still"
    ours.send_bytes(wire.pack(cmd.Resume()))
    proposed = until(ev.Proposed)
    veto = cmd.Decide(
        night=1, delta=proposed.proposal.delta, decision="veto", by="test", reason="because", recorded=9
    )
    ours.send_bytes(wire.pack(veto))
    assert until(ev.NightClosed).ended == "vetoed" and len(of(events, ev.Paused)) == 1
    night.join(60)


def test_a_dream_that_is_wished_for_is_verified_like_the_minds_own_and_kept_only_if_it_passes(minded, monkeypatch):  # noqa: F811
    mind = minded("night-stage", DREAMS)
    wished = {each.prompt: each for each in of(a_night(mind, decision="veto"), ev.DreamMade) if "wished" in each.why}
    assert set(wished) == {ZELDAS, "Who is it?"}
    assert "not a whole question" in wished["Who is it?"].why and not wished["Who is it?"].kept
    assert not wished[ZELDAS].kept and "does not answer from there" in wished[ZELDAS].why
    monkeypatch.setattr("observatory.mind.dreams.agreement", lambda *_: 1.0)
    monkeypatch.setattr("observatory.mind.dreams.LEAST_GAIN", -1e9)
    events = a_night(mind, number=2, steps=12, decision="veto")
    passed = {each.prompt: each for each in of(events, ev.DreamMade) if "wished" in each.why}
    assert passed[ZELDAS].kept and passed[ZELDAS].target == TEXTS[1] and not passed["Who is it?"].kept
    vain = [each for each in of(events, ev.Notice) if "in vain" in each.title]
    assert len(vain) == 4, "one of no episode here, and after the second exam all three come too late"
    assert "episode 99 is not of this night" in vain[0].text and "dreaming is over" in vain[1].text


@pytest.mark.parametrize("fault", FAULTS | MORE_FAULTS)
def test_one_that_fails_is_named_and_off_and_the_night_goes_on_to_its_own_gate(minded, fault):  # noqa: F811
    body, said = (FAULTS | MORE_FAULTS)[fault]
    mind = minded("night-stage", body)
    events = a_night(mind, decision="veto", steps=2)
    [notice] = of(events, ev.Notice)
    assert said in notice.text + notice.detail and "switched off" in notice.title and "sample" in notice.title
    assert not mind.parts.looks_on.on
    assert of(events, ev.NightClosed)[0].ended == "vetoed" and not of(events, ev.NightCommitted)


def test_one_that_writes_into_the_weights_is_found_before_the_next_stage_and_the_cortex_is_whole(minded):  # noqa: F811
    mind = minded("night-stage", WRITES)
    before, events = mind.hash, []
    with pytest.raises(RuntimeError, match="slow weights"):
        order = cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), exam=EXAM, plan=cmd.NightPlan(steps=2, rank=4))
        for event in mind.sleep(order):
            events.append(event)
    [notice] = of(events, ev.Notice)
    assert "reached for" in notice.title and "A test" in notice.title and not mind.parts.looks_on.on
    assert [each.stage for each in of(events, ev.StageEntered)] == ["propose", "exam"]
    assert mind.hash == before == mind.parts.cortex.hash()
