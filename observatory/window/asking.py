"""Small dialogs: a reason for the record, and the page of keys. Plain text only."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QMessageBox, QPushButton, QWidget

from . import words
from .actions import ACTIONS, IN_THE_LINE, MENUS
from .dock import column, label
from .look import Look
from .review import REASON_LIMIT
from .tables import Column, Table
from .theme import GRID


class ReasonDialog(QDialog):
    """Asks why; the button that acts stays grey until something is said."""

    given = Signal(str)

    def __init__(self, title: str, text: str, do: str, parent: QWidget, leave: str = "Let it go on"):
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self.reason = QLineEdit()
        self.reason.setMaxLength(REASON_LIMIT)
        self.reason.setPlaceholderText("Your reason, for the record")
        self.do_button, self.cancel_button = QPushButton(do), QPushButton(leave)
        self.do_button.setObjectName("veto")
        self.do_button.setEnabled(False)
        buttons = QDialogButtonBox()
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.do_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel_button.setAutoDefault(False)
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        for each in (label(title, "title"), label(text, "soft", wrap=True), self.reason, buttons):
            inside.addWidget(each)
        self.reason.textChanged.connect(lambda said: self.do_button.setEnabled(bool(said.strip())))
        buttons.accepted.connect(self._give)
        buttons.rejected.connect(self.reject)
        self.reason.setFocus()

    def _give(self) -> None:
        said = self.reason.text().strip()
        if said:
            self.given.emit(said)
            self.accept()


def forgetting(count: int, parent: QWidget) -> ReasonDialog:
    return ReasonDialog(
        f"Forget {words.plural(count, 'episode')} for good?",
        "The words are taken out of the fast store, the record and every night that learnt from them. Those nights are "
        "lived again without them, and each asks for leave at the gate. This cannot be undone.",
        "Forget for good", parent, "Keep them",
    )  # fmt: skip


def leave(parent: QWidget, text: str) -> bool:
    """Whether to close all the same. Staying is what Enter and Esc do."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle("Close the window?")
    box.setText("The mind is asleep.")
    box.setInformativeText(text)
    go = box.addButton("Close", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is go


class KeysDialog(QDialog):
    """Every shortcut, from the table of actions."""

    def __init__(self, look: Look, parent: QWidget):
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(760, 640)
        columns = (
            Column("Keys", lambda r: r[0], lambda r: r[0], width=190),
            Column("What they do", lambda r: r[1], lambda r: r[1], stretch=True),
            Column("Where", lambda r: r[2], lambda r: r[2], width=110),
        )
        self.table = Table(columns, look, "Keys")
        self.table.restyle(look)
        self.table.rows.follow(lines())
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        inside.addWidget(label("Keys", "title"))
        inside.addWidget(self.table, 1)


def lines() -> list[tuple[str, str, str]]:
    found = [
        (QKeySequence(a.shortcut).toString(QKeySequence.SequenceFormat.NativeText), a.tip, menu)
        for menu in MENUS for a in ACTIONS if a.menu == menu and a.shortcut
    ]  # fmt: skip
    return [*found, *((keys, said, "in its place") for keys, said in IN_THE_LINE)]
