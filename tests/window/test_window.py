"""The window in use: real keys, real buttons, a canned source behind it."""

from __future__ import annotations

import sys
import threading
import time

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLabel

from observatory.protocol import events as ev
from observatory.window import app
from observatory.window.actions import ACTIONS, by_id
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
AWAKE = [*canned.day(), canned.beat()]
NIGHT = [*canned.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(12), canned.beat("asleep")]
GATE = [*canned.at_the_gate(), canned.beat("asleep")]


def asked(window, what: str) -> list[tuple]:
    return [call for call in window.source.asked_of if call[0] == what]


# ---------------------------------------------------------------- talk


def test_enter_tells_and_shift_enter_asks(opened, qtbot):
    window = opened(AWAKE)
    window.show_talk()
    qtbot.keyClicks(window.talk.line, "It rained.")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    qtbot.keyClicks(window.talk.line, "Did it rain?")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert asked(window, "tell")[0][1] == "It rained."
    assert asked(window, "ask") == [("ask", "Did it rain?", "whole")]
    assert window.talk.line.text() == ""


def test_asking_with_the_hippocampus_unplugged_asks_the_cortex_alone(opened, qtbot):
    window = opened(AWAKE)
    qtbot.mouseClick(window.talk.cortex_button, Qt.MouseButton.LeftButton)
    window.talk.line.setText("Did it rain?")
    qtbot.mouseClick(window.talk.ask_button, Qt.MouseButton.LeftButton)
    assert asked(window, "ask") == [("ask", "Did it rain?", "cortex")]
    assert window.actions_["unplug"].isChecked()


def test_streamed_tokens_appear_with_their_surprise_before_the_answer_is_whole(opened):
    window = opened(AWAKE)
    window.story.asking(5, "What rang?", "whole")
    window.source.give(ev.AnswerPiece(question=5, piece="The bell", surprise=9.0))
    take_in(window)
    block = window.talk.conversation.blocks()[-1]
    assert "The bell" in [laid.source for _, laid, _ in block.texts]
    assert sum(laid.bars for _, laid, _ in block.texts) == 1


def test_pressing_a_memory_that_was_read_opens_its_episode(opened, qtbot):
    window = opened([*canned.day(), *canned.talk()])
    view = window.talk.conversation
    place = next(n for n, b in enumerate(view.blocks()) if b.rows)
    rect, episode, _ = view.blocks()[place].rows[0]
    view._go(place)
    y = view._tops[place] + rect.center().y() - view.verticalScrollBar().value()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(int(rect.left()) + 40, int(y)))
    assert window.episodes.table.chosen().number == episode == 6


def test_the_same_memory_opens_from_the_keyboard(opened, qtbot):
    window = opened([*canned.day(), *canned.talk()])
    view = window.talk.conversation
    view.setFocus()
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.episodes.table.chosen().number == 4


def test_a_refused_request_becomes_a_notice_and_the_words_stay_in_the_line(opened, qtbot):
    window = opened(AWAKE)
    window.source.refuse = "The home's disk is full."
    window.talk.line.setText("It rained.")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Return)
    assert window.notices.cards[0].notice.text == "The home's disk is full."
    assert window.talk.line.text() == "It rained."


def test_while_the_mind_wakes_the_talk_says_what_it_waits_for(opened):
    window = opened([ev.MindWaiting(what="reading the model, 13 s the first time", fraction=0.4)])
    assert window.talk.conversation.empty[1] == "The mind is reading the model, 13 s the first time (40 %)."
    assert not window.talk.tell_button.isEnabled()


# ---------------------------------------------------------------- episodes


def test_searching_narrows_to_rows_that_hold_every_word(opened, qtbot):
    window = opened(AWAKE)
    qtbot.keyClicks(window.episodes.search, "key quill")
    qtbot.keyClick(window.episodes.search, Qt.Key.Key_Return)
    assert [window.episodes.table.rows.row(0).number] == [6]
    assert window.episodes.table.rows.rowCount() == 1
    assert window.episodes.count.text() == "1 of 25 episodes"


