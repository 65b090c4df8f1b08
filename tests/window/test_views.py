"""Views that plugins bring: chosen with the keyboard, drawn in the window's look, and harmless when they fail."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from observatory.protocol import events as ev
from tests.plugins.conftest import MANIFEST
from tests.window import canned
from tests.window.conftest import take_in

pytestmark = pytest.mark.window
BROKEN = """class Part:
    def __init__(self, options):
        pass

    def draw(self, episodes, nights):
        {body}
"""


@pytest.fixture
def home(tmp_path):
    """`home(body)` is a home with a plugin whose `draw` has this body."""

    def make(body: str):
        place = tmp_path / "own" / "plugins" / "sample"
        place.mkdir(parents=True)
        (place / "plugin.toml").write_text(MANIFEST.format(name="sample", kind="view"), "utf-8")
        (place / "part.py").write_text(BROKEN.format(body=body), "utf-8")
        return tmp_path / "own"

    return make


def choose(window, qtbot, name: str) -> None:
    """With keys alone, as a person without a mouse does."""
    qtbot.keySequence(window, QKeySequence("Alt+5"))
    assert window.views.choice.hasFocus()
    at = window.views.choice.findText(name)
    for _ in range(at - window.views.choice.currentIndex()):
        qtbot.keyClick(window.views.choice, Qt.Key.Key_Down)
    assert window.views.choice.currentText() == name
    window.tick()


def test_nothing_of_a_plugin_runs_before_it_is_chosen(opened, home, tmp_path):
    window = opened(canned.whole_story())
    window.views.offer(home(f"open({str(tmp_path / 'ran')!r}, 'w').close()"))
    window.show_views()
    take_in(window)
    assert "Choose a view" in window.views.empty.title.text() and not (tmp_path / "ran").exists()


def test_attention_over_time_draws_a_line_for_what_was_read_and_a_table_of_the_same_numbers(opened, qtbot):
    window = opened(canned.whole_story())
    choose(window, qtbot, "Attention over time")
    qtbot.waitUntil(lambda: window.views.shown is not None, timeout=10_000)
    answered = [e for e in canned.whole_story() if isinstance(e, ev.Answered) and e.reads]
    assert answered
    drawn = {x: y for line in window.views.shown.lines.values() for x, y in line}
    for each in answered:
        share = sum(100 * read.mass * read.weight for read in each.reads)
        assert drawn[float(each.question)] == pytest.approx(share, abs=share)
    assert window.views.pages.currentIndex() == 1
    assert window.views.table.rows.rowCount() == sum(map(len, window.views.shown.lines.values()))
    assert [name.text()[0] for name in window.views.names][:2] == ["●", "■"]
    assert "in the table" in window.views.chart.accessibleDescription()


@pytest.mark.parametrize(
    ("body", "named"),
    [("raise ValueError('I am unwell')", "I am unwell"), ("return 3", "draw gave back"), ("exit('bye')", "SystemExit")],
)
def test_a_view_that_fails_is_named_and_the_window_goes_on(opened, qtbot, home, body, named):
    window = opened(canned.day())
    window.views.offer(home(body))
    choose(window, qtbot, "A test")
    qtbot.waitUntil(lambda: "switched off" in window.views.empty.title.text(), timeout=10_000)
    window.tick()
    assert named in window.views.empty.text.text()
    assert any("switched off" in card.notice.title for card in window.notices.cards)
    qtbot.keySequence(window, QKeySequence("Ctrl+2"))
    assert window.episodes.table.hasFocus()


def test_a_view_with_nothing_to_draw_says_so(opened, qtbot):
    window = opened(canned.day())
    choose(window, qtbot, "Attention over time")
    qtbot.waitUntil(lambda: window.views.shown is not None, timeout=10_000)
    assert window.views.pages.currentIndex() == 0 and "ask" in window.views.empty.text.text()
