"""The log dock: what happened, line by line, newest on top, with a filter. It is told lines and keeps none itself."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPushButton

from . import words
from .dock import Dock, EmptyPage, column, either, row
from .loglines import Log, LogLine
from .look import Look
from .tables import Column, Table
from .theme import GRID

MARKS = {"info": "·", "warning": "▲ warning", "error": "■ error"}
HUES = {"warning": "gate", "error": "veto"}


class LogDock(Dock):
    """`filter` is written in; `grave` shows warnings and errors alone; `copy_button` copies all that is shown."""

    topic = "log"

    def __init__(self, log: Log, look: Look):
        super().__init__("Log", "logDock", look)
        self.log = log
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Only lines with these words")
        self.filter.setAccessibleName("Filter of the log")
        self.filter.setClearButtonEnabled(True)
        self.grave, self.copy_button = QPushButton("Warnings only"), QPushButton("Copy")
        self.grave.setObjectName("chip")
        self.grave.setCheckable(True)
        self.grave.setToolTip(words.tip("Show warnings and errors alone"))
        self.copy_button.setToolTip(words.tip("Copy every line that is shown; Ctrl+C copies the chosen one"))
        self.table = Table(self._columns(), look, "Log")
        self.table.rows.newest_first = True
        self.table.rows.accepts = self._accepts
        self.empty = EmptyPage("Nothing has happened yet", "Whatever happens is written here, line by line.")
        self.pages = either(self.empty, self.table)
        inside = column(self.body, gap=GRID)
        inside.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        above = row(self.filter, self.grave, self.copy_button)
        above.setStretch(0, 1)
        inside.addLayout(above)
        inside.addWidget(self.pages, 1)
        self.filter.textChanged.connect(lambda _: self._filtered())
        self.grave.toggled.connect(lambda _: self._filtered())
        self.copy_button.clicked.connect(self._copy)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("Time", lambda n: words.clock(n.at), lambda n: n.at, width=82),
            Column("", lambda n: MARKS[n.level], lambda n: n.level, width=92, colour=self._hue),
            Column("What", lambda n: n.what, lambda n: n.what, width=190, colour=self._hue),
            Column("Said", lambda n: n.said, stretch=True),
        )

    @staticmethod
    def _hue(line: LogLine, look: Look):
        return look.stage(HUES[line.level]) if line.level in HUES else None

    def restyle(self, look: Look) -> None:
        super().restyle(look)
        self.table.restyle(look)

    def refresh(self) -> None:
        self.table.rows.follow(self.log.lines)
        self.pages.setCurrentIndex(int(bool(self.log.lines)))
        self._count()

    def _count(self) -> None:
        shown, whole = self.table.rows.rowCount(), len(self.log.lines)
        said = words.plural(whole, "line") if shown == whole else f"{shown:,} of {words.plural(whole, 'line')}"
        grave = self.log.warnings
        self.subheading.setText(said + (f", {words.plural(grave, 'warning')} or errors" if grave else ""))

    def _accepts(self, line: LogLine) -> bool:
        wanted = self.filter.text().casefold().split()
        return (line.level != "info" or not self.grave.isChecked()) and all(word in line.folded for word in wanted)

    def _filtered(self) -> None:
        self.table.rows.again()
        self._count()

    def _copy(self) -> None:
        rows = self.table.rows
        QGuiApplication.clipboard().setText("\n".join(rows.row(n).plain() for n in range(rows.rowCount())))