def test_pressing_a_column_sorts_by_its_value_not_by_its_text(opened, qtbot):
    window = opened(AWAKE)
    header = window.episodes.table.horizontalHeader()
    x = header.sectionPosition(5) + 20
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, header.height() // 2))
    rows = window.episodes.table.rows
    means = [rows.row(place).mean for place in range(rows.rowCount())]
    assert means == sorted(means) or means == sorted(means, reverse=True)


def test_twenty_thousand_episodes_arrive_sort_and_scroll(opened, qtbot):
    like = [canned.episode(n, f"Episode {n} about the harbour.") for n in range(1, 51)]
    many = [msgspec.structs.replace(like[n % 50], episode=n + 1) for n in range(20_000)]
    window = opened(many)
    table = window.episodes.table
    assert table.rows.rowCount() == 20_000
    # Processor time, not the clock: a loaded machine must not fail this, a slow table must.
    started = time.process_time()
    table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    assert time.process_time() - started < 1.0
    started = time.process_time()
    for step in range(20):
        table.verticalScrollBar().setValue(step * 20_000)
        QApplication.processEvents()
    assert (time.process_time() - started) / 20 < 0.05


def test_the_nights_an_episode_was_slept_on_are_shown(opened):
    window = opened(canned.whole_story())
    assert window.episodes.table.rows.index(0, 6).data() == "1"
    assert window.episodes.subheading.text() == "all slept on"


def cells(window, row: int) -> list[str]:
    """What the two columns of strength say of one row."""
    return [window.episodes.table.rows.index(row, column).data() for column in (7, 8)]


def test_strength_in_both_stores_stands_beside_each_episode(opened):
    window = opened(canned.whole_story())
    assert cells(window, 0) == ["–", "–"]
    window.source.give(canned.retained())
    take_in(window)
    assert cells(window, 0) == ["0.64", "0.47"]
    rows = window.episodes.table.rows
    titles = [rows.headerData(column, Qt.Orientation.Horizontal) for column in (7, 8)]
    about = [rows.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) for column in (7, 8)]
    assert titles == ["Hippocampus", "Cortex"]
    assert all("after the last night" in words for words in about)
    assert rows.columns[8].bar(rows.row(0), window.look)[0] == pytest.approx(0.47)


@pytest.mark.parametrize("theme", ["night", "day"])
def test_a_faded_episode_says_so_in_the_table_and_on_its_page(opened, theme):
    window = opened([*canned.whole_story(), canned.retained(1, faded=(4, 9))], theme=theme)
    assert cells(window, 3) == ["faded", "0.58"]
    assert window.episodes.subheading.text() == "all slept on, 2 faded"
    tip = window.episodes.table.rows.index(3, 7).data(Qt.ItemDataRole.ToolTipRole)
    assert ">Faded; the cortex keeps it<" in tip
    window.episodes.go_to(4)
    assert "Faded from the hippocampus after night 1; the cortex keeps it (0.58)" in window.episodes.page._about()
    assert window.episodes.table.rows.columns[7].bar(window.story.by_number[4], window.look) is None


# ---------------------------------------------------------------- night


def test_the_night_dock_shows_stage_progress_curves_and_what_was_replayed(opened):
    window = opened(NIGHT)
    dock = window.night
    assert [dock.strip.state(s) for s in ("dream", "replay", "weigh")] == ["behind", "now", "ahead"]
    assert dock.left.text() == "about 1 min 59 s left"
    assert dock.loss.points == dock.kl.points == 12
    assert dock.replays.rows.rowCount() == 12 * 18


@pytest.mark.parametrize(
    ("button", "wanted"),
    [("pause_button", ("pause",)), ("step_button", ("step", "step")), ("stage_button", ("step", "stage"))],
)
def test_the_nights_buttons_ask_the_source(opened, qtbot, button, wanted):
    window = opened(NIGHT)
    qtbot.mouseClick(getattr(window.night, button), Qt.MouseButton.LeftButton)
    assert window.source.asked_of[-1] == wanted


def test_a_paused_night_is_run_on_by_the_same_key(opened, qtbot):
    window = opened(NIGHT)
    window.source.give(ev.Paused(night=1, step=12, stage="replay"))
    take_in(window)
    assert window.night.pause_button.text() == "Run"
    window.actions_["pause"].trigger()
    assert window.source.asked_of[-1] == ("run",)


