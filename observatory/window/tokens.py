"""Text laid out once, with a bar of heat under every token for how surprising it was.

Works on plain text only: what looks like mark-up is drawn as it stands. Knows no events.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTextLayout, QTextOption

from .look import Look
from .theme import STEPS_OF_SURPRISE, ramp_step
from .words import literal

BAR = 3.0
"""Height of the heat under a token, in pixels: seen at a glance, and not mistaken for an underline."""


def spans(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Where each piece stands in the text. A piece that is not found (half a character) is empty."""
    found, at = [], 0
    for piece in pieces:
        start = text.find(piece, at, at + len(piece) + 8) if piece else -1
        if start < 0:
            found.append((at, at))
        else:
            at = start + len(piece)
            found.append((start, at))
    return found


def _utf16(text: str) -> list[int]:
    """Qt counts UTF-16 units: the place of every character in them."""
    places, at = [0], 0
    for letter in text:
        at += 2 if ord(letter) > 0xFFFF else 1
        places.append(at)
    return places


class TokenText:
    """A block of text of one width. Make a new one when text, width or look change."""

    def __init__(
        self,
        text: str,
        font: QFont,
        width: float,
        pieces: list[str] | None = None,
        bits: list[float] | None = None,
    ):
        self.source = text
        self.bits = bits or []
        shown = literal(text).replace("\n", "\u2028").replace("\t", "    " if not pieces else " ")
        self._layout = QTextLayout(shown, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._layout.setTextOption(option)
        gap = BAR + 4.0 if pieces else QFontMetricsF(font).leading() + 2.0
        self.width = 0.0
        y = 0.0
        self._layout.beginLayout()
        while (line := self._layout.createLine()).isValid():
            line.setLineWidth(max(24.0, width))
            line.setPosition(QPointF(0.0, y))
            y += line.height() + gap
            self.width = max(self.width, line.naturalTextWidth())
        self._layout.endLayout()
        self.height = max(y, QFontMetricsF(font).height())
        self.lines = self._layout.lineCount()
        self.spans: list[tuple[int, int]] = []
        self._bars: list[list[QRectF]] = [[] for _ in range(STEPS_OF_SURPRISE)]
        self._tokens: list[tuple[QRectF, int]] = []
        if pieces:
            self._lay_bars(text, pieces)

    def _lay_bars(self, text: str, pieces: list[str]) -> None:
        places = _utf16(text)
        self.spans = spans(text, pieces)
        lines = [self._layout.lineAt(n) for n in range(self._layout.lineCount())]
        ends = [line.textStart() + line.textLength() for line in lines]
        current = 0
        for token, ((start, end), surprise) in enumerate(zip(self.spans, self.bits, strict=False)):
            a, b = places[start], places[end]
            while current < len(lines) - 1 and ends[current] <= a:
                current += 1
            for line in lines[current:]:
                first, last = line.textStart(), line.textStart() + line.textLength()
                if first >= b:
                    break
                if max(a, first) >= min(b, last):
                    continue
                x0, x1 = _x(line, max(a, first)), _x(line, min(b, last))
                left, wide = min(x0, x1), abs(x1 - x0)
                top = line.y() + line.ascent() + line.descent() + 1.0
                self._bars[ramp_step(surprise)].append(QRectF(left + 0.5, top, max(1.0, wide - 1.0), BAR))
                self._tokens.append((QRectF(left, line.y(), wide, line.height() + BAR + 2), token))

    def paint(self, painter: QPainter, at: QPointF, look: Look, colour: QColor) -> None:
        painter.setPen(colour)
        self._layout.draw(painter, at)
        painter.setPen(Qt.PenStyle.NoPen)
        for step, bars in enumerate(self._bars):
            if bars:
                heat = QColor(look.palette.ramp[step])
                for bar in bars:
                    painter.fillRect(bar.translated(at), heat)

    def token_at(self, point: QPointF) -> int | None:
        return next((token for rect, token in self._tokens if rect.contains(point)), None)

    @property
    def bars(self) -> int:
        return sum(len(bars) for bars in self._bars)


def _x(line, place: int) -> float:
    x = line.cursorToX(place)
    return x[0] if isinstance(x, tuple) else x
