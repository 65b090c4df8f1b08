"""Filming a stretch of the life: what is filmed and from when to when, the dialog that asks, and the camera that goes.

The window travels through the stretch and every picture is taken of what it shows then; afterwards it is back where it
was. Mixed into the main window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QProgressDialog,
    QPushButton,
    QSpinBox,
    QWidget,
)

from ..protocol.durable import write
from . import figures
from .dock import column, label, row
from .film import Writer, kinds, writer
from .hypnogram import Axis, Hypnogram
from .theme import GRID

RATE = 12
"""Pictures a second: a night goes by smoothly, and a film of a minute stays small."""
SECONDS, MOST_SECONDS = 20, 300
GAP = 0.02
"""Of the film: what hours without events take at most, each."""
PAUSE_MS = 2
"""Milliseconds between pictures that belong to everything else in the window."""
SETTLES = 2
"""Turns of the loop after an arrival before its picture is taken: layouts take more than one."""


@dataclass(frozen=True)
class Stretch:
    """From one event to another, under a name."""

    name: str
    first: int
    last: int


def stretches(life: Hypnogram, here: int) -> list[Stretch]:
    """The whole of it, each night with the evening's end before it, and from where one looks to the end."""
    out = [Stretch("The whole life", 1, life.last)]
    starts = dict.fromkeys(number for _, number in life.nights)
    for number in starts:
        first = next(seq for seq, each in life.nights if each == number)
        after = next((seq for seq, each in life.nights if seq > first and each != number), life.last + 1)
        out.append(Stretch(f"Night {number} and the day after it", first, after - 1))
    if 1 < here < life.last:
        out.append(Stretch("From the moment that is shown", here, life.last))
    return out


def moments(life: Hypnogram, stretch: Stretch, pictures: int) -> list[int]:
    """Which event every picture stands after: even in time, with hours in which nothing happened cut short."""
    axis = Axis(life, 1.0, GAP, most=0.4)
    ends = axis.x(np.array([stretch.first, stretch.last]))
    wanted = [axis.seq(float(x)) for x in np.linspace(*ends, max(2, pictures))]
    return [min(stretch.last, max(stretch.first, seq)) for seq in wanted[:-1]] + [stretch.last]


class Camera(QObject):
    """Goes from moment to moment and takes a picture at each. `ended(problem)`: it is over, well or not."""

    went = Signal(int)
    ended = Signal(str)

    def __init__(self, window, what: QWidget, seqs: Sequence[int], into: Writer):
        super().__init__(window)
        self.window, self.what, self.seqs, self.into = window, what, list(seqs), into
        self.taken, self.rolling = 0, True
        self._settled, self._size = 0, what.size()
        self._back = None if window.travel.seq is None else window.travel.place
        self._timer = QTimer(self, interval=PAUSE_MS)
        self._timer.timeout.connect(self._turn)
        self._timer.start()
        window.travel.go(self.seqs[0])

    def stop(self, problem: str = "cancelled") -> None:
        """Over before its end: nothing is left lying there."""
        if self.rolling:
            self._over(problem)

    def _turn(self) -> None:
        travel = self.window.travel
        try:
            if self.taken == len(self.seqs):
                if self.into.whole():
                    self._over("")
                return
            travel.tick()
            if travel.problem:
                self._over(travel.problem)
            elif travel.arrived:
                self._settled += 1
                self.window._draw()
                self.window.timebar.follow()
                if self._settled >= SETTLES:
                    self._take()
        except (OSError, ValueError) as error:
            self._over(str(error))

    def _take(self) -> None:
        self.into.add(self._picture())
        self.taken, self._settled = self.taken + 1, 0
        self.went.emit(self.taken)
        if self.taken == len(self.seqs):
            self.into.end()
        else:
            self.window.travel.on_to(self.seqs[self.taken])

    def _picture(self) -> QImage:
        """As large as at the beginning, whatever becomes of the dock meanwhile."""
        image = self.what.grab().toImage()
        image.setDevicePixelRatio(1.0)
        ratio = self.what.devicePixelRatioF()
        wide, high = round(self._size.width() * ratio), round(self._size.height() * ratio)
        return image if (image.width(), image.height()) == (wide, high) else image.copy(0, 0, wide, high)

    def _over(self, problem: str) -> None:
        self.rolling = False
        self._timer.stop()
        if problem:
            self.into.abandon()
        self.window.travel.live() if self._back is None else self.window.travel.go(self._back)
        self.ended.emit(problem)


