"""The dials and their presets: how much of a night's draws each drive is to make.

Only the proportions count, so no dial moves another. A fourth dial is there while the mind lives with a plugin's drive;
presets leave it as it stands. It says when they are turned and knows no episodes.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSlider, QWidget

from ..protocol.drives import FIRST_DIAL, PRESETS, Drives
from ..protocol.events import DRIVES
from . import words
from .dock import label, row
from .look import Look
from .theme import GRID, drive_mark

FULL = 100
STEP, LEAP = 5, 20
"""Of a hundred: an arrow key, and a page key."""
TIPS = {
    "curiosity": "Draws what was surprising: in its words, and in how it went on",
    "focus": "Draws what is close to the goal",
    "fear": "Draws what went badly, or is expected to",
}
OWN = "Draws what the plugin sees most in"


class Dials(QWidget):
    """`turned`: somebody moved a dial or pressed a preset."""

    turned = Signal()

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.own = ""
        """The name of the plugin's drive; empty while there is none."""
        self._kept: dict[str, float] = {}
        self.names, self.figures, self.sliders = {}, {}, {}
        self.chips: dict[str, QPushButton] = {}
        for preset, drives in PRESETS.items():
            chip = self.chips[preset] = QPushButton(preset.capitalize())
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setToolTip(words.tip(words.dials(drives)))
            chip.clicked.connect(lambda _=False, drives=drives: self.set(drives, by_hand=True))
        self._inside = QGridLayout(self)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setHorizontalSpacing(3 * GRID)
        self._inside.setVerticalSpacing(2)
        for name in DRIVES:
            self._add(name)
        self.set(Drives())

    def _add(self, name: str) -> None:
        place = len(self.sliders)
        self.names[name] = label(f"{drive_mark(name)} {name.capitalize()}", "heading")
        self.figures[name] = label("", "small")
        self.sliders[name] = self._slider(name)
        self._inside.addLayout(row(self.names[name], None, self.figures[name]), 0, place)
        self._inside.addWidget(self.sliders[name], 1, place)
        self._inside.setColumnStretch(place, 1)

    def lend(self, name: str) -> bool:
        """The mind lives with this plugin's drive: it has a dial from now on. Whether that is new."""
        if name == self.own:
            return False
        if self.own:
            for each in (self.names, self.figures, self.sliders):
                each[self.own].hide()
        self.own = name
        if name:
            if name not in self.sliders:
                self._add(name)
            for each in (self.names, self.figures, self.sliders):
                each[name].show()
            self._put(name, self._kept.get(name, FIRST_DIAL))
            self.restyle(self.look)
        self._say()
        return True

    def _slider(self, name: str) -> QSlider:
        made = QSlider(Qt.Orientation.Horizontal)
        made.setRange(0, FULL)
        made.setSingleStep(STEP)
        made.setPageStep(LEAP)
        made.setAccessibleName(f"Dial of {name}")
        made.setToolTip(words.tip(f"{TIPS.get(name, OWN)}. Arrow keys turn it."))
        made.valueChanged.connect(self._moved)
        return made

    def restyle(self, look: Look) -> None:
        self.look = look
        for name in self.sliders:
            hue = look.drive(name).name()
            self.names[name].setStyleSheet(f"color: {hue};")
            self.sliders[name].setMinimumHeight(round(look.type.body * 2))
            self.sliders[name].setStyleSheet(f"QSlider::sub-page:horizontal {{ background: {hue}; }}")

    @property
    def drives(self) -> Drives:
        stand = {name: slider.value() / FULL for name, slider in self.sliders.items()}
        others = {self.own: stand[self.own]} if self.own else {}
        return Drives(**{name: stand[name] for name in DRIVES}, others=others)

    def set(self, drives: Drives, *, by_hand: bool = False) -> None:
        """What names no plugin's drive leaves its dial where it stands; of one that is not here it is kept in mind."""
        self._kept |= drives.others
        for name, dial in drives.dials.items():
            if name in self.sliders:
                self._put(name, dial)
        self._say()
        if by_hand:
            self.turned.emit()

    def _put(self, name: str, dial: float) -> None:
        slider = self.sliders[name]
        slider.blockSignals(True)
        slider.setValue(round(FULL * dial))
        slider.blockSignals(False)

    def _moved(self) -> None:
        self._say()
        self.turned.emit()

    def _say(self) -> None:
        drives = self.drives
        for (name, dial), part in zip(drives.dials.items(), drives.parts(), strict=True):
            self.figures[name].setText(f"{dial:.2f}")
            self.sliders[name].setAccessibleDescription(f"{dial:.2f}, {part:.0%} of the dials")
        named = words.preset(drives)
        for preset, chip in self.chips.items():
            chip.setChecked(preset == named)
