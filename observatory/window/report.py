"""A report that is ready to be sent: what went wrong, versions, the machine, and the last events without what was said.

It is copied or saved by a person; nothing is sent from here.
"""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QPushButton, QWidget

from .. import __version__
from . import words
from .dock import column, label, row
from .loglines import LogLine
from .story import Story
from .theme import GRID

PACKAGES = ("PySide6-Essentials", "pyqtgraph", "numpy", "msgspec", "psutil", "duckdb", "torch", "transformers")
LAST = 40
"""Events that a report ends with."""


@dataclass(frozen=True)
class Failure:
    """What went wrong in the window itself."""

    title: str
    text: str
    detail: str


def versions() -> list[str]:
    """Read from what is installed; nothing is imported for it."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} is not installed")
    return [
        f"Sleep Observatory {__version__}", f"Python {platform.python_version()}, Qt {qVersion()}",
        f"{platform.system()} {platform.release()}, {platform.machine()}", *found,
    ]  # fmt: skip


def mind(story: Story) -> list[str]:
    """What this mind is, in full."""
    ready = story.ready
    if ready is None:
        return ["No mind has reported yet."]
    return [
        f"Model: {ready.model}",
        f"{ready.parameters / 1e6:.0f} million parameters, {ready.layers} layers of width {ready.width}, "
        f"vocabulary of {ready.vocabulary:,}",
        f"Device: {ready.device}, {ready.precision}, {words.plural(ready.threads, 'thread')}",
        f"Loaded in {ready.load_s:.1f} s",
        f"Model hash: {ready.model_hash}",
        f"Base: {ready.base}",
        f"Cortex: {story.cortex}",
        f"Nights in it: {', '.join(map(str, ready.nights)) or 'none yet'}",
        *(f"In the mind: {name} {version}" for name, version in sorted(ready.versions.items())),
    ]


def about(story: Story) -> str:
    return "\n".join([*mind(story), "", *versions()])


def text(story: Story, log: Sequence[LogLine], failure: Failure | None = None) -> str:
    """What was told and asked is left out; a traceback is not, and names files of this machine."""
    out = [f"Report of {time.strftime('%Y-%m-%d %H:%M:%S')}", ""]
    if failure is not None:
        out += [failure.title, failure.text, "", failure.detail.strip(), ""]
    out += [*versions(), "", *mind(story), "", "The last events:"]
    return "\n".join([*out, *(line.plain(everything=False) for line in log[-LAST:])]) + "\n"


class ReportDialog(QDialog):
    """Text to read; one button copies the report, one saves it."""

    def __init__(self, title: str, shown: str, report: str, choose: Callable[[str, str], str], parent: QWidget):
        super().__init__(parent)
        self.report, self._choose = report, choose
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QPlainTextEdit(words.literal(shown))
        self.text.setReadOnly(True)
        self.text.setAccessibleName(title)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.done_label = label("", "soft", wrap=True)
        self.copy_button, self.save_button = QPushButton("Copy the report"), QPushButton("Save the report…")
        self.close_button = QPushButton("Close")
        self.copy_button.setToolTip(words.tip("Versions, this mind and the last events, without what was said"))
        inside = column(self, margin=3 * GRID, gap=2 * GRID)
        inside.addWidget(label(title, "title"))
        inside.addWidget(self.text, 1)
        inside.addWidget(self.done_label)
        inside.addLayout(row(None, self.copy_button, self.save_button, self.close_button))
        self.copy_button.clicked.connect(self._copy)
        self.save_button.clicked.connect(self._save)
        self.close_button.clicked.connect(self.accept)
        self.resize(700, 620)
        self.copy_button.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report)
        self.done_label.setText("Copied. Paste it where you report the problem.")

    def _save(self) -> None:
        path = self._choose("Where the report goes", "report.txt")
        if not path:
            return
        try:
            Path(path).write_text(self.report, encoding="utf-8")
        except OSError as error:
            self.done_label.setText(words.literal(f"It could not be saved: {error}. Choose another folder."))
            return
        self.done_label.setText(words.literal(f"Saved as {path}."))
