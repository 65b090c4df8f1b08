"""What helps people: log, reports, welcome, tour, what is dropped, layouts, undo, and figures."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from observatory.host import homes
from observatory.protocol import events as ev
from observatory.protocol.drives import PRESETS
from observatory.window import figures, loglines
from observatory.window.undo import MOST, Acts
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
AWAKE = [*canned.day(), canned.beat()]
NIGHT = [*canned.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(12), canned.beat("asleep")]
CONTROL = Qt.KeyboardModifier.ControlModifier
SECRET = "Zelda Marchetti"


# ---------------------------------------------------------------- log and reports


def test_the_log_tells_what_happened_newest_first_and_is_filtered_by_words(opened, qtbot):
    window = opened([*canned.whole_story(), ev.Notice(level="warning", title="The disk is nearly full", text="2 GB.")])
    window.show_log()
    rows = window.log_dock.table.rows
    assert rows.row(0).what == "The disk is nearly full"
    assert {"Night 1 opened", "Decided: approve", "Night 1 committed", "Stage Replay"} <= {
        rows.row(n).what for n in range(rows.rowCount())
    }
    qtbot.keyClicks(window.log_dock.filter, "approve little")
    assert [rows.row(n).said for n in range(rows.rowCount())] == ["Ada: little was lost"]
    window.log_dock.filter.clear()
    qtbot.mouseClick(window.log_dock.grave, Qt.MouseButton.LeftButton)
    assert [rows.row(n).level for n in range(rows.rowCount())] == ["warning"]
    qtbot.mouseClick(window.log_dock.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().endswith("warning  The disk is nearly full  2 GB.")


def test_a_log_of_a_long_life_keeps_its_newest_lines_and_the_dock_follows(opened, monkeypatch):
    monkeypatch.setattr(loglines, "MOST", 40)
    window = opened(AWAKE)
    many = [ev.Notice(level="info", title=f"Notice {n}", text="") for n in range(100)]
    for notice in many:
        window.log.take([notice])
    window.show_log()
    assert len(window.log.lines) <= 40
    assert window.log_dock.table.rows.row(0).what == "Notice 99"


def test_the_report_of_about_is_copied_with_versions_and_without_what_was_said(opened, qtbot):
    window = opened([*canned.whole_story(), canned.beat()])
    window.about()
    dialog = window.about_dialog
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    report = QGuiApplication.clipboard().text()
    assert "SmolLM2-135M-Instruct" in report and "PySide6-Essentials 6" in report and "Night 1 committed" in report
    assert SECRET in window.story.episodes[0].told.text and SECRET not in report
    dialog.close()


def test_an_uncaught_error_offers_a_report_that_can_be_saved(opened, qtbot, tmp_path):
    window = opened(AWAKE)
    window.failed.emit("Something in the window failed", "ValueError: no such thing.", "Traceback: line 3")
    card = window.notices.cards[0]
    assert card.action_button.text() == "Report what went wrong"
    path = tmp_path / "report.txt"
    window.choose_save = lambda title, name: str(path)
    qtbot.mouseClick(card.action_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.report_dialog.save_button, Qt.MouseButton.LeftButton)
    written = path.read_text()
    assert "ValueError: no such thing." in written and "Traceback: line 3" in written and "Python 3" in written
    assert SECRET not in written
    window.report_dialog.close()


def test_a_report_that_cannot_be_saved_says_so(opened, qtbot, tmp_path):
    window = opened(AWAKE)
    window.choose_save = lambda title, name: str(tmp_path / "no folder" / "report.txt")
    window.about()
    qtbot.mouseClick(window.about_dialog.save_button, Qt.MouseButton.LeftButton)
    assert "could not be saved" in window.about_dialog.done_label.text()
    window.about_dialog.close()


# ---------------------------------------------------------------- welcome, tour, dropped things


def test_an_empty_home_is_welcomed_and_the_welcome_goes_with_the_first_episode(opened, qtbot):
    window = opened([canned.ready(), canned.beat()])
    window.tick()
    assert window.welcome.seen
    assert not window.welcome.buttons["open-demo"].isEnabled() or window.has_demo()
    window.source.give(*canned.day()[2:4])
    take_in(window)
    window.tick()
    assert window.welcome.isHidden()
    assert window.night.seen


def test_a_home_that_was_lived_in_is_not_welcomed(opened):
    window = opened(AWAKE)
    window.tick()
    assert window.welcome.isHidden()


def test_the_built_in_day_is_lived_from_the_welcome(opened, qtbot):
    window = opened([canned.ready(), canned.beat()])
    window.tick()
    qtbot.mouseClick(window.welcome.buttons["first-day"], Qt.MouseButton.LeftButton)
    assert len([call for call in window.source.asked_of if call[0] == "tell"]) == 25


def test_homes_opened_lately_are_offered_and_open_in_a_window_of_their_own(opened, qtbot, tmp_path):
    for name in ("bees", "lighthouse", "gone"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "journal.jsonl").touch()
        homes.opened(tmp_path / name)
    (tmp_path / "gone" / "journal.jsonl").unlink()
    assert [path.name for path in homes.recent()] == ["lighthouse", "bees"]
    window, launched = opened([canned.ready(), canned.beat()]), []
    window.launch = launched.append
    window._remember_home(tmp_path / "lighthouse")
    assert window.welcome.homes == [tmp_path / "bees"]
    window.welcome.home_wanted.emit(str(tmp_path / "bees"))
    assert launched == [["--home", str(tmp_path / "bees")]]


def test_a_list_of_homes_that_cannot_be_read_is_an_empty_one(tmp_path):
    homes._file().parent.mkdir(parents=True, exist_ok=True)
    homes._file().write_text("{")
    assert homes.recent() == []


def test_the_tour_has_five_stations_and_is_left_with_escape_at_any_of_them(opened, qtbot):
    window = opened(NIGHT)
    qtbot.keyClick(window, Qt.Key.Key_F1, CONTROL)
    card, seen = window.tour_card, []
    for _ in range(5):
        seen.append(card.title.text())
        assert window.rect().contains(card.geometry())
        if len(seen) < 5:
            qtbot.keyClick(card, Qt.Key.Key_Space)
    assert seen == ["Talk", "Episodes", "Night", "Review", "Everything else"]
    assert card.next_button.text() == "Done"
    qtbot.keyClick(card, Qt.Key.Key_Left)
    assert card.title.text() == "Review"
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert window.tour_card is None
    assert window.source.asked_of == [], "neither a pause nor a decision"


def drop(window, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none))


def test_a_dropped_day_is_told_a_dropped_home_opened_and_anything_else_named(opened, tmp_path):
    window, launched = opened(AWAKE), []
    window.launch = launched.append
    day, home, odd = tmp_path / "day.jsonl", tmp_path / "mind", tmp_path / "run.sh"
    day.write_text(json.dumps({"text": "It rained."}) + "\n")
    home.mkdir()
    (home / "observatory.duckdb").touch()
    odd.write_text("touch /tmp/never")
    drop(window, day, home, odd)
    assert [call[1] for call in window.source.asked_of if call[0] == "tell"] == ["It rained."]
    assert launched == [["--home", str(home)]]
    assert window.notices.cards[0].notice.title == "That cannot be dropped here"


# ---------------------------------------------------------------- layouts


def test_layouts_show_their_docks_and_ones_own_is_kept_over_a_restart(opened, qtbot, tmp_path):
    layout = tmp_path / "window.ini"
    window = opened(NIGHT, layout=layout)
    both = CONTROL | Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(window, Qt.Key.Key_3, both)
    assert window.review.seen and window.weighing.seen and window.talk.isHidden()
    window.dreams.hide()
    qtbot.keyClick(window, Qt.Key.Key_0, both)
    qtbot.keyClick(window, Qt.Key.Key_1, both)
    assert window.talk.seen and not window.dreams.isHidden()
    window.close()
    again = opened(NIGHT, layout=layout)
    assert not again.dreams.isHidden()
    qtbot.keyClick(again, Qt.Key.Key_4, both)
    assert again.dreams.isHidden() and again.talk.isHidden() and again.review.seen


def test_the_layout_for_a_talk_gives_the_talk_most_of_the_window(opened):
    window = opened(NIGHT)
    window.layout_talk()
    QApplication.processEvents()
    assert window.talk.width() > window.width() * 0.45
    assert window.governor.isHidden()
    window.show_governor()
    assert window.governor.seen, "a closed dock comes back from the menu"


# ---------------------------------------------------------------- undo


def test_acts_are_taken_back_and_done_again_in_order_and_by_name():
    acts, done = Acts(), ["a", "b"]
    for what in done:
        acts.did(f"saying {what}", lambda what=what: done.remove(what), lambda what=what: done.append(what))
    assert acts.undo() == "saying b" and done == ["a"]
    assert (acts.to_undo, acts.to_redo) == ("saying a", "saying b")
    assert acts.redo() == "saying b" and done == ["a", "b"]
    acts.undo()
    acts.did("saying c", lambda: None, lambda: None)
    assert acts.redo() == "", "what was taken back before another act does not come again"
    for n in range(2 * MOST):
        acts.did(str(n), lambda: None, lambda: None)
    assert sum(1 for _ in iter(acts.undo, "")) == MOST


def test_an_act_whose_way_back_is_refused_stays_done():
    acts = Acts()
    acts.did("asking", lambda: False, lambda: None)
    assert acts.undo() == "" and acts.to_undo == "asking"


def test_feedback_is_taken_back_to_what_was_known_before_and_given_again(opened, qtbot):
    window = opened(AWAKE)
    known = next(e for e in window.story.episodes if e.told.outcome is not None)
    window.give_feedback(known.number, -1.0, "it broke")
    window.tick()
    assert window.actions_["undo"].text().startswith("&Undo feedback on ")
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    before = ("feedback", known.number, known.told.outcome, known.told.because)
    said = ("feedback", known.number, -1.0, "it broke")
    assert window.source.asked_of == [said, before, said]


def test_the_goal_and_the_dials_are_taken_back(opened):
    window = opened([*AWAKE, ev.GoalSet(goal="Keep the bees alive")])
    window.set_goal("Find the key")
    window.set_dials(PRESETS["careful"])
    window.set_dials(PRESETS["focused"])
    window.undo()
    assert window.drives.dials.drives.parts() == pytest.approx(PRESETS["careful"].parts())
    window.undo()
    window.undo()
    assert window.source.asked_of == [("set_goal", "Find the key"), ("set_goal", "Keep the bees alive")]


def test_undo_in_a_line_of_text_belongs_to_the_line(opened, qtbot):
    window = opened(AWAKE)
    window.set_goal("Find the key")
    window.tick()
    window.show_talk()
    qtbot.keyClicks(window.talk.line, "Zelda")
    qtbot.keyClick(window.talk.line, Qt.Key.Key_Z, CONTROL)
    assert window.talk.line.text() == ""
    assert len(window.source.asked_of) == 1


# ---------------------------------------------------------------- figures


def test_every_plot_has_a_menu_and_the_key_copies_the_figure_that_is_seen(opened, qtbot):
    window = opened(NIGHT)
    window.show_night()
    seen = figures.figures(window.night)
    assert window.night.loss in seen and window.night.kl in seen
    window._figure_menu(window.night.loss, QPoint(10, 10))
    assert [action.text() for action in window.figure_menu.actions()] == ["Copy picture", "Save figure…"]
    window.figure_menu.close()
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(window, Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    image = QGuiApplication.clipboard().image()
    assert image.width() == seen[0].width() * figures.SCALE
    hue = window.look.stage("replay").name()
    points = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert hue in points


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_saved_figure_has_its_provenance_and_its_numbers_beside_it(opened, qtbot, tmp_path, suffix):
    window = opened(NIGHT)
    window.show_night()
    path = tmp_path / f"loss{suffix}"
    window.choose_save = lambda title, name: str(path)
    window._save_figure(window.night.loss)
    said = msgspec.json.decode((tmp_path / f"loss{suffix}.json").read_bytes())
    assert said["figure"] == "Loss on what is replayed" and said["cortex"] == canned.BASE
    assert said["night"] == 1 and said["steps"] == 12
    assert [len(each["x"]) for each in said["series"]] == [12, 12]
    assert said["series"][0]["y"] == [pytest.approx(step.loss) for step in window.story.night.steps]
    if suffix == ".svg":
        drawing = path.read_text()
        assert drawing.count("<polyline") + drawing.count("<path") > 3 and "<image" not in drawing
        assert "Loss on what is replayed" in drawing
    else:
        assert QImage(str(path)).width() == window.night.loss.width() * figures.SCALE


def test_painted_figures_are_saved_too_and_a_folder_that_is_not_there_is_said(opened, tmp_path):
    window = opened(NIGHT)
    window.show_governor()
    made = figures.save(window.governor.strips, tmp_path / "strips", window.story)
    assert [path.name for path in made] == ["strips.png", "strips.png.json"]
    window.choose_save = lambda title, name: str(tmp_path / "nowhere" / "a.png")
    window._save_figure(window.night.loss)
    assert window.notices.cards[0].notice.title == "The picture was not saved"
