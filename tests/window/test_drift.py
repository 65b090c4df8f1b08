"""The drift dock as people use it: three lenses, one truth, moved over time, by keys, and without weights in words."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from observatory.host.drifted import Drifted
from observatory.window.drift import LAYING_OUT
from observatory.window.unitmap import UnitMap, levels, magnified
from tests.window import canned
from tests.window.conftest import take_in
from tests.window.drifted import AWAY, LAYERS, STOPS, CannedDrift, heat, moved, picture, whole

pytestmark = pytest.mark.window


@pytest.fixture
def seen(opened, qtbot):
    """`seen(drifted)` → (window, dock, canned drift), the dock shown by its key."""

    def see(now: Drifted, events=None):
        window = opened(canned.whole_story() if events is None else events)
        drift = CannedDrift(now)
        window.drift.attach(drift)
        qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
        window.drift.look_again()
        return window, window.drift, drift

    return see


def only(layer: int) -> Drifted:
    """A delta placed on one layer, as the last of two stops."""
    of, stops = picture(), STOPS[:2]
    base = whole()
    alone = replace(
        base.courses, keys=tuple(s.key for s in stops), heat=np.array([heat(0.0), heat(1.0, (layer,))]),
        away=np.array([heat(0.0).mean(1), heat(1.0, (layer,)).mean(1)]),
        along=np.array([heat(0.0).mean(1), heat(1.0, (layer,)).mean(1)]), across=np.zeros((2, LAYERS)),
    )  # fmt: skip
    here = {"base": moved(of, 0.0), "night 1": moved(of, 1.0, (layer,))}
    return replace(base, stops=stops, picture=of, courses=alone, moved=here, pulled={})


def test_an_untouched_cortex_shows_no_moving_unit_in_any_lens_or_table(seen):
    of = picture()
    base = whole()
    still = replace(
        base, stops=STOPS[:1], picture=of, moved={"base": moved(of, 0.0)}, pulled={},
        courses=replace(base.courses, keys=("base",), heat=heat(0.0)[None], away=heat(0.0).mean(1)[None],
                        along=np.zeros((1, LAYERS)), across=np.zeros((1, LAYERS))),
    )  # fmt: skip
    _, dock, _ = seen(still)
    assert dock.units.said.text().startswith("No unit moves")
    assert not dock.units.map.level.any() and not len(dock.units.map.arrows)
    dock.twin.setChecked(True)
    assert not dock.tables[0].relative.any()
    dock.show_lens(1)
    assert dock.layers.heat.accessibleDescription() == "nothing has changed"
    assert not any(dock.tables[1]._much(at) for at in range(len(dock.tables[1].places)))
    dock.show_lens(2)
    assert dock.inside.said.text().startswith("0 of ")


def test_a_delta_on_one_layer_shows_there_and_nowhere_else_and_lenses_and_table_agree(seen):
    _, dock, _ = seen(only(5))
    of = dock.shown.picture
    on_map = set(of.layers[dock.units.map.level > 0].tolist())
    dock.twin.setChecked(True)
    units = dock.tables[0]
    in_table = set(units.layers[units.relative > 0].tolist())
    dock.show_lens(1)
    in_heat = set(np.flatnonzero(dock.layers.heat.drift.any(1)).tolist())
    assert on_map == in_table == in_heat == {5}
    assert units.table.rows.row(0) == int(units.relative.argmax()), "the table is not sorted by change"
    shown = of.shown()[dock.units.moving]
    assert (units.relative[shown] > 0).all() and dock.units.moving.sum() == dock.shown.moved["night 1"].moving


def test_what_moves_less_than_the_noise_floor_is_drawn_as_still_and_the_floor_is_printed(seen):
    now = whole()
    _, dock, _ = seen(replace(now, picture=replace(now.picture, floor=1e9)))
    assert not dock.units.map.level.any() and "0 of the 480 units" in dock.units.said.text()
    assert "420 of all 720 have changed" in dock.units.said.text()


def test_the_main_axes_are_a_key_away_and_say_that_they_have_no_noise(seen, qtbot):
    _, dock, _ = seen(whole())
    before = dock.units.map.before
    qtbot.keyClick(dock.units.map, Qt.Key.Key_A)
    assert dock.units.map.before is not before and "no noise of its own" in dock.units.small.text()
    assert "0.72" in dock.units.small.text()


def test_lenses_are_chosen_by_their_numbers_and_the_table_by_its_letter(seen, qtbot):
    _, dock, _ = seen(whole())
    for key, lens, focus in ((Qt.Key.Key_2, 1, dock.layers.heat), (Qt.Key.Key_1, 0, dock.units.map)):
        qtbot.keyClick(dock.focusWidget() or dock.body, key)
        assert dock.lens == lens and dock.lenses.currentIndex() == lens and focus.hasFocus()
    qtbot.keyClick(dock.units.map, Qt.Key.Key_B)
    assert dock.twin.isChecked() and dock.lenses.currentWidget().currentIndex() == 1


def test_time_moves_all_lenses_and_what_is_looked_at_is_asked_for_first(seen):
    _, dock, drift = seen(whole())
    assert dock.stop.key == "proposed" and drift.wanted[-1] == "proposed"
    dock.time.slider.setFocus()
    dock.time.slider.setValue(1)
    assert drift.wanted[-1] == "night 1" and dock.time.said.text() == "After night 1"
    assert dock.units.map.most == pytest.approx(max(m.top for m in dock.shown.moved.values()))
    dock.show_lens(1)
    assert dock.layers.heat.drift == pytest.approx(heat(AWAY["night 1"]))
    dock.show_lens(2)
    assert dock.shown.inside.readings[dock.reading].name == "night 1, at its end"


def test_it_stays_at_the_newest_stop_until_somebody_goes_back(seen):
    _, dock, drift = seen(replace(whole(), stops=STOPS[:5]))
    drift.say(stops=STOPS[:6])
    dock.look_again()
    assert dock.stop.key == "step 12"
    dock.time.slider.setValue(1)
    drift.say(stops=STOPS)
    dock.look_again()
    assert dock.stop.key == "night 1"


def test_it_plays_from_the_base_to_the_end_and_stops(seen, qtbot):
    _, dock, _ = seen(whole())
    qtbot.keyClick(dock.units.map, Qt.Key.Key_P)
    assert dock.time.now == 0 and dock.time.play.isChecked()
    for _ in range(len(STOPS)):
        dock.time._on()
    assert dock.time.now == len(STOPS) - 1 and not dock.time.play.isChecked()


def test_trails_lead_over_the_stops_in_between(seen, qtbot):
    _, dock, _ = seen(whole())
    qtbot.keyClick(dock.units.map, Qt.Key.Key_T)
    assert len(dock.units.map.trails) == len(STOPS) - 2, "neither the base nor the stop itself is in between"


def test_a_unit_names_the_episodes_that_pulled_it_and_opens_them(seen, qtbot):
    window, dock, _ = seen(whole())
    dock._choose("unit", 4 * 60 + 5)
    first = dock.pullers.buttons[0]
    assert "spare key" in first.text() and "Layer 4, neuron 5" in dock.detail.whole
    dock.units.map.setFocus()
    dock.units.map.choose(4 * 40 + 5)
    qtbot.keyClick(dock.units.map, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == 6


def test_arrow_keys_go_from_unit_to_unit_and_from_map_to_map(seen, qtbot):
    _, dock, _ = seen(whole())
    for _ in range(2):
        qtbot.keyClick(dock.units.map, Qt.Key.Key_Left)
    assert dock.units.map.chosen is not None and dock.detail.whole.startswith("Layer ")
    qtbot.keyClick(dock.units.map, Qt.Key.Key_2)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Right):
        qtbot.keyClick(dock.layers.heat, key)
    assert dock.layers.heat.chosen == (1, 1) and "Layer 1, MLP gate: unchanged" in dock.detail.whole


def test_the_layers_can_be_read_while_the_map_is_laid_out(seen):
    _, dock, drift = seen(replace(whole(), picture=None, moved={}, phase="laying out", what="finding", part=0.3))
    assert dock.pages.currentIndex() == 1 and LAYING_OUT in dock.waits.text() and dock.bar.value() == 300
    dock.show_lens(1)
    assert dock.layers.heat.drift.any()
    drift.say(picture=picture(), phase="ready", what="", part=None)
    dock.look_again()
    assert dock.waiting.isHidden() or "placed" in dock.waits.text()


def test_the_map_is_started_when_it_is_first_looked_at_and_not_before(opened, qtbot):
    window = opened(canned.day())
    drift = CannedDrift(Drifted())
    window.drift.attach(drift)
    window.drift.look_again()
    assert not drift.opened, "nobody looks yet, and nothing is asleep"
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    window.drift.look_again()
    assert drift.opened


def test_the_first_night_starts_the_map(opened):
    window = opened(canned.day())
    drift = CannedDrift(Drifted())
    window.drift.attach(drift)
    window.source.give(*canned.night_opens())
    take_in(window)
    window.drift.look_again()
    assert drift.opened


def test_a_map_that_ended_is_a_notice_with_start_again(seen):
    window, dock, drift = seen(whole())
    drift.say(phase="lost", problem="The map process ended by itself (exit status -9).", remedy="Start the map again.")
    dock.look_again()
    dock.look_again()
    window.tick()
    cards = [card for card in window.notices.cards if card.notice.action == "drift-again"]
    assert len(cards) == 1 and "exit status -9" in cards[0].text.text()
    assert dock.units.map.drawn, "what was known is gone from the screen"
    before = drift.opened
    cards[0].action_button.click()
    assert drift.opened == before + 1


def test_a_recording_of_events_says_that_it_carries_no_weights(opened, qtbot):
    window = opened(canned.whole_story())
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert window.drift.pages.currentIndex() == 0 and "carries no weights" in window.drift.empty.text.text()


def test_twenty_thousand_units_are_drawn_within_a_frame(opened, qtbot):
    """By processor time, so that a busy machine does not count; three frames' worth is where it would stutter."""
    window = opened(())
    units = UnitMap(window.look)
    qtbot.addWidget(units)
    units.resize(1100, 640)
    of = picture(shown=1667, each=2000)
    now = moved(of, 1.0, range(LAYERS))
    moving = now.relative > 0
    units.show()
    took = []
    for _ in range(5):
        began = time.process_time()
        units.draw(of.places, now.after, now.relative, moving, 0.3, 10)
        units.grab()
        took.append(1e3 * (time.process_time() - began))
    assert units.drawn == 20_004 and min(took) < 100


def test_a_colour_is_a_constant_factor_of_change_and_nought_is_still():
    found = levels(np.array([0.0, 1.0, 0.5, 2.0**-6, 1e-9]), 1.0)
    assert found[0] == 0 and found[1] == 8 and found[2] < 8 and found[3] == found[4] == 1


def test_a_few_units_that_changed_far_more_leave_the_rest_its_colours(seen):
    before = whole()
    far = {}
    for key, one in before.moved.items():
        table = one.table.copy()
        if key == "proposed":
            table[before.picture.shown()[:1]] = 90.0
        far[key] = replace(one, table=table, relative=table[before.picture.shown()])
    _, dock, _ = seen(replace(before, moved=far))
    moving = dock.units.map.level[dock.units.moving]
    assert moving.max() == 8 and len(np.unique(moving)) >= 6 and np.median(moving) > 1


def test_arrows_are_magnified_by_a_round_number_that_is_said(seen):
    assert magnified(np.zeros(5), 10.0) == 1
    factor = magnified(np.full(100, 0.001), 10.0)
    assert factor == 500
    _, dock, _ = seen(whole())
    assert f"{dock.units.map.factor:,} times as long" in dock.units.small.text()
