"""Time as the axis of the window: the strip, travelling, recordings. Real keys, events written by hand."""

from __future__ import annotations

import time

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from observatory.protocol import events as ev
from observatory.window.look import Look
from observatory.window.main import MainWindow
from observatory.window.source import Recording
from tests.window import canned, lives

pytestmark = pytest.mark.window
LIFE = lives.life()


class Lived(Recording):
    """A home that is open and goes on: what is given is stored and told at once."""

    def __init__(self, events):
        super().__init__(events)
        self.state = canned.State()
        self.asked_of = []

    def give(self, *events: ev.Event) -> None:
        for event in events:
            if isinstance(event, ev.Record):
                event = msgspec.structs.replace(event, seq=len(self._stored) + 1)
                self._stored.append(event)
            self._events.append(event)

    def tell(self, text, **about):
        self.asked_of.append(text)
        return 500


@pytest.fixture
def on(qtbot):
    """`on(source)` → a shown window that has taken all of it in."""
    made = []

    def open_(source, theme="night") -> MainWindow:
        window = MainWindow(Look(theme), live=False, by="Ada")
        window.ask_leave = lambda text: True
        window.resize(1500, 940)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.attach(source)
        window._timer.stop()
        made.append(window)
        until(window, lambda: not source._events)
        return window

    yield open_
    for window in made:
        window.close()
        window.deleteLater()


def until(window, found) -> None:
    end = time.monotonic() + 20
    window.tick()
    while not found():
        assert time.monotonic() < end, "it never came"
        window.tick()
        QApplication.processEvents()
        time.sleep(0.002)


def arrived(window) -> None:
    until(window, lambda: window.travel.wanted is None)


def press(window, qtbot, key, held=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(window.timebar.strip, key, held)
    arrived(window)


def opening(number: int) -> int:
    return next(e.seq for e in LIFE if isinstance(e, ev.NightOpened) and e.night == number)


# ---------------------------------------------------------------- travelling


def test_page_keys_go_from_night_to_night_and_every_dock_shows_that_moment(on, qtbot):
    window = on(Lived(LIFE))
    window.show_time()
    assert window.story.night.number == 3
    press(window, qtbot, Qt.Key.Key_PageUp)
    press(window, qtbot, Qt.Key.Key_PageUp)
    assert window.travel.seq == opening(2)
    assert window.story.night.number == 2 and window.story.asleep
    assert len(window.episodes.table.rows.rows) == 50
    assert window.episodes.table.rows.rowCount() == 50
    assert window.story.nights[1].committed is not None
    press(window, qtbot, Qt.Key.Key_PageDown)
    assert window.travel.seq == opening(3)
    assert window.episodes.table.rows.rowCount() == 75


def test_the_past_is_the_same_story_as_was_told_up_to_there(on):
    from observatory.window.story import Story

    window = on(Lived(LIFE))
    for seq in (500, 90, 345, 344, 1):
        window.travel.go(seq)
        arrived(window)
        then = Story().take_all(LIFE[:seq])
        assert [e.told for e in window.story.episodes] == [e.told for e in then.episodes]
        assert [(n.number, len(n.steps), len(n.dreams), n.open) for n in window.story.nights.values()] == [
            (n.number, len(n.steps), len(n.dreams), n.open) for n in then.nights.values()
        ]
        assert (window.story.cortex, window.story.mode) == (then.cortex, then.mode)


def test_looking_at_the_past_changes_nothing_of_what_is_kept_for_the_next_look(on):
    window = on(Lived(LIFE))
    window.travel.go(opening(2))
    arrived(window)
    window.story.take_all(LIFE[opening(2) :])
    window.travel.go(opening(2) + 1)
    arrived(window)
    assert max(window.story.nights) == 2
    assert len(window.travel.present.nights) == 3


def test_a_click_in_the_strip_goes_there_and_l_comes_back(on, qtbot):
    window = on(Lived(LIFE))
    strip = window.timebar.strip
    x = strip.x_of(opening(2) + 40)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(x), strip.height() // 2))
    arrived(window)
    assert window.story.night.number == 2
    assert window.timebar.banner.isVisible()
    assert "night 2" in window.timebar.where.whole and "press L for now" in window.timebar.where.whole
    qtbot.keyClick(window, Qt.Key.Key_L)
    assert not window.travel.away
    window.tick()
    assert not window.timebar.banner.isVisible()
    assert window.story.night.number == 3


def test_dragging_shows_moments_on_the_way(on, qtbot):
    window = on(Lived(LIFE))
    strip = window.timebar.strip
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.x_of(opening(1))), 40))
    arrived(window)
    first = window.travel.seq
    qtbot.mouseMove(strip, QPoint(round(strip.x_of(opening(3) + 30)), 40))
    strip._point(strip.x_of(opening(3) + 30))
    arrived(window)
    assert first < opening(2) < window.travel.seq


