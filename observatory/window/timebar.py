"""The bar across the bottom: the strip of the whole life, and above it, away from now, where one is and how to return.

Always in reach. Knows the travel and nothing of what is shown.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolBar, QWidget

from .dock import OneLine, column, label, row
from .look import Look
from .sleepstrip import SleepStrip
from .theme import GRID
from .travel import Travel


class TimeBar(QToolBar):
    """`follow` draws what is new in the travel. The buttons do what their keys do."""

    def __init__(self, travel: Travel, look: Look):
        super().__init__("Time")
        self.setObjectName("timeBar")
        self.setMovable(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.toggleViewAction().setVisible(False)
        self.travel, self._drawn = travel, (-1, -1, "")
        self.strip = SleepStrip(travel, look)
        self.strip.travelled.connect(travel.go)
        self.where, self.reading = OneLine("heading"), label("", "softSmall")
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.speed = label("", "softSmall")
        self.play_button, self.live_button = QPushButton("Play"), QPushButton("Back to now")
        self.back_button, self.on_button = QPushButton("Back"), QPushButton("On")
        self.live_button.setObjectName("primary")
        for button, does, said in (
            (self.play_button, travel.play, "Play on from here in compressed time, or pause (Space in a recording)"),
            (self.back_button, lambda: travel.step(-1), "One event back (, in a recording)"),
            (self.on_button, lambda: travel.step(1), "One event on (. in a recording)"),
            (self.live_button, travel.live, "Show how things stand now (L)"),
        ):
            button.clicked.connect(lambda _=False, does=does: does())
            button.setToolTip(said)
            button.setAccessibleName(said)
        self.banner = QWidget()
        inner = row(self.where, self.reading, self.back_button, self.play_button, self.on_button, self.speed,
                    self.live_button)  # fmt: skip
        inner.setStretch(0, 1)
        inner.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        self.banner.setLayout(inner)
        holder = QWidget()
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        inside = column(holder, gap=0)
        inside.addWidget(self.banner)
        inside.addWidget(self.strip)
        self.addWidget(holder)
        self.banner.hide()

    def restyle(self, look: Look) -> None:
        self.look = look
        self.strip.restyle(look)
        # The line of where one is must not be taken for a heading: it stands on the colour of what is chosen.
        self.banner.setStyleSheet(f"QWidget#away {{ background: {look.palette.selected}; border-radius: 5px; }}")
        for button, name in ((self.back_button, "back"), (self.on_button, "step")):
            button.setIcon(look.icon(name, look.text))
            button.setIconSize(QSize(16, 16))
        self._drawn = (-1, -1, "")
        self.follow()

    def follow(self) -> None:
        travel = self.travel
        now = travel.hypnogram.changes, travel.changes, travel.reading
        if now == self._drawn:
            return
        self._drawn = now
        self.strip.follow()
        self.banner.setVisible(travel.away or travel.recorded or bool(travel.reading))
        self.banner.setObjectName("away" if travel.away else "")
        self.banner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.banner.style().polish(self.banner)
        self.where.say(self._where())
        self.reading.setText(travel.reading)
        playable = travel.away or travel.recorded
        for widget in (self.back_button, self.play_button, self.on_button, self.speed):
            widget.setVisible(playable)
        self.play_button.setText("Pause" if travel.playing else "Play")
        self.play_button.setIcon(self.look.icon("pause" if travel.playing else "run", self.look.text))
        self.on_button.setEnabled(travel.away)
        self.live_button.setVisible(travel.away)
        self.live_button.setText("To the end" if travel.recorded else "Back to now")
        self.speed.setText(f"{travel.speed} ×")

    def _where(self) -> str:
        travel = self.travel
        if not travel.away:
            return "A recording: this is its end. Space plays it from the beginning." if travel.recorded else ""
        said, place = travel.hypnogram.said(travel.place), f"event {travel.place:,} of {travel.hypnogram.last:,}"
        back = "" if travel.recorded else "  ·  press L for now"
        return f"You look at {said}  ·  {place}{back}"
