"""A second window on a home: it shows what is there, and says why nothing can be done in it."""

from __future__ import annotations

import pytest

from observatory.host.session import Session
from observatory.window.look import Look
from observatory.window.main import MainWindow
from tests.host.test_session import taught
from tests.window.test_live import until

pytestmark = pytest.mark.window


@pytest.fixture
def second(qtbot, open_session, tmp_path):
    taught(open_session(), "said to the first window")
    window = MainWindow(Look("night"), by="Ada")
    window.ask_leave = lambda text: True
    window.resize(1500, 940)
    window.show()
    window.attach(Session(tmp_path / "mind", mind="tests.host.double", or_look=True))
    yield window
    window.close()
    window.deleteLater()


def test_it_shows_what_was_lived_says_that_it_only_looks_and_offers_nothing(second):
    until(lambda: second.story.looking and second.story.episodes)
    second.tick()
    assert "reading only" in second.status.mode.text()
    assert second.notices.cards and "only shown here" in second.notices.cards[0].notice.title
    for name in ("tell", "ask", "sleep", "approve", "veto-night", "wake-again"):
        assert not second.actions_[name].isEnabled(), name
    assert "looked at" in second.talk.line.placeholderText()
