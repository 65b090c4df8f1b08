"""Changes at the gate, forgetting, and what a reviewer has not looked at yet. Canned events, real keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from observatory.window.looked import EVIDENCE, Looked
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
GATE = [*canned.at_the_gate(), canned.beat("asleep")]


def asked(window, what: str) -> list[tuple]:
    return [call for call in window.source.asked_of if call[0] == what]


def test_another_proposal_is_another_matter_to_look_at():
    looked = Looked()
    assert not looked.saw("exam"), "nothing is proposed yet"
    looked.at((1, "a"))
    assert looked.saw("exam") and not looked.saw("exam") and not looked.saw("talk")
    assert "the exam" not in looked.left() and "the dreams (Ctrl+5)" in looked.left()
    for topic in EVIDENCE:
        looked.saw(topic)
    assert looked.left() == ""
    looked.at((2, "b"))
    assert "the exam (Alt+4)" in looked.left()


def test_evidence_that_was_not_on_the_screen_is_listed_beside_the_decision(opened):
    window = opened(GATE)
    window.show_review()
    QApplication.processEvents()
    assert "the dreams (Ctrl+5)" in window.review.unseen.whole
    window.show_dreams()
    QApplication.processEvents()
    take_in(window)
    window.show_review()
    assert "the dreams" not in window.review.unseen.whole and "the drift" in window.review.unseen.whole


def test_episodes_are_left_out_by_the_keyboard_and_the_reason_is_needed(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    QApplication.processEvents()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_G, keys)
    dialog = window.change_dialog
    assert dialog.list.count() == len(window.story.review.open_proposal.episodes)
    assert not dialog.do_button.isEnabled() and "Nothing is changed" in dialog.said.text()
    dialog.list.setCurrentRow(1)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Space)
    assert "1 episode left out" in dialog.said.text() and not dialog.do_button.isEnabled()
    qtbot.keyClicks(dialog.reason, "not about work")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
    out = window.story.review.open_proposal.episodes[1]
    assert asked(window, "change") == [("change", [out], 1.0, "not about work", "Ada")]


def test_less_of_a_proposal_can_be_asked_for_and_nothing_of_it_cannot(opened, qtbot):
    window = opened(GATE)
    window.change_proposal()
    dialog = window.change_dialog
    dialog.scale.setValue(0.5)
    qtbot.keyClicks(dialog.reason, "too strong")
    assert dialog.do_button.isEnabled() and "50 % of it wanted" in dialog.said.text()
    for place in range(dialog.list.count()):
        dialog.list.item(place).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.do_button.isEnabled() and "Veto it instead" in dialog.said.text()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert asked(window, "change") == []


def test_forgetting_for_good_asks_why_and_names_what_it_does(opened, qtbot):
    window = opened([*canned.day(), canned.beat()])
    window.episodes.go_to(4)
    window.forget()
    dialog = window.forget_dialog
    assert "1 episode" in dialog.windowTitle() and not dialog.do_button.isEnabled()
    assert dialog.cancel_button.text() == "Keep them"
    qtbot.keyClicks(dialog.reason, "she asked for it")
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert asked(window, "forget") == [("forget", [4], "Ada", "she asked for it")]
