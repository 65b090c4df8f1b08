"""The encoding dock in use: what is lit, what is new, overlap in and out, what was read. Canned events, real keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from observatory.protocol import events as ev
from observatory.window.codes import Codes
from observatory.window.look import Look
from observatory.window.separation import Separation
from observatory.window.story import Story
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
DAY = [*canned.day(), canned.beat()]
READ = [*canned.day(), *canned.talk()[:24], canned.beat()]


def encoding(window):
    window.show_encoding()
    return window.encoding


def another(number: int = 26) -> list[ev.Event]:
    near = [ev.Overlap(episode=3, before=0.5, after=0.1, states=0.9)]
    return [canned.episode(number, "A heron slept on the roof of the mill.", nearest=near)]


# ---------------------------------------------------------------- counting


def test_a_unit_is_new_in_the_first_episode_that_lights_it_and_in_no_later_one():
    story = Story().take_all(canned.day())
    codes = Codes()
    codes.follow(story.episodes[:10])
    codes.follow(story.episodes)
    seen: set[int] = set()
    for place, episode in enumerate(story.episodes):
        code = episode.told.code
        assert codes.new_in(code, place) == set(code) - seen
        seen.update(code)
    assert codes.uses.sum() == sum(len(e.told.code) for e in story.episodes)
    assert codes.uses[61] == len(story.episodes), "every canned episode lights it"


def test_a_code_of_a_larger_mind_than_was_said_makes_the_grid_larger():
    story = Story().take_all([canned.episode(1, "Large.")])
    codes = Codes(16)
    codes.follow(story.episodes)
    assert len(codes.uses) > 16
    assert np.count_nonzero(codes.uses) == len(story.episodes[0].told.code)


# ---------------------------------------------------------------- the newest, or the chosen one


def test_an_empty_dock_says_what_will_stand_there(opened):
    dock = encoding(opened([canned.ready(), canned.beat()]))
    assert dock.pages.currentIndex() == 0
    assert "Ctrl+1" in dock.empty.text.text()


def test_the_newest_episode_is_shown_and_followed(opened):
    window = opened(DAY)
    dock = encoding(window)
    assert "balloons" in dock.title.whole
    window.source.give(*another())
    take_in(window)
    assert "heron" in dock.title.whole
    assert dock.raster.lit.keys() == set(canned.episode(26, "A heron slept on the roof of the mill.").code)
    assert dock.subheading.text() == "the newest"


def test_an_episode_chosen_in_another_dock_is_shown_until_the_newest_is_wanted_again(opened, qtbot):
    window = opened(DAY)
    dock = encoding(window)
    window.open_episode(4)
    window.show_encoding()
    assert dock.chosen_number == 4
    assert not dock.newest_button.isChecked()
    window.source.give(*another())
    take_in(window)
    assert dock.chosen_number == 4, "what was chosen stays"
    qtbot.mouseClick(dock.newest_button, Qt.MouseButton.LeftButton)
    assert dock.chosen_number == 26


def test_arrow_keys_walk_from_episode_to_episode_and_stop_at_the_ends(opened, qtbot):
    window = opened(DAY)
    dock = encoding(window)
    assert window.focusWidget() is dock.text
    for _ in range(2):
        qtbot.keyClick(dock.text, Qt.Key.Key_Left)
    assert dock.chosen_number == 23
    for _ in range(5):
        qtbot.keyClick(dock.text, Qt.Key.Key_Right)
    assert dock.chosen_number == 25
    assert dock.newest_button.isChecked()


# ---------------------------------------------------------------- the code


def test_the_line_over_the_grid_counts_what_is_lit_and_what_is_lit_for_the_first_time(opened):
    dock = encoding(opened(DAY))
    new = sum(dock.codes.first[unit] == 24 for unit in dock.raster.lit)
    lit = len(dock.raster.lit)
    assert f"{lit:,} of 4,096 units lit" in dock.unit.whole
    assert f"{new:,} for the first time" in dock.unit.whole
    assert 0 < new < lit


def test_arrow_keys_walk_over_lit_units_and_say_who_else_has_them(opened, qtbot):
    dock = encoding(opened(DAY))
    dock.raster.setFocus()
    qtbot.keyClick(dock.raster, Qt.Key.Key_Right)
    assert dock.raster.chosen == 0
    assert "also in 24 others" in dock.unit.whole
    assert "Ignatius" in dock.unit.whole, "the newest of the others is named"
    qtbot.keyClick(dock.raster, Qt.Key.Key_Right)
    assert dock.raster.chosen == 61
    qtbot.keyClick(dock.raster, Qt.Key.Key_End)
    assert dock.raster.chosen == max(dock.raster.lit)


def test_a_lit_unit_is_brighter_than_the_grid_and_a_new_one_wears_a_ring(opened):
    dock = encoding(opened(DAY))
    image = dock.raster.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    strongest = max(dock.raster.lit, key=dock.raster.lit.get)
    at = dock.raster.cell(strongest).center().toPoint()
    dark = next(unit for unit in range(4096) if not any(abs(unit - lit) in (0, 1, 63, 64, 65, 2, 128)
                                                        for lit in dock.raster.lit))  # fmt: skip
    ground = dock.raster.cell(dark).center().toPoint()
    assert image.pixelColor(at).lightness() > image.pixelColor(ground).lightness() + 60


def test_units_come_up_slowly_for_what_was_encoded_a_moment_ago_and_for_nothing_else(opened):
    window = opened(DAY)
    dock = encoding(window)
    assert dock.raster._glow == 1.0, "history does not move"
    window.source.give(*another())
    take_in(window)
    assert dock.raster._growing.state() == dock.raster._growing.State.Running
    dock.text.walked.emit(-1)
    assert dock.raster._glow == 1.0


# ---------------------------------------------------------------- overlap


def test_every_neighbour_has_a_line_from_overlap_in_to_overlap_out(opened):
    dock = encoding(opened(DAY))
    plot = dock.separation
    assert len(plot.overlaps) == 8
    for place, overlap in enumerate(plot.overlaps):
        assert [value for _, value in plot.values(place)] == [overlap.states, overlap.before, overlap.after]
        heights = [point.y() for point in plot.line(place)]
        assert heights == sorted(heights), "less alike on the way out is lower"
    assert "Hedda" in plot.said(0)


def test_older_recordings_without_states_are_drawn_from_keys_to_codes(qapp):
    plot = Separation(Look("day"))
    plot.resize(400, 300)
    plot.show_overlaps([ev.Overlap(episode=1, before=0.4, after=0.1)], ["the bees"], "")
    assert [name for name, _ in plot.values(0)] == ["keys", "codes"]
    assert len(plot.line(0)) == 2


@pytest.mark.parametrize("size", [(240, 140), (420, 320), (900, 700)])
def test_no_neighbours_name_lies_over_another(qapp, size):
    plot = Separation(Look("night"))
    plot.resize(*size)
    overlaps = [ev.Overlap(episode=n, before=0.4, after=0.02 * (n % 2), states=0.9) for n in range(6)]
    plot.show_overlaps(overlaps, [f"episode {n}" for n in range(6)], "")
    heights = sorted(plot.labels())
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 12


def test_a_neighbour_is_chosen_by_key_and_opened_by_enter(opened, qtbot):
    window = opened(DAY)
    dock = encoding(window)
    dock.separation.setFocus()
    qtbot.keyClick(dock.separation, Qt.Key.Key_Down)
    qtbot.keyClick(dock.separation, Qt.Key.Key_Down)
    number = dock.separation.overlaps[dock.separation.chosen].episode
    qtbot.keyClick(dock.separation, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == number
    assert dock.chosen_number == number, "what is opened is shown here too"


def test_the_first_episode_says_that_there_is_nothing_to_hold_it_against(opened):
    window = opened(DAY)
    dock = encoding(window)
    dock.show_episode(1)
    assert not dock.separation.overlaps
    assert "first episode" in dock.separation.empty


# ---------------------------------------------------------------- what was read


def test_what_the_last_question_brought_back_stands_there_with_its_attention(opened, qtbot):
    window = opened([*canned.day(), *canned.talk(), canned.beat()])
    dock = encoding(window)
    assert "capital of France" in dock.asked.text()
    assert "Nothing was read" in dock.asked.text()
    assert not dock.read.isVisible()
    found = [ev.Read(episode=4, match=0.88, mass=0.39, weight=1.0), ev.Read(episode=1, match=0.31, mass=0.0, weight=0)]
    window.source.give(
        ev.MemoryRead(question=9, cue="What does Bartholomew eat?", reads=found[:1], candidates=found, novelty=0.1,
                      sure=True, why="", search_ms=3.0, read_ms=9.0),
        ev.Answered(question=9, prompt="What does Bartholomew eat?", answer="Radishes.", memory="whole",
                    pieces=["Radishes."], surprise=[1.0], reads=found[:1], wall_ms=300, tokens_per_s=20),
    )  # fmt: skip
    take_in(window)
    assert "39 % of the attention went to it" in dock.asked.text()
    assert [dock.read.rows.row(n).episode for n in range(2)] == [4, 1]
    assert dock.read.rows.index(0, 2).data() == "0.39"
    assert dock.read.rows.index(1, 2).data() == "–"
    dock.read.selectRow(0)
    qtbot.keyClick(dock.read, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == 4


def test_the_tables_say_the_same_as_the_pictures(opened, qtbot):
    dock = encoding(opened(DAY))
    qtbot.mouseClick(dock.twin_button, Qt.MouseButton.LeftButton)
    told = dock._shown().told
    assert [dock.tokens.rows.row(n) for n in range(3)] == list(zip(told.pieces, told.surprise, strict=True))[:3]
    assert [dock.units.rows.row(n) for n in range(len(told.code))] == told.code
    assert dock.near.rows.index(0, 3).data() == "0.16"
    assert dock.near.isVisible() and not dock.separation.isVisible()


def test_how_it_went_is_read_anew_and_shown_at_once(opened):
    window = opened(DAY)
    dock = encoding(window)
    window.source.give(ev.FeedbackGiven(episode=25, outcome=-1.0, because="it burst", pieces=["Mirembe"], tokens=[1],
                                        surprise=[9.0], code=[5, 7]))  # fmt: skip
    take_in(window)
    assert dock.raster.lit.keys() == {5, 7}


def test_hostile_text_is_shown_as_it_stands(opened, qtbot):
    window = opened([canned.ready(), canned.beat(), canned.episode(1, "<b>bold</b>\u202e\0 <img src=x>")])
    dock = encoding(window)
    assert "<b>bold</b>" in dock.title.text()
    dock.raster.choose(min(dock.raster.lit))
    qtbot.mouseMove(dock.text.viewport(), QPoint(20, 16))
    dock.grab()
