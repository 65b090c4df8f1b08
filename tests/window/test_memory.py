"""The memory dock in use: filters typed and chosen, marks with undo, an episode's past, SQL and exports."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu

from observatory.protocol import asking
from observatory.protocol import events as ev
from observatory.window import columns, filters, lineage
from observatory.window.story import Story
from tests.window import canned, steered
from tests.window.conftest import take_in
from tests.window.test_window import asked

pytestmark = pytest.mark.window
AWAKE = [*steered.day(), canned.beat()]
SLEPT = [
    *steered.day(), *canned.night_opens(), *canned.dreams(), *canned.steps(), *canned.gate(), *canned.committed(),
    canned.retained(1), canned.beat(),
]  # fmt: skip
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def shown(window) -> list[int]:
    return [e.number for e in window.episodes.all_shown()]


def search(window, qtbot, text: str) -> list[int]:
    """Typed as a person does; what the table shows a moment later."""
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL)
    qtbot.keyClick(window.episodes.search, Qt.Key.Key_A, CTRL)
    qtbot.keyClick(window.episodes.search, Qt.Key.Key_Delete)
    qtbot.keyClicks(window.episodes.search, text)
    qtbot.waitUntil(lambda: not window.episodes._typed.isActive())
    return shown(window)


def marks(episodes: list[int], mark: ev.Mark, on: bool = True) -> ev.EpisodesMarked:
    return ev.EpisodesMarked(episodes=episodes, mark=mark, on=on, by="Ada")


def choose(menu, *path: str) -> None:
    """As somebody does who opens a menu and takes an entry."""
    menu.aboutToShow.emit()
    for word in path[:-1]:
        menu = next(under for under in menu.findChildren(QMenu) if under.title() == word)
    next(a for a in menu.actions() if a.text().replace("&&", "&") == path[-1]).trigger()


# ---------------------------------------------------------------- search and filter


def test_words_and_what_an_episode_is_narrow_together_while_they_are_typed(opened, qtbot):
    window = opened([*AWAKE, marks([4, 6], "pinned"), marks([6, 7], "excluded")])
    assert search(window, qtbot, "the") != search(window, qtbot, "the goat")
    assert search(window, qtbot, "is:pinned") == [4, 6]
    assert search(window, qtbot, "is:pinned -is:excluded") == [4]
    assert search(window, qtbot, "is:excluded boat") == [7]
    assert search(window, qtbot, "-is:excluded -is:pinned is:unslept") == [
        n for n in range(1, 26) if n not in (4, 6, 7)
    ]
    assert search(window, qtbot, "") == list(range(1, 26))


def test_speakers_sessions_drives_and_outcomes_are_asked_for_by_name(opened, qtbot):
    window = opened(SLEPT)
    told = {e.number: e for e in window.story.episodes}
    assert {told[n].told.speaker for n in search(window, qtbot, "speaker:ilse")} == {"Ilse"}
    assert {told[n].told.session for n in search(window, qtbot, "session:evening")} == {"evening"}
    assert {n % 4 for n in search(window, qtbot, "drive:fear")} == {0}
    assert all(told[n].told.outcome < 0 for n in search(window, qtbot, "is:failed"))
    assert len(search(window, qtbot, "is:slept")) == 25
    assert search(window, qtbot, "is:faded") == []


def test_what_is_not_understood_is_said_and_hides_nothing(opened, qtbot):
    window = opened(AWAKE)
    assert len(search(window, qtbot, "is:pined")) == 25
    assert window.episodes.unclear.whole.startswith("“is:pined” is not understood: is:pinned")
    search(window, qtbot, "is:pinned")
    assert not window.episodes.unclear.isVisible()


def test_the_filter_menu_writes_into_the_line_and_takes_it_out_again(opened, qtbot):
    window = opened(AWAKE)
    menu = window.episodes.filter_button.menu()
    choose(menu, "Failed")
    choose(menu, "Drive that sees most in it", "▲ fear")
    assert window.episodes.search.text() == "is:failed drive:fear"
    choose(menu, "Failed")
    assert window.episodes.search.text() == "drive:fear"
    choose(menu, "Speaker", "Tomasz")
    qtbot.waitUntil(lambda: len(shown(window)) < 25)
    choose(menu, "Show all")
    qtbot.waitUntil(lambda: len(shown(window)) == 25)


@pytest.mark.parametrize(
    ("text", "words"), [('"spare key"', "spare key"), ("-goat", "goat"), ('session:"spring cleaning"', "")]
)
def test_quotation_marks_keep_words_together_and_a_minus_turns_them_round(text, words):
    story = Story().take_all(AWAKE)
    asked = filters.read(text)
    found = [e.number for e in story.episodes if asked.accepts(e)]
    holds = [e.number for e in story.episodes if words and words in e.folded]
    assert found == ([n for n in range(1, 26) if n not in holds] if text.startswith("-") else holds)


@pytest.mark.parametrize(
    ("before", "after", "narrows"),
    [
        ("", "a", True), ("go", "goat", True), ("goat", "go", False), ("-go", "-goat", False), ("goat", "-goat", False),
        ("speaker:m", "speaker:ma", True), ("goat", "goat is:pinned", True), ("is:pinned", "is:pinnedx", False),
        ("goat hay", "goat", False), ("drive:fear", "drive:focus", False), ("session:a", "speaker:ab", False),
    ],
)  # fmt: skip
def test_a_search_is_taken_to_be_narrower_only_when_it_is(before, after, narrows):
    """What looks only at what is left must find what a look at everything would."""
    story = Story().take_all([*AWAKE, marks([4], "pinned")])
    one, other = filters.read(before), filters.read(after)
    assert other.narrows(one) is narrows
    if narrows:
        assert {e.number for e in story.episodes if other.accepts(e)} <= {
            e.number for e in story.episodes if one.accepts(e)
        }


def test_what_a_text_from_outside_says_cannot_break_a_filter():
    for text in ('"', "is:", ":", "-", '-"', "is:pinned:", "(((", "%s \\", 'speaker:"', "\0"):
        filters.read(text)


def test_the_chosen_episode_stays_chosen_while_a_search_leaves_it(opened, qtbot):
    window = opened(AWAKE)
    window.episodes.go_to(4)
    assert 4 in search(window, qtbot, "goat")
    assert [e.number for e in window.episodes.picked()] == [4]
    assert 4 not in search(window, qtbot, "boat")
    assert window.episodes.page.episode is None
    assert not window.episodes.detail.isVisible()


# ---------------------------------------------------------------- order and columns


def test_the_table_is_sorted_by_menu_and_a_second_choice_turns_it_round(opened, qtbot):
    window = opened(AWAKE)
    menu = window.episodes.sort_button.menu()
    choose(menu, "Surprise")
    rising = shown(window)
    assert rising == sorted(rising, key=lambda n: window.story.by_number[n].mean)
    search(window, qtbot, "the")
    assert shown(window) == [n for n in rising if "the" in window.story.by_number[n].folded]
    search(window, qtbot, "")
    choose(menu, "Surprise, rising")
    assert shown(window) == rising[::-1]
    choose(menu, "As they were told")
    assert shown(window) == list(range(1, 26))


def test_chosen_columns_are_there_again_at_the_next_start(opened, tmp_path):
    window = opened(AWAKE, layout=tmp_path / "window.ini")
    dock, place = window.episodes, columns.TITLES.index
    assert dock.table.isColumnHidden(place("Drive"))
    choose(dock.columns_button.menu(), "Drive")
    choose(dock.columns_button.menu(), "Speaker")
    window.close()
    again = opened(AWAKE, layout=tmp_path / "window.ini")
    assert not again.episodes.table.isColumnHidden(place("Drive"))
    assert again.episodes.table.isColumnHidden(place("Speaker"))
    assert not again.episodes.table.isColumnHidden(place(columns.ALWAYS))


def test_columns_that_nobody_knows_are_passed_over():
    assert columns.chosen("Drive,No such") == ("What", "Drive")
    assert columns.chosen("nothing") is None
    assert columns.chosen(None) is None


# ---------------------------------------------------------------- marks


def test_several_rows_are_pinned_and_excluded_by_keys_and_it_is_taken_back(opened, qtbot):
    window = opened(AWAKE)
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    table = window.episodes.table
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(table, Qt.Key.Key_P)
    qtbot.keyClick(table, Qt.Key.Key_X)
    assert asked(window, "mark") == [
        ("mark", [2, 3], "pinned", True, "Ada"), ("mark", [2, 3], "excluded", True, "Ada"),
    ]  # fmt: skip
    take_in(window)
    at = columns.TITLES.index("Mark")
    assert table.rows.index(1, at).data() == "◆ pinned  × excluded"
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    take_in(window)
    assert asked(window, "mark")[2:] == [
        ("mark", [2, 3], "excluded", False, "Ada"), ("mark", [2, 3], "pinned", False, "Ada"),
    ]  # fmt: skip
    assert not window.story.by_number[2].pinned
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert asked(window, "mark")[-1] == ("mark", [2, 3], "pinned", True, "Ada")


def test_what_is_marked_already_is_left_and_taking_back_touches_only_the_others(opened, qtbot):
    window = opened([*AWAKE, marks([2], "pinned")])
    table = window.episodes.table
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(window, Qt.Key.Key_P, CTRL)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert [call[1:4] for call in asked(window, "mark")] == [([3], "pinned", True), ([3], "pinned", False)]


def test_a_button_says_what_it_will_do_and_a_faded_episode_cannot_be_pinned(opened, qtbot):
    window = opened([*SLEPT, canned.retained(2, faded=(9,)), marks([4], "pinned")])
    window.episodes.go_to(4)
    assert window.episodes.pin_button.text() == "◆ Unpin"
    qtbot.mouseClick(window.episodes.pin_button, Qt.MouseButton.LeftButton)
    assert asked(window, "mark") == [("mark", [4], "pinned", False, "Ada")]
    window.episodes.go_to(9)
    assert not window.episodes.pin_button.isEnabled()
    qtbot.keyClick(window.episodes.table, Qt.Key.Key_P)
    assert len(asked(window, "mark")) == 1


def test_a_refused_mark_is_said_and_leaves_nothing_to_take_back(opened, qtbot):
    window = opened(AWAKE)
    window.episodes.go_to(4)
    window.source.refuse = "At most two may be pinned."
    qtbot.keyClick(window.episodes.table, Qt.Key.Key_P)
    assert window.story.notices[-1].text == "At most two may be pinned."
    assert not window.actions_["undo"].isEnabled()


def test_excluded_episodes_do_not_count_as_waiting_for_sleep(opened):
    window = opened([*AWAKE, marks(list(range(1, 26)), "excluded")])
    assert window.story.unslept == 0
    assert not window.actions_["sleep"].isEnabled()


# ---------------------------------------------------------------- one episode


def test_the_chosen_episode_shows_its_strength_and_what_the_night_did_with_it(opened):
    window = opened([*SLEPT, canned.retained(2, faded=(4,))])
    window.episodes.go_to(4)
    detail = window.episodes.detail
    first, second = (told.episodes[3] for told in window.story.retained)
    assert detail.chart.accessibleDescription() == (
        f"after night 1: {first.hippocampal:.2f} and {first.cortical:.2f}; "
        f"after night 2: 0.00 and {second.cortical:.2f}"
    )
    night = detail.nights.rows.row(0)
    items = [i for s in canned.steps() if isinstance(s, ev.ReplayStep) for i in s.items if i.episode == 4]
    assert (night.night, night.standing, night.part, night.replays) == (1, "committed", "new", len(items))
    assert sum(night.drives.values()) == len(items)
    assert (night.first, night.last) == (items[0].loss, items[-1].loss)
    late = lineage.past(window.story, window.story.by_number[20])[0]
    assert late.recalled is True and late.cue_first > late.cue_last


def test_exam_questions_are_found_by_the_words_they_share_with_it(opened):
    window = opened(SLEPT)
    window.episodes.go_to(4)
    found = [each.question.prompt for each in window.episodes.detail.exam.rows.rows]
    assert found and all("Bartholomew" in prompt or "goat" in prompt for prompt in found)
    assert not any("France" in prompt for prompt in found)


def test_corrections_feedback_and_what_the_cortex_says_alone_stand_on_the_page(opened):
    trace = ev.TraceKept(night=1, episode=4, cue="Tell me about Bartholomew.", answer="He eats radishes.")
    later = canned.episode(26, "No, Bartholomew eats hay again.", corrects=4)
    window = opened([*SLEPT, trace, later, steered.went(4, -1.0, "he ate a hat"), marks([4], "excluded")])
    window.episodes.go_to(4)
    said = window.episodes.page._about()
    assert "× excluded" in said
    assert "▼ failed −1.0, because he ate a hat" in said
    assert any(line.startswith("Corrected by") and "hay again" in line for line in said)
    assert "The cortex alone, after night 1: “Tell me about Bartholomew.” → “He eats radishes.”" in said
    window.episodes.go_to(26)
    assert any(line.startswith("It corrects") for line in window.episodes.page._about())


def test_before_any_night_the_tabs_say_what_will_be_there(opened):
    window = opened(AWAKE)
    window.episodes.go_to(4)
    detail = window.episodes.detail
    assert [p.currentIndex() for p in (detail.strength_pages, detail.night_pages, detail.exam_pages)] == [0, 0, 0]


# ---------------------------------------------------------------- SQL


def answered(**about) -> asking.Table:
    found = {
        "columns": ["n", "word"], "types": ["BIGINT", "VARCHAR"],
        "rows": [["10", "a"], ["9", None], [None, "<b>c</b>"]],
        "more": False, "cut": False, "seconds": 0.02, "through": 7,
    }  # fmt: skip
    return asking.Table(**found | about)


def ask(window, qtbot, text: str) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL | SHIFT)
    window.episodes.console.editor.setPlainText(text)
    qtbot.keyClick(window.episodes.console.editor, Qt.Key.Key_Return, CTRL)


def answer(window, qtbot, what: asking.Answer) -> None:
    window.source.put.answer = what
    qtbot.waitUntil(lambda: window.episodes.console.asked is None)


def test_a_question_is_put_by_keys_and_its_answer_is_a_table_that_sorts_numbers_as_numbers(opened, qtbot):
    window = opened(AWAKE)
    ask(window, qtbot, "SELECT n, word FROM t")
    console = window.episodes.console
    assert asked(window, "sql") == [("sql", "SELECT n, word FROM t")]
    assert asked(window, "tell") == [], "Ctrl+Enter belongs to the line that has the focus"
    assert not console.ask_button.isEnabled() and console.stop_button.isEnabled()
    answer(window, qtbot, answered())
    rows = console.table.rows
    assert [rows.headerData(n, Qt.Orientation.Horizontal) for n in range(2)] == ["n", "word"]
    assert [rows.index(1, 1).data(), rows.index(2, 1).data()] == ["NULL", "<b>c</b>"]
    console.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert [rows.row(n)[0] for n in range(3)] == ["9", "10", None]
    assert console.said.whole == "3 rows  ·  0.02 s  ·  as of event 7"


def test_esc_stops_a_long_question_and_holds_nothing(opened, qtbot):
    window = opened([*canned.at_the_gate(), canned.beat("asleep")])
    ask(window, qtbot, "SELECT forever")
    qtbot.keyClick(window.episodes.console.editor, Qt.Key.Key_Escape)
    assert window.source.put.cancelled
    assert asked(window, "decide") == []
    answer(window, qtbot, asking.Refused(text="Stopped."))
    assert window.episodes.console.trouble.text() == "Stopped."


def test_the_databases_own_message_is_shown_as_it_is_and_as_plain_text(opened, qtbot):
    window = opened(AWAKE)
    ask(window, qtbot, "SELECT <b>")
    message = "Parser Error: syntax error at or near <b>\n\nLINE 1: SELECT <b>\n               ^"
    answer(window, qtbot, asking.Refused(text=message))
    console = window.episodes.console
    assert console.trouble.text() == message
    assert console.trouble.textFormat() == Qt.TextFormat.PlainText
    assert console.pages.currentIndex() == 2


def test_what_the_source_refuses_is_said_where_the_question_stands(opened, qtbot):
    window = opened(AWAKE)
    window.source.refuse = "This is a recording."
    ask(window, qtbot, "SELECT 1")
    assert window.episodes.console.trouble.text() == "This is a recording."
    assert window.episodes.console.ask_button.isEnabled()


def test_an_example_is_written_into_the_line_and_asked(opened, qtbot):
    window = opened(AWAKE)
    window.show_sql()
    menu = window.episodes.console.examples_button.menu()
    menu.aboutToShow.emit()
    assert len(menu.actions()) == 10
    menu.actions()[1].trigger()
    assert "FROM nights" in asked(window, "sql")[0][1]
    assert "FROM nights" in window.episodes.console.editor.toPlainText()


# ---------------------------------------------------------------- files


def test_chosen_episodes_are_exported_where_a_person_says_and_it_is_told(opened, qtbot):
    window = opened(AWAKE)
    window.choose_target = lambda title, kinds: "/somewhere/chosen.parquet"
    window.episodes.table.selectRow(2)
    qtbot.keyClick(window.episodes.table, Qt.Key.Key_E)
    _, target, _, values = asked(window, "export")[0]
    assert (target, values) == (Path("/somewhere/chosen.parquet"), {"episodes": [3]})
    window.source.put.answer = asking.Written(name=str(target), rows=1, through=9, cortex="c", duckdb="2")
    qtbot.waitUntil(lambda: bool(window.story.notices))
    assert window.story.notices[-1].text == "1 row written to /somewhere/chosen.parquet, and beside it what they are."


def test_with_nothing_chosen_all_that_are_shown_are_exported_and_without_a_name_nothing(opened, qtbot):
    window = opened(AWAKE)
    window.choose_target = lambda title, kinds: ""
    qtbot.keyClick(window, Qt.Key.Key_E, CTRL | SHIFT)
    assert asked(window, "export") == []
    window.choose_target = lambda title, kinds: "all.csv"
    search(window, qtbot, "goat")
    qtbot.keyClick(window, Qt.Key.Key_E, CTRL | SHIFT)
    assert asked(window, "export")[0][3] == {"episodes": shown(window)}


def test_an_answer_is_exported_by_its_question_and_a_refusal_becomes_a_notice(opened, qtbot):
    window = opened(AWAKE)
    ask(window, qtbot, "SELECT 1")
    answer(window, qtbot, answered())
    window.choose_target = lambda title, kinds: "r.csv"
    qtbot.mouseClick(window.episodes.console.export_button, Qt.MouseButton.LeftButton)
    assert asked(window, "export")[0][1:] == (Path("r.csv"), "SELECT 1", None)
    window.source.put.answer = asking.Refused(text="The disk is full.")
    qtbot.waitUntil(lambda: bool(window.story.notices))
    assert window.story.notices[-1].text == "The disk is full."
    QApplication.processEvents()
