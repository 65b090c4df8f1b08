"""The window on a real session and a real home, with the host tests' double where the mind would be."""

from __future__ import annotations

import os
import signal
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from observatory import settings
from observatory.host.session import Session
from observatory.protocol.drives import PRESETS
from observatory.window.look import Look
from observatory.window.main import MainWindow

pytestmark = pytest.mark.window
WAIT_S = 20.0


@pytest.fixture
def live(qtbot, tmp_path):
    """`live()` → a window on a session whose home lies in `tmp_path`, listening on its own timer."""
    windows = []

    def open_() -> MainWindow:
        window = MainWindow(Look("night"), by="Ada")
        window.ask_leave = lambda text: True
        window.resize(1500, 940)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.attach(Session(tmp_path / "mind", mind="tests.host.double"))
        windows.append(window)
        return window

    yield open_
    for window in windows:
        window.close()
        window.deleteLater()


def until(found) -> None:
    end = time.monotonic() + WAIT_S
    while not found():
        assert time.monotonic() < end, "it never came"
        QApplication.processEvents()
        time.sleep(0.005)


def tell(window, qtbot, text: str) -> None:
    count = len(window.story.episodes)
    qtbot.keyClicks(window.talk.line, text)
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    until(lambda: len(window.story.episodes) > count and window.story.episodes[-1].kept)


def test_a_first_night_from_the_first_word_to_the_commit(live, qtbot):
    window = live()
    until(lambda: window.can_tell())
    tell(window, qtbot, "The kettle in the blue house sings.")
    qtbot.mouseClick(window.night.empty_button, Qt.MouseButton.LeftButton)
    until(window.proposal_waits)
    assert window.story.review.number == 1
    window.show_review()
    qtbot.keyClicks(window.review.reason, "nothing was lost")
    qtbot.mouseClick(window.review.approve_button, Qt.MouseButton.LeftButton)
    until(lambda: window.story.night.closed is not None)
    assert window.story.night.closed.ended == "committed"
    until(lambda: window.story.episodes[0].nights == [1])
    assert "Approved by Ada" in window.review.word.text()


def test_what_was_lived_is_there_again_at_the_next_start(live, qtbot):
    window = live()
    until(lambda: window.can_tell())
    tell(window, qtbot, "The kettle in the blue house sings.")
    window.close()
    again = live()
    until(lambda: again.can_tell())
    assert [e.told.text for e in again.story.episodes] == ["The kettle in the blue house sings."]
    assert again.episodes.table.rows.rowCount() == 1


def test_a_governed_home_opens_its_nights_by_itself_and_says_why(live, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "tired-after-2 carefully")
    (tmp_path / "mind").mkdir()
    settings.save(tmp_path / "mind", settings.Settings(governed=True))
    window = live()
    until(lambda: window.can_tell())
    tell(window, qtbot, "The kettle in the blue house sings.")
    assert window.story.night is None
    tell(window, qtbot, "The tram turns round at the brewery.")
    until(window.proposal_waits)
    opened = window.story.review.opened
    assert opened.why.startswith("the governor proposes it: ")
    assert opened.drives == PRESETS["careful"].said()


def test_a_mind_killed_at_night_is_woken_and_its_night_resumed_from_the_window(live, qtbot, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "slow-night")
    window = live()
    until(lambda: window.can_tell())
    tell(window, qtbot, "The kettle in the blue house sings.")
    cortex = window.story.cortex
    window.sleep()
    until(lambda: window.story.night is not None and window.story.night.stage == "replay")
    os.kill(window.source.state.pid, signal.SIGKILL)
    until(lambda: {card.notice.action for card in window.notices.cards} == {"wake-again", "resume-night"})
    assert not window.talk.tell_button.isEnabled()
    cards = {card.notice.action: card for card in window.notices.cards}
    assert not cards["resume-night"].action_button.isEnabled()
    qtbot.mouseClick(cards["wake-again"].action_button, Qt.MouseButton.LeftButton)
    until(window.can_resume)
    assert window.story.cortex == cortex
    window.actions_["resume-night"].trigger()
    until(window.proposal_waits)
    assert window.story.night.number == 1


def test_what_is_said_of_an_episode_and_the_goal_come_back_as_they_were_kept(live, qtbot):
    window = live()
    until(lambda: window.can_tell())
    tell(window, qtbot, "The kettle in the blue house sings.")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(window.feedback_dialog.reason, "it burnt dry")
    qtbot.keyClick(window.feedback_dialog.reason, Qt.Key.Key_Return)
    until(lambda: window.story.episodes[0].told.outcome == -1.0)
    assert window.story.episodes[0].told.because == "it burnt dry"
    window.edit_goal()
    qtbot.keyClicks(window.drives.goal, "Keep the kettle whole")
    qtbot.keyClick(window.drives.goal, Qt.Key.Key_Return)
    until(lambda: window.story.goal == "Keep the kettle whole")


def test_the_night_that_the_governor_proposes_is_opened_with_its_dials(live, qtbot, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_DOUBLE", "tired-after-1 carefully")
    window = live()
    until(lambda: window.can_tell())
    tell(window, qtbot, "The kettle in the blue house sings.")
    until(lambda: window.notices.cards)
    card = window.notices.cards[0]
    assert "“careful”" in card.text.text()
    until(card.action_button.isEnabled)
    qtbot.mouseClick(card.action_button, Qt.MouseButton.LeftButton)
    until(window.proposal_waits)
    assert window.story.night.opened.drives == "curiosity=0.1,focus=0.1,fear=0.8"
    assert window.notices.cards == []