def test_what_happens_meanwhile_is_all_there_when_one_comes_back(on, qtbot):
    source = Lived(LIFE)
    window = on(source)
    window.travel.go(opening(1))
    arrived(window)
    for number in range(76, 80):
        source.give(canned.episode(number, f"It rained on day {number}."), ev.EpisodeKept(episode=number))
        window.tick()
    assert len(window.story.episodes) == 25
    assert window.timebar.strip.hypnogram.last == len(LIFE) + 8
    qtbot.keyClick(window, Qt.Key.Key_L)
    window.tick()
    assert [e.number for e in window.story.episodes[-4:]] == [76, 77, 78, 79]
    assert all(e.kept for e in window.story.episodes[-4:])
    assert window.episodes.table.rows.rowCount() == 79


def test_nothing_can_be_done_to_the_past_and_it_says_why(on, qtbot):
    source = Lived([*LIFE, canned.ready(canned.START + 200_000)])
    window = on(source)
    assert window.can_tell() and window.can_sleep()
    window.travel.go(opening(2) + 200)
    arrived(window)
    assert not any((window.can_tell(), window.can_sleep(), window.night_runs(), window.proposal_waits()))
    assert not window.talk.tell_button.isEnabled()
    assert window.talk.line.placeholderText() == "You look at the past; L brings you back to now"
    window.talk.line.setText("It rained.")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    assert source.asked_of == []
    window.travel.live()
    window.tick()
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    assert source.asked_of == ["It rained."]


def test_a_warning_is_heard_while_one_looks_at_the_past(on):
    source = Lived(LIFE)
    window = on(source)
    window.travel.go(opening(1))
    arrived(window)
    source.give(ev.Notice(level="warning", title="The disk is nearly full", text="Free some space."))
    window.tick()
    assert [card.notice.title for card in window.notices.cards] == ["The disk is nearly full"]
    assert window.travel.seq == opening(1)


def test_a_proposal_that_was_open_then_does_not_bring_the_review_up(on):
    window = on(Lived(LIFE))
    window.show_episodes()
    proposed = next(e.seq for e in LIFE if isinstance(e, ev.Proposed))
    window.travel.go(proposed)
    arrived(window)
    assert window.story.review.open_proposal is not None
    assert window.focusWidget() is window.episodes.table
    assert not window.proposal_waits()


def test_arrows_stop_at_every_change_of_stage_and_decision(on, qtbot):
    window = on(Lived(LIFE))
    window.show_time()
    press(window, qtbot, Qt.Key.Key_Home)
    assert window.travel.seq == 1
    seen = []
    for _ in range(10):
        press(window, qtbot, Qt.Key.Key_Right)
        seen.append(window.story.night.stage if window.story.night else "awake")
    assert seen[:8] == ["", "rehearse", "exam", "dream", "replay", "weigh", "exam", "gate"]
    assert [d.decision for d in window.story.nights[1].decisions] == ["hold", "approve"]
    press(window, qtbot, Qt.Key.Key_Left)
    assert [d.decision for d in window.story.nights[1].decisions] == ["hold"]


# ---------------------------------------------------------------- the line


def test_hours_without_events_take_little_room_and_are_said(on):
    window = on(Lived(LIFE))
    strip = window.timebar.strip
    strip._lay()
    gaps = strip._axis.gaps
    assert [round(seconds / 3600) for _, _, seconds in gaps] == [8, 8]
    assert all(end - start <= 18.0 for start, end, _ in gaps)
    for seq in (1, 100, 500, len(LIFE)):
        assert abs(strip.seq_at(strip.x_of(seq)) - seq) <= 1


def test_pointing_says_when_it_was_what_it_was_at_and_what_was_decided(on):
    window = on(Lived(LIFE))
    strip = window.timebar.strip
    veto = next(mark for mark in window.travel.hypnogram.marks if mark.kind == "vetoed")
    said = strip.said_at(strip.x_of(veto.seq))
    assert "night 2 vetoed by Ada: too much was lost" in said
    assert "sleep pressure 0.9" in said or "sleep pressure 1.00" in said
    kinds = [mark.kind for mark in window.travel.hypnogram.marks]
    assert kinds == ["held", "approved", "vetoed", "held", "approved", "rolled back"]


