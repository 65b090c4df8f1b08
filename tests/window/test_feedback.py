"""How things went, what waits in sleep, and what the governor asks and proposes. Canned events, real keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from observatory import settings
from observatory.protocol import events as ev
from observatory.protocol.drives import PRESETS
from observatory.window.feedback import went
from observatory.window.story import Story
from tests.window import canned, steered
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
AWAKE = [*canned.day(), steered.scored(), canned.beat()]
NIGHT = [*canned.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(12), canned.beat("asleep")]
CTRL = Qt.KeyboardModifier.ControlModifier


def asked(window, what: str) -> list[tuple]:
    return [call for call in window.source.asked_of if call[0] == what]


def said(window, turn: int = -1) -> list[str]:
    return [laid.source for _, laid, _ in window.talk.conversation.blocks()[turn].texts]


# ---------------------------------------------------------------- how it went


def test_feedback_changes_what_an_episode_is_everywhere():
    story = Story().take_all(AWAKE)
    story.take_changes()
    before = story.by_number[9].mean
    story.take(steered.went(9, -1.0, "the hinge broke again"))
    episode, turn = story.by_number[9], story.told_turns[9]
    assert (episode.told.outcome, episode.told.because) == (-1.0, "the hinge broke again")
    assert episode.mean != before
    assert turn.encoded is episode.told
    assert {"episodes", "talk", "drives", "state"} <= story.take_changes()


def test_the_key_for_failed_asks_why_and_sends_it(opened, qtbot):
    window = opened(AWAKE)
    window.episodes.go_to(9)
    window.show_episodes()
    qtbot.keyClick(window, Qt.Key.Key_Down, CTRL)
    dialog = window.feedback_dialog
    assert dialog.focusWidget() is dialog.reason
    assert dialog.figure.text() == "▼ failed −1.0"
    qtbot.keyClicks(dialog.reason, "the hinge broke again")
    qtbot.keyClick(dialog.reason, Qt.Key.Key_Return)
    assert asked(window, "feedback") == [("feedback", 9, -1.0, "the hinge broke again")]


def test_the_key_for_worked_speaks_of_the_chosen_turn_of_the_talk(opened, qtbot):
    window = opened(AWAKE)
    view = window.talk.conversation
    view.setFocus()
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Up)
    assert "Mon 19:15" in window.talk.how.what.whole
    qtbot.keyClick(view, Qt.Key.Key_Up, CTRL)
    qtbot.keyClick(window.feedback_dialog.reason, Qt.Key.Key_Return)
    assert asked(window, "feedback") == [("feedback", 23, 1.0, "")]


def test_from_the_talks_line_the_newest_episode_is_meant(opened, qtbot):
    window = opened(AWAKE)
    window.show_talk()
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Up, CTRL)
    qtbot.keyClick(window.feedback_dialog.reason, Qt.Key.Key_Return)
    assert asked(window, "feedback")[0][1] == 25


def test_up_and_down_in_the_dialog_change_the_score_by_a_tenth(opened, qtbot):
    window = opened(AWAKE)
    window.show_talk()
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Up, CTRL)
    dialog = window.feedback_dialog
    for _ in range(4):
        qtbot.keyClick(dialog.reason, Qt.Key.Key_Down)
    assert dialog.figure.text() == "▲ worked +0.6"
    for _ in range(6):
        qtbot.keyClick(dialog.reason, Qt.Key.Key_Down)
    assert dialog.figure.text() == "● neither +0.0"
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert asked(window, "feedback")[0][2] == 0.0


def test_of_what_has_faded_nobody_can_say_how_it_went(opened, qtbot):
    window = opened([*canned.whole_story(), canned.retained(1, faded=(4,)), canned.beat()])
    window.episodes.go_to(4)
    window.show_episodes()
    assert not window.episodes.how.worked.isEnabled()
    qtbot.keyClick(window, Qt.Key.Key_Down, CTRL)
    assert not hasattr(window, "feedback_dialog")


def test_nothing_is_said_when_the_dialog_is_left(opened, qtbot):
    window = opened(AWAKE)
    window.show_talk()
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Down, CTRL)
    qtbot.keyClick(window.feedback_dialog, Qt.Key.Key_Escape)
    assert asked(window, "feedback") == []


@pytest.mark.parametrize(("button", "score"), [("worked", 1.0), ("failed", -1.0)])
def test_the_buttons_under_the_talk_and_over_the_episodes_do_the_same(opened, qtbot, button, score):
    window = opened(AWAKE)
    window.episodes.go_to(4)
    for dock, number in ((window.talk, 25), (window.episodes, 4)):
        qtbot.mouseClick(getattr(dock.how, button), Qt.MouseButton.LeftButton)
        qtbot.keyClick(window.feedback_dialog.reason, Qt.Key.Key_Return)
        assert asked(window, "feedback")[-1][1:3] == (number, score)


def test_what_failed_is_said_with_a_shape_and_a_word_in_table_page_and_talk(opened):
    window = opened([*AWAKE[:-1], steered.went(25, -1.0, "the hinge broke again"), canned.beat()])
    rows = window.episodes.table.rows
    at = [c.title for c in rows.columns].index("How it went")
    assert rows.index(24, at).data() == "▼ failed −1.0"
    window.episodes.go_to(25)
    assert "▼ failed −1.0, because the hinge broke again" in window.episodes.page._about()
    assert "▼ failed −1.0, because the hinge broke again" in said(window)
    assert window.talk.how.what.whole.startswith("▼ failed −1.0: ")
    colours = {laid.source: colour for _, laid, colour in window.talk.conversation.blocks()[-1].texts}
    assert colours["▼ failed −1.0, because the hinge broke again"] == "wrong"


def test_an_outcome_in_words():
    assert [went(x) for x in (None, 0.4, 0.0, -1.0)] == ["–", "▲ worked +0.4", "● neither +0.0", "▼ failed −1.0"]


def test_at_night_nobody_can_say_how_it_went(opened, qtbot):
    window = opened(NIGHT)
    window.show_talk()
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Up, CTRL)
    assert not hasattr(window, "feedback_dialog")
    assert not window.talk.how.worked.isEnabled()


# ---------------------------------------------------------------- what is said to a mind that sleeps


def test_what_is_told_and_asked_in_sleep_waits_and_says_so(opened, qtbot):
    window = opened(NIGHT)
    window.show_talk()
    assert window.talk.line.placeholderText() == "Asleep: what you say waits for the gate"
    qtbot.keyClicks(window.talk.line, "It rained.")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    qtbot.keyClicks(window.talk.line, "Did it rain?")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    take_in(window)
    assert asked(window, "tell")[0][1] == "It rained."
    assert asked(window, "ask") == [("ask", "Did it rain?", "whole")]
    assert "waits until the night reaches the gate" in said(window, -2)
    assert "waits until the night reaches the gate" in said(window, -1)


def test_at_the_gate_what_waited_is_taken_up(opened, qtbot):
    window = opened(NIGHT)
    window.show_talk()
    window.talk.line.setText("It rained.")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    window.source.give(*canned.gate(), canned.beat("asleep"))
    take_in(window)
    assert "on its way to the hippocampus…" in said(window)
    assert "Enter" in window.talk.line.placeholderText()
    window.source.give(canned.episode(101, "It rained."), ev.EpisodeKept(episode=101))
    take_in(window)
    assert any(text.startswith("kept") for text in said(window))


def test_a_night_that_ends_before_the_gate_lets_what_waited_go_on():
    story = Story().take_all(NIGHT)
    story.asking(7, "Where?", "whole")
    assert story.turns[-1].waits
    story.take(ev.NightClosed(night=1, ended="vetoed", cortex=canned.BASE, why="no", wall_s=1.0, steps=1, tokens=1,
                              peak_rss_mb=1.0))  # fmt: skip
    assert not story.turns[-1].waits


# ---------------------------------------------------------------- what the governor says in the talk


def test_under_an_unsure_answer_the_mind_asks_to_be_told(opened):
    window = opened([*canned.day(), *canned.talk(), steered.asks(4), canned.beat()])
    texts = said(window)
    assert "? The mind is not sure, and asks to be told" in texts
    assert any(text.startswith("Nothing that was told bears on it") for text in texts)


def test_what_was_read_and_not_stored_names_what_it_repeats(opened):
    window = opened([*canned.day(), steered.repeats(26, 6), canned.beat()])
    assert any(text.startswith("○ read, not stored: it repeats episode 6, Mon 09:30") for text in said(window))
    assert len(window.story.episodes) == 25


def test_a_turn_told_here_and_only_read_is_one_turn():
    story = Story().take_all(canned.day())
    story.telling(26, "The spare key to Quill Lodge hangs behind the barometer.")
    story.take(steered.repeats(26, 6))
    assert len(story.turns) == 26
    assert story.turns[-1].observed.like == 6


# ---------------------------------------------------------------- sleep is proposed


def test_a_proposal_to_sleep_is_one_notice_however_often_it_is_made(opened):
    window = opened(AWAKE)
    window.source.give(steered.proposes(why="Pressure 61%."))
    take_in(window)
    window.source.give(steered.encoded(3), steered.proposes(why="Pressure 75%."))
    take_in(window)
    assert [card.notice.title for card in window.notices.cards] == ["The governor proposes sleep"]
    assert window.notices.cards[0].text.text() == "Pressure 75%. The dials stay as they stand in Drives."
    window.source.give(steered.decided(26, "told", "stay awake", "not again yet", "It was proposed before."))
    take_in(window)
    assert len(window.notices.cards) == 1, "that it is not said again takes nothing back"
    window.source.give(steered.decided(27, "idle", "stay awake", "awake", "Pressure 40% is not over the threshold."))
    take_in(window)
    assert window.notices.cards == []


def test_its_button_sleeps_with_the_dials_that_it_names_and_says_which(opened, qtbot):
    window = opened([*AWAKE, steered.proposes(preset="careful")])
    qtbot.mouseClick(window.drives.dials.chips["curious"], Qt.MouseButton.LeftButton)
    card = window.notices.cards[0]
    assert "“careful”: curiosity 0.10, focus 0.10, fear 0.80" in card.text.text()
    assert card.action_button.text() == "Sleep"
    qtbot.mouseClick(card.action_button, Qt.MouseButton.LeftButton)
    _, _, plan, why = asked(window, "sleep")[0]
    assert plan.drives == PRESETS["careful"]
    assert why == "the governor proposed it"
    assert window.drives.dials.drives.parts() == pytest.approx(PRESETS["curious"].parts()), "the person's dials stay"


def test_without_a_preset_its_button_sleeps_with_the_dials_as_they_stand(opened, qtbot):
    window = opened([*AWAKE, steered.proposes()])
    qtbot.mouseClick(window.drives.dials.chips["focused"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.notices.cards[0].action_button, Qt.MouseButton.LeftButton)
    assert asked(window, "sleep")[0][2].drives.parts() == pytest.approx(PRESETS["focused"].parts())


def test_a_night_that_opens_takes_the_proposal_back(opened):
    window = opened([*AWAKE, steered.proposes()])
    assert len(window.notices.cards) == 1
    window.source.give(*canned.night_opens())
    take_in(window)
    assert window.notices.cards == []
    assert window.story.sleep_proposed is None


def test_a_closed_proposal_stays_closed_until_the_governor_makes_another(opened):
    window = opened([*AWAKE, steered.proposes()])
    window.notices.cards[0].close_button.click()
    assert asked(window, "not_now") == [("not_now",)], "closing it declines it"
    window.source.give(steered.encoded(3), canned.beat())
    take_in(window)
    assert window.notices.cards == []
    window.source.give(steered.proposes(26, why="Pressure 90%."))
    take_in(window)
    assert len(window.notices.cards) == 1


def test_a_proposal_of_an_earlier_session_is_not_offered_again(opened):
    window = opened([])
    window.story.live_since = canned.START + 5_000
    window.source.give(*AWAKE, steered.proposes())
    take_in(window)
    QApplication.processEvents()
    assert window.notices.cards == []


# ---------------------------------------------------------------- the governor opens nights


def test_a_governed_home_sleeps_once_for_each_proposal_without_asking(opened, tmp_path):
    settings.save(tmp_path, settings.Settings(governed=True, drives="curious"))
    window = opened(AWAKE, home=tmp_path)
    assert window.governor.opens.isChecked()
    assert window.actions_["governed"].isChecked()
    window.show_drives()
    assert "when the governor proposes it" in window.drives.tonight.text()
    window.source.give(steered.proposes(why="Pressure 61%."))
    take_in(window)
    take_in(window)
    (_, _, plan, why), *more = asked(window, "sleep")
    assert not more
    assert plan.drives.parts() == pytest.approx(PRESETS["curious"].parts())
    assert why == "the governor proposes it: Pressure 61%."
    assert window.notices.cards == []
    window.source.give(steered.proposes(26, preset="careful"))
    take_in(window)
    assert asked(window, "sleep")[1][2].drives == PRESETS["careful"]


def test_who_opens_the_nights_is_switched_kept_and_taken_back(opened, tmp_path, qtbot):
    window = opened([*AWAKE, steered.proposes()], home=tmp_path)
    assert len(window.notices.cards) == 1
    window.show_governor()
    assert "by a person" in window.governor.opened_by.text()
    qtbot.mouseClick(window.governor.opens, Qt.MouseButton.LeftButton)
    assert settings.load(tmp_path)[0].governed
    assert "by itself" in window.governor.opened_by.text()
    take_in(window)
    assert len(asked(window, "sleep")) == 1, "the proposal that stands is taken up"
    assert window.notices.cards == []
    window.undo()
    assert not settings.load(tmp_path)[0].governed
    assert not window.governor.opens.isChecked()
    window.source.give(steered.proposes(26))
    take_in(window)
    assert len(asked(window, "sleep")) == 1
    assert len(window.notices.cards) == 1


def test_a_night_that_was_cut_short_is_not_passed_over_by_the_governor(opened, tmp_path):
    settings.save(tmp_path, settings.Settings(governed=True))
    cut = ev.NightClosed(night=1, ended="interrupted", cortex=canned.BASE, why="closed", wall_s=9.0, steps=0,
                         tokens=0, peak_rss_mb=900.0)  # fmt: skip
    window = opened([*AWAKE[:-1], *canned.night_opens(), cut, canned.ready(), steered.proposes(), AWAKE[-1]],
                    home=tmp_path)  # fmt: skip
    assert window.story.awake
    assert window.story.interrupted is not None
    assert asked(window, "sleep") == []


def test_in_a_home_that_is_only_looked_at_no_night_is_opened_and_nothing_switched(opened, tmp_path):
    settings.save(tmp_path, settings.Settings(governed=True))
    window = opened(AWAKE, home=tmp_path)
    window.source.state.read_only = True
    window.source.give(steered.proposes())
    take_in(window)
    assert asked(window, "sleep") == []
    assert not window.can_govern()
    assert not window.governor.opens.isEnabled()
