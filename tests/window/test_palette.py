"""The palette: what letters find, what comes first, and that everything can be reached through it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from observatory.protocol.drives import PRESETS
from observatory.window import fuzzy
from observatory.window.actions import ACTIONS
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
AWAKE = [*canned.day(), canned.beat()]
NIGHT = [*canned.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(12), canned.beat("asleep")]
LINES = ["Tell", "Sleep", "Go to dock Dreams", "Set drives to careful", "Veto the night", "Go to dock Drives"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [("gdd", "Go to dock Dreams"), ("careful", "Set drives to careful"), ("night veto", "Veto the night"),
     ("sl", "Sleep"), ("dock drives", "Go to dock Drives")],
)  # fmt: skip
def test_a_few_letters_find_the_line_that_is_meant(typed, first):
    assert LINES[fuzzy.ranked(typed, LINES)[0]] == first


def test_letters_that_are_not_there_find_nothing_and_none_finds_all_with_the_last_used_first():
    assert fuzzy.ranked("zzz", LINES) == []
    assert [LINES[at] for at in fuzzy.ranked("", LINES, ["Veto the night", "Sleep"])][:3] == [
        "Veto the night", "Sleep", "Tell",
    ]  # fmt: skip


def open_palette(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    return window.palette_dialog


def test_ctrl_k_finds_a_preset_of_the_drives_and_enter_sets_it(opened, qtbot):
    window = opened(AWAKE)
    dialog = open_palette(window, qtbot)
    qtbot.keyClicks(dialog.line, "drives careful")
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert window.drives.dials.drives.parts() == pytest.approx(PRESETS["careful"].parts())


def test_what_was_used_stands_first_the_next_time(opened, qtbot):
    window = opened(AWAKE)
    dialog = open_palette(window, qtbot)
    qtbot.keyClicks(dialog.line, "go to dock weigh")
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert window.weighing.seen
    assert open_palette(window, qtbot).list.item(0).text() == "Go to dock Weighing"


def test_an_episode_is_gone_to_by_its_words(opened, qtbot):
    window = opened(AWAKE)
    dialog = open_palette(window, qtbot)
    qtbot.keyClicks(dialog.line, "spare key quill")
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == 6


def test_what_cannot_be_done_now_is_shown_last_and_does_nothing(opened, qtbot):
    window = opened(AWAKE)
    dialog = open_palette(window, qtbot)
    qtbot.keyClicks(dialog.line, "veto the night")
    entry = dialog.entry(0)
    assert (entry.text, entry.can) == ("Veto the night", False)
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert window.source.asked_of == []


def test_a_condition_that_is_typed_can_be_run_to(opened, qtbot):
    window = opened(NIGHT)
    dialog = open_palette(window, qtbot)
    qtbot.keyClicks(dialog.line, "until loss < 2")
    assert dialog.entry(0).text == "Run until loss < 2"
    qtbot.keyClick(dialog.line, Qt.Key.Key_Return)
    assert window.source.asked_of == [("run_until", "until loss < 2")]


def test_arrows_choose_and_letters_that_find_nothing_say_so(opened, qtbot):
    window = opened(AWAKE)
    dialog = open_palette(window, qtbot)
    qtbot.keyClick(dialog.line, Qt.Key.Key_Down)
    assert dialog.list.currentRow() == 1
    qtbot.keyClicks(dialog.line, "qqqq")
    assert dialog.none.isVisible() and not dialog.list.isVisible()


def test_every_action_is_in_the_palette_with_its_tip_and_its_words_are_its_whats_this(opened):
    window = opened(AWAKE)
    take_in(window)
    tips = {entry.tip for entry in window.entries()}
    for action in ACTIONS:
        assert action.id == "palette" or action.tip in tips
        assert action.tip.split("“")[0].split("'")[0].split("&")[0][:30] in window.actions_[action.id].whatsThis()
        assert len(action.tip) >= 10 and action.tip[0].isupper() and not action.tip.endswith(".")
