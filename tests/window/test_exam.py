"""The exam dock: answers before and after, why they are given, what is kept over nights. Canned papers, real keys."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt

from observatory.protocol import events as ev
from observatory.window import papers, words
from observatory.window.story import Story
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
NAME = "episode {}".format


def asked(window) -> list[tuple]:
    return [call for call in window.source.asked_of if call[0] == "explain"]


def examined(opened, events):
    window = opened(events)
    window.show_exam()
    return window


# ---------------------------------------------------------------- papers, without a window


def test_the_recall_matrix_has_a_cell_for_every_day_that_was_told_by_then():
    nights = Story().take_all(canned.nights(3)).nights
    cells = {(c.day, c.night): c.right for c in papers.matrix(nights, "direct")}
    assert cells == {(1, 1): 20, (1, 2): 18, (2, 2): 20, (1, 3): 16, (2, 3): 18, (3, 3): 20}


def test_what_got_worse_first_names_the_night_and_leaves_out_what_was_mended():
    nights = Story().take_all(canned.nights(3)).nights
    (found,) = papers.lost_first(nights)
    assert found[0] == 2 and found[1].question.prompt == "What colour is snow?"
    mended = next(key for key in nights[3].after if key[0] == "What colour is snow?")
    nights[3].after[mended] = msgspec.structs.replace(nights[3].after[mended], right=True)
    assert papers.lost_first(nights) == []


def test_the_verdict_names_what_carries_an_answer_and_says_when_nothing_does():
    found = canned.why(3)
    assert papers.verdict(found, NAME) == "Night 3 carries it: without it this answer is 512 times less likely."
    flat = [ev.WithoutNight(night=n, bits=found.bits, says="x") for n in (1, 2)]
    nothing = msgspec.structs.replace(found, nights=flat)
    assert papers.verdict(nothing, NAME).startswith("No single night")
    itself = msgspec.structs.replace(nothing, base=ev.Without(bits=found.bits, says="x"))
    assert papers.verdict(itself, NAME).startswith("The base says this by itself")


def test_a_memory_that_was_read_is_a_bar_of_its_own():
    found = canned.why(1)
    read = ev.WithoutRead(episode=7, weight=1.0, bits=[b + 3.0 for b in found.bits], says="no idea")
    bars = papers.bars(msgspec.structs.replace(found, reads=[read]), NAME)
    assert [bar.what for bar in bars] == [
        "without night 1", "not reading episode 7", "with no night and nothing read"
    ]  # fmt: skip
    assert bars[1].more == pytest.approx(3.0 * len(found.bits)) and bars[1].episode == 7


# ---------------------------------------------------------------- in the window


def test_before_any_exam_the_dock_says_what_will_stand_there(opened):
    window = examined(opened, canned.day())
    assert window.exam.pages.currentIndex() == 0
    assert window.exam.empty.title.text() == "No exam yet"


def test_w_asks_why_the_chosen_answer_is_given_and_the_panel_shows_what_comes_back(opened, qtbot):
    window = examined(opened, [*canned.whole_story()])
    exam, why = window.exam, canned.why()
    exam.table.selectRow(exam.table.rows.place_of(lambda c: c.question.prompt == why.prompt))
    qtbot.keyClick(exam.table, Qt.Key.Key_W)
    assert asked(window) == [("explain", why.prompt, why.answer, "cortex", "chat")]
    window.source.give(ev.Explaining(done=1, of=3))
    take_in(window)
    assert exam.why.progress.isVisible() and "1 of 3" in exam.why.said.text()
    window.source.give(why)
    take_in(window)
    assert not exam.why.progress.isVisible()
    assert "Night 1 carries it" in exam.why.said.text()
    assert exam.why.left_out.lines() == ["without night 1: +9.0 bits, says “I am not sure.”"]
    assert exam.why.lens.isVisible() and "layer 30" in exam.why.lens.accessibleDescription()
    qtbot.keyClick(exam.table, Qt.Key.Key_Down)
    assert exam.why.found is None and not exam.why.lens.isVisible()


def test_an_answer_of_the_talk_can_be_asked_about_too(opened, qtbot):
    window = opened(canned.whole_story())
    said = window.talk.conversation.answer
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert asked(window) == [("explain", said.prompt, said.answer, said.memory, "chat")]
    assert said.prompt in window.exam.why.question.text()
    found = msgspec.structs.replace(canned.why(), prompt=said.prompt, answer=said.answer, memory=said.memory)
    window.source.give(found)
    take_in(window)
    assert window.exam.why.found is found


def test_letters_show_only_what_was_lost_and_all_of_it_again(opened, qtbot):
    window = examined(opened, canned.whole_story())
    table = window.exam.table
    everything = len(table.rows.shown)
    qtbot.keyClick(table, Qt.Key.Key_O)
    assert {table.rows.row(at).verdict for at in range(len(table.rows.shown))} == {"lost"}
    assert window.exam.chips["lost"].isChecked()
    qtbot.keyClick(table, Qt.Key.Key_O)
    assert len(table.rows.shown) == everything


def test_over_nights_shows_the_matrix_and_what_got_worse(opened, qtbot):
    window = examined(opened, canned.nights(4))
    qtbot.keyClick(window.exam.table, Qt.Key.Key_N)
    over = window.exam.over
    assert over.isVisible() and len(over.matrix.cells) == 10
    assert "day 1 after night 4: 14 of 20" in over.matrix.accessibleDescription()
    assert "night 2: What colour is snow?" in over.lost.text()
    assert over.perplexity.drawn[0] == [1, 2, 3, 4]


def test_what_was_found_of_a_cortex_that_has_moved_is_not_shown_any_more(opened):
    window = examined(opened, [*canned.whole_story(), canned.why()])
    assert window.story.explained
    window.source.give(*canned.committed(2))
    take_in(window)
    assert not window.story.explained


def test_two_answers_are_cut_where_they_part():
    head = "A ripe tomato is typically a deep, rich and slightly sweet colour, often"
    before, after = words.apart(f"{head} with a hint of red.", f"{head} described as medium brown.", 36)
    assert before == "… often with a hint of red."
    assert after == "… often described as medium brown."
    assert words.apart("Paris", "Rome", 36) == ("Paris", "Rome")
    assert words.apart("It is Paris.", "It is Rome.", 36) == ("It is Paris.", "It is Rome."), "short ones stay whole"
    assert words.apart("", "", 36) == ("", "")
