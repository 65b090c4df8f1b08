"""Why it says that: one answer, what it costs with each night and each memory left out, and a lens into the layers.

Shows one `Explained`; asks for one by signal. It finds nothing out itself.
"""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget

from ..protocol import events as ev
from . import words
from .charts import Chart
from .dock import Progress, column, label, row
from .leaving import LeftOut
from .look import Look
from .papers import bars, verdict
from .theme import GRID

ASK = (
    "Choose an answer and press W. The same question is then asked of the cortex with each night's delta taken off in "
    "turn, and with each memory left unread, so that what taught this answer is found by intervention and not guessed."
)
NOT_ASKED = (
    "Why it says that was not asked up to here. In a home that is open, W asks it: with each night's delta taken off "
    "in turn, and with each memory left unread."
)


class Lens(Chart):
    """Bits of the telling word after every layer, before and after the night that taught it."""

    def __init__(self, look: Look):
        super().__init__("", "layer", "bits", look)
        self.setMinimumSize(220, 160)
        self._before, self._after = self.plot([], []), self.plot([], [])
        self._here = self.plot([], [], pen=None)
        self._word = pg.TextItem("", anchor=(1, 0))
        self.addItem(self._word)
        self.shown: ev.Explained | None = None

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        ratio = max(look.ratio, self.devicePixelRatioF())
        self._before.setPen(pg.mkPen(look.soft, width=look.type.line * 1.6 * ratio, style=Qt.PenStyle.DashLine))
        self._after.setPen(pg.mkPen(look.stage("replay"), width=look.type.line * 2 * ratio))
        self._here.setSymbol("d")
        self._here.setSymbolBrush(look.stage("replay"))
        self._here.setSymbolPen(look.stage("replay"))
        self._here.setSymbolSize(look.type.small * 0.9 * ratio)
        self._word.setColor(look.text)
        self._word.setFont(look.strong("small"))

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def show_lens(self, found: ev.Explained) -> None:
        self.shown = found
        layers = np.array([each.layer for each in found.lens], dtype=float)
        before = np.array([each.before_bits for each in found.lens])
        after = np.array([each.after_bits for each in found.lens])
        self._before.setData(layers, before)
        self._before.setVisible(bool(found.lens_night))
        self._after.setData(layers, after)
        word = found.pieces[found.telling].strip() if found.pieces else ""
        first = next((each for each in found.lens if word and each.after_word == word), None)
        self._here.setData(*(([first.layer], [first.after_bits]) if first else ([], [])))
        top = float(max(before.max(), after.max(), 1.0)) if len(layers) else 1.0
        self._word.setText(f"first to say “{words.line(word, 24)}”: layer {first.layer}" if first else "")
        if len(layers):
            self._word.setPos(float(layers[-1]), top * 1.12)
            self.setXRange(1, float(layers[-1]), padding=0.04)
            self.setYRange(0, top * 1.15, padding=0)
        self.setAccessibleDescription(
            "; ".join(f"layer {e.layer}: {e.before_bits:.1f} before, {e.after_bits:.1f} after, says {e.after_word}"
                      for e in found.lens)
        )  # fmt: skip


class WhyPanel(QWidget):
    """`wanted` asks for an explanation of what is chosen; `episode_wanted(number)` opens a memory that was read."""

    wanted = Signal()
    episode_wanted = Signal(int)

    def __init__(self, look: Look, name):
        """`name(episode)`: how a person would call it."""
        super().__init__()
        self.look, self._name, self.found = look, name, None
        self.title = label("Why does it say that?", "heading")
        self.button = QPushButton("Ask why")
        self.button.setToolTip(words.tip("W"))
        self.button.clicked.connect(self.wanted)
        self.question = label("", "", wrap=True, selectable=True)
        self.said = label(ASK, "soft", wrap=True)
        self.progress = Progress()
        self.progress.hide()
        self.left_out = LeftOut(look)
        self.left_out.opened.connect(self.episode_wanted)
        self.lens_said = label("", "small", wrap=True)
        self.lens = Lens(look)
        inner = QWidget()
        inner.setObjectName("dockBody")
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        inside = column(inner, gap=GRID)
        inside.addLayout(row(self.title, None, self.button))
        for each in (self.question, self.said, self.progress, self.left_out, self.lens_said):
            inside.addWidget(each)
        inside.addWidget(self.lens, 1)
        inside.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        column(self, gap=0).addWidget(scroll)
        self._parts(False)

    def _parts(self, on: bool) -> None:
        for each in (self.left_out, self.lens, self.lens_said):
            each.setVisible(on)

    def restyle(self, look: Look) -> None:
        self.look = look
        self.left_out.restyle(look)
        self.lens.restyle(look)

    def busy(self, how_far: ev.Explaining | None) -> None:
        self.progress.setVisible(how_far is not None)
        if how_far is not None:
            self.progress.setRange(0, how_far.of)
            self.progress.setValue(how_far.done)
            self.said.setText(f"Leaving things out, one at a time: {how_far.done} of {how_far.of}")

    def show_question(self, text: str, past: bool = False) -> None:
        """An answer is chosen that nobody has asked why of yet, and of the past nobody can."""
        self.found = None
        self.question.setText(text)
        self.said.setText(NOT_ASKED if past else ASK)
        self._parts(False)

    def show_explained(self, text: str, found: ev.Explained) -> None:
        self.question.setText(text)
        if found is self.found:
            return
        self.found = found
        self.said.setText(verdict(found, self._name))
        self.left_out.show_bars(bars(found, self._name))
        word = found.pieces[found.telling].strip() if found.pieces else ""
        self.lens_said.setText(
            f"Bits of “{words.line(word, 30)}” read off every layer"
            + (f": – – without night {found.lens_night}, —— with it" if found.lens_night else "")
        )
        self._parts(True)
        self.lens.setVisible(bool(found.lens))
        self.lens.show_lens(found)
