"""The talk as it is seen: turns from top to bottom, laid out once each and painted where visible.

Draws plain text, heat under tokens and the memories that were read. It asks nothing of the mind.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from ..protocol import events as ev
from . import words
from .feedback import hue, went
from .lived import Turn
from .look import Look
from .story import Story
from .theme import GRID
from .tokens import TokenText

SHOWN = 300
"""Turns kept laid out. Older ones stay in the episodes table and in the record."""

WAITS = "waits until the night reaches the gate"
PORTION = 12
"""Turns laid out in one go: about 15 ms."""
FEW = 12
"""Turns that can be laid out again at every step of a resize; more wait until the edge rests."""


class Block:
    """One turn, laid out for one width."""

    def __init__(self, turn: Turn, width: float, look: Look, story: Story):
        self.turn, self.changed = turn, turn.changed
        self.texts: list[tuple[QPointF, TokenText, str]] = []
        self.rows: list[tuple[QRectF, int, float]] = []
        self.mark: QRectF | None = None
        self._look, self._width, self._y = look, width, float(GRID)
        small, body = look.font("small"), look.font("body")
        if turn.kind == "told":
            self._told(turn, small, body, story)
        else:
            self._asked(turn, small, body, story)
        self.height = self._y + GRID

    def _put(self, text: str, font, colour: str, x: float = 0.0, pieces=None, bits=None, gap: float = 4.0) -> TokenText:
        laid = TokenText(text, font, self._width - x, pieces, bits)
        self.texts.append((QPointF(x, self._y), laid, colour))
        self._y += laid.height + gap
        return laid

    def _told(self, turn: Turn, small, body, story: Story) -> None:
        told = turn.encoded
        head = "You"
        if told is not None:
            who = "You" if told.speaker == "user" else words.line(told.speaker, 60)
            head = "  ·  ".join(p for p in (who, words.when(told.lived_at, told.at), words.line(told.session, 60)) if p)
        self._put(head, small, "soft", gap=2)
        self._put(turn.text, body, "text", pieces=turn.pieces, bits=turn.surprise)
        if told is None:
            self._put(_not_encoded(turn, story), small, "accent" if turn.waits else "soft")
            return
        said = [f"mean surprise {words.bits(story.by_number[turn.number].mean)}", f"novelty {told.novelty:.2f}"]
        said.insert(0, "kept" if turn.kept else "being saved…")
        self._put("  ·  ".join(said), small, "soft")
        if told.outcome is not None:
            because = f", because {words.line(told.because, 160)}" if told.because else ""
            self._put(f"{went(told.outcome)}{because}", small, hue(told.outcome))

    def _asked(self, turn: Turn, small, body, story: Story) -> None:
        with_ = "whole mind" if turn.memory == "whole" else "cortex alone, hippocampus unplugged"
        self._put(f"Question  ·  {with_}", small, "accent", gap=2)
        self._put(turn.text, body, "text")
        top, x = self._y, 2.0 * GRID
        answer = turn.answered.answer if turn.answered else "".join(turn.answer_pieces)
        pieces, bits = turn.answer_pieces, turn.answer_surprise
        if answer:
            self._put(answer, body, "text", x, pieces, bits)
        else:
            nothing = "nothing was said" if turn.answered else WAITS if turn.waits else "thinking…"
            self._put(nothing, body, "accent" if turn.waits else "soft", x)
        if turn.answered:
            about = f"{words.plural(len(bits), 'token')} in {words.duration(turn.answered.wall_ms / 1e3)}"
            speed = f"  ·  {turn.answered.tokens_per_s:.0f} tokens/s"
            self._put(about + speed, small, "soft", x)
        self._memories(turn, small, story, x)
        if turn.asks is not None:
            self._put("? The mind is not sure, and asks to be told", self._look.strong("small"), "wrong", x, gap=2)
            self._put(turn.asks.why, small, "soft", x)
        self.mark = QRectF(2, top, 3, max(8.0, self._y - top - 4))

    def _memories(self, turn: Turn, small, story: Story, x: float) -> None:
        if turn.read is None and not turn.reads:
            return
        if not turn.reads:
            self._put(f"No memory was read: {turn.read.why}", small, "soft", x)
            return
        for read in turn.reads:
            episode = story.by_number.get(read.episode)
            name = words.name(episode.told if episode else None, read.episode, 36)
            y, indent = self._y, x + 52.0
            laid = self._put(
                f"{name}  ·  match {read.match:.2f}  ·  {100 * read.mass:.0f} % attention",
                small,
                "accent",
                indent,
                gap=6,
            )
            self.rows.append((QRectF(x, y - 2, self._width - x, laid.height + 4), read.episode, read.mass))

    def paint(self, painter: QPainter, at: QPointF, look: Look, chosen: int | None) -> None:
        if self.mark:
            painter.fillRect(self.mark.translated(at), look.accent)
        for place, (rect, _, mass) in enumerate(self.rows):
            if chosen == place:
                painter.fillRect(rect.translated(at), look.selected)
            box = QRectF(rect.left(), rect.center().y() - 3, 44, 6).translated(at)
            painter.fillRect(box, look.raised)
            painter.fillRect(QRectF(box.left(), box.top(), 44 * max(0.0, min(1.0, mass)), 6), look.stage("replay"))
        for place, laid, colour in self.texts:
            laid.paint(painter, place + at, look, getattr(look, colour))

    def row_at(self, point: QPointF) -> int | None:
        return next((n for n, (rect, _, _) in enumerate(self.rows) if rect.contains(point)), None)

    def tip_at(self, point: QPointF) -> str:
        for place, laid, _ in self.texts:
            token = laid.token_at(point - place)
            if token is not None:
                start, end = laid.spans[token]
                return f"“{laid.source[start:end]}” cost {words.bits(laid.bits[token])} of surprise"
        return ""


def _not_encoded(turn: Turn, story: Story) -> str:
    """What has become of something told that is no episode, or none yet."""
    seen = turn.observed
    if seen is None:
        return WAITS if turn.waits else "on its way to the hippocampus…"
    like = story.by_number.get(seen.like) if seen.like is not None else None
    if like is None:
        return f"○ read, not stored: {words.line(seen.why, 200)}"
    return f"○ read, not stored: it repeats episode {seen.like}, {words.name(like.told, seen.like, 60)}"


class Conversation(QAbstractScrollArea):
    """Keyboard: up and down choose a turn, left and right a memory, Enter opens it, Ctrl+C copies."""

    episode_wanted = Signal(int)
    turn_chosen = Signal()

    def __init__(self, story: Story, look: Look, parent: QWidget | None = None):
        super().__init__(parent)
        self.story, self.look = story, look
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Talk")
        self.viewport().setMouseTracking(True)
        self.empty = "", ""
        self._blocks: list[Block] = []
        self._tops: list[float] = []
        self._laid_for: tuple = ()
        self._turn: Turn | None = None
        self._row = 0
        self._whole = True
        self._more = QTimer(self, singleShot=True, interval=20)
        self._more.timeout.connect(self.refresh)
        self._resized = QTimer(self, singleShot=True, interval=40)
        self._resized.timeout.connect(self.refresh)

    def sizeHint(self) -> QSize:
        return QSize(520, 480)

    # ------------------------------------------------------------ layout

    def refresh(self) -> None:
        bar = self.verticalScrollBar()
        at_end, below = bar.value() >= bar.maximum() - 4, bar.maximum() - bar.value()
        was_whole = self._whole
        self._lay()
        if at_end:
            bar.setValue(bar.maximum())
        elif not was_whole:
            bar.setValue(bar.maximum() - below)
        if not self._whole:
            self._more.start()
        self.viewport().update()

    def _lay(self) -> None:
        """Newest first and a few at a time, so that reading back a long life does not stop the window."""
        width = self.viewport().width() - 4 * GRID
        made_for = (width, id(self.look))
        old = {id(b.turn): b for b in self._blocks} if made_for == self._laid_for else {}
        self._laid_for = made_for
        blocks: list[Block] = []
        made = 0
        for turn in reversed(self.story.turns[-SHOWN:]):
            block = old.get(id(turn))
            if block is None or block.changed != turn.changed:
                if made == PORTION:
                    break
                made += 1
                block = Block(turn, width, self.look, self.story)
            blocks.append(block)
        self._whole = len(blocks) == min(SHOWN, len(self.story.turns))
        self._blocks = blocks[::-1]
        self._tops, y = [], float(GRID)
        for block in self._blocks:
            self._tops.append(y)
            y += block.height + GRID
        page = self.viewport().height()
        self.verticalScrollBar().setPageStep(page)
        self.verticalScrollBar().setSingleStep(3 * GRID)
        self.verticalScrollBar().setRange(0, max(0, round(y) - page))

    def lay_all(self) -> None:
        """Everything now: for pictures and for what is gone to by key."""
        while not self._whole:
            self.refresh()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        if len(self.story.turns) < FEW:
            self.refresh()
        else:
            self._resized.start()

    def blocks(self) -> list[Block]:
        return self._blocks

    @property
    def answer(self) -> ev.Answered | None:
        """What was answered in the chosen turn; in the newest one that was answered where none is chosen."""
        turns = self.story.turns if self._turn is None or self._turn.answered is None else [self._turn]
        return next((turn.answered for turn in reversed(turns) if turn.answered is not None), None)

    @property
    def told(self) -> int | None:
        """The episode of the chosen turn; of the newest one told where none is chosen, or a question is."""
        turns = self.story.turns if self._turn is None or self._turn.encoded is None else [self._turn]
        return next((turn.number for turn in reversed(turns) if turn.encoded is not None), None)

    def _take(self, turn: Turn) -> None:
        self._turn = turn
        self.turn_chosen.emit()

    # ------------------------------------------------------------ painting

    def paintEvent(self, event) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), self.look.panel)
        if not self._blocks:
            self._paint_empty(painter)
            return
        shift, height = self.verticalScrollBar().value(), self.viewport().height()
        for block, top in zip(self._blocks, self._tops, strict=True):
            y = top - shift
            if y > height or y + block.height < 0:
                continue
            current = block.turn is self._turn and self.hasFocus()
            if current:
                rect = QRectF(GRID, y, self.viewport().width() - 2 * GRID, block.height)
                painter.setPen(self.look.line)
                painter.drawRoundedRect(rect, 5, 5)
            block.paint(painter, QPointF(2 * GRID, y), self.look, self._row if current and block.rows else None)

    def _paint_empty(self, painter: QPainter) -> None:
        title, text = self.empty
        width = min(420.0, self.viewport().width() - 6.0 * GRID)
        head = TokenText(title, self.look.strong("title"), width)
        body = TokenText(text, self.look.font("body"), width)
        y = max(2.0 * GRID, (self.viewport().height() - head.height - body.height) / 2.4)
        x = (self.viewport().width() - max(head.width, body.width)) / 2
        head.paint(painter, QPointF(x, y), self.look, self.look.text)
        body.paint(painter, QPointF(x, y + head.height + GRID), self.look, self.look.soft)

    # ------------------------------------------------------------ hands

    def _hit(self, point) -> tuple[Block | None, QPointF]:
        y = point.y() + self.verticalScrollBar().value()
        for block, top in zip(self._blocks, self._tops, strict=True):
            if top <= y < top + block.height:
                return block, QPointF(point.x() - 2 * GRID, y - top)
        return None, QPointF()

    def mousePressEvent(self, event) -> None:
        block, point = self._hit(event.position())
        if block is None:
            return
        self._take(block.turn)
        row = block.row_at(point)
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self._row = row
            self.episode_wanted.emit(block.rows[row][1])
        elif block.turn.kind == "told":
            self.episode_wanted.emit(block.turn.number)
        self.viewport().update()

    def mouseMoveEvent(self, event) -> None:
        block, point = self._hit(event.position())
        over = block is not None and block.row_at(point) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        text = block.tip_at(point) if block else ""
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), words.tip(text), self)

    def keyPressEvent(self, event) -> None:
        code = event.key()
        turns = [b.turn for b in self._blocks]
        place = turns.index(self._turn) if self._turn in turns else len(turns)
        block = self._blocks[place] if place < len(turns) else None
        if code in (Qt.Key.Key_Up, Qt.Key.Key_Down) and turns:
            self._go(max(0, min(len(turns) - 1, place + (1 if code == Qt.Key.Key_Down else -1))))
        elif code in (Qt.Key.Key_Left, Qt.Key.Key_Right) and block and block.rows:
            self._row = (self._row + (1 if code == Qt.Key.Key_Right else -1)) % len(block.rows)
        elif code in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and block:
            if block.rows:
                self.episode_wanted.emit(block.rows[min(self._row, len(block.rows) - 1)][1])
            elif block.turn.kind == "told":
                self.episode_wanted.emit(block.turn.number)
        elif event.matches(QKeySequence.StandardKey.Copy) and block:
            QGuiApplication.clipboard().setText(as_text(block.turn))
        else:
            super().keyPressEvent(event)
            return
        self.viewport().update()

    def _go(self, place: int) -> None:
        self._row = 0
        self._take(self._blocks[place].turn)
        bar, top, height = self.verticalScrollBar(), self._tops[place], self._blocks[place].height
        if top < bar.value():
            bar.setValue(int(top) - GRID)
        elif top + height > bar.value() + self.viewport().height():
            bar.setValue(int(top + height - self.viewport().height()) + GRID)


def as_text(turn: Turn) -> str:
    """A turn for the clipboard."""
    if turn.kind == "told":
        return turn.text
    answer = turn.answered.answer if turn.answered else "".join(turn.answer_pieces)
    return f"{turn.text}\n{answer}"
