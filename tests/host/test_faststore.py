"""Choosing a home's fast store: kept in its settings, checked before anything runs, and said when it is another."""

from __future__ import annotations

import pytest

from observatory import settings
from observatory.host import borrowing, choices, exporting, nightstage
from observatory.host.refusal import Refusal
from observatory.plugins.choice import BUILT_IN, ChoiceUnclear, read
from observatory.protocol import commands as c
from observatory.protocol import events as e

DAY = '{"text": "The bees live in Trondheim."}\n'


def ready(store: str) -> e.MindReady:
    return e.MindReady(
        model="m", model_hash="h", device="cpu", precision="float32", threads=1, parameters=1, layers=1, width=1,
        vocabulary=1, code_units=1, code_active=1, base="b", cortex="c", nights=[], versions={}, load_s=0.0,
        fast_store=store,
    )  # fmt: skip


def test_a_choice_is_kept_with_its_options_and_taken_back_by_its_name(tmp_path):
    choices.choose(tmp_path, "fast_store", "titans:fading=0.001,momentum=0")
    choice, notices = choices.in_force(tmp_path, "fast_store")
    assert (choice.id, choice.options, choice.name) == ("titans", {"fading": 0.001, "momentum": 0}, "Titans")
    assert not notices
    choices.choose(tmp_path, "fast_store", None)
    assert settings.load(tmp_path)[0].fast_store.startswith("titans")
    choices.choose(tmp_path, "fast_store", BUILT_IN)
    assert settings.load(tmp_path)[0].fast_store == "" and choices.in_force(tmp_path, "fast_store")[0].id == ""


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("no-such", "choose one of built-in, bdh"), ("distil", "There is no fast-store"), ("titans:fading=7", "fading"),
        ("titans:loud=1", "no option"), ("titans:fading", "option=value"), ("built-in:fading=1", "no options"),
        ("titans:fading='x", "is no number"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_had_is_refused_with_what_can(tmp_path, words, named):
    with pytest.raises(Refusal, match=named) as refused:
        choices.choose(tmp_path, "fast_store", words)
    assert refused.value.code == 2 and not (tmp_path / settings.FILE).exists()


def test_a_choice_that_is_gone_since_gives_way_to_the_built_in_store_and_that_is_said(tmp_path):
    settings.save(tmp_path, settings.Settings(fast_store="gone"))
    choice, [notice] = choices.in_force(tmp_path, "fast_store")
    assert choice.id == "" and notice.level == "warning" and "gone" in notice.text


def test_a_home_that_lived_with_another_store_is_told_what_happens(tmp_path):
    titans = read("titans", "fast-store", tmp_path)
    [said] = borrowing.changed(titans, [ready("larimar"), ready("")], lambda: 25)
    assert "25 episodes" in said.text and "encoded anew" in said.text and "titans" in said.text
    assert not borrowing.changed(titans, [ready(""), ready("titans")], lambda: 25)
    assert not borrowing.changed(titans, [ready("")], lambda: 0)
    assert not borrowing.changed(titans, [], lambda: 25)


def test_the_command_line_checks_a_choice_before_it_lives_and_the_mind_is_told_it(command, tmp_path, open_session):
    day = tmp_path / "day.jsonl"
    day.write_text(DAY)
    wrong = command("live", "--day", day, "--fast-store", "no-such")
    assert wrong.returncode == 2 and "choose one of" in wrong.stderr
    assert command("live", "--day", day, "--night-stage", "titans").returncode == 2
    chosen = ("--fast-store", "hopfield", "--night-stage", "src", "--approve", "always")
    assert command("live", "--day", day, *chosen).returncode == 0
    assert settings.load(tmp_path / "home")[0].fast_store == "hopfield"
    # The double finds with its own store whatever it is told, so this home has lived with the built-in one.
    view = open_session(home=tmp_path / "home")
    said = view.until(lambda event: isinstance(event, e.Notice) and "another fast store" in event.title)
    assert "the built-in one" in said.text and "“hopfield”" in said.text and "1 episodes" in said.text


def test_a_nights_stage_is_part_of_its_plan(tmp_path):
    assert nightstage.chosen("src:noise=0.25", tmp_path) == {"stage": "src", "stage_options": {"noise": 0.25}}
    assert nightstage.chosen(None, tmp_path) == nightstage.chosen(BUILT_IN, tmp_path) == {}
    assert c.NightPlan(**nightstage.chosen("distil", tmp_path)).stage == "distil"
    with pytest.raises(ChoiceUnclear):
        read("titans", "replay", tmp_path)


def test_an_export_is_refused_where_it_would_write_over_something_or_has_no_night(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("all of it")
    with pytest.raises(Refusal, match="not empty"):
        exporting.empty_folder(tmp_path / "full")
    with pytest.raises(Refusal, match="No night"):
        exporting.around([], None)
    nights = [
        c.AcceptedDelta(night=n, delta="", file="", cortex_before="", cortex_after="", by="", reason="") for n in (1, 3)
    ]
    assert exporting.around(nights, None) == {"before": nights[:1], "after": nights}
    assert exporting.around(nights, 1) == {"before": [], "after": nights[:1]}
    with pytest.raises(Refusal, match="1, 3"):
        exporting.around(nights, 2)
    with pytest.raises(Refusal, match="transformerlens"):
        exporting.exporter(tmp_path, "onnx")
