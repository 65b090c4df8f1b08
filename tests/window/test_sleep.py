"""What the window shows of a night's sleep: dreams, weighing, and who rests. Canned events, real keys."""

from __future__ import annotations

import time

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from observatory.protocol import events as ev
from observatory.window import theme
from observatory.window.effort import efforts, recalled, resting
from observatory.window.pictures import render
from observatory.window.story import Story
from observatory.window.weighed import said, search
from tests.window import canned
from tests.window.conftest import take_in
from tests.window.test_pictures import colours

pytestmark = pytest.mark.window
DREAMED = [*canned.day(), *canned.night_opens(), *canned.dreams(), canned.beat("asleep")]
HALFWAY = [*DREAMED[:-1], *canned.steps(22), canned.beat("asleep")]
WEIGHED = [*HALFWAY[:-1], *canned.weighed(), canned.beat("asleep")]


def shown(table) -> list:
    return [table.rows.row(place) for place in range(table.rows.rowCount())]


# ---------------------------------------------------------------- the story


def test_an_episode_rests_when_the_last_probe_brought_it_back_and_resists_when_not():
    night = Story().take_all(HALFWAY).night
    found = {one.episode: one for one in efforts(night)}
    assert resting(night) == (14, 25)
    assert (found[1].state, found[1].since) == ("rests", 5)
    assert (found[14].state, found[14].since) == ("rests", 20)
    assert (found[25].state, found[25].since) == ("resists", 0)
    assert [one.state for one in efforts(night)] == ["resists"] * 11 + ["rests"] * 14
    resisting = [one.priority for one in efforts(night)[:11]]
    assert resisting == sorted(resisting, reverse=True)


def test_an_episode_that_is_lost_again_no_longer_rests():
    story = Story().take_all(HALFWAY)
    again = ev.ProbedEpisode(episode=1, worst=5.0, recalled=False, need=0.9, gain=2.0)
    story.take(ev.Probed(night=1, step=23, episodes=[again]))
    assert {one.episode: one.state for one in efforts(story.night)}[1] == "resists"
    assert recalled(story.night) == ([5, 10, 15, 20, 23], [5, 8, 11, 14, 13], 25)


def test_each_episode_says_how_often_it_was_replayed_and_why_it_was_drawn():
    night = Story().take_all(HALFWAY).night
    rows = [r for r in night.replays if r.item.episode == 3]
    found = next(one for one in efforts(night) if one.episode == 3)
    assert found.drawn == len(rows) > 0
    assert found.because == rows[-1].item.because


def test_a_night_resumed_from_a_checkpoint_keeps_its_probes_up_to_that_step():
    story = Story().take_all(HALFWAY)
    opened = next(e for e in HALFWAY if isinstance(e, ev.NightOpened))
    story.take(msgspec.structs.replace(opened, resumed_from_step=12))
    assert [probe.step for probe in story.night.probes] == [5, 10]
    assert story.night.drawn.total() == sum(r.item.episode is not None for r in story.night.replays)
    assert len(story.night.dreams) == 25


def test_both_searches_are_ordered_by_what_was_tried_and_say_what_was_chosen():
    weighed = canned.weighed()
    scale, rank = search(weighed, "scale"), search(weighed, "rank")
    assert scale.x == sorted(scale.x)
    assert (scale.chosen.scale, rank.chosen.kept) == (0.9, 12)
    assert "Scale 0.90" in said(weighed)
    assert "12 of 32 directions are kept, described in 492 kbit, where 32 would cost 1.3 Mbit" in said(weighed)
    assert search(canned.weighed(rank=False), "rank") is None


# ---------------------------------------------------------------- dreams


def test_every_dream_stands_in_the_table_with_its_scores_and_its_reason(opened):
    window = opened(DREAMED)
    window.show_dreams()
    table = window.dreams.table
    assert table.rows.rowCount() == 25
    assert window.dreams.subheading.text() == "17 of 25 dreams kept"
    first = [table.rows.index(0, place).data() for place in range(7)]
    assert first[0] == "◆ best"
    assert "Zelda" in first[1]
    assert first[4:6] == ["3.0 → 0.4", "+2.6"]
    assert first[6] == "one of the best of its episode"
    assert {table.rows.index(n, 0).data() for n in range(25)} == {"◆ best", "● by chance", "× dropped"}


def test_letters_filter_the_kept_the_dropped_and_all_again(opened, qtbot):
    window = opened(DREAMED)
    qtbot.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    dock = window.dreams
    assert window.focusWidget() is dock.table
    for key, wanted, count in ((Qt.Key.Key_K, "kept", 17), (Qt.Key.Key_D, "dropped", 8), (Qt.Key.Key_A, "all", 25)):
        qtbot.keyClick(window.focusWidget(), key)
        assert dock.table.rows.rowCount() == count
        assert dock.chips[wanted].isChecked()
        assert {d.kept for d in shown(dock.table)} == {"kept": {True}, "dropped": {False}}.get(wanted, {True, False})


