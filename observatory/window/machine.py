"""What the machine is doing, in one slim strip: device, memory, utilisation, trained tokens a second, frame time.

It asks the system about this process and the mind's once a second, and reads the rest from the story. A graphics card
is asked where its library is there and answers; nothing needs it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import psutil
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import words
from .look import Look
from .story import Story
from .theme import GRID

FRAMES = 150
"""Frames that the 95th percentile is taken of: five seconds at thirty a second."""
AWAY_S = 1.0
"""A gap longer than this was no frame but a window that was not drawn at all."""
STEPS = 8
"""Gradient steps that trained tokens a second are averaged over."""
METER = 44
"""Pixels of a meter."""
SLOW_MS = 40.0
"""The aim for the 95th percentile from frame to frame; over it the figure turns to the hue of what is wrong."""


@dataclass(frozen=True)
class Reading:
    """One figure of the strip. `share` of a whole is drawn as a meter; `bad` is said in another hue and with a mark."""

    name: str
    text: str
    share: float | None = None
    bad: bool = False
    tip: str = ""


class Frames:
    """From frame to frame, in milliseconds."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=FRAMES)
        self._last: float | None = None

    def frame(self, now: float) -> None:
        if self._last is not None and now - self._last < AWAY_S:
            self._gaps.append(1e3 * (now - self._last))
        self._last = now

    def p95(self) -> float | None:
        """None until there are enough of them to mean something."""
        if len(self._gaps) < FRAMES // 5:
            return None
        ordered = sorted(self._gaps)
        return ordered[math.ceil(0.95 * len(ordered)) - 1]


class Card:
    """The graphics card, asked through NVML where Python finds its library and a card answers."""

    def __init__(self, nvml=None):
        self._nvml = self._handle = None
        try:
            if nvml is None:
                import pynvml as nvml
            nvml.nvmlInit()
            self._handle, self._nvml = nvml.nvmlDeviceGetHandleByIndex(0), nvml
        except Exception:  # noqa: BLE001 - no library, no driver or no card: each has an error of its own
            self._nvml = None

    def readings(self) -> list[Reading]:
        if self._nvml is None:
            return []
        try:
            busy = self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu
            memory = self._nvml.nvmlDeviceGetMemoryInfo(self._handle)
        except self._nvml.NVMLError:
            return []
        return [
            Reading("GPU", f"{busy:.0f} %", busy / 100, tip="How much of the time the graphics card computed"),
            Reading("GPU memory", f"{memory.used / 1e9:.1f} of {memory.total / 1e9:.0f} GB",
                    memory.used / memory.total),
        ]  # fmt: skip


class Machine:
    """`read` once a second or so; it remembers the mind's process between two readings."""

    def __init__(self, card: Card | None = None):
        self.frames = Frames()
        self._card = card
        self._window = psutil.Process()
        self._mind: psutil.Process | None = None
        psutil.cpu_percent()  # the first answer of this is always 0

    def read(self, story: Story, pid: int | None) -> list[Reading]:
        if self._card is None:
            self._card = Card()
        out = []
        if story.ready is not None:
            out.append(Reading("Device", f"{story.ready.device} {story.ready.precision}"))
        busy = psutil.cpu_percent()
        out.append(Reading("Processor", f"{busy:.0f} %", busy / 100, tip="All cores of this machine together"))
        out += self._card.readings() + self._memory(pid)
        if (rate := tokens_a_second(story)) is not None:
            out.append(Reading("Trained", f"{rate:,.0f} tokens/s", tip=f"Over the last {STEPS} steps of replay"))
        if (p95 := self.frames.p95()) is not None:
            tip = "From frame to frame; nineteen of twenty took no longer than this"
            out.append(Reading("Frame", f"{p95:.0f} ms", bad=p95 > SLOW_MS, tip=tip))
        return out

    def _memory(self, pid: int | None) -> list[Reading]:
        whole = psutil.virtual_memory()
        out = []
        mind = self._rss(pid)
        if mind is not None:
            out.append(Reading("Mind", f"{mind / 1e9:.2f} GB", mind / whole.total, tip="Memory of the mind's process"))
        mine = self._window.memory_info().rss
        out.append(Reading("Window", f"{mine / 1e9:.2f} GB", mine / whole.total, tip="Memory of this window"))
        return out

    def _rss(self, pid: int | None) -> int | None:
        try:
            if pid is None:
                return None
            if self._mind is None or self._mind.pid != pid:
                self._mind = psutil.Process(pid)
            return self._mind.memory_info().rss
        except psutil.Error:  # it has just ended
            self._mind = None
            return None


def tokens_a_second(story: Story) -> float | None:
    """While a night replays and is not held."""
    night = story.night
    if night is None or not story.asleep or story.paused or night.stage != "replay" or not night.steps:
        return None
    last = night.steps[-STEPS:]
    took = sum(step.step_s for step in last)
    return sum(step.tokens for step in last) / took if took > 0 else None


class MachineStrip(QWidget):
    """Draws readings side by side, and leaves out the last ones where there is no room. Hovering explains each."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.readings: list[Reading] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Machine")

    def restyle(self, look: Look) -> None:
        self.look = look
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(600, round(self.look.type.small * 2.4))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def show_readings(self, readings: list[Reading]) -> None:
        if readings != self.readings:
            self.readings = readings
            self.setAccessibleDescription("; ".join(f"{r.name} {r.text}" for r in readings))
            self.update()

    def places(self) -> list[tuple[Reading, QRectF]]:
        """What there is room for, each with its box."""
        plain, strong = (QFontMetricsF(font) for font in (self.look.font("small"), self.look.strong("small")))
        out, x = [], 2.0 * GRID
        for reading in self.readings:
            wide = plain.horizontalAdvance(f"{reading.name} ") + strong.horizontalAdvance(_said(reading)) + 2
            wide += 0 if reading.share is None else METER + GRID
            if x + wide > self.width() - GRID:
                break
            out.append((reading, QRectF(x, 0, wide, self.height())))
            x += wide + 3 * GRID
        return out

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for reading, box in self.places():
            painter.setFont(self.look.font("small"))
            painter.setPen(self.look.soft)
            painter.drawText(box, middle, reading.name)
            box = box.adjusted(QFontMetricsF(painter.font()).horizontalAdvance(f"{reading.name} "), 0, 0, 0)
            painter.setFont(self.look.strong("small"))
            painter.setPen(self.look.wrong if reading.bad else self.look.text)
            painter.drawText(box, middle, _said(reading))
            if reading.share is not None:
                bar = QRectF(box.right() - METER, box.center().y() - 2, METER, 5)
                painter.fillRect(bar, self.look.raised)
                painter.fillRect(QRectF(bar.left(), bar.top(), METER * min(1.0, reading.share), 5), self.look.accent)

    def mouseMoveEvent(self, event) -> None:
        for reading, box in self.places():
            if box.contains(event.position()) and reading.tip:
                QToolTip.showText(event.globalPosition().toPoint(), words.tip(reading.tip), self)


def _said(reading: Reading) -> str:
    return f"▲ {reading.text}" if reading.bad else reading.text
