"""A plugin's drive draws with the built-in three, a plugin's exam is asked and never learnt; either may fail."""

from __future__ import annotations

import msgspec
import pytest

from observatory.mind.study import Study
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from observatory.protocol.drives import Drives
from tests.mind.tiny import EXAM, TEXTS, a_night, of, woken
from tests.plugins.conftest import MANIFEST

pytestmark = pytest.mark.mind
PART = """from observatory.plugins.contract import Dream, Pause, Question, Remark


class Part:
    def __init__(self, options):
        pass

    def {method}:
        {body}
"""
METHODS = {
    "drive": "score(self, episodes)", "exam": "questions(self, episodes)",
    "night-stage": "after(self, night, episodes)",
}  # fmt: skip
ROLES = {"drive": "drive", "exam": "examiner", "night-stage": "looks_on"}
GOAT = "return [float('goat' in each.text) for each in episodes]"
ASKS = "return [Question(prompt='Bartholomew will only eat', answer='radishes', episode=3, style='complete')]"
OWN = Drives(curiosity=0.0, focus=0.0, fear=0.0, others={"sample": 1.0})
FAULTS = {
    "raises": ("raise ValueError('I am unwell')", "I am unwell"),
    "never comes back": ("while True: pass", "had not come back"),
    "answers nonsense": ("return [float('nan')] * (len(episodes) or 1)", "gave back"),
}


@pytest.fixture
def minded(settings, tmp_path):
    """`minded("drive", body)` is a mind with that plugin that was told the small day."""
    minds = []

    def make(kind: str, body: str, name: str = "sample"):
        place = tmp_path / "home" / "plugins" / name
        place.mkdir(parents=True)
        (place / "plugin.toml").write_text(MANIFEST.format(name=name, kind=kind), "utf-8")
        (place / "part.py").write_text(PART.format(method=METHODS[kind], body=body), "utf-8")
        chosen = {ROLES[kind]: cmd.Chosen(id=name), "plugins_folder": str(tmp_path / "home" / "plugins")}
        mind = woken(msgspec.structs.replace(settings, **chosen))
        minds.append(mind)
        for number, text in TEXTS.items():
            mind.events += mind.tell(cmd.Tell(episode=number, text=text))
        return mind

    yield make
    for mind in minds:
        for each in mind.company.plugins:
            each.close()


def test_a_plugins_drive_draws_what_it_sees_as_often_as_its_dial_says_and_is_named(minded):
    mind = minded("drive", GOAT)
    assert of(mind.events, ev.MindReady)[0].drive == "sample"
    events = a_night(mind, drives=OWN, steps=12)
    proposed = {each.episode: each for each in of(events, ev.EpisodeProposed)}
    assert proposed[3].others["sample"] == pytest.approx(0.85)
    assert [proposed[n].others["sample"] for n in (1, 2, 4)] == [0.0] * 3
    assert sum(each.priority for each in proposed.values()) == pytest.approx(len(TEXTS))
    drawn = [item for step in of(events, ev.ReplayStep) for item in step.items if item.drive]
    assert {item.drive for item in drawn} == {"sample", "chance"}
    assert {item.episode for item in drawn if item.drive == "sample"} == {3}
    assert of(events, ev.NightClosed)[0].ended == "committed"


def test_what_it_sees_is_told_with_every_episode_and_again_where_the_others_change_it(minded):
    mind = minded("drive", "return [1 / len(episodes)] * len(episodes)")
    told = [{s.episode: s.others["sample"] for s in each.episodes} for each in of(mind.events, ev.EpisodesScored)]
    assert told[0] == {1: 1.0} and told[1] == {2: 0.5, 1: 0.5} and set(told[3]) == {4, 1, 2, 3}
    assert "a test sees 1.00 in it" in of(mind.events, ev.EpisodesScored)[0].episodes[0].why


@pytest.mark.parametrize("fault", FAULTS)
def test_a_drive_that_fails_is_named_and_its_part_is_left_to_chance(minded, fault):
    body, said = FAULTS[fault]
    mind = minded("drive", body)
    [notice] = of(mind.events, ev.Notice)
    assert said in notice.text and "sample" in notice.title
    events = a_night(mind, drives=OWN)
    assert {each.chance for each in of(events, ev.EpisodeProposed)} == {0.25}
    assert of(events, ev.NightClosed)[0].ended == "committed"


def test_a_dial_of_a_drive_that_is_not_at_work_is_said_and_left_to_chance(told):
    events = a_night(told, drives=OWN)
    assert "“sample” draws nothing" in of(events, ev.Notice)[0].title
    assert {each.others["sample"] for each in of(events, ev.EpisodeProposed)} == {0.0}


def test_a_plugins_exam_is_asked_before_and_after_under_its_own_kind_and_reaches_nothing_else(minded, monkeypatch):
    orders = []
    made = Study.__init__
    def watched(self, parts, order, *rest):
        orders.append(order)
        made(self, parts, order, *rest)

    monkeypatch.setattr(Study, "__init__", watched)
    mind = minded("exam", ASKS)
    events = a_night(mind)
    papers = of(events, ev.Examined)
    assert [(each.when, each.memory) for each in papers] == [
        (when, memory) for when in ("before", "after") for memory in ("cortex", "whole")
    ]
    assert all(each.scores["plugin:sample"].asked == 1 for each in papers)
    assert {kind: score.asked for kind, score in of(events, ev.Proposed)[0].recall_after.items()} == {
        "direct": 1, "paraphrase": 1, "known": 1, "plugin:sample": 1,
    }  # fmt: skip
    assert [order.exam for order in orders] == [EXAM]
    cues = [item.cue for step in of(events, ev.ReplayStep) for item in step.items]
    assert not [cue for cue in cues if "will only eat" in cue]


def test_what_the_exam_asks_already_is_not_asked_again_by_a_plugin(minded):
    same = EXAM[0].prompt
    mind = minded("exam", f"return [Question(prompt={same!r}, answer='Oslo'), Question(prompt='a', answer='b')] * 2")
    paper = of(a_night(mind), ev.Examined)[0]
    assert paper.scores["plugin:sample"].asked == 1 and paper.scores["direct"].asked == 1
    assert len(paper.answers) == len(EXAM) + 1


@pytest.mark.parametrize("fault", FAULTS)
def test_an_exam_that_fails_is_named_and_the_night_is_examined_without_it(minded, fault):
    body, said = FAULTS[fault]
    events = a_night(minded("exam", body))
    [notice] = of(events, ev.Notice)
    assert said in notice.text + notice.detail
    assert "plugin:sample" not in of(events, ev.Examined)[0].scores
    assert of(events, ev.NightClosed)[0].ended == "committed"


def test_a_plugin_that_cannot_be_had_is_said_at_waking_and_life_goes_on(settings):
    gone = msgspec.structs.replace(settings, drive=cmd.Chosen(id="gone"), examiner=cmd.Chosen(id="distil"))
    mind = woken(gone)
    assert len(of(mind.events, ev.Notice)) == 2 and of(mind.events, ev.MindReady)[0].drive == ""
