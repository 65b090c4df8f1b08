"""Signing a decision in the window: the reviewer's own key is opened with its pass phrase, for this one word.

The phrase is handed to the source and forgotten. Whether a signature is asked for is the policy's affair.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QPushButton, QWidget

from .dock import column, label
from .theme import GRID

DOES = {"approve": "Sign and approve", "veto": "Sign and veto"}


class PassPhraseDialog(QDialog):
    """`sign(phrase)` returns what went wrong, or nothing when the decision was signed and recorded."""

    def __init__(self, name: str, word: str, sign: Callable[[str], str], parent: QWidget):
        super().__init__(parent)
        self.setWindowTitle("Sign the decision")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(460)
        self._sign = sign
        self.phrase = QLineEdit()
        self.phrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.phrase.setPlaceholderText("Pass phrase")
        self.phrase.setAccessibleName(f"Pass phrase of the key of {name}")
        self.complaint = label("", "small", wrap=True)
        self.complaint.hide()
        self.do_button, self.cancel_button = QPushButton(DOES.get(word, "Sign")), QPushButton("Decide later")
        self.do_button.setObjectName("veto" if word == "veto" else "primary")
        self.do_button.setEnabled(False)
        buttons = QDialogButtonBox()
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.do_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel_button.setAutoDefault(False)
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        said = (
            f"Your word is signed with the key of {name}, over the hash of the proposal, the evidence and your reason. "
            "Whoever changes one of them later is found out."
        )
        for each in (label("Sign the decision", "title"), label(said, "soft", wrap=True), self.phrase, self.complaint,
                     buttons):  # fmt: skip
            inside.addWidget(each)
        self.phrase.textChanged.connect(lambda given: self.do_button.setEnabled(bool(given)))
        self.phrase.textChanged.connect(lambda: self.complaint.hide())
        buttons.accepted.connect(self._give)
        buttons.rejected.connect(self.reject)
        self.phrase.setFocus()

    def _give(self) -> None:
        problem = self._sign(self.phrase.text())
        self.phrase.clear()
        if problem:
            self.complaint.setText(problem)
            self.complaint.show()
        else:
            self.accept()
