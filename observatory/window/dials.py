"""The three dials and their presets: how much of a night's draws each drive is to make.

Only the proportions count, so no dial moves another. It says when they are turned and knows no episodes.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSlider, QWidget

from ..protocol.drives import PRESETS, Drives
from ..protocol.events import DRIVES
from . import words
from .dock import label, row
from .look import Look
from .theme import DRIVE_MARKS, GRID

FULL = 100
STEP, LEAP = 5, 20
"""Of a hundred: an arrow key, and a page key."""
TIPS = {
    "curiosity": "Draws what was surprising: in its words, and in how it went on",
    "focus": "Draws what is close to the goal",
    "fear": "Draws what went badly, or is expected to",
}


class Dials(QWidget):
    """`turned`: somebody moved a dial or pressed a preset."""

    turned = Signal()

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.names = {name: label(f"{DRIVE_MARKS[name]} {name.capitalize()}", "heading") for name in DRIVES}
        self.figures = {name: label("", "small") for name in DRIVES}
        self.sliders = {name: self._slider(name) for name in DRIVES}
        self.chips: dict[str, QPushButton] = {}
        for preset, drives in PRESETS.items():
            chip = self.chips[preset] = QPushButton(preset.capitalize())
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setToolTip(words.tip(words.dials(drives)))
            chip.clicked.connect(lambda _=False, drives=drives: self.set(drives, by_hand=True))
        inside = QGridLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setHorizontalSpacing(3 * GRID)
        inside.setVerticalSpacing(2)
        for place, name in enumerate(DRIVES):
            inside.addLayout(row(self.names[name], None, self.figures[name]), 0, place)
            inside.addWidget(self.sliders[name], 1, place)
            inside.setColumnStretch(place, 1)
        self.set(Drives())

    def _slider(self, name: str) -> QSlider:
        made = QSlider(Qt.Orientation.Horizontal)
        made.setRange(0, FULL)
        made.setSingleStep(STEP)
        made.setPageStep(LEAP)
        made.setAccessibleName(f"Dial of {name}")
        made.setToolTip(words.tip(f"{TIPS[name]}. Arrow keys turn it."))
        made.valueChanged.connect(self._moved)
        return made

    def restyle(self, look: Look) -> None:
        self.look = look
        for name in DRIVES:
            hue = look.drive(name).name()
            self.names[name].setStyleSheet(f"color: {hue};")
            self.sliders[name].setMinimumHeight(round(look.type.body * 2))
            self.sliders[name].setStyleSheet(f"QSlider::sub-page:horizontal {{ background: {hue}; }}")

    @property
    def drives(self) -> Drives:
        return Drives(**{name: slider.value() / FULL for name, slider in self.sliders.items()})

    def set(self, drives: Drives, *, by_hand: bool = False) -> None:
        for name, slider in self.sliders.items():
            slider.blockSignals(True)
            slider.setValue(round(FULL * getattr(drives, name)))
            slider.blockSignals(False)
        self._say()
        if by_hand:
            self.turned.emit()

    def _moved(self) -> None:
        self._say()
        self.turned.emit()

    def _say(self) -> None:
        drives = self.drives
        for name, part in zip(DRIVES, drives.parts(), strict=True):
            self.figures[name].setText(f"{getattr(drives, name):.2f}")
            self.sliders[name].setAccessibleDescription(f"{getattr(drives, name):.2f}, {part:.0%} of the dials")
        named = words.preset(drives)
        for preset, chip in self.chips.items():
            chip.setChecked(preset == named)
