"""Three small menus over the table of episodes: what is shown of them, in what order, and with which columns.

The search line says all that is filtered by; the menu only writes into it. Knows the dock's table and line, no events.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from ..protocol.events import DRIVES
from . import words
from .columns import ALWAYS, COLUMNS, TITLES
from .filters import IS, has, offered, part, toggled
from .theme import DRIVE_MARKS


def menu_button(text: str, tip: str, fill: Callable[[QMenu], None]) -> QToolButton:
    """A button with a menu that is made when it opens, since what it offers changes."""
    made = QToolButton()
    made.setObjectName("text")
    made.setText(text)
    made.setToolTip(words.tip(tip))
    made.setAccessibleName(text.replace("&", ""))
    made.setAccessibleDescription(tip)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    menu = QMenu(made)

    def open_() -> None:
        for old in menu.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            old.setParent(None)
            old.deleteLater()
        menu.clear()
        fill(menu)

    menu.aboutToShow.connect(open_)
    made.setMenu(menu)
    return made


def _entry(menu: QMenu, text: str, on: bool, do: Callable[[], None]) -> QAction:
    # A text from outside could hold an ampersand, which a menu would take for a key.
    made = menu.addAction(words.line(text, 60).replace("&", "&&"))
    made.setCheckable(True)
    made.setChecked(on)
    made.triggered.connect(lambda _=False: do())
    return made


class Choosing:
    """Mixed into the dock, which has `story`, `search`, `table` and `shown`, the titles of the columns to show."""

    def choosing_buttons(self) -> tuple[QToolButton, QToolButton, QToolButton]:
        self.filter_button = menu_button(
            "Fi&lter", "What to show: pinned, faded, one session, one drive … (in the table: F)", self._fill_filter
        )
        self.sort_button = menu_button("S&ort", "In what order to show them (in the table: S)", self._fill_sort)
        self.columns_button = menu_button("Col&umns", "Which columns to show (in the table: C)", self._fill_columns)
        buttons = self.filter_button, self.sort_button, self.columns_button
        for letter, button in zip("fsc", buttons, strict=True):
            self.table.letters[letter] = button.showMenu
        return buttons

    def _fill_filter(self, menu: QMenu) -> None:
        text = self.search.text()

        def offer(under: QMenu, said: str, written: str) -> None:
            _entry(under, said, has(text, written), lambda: self._write(toggled(text, written)))

        for name, (said, _) in IS.items():
            offer(menu, said, f"is:{name}")
        menu.addSeparator()
        drives = menu.addMenu("Drive that sees most in it")
        for drive in DRIVES:
            offer(drives, f"{DRIVE_MARKS[drive]} {drive}", f"drive:{drive}")
        for name, values in offered(self.story.episodes).items():
            if values:
                under = menu.addMenu(name.capitalize())
                for value in values:
                    offer(under, value, part(name, value))
        menu.addSeparator()
        menu.addAction("Show all").triggered.connect(lambda: self._write(""))

    def _write(self, text: str) -> None:
        self.search.setText(text)

    def _fill_sort(self, menu: QMenu) -> None:
        head = self.table.horizontalHeader()
        at, down = head.sortIndicatorSection(), head.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        _entry(menu, "As they were told", at < 0, lambda: self._sort(-1, False))
        menu.addSeparator()
        for place, each in enumerate(COLUMNS):
            # Chosen once more, a column is sorted the other way round.
            turned = place == at and not down
            said = f"{each.title}{'' if place != at else ', falling' if down else ', rising'}"
            _entry(menu, said, place == at, lambda place=place, turned=turned: self._sort(place, turned))

    def _sort(self, place: int, falling: bool) -> None:
        self.table.sortByColumn(place, Qt.SortOrder.DescendingOrder if falling else Qt.SortOrder.AscendingOrder)

    def _fill_columns(self, menu: QMenu) -> None:
        for title in TITLES:
            made = _entry(menu, title, title in self.shown, lambda title=title: self._toggle_column(title))
            made.setEnabled(title != ALWAYS)

    def _toggle_column(self, title: str) -> None:
        self.show_columns(tuple(t for t in TITLES if (t in self.shown) != (t == title)))