def test_sleep_opens_a_night_with_the_first_days_exam_when_that_day_was_lived(opened, qtbot):
    window = opened(AWAKE)
    window.show_night()
    qtbot.mouseClick(window.night.empty_button, Qt.MouseButton.LeftButton)
    exam = asked(window, "sleep")[0][1]
    assert {"direct", "paraphrase", "known"} <= {question.kind for question in exam}


def test_vetoing_a_running_night_asks_for_a_reason_first(opened, qtbot):
    window = opened(NIGHT)
    qtbot.mouseClick(window.night.veto_button, Qt.MouseButton.LeftButton)
    dialog = window.veto_dialog
    assert not dialog.do_button.isEnabled()
    qtbot.keyClicks(dialog.reason, "the loss does not fall")
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    assert asked(window, "veto_night") == [("veto_night", "the loss does not fall", "Ada")]


def test_a_night_cut_short_is_offered_again(opened, qtbot):
    lost = ev.MindLost(exit_code=-9, night=1, last_words="")
    offer = ev.Notice(level="warning", title="A night was cut short", text="Night 1 stopped.", action="resume-night")
    window = opened([*NIGHT[:-1], lost, offer, canned.ready(canned.START + 900)])
    card = window.notices.cards[0]
    assert card.action_button.text() == "Resume the night"
    qtbot.mouseClick(card.action_button, Qt.MouseButton.LeftButton)
    assert window.source.asked_of == [("resume_night",)]
    assert window.notices.cards == []


# ---------------------------------------------------------------- status, notices, errors


def test_the_lock_is_open_only_while_a_night_is_open(opened):
    window = opened([*canned.day(), *canned.talk(), canned.beat()])
    assert window.status.cortex.text() == f"cortex {canned.BASE[:8]} ✓"
    window.source.give(*canned.night_opens())
    take_in(window)
    assert window.status.cortex.text() == f"cortex {canned.BASE[:8]}"
    assert "a night is open" in window.status.lock.toolTip()


def test_a_cortex_that_changed_while_awake_is_called_out(opened):
    moved = ev.CortexChecked(cortex=canned.hash_("moved"), unchanged=False, whole=True)
    window = opened([*AWAKE, moved])
    assert "changed!" in window.status.cortex.text()


def test_a_silent_mind_is_named(opened):
    window = opened(AWAKE)
    window.source.state = canned.State()
    window.source.state.mind_silent_s = 4.2
    window._look_at_state()
    assert window.status.silence.text() == "mind silent for 4 s"


def test_saved_shows_the_time(opened):
    window = opened([*AWAKE, ev.Saved(at=canned.START, through=9)])
    assert window.status.saved.text().strip().startswith("saved ")


def test_an_error_in_a_slot_becomes_a_notice_with_details(opened, monkeypatch, capsys):
    window = opened(AWAKE)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    app._catch(window)
    sys.excepthook(ValueError, ValueError("no such thing"), None)
    card = window.notices.cards[0]
    assert "ValueError: no such thing" in card.notice.text
    card.details_button.click()
    assert card.details.isVisibleTo(card)
    assert "no such thing" in card.details.toPlainText()
    assert "no such thing" in capsys.readouterr().err


def test_an_error_in_a_thread_becomes_a_notice_too(opened, qtbot, monkeypatch, capsys):
    window = opened(AWAKE)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    app._catch(window)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(window.notices.cards), timeout=2000)
    assert "ZeroDivisionError" in window.notices.cards[0].notice.text


# ---------------------------------------------------------------- the window itself


def test_every_action_has_a_tip_a_menu_and_a_shortcut_of_its_own(opened):
    window = opened(AWAKE)
    shortcuts = [key.toString() for action in window.actions_.values() for key in action.shortcuts()]
    assert len(shortcuts) == len(set(shortcuts))
    for action in ACTIONS:
        assert action.tip
        assert window.actions_[action.id] in window.menus[action.menu].actions()
        assert action.when == "always" or callable(getattr(window, action.when))


