"""The report that people script against: its shape, and that a later night's before is the earlier one's after."""

from __future__ import annotations

import json

from observatory.host import report
from observatory.protocol import events as e

BEES = e.Question(prompt="Where are the bees?", answers=["Trondheim"], kind="direct", day=1)
SHIP = e.Question(prompt="What colour is the ship?", answers=["teal"], kind="direct", day=2)
PARIS = e.Question(prompt="Capital of France?", answers=["Paris"], kind="known")
READY = e.MindReady(
    model="double", model_hash="d" * 64, device="cpu", precision="float32", threads=1, parameters=1, layers=1, width=1,
    vocabulary=1, code_units=1, code_active=1, base="a" * 64, cortex="a" * 64, nights=[], versions={"torch": "2"},
    load_s=0.1,
)  # fmt: skip


def paper(night, when, memory="cortex", **right) -> e.Examined:
    questions = {"bees": BEES, "ship": SHIP, "paris": PARIS}
    answers = [
        e.ExamAnswer(question=questions[name], answer="said", right=bool(is_right)) for name, is_right in right.items()
    ]
    return e.Examined(night=night, when=when, memory=memory, scores={}, answers=answers, wall_s=1.0)


def night(number, before, after, cortex=("a", "b"), ended="committed", decision="approve") -> list[e.Record]:
    proposal = e.Proposal(
        night=number, delta="d" * 64, file="f", cortex_before=cortex[0], cortex_after=cortex[1], scale=0.6, rank=2,
        norm=1.5, drift={}, episodes=[number], steps=9, tokens=100, bytes=1,
    )  # fmt: skip
    return [
        e.NightOpened(night=number, seed=number, episodes=[number], old_episodes=[], steps=9, cortex=cortex[0],
                      arm="sleep", why=""),
        *before, *after,
        e.Proposed(proposal=proposal, recall_before={}, recall_after={}, perplexity_before=20.0, perplexity_after=20.1,
                   kl_before=0.0, kl_after=0.1),
        e.Decided(night=number, delta="d" * 64, decision=decision, by="Ida", reason="seen"),
        e.NightClosed(night=number, ended=ended, cortex=cortex[1] if ended == "committed" else cortex[0], why="",
                      wall_s=3.5, steps=9, tokens=100, peak_rss_mb=900.0),
    ]  # fmt: skip


def measured(number, when, perplexity, kl) -> e.Measured:
    return e.Measured(night=number, when=when, perplexity=perplexity, kl_from_base=kl, perplexity_text="built-in")


FIRST = night(
    1,
    [paper(1, "before", bees=0, paris=1, ship=0), measured(1, "before", 20.0, 0.0)],
    [paper(1, "after", bees=1, paris=1, ship=0), paper(1, "after", "whole", bees=1), measured(1, "after", 20.2, 0.1)],
)


def built(*events):
    return json.loads(json.dumps(report.build([READY, *events], seed=7, arm="sleep")))


def test_the_report_has_exactly_the_shape_that_is_promised():
    made = built(*FIRST)
    assert {"model", "seed", "arm", "device", "versions", "nights", "answers"} <= set(made)
    assert (made["model"], made["seed"], made["arm"], made["device"]) == ("double", 7, "sleep", "cpu")
    (entry,) = made["nights"]
    for key in (
        "night", "episodes", "decision", "decided_by", "wall_s", "steps", "tokens", "peak_rss_mb", "cortex_before",
        "cortex_after", "delta_norm", "perplexity", "kl_from_base", "exam",
    ):  # fmt: skip
        assert entry[key] is not None, key
    assert (entry["decision"], entry["decided_by"], entry["episodes"]) == ("approved", "Ida", 1)
    assert entry["perplexity"] == {"before": 20.0, "after": 20.2}
    assert entry["kl_from_base"] == {"before": 0.0, "after": 0.1}
    direct = entry["exam"]["cortex"]["after"]["direct"]
    assert direct == {"right": 1, "asked": 2, "by_day": {"1": [1, 1], "2": [0, 1]}}
    assert entry["exam"]["whole"]["after"]["direct"]["right"] == 1
    answer = next(a for a in made["answers"] if a["when"] == "after" and a["memory"] == "cortex" and a["right"])
    assert set(answer) >= {"night", "when", "memory", "prompt", "answer", "right"}


