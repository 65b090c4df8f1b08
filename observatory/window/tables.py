"""A read-only table of plain rows: made once, appended to cheaply, sorted without copying rows.

Knows nothing of what the rows are: each column brings its own text, sort key and hues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QTableView

from . import words
from .look import Look
from .stacks import paint_stack
from .theme import GRID

EDGE, FIGURE = 4, 66
"""Pixels: the inset of a cell's text, and the room for the figure beside a bar."""
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
MOST_FOUND = 32
"""Searches whose rows are remembered: as many letters as anybody types and takes back."""


@dataclass(frozen=True)
class Column:
    """`text` is shown, `sort` orders, `bar` (share and colour, or nothing) is painted beside the figure.

    `stack` fills the cell instead: parts of one bar, each a share of the cell's width and the name of who it is of.
    """

    title: str
    text: Callable[[Any], str]
    sort: Callable[[Any], Any] | None = None
    tip: Callable[[Any], str] | None = None
    colour: Callable[[Any, Look], QColor | None] | None = None
    bar: Callable[[Any, Look], tuple[float | None, QColor] | None] | None = None
    stack: Callable[[Any], Sequence[tuple[float, str]]] | None = None
    figure: int = FIGURE
    number: bool = False
    width: int = 90
    stretch: bool = False
    about: str = ""


class Rows(QAbstractTableModel):
    """`shown` are places in `rows`: filtered and sorted. Rows are only ever added at the end, or replaced whole."""

    def __init__(self, columns: Sequence[Column], look: Look):
        super().__init__()
        self.columns, self.look = list(columns), look
        self.rows: Sequence[Any] = ()
        self.shown: list[int] = []
        self.accepts: Callable[[Any], bool] | None = None
        self.newest_first = False
        """Until somebody sorts: what is added stands on top, and nothing below it moves."""
        self._count = 0
        self._whole: list[int] = []
        self._whole_for: tuple | None = None
        self._found: dict[str, Sequence[int]] = {}
        self._sifted = ""
        self._sorted_by: tuple[int, Qt.SortOrder] | None = None

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def row(self, place: int) -> Any:
        return self.rows[self.shown[place]]

    def place_of(self, wanted: Callable[[Any], bool]) -> int | None:
        return next((place for place, at in enumerate(self.shown) if wanted(self.rows[at])), None)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole and column.about:
            return words.tip(column.about)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(RIGHT if column.number else LEFT)
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, entry = self.columns[index.column()], self.rows[self.shown[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return words.line(column.text(entry))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(RIGHT if column.number else LEFT)
        if role == Qt.ItemDataRole.ForegroundRole and column.colour:
            return column.colour(entry, self.look)
        if role == Qt.ItemDataRole.ToolTipRole:
            return words.tip((column.tip or column.text)(entry))
        return None

    # ------------------------------------------------------------ filling

    def follow(self, rows: Sequence[Any]) -> None:
        """Take in what was added to `rows` since; the same sequence is kept, not copied."""
        fresh = rows is not self.rows or len(rows) < self._count
        self.rows = rows
        if fresh:
            self.again()
            return
        added = [at for at in range(self._count, len(rows)) if self.accepts is None or self.accepts(rows[at])]
        self._count = len(rows)
        if not added:
            return
        if self._sorted_by is None:
            at = 0 if self.newest_first else len(self.shown)
            self.beginInsertRows(QModelIndex(), at, at + len(added) - 1)
            self.shown[at:at] = reversed(added) if self.newest_first else added
            self.endInsertRows()
        else:
            self._reorder([*self.shown, *added])

    def again(self) -> None:
        """Filter and sort from the beginning."""
        self.beginResetModel()
        self._count = len(self.rows)
        accepts, rows, whole = self.accepts, self.rows, self._all_in_order()
        self.shown = whole.copy() if accepts is None else [at for at in whole if accepts(rows[at])]
        self.endResetModel()

    def sift(
        self, accepts: Callable[[Any], bool] | None, asks: Sequence[Callable[[Any], bool]], text: str, narrower: bool
    ) -> None:
        """Filter by several questions, one after the other, so that the later ones are put to few.

        `accepts` is all of them together, for rows that come later. `text` is how they are written: what was found for
        it is remembered for when a letter is taken back. `narrower`: nothing can be found but what was found last, and
        `asks` are only those that are new. Rows are asked in the order in which they lie in memory, and ordered after.
        """
        fresh = self._count != len(self.rows)
        self.accepts = accepts
        self.beginResetModel()
        self._count = len(self.rows)
        rows, whole = self.rows, self._all_in_order()
        found = self._found.get(text)
        if found is None:
            last = self._found.get(self._sifted) if narrower and not fresh else None
            found = last if last is not None else range(self._count)
            for ask in asks if last is not None or not narrower else [accepts] if accepts else []:
                found = [at for at in found if ask(rows[at])]
            if len(self._found) >= MOST_FOUND:
                self._found.pop(next(iter(self._found)))
            self._found[text] = found
        self._sifted = text
        if len(found) == self._count:
            self.shown = whole.copy()
        else:
            kept = bytearray(self._count)
            for at in found:
                kept[at] = 1
            self.shown = [at for at in whole if kept[at]]
        self.endResetModel()

    def _all_in_order(self) -> list[int]:
        """Every row in the order of the table, kept until something that it follows from is another: a search that is
        typed must not sort a hundred thousand rows at each key."""
        if self._whole_for != self._order():
            self._whole, self._whole_for = self._in_order(list(range(self._count))), self._order()
            self._found.clear()
        return self._whole

    def _order(self) -> tuple:
        """What the order of all rows follows from, but for the values of their cells."""
        return id(self.rows), self._count, self._sorted_by, self.newest_first

    def values_changed(self) -> None:
        """Cells changed in place: the next search sorts anew."""
        self._whole_for = None
        self._found.clear()

    def order_again(self) -> None:
        """What the rows are sorted by is another now; what is chosen stays chosen."""
        if self._sorted_by is not None:
            self._reorder(self.shown)

    def touch(self) -> None:
        """Cells changed in place."""
        if self.shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.shown) - 1, len(self.columns) - 1))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted_by = (column, order) if 0 <= column < len(self.columns) else None
        self._reorder(self.shown)
        if len(self.shown) == self._count:  # else the next search would sort all of them once more
            self._whole, self._whole_for = self.shown.copy(), self._order()
            self._found.clear()

    def _reorder(self, shown: list[int]) -> None:
        if len(shown) != len(self.shown):
            self.beginResetModel()
            self.shown = self._in_order(shown)
            self.endResetModel()
            return
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        were = [(self.shown[i.row()], i.column()) for i in kept]
        self.shown = self._in_order(shown)
        place = {at: n for n, at in enumerate(self.shown)} if were else {}
        self.changePersistentIndexList(kept, [self.index(place[at], column) for at, column in were])
        self.layoutChanged.emit()

    def _in_order(self, shown: list[int]) -> list[int]:
        if self._sorted_by is None:
            return sorted(shown, reverse=self.newest_first)
        column, order = self._sorted_by
        key = self.columns[column].sort or self.columns[column].text
        return sorted(sorted(shown), key=lambda at: key(self.rows[at]), reverse=order == Qt.SortOrder.DescendingOrder)


