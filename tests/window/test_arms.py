"""The exam's page beside the arms: kept reports read as plain files, this home's line among them. Canned papers."""

from __future__ import annotations

import json

import pytest

from observatory.host import keptreports
from observatory.protocol import events as ev
from observatory.window import arms
from observatory.window.story import Story
from tests.window import canned

pytestmark = pytest.mark.window


def keep(folder, arm: str, rights: list[int], *, seed: int = 0, days: str = "told", memory: str = "cortex") -> None:
    """A kept report of as many nights as there are numbers of right answers, the first of them before any night."""
    nights = []
    for night, (before, after) in enumerate(zip(rights, rights[1:], strict=False), start=1):
        papers = {
            when: {"direct": {"right": right, "asked": 20, "by_day": {"1": [right // 2, 10]}},
                   "known": {"right": 9, "asked": 9, "by_day": {}}}
            for when, right in (("before", before), ("after", after))
        }  # fmt: skip
        nights.append({"night": night, "exam": {memory: papers}})
    head = dict.fromkeys((*keptreports.ASKED, *keptreports.MEASURED))
    head |= {"days": days, "arm": arm, "seed": seed, "nights_asked": len(nights), "day_hash": f"hash of {days}",
             "model": "default", "schema": keptreports.SCHEMA}  # fmt: skip
    path = folder / days / f"{arm}-seed{seed}-nights{len(nights)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(head | {"nights": nights}), encoding="utf-8")


def beside(opened, folder, events=()):
    window = opened([*canned.nights(3), *events])
    window.exam.arms.folder = folder
    window.show_exam()
    window.exam.show_page(2)
    window.exam.arms.read()
    return window.exam.arms


def test_an_arm_is_the_mean_of_its_seeds_from_before_the_first_night_on(tmp_path):
    keep(tmp_path, "sleep", [0, 20, 18])
    keep(tmp_path, "sleep", [0, 16, 18], seed=1)
    keep(tmp_path, "retrieval", [10, 12, 12], memory="whole")
    (found,) = keptreports.comparisons(tmp_path)
    assert arms.kinds(found) == ["direct"], "what no day taught has no retention"
    sleep, retrieval = arms.courses(found, {}, "direct")
    spread = [(p.night, p.middle, p.low, p.high) for p in sleep.every]
    assert spread == [(0, 0.0, 0.0, 0.0), (1, 0.9, 0.8, 1.0), (2, 0.9, 0.9, 0.9)]
    assert sleep.seeds == 2
    assert [p.middle for p in sleep.first] == [0.0, 0.9, 0.9]
    assert [p.middle for p in retrieval.every] == [0.5, 0.6, 0.6], "asked with its store"


def test_this_home_stands_among_them_with_what_it_answered_after_each_night(tmp_path):
    keep(tmp_path, "none", [0, 0])
    (found,) = keptreports.comparisons(tmp_path)
    own, none = arms.courses(found, Story().take_all(canned.nights(3)).nights, "direct")
    assert (own.arm, none.arm) == ("this home", "none")
    assert [(p.night, p.middle) for p in own.every if p.night] == [(1, 1.0), (2, 0.95), (3, 0.9)]
    assert [p.middle for p in own.first if p.night] == [1.0, 0.9, 0.8]


def test_the_page_draws_a_line_an_arm_with_a_legend_and_the_same_numbers_as_a_table(opened, qtbot, tmp_path):
    keep(tmp_path, "sleep", [0, 20])
    keep(tmp_path, "lora", [0, 1])
    page = beside(opened, tmp_path)
    assert page.legend.lines() == ["This home  90 %", "Sleep  100 %", "Lora  5 %"]
    assert [course.arm for course in page.every.drawn] == ["this home", "sleep", "lora"]
    assert len(page.every.getPlotItem().listDataItems()) >= 3
    page.twin_button.click()
    rows = page.table.rows
    cells = [[rows.index(row, at).data() for at in range(len(rows.columns))] for row in range(rows.rowCount())]
    assert ["Lora", "1", "1", "5 %", "0 %"] in cells
    assert ["This home", "1", "3", "90 %", "80 %"] in cells


def test_the_comparison_of_the_days_that_were_lived_here_is_chosen_and_said(opened, tmp_path):
    keep(tmp_path, "sleep", [0, 20, 19])
    keep(tmp_path, "sleep", [0, 20], days="free")
    page = beside(opened, tmp_path)
    assert page.found[page.which].days == "told", "the longest"
    assert "other days" in page.said.text()
    page = beside(opened, tmp_path, [ev.LineLived(file_hash="hash of free", line=1, episode=1, night=None)])
    assert page.found[page.which].days == "free"
    assert "the same days" in page.said.text()


def test_without_kept_arms_the_page_names_the_command_that_makes_some(opened, tmp_path):
    page = beside(opened, tmp_path)
    assert page.pages.currentIndex() == 0
    assert "observatory bench --days told" in page.empty.text.text()
    keep(tmp_path, "sleep", [0, 20])
    page.read()
    assert page.pages.currentIndex() == 1, "they are found as soon as they are there"


def test_a_kept_report_that_cannot_be_read_is_named_with_what_to_do(opened, tmp_path):
    keep(tmp_path, "sleep", [0, 20])
    (tmp_path / "told" / "none-seed0-nights1.json").write_text("{}", encoding="utf-8")
    page = beside(opened, tmp_path)
    assert page.pages.currentIndex() == 0
    assert "none-seed0-nights1.json is no kept report" in page.empty.text.text()
    assert "take the file away" in page.empty.text.text()


def test_what_ships_can_be_drawn():
    from observatory import resources

    found = keptreports.comparisons(resources.folder() / "bench")
    assert {kept["arm"] for each in found for kept in each.reports} >= {"sleep", "none", "retrieval"}
    for each in found:
        assert arms.kinds(each) and all(arms.courses(each, {}, kind) for kind in arms.kinds(each))


def test_days_that_were_lived_after_others_are_said_to_be_and_those_it_began_with_come_first(opened, tmp_path):
    keep(tmp_path, "sleep", [0, 20, 19])
    keep(tmp_path, "sleep", [0, 20], days="free")
    lived = [ev.LineLived(file_hash=f"hash of {days}", line=1, episode=1, night=None) for days in ("others", "free")]
    page = beside(opened, tmp_path, lived)
    assert page.found[page.which].days == "free"
    assert "these days after others" in page.said.text()
    lived.insert(0, ev.LineLived(file_hash="hash of told", line=1, episode=1, night=None))
    page = beside(opened, tmp_path, lived)
    assert page.found[page.which].days == "told"
    assert "lived the same days." in page.said.text()


def test_a_home_that_lived_none_of_the_days_is_put_beside_the_most_arms(opened, tmp_path):
    keep(tmp_path, "sleep", [0, 20, 19])
    keep(tmp_path, "sleep", [0, 20], days="free")
    keep(tmp_path, "lora", [0, 1], days="free")
    page = beside(opened, tmp_path)
    assert page.found[page.which].days == "free"
