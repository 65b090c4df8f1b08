"""One replay in full: its cue, every token that was to be said, and over each what student and teacher made of it.

Three bars stand over a token: its chance for the student before the step, after it, and for the teacher. Under it the
word that the student thought likeliest, where that was another. A replay that was not watched is shown by its text.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from ..protocol import events as ev
from . import words
from .look import Look
from .tables import Column
from .theme import GRID
from .tokens import TokenText

BAR, GAP, HIGH = 7.0, 2.0, 44.0
"""Pixels of one bar, between two, and of a bar that is certain."""
WIDEST = 120.0
SAYS = ("student before", "student after", "teacher")


@dataclass(frozen=True)
class Shown:
    """What the page is handed. `told`: the episode's text with the surprise that it had, where no row was watched."""

    cue: str
    watched: ev.Watched | None = None
    told: ev.EpisodeEncoded | None = None
    note: str = ""


@dataclass(frozen=True)
class Token:
    """One token that was to be said. `chances` and `says`: of the student before and after the step, of the teacher."""

    text: str
    chances: tuple[float, float, float]
    says: tuple[str, str, str]

    @property
    def other(self) -> str:
        """What the student said instead, after the step; nothing where it says the token itself."""
        return "" if self.says[1] == self.text else self.says[1]


def tokens(watched: ev.Watched) -> list[Token]:
    each = zip(watched.places, watched.before, watched.after, watched.teacher, watched.before_says, watched.after_says,
               watched.teacher_says, strict=True)  # fmt: skip
    return [
        Token(watched.pieces[place] if place < len(watched.pieces) else "", (b, a, t), (bs, as_, ts))
        for place, b, a, t, bs, as_, ts in each
    ]


def shown(piece: str) -> str:
    """A token as a person can see it: what is only space, or half a character, is named."""
    text = words.line(piece).strip()
    if text:
        return text
    return "␣" if piece else "·"


def _chance(at: int, title: str, about: str) -> Column:
    return Column(title, lambda t: f"{100 * t.chances[at]:.1f} %", lambda t: t.chances[at], number=True, width=130,
                  figure=56, bar=lambda t, look: (t.chances[at], hues(look)[at]), about=about)  # fmt: skip


def _says(at: int, title: str) -> Column:
    return Column(title, lambda t: shown(t.says[at]), lambda t: t.says[at].casefold(), stretch=True,
                  colour=lambda t, look: look.soft if t.says[at] == t.text else None)  # fmt: skip


COLUMNS = (
    Column("Token", lambda t: shown(t.text), lambda t: t.text.casefold(), stretch=True),
    _chance(0, "Before", "The student's chance for this token before the step"),
    _chance(1, "After", "The same after the step"),
    _chance(2, "Teacher", "The chance that the mind gives it with the episode in reach; of old material, what the "
            "cortex gave it before the night"),
    _says(0, "Student said"), _says(1, "Student says"), _says(2, "Teacher says"),
)  # fmt: skip
"""The table twin of a watched replay: rows are `Token`s."""


def hues(look: Look) -> tuple[QColor, QColor, QColor]:
    return look.faint(look.stage("replay"), 0.6), look.stage("replay"), look.stage("exam")


