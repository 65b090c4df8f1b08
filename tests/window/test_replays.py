"""The replay dock in use: lanes, ticks, thinning, one replay in full, its table. Canned events, real keys."""

from __future__ import annotations

import time

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from observatory.bench import frames
from observatory.protocol import events as ev
from observatory.window.lanes import DREAMS, MARKS, Grown, Lane, Lanes
from observatory.window.look import Look
from observatory.window.replaypage import ReplayPage, Shown, shown, tokens
from observatory.window.story import Story
from observatory.window.ticks import stamps
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
BEFORE = [*canned.day(), *canned.night_opens(), *canned.dreams(), canned.beat("asleep")]
HALFWAY = [*BEFORE[:-1], *canned.steps(22), canned.beat("asleep")]


def lanes(events=HALFWAY) -> Lanes:
    made = Lanes(Story().take_all(events).night)
    made.follow()
    return made


def replays(window):
    window.show_replays()
    return window.replays


def one_lane(steps, mark="fear") -> Lane:
    lane = Lane(1)
    for at, step in enumerate(steps):
        lane.add(step, mark, at)
    return lane


# ---------------------------------------------------------------- lanes, without a window


def test_every_replay_is_in_exactly_one_lane_and_dreams_and_old_material_are_at_the_bottom():
    made = lanes()
    kept = sorted(int(at) for lane in made.shown for at in lane.whose.values if at >= 0)
    assert kept == list(range(22 * 18))
    keys = [lane.key for lane in made.shown]
    assert keys[:25] == list(range(1, 26))
    assert keys[25:] == [DREAMS, "Old: chat", "Old: plain text", "Old: questions"]
    assert all(made.night.replays[at].item.kind == "dream" for at in made.by_key[DREAMS].whose.values)


def test_taking_in_a_night_in_parts_gives_the_same_lanes_as_taking_it_in_at_once():
    story = Story().take_all(BEFORE)
    parts = Lanes(story.night)
    for event in canned.steps(22):
        story.take(event)
        parts.follow()
    whole = lanes()
    assert [lane.key for lane in parts.shown] == [lane.key for lane in whole.shown]
    for one, other in zip(parts.shown, whole.shown, strict=True):
        assert one.steps.values.tolist() == other.steps.values.tolist() == sorted(one.steps.values.tolist())
        assert one.marks.values.tolist() == other.marks.values.tolist()


def test_ticks_of_one_step_lie_side_by_side_and_a_probe_behind_its_step():
    dreams = lanes().by_key[DREAMS].steps.values
    first = dreams[(dreams > 0.5) & (dreams < 1.5)]
    assert len(first) == 4 == len(set(first.tolist()))
    lane = lanes().by_key[1]
    probes = lane.steps.values[lane.marks.values >= MARKS.index("recalled")]
    assert probes.tolist() == [5.5, 10.5, 15.5, 20.5]


def test_lanes_are_ordered_by_replays_by_priority_and_by_what_was_missed():
    made = lanes()
    made.sort("replays")
    counts = [lane.replays for lane in made.shown[:25]]
    assert counts == sorted(counts, reverse=True)
    made.sort("value")
    priority = {c.episode: c.priority for c in made.night.chosen}
    assert [lane.key for lane in made.shown[:25]] == sorted(priority, key=lambda n: (-priority[n], n))
    made.sort("missed")
    worst = [lane.worst for lane in made.shown[:25]]
    assert worst == sorted(worst, reverse=True)
    assert made.shown[25].key == DREAMS


def test_where_there_is_room_nothing_is_thinned_and_where_there_is_none_every_tick_is_counted():
    made, lane = lanes(), one_lane(range(1, 101))
    wide = made.thinned(lane, 0, 101, 1000)
    assert (wide.most, len(wide.at)) == (1, 100)
    assert wide.at.tolist() == list(range(1, 101))
    tight = made.thinned(lane, 0, 100, 10)
    assert len(tight.at) == 10
    assert tight.counts.sum() == 100
    assert tight.most == 11
    part = made.thinned(lane, 40.5, 60.5, 1000)
    assert part.at.tolist() == list(range(41, 61))
    assert len(made.thinned(lane, 200, 300, 10).at) == 0


