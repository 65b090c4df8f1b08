"""The review in use: evidence first, then a reason, then a decision."""

from __future__ import annotations

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from observatory.protocol import events as ev
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
AWAKE = [*canned.day(), canned.beat()]
NIGHT = [*canned.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(12), canned.beat("asleep")]
GATE = [*canned.at_the_gate(), canned.beat("asleep")]


def asked(window, what: str) -> list[tuple]:
    return [call for call in window.source.asked_of if call[0] == what]


# ---------------------------------------------------------------- review


def test_the_review_shows_lost_questions_first_and_every_kind_of_score(opened):
    window = opened(GATE)
    window.show_review()
    assert window.review.table.rows.row(0).verdict == "lost"
    assert window.review.chips["lost"].text() == "▼ Lost  2"
    said = window.review.board.lines()
    assert said[0] == "Asked directly: 0 → 25 of 25"
    assert "Perplexity: 18.42 → 18.11  (−1.7 %)" in said
    assert len(window.review.drift._layers) == len(canned.LAYERS)


def test_the_review_comes_up_once_when_a_proposal_reaches_the_gate(opened):
    window = opened(NIGHT)
    window.show_talk()
    assert not window.review.seen
    window.source.give(*canned.gate())
    take_in(window)
    QApplication.processEvents()
    assert window.review.seen
    assert window.focusWidget() is window.talk.line
    window.night.raise_()
    QApplication.processEvents()
    take_in(window)
    assert not window.review.seen


def test_a_veto_without_a_reason_is_not_sent_and_says_so(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    qtbot.mouseClick(window.review.veto_button, Qt.MouseButton.LeftButton)
    assert asked(window, "decide") == []
    assert window.review.complaint.text().startswith("Say why first")
    qtbot.keyClicks(window.review.reason, "too much was lost")
    qtbot.mouseClick(window.review.veto_button, Qt.MouseButton.LeftButton)
    assert asked(window, "decide") == [("decide", "veto", "too much was lost", "Ada")]


def test_approving_sends_the_reason_and_who_gave_it(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    qtbot.keyClicks(window.review.reason, "little was lost")
    qtbot.mouseClick(window.review.approve_button, Qt.MouseButton.LeftButton)
    assert asked(window, "decide") == [("decide", "approve", "little was lost", "Ada")]
    assert window.review.reason.text() == ""


def test_a_decision_that_could_not_be_recorded_keeps_the_reason(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    window.source.refuse = "The journal cannot be written."
    qtbot.keyClicks(window.review.reason, "little was lost")
    qtbot.mouseClick(window.review.approve_button, Qt.MouseButton.LeftButton)
    assert window.review.reason.text() == "little was lost"
    assert window.notices.cards[0].notice.title == "The decision was not recorded"


def test_going_to_the_review_puts_the_focus_on_hold_and_return_approves_nothing(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    assert window.focusWidget() is window.review.hold_button
    qtbot.keyClicks(window.review.reason, "why")
    qtbot.keyClick(window.review.reason, Qt.Key.Key_Return)
    assert asked(window, "decide") == []


def test_escape_holds(opened, qtbot):
    window = opened(GATE)
    window.show_review()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert asked(window, "decide") == [("decide", "hold", "", "Ada")]


def test_after_the_commit_the_review_says_who_decided_and_offers_no_buttons(opened):
    window = opened(canned.whole_story())
    window.show_review()
    assert window.review.word.text().startswith("Approved by Ada")
    assert not window.review.decision_bar.isVisible()


def test_with_nothing_to_review_the_dock_says_what_will_be_there(opened):
    window = opened(AWAKE)
    window.show_review()
    assert window.review.pages.currentWidget() is window.review.empty
    assert "Ctrl+L" in window.review.empty.text.text()


def test_red_flags_stand_on_the_proposal_a_line_each_and_are_away_without_any(opened):
    gate = canned.gate()
    flags = [ev.RedFlag(kind="order", said="An episode reads like <b>an order</b>", episodes=[3])]
    gate = [structs.replace(event, flags=flags) if isinstance(event, ev.Proposed) else event for event in gate]
    window = opened([*NIGHT, *gate, canned.beat("asleep")])
    window.show_review()
    assert window.review.flags.text() == "⚑ An episode reads like <b>an order</b>."
    assert window.review.flags.isVisible()
    plain = opened(GATE)
    plain.show_review()
    assert not plain.review.flags.isVisible()


def test_what_is_forgotten_is_shown_nowhere_from_when_it_was_asked_for(opened):
    asked = ev.ForgettingAsked(episodes=[1], nights=[], by="Mirembe", why="private")
    window = opened([*AWAKE])
    said = window.story.by_number[1].told.text
    window.source.give(asked)
    take_in(window)
    assert 1 not in window.story.by_number
    assert said not in [turn.text for turn in window.story.told_turns.values()]
