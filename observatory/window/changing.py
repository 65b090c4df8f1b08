"""Approving with changes: which episodes are left out of a night's proposal, and how much of it is wanted.

A dialog that collects and hands on. Changing is no approval: the night is proposed anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from ..protocol import events as ev
from . import words
from .dock import column, label, row
from .review import REASON_LIMIT
from .story import Story
from .theme import GRID

SAID = (
    "Untick the episodes that this night must not have learnt from; it is then derived again from before the night, as "
    "if they had not been part of it. Or let less of it in. Either way it is examined and proposed anew, and nothing "
    "is committed by changing it."
)
NUMBER = Qt.ItemDataRole.UserRole


class ChangeDialog(QDialog):
    """`given(episodes to leave out, scale, reason)`."""

    given = Signal(list, float, str)

    def __init__(self, episodes: Sequence[tuple[int, str]], parent: QWidget):
        super().__init__(parent)
        self.setWindowTitle("Change the proposal")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(640, 600)
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setAccessibleName("Episodes of this night; unticked ones are left out")
        for number, name in episodes:
            item = QListWidgetItem(words.line(name, 120))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            item.setData(NUMBER, number)
            item.setToolTip(words.tip(name))
            self.list.addItem(item)
        self.scale = QDoubleSpinBox()
        self.scale.setRange(0.05, 1.0)
        self.scale.setSingleStep(0.05)
        self.scale.setValue(1.0)
        self.scale.setAccessibleName("How much of it is wanted, 1 for all")
        self.reason = QLineEdit()
        self.reason.setMaxLength(REASON_LIMIT)
        self.reason.setPlaceholderText("Your reason, for the record")
        self.reason.setAccessibleName("Reason for the change")
        self.said = label("", "small", wrap=True)
        self.do_button, self.cancel_button = QPushButton("Propose it anew"), QPushButton("Leave it as it is")
        self.cancel_button.setAutoDefault(False)
        buttons = QDialogButtonBox()
        buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.do_button, QDialogButtonBox.ButtonRole.AcceptRole)
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        for each in (label("Change the proposal", "title"), label(SAID, "soft", wrap=True), self.list):
            inside.addWidget(each)
        inside.addLayout(row(label("How much of it"), self.scale, None))
        for each in (self.reason, self.said, buttons):
            inside.addWidget(each)
        self.list.itemChanged.connect(lambda _: self._look())
        self.scale.valueChanged.connect(lambda _: self._look())
        self.reason.textChanged.connect(lambda _: self._look())
        buttons.accepted.connect(self._give)
        buttons.rejected.connect(self.reject)
        self._look()
        self.list.setFocus()

    def left_out(self) -> list[int]:
        items = (self.list.item(place) for place in range(self.list.count()))
        return [item.data(NUMBER) for item in items if item.checkState() != Qt.CheckState.Checked]

    def _look(self) -> None:
        out, many = self.left_out(), self.list.count()
        lacks = (
            "Nothing would be left of this night. Veto it instead." if len(out) == many
            else "Nothing is changed yet." if not out and self.scale.value() >= 1.0
            else "Say why: the change is kept with its reason." if not self.reason.text().strip() else ""
        )  # fmt: skip
        parts = [f"{words.plural(len(out), 'episode')} left out"] if out else []
        parts += [f"{100 * self.scale.value():.0f} % of it wanted"] if self.scale.value() < 1.0 else []
        self.said.setText("  ·  ".join([*parts, *([lacks] if lacks else [])]))
        self.do_button.setEnabled(not lacks)

    def _give(self) -> None:
        if self.do_button.isEnabled():
            self.given.emit(self.left_out(), round(self.scale.value(), 2), self.reason.text().strip())
            self.accept()


def changing(proposal: ev.Proposal, story: Story, parent: QWidget) -> ChangeDialog:
    """The dialog on what a night proposes, its episodes by their names."""
    known = story.by_number
    named = [(n, words.name(known[n].told if n in known else None, n, 70)) for n in proposal.episodes]
    return ChangeDialog(named, parent)
