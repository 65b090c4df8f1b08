"""The status bar: mode, what the mind is busy with, model and device, the cortex and its lock, what is saved.

It is told how long the mind has been silent; everything else it reads from the story.
"""

from __future__ import annotations

import time

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton

from . import words
from .dock import label
from .look import Look
from .story import Story

SILENT_S = 3.0
"""Three missed heartbeats: one is jitter on a loaded machine."""


class StatusBar(QStatusBar):
    """`refresh` also takes how long the mind has been silent, which no event can tell."""

    def __init__(self, story: Story, look: Look):
        super().__init__()
        self.story, self.look = story, look
        self.setSizeGripEnabled(False)
        self.mode, self.busy, self.silence = label("", "small"), label("", "softSmall"), label("", "softSmall")
        self.machine, self.saved = label("", "softSmall"), label("", "softSmall")
        self.lock = QLabel()
        self.cortex = QToolButton()
        self.cortex.setAccessibleName("Hash of the cortex; press to copy it")
        self.cortex.clicked.connect(self._copy)
        for widget in (self.mode, self.busy, self.silence):
            self.addWidget(widget)
        for widget in (self.machine, self.lock, self.cortex, self.saved):
            self.addPermanentWidget(widget)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.cortex.setStyleSheet(f"color: {look.palette.text}; font-size: {look.type.small}pt;")

    def refresh(self, silent_s: float | None) -> None:
        story = self.story
        hue = {"asleep": "replay", "awake": "wake", "rest": "dream"}.get(story.mode, "weigh")
        mode = "reading only" if story.looking else words.MODES[story.mode]
        self.mode.setText(f"  ●  {mode}{', paused' if story.paused and story.asleep else ''}")
        self.mode.setStyleSheet(f"color: {self.look.stage(hue).name()}; font-weight: 600;")
        self.busy.setText(self._busy())
        silent = silent_s if silent_s is not None and silent_s >= SILENT_S and story.lost is None else None
        self.silence.setText(f"mind silent for {silent:.0f} s" if silent else "")
        self.silence.setStyleSheet(f"color: {self.look.palette.wrong};")
        self._machine()
        self._cortex()
        if story.saved is not None:
            self.saved.setText(f"saved {words.clock(story.saved.at or time.time())}  ")
            self.saved.setToolTip(words.tip(f"Everything up to event {story.saved.through:,} is on disk"))

    def _busy(self) -> str:
        story = self.story
        if story.looking:
            return "shown as it was when it was opened; nothing can be changed from here"
        if story.lost is not None:
            return "the mind's process has ended"
        if story.waiting is not None:
            done = f" ({100 * story.waiting.fraction:.0f} %)" if story.waiting.fraction is not None else ""
            return words.line(story.waiting.what, 120) + done
        return words.line(story.heartbeat.busy, 120) if story.heartbeat else words.line(story.mode_why, 120)

    def _machine(self) -> None:
        ready = self.story.ready
        if ready is None:
            self.machine.setText("")
            return
        memory = f"  ·  {self.story.heartbeat.rss_mb / 1000:.1f} GB" if self.story.heartbeat else ""
        self.machine.setText(f"{words.line(ready.model, 60)}  ·  {ready.device} {ready.precision}{memory}")
        self.machine.setToolTip(words.tip(
            f"{ready.parameters / 1e6:.0f} million parameters, {ready.layers} layers of width {ready.width}, "
            f"{words.plural(ready.threads, 'thread')}; code of {ready.code_active} in {ready.code_units:,} units\n"
            f"model {ready.model_hash}"
        ))  # fmt: skip

    def _cortex(self) -> None:
        story = self.story
        if not story.cortex:
            self.lock.clear()
            self.cortex.setText("")
            return
        asleep, checked = story.asleep, story.checked
        if checked is not None and checked.cortex != story.cortex:
            checked = None
        moved = checked is not None and not checked.unchanged
        name, hue = ("unlocked", self.look.stage("gate")) if asleep else ("locked", self.look.right)
        said = "a night is open" if asleep else "frozen while awake"
        mark = ""
        if moved:
            hue, mark, said = self.look.wrong, " changed!", "it changed while awake, which must never happen"
        elif checked is not None and checked.unchanged and not asleep:
            mark, said = " ✓", f"frozen while awake; hashed {'whole' if checked.whole else 'in part'} and unchanged"
        self.lock.setPixmap(self.look.pixmap(name, hue, 16, self.devicePixelRatioF()))
        self.lock.setToolTip(words.tip(said))
        self.cortex.setText(f"cortex {words.short(story.cortex)}{mark}")
        self.cortex.setToolTip(words.tip(f"{story.cortex}\n{said}\nPress to copy"))
        self.lock.setAlignment(Qt.AlignmentFlag.AlignVCenter)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.story.cortex)
