"""Pictures painted without a display, in a process of their own, and looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QFontDatabase, QFontInfo, QImage

from observatory.bench import frames
from observatory.window import pictures, theme
from observatory.window.charts import Curve, smoothed
from observatory.window.look import Look, load_fonts
from observatory.window.pictures import SIZE, render
from tests.window import canned, drifted, seen, steered

pytestmark = pytest.mark.pictures
ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    f"{name}.png" for name in
    ("window", "talk", "episodes", "night", "dreams", "weighing", "review", "drives", "state", "governor", "encoding",
     "replays", "drift", "exam", "exam-nights", "exam-arms", "views", "breakpoints", "log", "welcome", "layout-talk",
     "layout-review", "dialog-change", "dialog-forget", "dialog-sign")
}  # fmt: skip
DRIFT = {"drift-trails.png", "drift-layers.png", "drift-inside.png"}
RICH = [*steered.life(), *canned.night_opens(number=2), *canned.dreams(2), *canned.steps(number=2), *canned.gate(2)]
"""A day, a night that was committed, another day, and a second night at the gate."""


def colours(image: QImage, step: int = 3) -> set[str]:
    whole = image.convertToFormat(QImage.Format.Format_RGB32)
    points = np.frombuffer(whole.constBits(), np.uint32).reshape(whole.height(), -1)[::step, ::step]
    return {f"#{point & 0xFFFFFF:06x}" for point in np.unique(points).tolist()}


@pytest.mark.parametrize(("name", "scale"), [("light", 1), ("dark", 2)])
def test_every_dock_and_the_window_are_painted_in_a_fresh_process(tmp_path, name, scale):
    code = (
        "from observatory.window.pictures import render\nfrom tests.window import canned\n"
        f"print(len(render(canned.at_the_gate(), {str(tmp_path)!r}, {name!r}, {scale})))"
    )
    clean = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == NAMES
    image = QImage(str(tmp_path / "window.png"))
    assert (image.width(), image.height()) == (SIZE.width() * scale, SIZE.height() * scale)
    palette = theme.PALETTES["day" if name == "light" else "night"]
    found = colours(image)
    for needed in (palette.panel, palette.ground, palette.accent, palette.right, palette.wrong, palette.stages["gate"]):
        assert needed in found


@pytest.mark.parametrize(("name", "scale", "on_stage"), [("light", 1, False), ("dark", 2, False), ("light", 2, True),
                                                         ("dark", 1, True)])  # fmt: skip
def test_nothing_is_cut_off_empty_or_written_on_something_else(qapp, name, scale, on_stage):
    drift = drifted.CannedDrift(drifted.whole())
    with pictures.opened(RICH, name, scale, drift, on_stage=on_stage) as window:
        found, looked = [], set()
        for what, widget in pictures.scenes(window):
            looked.add(f"{what}.png")
            found += [f"{what}: {fault}" for fault in seen.faults(widget)]
    assert looked == NAMES | DRIFT
    assert found == []


def test_what_is_cut_off_written_on_something_else_or_empty_is_found(qtbot):
    """The eyes of the test above: each fault made on purpose."""
    from PySide6.QtWidgets import QLabel, QWidget

    board = QWidget()
    qtbot.addWidget(board)
    board.resize(600, 400)
    for text, place, wide in (("A sentence that needs more room", (10, 10), 60), ("one", (10, 60), 80),
                              ("two", (30, 62), 80)):  # fmt: skip
        label = QLabel(text, board)
        label.setGeometry(*place, wide, 24)
    plot = Curve("Loss", "loss", Look("light"), "replay")
    plot.restyle(Look("light"))
    plot.setParent(board)
    plot.setGeometry(200, 100, 300, 200)
    board.show()
    qtbot.waitExposed(board)
    plot.getAxis("bottom").setTicks([[]])
    found = " | ".join(seen.faults(board))
    assert "A sentence that needs more room” needs" in found
    assert "QLabel “one” and QLabel “two” overlap" in found
    assert "Loss: nothing stands at its bottom axis" in found
    plot.getAxis("bottom").setTicks([[(0.0, "nought"), (0.5, "a half")]])
    for x in (0.0, 0.01):
        name = pg.TextItem("night")
        name.setPos(x, 0.5)
        plot.addItem(name)
    assert "Loss: “night” and “night” overlap" in " | ".join(seen.faults(board))


def test_an_empty_home_is_painted_with_words_in_every_dock(tmp_path, qapp):
    made = render([], tmp_path, "light", 1)
    for path in made:
        image = QImage(str(path))
        dark = [c for c in colours(image, 2) if c < "#404040"]
        assert dark, f"{path.name} has no words in it"


def test_the_replay_curve_is_drawn_in_the_hue_of_replay(tmp_path, qapp):
    render(canned.whole_story(), tmp_path, "dark", 1)
    assert theme.NIGHT.stages["replay"] in colours(QImage(str(tmp_path / "night.png")), 1)


@pytest.mark.parametrize(("name", "scale"), [("light", 1), ("dark", 2)])
def test_drives_state_and_governor_are_painted_in_the_hues_of_their_theme(tmp_path, qapp, name, scale):
    render(steered.day(trained_by=1), tmp_path, name, scale)
    palette = theme.PALETTES["day" if name == "light" else "night"]
    drives, state, governor = (
        colours(QImage(str(tmp_path / f"{which}.png")), 1) for which in ("drives", "state", "governor")
    )
    assert {*palette.drives.values(), palette.wrong, palette.panel, palette.text} <= drives
    assert {palette.stages[stage] for stage in ("replay", "dream", "exam")} <= state
    assert {palette.stages[stage] for stage in ("gate", "replay", "dream", "wake")} <= governor


def test_a_state_that_nothing_has_trained_is_painted_without_its_hues(tmp_path, qapp):
    render(steered.day(), tmp_path, "dark", 1)
    found = colours(QImage(str(tmp_path / "state.png")), 1)
    assert not {theme.NIGHT.stages[stage] for stage in ("replay", "dream")} & found
    assert theme.NIGHT.stages["gate"] in found, "the warning"


def test_words_are_set_in_the_shipped_typeface(qapp):
    assert load_fonts() == theme.FONT
    assert theme.FONT in QFontDatabase.families()
    assert QFontInfo(Look("day").font("title")).family() == theme.FONT


@pytest.mark.parametrize("palette", theme.PALETTES.values(), ids=theme.PALETTES.keys())
def test_every_word_stands_out_from_every_ground(palette):
    for word, colour in palette.texts().items():
        for ground, under in palette.grounds().items():
            assert theme.contrast(colour, under) >= 4.5, f"{word} on {ground} in {palette.name}"
    assert theme.contrast(palette.on_accent, palette.accent) >= 4.5


def test_the_words_on_a_filled_stage_stand_out():
    for palette in theme.PALETTES.values():
        for stage in theme.STAGES:
            assert theme.contrast(palette.on_accent, palette.stages[stage]) >= 4.5


def test_a_night_of_many_steps_is_a_band_that_holds_every_peak_and_costs_no_more_to_draw(qtbot):
    plot = Curve("Loss", "loss", Look("light"), "replay")
    qtbot.addWidget(plot)
    plot.restyle(Look("light"))
    values = np.random.default_rng(0).random(20_000)
    values[7_777] = 9.0
    plot.draw(range(20_000), values, 20_000)
    band, line = plot._band.getData()[1], plot._smooth.getData()[1]
    assert len(line) <= 310 and len(band) <= 620
    assert band.max() == 9.0, "what stands out is not lost"
    assert abs(line.mean() - values.mean()) < 0.02
    plot.draw(range(40), values[:40], 20_000)
    assert plot._band.getData()[0] is None or not len(plot._band.getData()[0])
    assert len(plot._raw.getData()[0]) == 40, "as few as these are drawn one by one"


def test_a_running_mean_starts_at_the_first_value_and_forgets_what_is_long_past():
    values = np.concatenate([np.full(3, 8.0), np.zeros(60)])
    mean = smoothed(values)
    assert mean[0] == pytest.approx(8.0)
    assert mean[3] == pytest.approx(0.7 * 8.0)
    assert abs(mean[-1]) < 1e-6
    assert len(smoothed(values[:0])) == 0


def test_every_dock_can_be_in_sight_at_once_while_a_night_trains(qapp):
    report = frames.measure(frames.Flood(rate=20), seconds=1.5, all_docks=True)
    assert report["docks_in_sight"] == report["docks"] > 12
    assert report["steps_shown"] >= 1


def test_the_frame_benchmark_measures_a_window_that_keeps_up_with_the_night(qapp):
    report = frames.measure(frames.Flood(rate=20), seconds=3.0)
    assert report["frames"] > 5  # beside another worker; how many there should be is measured alone
    assert report["steps_shown"] >= 10
    assert 0 < report["frame_ms"]["p50"] <= report["frame_ms"]["p95"] <= report["frame_ms"]["worst"]
