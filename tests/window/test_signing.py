"""Signing in the window: a reviewer with a trusted key gives its pass phrase before the word counts."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.window import canned

pytestmark = pytest.mark.window
GATE = [*canned.at_the_gate(), canned.beat("asleep")]


@pytest.fixture
def signs(opened):
    """At the gate, with a reviewer whose key the home trusts."""
    window = opened(GATE)
    window.source.phrase = "seven quiet herons"
    window.show_review()
    QApplication.processEvents()
    return window


def said(window) -> list[tuple]:
    return [call for call in window.source.asked_of if call[0].startswith("decide")]


def approve(window, qtbot, reason="it holds"):
    qtbot.keyClicks(window.review.reason, reason)
    window.approve()
    return window.sign_dialog


def test_an_approval_waits_for_the_pass_phrase_and_is_sent_signed(signs, qtbot):
    dialog = approve(signs, qtbot)
    assert said(signs) == [] and dialog.phrase.echoMode() == QLineEdit.EchoMode.Password
    qtbot.keyClicks(dialog.phrase, "seven quiet herons")
    qtbot.keyClick(dialog.phrase, Qt.Key.Key_Return)
    assert said(signs) == [("decide signed", "approve", "it holds", "Ada")]
    assert signs.review.reason.text() == ""


def test_a_wrong_pass_phrase_is_said_in_the_dialog_and_nothing_is_decided(signs, qtbot):
    dialog = approve(signs, qtbot)
    qtbot.keyClicks(dialog.phrase, "herons")
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert "does not open" in dialog.complaint.text() and dialog.isVisible()
    assert dialog.phrase.text() == "" and said(signs) == []
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert said(signs) == [] and signs.review.reason.text() == "it holds"


def test_holding_needs_no_signature(signs):
    signs.hold()
    assert [call[:2] for call in said(signs)] == [("decide", "hold")]


def test_without_a_key_that_the_home_trusts_a_word_is_recorded_unsigned(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    QApplication.processEvents()
    qtbot.keyClicks(window.review.reason, "too much was lost")
    window.veto()
    assert [call[:2] for call in said(window)] == [("decide", "veto")]