def test_a_thinned_mark_is_the_commonest_of_what_it_stands_for_and_probes_stay_apart():
    lane = Lane(1)
    for at, mark in enumerate(("fear", "focus", "focus", "missed")):
        lane.add(1 + at / 10, mark, at)
    drawn = lanes().thinned(lane, 0, 10, 2)
    found = {MARKS[mark]: count for mark, count in zip(drawn.marks, drawn.counts, strict=True)}
    assert found == {"focus": 3, "missed": 1}


def test_arrays_grow_by_doubling():
    grown, rooms = Grown(int), set()
    for n in range(1000):
        grown.add(n)
        rooms.add(len(grown._room))
    assert grown.values.tolist() == list(range(1000))
    assert len(rooms) <= 8


def test_what_an_older_recording_does_not_say_is_not_made_up():
    item = ev.ReplayItem(kind="episode", episode=1, item=0, cue="?", loss=1.0, worst=2.0)
    step = msgspec.structs.replace(canned.replay_step(1, 40), items=[item])
    made = lanes([*BEFORE, step])
    assert MARKS[made.by_key[1].marks.values[0]] == "unsaid"


def test_every_mark_has_a_shape_of_its_own(qapp):
    for theme in ("night", "day"):
        pictures = [picture.toImage() for picture in stamps(24, 1.0, Look(theme))]
        outlines = []
        for image in pictures:
            outlines.append(tuple(image.pixelColor(x, y).alpha() > 128 for x in range(26) for y in range(26)))
        pairs = [(a, b) for n, a in enumerate(outlines) for b in outlines[n + 1 :]]
        filled = [a for a in pairs if sum(x != y for x, y in zip(*a, strict=True)) < 12]
        # Only hollow and full of one shape share an outline: chance with curiosity, missed with recalled.
        assert len(filled) <= 2


# ---------------------------------------------------------------- keys and pointer


def test_an_empty_dock_says_what_will_stand_there(opened):
    dock = replays(opened([*canned.day(), canned.beat()]))
    assert dock.pages.currentIndex() == 0
    assert dock.empty.title.text() == "No replays yet"
    assert "Ctrl+L" in dock.empty.text.text()


def test_arrows_walk_from_tick_to_tick_and_from_lane_to_lane(opened, qtbot):
    window = opened(HALFWAY)
    dock = replays(window)
    view = dock.view
    assert window.focusWidget() is view
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.chosen == (1, 0)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.chosen == (1, 1)
    step = dock.lanes.by_key[1].steps.values[1]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    key, tick = view.chosen
    assert key == 2
    far = abs(dock.lanes.by_key[2].steps.values - step)
    assert far[tick] == far.min(), "the nearest in time"
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.chosen[1] == len(dock.lanes.by_key[2]) - 1
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    assert view.chosen[0] == "Old: questions"
    assert view.place_of_chosen().y() < view.viewport().height(), "it came into sight"


def test_the_chosen_tick_is_told_in_words_with_its_drive_and_its_episode(opened, qtbot):
    dock = replays(opened(HALFWAY))
    dock.view.choose(4, 0)
    replayed = dock.lanes.replayed(*dock.chosen)
    assert replayed.item.drive in dock.detail.whole
    assert "Bartholomew" in dock.detail.whole
    assert f"loss {replayed.item.loss:.2f}" in dock.reason.whole
    assert "its withheld cue was still missed" in dock.reason.whole
    assert dock.view.accessibleDescription() == dock.detail.whole


def test_enter_opens_the_replay_and_enter_again_closes_it(opened, qtbot):
    window = opened(HALFWAY)
    dock = replays(window)
    qtbot.keyClick(dock.view, Qt.Key.Key_Right)
    qtbot.keyClick(dock.view, Qt.Key.Key_Return)
    assert dock.page.isVisible()
    assert dock.page.shown.cue == dock.lanes.replayed(*dock.chosen).item.cue
    qtbot.keyClick(dock.view, Qt.Key.Key_Return)
    assert not dock.page.isVisible()


def test_an_open_page_follows_the_arrow_keys(opened, qtbot):
    dock = replays(opened(HALFWAY))
    qtbot.keyClick(dock.view, Qt.Key.Key_Right)
    qtbot.keyClick(dock.view, Qt.Key.Key_Return)
    qtbot.keyClick(dock.view, Qt.Key.Key_Down)
    assert dock.page.shown.cue == dock.lanes.replayed(*dock.chosen).item.cue