def test_the_chosen_dream_stays_chosen_through_a_filter_that_shows_it(opened, qtbot):
    window = opened(DREAMED)
    window.show_dreams()
    dock = window.dreams
    for _ in range(3):
        qtbot.keyClick(dock.table, Qt.Key.Key_Down)
    chosen = dock.table.chosen()
    qtbot.keyClick(dock.table, Qt.Key.Key_K)
    assert dock.table.chosen() is chosen
    assert dock.detail.text().startswith(chosen.prompt)
    qtbot.keyClick(dock.table, Qt.Key.Key_D)
    assert dock.table.chosen() is None
    assert not dock.page.isVisible()


def test_walking_through_the_dreams_marks_their_episodes_and_enter_opens_one(opened, qtbot):
    window = opened(DREAMED)
    window.show_dreams()
    qtbot.keyClick(window.dreams.table, Qt.Key.Key_Down)
    assert window.episodes.table.chosen().number == window.dreams.table.chosen().episode == 2
    window.episodes.search.setText("quill")
    window.episodes._filter()
    qtbot.keyClick(window.dreams.table, Qt.Key.Key_Down)
    assert window.episodes.search.text() == "quill", "a search is not thrown away by walking past"
    qtbot.keyClick(window.dreams.table, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == 3


def test_a_dream_is_copied_with_everything_that_is_known_of_it(opened, qtbot):
    window = opened(DREAMED)
    window.show_dreams()
    qtbot.keyClick(window.dreams.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().split("\t")
    assert copied[0] == "◆ best"
    assert copied[-1] == "one of the best of its episode"


def test_in_talk_mode_the_question_has_room_and_answer_and_reason_stand_under_the_table(opened):
    window = opened(DREAMED)
    window.show_dreams()
    seated = window.dreams.table.columnWidth(2)
    window.talk_mode(True)
    QApplication.processEvents()
    dock = window.dreams
    assert dock.table.columnWidth(2) > seated
    assert dock.table.chosen().answer in dock.detail.text()
    assert dock.table.chosen().why in dock.reason.text()
    window.talk_mode(False)
    assert not dock.table.isColumnHidden(6)


def test_sorting_by_gain_goes_by_the_figure(opened):
    window = opened(DREAMED)
    window.show_dreams()
    window.dreams.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    gains = [d.gain for d in shown(window.dreams.table)]
    assert gains == sorted(gains, reverse=True)


def test_dreams_of_an_older_night_have_no_bits_and_say_only_that_they_were_kept(opened):
    old = [
        ev.DreamMade(night=1, dream=n, episode=n, prompt="What?", target="", kept=n == 1, support=0.5, why="")
        for n in (1, 2)
    ]
    window = opened([*canned.day(), *canned.night_opens(), *old])
    window.show_dreams()
    rows = window.dreams.table.rows
    assert [rows.index(0, place).data() for place in (0, 3, 4, 5, 6)] == ["◆ kept", "–", "–", "–", "–"]
    assert rows.index(1, 0).data() == "× dropped"


def test_before_any_dream_the_dock_says_what_will_be_there(opened):
    window = opened([*canned.day(), canned.beat()])
    window.show_dreams()
    assert window.dreams.pages.currentWidget() is window.dreams.empty
    assert window.dreams.empty.title.text() == "No dreams yet"
    assert "Ctrl+L" in window.dreams.empty.text.text()
    window.source.give(*canned.night_opens())
    take_in(window)
    assert window.dreams.empty.title.text() == "Night 1 has not dreamed yet"


@pytest.mark.parametrize("sorted_", [False, True], ids=["in order", "sorted"])
def test_two_hundred_dreams_in_a_burst_cost_less_than_a_frame(opened, sorted_):
    window = opened([*canned.day(), *canned.night_opens()])
    window.show_dreams()
    if sorted_:
        window.dreams.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    window.source.give(*(canned.dream(n, canned.TOLD[n % 25]) for n in range(20)))
    take_in(window)
    QApplication.processEvents()
    # Processor time, not the clock, and the middle one of five bursts: a loaded machine must not fail this, a slow
    # table must.
    took = []
    for burst in range(5):
        start = 20 + 200 * burst
        window.source.give(*(canned.dream(n, canned.TOLD[n % 25]) for n in range(start, start + 200)))
        started = time.process_time()
        window.tick()
        QApplication.processEvents()
        took.append(time.process_time() - started)
        assert window.dreams.table.rows.rowCount() == start + 200
    assert sorted(took)[2] < 0.05, took


# ---------------------------------------------------------------- weighing


def test_both_searches_are_drawn_with_the_chosen_point_named(opened):
    window = opened(WEIGHED)
    window.show_weighing()
    scale, rank = window.weighing.searches["scale"], window.weighing.searches["rank"]
    assert scale.isVisible()
    assert rank.isVisible()
    assert scale.losses.marked == (0.9, "chosen: scale 0.90")
    assert rank.losses.marked == (12.0, "chosen: 12 of 32")
    assert rank.third.marked == (12.0, "492 kbit")
    assert [line.name for line in scale.losses._drawn[1]] == ["objective", "recall loss"]
    assert list(scale.old._drawn[1][0].values) == [0.02, 0.024, 0.033, 0.041, 0.052]


@pytest.mark.parametrize("kind", ["scale", "rank"])
def test_a_night_with_one_search_shows_that_one(opened, kind):
    window = opened([*HALFWAY, *(w for w in canned.weighed() if w.search == kind)])
    window.show_weighing()
    visible = {name for name, one in window.weighing.searches.items() if one.isVisible()}
    assert visible == {kind}
    assert window.weighing.searches[kind].losses.marked is not None


def test_the_table_beside_the_curves_holds_the_same_tries(opened, qtbot):
    window = opened(WEIGHED)
    qtbot.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is window.weighing.twin_button
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    table = window.weighing.table
    assert table.isVisible()
    assert window.source.asked_of == [], "Space pressed the button, it did not pause the night"
    assert table.rows.rowCount() == 11
    chosen = [table.rows.index(n, 1).data() for n in range(11) if table.rows.index(n, 0).data()]
    assert chosen == ["scale 0.90", "12 of 32 directions"]


def test_before_the_weighing_the_dock_says_what_will_be_there(opened):
    window = opened(HALFWAY)
    window.show_weighing()
    assert window.weighing.empty.title.text() == "Night 1 has not weighed yet"


# ---------------------------------------------------------------- effort


def test_the_night_shows_who_rests_who_resists_and_how_many_are_recalled(opened):
    window = opened(HALFWAY)
    window.show_night()
    window.night.tabs.setCurrentIndex(1)
    assert window.night.tabs.tabText(1) == "Effort  14 of 25 rest"
    assert window.night.recalled.isVisible()
    assert window.night.recalled.points == 4
    rows = window.night.effort.table.rows
    assert rows.index(0, 0).data() == "▲ resists"
    assert rows.index(0, 2).data() == "0.90 × 2.67"
    assert rows.index(0, 3).data() == "2.40"
    assert {rows.index(n, 0).data() for n in range(11, 25)} == {"● recalled"}
    assert any("since step 20" in rows.index(n, 0).data(Qt.ItemDataRole.ToolTipRole) for n in range(11, 25))
    assert rows.index(0, 6).data() == "its withheld cue was still missed"


def test_a_night_that_asked_for_nothing_in_its_middle_says_so_and_draws_no_staircase(opened):
    window = opened([e for e in HALFWAY if not isinstance(e, ev.Probed)])
    window.show_night()
    window.night.tabs.setCurrentIndex(1)
    assert not window.night.recalled.isVisible()
    assert window.night.effort.currentWidget() is window.night.effort.empty
    assert window.night.tabs.tabText(1) == "Effort"


def test_enter_on_an_effort_opens_its_episode(opened, qtbot):
    window = opened(HALFWAY)
    window.night.tabs.setCurrentIndex(1)
    window.show_night()
    table = window.night.effort.table
    table.selectRow(2)
    wanted = table.chosen().episode
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == wanted


# ---------------------------------------------------------------- pictures


@pytest.mark.pictures
@pytest.mark.parametrize(("name", "scale"), [("light", 1), ("dark", 2)])
def test_dreams_and_weighing_are_painted_in_the_hues_of_their_theme(qapp, tmp_path, name, scale):
    render(canned.at_the_gate(), tmp_path, name, scale)
    palette = theme.PALETTES["day" if name == "light" else "night"]
    dreams, weighing = (QImage(str(tmp_path / f"{which}.png")) for which in ("dreams", "weighing"))
    assert {palette.kinds["dream"], palette.kinds["episode"], palette.panel} <= colours(dreams, 1)
    needed = {palette.stages[stage] for stage in ("weigh", "replay", "dream", "gate")} | {palette.text}
    assert needed <= colours(weighing, 1)


def test_putting_the_docks_back_leaves_the_window_as_large_as_it_was(opened):
    window = opened([*canned.at_the_gate(), canned.beat("asleep")], size=(1500, 940))
    window.put_docks_back()
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1500, 940)
    elsewhere = {window.talk, window.night, window.episodes, window.breakpoints, window.log_dock}
    beside = {dock for dock in window.docks if dock not in elsewhere and dock.isVisible()}
    assert window.review in beside and window.exam in beside
    assert set(window.tabifiedDockWidgets(window.night)) >= beside
