"""A recording in one file as it is looked at in the window: no mind, no weights, no map process, and no empty dock."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from observatory import resources
from observatory.host import driftfile, lookback
from observatory.host.recording import NO_DRIFT, open_to_look
from observatory.maps import client
from observatory.protocol import events as ev
from observatory.record import packed
from observatory.window.look import Look
from observatory.window.main import MainWindow
from observatory.window.why import NOT_ASKED
from tests.window import drifted, steered
from tests.window.test_time import until

pytestmark = pytest.mark.window
RECORDS = [event for event in steered.life() if isinstance(event, ev.Record)]


@pytest.fixture
def recording(tmp_path):
    """`recording(drift)` → a file of a day that was slept on."""

    def make(drift: bytes = b""):
        file = tmp_path / "day.observatory"
        events = [msgspec.structs.replace(event, at=1.0 + place) for place, event in enumerate(RECORDS)]
        packed.pack(events, file, drift)
        return file

    return make


@pytest.fixture
def looked_at(qtbot, monkeypatch):
    """`looked_at(file)` → a shown window on it that has taken all of it in."""

    def start(_):
        raise AssertionError("a map process was started")

    monkeypatch.setattr(client.MapProcess, "start", start)
    made = []

    def look(file) -> MainWindow:
        session = open_to_look(file)
        window = MainWindow(Look("light"), live=False, by="Ada")
        made.append((window, session))
        window.resize(1500, 940)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.attach(session)
        until(window, lambda: window.travel.hypnogram.last == len(RECORDS))
        return window

    yield look
    for window, session in made:
        window.close()
        session.close()
        window.deleteLater()


def test_the_drift_of_a_recording_is_there_at_once_with_lenses_slider_and_table(recording, looked_at, qtbot):
    window = looked_at(recording(driftfile.written(drifted.whole())))
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    dock = window.drift
    until(window, lambda: dock.shown is not None)
    dock.look_again()
    assert dock.pages.currentIndex() == 1 and dock.waiting.isHidden()
    assert dock.units.map.drawn == 480 and len(dock.units.map.arrows)
    assert [*dock.time.names] == [stop.name for stop in drifted.STOPS]
    dock.time.slider.setValue(1)
    assert dock.units.map.level.any()
    dock.show_lens(1)
    assert dock.layers.heat.drift.any()
    dock.show_lens(2)
    assert dock.inside.chart.points == 16
    dock.show_lens(0)
    dock.twin.setChecked(True)
    assert dock.tables[0].table.rows.rowCount() == 720


def test_a_recording_without_drift_says_where_it_can_be_seen(recording, looked_at, qtbot):
    window = looked_at(recording())
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    window.drift.look_again()
    assert window.drift.pages.currentIndex() == 0 and NO_DRIFT in window.drift.empty.text.text()


def test_in_a_recording_the_drives_show_what_was_slept_on_and_nothing_can_be_marked(recording, looked_at, qtbot):
    window = looked_at(recording())
    qtbot.keyClick(window, Qt.Key.Key_7, Qt.KeyboardModifier.ControlModifier)
    window.tick()
    assert window.drives.all_button.isChecked() and window.drives.ranking.episodes
    window.episodes.table.selectRow(0)
    assert not window.episodes.pin_button.isEnabled() and not window.episodes.exclude_button.isEnabled()


def test_in_a_recording_nobody_is_told_to_ask_why(recording, looked_at, qtbot):
    window = looked_at(recording())
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    window.tick()
    window.exam.table.selectRow(0)
    assert window.exam.why.said.text() == NOT_ASKED and not window.exam.why.button.isEnabled()


def test_a_recording_is_painted_with_its_drift(recording, tmp_path, qapp):
    file = recording(driftfile.written(drifted.whole()))
    assert lookback.pictures(file, tmp_path / "out", "light", 1, as_json=False, quiet=True) == 0
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"drift.png", "drift-layers.png", "drift-inside.png"} <= made


@pytest.mark.pictures
def test_the_picture_of_the_readme_is_what_its_command_paints_now(tmp_path):
    """Not pixel by pixel: clocks are those of the reader's time zone, and another version of Qt smooths otherwise."""
    shipped = resources.folder()
    done = subprocess.run(
        [sys.executable, "-m", "observatory", "pictures", str(tmp_path), "--theme", "dark", "--quiet", "--home",
         str(next((shipped / "demo").glob("*.observatory")))],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    fresh, kept = (blocks(folder) for folder in (tmp_path / "layout-review.png", shipped / "pictures/window-night.png"))
    assert fresh.shape == kept.shape
    apart = np.abs(fresh - kept).max(-1)
    assert (apart > 40).mean() < 0.02, "another picture: paint it again, look at it, and put it in the README's place"


def blocks(path, size: int = 16) -> np.ndarray:
    """The mean colour of every square of so many pixels."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    points = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(float)
    high, wide = (side // size for side in points.shape[:2])
    return points[: high * size, : wide * size].reshape(high, size, wide, size, 3).mean((1, 3))