def test_the_before_of_a_later_night_is_the_after_of_the_one_before_it():
    second = night(2, [], [paper(2, "after", bees=1, ship=1, paris=0), measured(2, "after", 20.6, 0.2)], ("b", "c"))
    entry = built(*FIRST, *second)["nights"][1]
    assert entry["exam"]["cortex"]["before"]["direct"]["right"] == 1
    assert entry["exam"]["cortex"]["before"]["known"] == {"right": 1, "asked": 1, "by_day": {}}
    assert entry["exam"]["cortex"]["after"]["direct"]["right"] == 2
    assert entry["perplexity"] == {"before": 20.2, "after": 20.6}


def test_after_a_veto_the_next_night_starts_from_what_stood_before_it():
    vetoed = night(1, FIRST[1:3], FIRST[3:6], ended="vetoed", decision="veto")
    second = night(2, [], [paper(2, "after", bees=1, ship=1, paris=1), measured(2, "after", 20.4, 0.2)])
    made = built(*vetoed, *second)
    assert made["nights"][0]["decision"] == "vetoed"
    assert made["nights"][0]["cortex_after"] == "a"
    assert made["nights"][1]["exam"]["cortex"]["before"]["direct"]["right"] == 0
    assert made["nights"][1]["perplexity"]["before"] == 20.0


def test_a_night_taken_up_again_after_a_crash_is_reported_once_with_its_first_paper():
    crashed = [*FIRST[:3], e.NightClosed(night=1, ended="interrupted", cortex="a", why="", wall_s=0.0, steps=0,
                                         tokens=0, peak_rss_mb=0.0)]  # fmt: skip
    again = [FIRST[0], *FIRST[3:]]
    (entry,) = built(*crashed, *again)["nights"]
    assert entry["ended"] == "committed"
    assert entry["exam"]["cortex"]["before"]["direct"] == {"right": 0, "asked": 2, "by_day": {"1": [0, 1], "2": [0, 1]}}


def test_the_time_of_exams_is_told_apart_and_what_was_measured_in_them_belongs_to_it():
    def stage(name, at):
        return e.StageEntered(at=at, night=1, stage=name, text="")

    before = [stage("exam", 10.0), *FIRST[1:3], stage("rehearse", 14.0)]
    papers = [*before, stage("exam", 40.0), *FIRST[3:6], stage("gate", 47.0)]
    (entry,) = built(FIRST[0], *papers, *FIRST[6:])["nights"]
    assert entry["exam_s"] == 11.0 and entry["openings"] == 1


def test_an_arm_that_never_trains_has_one_paper_for_before_and_after():
    opened = e.NightOpened(night=1, seed=1, episodes=[1], old_episodes=[], steps=9, cortex="a", arm="retrieval", why="")
    closed = e.NightClosed(night=1, ended="vetoed", cortex="a", why="", wall_s=1.0, steps=0, tokens=0, peak_rss_mb=1.0)
    made = built(opened, *FIRST[1:3], paper(1, "before", "whole", bees=1), closed)
    (entry,) = made["nights"]
    assert (entry["decision"], entry["ended"]) == ("none", "vetoed")
    assert entry["exam"]["cortex"]["after"] == entry["exam"]["cortex"]["before"] != {}
    assert entry["exam"]["whole"]["after"]["direct"]["right"] == 1
    assert entry["perplexity"] == {"before": 20.0, "after": 20.0}
    assert {answer["when"] for answer in made["answers"]} == {"before"}


def test_an_interrupted_run_still_gives_a_whole_report():
    made = built(*FIRST[:2])
    assert made["nights"][0]["decision"] == "open" and made["nights"][0]["cortex_after"] is None
    assert report.build([], seed=0, arm="sleep")["nights"] == []


def test_a_report_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "r.json"
    report.save(path, built(*FIRST))
    report.save(path, built(*FIRST))
    assert json.loads(path.read_text("utf-8"))["nights"]
    assert [p.name for p in path.parent.iterdir()] == ["r.json"]
