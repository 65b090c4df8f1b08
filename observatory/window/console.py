"""SQL on the record: a line or more to write it in, ten examples, the answer as a table, and the answer as a file.

It opens no database: the question goes to the source, which has a copy asked in a process of its own, and the answer is
looked for on a timer, so the window never waits. Errors are shown in the database's own words.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QPushButton, QScrollArea, QSizePolicy, QSplitter, QWidget

from ..protocol import asking
from . import words
from .choosing import menu_button
from .dock import EmptyPage, OneLine, column, either, label, row
from .examples import EXAMPLES
from .look import Look
from .tables import Column, Table
from .theme import GRID

LOOKS_MS = 30
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
           "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
WIDEST, NARROWEST, LETTER = 420, 64, 7
"""Pixels of a column, and about as many a letter of body type takes."""
MEASURED = 50
"""Rows that a column's width goes by."""


def columns_of(found: asking.Table) -> list[Column]:
    return [_column(found, place) for place in range(len(found.columns))]


def _column(found: asking.Table, place: int) -> Column:
    number = found.types[place].split("(")[0] in NUMBERS
    longest = max((len(words.line(each[place] or "NULL", 60)) for each in found.rows[:MEASURED]), default=0)
    width = max(NARROWEST, min(WIDEST, LETTER * max(longest, len(found.columns[place])) + 3 * GRID))

    def sort(each):
        value = each[place]
        if value is None:
            return (1, 0.0, "")
        return (0, float(value), "") if number else (0, 0.0, value.casefold())

    return Column(
        words.line(found.columns[place], 60), lambda each: "NULL" if each[place] is None else each[place], sort,
        colour=lambda each, look: look.soft if each[place] is None else None, number=number, width=width,
        about=found.types[place],
    )  # fmt: skip


class Editor(QPlainTextEdit):
    """Ctrl+Enter asks; it is the window's own key for telling, which must not take it away here. So with Esc."""

    ask = Signal()
    stop = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setAccessibleName("SQL on the record")
        self.setPlaceholderText("SELECT … (Ctrl+Enter asks, Esc stops)")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)

    @staticmethod
    def _meant(event) -> str:
        if event.key() == Qt.Key.Key_Escape:
            return "stop"
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return "ask" if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier else ""

    def event(self, event) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self._meant(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event) -> None:
        meant = self._meant(event)
        if meant:
            getattr(self, meant).emit()
        else:
            super().keyPressEvent(event)