class ReplayPage(QAbstractScrollArea):
    """Draws one `Shown`."""

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.shown: Shown | None = None
        self.tokens: list[Token] = []
        self._cells: list[tuple[QRectF, Token]] = []
        self._texts: list[tuple[QPointF, TokenText, str]] = []
        self.setMinimumHeight(90)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("The chosen replay")

    def restyle(self, look: Look) -> None:
        self.look = look
        self.lay()

    def show_replay(self, what: Shown | None) -> None:
        if what != self.shown:
            self.shown = what
            self.tokens = tokens(what.watched) if what is not None and what.watched is not None else []
            self.verticalScrollBar().setValue(0)
            self.setAccessibleDescription("; ".join(said(token) for token in self.tokens))
            self.lay()

    # ------------------------------------------------------------ layout

    def lay(self) -> None:
        self._cells, self._texts, y = [], [], float(GRID)
        width = self.viewport().width() - 4.0 * GRID
        if self.shown is not None:
            y = self._lay_text(f"Cue: {self.shown.cue}", "body", "soft", y, width)
            if self.tokens:
                y = self._lay_cells(y + self._legend_high(), width)
            elif self.shown.told is not None:
                told = self.shown.told
                y = self._lay_text(told.text, "body", "text", y, width, told.pieces, told.surprise)
            if self.shown.note:
                y = self._lay_text(self.shown.note, "small", "soft", y + GRID / 2, width)
        page = self.viewport().height()
        self.verticalScrollBar().setPageStep(page)
        self.verticalScrollBar().setRange(0, max(0, round(y + GRID) - page))
        self.viewport().update()

    def _lay_text(self, text: str, level: str, colour: str, y: float, width: float, pieces=None, bits=None) -> float:
        laid = TokenText(text, self.look.font(level), width, pieces, bits)
        self._texts.append((QPointF(2 * GRID, y), laid, colour))
        return y + laid.height + GRID / 2

    def _legend_high(self) -> float:
        return QFontMetricsF(self.look.font("small")).height() + GRID

    def _lay_cells(self, y: float, width: float) -> float:
        scale = self.look.type.body / 10.5
        body, small = QFontMetricsF(self.look.font("body")), QFontMetricsF(self.look.font("small"))
        high = HIGH * scale + body.height() + small.height() + GRID
        x, bars = 2.0 * GRID, (3 * BAR + 2 * GAP) * scale
        for token in self.tokens:
            said = max(body.horizontalAdvance(shown(token.text)), small.horizontalAdvance(_instead(token)))
            wide = max(bars, min(WIDEST * scale, said)) + GRID
            if x + wide > 2 * GRID + width:
                x, y = 2.0 * GRID, y + high
            self._cells.append((QRectF(x, y, wide, high), token))
            x += wide
        return y + high

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.lay()

    # ------------------------------------------------------------ painting

    def paintEvent(self, event) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.viewport().rect(), self.look.panel)
        if self.hasFocus():
            painter.setPen(QPen(self.look.accent, 1))
            painter.drawRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        shift = QPointF(0, -self.verticalScrollBar().value())
        for at, laid, colour in self._texts:
            laid.paint(painter, at + shift, self.look, getattr(self.look, colour))
        if self._cells:
            self._paint_legend(painter, self._cells[0][0].top() - self._legend_high() + shift.y())
        for rect, token in self._cells:
            moved = rect.translated(shift)
            if moved.bottom() > 0 and moved.top() < self.viewport().height():
                self._paint_cell(painter, moved, token)

    def _paint_legend(self, painter: QPainter, y: float) -> None:
        painter.setFont(self.look.font("small"))
        metrics, x = painter.fontMetrics(), 2.0 * GRID
        for place, name in enumerate(SAYS):
            self._paint_bar(painter, QRectF(x, y + 2, BAR, metrics.height() - 4), place)
            painter.setPen(self.look.soft)
            wide = metrics.horizontalAdvance(name)
            painter.drawText(QRectF(x + BAR + 5, y, wide + 4, metrics.height()), Qt.AlignmentFlag.AlignVCenter, name)
            x += BAR + 5 + wide + 2 * GRID

    def _paint_bar(self, painter: QPainter, rect: QRectF, place: int) -> None:
        """Before is hollow, after is full, the teacher full with a cap: nobody needs the hue."""
        hue = hues(self.look)[place]
        if place == 0:
            painter.setPen(QPen(self.look.stage("replay"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        painter.fillRect(rect, hue)
        if place == 2:
            painter.fillRect(QRectF(rect.left() - 1, rect.top(), rect.width() + 2, 2), self.look.text)

    def _paint_cell(self, painter: QPainter, rect: QRectF, token: Token) -> None:
        scale = self.look.type.body / 10.5
        floor = rect.top() + HIGH * scale
        painter.fillRect(QRectF(rect.left(), floor, rect.width() - GRID / 2, 1), self.look.line)
        for place, chance in enumerate(token.chances):
            high = max(1.5, chance * (HIGH * scale - 4))
            x = rect.left() + place * (BAR + GAP) * scale
            self._paint_bar(painter, QRectF(x, floor - high, BAR * scale, high), place)
        painter.setPen(self.look.text)
        painter.setFont(self.look.font("body"))
        self._word(painter, shown(token.text), QRectF(rect.left(), floor + 2, rect.width() - 2, rect.height()))
        if token.other:
            painter.setPen(self.look.soft)
            below = floor + 2 + painter.fontMetrics().height()
            painter.setFont(self.look.font("small"))
            self._word(painter, _instead(token), QRectF(rect.left(), below, rect.width() - 2, rect.height()))

    @staticmethod
    def _word(painter: QPainter, text: str, box: QRectF) -> None:
        cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width() + 1))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine, cut)

    # ------------------------------------------------------------ hands

    def token_at(self, point: QPointF) -> Token | None:
        there = point + QPointF(0, self.verticalScrollBar().value())
        return next((token for rect, token in self._cells if rect.contains(there)), None)

    def mouseMoveEvent(self, event) -> None:
        token = self.token_at(event.position())
        if token is not None:
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(said(token)), self)


def _instead(token: Token) -> str:
    return f"→ {shown(token.other)}" if token.other else ""


def said(token: Token) -> str:
    each = (f"{name} {100 * chance:.1f} % (says “{shown(says)}”)"
            for name, chance, says in zip(SAYS, token.chances, token.says, strict=True))  # fmt: skip
    return f"“{shown(token.text)}”: " + ", ".join(each)
