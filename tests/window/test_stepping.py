"""Stepping through a night from the window: keys, conditions, breakpoints, and what is said of a pause."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from PySide6.QtCore import Qt

from observatory import settings
from observatory.protocol import events as ev
from observatory.window import stopping
from observatory.window.machine import SLOW_MS, Card, Frames, Machine, tokens_a_second
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
AWAKE = [*canned.day(), canned.beat()]
NIGHT = [*canned.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(12), canned.beat("asleep")]
HELD = ev.Paused(night=1, step=16, stage="replay", of=60, why="KL 0.103 > 0.1")
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.mark.parametrize(
    ("key", "held", "wanted"),
    [
        (Qt.Key.Key_Space, PLAIN, ("pause",)),
        (Qt.Key.Key_Period, PLAIN, ("step", "step")),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.ShiftModifier, ("step", "stage")),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier, ("run_until", "stage exam")),
    ],
)
def test_the_keys_of_stepping_ask_the_source(opened, qtbot, key, held, wanted):
    window = opened(NIGHT)
    qtbot.keyClick(window, key, held)
    assert window.source.asked_of == [wanted]


def test_shift_enter_in_the_line_of_conditions_runs_to_it_and_enter_keeps_it(opened, qtbot):
    window = opened(NIGHT)
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    line = window.breakpoints.line
    qtbot.keyClicks(line, "until KL > 0.1")
    qtbot.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert window.source.asked_of == [("run_until", "until KL > 0.1"), ("watch", ["KL > 0.1"])]
    window.tick()
    assert window.breakpoints.table.rows.row(0).condition == "KL > 0.1"


def test_a_condition_that_means_nothing_is_answered_with_what_can_be_written(opened, qtbot):
    window = opened(NIGHT)
    window.show_breakpoints()
    qtbot.keyClicks(window.breakpoints.line, "until happiness > 3")
    qtbot.keyClick(window.breakpoints.line, Qt.Key.Key_Return)
    assert "“happiness” is nothing that is measured" in window.breakpoints.answer.text()
    assert window.breakpoints.line.text() == "until happiness > 3"
    assert window.source.asked_of == []


def test_a_breakpoint_is_switched_taken_away_and_brought_back_by_keys(opened, qtbot):
    window = opened(NIGHT)
    window.add_breakpoint("KL > 0.1")
    window.tick()
    table = window.breakpoints.table
    window.show_breakpoints()
    table.selectRow(0)
    table.setFocus()
    for key, left in ((Qt.Key.Key_Space, []), (Qt.Key.Key_Space, ["KL > 0.1"]), (Qt.Key.Key_Delete, [])):
        qtbot.keyClick(table, key)
        window.tick()
        table.selectRow(0)
        assert window.source.asked_of[-1] == ("watch", left)
    assert ("pause",) not in window.source.asked_of, "Space belongs to the list here"
    assert window.stops.kept == []
    window.show_night()
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.source.asked_of[-1] == ("watch", ["KL > 0.1"])


def test_breakpoints_are_kept_in_the_settings_of_the_home_and_told_to_a_new_mind(opened, tmp_path):
    home = tmp_path / "mind"
    settings.save(home, settings.Settings(seed=7))
    window = opened(AWAKE)
    window.source.home = home
    window._open_stops()
    window.add_breakpoint("loss < 2")
    window.add_breakpoint("stage weigh")
    window.stops.switch(0)
    kept = settings.load(home)[0].breakpoints
    assert settings.load(home)[0].seed == 7
    assert [(each.condition, each.on) for each in kept] == [("Loss < 2", False), ("stage weigh", True)]
    again = opened(AWAKE)
    again.source.home = home
    again._open_stops()
    again.source.give(canned.ready(canned.START + 900))
    take_in(again)
    assert again.source.asked_of == [("watch", ["stage weigh"])]


def test_a_kept_condition_of_another_version_is_shown_and_not_told(tmp_path):
    stops = stopping.Breakpoints()
    settings.save(tmp_path, msgspec.structs.replace(
        settings.Settings(), breakpoints=[settings.Breakpoint(condition="moon = 3"),
                                          settings.Breakpoint(condition="KL > 0.2")],
    ))  # fmt: skip
    stops.open(tmp_path)
    assert len(stops.kept) == 2
    assert stops.watched == ["KL > 0.2"]


def test_the_window_says_before_which_step_it_paused_and_why(opened):
    window = opened(NIGHT)
    window.source.give(HELD)
    take_in(window)
    assert window.night.now.text() == "Paused before step 17 of 60: KL 0.103 > 0.1"
    window.show_breakpoints()
    assert window.breakpoints.where.text() == window.night.now.text()
    window.source.give(ev.Resumed(night=1, step=16))
    take_in(window)
    assert not window.night.now.text().startswith("Paused")


@pytest.mark.parametrize(
    ("paused", "said"),
    [
        (ev.Paused(night=1, step=60, stage="replay", of=60), "Paused after step 60 of 60"),
        (ev.Paused(night=1, step=2, stage="replay"), "Paused before step 3"),
        (ev.Paused(night=1, step=0, stage="exam", of=60, why="the stage exam begins"),
         "Paused at the start of Exam: the stage exam begins"),
        (ev.Paused(night=1, step=0, stage="dream", of=60), "Paused in Dream"),
        (None, "Paused"),
    ],
)  # fmt: skip
def test_a_pause_is_named_by_its_place(paused, said):
    assert stopping.where(paused) == said


# ---------------------------------------------------------------- the machine


def test_the_machine_strip_shows_device_memory_tokens_and_frames(opened):
    window = opened(NIGHT)
    for at in range(60):
        window.machine.frames._gaps.append(30.0 + at)
    shown = {each.name: each for each in window.machine.read(window.story, None)}
    assert shown["Device"].text == "cpu bf16"
    assert shown["Trained"].text == f"{640 / 1.9:,.0f} tokens/s"
    assert shown["Frame"].bad and float(shown["Frame"].text.split()[0]) > SLOW_MS
    assert 0.01 < float(shown["Window"].text.split()[0]) < 64
    window.strip.resize(300, 20)
    window.strip.show_readings(list(shown.values()))
    assert 0 < len(window.strip.places()) < len(shown), "what has no room is left out"
    assert "Trained" in window.strip.accessibleDescription()


def test_tokens_a_second_stand_only_while_a_night_replays(opened):
    window = opened(NIGHT)
    assert tokens_a_second(window.story) == pytest.approx(640 / 1.9)
    window.source.give(HELD)
    take_in(window)
    assert tokens_a_second(window.story) is None
    assert tokens_a_second(opened(AWAKE).story) is None


def test_frames_count_gaps_and_not_the_time_in_which_nothing_was_drawn():
    frames, now = Frames(), 0.0
    for gap in [0.033] * 95 + [0.080] * 10 + [30.0]:
        now += gap
        frames.frame(now)
    assert frames.p95() == pytest.approx(80.0)
    assert Frames().p95() is None


def test_a_graphics_card_is_read_where_it_answers_and_never_missed_where_it_does_not():
    class Broken(Exception):
        pass

    def fail(*_):
        raise Broken

    asked = SimpleNamespace(
        NVMLError=Broken, nvmlInit=lambda: None, nvmlDeviceGetHandleByIndex=lambda _: 1,
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=42),
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=7e9, total=140e9),
    )  # fmt: skip
    assert [r.text for r in Card(asked).readings()] == ["42 %", "7.0 of 140 GB"]
    asked.nvmlDeviceGetUtilizationRates = fail
    assert Card(asked).readings() == []
    assert Card(SimpleNamespace(nvmlInit=fail)).readings() == []


def test_the_memory_of_a_mind_that_has_just_ended_is_left_out(opened):
    window = opened(AWAKE)
    names = [each.name for each in Machine(Card(SimpleNamespace())).read(window.story, 2**22 + 1)]
    assert "Mind" not in names and "Window" in names