def test_w_goes_to_a_watched_replay_and_shows_student_and_teacher_over_every_token(opened, qtbot):
    dock = replays(opened(HALFWAY))
    qtbot.keyClick(dock.view, Qt.Key.Key_W)
    item = dock.lanes.replayed(*dock.chosen).item
    assert item.watched is not None and dock.page.isVisible()
    assert [token.text for token in dock.page.tokens] == [item.watched.pieces[p] for p in item.watched.places]
    assert f"{item.watched.loss_after:.2f} after it" in dock.reason.whole
    first = dock.view.chosen
    qtbot.keyClick(dock.view, Qt.Key.Key_W)
    assert dock.view.chosen != first
    assert dock.page.isVisible(), "it stays open"
    assert dock.lanes.replayed(*dock.chosen).item.watched is not None


def test_a_replay_that_was_not_watched_says_so_and_how_it_went_the_next_time(opened, qtbot):
    dock = replays(opened(HALFWAY))
    lane = dock.lanes.by_key[2]
    tick = next(t for t in range(len(lane)) if t not in lane.watched.values and lane.whose.values[t] >= 0)
    dock.view.choose(2, tick)
    qtbot.keyClick(dock.view, Qt.Key.Key_Return)
    assert "not watched" in dock.page.shown.note
    assert dock.page.shown.told.episode == 2
    assert "when it came next, in step" in dock.reason.whole


def test_a_probe_is_told_as_one(opened):
    dock = replays(opened(HALFWAY))
    lane = dock.lanes.by_key[25]
    tick = next(t for t in range(len(lane)) if lane.whose.values[t] < 0)
    dock.view.choose(25, tick)
    assert "Probe after step 5" in dock.detail.whole and "missed it" in dock.detail.whole
    dock._open()
    assert dock.page.shown.told.episode == 25


def test_the_pointer_opens_the_tick_that_it_means_and_nothing_where_there_is_none(opened, qtbot):
    dock = replays(opened(HALFWAY))
    view = dock.view
    view.choose(3, 4)
    at = view.place_of_chosen().toPoint()
    view.choose(1, 0)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert view.chosen == (3, 4)
    assert dock.page.isVisible()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert view.chosen == (3, 4)


def test_plus_looks_nearer_at_the_chosen_tick_and_minus_farther(opened, qtbot):
    dock = replays(opened(HALFWAY))
    view = dock.view
    view.choose(1, 9)
    step = dock.lanes.by_key[1].steps.values[9]
    whole = view.span()
    qtbot.keyClicks(view, "+++")
    first, last = view.span()
    assert last - first < whole[1] - whole[0]
    assert first <= step <= last
    qtbot.keyClicks(view, "-----")
    assert view.span() == pytest.approx(whole)


def test_e_opens_the_episode_of_the_chosen_tick(opened, qtbot):
    window = opened(HALFWAY)
    dock = replays(window)
    dock.view.choose(7, 0)
    qtbot.keyClick(dock.view, Qt.Key.Key_E)
    assert window.episodes.table.chosen().number == 7


def test_another_order_keeps_the_chosen_tick_and_brings_it_into_sight(opened, qtbot):
    dock = replays(opened(HALFWAY))
    dock.view.choose(24, 2)
    qtbot.mouseClick(dock.chips["replays"], Qt.MouseButton.LeftButton)
    assert dock.view.chosen == (24, 2)
    assert 0 <= dock.view.place_of_chosen().y() <= dock.view.viewport().height()


# ---------------------------------------------------------------- the stream


def test_new_steps_become_ticks_and_what_is_chosen_stays(opened):
    window = opened(HALFWAY)
    dock = replays(window)
    dock.view.choose(5, 3)
    window.source.give(canned.replay_step(23, 40))
    take_in(window)
    assert sum(lane.replays for lane in dock.lanes.shown) == 23 * 18
    assert dock.view.chosen == (5, 3)
    assert dock.lanes.kinds["curiosity"] == sum(r.item.drive == "curiosity" for r in dock.lanes.night.replays)


def test_another_night_begins_with_empty_lanes(opened):
    window = opened(HALFWAY)
    dock = replays(window)
    dock.view.choose(5, 3)
    window.source.give(*canned.night_opens(number=2), canned.replay_step(1, 40, number=2))
    take_in(window)
    assert dock.lanes.night.number == 2
    assert dock.view.chosen is None
    assert sum(lane.replays for lane in dock.lanes.shown) == 18