def test_the_strip_is_drawn_in_the_hues_of_its_stages(on):
    window = on(Lived(LIFE))
    strip = window.timebar.strip
    replay = next(span for span in window.travel.hypnogram.spans if span.stage == "replay" and span.night == 2)
    picture = strip.grab().toImage()
    x, y = strip.x_of(replay.seq) + 4, strip.top_of("replay") + strip._line() / 2
    ratio = picture.devicePixelRatio()
    assert picture.pixelColor(int(x * ratio), int(y * ratio)) == window.look.stage("replay")


# ---------------------------------------------------------------- recordings


def test_in_a_recording_the_full_stop_and_the_comma_go_one_event_on_and_back(on, qtbot):
    window = on(Recording(LIFE))
    assert window.is_recorded() and not window.can_tell()
    window.travel.go(opening(1))
    arrived(window)
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_Period)
    until(window, lambda: window.travel.seq == opening(1) + 3)
    assert window.story.night.chosen[0].episode == 1
    qtbot.keyClick(window, Qt.Key.Key_Comma)
    arrived(window)
    assert window.travel.seq == opening(1) + 2
    assert len(window.story.night.chosen) == 1


def test_space_plays_a_recording_to_its_end_and_hours_take_a_moment(on, qtbot, monkeypatch):
    window = on(Recording(LIFE))
    clock = [1000.0]
    monkeypatch.setattr(
        "observatory.window.travel.time",
        type("T", (), {"monotonic": staticmethod(lambda: clock[0]), "time": staticmethod(time.time)}),
    )
    for _ in range(2):
        qtbot.keyClick(window, Qt.Key.Key_Plus)
    assert window.travel.speed == 1800
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert window.travel.playing
    arrived(window)
    places = []
    for _ in range(400):
        clock[0] += 0.033
        window.tick()
        QApplication.processEvents()
        time.sleep(0.001)
        places.append(window.travel.place)
        if not window.travel.away:
            break
    assert places == sorted(places) and len(set(places)) > 20
    assert not window.travel.playing and not window.travel.away
    assert window.story.nights[1].rolled_back


def test_space_pauses_a_recording_where_it_is(on, qtbot):
    window = on(Recording(LIFE))
    window.travel.go(100)
    arrived(window)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    until(window, lambda: window.travel.seq > 110)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    here = window.travel.seq
    for _ in range(20):
        window.tick()
        time.sleep(0.002)
    assert window.travel.seq == here
    assert window.timebar.play_button.text() == "Play"


def test_old_notices_of_a_recording_are_not_put_up_again(on):
    warned = ev.Notice(at=canned.START, level="warning", title="The disk is nearly full", text="Free some space.")
    window = on(Recording([*LIFE, warned]))
    assert window.notices.cards == []
    assert window.story.notices[-1].title == "The disk is nearly full"


# ---------------------------------------------------------------- a long life


@pytest.fixture
def long(monkeypatch):
    """A life that counts as long, of which only the last part is told by itself."""
    monkeypatch.setattr("observatory.window.folding.WHOLE", 100)
    source = Lived(LIFE)
    source.state.told_from = opening(3)
    source._events = source._events[opening(3) - 1 :]
    return source


def test_a_long_life_shows_its_last_part_at_once_and_the_rest_when_it_is_read(on, long):
    window = on(long)
    window.story.telling(900, "It is raining.")
    long.give(canned.episode(76, "It rained."), ev.EpisodeKept(episode=76))
    until(window, lambda: window.travel.whole and len(window.story.episodes) > 1)
    assert [e.number for e in window.story.episodes] == list(range(1, 77))
    assert [turn.text for turn in window.story.turns[-2:]] == ["It rained.", "It is raining."]
    assert window.story.nights[1].committed is not None and not window.story.nights[1].steps
    assert len(window.story.nights[3].steps) == 12
    assert window.travel.hypnogram.last == len(LIFE) + 2
    assert [number for _, number in window.travel.hypnogram.nights] == [1, 2, 3]
    assert window.story is not window.travel.present and window.story.episodes is window.travel.present.episodes


def test_going_back_in_a_long_life_tells_that_night_in_full(on, long):
    window = on(long)
    until(window, lambda: window.travel.whole)
    replayed = next(e.seq for e in LIFE if isinstance(e, ev.StageEntered) and e.night == 2 and e.stage == "weigh")
    window.travel.go(replayed)
    arrived(window)
    assert len(window.story.nights[2].steps) == 12
    assert len(window.story.episodes) == 50
    assert not window.story.nights[1].steps


def test_the_strip_is_high_enough_for_its_lowest_level_and_the_marks_under_it(on):
    strip = on(Recording(LIFE)).timebar.strip
    lowest_mark = strip.track().bottom() + strip._line() * (0.55 + 0.36)
    assert strip.height() >= lowest_mark
    assert strip.visibleRegion().boundingRect().height() == strip.height()