@pytest.mark.parametrize("id_", [a.id for a in ACTIONS if a.shortcut and a.when == "always" and a.id != "quit"])
def test_every_shortcut_that_is_always_there_can_be_pressed(opened, qtbot, id_):
    window = opened(AWAKE)
    pressed = []
    action = window.actions_[id_]
    (action.toggled if action.isCheckable() else action.triggered).connect(lambda *_: pressed.append(id_))
    combination = QKeySequence(by_id(id_).shortcut)[0]
    qtbot.keyClick(window, combination.key(), combination.keyboardModifiers())
    assert pressed == [id_]
    QApplication.processEvents()


def test_space_in_the_line_is_a_space_even_while_a_night_runs(opened, qtbot):
    window = opened(NIGHT)
    window.show_talk()
    qtbot.keyClicks(window.talk.line, "a b.")
    assert window.talk.line.text() == "a b."
    assert window.source.asked_of == []


def test_the_page_of_keys_names_every_shortcut(opened):
    window = opened(AWAKE)
    window.keys()
    shown = {window.keys_dialog.table.rows.row(n)[1] for n in range(window.keys_dialog.table.rows.rowCount())}
    assert {action.tip for action in ACTIONS if action.shortcut} <= shown
    window.keys_dialog.close()


def test_closing_while_asleep_asks_and_stays_when_told_to(opened):
    window = opened(NIGHT)
    texts = []
    window.ask_leave = lambda text: texts.append(text) or False
    assert not window.close()
    assert not window.source.closed
    assert "can go on" in texts[0]
    window.ask_leave = lambda text: True
    assert window.close()
    assert window.source.closed


def test_the_docks_are_where_they_were_left(opened, tmp_path):
    layout = tmp_path / "window.ini"
    window = opened(AWAKE, layout=layout)
    window.episodes.hide()
    window.night.setFloating(True)
    window.theme_day()
    window.close()
    again = opened(AWAKE, layout=layout)
    assert not again.episodes.isVisible()
    assert again.night.isFloating()
    assert again.look.palette.name == "day"
    again.put_docks_back()
    assert again.episodes.isVisible()
    assert not again.night.isFloating()


def test_the_theme_changes_while_the_window_is_open(opened):
    window = opened(GATE)
    for change, name in ((window.theme_day, "day"), (window.theme_night, "night")):
        change()
        QApplication.processEvents()
        corner = window.talk.grab().toImage().pixelColor(4, 200)
        assert corner.name() == window.look.palette.panel
        assert window.look.palette.name == name


def test_only_docks_in_which_something_is_new_are_drawn_again(opened):
    window = opened(NIGHT)
    drawn = []
    for dock in window.docks:
        dock.refresh = lambda dock=dock: drawn.append(dock.topic)
    window.source.give(canned.progress(13, 40))
    window.tick()
    assert drawn == ["night"]


# ---------------------------------------------------------------- hostile texts

HOSTILE = [
    "<b>bold</b><img src=x onerror=1>",
    "nul\0inside",
    "\u202eevil\u202c שלום עולם",
    "x" * 10_000,
    "&amp;\n\n\t🐝" * 40,
]


def test_hostile_text_is_shown_as_it_is_everywhere(opened):
    events = [canned.ready(), canned.beat()]
    for number, text in enumerate(HOSTILE, start=1):
        short = text[:100]
        about = {"speaker": short, "session": short, "goal": text, "because": text, "outcome": -1.0}
        events.append(canned.episode(number, text, **about))
        read = ev.Read(episode=number, match=1, mass=1, weight=1)
        events.append(ev.Answered(question=number, prompt=text, answer=text, memory="whole", pieces=canned.pieces(text),
                                  surprise=canned.bits(text), reads=[read], wall_ms=1, tokens_per_s=1))  # fmt: skip
        events.append(ev.Notice(level="error", title=text, text=text, detail=text, remedy=text))
    window = opened(events)
    for number in range(1, len(HOSTILE) + 1):
        window.open_episode(number)
        QApplication.processEvents()
    assert "<b>bold</b>" in window.episodes.table.rows.index(0, 3).data()
    assert "&lt;b&gt;" in window.episodes.table.rows.index(0, 3).data(Qt.ItemDataRole.ToolTipRole)
    assert any("<b>bold</b>" in laid.source for b in window.talk.conversation.blocks() for _, laid, _ in b.texts)
    for shown in window.findChildren(QLabel):
        assert shown.textFormat() == Qt.TextFormat.PlainText or not shown.text()
    window.grab()
