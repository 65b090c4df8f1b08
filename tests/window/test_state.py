"""The latent state and the governor as the window shows them. Canned states and decisions, real keys."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from observatory.protocol import events as ev
from observatory.window.courses import courses, taught
from observatory.window.story import Story
from observatory.window.strips import FIELDS, STRIPS, thinned
from tests.window import canned, steered
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
UNTRAINED = [*canned.day(), *steered.states(), canned.beat()]
TRAINED = [*canned.whole_story(), steered.trained(), *steered.states(trained_by=1), canned.beat()]
GOVERNED = [*steered.day(), canned.beat()]


# ---------------------------------------------------------------- the story


def test_a_turn_that_is_read_again_takes_the_place_of_what_was_read_before():
    story = Story().take_all(UNTRAINED)
    story.take(steered.moved(3, "morning", 3, value=0.9))
    assert len(story.moves) == 25
    assert story.moves[3].value == 0.9


def test_states_of_different_models_are_never_put_side_by_side():
    moves = [*steered.states(), *steered.states(trained_by=1)[:4]]
    assert sum(map(len, courses(moves, 0).values())) == 25
    assert sum(map(len, courses(moves, 1).values())) == 4


def test_what_a_night_taught_says_whether_it_counts():
    story = Story().take_all([*canned.at_the_gate(), steered.trained()])
    said = taught(story.trainings[1], story.nights[1])
    assert "4 sessions, 25 turns and 6 outcomes" in said
    assert "what comes next 2.31 → 1.42, value 1.05 → 0.71" in said
    assert "adopted when it is committed" in said
    story.take_all(canned.committed())
    assert said.replace("adopted when it is committed", "adopted") == taught(story.trainings[1], story.nights[1])
    few = steered.trained(next_before=None, next_after=None, value_before=None, value_after=None)
    assert "too few sessions to hold any out" in taught(few, story.nights[1])


def test_the_line_of_time_holds_decisions_and_nights_in_their_order():
    story = Story().take_all(steered.life())
    modes = [(m.mode, m.night) for m in story.moments if m.decision is None]
    assert modes == [("awake", 0), ("asleep", 1), ("awake", 0)]
    assert sum(m.decision is not None for m in story.moments) == len(story.decisions)


# ---------------------------------------------------------------- state


def test_an_untrained_state_is_drawn_in_grey_and_said_to_mean_nothing(opened):
    window = opened(UNTRAINED)
    window.show_state()
    dock = window.state
    assert dock.warning.isVisible()
    assert "No night has trained" in dock.warning.text()
    assert dock.subheading.text() == "not trained yet"
    assert all(not chart.trained for chart in dock.charts)
    for chart in dock.charts:
        assert chart.hue("replay").saturation() < window.look.stage("replay").saturation() / 2


def test_a_trained_state_is_drawn_in_its_hues_with_what_the_night_taught_it(opened):
    window = opened(TRAINED)
    window.show_state()
    dock = window.state
    assert not dock.warning.isVisible()
    assert dock.taught.text().startswith("Night 1 taught it on 4 sessions")
    assert dock.taught.text().endswith("(adopted).")
    assert dock.subheading.text() == "trained by night 1"
    assert dock.way.hue("replay") == window.look.stage("replay")
    newest = dock.move
    assert dock.way.points == dock.value.points == newest.turn, "the session of the newest turn, up to it"
    assert dock.way._name.toPlainText() == f"turn {newest.turn}"


def test_arrow_keys_go_from_turn_to_turn_and_from_session_to_session(opened, qtbot):
    window = opened(TRAINED)
    qtbot.keyClick(window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    dock = window.state
    assert window.focusWidget() is dock.plots
    last = dock.move
    qtbot.keyClick(dock.plots, Qt.Key.Key_Left)
    assert (dock.move.session, dock.move.turn) == (last.session, last.turn - 1)
    qtbot.keyClick(dock.plots, Qt.Key.Key_Right)
    qtbot.keyClick(dock.plots, Qt.Key.Key_Right)
    assert dock.move == last, "there is no turn after the last"
    qtbot.keyClick(dock.plots, Qt.Key.Key_Up)
    assert dock.move.session != last.session
    assert f"“{dock.move.session}”" in dock.turn.text()


def test_the_chances_of_every_value_belong_to_the_chosen_turn(opened, qtbot):
    window = opened(TRAINED)
    window.show_state()
    dock = window.state
    assert dock.chances.points == ev.VALUE_BINS
    heights = dock.chances._bars.opts["height"]
    assert sum(heights) == pytest.approx(100.0)
    qtbot.keyClick(dock.plots, Qt.Key.Key_Left)
    assert not np.allclose(heights, dock.chances._bars.opts["height"])
    assert dock.chances._lines["value"].value() == pytest.approx(dock.move.value)
    assert f"{100 * dock.move.fails:.0f} % chance of going badly" in dock.said.text()


def test_the_table_of_turns_holds_the_same_numbers_and_chooses_a_turn(opened, qtbot):
    window = opened(TRAINED)
    window.show_state()
    dock = window.state
    qtbot.mouseClick(dock.twin_button, Qt.MouseButton.LeftButton)
    assert dock.table.rows.rowCount() == 25
    dock.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    values = [dock.table.rows.row(n).value for n in range(25)]
    assert values == sorted(values, reverse=True)
    dock.table.selectRow(0)
    assert dock.move is dock.table.rows.row(0)
    qtbot.keyClick(dock.table, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == dock.move.episode


def test_how_known_turns_went_stands_beside_their_value(opened):
    window = opened(TRAINED)
    window.show_state()
    dock = window.state
    dock.choose(9)
    told = window.story.by_number
    mine = [m for m in window.story.moves.values() if m.session == dock.move.session]
    known = [m for m in mine if told[m.episode].told.outcome is not None]
    assert len(dock.value._known.points()) == len(known) > 0


def test_before_any_turn_the_dock_says_what_will_be_there(opened):
    window = opened([canned.ready(), canned.beat()])
    window.show_state()
    assert window.state.pages.currentWidget() is window.state.empty
    assert "Ctrl+1" in window.state.empty.text.text()


def test_three_thousand_turns_are_drawn_in_less_than_a_tenth_of_a_second(opened):
    window = opened([*canned.day(), canned.beat()])
    window.show_state()
    many = [steered.moved(n, f"session {n // 10}", n % 10 + 1, 1) for n in range(1, 3001)]
    window.source.give(*many)
    take_in(window)
    QApplication.processEvents()
    took = []
    for n in range(5):
        window.source.give(steered.moved(3001 + n, "session 301", n + 1, 1))
        started = time.process_time()
        window.tick()
        QApplication.processEvents()
        took.append(time.process_time() - started)
    assert sorted(took)[2] < 0.1, took


# ---------------------------------------------------------------- governor


def test_every_decision_stands_in_the_table_with_its_rule_and_its_reason_the_newest_on_top(opened):
    window = opened(GOVERNED)
    window.show_governor()
    rows = window.governor.table.rows
    assert rows.rowCount() == len(window.story.decisions) == 27
    at = [rows.row(n).at for n in range(rows.rowCount())]
    assert at == sorted(at, reverse=True)
    asked = next(n for n in range(27) if rows.row(n).choice == "ask")
    assert [rows.index(asked, n).data() for n in (1, 2, 4)] == ["was asked", "? ask", "ask a person"]
    assert rows.index(asked, 3).data().startswith("Nothing that was told bears on it")


def test_the_pressure_says_what_it_is_made_of_and_where_sleep_was_proposed(opened):
    window = opened(GOVERNED)
    window.show_governor()
    dock = window.governor
    assert dock.pressure.text() == (
        "Sleep pressure 0.75: surprise not slept on 0.72, and a fast store 25 % full of what only it knows."
    )
    marks = dock.strips.marks
    assert [window.story.decisions[n].choice for n in marks] == ["propose sleep"]
    box = dock.strips.box_of("pressure")
    assert box.left() < dock.strips.x_of(marks[0]) < box.right()


def test_there_is_a_strip_for_every_meta_state(opened):
    window = opened(GOVERNED)
    window.show_governor()
    assert {strip.field for strip in STRIPS} == set(FIELDS)
    boxes = [window.governor.strips.box_of(field) for field in FIELDS]
    assert all(box.height() >= 8 for box in boxes)
    assert max(box.bottom() for box in boxes) < window.governor.strips.height()


def test_the_band_of_modes_shows_the_night_between_two_days(opened):
    window = opened(steered.life())
    window.show_governor()
    spans = window.governor.strips.spans()
    assert [(mode, night) for mode, _, _, night in spans] == [("awake", 0), ("asleep", 1), ("awake", 0)]
    assert spans[1][2] - spans[1][1] == 3.0


def test_arrow_keys_go_from_decision_to_decision_and_enter_opens_its_episode(opened, qtbot):
    window = opened(GOVERNED)
    qtbot.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    dock = window.governor
    assert window.focusWidget() is dock.strips
    qtbot.keyClick(dock.strips, Qt.Key.Key_Home)
    assert dock.table.chosen() is window.story.decisions[0]
    qtbot.keyClick(dock.strips, Qt.Key.Key_Right)
    assert dock.strips.chosen == 1
    assert "worth keeping" in dock.detail.text()
    dock.table.setFocus()
    qtbot.keyClick(dock.table, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == window.story.decisions[1].episode


def test_pressing_a_strip_chooses_the_decision_under_the_pointer(opened, qtbot):
    window = opened(GOVERNED)
    window.show_governor()
    QApplication.processEvents()
    strips = window.governor.strips
    at = QPoint(round(strips.x_of(12)), round(strips.box_of("novelty").center().y()))
    qtbot.mouseClick(strips, Qt.MouseButton.LeftButton, pos=at)
    assert window.governor.table.chosen() is window.story.decisions[12]


def test_a_new_decision_does_not_take_the_chosen_one_away(opened):
    window = opened(GOVERNED)
    window.show_governor()
    window.governor._choose(5)
    window.source.give(steered.decided(40, "idle", "rest", "left alone", "Nothing was told for a while."))
    take_in(window)
    assert window.governor.table.chosen() is window.story.decisions[5]
    assert window.governor.strips.chosen == 5


def test_a_strip_may_be_pressed_while_the_window_is_on_its_way_to_another_moment(opened):
    """What is drawn is still of the moment before; the story has fewer decisions already."""
    window = opened(GOVERNED)
    window.show_governor()
    drawn = list(window.story.decisions)
    window.story.tell_of(Story())
    window.governor._choose(len(drawn) - 1)
    assert window.governor.table.chosen() is drawn[-1]


def test_before_any_decision_the_dock_says_what_will_be_there(opened):
    window = opened([*canned.day(), canned.beat()])
    window.show_governor()
    assert window.governor.pages.currentWidget() is window.governor.empty


def test_a_long_life_is_thinned_to_one_upright_for_every_two_pixels():
    values = np.sin(np.linspace(0, 40, 5000))
    at, first = thinned(np.linspace(0, 100, 5000))
    assert len(at) == len(first) == 51
    assert np.maximum.reduceat(values, first).max() == values.max()
    few, places = thinned(np.array([0.0, 4.5, 9.1]))
    assert few.tolist() == [0.0, 4.5, 9.1]
    assert places.tolist() == [0, 1, 2]


def test_twenty_thousand_decisions_are_drawn_in_time(opened):
    like = steered.decisions()
    many = [msgspec.structs.replace(like[n % 25], at=canned.START + n, seq=n + 1) for n in range(20_000)]
    window = opened([*canned.day(), *many, canned.beat()])
    window.show_governor()
    QApplication.processEvents()
    took = []
    for n in range(5):
        window.source.give(msgspec.structs.replace(like[n], at=canned.START + 20_000 + n, seq=20_001 + n))
        started = time.process_time()
        window.tick()
        QApplication.processEvents()
        took.append(time.process_time() - started)
    # Processor time; two workers on one memory bus take half as long again.
    assert sorted(took)[2] < 0.3, took