class SqlConsole(QWidget):
    """`wanted(sql)`: put it to the record, and hand what is asked to `wait_for`. `export_wanted(sql)`: all of it as a
    file."""

    wanted = Signal(str)
    export_wanted = Signal(str)

    def __init__(self, look: Look):
        super().__init__()
        self.look = look
        self.asked = None
        self.text = ""
        self.found: asking.Table | None = None
        self.editor, self.said = Editor(), OneLine("softSmall")
        self.ask_button, self.stop_button = QPushButton("&Ask"), QPushButton("Sto&p")
        self.export_button = QPushButton("&Export…")
        self.examples_button = menu_button("E&xamples", "Ten questions to begin with", self._fill_examples)
        tips = {
            self.ask_button: "Put it to the record (Ctrl+Enter). It can only ask: nothing is changed by it",
            self.stop_button: "Stop the question (Esc)",
            self.export_button: "The whole answer as a Parquet or CSV file, with its provenance beside it",
        }
        for button, tip in tips.items():
            button.setToolTip(words.tip(tip))
            button.setAccessibleDescription(tip)
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.table = Table((), look, "The answer")
        self.trouble = label("", "", wrap=True, selectable=True)
        self.trouble.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.trouble.setAccessibleName("Why there is no answer")
        self._lay_out()
        self._looks = QTimer(self, interval=LOOKS_MS)
        self._looks.timeout.connect(self._look_for_it)
        self.editor.ask.connect(self.ask)
        self.editor.stop.connect(self.stop)
        self.ask_button.clicked.connect(self.ask)
        self.stop_button.clicked.connect(self.stop)
        self.export_button.clicked.connect(lambda: self.export_wanted.emit(self.text))
        self._enable()

    def _lay_out(self) -> None:
        empty = EmptyPage(
            "Ask the record",
            "Everything that happened in this home is in its tables. Write a SELECT above and press Ctrl+Enter, or "
            "take one of the examples (Alt+X). Questions are put to a copy: nothing can be changed from here.",
        )
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        inner = QWidget()
        inner.setObjectName("dockBody")
        column(inner, margin=2 * GRID).addWidget(self.trouble)
        scroll.setWidget(inner)
        self.pages = either(empty, self._answer_page())
        self.pages.addWidget(scroll)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.editor)
        split.addWidget(self.pages)
        split.setSizes([84, 300])
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        line = row(self.ask_button, self.stop_button, self.examples_button, self.said, self.export_button)
        line.setStretch(3, 1)
        line.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inside = column(self, gap=0)
        inside.addLayout(line)
        inside.addWidget(split, 1)

    def _answer_page(self) -> QWidget:
        page = QWidget()
        self._answer_box = column(page, gap=0)
        self._answer_box.addWidget(self.table)
        return page

    def restyle(self, look: Look) -> None:
        self.look = look
        # Letters of one width, so that the mark under a mistake stands where it is.
        family = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        for each in (self.editor, self.trouble):
            each.setStyleSheet(f'font-family: "{family}", "{look.family}";')
        self.table.restyle(look)

    def _fill_examples(self, menu: QMenu) -> None:
        for said, text in EXAMPLES.items():
            menu.addAction(said).triggered.connect(lambda _=False, text=text: self.try_out(text))

    # ------------------------------------------------------------ asking

    def try_out(self, text: str) -> None:
        self.editor.setPlainText(text)
        self.ask()
        self.editor.setFocus()

    def ask(self) -> None:
        text = self.editor.toPlainText()
        if text.strip() and self.asked is None:
            self.text = text
            self.wanted.emit(text)

    def wait_for(self, asked) -> None:
        """What the source gave back: `done`, `answer` and `cancel()`."""
        self.asked = asked
        self.said.say("Asking…")
        self._looks.start()
        self._enable()

    def stop(self) -> None:
        if self.asked is not None:
            self.asked.cancel()
            self.said.say("Stopping…")

    def _look_for_it(self) -> None:
        if self.asked is not None and self.asked.done:
            answer, self.asked = self.asked.answer, None
            self._looks.stop()
            self.show_answer(answer)

    def show_answer(self, answer: asking.Answer) -> None:
        match answer:
            case asking.Table():
                self._show_table(answer)
            case asking.Written():
                self.said.say(f"{words.plural(answer.rows, 'row')} written to {answer.name}")
            case asking.Refused():
                self.show_trouble(answer.text)
        self._enable()

    def show_trouble(self, text: str) -> None:
        self.said.say("No answer")
        self.trouble.setText(words.literal(text))
        self.pages.setCurrentIndex(2)

    def _show_table(self, found: asking.Table) -> None:
        focused = self.table.hasFocus()
        old, self.table, self.found = self.table, Table(columns_of(found), self.look, "The answer"), found
        self._answer_box.replaceWidget(old, self.table)
        old.setParent(None)
        old.deleteLater()
        self.table.restyle(self.look)
        self.table.rows.follow(found.rows)
        if focused:
            self.table.setFocus()
        self.pages.setCurrentIndex(1)
        parts = [f"the first {words.plural(len(found.rows), 'row')}" if found.more
                 else words.plural(len(found.rows), "row")]  # fmt: skip
        parts.append(f"{found.seconds:.2f} s")
        parts.append(f"as of event {found.through:,}")
        if found.cut:
            parts.append(f"long cells are shown to {asking.CELL:,} letters; an export has all")
        elif found.more:
            parts.append("an export has all")
        self.said.say("  ·  ".join(parts))

    def _enable(self) -> None:
        running = self.asked is not None
        self.ask_button.setEnabled(not running)
        self.stop_button.setEnabled(running)
        self.export_button.setEnabled(not running and self.found is not None)

    def close_down(self) -> None:
        self._looks.stop()
        self.stop()