class Cells(QStyledItemDelegate):
    """Paints a cell itself: through a style sheet it takes Qt 0.3 ms a cell, which is a frame for a full table."""

    def __init__(self, table: Table):
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option, index) -> None:
        look, rows = self._table.rows.look, self._table.rows
        column, entry = rows.columns[index.column()], rows.row(index.row())
        rect = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, look.selected)
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), look.raised)
        if column.stack is not None:
            paint_stack(painter, rect.adjusted(EDGE, 0, -EDGE, 0), column.stack(entry), look)
            return
        bar = column.bar(entry, look) if column.bar is not None else None
        if bar is not None and bar[0] is not None:
            share, colour = bar
            room = rect.width() - column.figure * look.type.body / 10.5
            if room > GRID:
                wide = max(2.0, room * max(0.0, min(1.0, share)))
                painter.fillRect(QRectF(rect.left() + EDGE, rect.center().y() - 2, wide, 5), colour)
        text = words.line(column.text(entry))
        inner = rect.adjusted(EDGE, 0, -EDGE, 0)
        hue = column.colour(entry, look) if column.colour else None
        painter.setPen(hue or look.text)
        painter.setFont(option.font)
        if option.fontMetrics.horizontalAdvance(text) > inner.width():
            text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, int(RIGHT if column.number else LEFT) | Qt.TextFlag.TextSingleLine, text)


class Table(QTableView):
    """A quiet table over `Rows`, with sorting, keyboard and copy."""

    def __init__(self, columns: Sequence[Column], look: Look, name: str):
        super().__init__()
        self.rows = Rows(columns, look)
        self.letters: dict[str, Callable[[], None]] = {}
        """Plain letters that do something in this table, instead of looking for a row that begins with them."""
        self.setModel(self.rows)
        self.setAccessibleName(name)
        self.setItemDelegate(Cells(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(LEFT)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        head.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        for place, column in enumerate(columns):
            if column.stretch:
                head.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)

    def restyle(self, look: Look) -> None:
        self.rows.look = look
        scale = look.type.body / 10.5
        self.verticalHeader().setDefaultSectionSize(round(28 * scale))
        for place, column in enumerate(self.rows.columns):
            if not column.stretch:
                self.setColumnWidth(place, round(column.width * scale))
        self.viewport().update()

    def several(self) -> None:
        """Let more than one row be chosen: Shift and Ctrl with the arrows, Ctrl+A for all."""
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def picked(self) -> list[Any]:
        """Every chosen row, in the order of the table; by stretches, since all of a large table may be chosen."""
        found: list[Any] = []
        for stretch in sorted(self.selectionModel().selection(), key=lambda each: each.top()):
            found += [self.rows.row(place) for place in range(stretch.top(), stretch.bottom() + 1)]
        return found

    def chosen(self) -> Any:
        index = self.currentIndex()
        return self.rows.row(index.row()) if index.isValid() and index.row() < len(self.rows.shown) else None

    def keyPressEvent(self, event) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.currentIndex().isValid():
            entry = self.chosen()
            QGuiApplication.clipboard().setText("\t".join(column.text(entry) for column in self.rows.columns))
            return
        if not self.take_letter(event):
            super().keyPressEvent(event)

    def take_letter(self, event) -> bool:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        do = self.letters.get(event.text().casefold()) if held == Qt.KeyboardModifier.NoModifier else None
        if do is not None:
            do()
        return do is not None
