"""The command palette: one line that finds everything that can be done, and every place that can be gone to.

It is handed entries and carries out the one that is chosen; what they do it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QWidget

from . import words
from .dock import column, label
from .fuzzy import ranked
from .look import Look
from .theme import GRID

SHOWN = 60
"""Entries listed at once; further letters bring the others up."""
SIZE = QSize(680, 460)


@dataclass(frozen=True)
class Entry:
    """`text` is found and shown, `tip` says what it does, `key` what it is pressed with. `can`: it is offered now."""

    text: str
    tip: str
    do: Callable[[], object]
    key: str = ""
    can: bool = True


class Entries(QStyledItemDelegate):
    """Two lines an entry: its name and key, and softly what it does."""

    def __init__(self, palette: Palette):
        super().__init__(palette)
        self._palette = palette

    def sizeHint(self, option, index) -> QSize:
        look = self._palette.look
        high = QFontMetrics(look.font()).height() + QFontMetrics(look.font("small")).height()
        return QSize(200, high + GRID + GRID // 2)

    def paint(self, painter: QPainter, option, index) -> None:
        look, entry = self._palette.look, self._palette.entry(index.row())
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, look.selected)
        box = option.rect.adjusted(2 * GRID, GRID // 2, -2 * GRID, -GRID // 2)
        plain, small = look.font(), look.font("small")
        high = QFontMetrics(plain).height()
        first = QRect(box.left(), box.top(), box.width(), high)
        painter.setFont(small)
        painter.setPen(look.soft)
        key = entry.key if entry.can else "not now"
        keys_wide = QFontMetrics(small).horizontalAdvance(key)
        painter.drawText(first, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), key)
        self._line(painter, first.adjusted(0, 0, -keys_wide - GRID, 0), words.line(entry.text), plain,
                   look.text if entry.can else look.soft)  # fmt: skip
        below = QRect(box.left(), first.bottom() + 1, box.width(), box.height() - high)
        self._line(painter, below, words.line(entry.tip), small, look.soft)

    @staticmethod
    def _line(painter: QPainter, box: QRect, text: str, font, colour) -> None:
        painter.setFont(font)
        painter.setPen(colour)
        cut = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), cut)


class Palette(QDialog):
    """`used(text)`: that entry was carried out. `more(typed)` may add entries that depend on what is typed."""

    used = Signal(str)

    def __init__(self, entries: Iterable[Entry], recent: Sequence[str], look: Look, parent: QWidget,
                 more: Callable[[str], list[Entry]] = lambda typed: []):  # fmt: skip
        super().__init__(parent)
        self.look, self._all, self._recent, self._more = look, list(entries), list(recent), more
        self._shown: list[Entry] = []
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.line = QLineEdit()
        self.line.setPlaceholderText("What to do, or where to go")
        self.line.setAccessibleName("Find a command")
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setItemDelegate(Entries(self))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.none = label("Nothing is called that. Fewer letters find more.", "soft", wrap=True)
        inside = column(self, margin=2 * GRID, gap=GRID)
        for widget in (self.line, self.list, self.none):
            inside.addWidget(widget)
        inside.addWidget(label("Up and Down choose, Enter does it, Esc leaves", "softSmall"))
        self.line.textChanged.connect(lambda _: self._find())
        self.line.installEventFilter(self)
        self.list.itemActivated.connect(lambda _: self._do())
        self.list.itemClicked.connect(lambda _: self._do())
        self.resize(SIZE)
        self._find()
        self.line.setFocus()

    def entry(self, place: int) -> Entry:
        return self._shown[place]

    def _find(self) -> None:
        typed = self.line.text()
        found = ranked(typed, [entry.text for entry in self._all], self._recent)
        # A word may be a condition by chance; with a figure or a sign in it, it is meant as one.
        more, named = self._more(typed), [self._all[at] for at in found]
        meant = any(letter in "<>=≤≥" or letter.isdigit() for letter in typed) or typed.startswith("until ")
        every = [*more, *named] if meant else [*named, *more]
        # What cannot be done now comes after what can, however well it is called.
        self._shown = sorted(every, key=lambda entry: not entry.can)[:SHOWN]
        self.list.clear()
        for entry in self._shown:
            item = QListWidgetItem(words.line(entry.text))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, f"{entry.tip} {entry.key}")
            item.setToolTip(words.tip(entry.tip))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(self._shown))
        self.none.setVisible(not self._shown)

    def _do(self) -> None:
        place = self.list.currentRow()
        if not 0 <= place < len(self._shown) or not self._shown[place].can:
            return
        entry = self._shown[place]
        self.accept()
        self.used.emit(entry.text)
        entry.do()

    def eventFilter(self, watched, event) -> bool:
        """The line keeps the focus; the list is moved through from there."""
        if event.type() == QEvent.Type.KeyPress:
            leaps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}
            if event.key() in leaps and self._shown:
                row = self.list.currentRow() + leaps[Qt.Key(event.key())]
                self.list.setCurrentRow(max(0, min(len(self._shown) - 1, row)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)