class FilmDialog(QDialog):
    """`given(what, stretch, seconds)`."""

    given = Signal(object, object, int)

    def __init__(self, subjects: Sequence[tuple[str, QWidget]], offered: Sequence[Stretch], parent: QWidget):
        super().__init__(parent)
        self.setWindowTitle("Film")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self.what, self.stretch, self.seconds = QComboBox(), QComboBox(), QSpinBox()
        for name, widget in subjects:
            self.what.addItem(name, widget)
        for each in offered:
            self.stretch.addItem(each.name, each)
        self.seconds.setRange(1, MOST_SECONDS)
        self.seconds.setValue(SECONDS)
        self.seconds.setSuffix(" s")
        for widget, said in ((self.what, "What is filmed"), (self.stretch, "From when to when"),
                             (self.seconds, "How long the film is")):  # fmt: skip
            widget.setAccessibleName(said)
        self.do_button, self.cancel_button = QPushButton("Film it…"), QPushButton("Cancel")
        self.do_button.setObjectName("primary")
        self.do_button.setDefault(True)
        self.cancel_button.setAutoDefault(False)
        buttons = QDialogButtonBox()
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.do_button, QDialogButtonBox.ButtonRole.AcceptRole)
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        inside.addWidget(label("Film of a stretch", "title"))
        inside.addWidget(label(
            "The window goes through the stretch and is filmed on its way; then it is back where it was. It can be "
            f"made as {_either([kind[1:].upper() for kind in kinds()])} here.", "soft", wrap=True,
        ))  # fmt: skip
        for text, widget in (("What", self.what), ("Stretch", self.stretch), ("Length", self.seconds)):
            line = row(label(text), widget, None)
            line.itemAt(0).widget().setMinimumWidth(8 * GRID)
            inside.addLayout(line)
        inside.addWidget(buttons)
        buttons.accepted.connect(self._give)
        buttons.rejected.connect(self.reject)
        self.what.setFocus()

    def _give(self) -> None:
        self.given.emit(self.what.currentData(), self.stretch.currentData(), self.seconds.value())
        self.accept()


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


class Filming:
    """The window has the docks, the travel, `choose_save`, `_say_done`, `notice_error`."""

    def _make_filming(self) -> None:
        self.camera: Camera | None = None
        self.film_progress: QProgressDialog | None = None

    def can_film(self) -> bool:
        return self.travel.possible and self.camera is None

    def film(self) -> None:
        if not self.can_film():
            return
        focus = self.focusWidget()
        docks = sorted((dock for dock in self.docks if dock.seen),
                       key=lambda dock: focus is None or not dock.isAncestorOf(focus))  # fmt: skip
        subjects = [("The whole window", self), *((dock.windowTitle(), dock) for dock in docks)]
        self.film_dialog = FilmDialog(subjects, stretches(self.travel.hypnogram, self.travel.place), self)
        self.film_dialog.given.connect(self._choose_film)
        self.film_dialog.open()

    def _choose_film(self, what: QWidget, stretch: Stretch, seconds: int) -> None:
        name = f"{stretch.name} {'' if what is self else what.windowTitle()}".strip().casefold().replace(" ", "-")
        path = self.choose_save("Where the film goes", f"{name}{kinds()[0]}")
        if path:
            self.start_film(what, stretch, seconds, Path(path))

    def start_film(self, what: QWidget, stretch: Stretch, seconds: int, path: Path) -> None:
        into = self._do("The film was not made", lambda: writer(path, RATE))
        if into is None:
            return
        seqs = moments(self.travel.hypnogram, stretch, seconds * RATE)
        self.camera = Camera(self, what, seqs, into)
        progress = QProgressDialog(f"Filming {stretch.name[0].lower()}{stretch.name[1:]}", "Cancel", 0, len(seqs), self)
        progress.setWindowTitle("Film")
        progress.setMinimumDuration(0)
        progress.setAutoReset(False)
        progress.canceled.connect(self.camera.stop)
        self.camera.went.connect(progress.setValue)
        about = {**figures.provenance(what, self.story, str(getattr(self.source, "home", "") or "")),
                 "film": into.path.name, "from": stretch.first, "to": stretch.last, "pictures": len(seqs),
                 "rate": RATE}  # fmt: skip
        self.camera.ended.connect(lambda problem: self._filmed(problem, into.path, about))
        self.film_progress = progress
        progress.show()
        self._enable()

    def stop_filming(self) -> None:
        if self.camera is not None:
            self.camera.stop()

    def _filmed(self, problem: str, path: Path, about: dict) -> None:
        self.camera.deleteLater()
        self.camera = None
        self.film_progress.canceled.disconnect()
        self.film_progress.close()
        self.film_progress.deleteLater()
        self.film_progress = None
        if problem == "cancelled":
            self._say_done("The film was cancelled, and nothing is left of it.")
        elif problem:
            self.notice_error("The film was not made", problem, "")
        else:
            beside = path.with_name(f"{path.name}.json")
            self._do("What the film shows was not written beside it", lambda: write(
                beside, msgspec.json.format(msgspec.json.encode(about), indent=1) + b"\n"
            ))  # fmt: skip
            self._say_done(f"Saved {path.name}, and beside it what it shows.")
        self._enable()
