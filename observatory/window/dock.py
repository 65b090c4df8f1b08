"""A dock with its own quiet title bar, and the small shared pieces of every dock.

Holds no content of its own and knows no events.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import words
from .look import Look
from .theme import GRID


class Progress(QProgressBar):
    """A thin bar. Qt's own paints all that is new in the window whenever its value changes; this one waits its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)

    def setValue(self, value: int) -> None:
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)


def label(text: str = "", name: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A label that shows what it is given, never mark-up."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setObjectName(name)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


class OneLine(QLabel):
    """A text on one line, cut where its room ends; it never asks for more room, and its tooltip says all of it."""

    def __init__(self, name: str = ""):
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.whole = ""

    def say(self, text: str) -> None:
        self.whole = words.line(text)
        self.setToolTip(words.tip(self.whole))
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self.whole, Qt.TextElideMode.ElideRight, self.width()))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit()


def row(*widgets: QWidget | None, gap: int = GRID) -> QHBoxLayout:
    """Widgets side by side; `None` is a stretch."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(gap)
    for widget in widgets:
        if widget is None:
            made.addStretch(1)
        else:
            made.addWidget(widget)
    return made


def column(parent: QWidget | None = None, margin: int = 0, gap: int = GRID) -> QVBoxLayout:
    made = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(gap)
    return made


def either(empty: QWidget, full: QWidget) -> QStackedWidget:
    """One page until there is something to show (0), the other from then on (1)."""
    pages = QStackedWidget()
    pages.addWidget(empty)
    pages.addWidget(full)
    return pages


def chip(text: str, tip: str) -> QPushButton:
    """A small button that stays down."""
    made = QPushButton(text)
    made.setObjectName("chip")
    made.setCheckable(True)
    made.setToolTip(words.tip(tip))
    return made


BLOCK = 400
"""Pixels: about sixty letters of body type, which is as long as a line should be."""


class EmptyPage(QWidget):
    """What will appear here, and which key makes it happen."""

    def __init__(self, title: str, text: str):
        super().__init__()
        self.title = label(title, "title", wrap=True)
        self.text = label(text, "soft", wrap=True)
        self._held = QWidget()
        self._held.setFixedWidth(BLOCK)
        self.block = column(self._held)
        self.block.addWidget(self.title)
        self.block.addWidget(self.text)
        outer = column(self)
        outer.addStretch(2)
        outer.addLayout(row(None, self._held, None))
        outer.addStretch(3)

    def restyle(self, look: Look) -> None:
        self._held.setFixedWidth(round(BLOCK * look.type.body / 10.5))


class Dock(QDockWidget):
    """Subclasses fill `body`, and draw themselves from the story in `refresh`."""

    topic = ""
    at_start = True
    """Whether it is open in the arrangement of the first start."""

    def __init__(self, title: str, name: str, look: Look):
        super().__init__(title)
        self.setObjectName(name)
        self.look = look
        self.body = QWidget()
        self.body.setObjectName("dockBody")
        self.body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWidget(self.body)
        self._bar(title)

    def _bar(self, title: str) -> None:
        bar = QWidget()
        bar.setObjectName("dockTitle")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.heading = label(title, "heading")
        self.subheading = label("", "softSmall")
        self.subheading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._float, self._close = QToolButton(), QToolButton()
        for button, said in ((self._float, "Float or put back this dock"), (self._close, "Close this dock")):
            button.setToolTip(said)
            button.setAccessibleName(said)
            button.setIconSize(QSize(14, 14))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._float.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self._close.clicked.connect(self.close)
        inner = row(self.heading, self.subheading, self._float, self._close)
        inner.setStretch(1, 1)
        inner.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        bar.setLayout(inner)
        self.setTitleBarWidget(bar)

    @property
    def seen(self) -> bool:
        """On the screen: a dock behind another's tab counts as visible for Qt, but is parked outside the window."""
        return self.isVisible() and not self.body.visibleRegion().isEmpty()

    def restyle(self, look: Look) -> None:
        self.look = look
        self._float.setIcon(look.icon("float"))
        self._close.setIcon(look.icon("close"))
        for page in self.body.findChildren(EmptyPage):
            page.restyle(look)

    def refresh(self) -> None:
        raise AssertionError(f"{type(self).__name__} draws nothing")
