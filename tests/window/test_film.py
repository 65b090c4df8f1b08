"""Films of a stretch: what is written, picture by picture, and the window that goes through it. Real files."""

from __future__ import annotations

import json
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QPushButton

from observatory.window import film, filming
from observatory.window.source import Recording
from tests.window import lives
from tests.window.test_time import on, until  # noqa: F401

pytestmark = pytest.mark.window
LIFE = lives.life(2)


def picture(*boxes: tuple[QRect, str]) -> QImage:
    made = QImage(64, 40, QImage.Format.Format_RGB32)
    made.fill(QColor("#101030"))
    painter = QPainter(made)
    for box, colour in boxes:
        painter.fillRect(box, QColor(colour))
    painter.end()
    return made


def played(path: Path) -> list[tuple[QImage, int]]:
    """Every picture of an animated PNG as a player would show it, and for how many pictures it stands."""
    data, out, shown, head, body = path.read_bytes(), [], None, b"", b""
    control: tuple = ()

    def put() -> None:
        nonlocal shown
        if not control:
            return
        wide, high, x, y, stands = control
        chunks = [(b"IHDR", struct.pack(">II", wide, high) + head[8:]), (b"IDAT", body), (b"IEND", b"")]
        png = film.SIGNATURE + b"".join(
            struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks
        )
        part = QImage.fromData(png)
        assert not part.isNull(), "a part that no player could read"
        shown = QImage(part.size(), QImage.Format.Format_RGB32) if shown is None else shown.copy()
        painter = QPainter(shown)
        painter.drawImage(x, y, part)
        painter.end()
        out.append((shown, stands))

    numbers, count = [], 0
    for kind, chunk in film._chunks(data):
        if kind == b"IHDR":
            head = chunk
        elif kind == b"acTL":
            count, _ = struct.unpack(">II", chunk)
        elif kind == b"fcTL":
            put()
            number, wide, high, x, y, stands, _, _, _ = struct.unpack(">IIIIIHHBB", chunk)
            numbers.append(number)
            control, body = (wide, high, x, y, stands), b""
        elif kind == b"IDAT":
            body += chunk
        elif kind == b"fdAT":
            numbers.append(struct.unpack(">I", chunk[:4])[0])
            body += chunk[4:]
    put()
    assert numbers == sorted(set(numbers)), "players refuse a film whose parts are out of order"
    assert count == len(out)
    return out


def filmed(path: Path, pictures) -> None:
    into = film.writer(path, 12)
    for each in pictures:
        into.add(each)
    into.end()
    while not into.whole():
        pass


def test_an_animated_png_shows_every_picture_and_holds_only_what_changed(tmp_path):
    box, other = QRect(5, 5, 10, 10), QRect(40, 20, 8, 6)
    red = box, "#ff0000"
    pictures = [picture(), picture(red), picture(red), picture(red, (other, "#ffffff"))]
    path = tmp_path / "film.apng"
    filmed(path, pictures)
    shown = played(path)
    assert [stands for _, stands in shown] == [1, 2, 1]
    assert [image for image, _ in shown] == [pictures[0], pictures[1], pictures[3]]
    assert QImage(str(path)) == pictures[0].convertToFormat(QImage(str(path)).format()), "others see its first picture"
    assert [each.name for each in tmp_path.iterdir()] == ["film.apng"]


@pytest.mark.parametrize("ending", film.kinds())
def test_a_film_that_is_given_up_leaves_nothing(tmp_path, ending):
    into = film.writer(tmp_path / f"film{ending}", 12)
    into.add(picture())
    into.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_film_without_an_ending_gets_the_best_kind_and_one_without_an_encoder_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(film, "encoder", lambda: "")
    assert film.kinds() == (".apng",)
    into = film.writer(tmp_path / "night", 12)
    assert into.path.name == "night.apng"
    into.abandon()
    with pytest.raises(OSError, match="pip install imageio-ffmpeg"):
        film.writer(tmp_path / "night.mp4", 12)


@pytest.mark.skipif(not film.encoder(), reason="no ffmpeg here")
@pytest.mark.parametrize("ending", film.ENCODED)
def test_ffmpeg_makes_a_film_of_them(tmp_path, ending):
    path = tmp_path / f"film{ending}"
    filmed(path, [picture((QRect(n, 5, 10, 10), "#ff0000")) for n in range(24)])
    told = subprocess.run([film.encoder(), "-i", path], capture_output=True, text=True, check=False).stderr
    assert "64x40" in told
    assert "Duration: 00:00:02.00" in told or "00:00:01.9" in told
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_an_encoder_that_ends_early_is_said_with_its_words(tmp_path):
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho no such codec >&2\nexit 1\n")
    broken.chmod(0o755)
    into = film.Encoded(tmp_path / "film.mp4", 12, str(broken))
    with pytest.raises(OSError, match="no such codec"):
        for _ in range(200):
            into.add(picture())
        into.end()
        while not into.whole():
            pass
    into.abandon()
    assert [each.name for each in tmp_path.iterdir()] == ["ffmpeg"]