def test_thinning_is_said_and_in_the_colour_of_a_warning_where_it_is_much(opened):
    window = opened(HALFWAY)
    dock = replays(window)
    dock.view.grab()
    assert dock.view.said_thinning() == "every replay"
    item = canned.replay_step(1, 40).items[0]
    window.source.give(*(
        msgspec.structs.replace(canned.replay_step(step, 4000), items=[item] * 3) for step in range(23, 900)
    ))  # fmt: skip
    take_in(window)
    dock.view.grab()
    assert dock.view.thinning > 8
    assert dock.view.said_thinning().startswith(f"{dock.view.thinning}x")
    before = dock.view.thinning
    dock.view.choose(item.episode, 500)
    for _ in range(20):
        dock.view.zoom_by(1.5)
    dock.view.grab()
    assert dock.view.thinning < before, "nearer, less is left out"


def test_a_hundred_thousand_replays_are_drawn_in_the_time_of_a_few_frames(opened):
    source = frames.Flood()
    source.ahead(100_000)
    window = opened(source.drain())
    dock = replays(window)
    assert sum(lane.replays for lane in dock.lanes.shown) >= 100_000
    started = time.perf_counter()
    for _ in range(10):
        dock.view.again()
        dock.view.viewport().repaint()
    assert (time.perf_counter() - started) / 10 < 0.5, "a picture, not a tick, is what costs"
    marks = sum(len(dock.view._thinned(dock.lanes.shown[row]).at) for row in dock.view._in_sight())
    assert marks < 5_000


# ---------------------------------------------------------------- one replay in full, and tables


def test_bars_are_as_high_as_the_chances_that_they_stand_for(qapp):
    look = Look("night")
    page = ReplayPage(look)
    page.resize(500, 240)
    watched = ev.Watched(pieces=["Say", " bees", "\n"], places=[1, 2], before=[0.1, 0.5], after=[0.6, 0.5],
                         teacher=[0.95, 0.5], before_says=[" the", "\n"], after_says=[" a", "\n"],
                         teacher_says=[" bees", "\n"], loss_after=0.4, took_ms=30.0)  # fmt: skip
    page.show_replay(Shown("Say", watched))
    first, second = tokens(watched)
    assert (first.other, second.other) == (" a", "")
    rect = page._cells[0][0]
    image = page.viewport().grab().toImage()
    column = int(rect.left() + 9 + 3)
    lit = [
        y for y in range(int(rect.top()), int(rect.top() + 44)) if image.pixelColor(column, y) == look.stage("replay")
    ]
    assert len(lit) == pytest.approx(0.6 * 40, abs=2)
    assert "95.0 %" in page.accessibleDescription()


@pytest.mark.parametrize(("piece", "seen"), [(" bees", "bees"), ("\n", "␣"), ("", "·"), ("  ", "␣"), ("<b>", "<b>")])
def test_every_token_can_be_seen(piece, seen):
    assert shown(piece) == seen


def test_the_table_has_every_replay_and_choosing_a_row_chooses_its_tick(opened, qtbot):
    window = opened(HALFWAY)
    dock = replays(window)
    dock.view.choose(4, 0)
    replayed = dock.lanes.replayed(*dock.chosen)
    qtbot.mouseClick(dock.twin_button, Qt.MouseButton.LeftButton)
    assert dock.table.rows.rowCount() == 22 * 18
    assert dock.table.chosen() is replayed, "the tick that was chosen is the row that is"
    dock.table.setFocus()
    qtbot.keyClick(dock.table, Qt.Key.Key_Down)
    assert dock.lanes.replayed(*dock.chosen) is dock.table.chosen()
    qtbot.keyClick(dock.table, Qt.Key.Key_Return)
    assert dock.pages_of_one.isVisible()
    QApplication.processEvents()


def test_the_frame_benchmark_walks_through_recorded_replays(qapp):
    report = frames.among_replays(2_000, seconds=1.0)
    assert report["frames"] >= 1
    assert report["replays_at_first"] == 2_000
    assert report["steps_shown"] >= 2_000 // 18
    assert 0 < report["frame_ms"]["p50"] <= report["frame_ms"]["p95"]