def test_pictures_are_even_in_time_from_the_first_event_of_a_stretch_to_its_last(on):  # noqa: F811
    window = on(Recording(LIFE))
    life = window.travel.hypnogram
    whole, first, second = filming.stretches(life, window.travel.place)
    assert (whole.first, whole.last) == (1, len(LIFE))
    assert (first.name, second.last) == ("Night 1 and the day after it", len(LIFE))
    assert first.last == second.first - 1
    found = filming.moments(life, first, 50)
    assert len(found) == 50
    assert found == sorted(found)
    assert (found[0], found[-1]) == (first.first, first.last)
    assert len(set(found)) > 25, "a night goes by in steps and not in one leap over the hours after it"


def test_a_dock_is_filmed_through_a_night_and_the_window_is_back_where_it_was(on, tmp_path):  # noqa: F811
    window = on(Recording(LIFE))
    window.travel.go(40)
    until(window, lambda: window.travel.seq == 40)
    window.show_night()
    night = filming.stretches(window.travel.hypnogram, 40)[1]
    path = tmp_path / "night.apng"
    seen: list[int] = []
    window.start_film(window.night, night, 2, path)
    window.camera.went.connect(lambda _: seen.append(window.travel.place))
    assert not window.can_film(), "one at a time"
    until(window, lambda: window.camera is None)
    wanted = filming.moments(window.travel.hypnogram, night, 2 * filming.RATE)
    assert seen == wanted
    shown = played(path)
    assert sum(stands for _, stands in shown) == 2 * filming.RATE
    assert len(shown) > 5, "the night moves"
    ratio = window.night.devicePixelRatioF()
    assert shown[0][0].width() == round(window.night.width() * ratio)
    about = json.loads((tmp_path / "night.apng.json").read_text())
    assert (about["from"], about["to"], about["pictures"]) == (night.first, night.last, 24)
    until(window, lambda: window.travel.seq == 40)


def test_a_film_is_cancelled_and_nothing_is_left_of_it(on, tmp_path, qtbot):  # noqa: F811
    window = on(Recording(LIFE))
    stretch = filming.stretches(window.travel.hypnogram, 1)[0]
    window.start_film(window, stretch, 20, tmp_path / "life.apng")
    until(window, lambda: window.camera.taken > 2)
    qtbot.mouseClick(window.film_progress.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert window.camera is None
    assert list(tmp_path.iterdir()) == []
    assert window.can_film()


def test_closing_the_window_ends_its_film(on, tmp_path):  # noqa: F811
    window = on(Recording(LIFE))
    window.start_film(window, filming.stretches(window.travel.hypnogram, 1)[0], 20, tmp_path / "life.apng")
    until(window, lambda: window.camera.taken > 0)
    window.close()
    assert list(tmp_path.iterdir()) == []


def test_the_dialog_offers_what_can_be_seen_and_starts_the_film(on, tmp_path, qtbot):  # noqa: F811
    window = on(Recording(LIFE))
    window.show_review()
    until(window, lambda: window.actions_["film"].isEnabled())
    window.act("film")
    dialog = window.film_dialog
    offered = [dialog.what.itemText(at) for at in range(dialog.what.count())]
    assert offered[0] == "The whole window"
    assert "Review" in offered and "Dreams" not in offered, "a dock behind another cannot be filmed"
    dialog.what.setCurrentIndex(offered.index("Review"))
    dialog.stretch.setCurrentIndex(1)
    dialog.seconds.setValue(1)
    asked = []
    window.choose_save = lambda title, name: asked.append(name) or str(tmp_path / "review.apng")
    dialog.do_button.click()
    until(window, lambda: window.camera is None and (tmp_path / "review.apng.json").exists())
    assert asked == [f"night-1-and-the-day-after-it-review{film.kinds()[0]}"]


def test_a_folder_that_is_not_there_is_said_and_nothing_is_filmed(on, tmp_path):  # noqa: F811
    window = on(Recording(LIFE))
    stretch = filming.stretches(window.travel.hypnogram, 1)[0]
    window.start_film(window, stretch, 2, tmp_path / "nowhere" / "life.apng")
    assert window.camera is None
    assert window.story.notices[-1].title == "The film was not made"
