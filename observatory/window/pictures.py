"""The three layouts, every dock and the dialogs as PNG, from any list of events, without a display.

The same window and the same story as live; only nobody is looking. It does not know where the
events come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from ..protocol import events as ev
from .look import Look, platform_without_display

SIZE = QSize(1600, 1000)
DOCK_SIZES = {
    "talk": (640, 760), "episodes": (1100, 620), "night": (1100, 760), "dreams": (1200, 620), "weighing": (1200, 680),
    "review": (1200, 760), "drives": (1200, 760), "state": (1200, 760), "governor": (1200, 760),
    "exam": (1200, 760), "encoding": (1200, 760), "replays": (1200, 760), "drift": (1200, 760),
    "breakpoints": (900, 560), "log": (1000, 560), "welcome": (900, 640),
    "views": (1200, 760),
}  # fmt: skip
SIGNER = "Ada"
"""Whose key the picture of signing names: no person's name is read for a picture."""


def render(
    events: Iterable[ev.Event], folder: Path | str, theme: str = "light", scale: int = 1, drift=None
) -> list[Path]:
    """Paint everything into `folder` and return the files. Asks for no display where there is none.

    `drift`: what works out drift, if there are weights to work on; it has done so by now.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with opened(events, theme, scale, drift) as window:
        return [save(widget, folder / f"{name}.png", scale) for name, widget in scenes(window)]


@contextmanager
def opened(events: Iterable[ev.Event], theme: str = "light", scale: int = 1, drift=None, *, on_stage: bool = False):
    """A window that nobody sees, with all of these events behind it."""
    platform_without_display()
    from .app import application
    from .main import MainWindow

    application()
    look = Look(theme, on_stage=on_stage)
    look.ratio = float(scale)
    window = MainWindow(look, live=False)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(SIZE)
    events = list(events)
    window.travel.take(events)
    window.log.take(events)
    window.drift.attach(drift)
    window.show()
    try:
        yield window
    finally:
        window.drift.detach()
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents()


def scenes(window) -> Iterator[tuple[str, QWidget]]:
    """Each thing to look at under its name, one after another, laid out and drawn: then it is to be painted."""
    for name in ("research", "talk", "review"):
        getattr(window, f"layout_{name}")()
        _settle(window)
        if name == "research" and window.story.review is not None:
            window.review.raise_()
            _settle(window)
        yield ("window" if name == "research" else f"layout-{name}"), window
    for dock in window.docks:
        dock.setFloating(True)
        dock.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        dock.resize(QSize(*DOCK_SIZES[dock.topic]))
        dock.show()
        for name in _pages(dock):
            _settle(window)
            yield name, dock
        dock.setFloating(False)
        dock.hide()
    for name, dialog in _dialogs(window):
        dialog.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        dialog.show()
        _settle(window)
        yield f"dialog-{name}", dialog
        dialog.close()


def _pages(dock) -> Iterator[str]:
    """The dock, and under names of their own its other pages where it has some to show."""
    if dock.topic == "drives" and not dock.ranking.episodes:
        dock.all_button.setChecked(True)
    if dock.topic == "encoding":
        dock.show_episode(None)
    if dock.topic in ("episodes", "dreams", "drives") and dock.table.rows.shown:
        dock.table.selectRow(min(3, len(dock.table.rows.shown) - 1))
    if dock.topic == "replays":
        dock.view.next_watched()
    yield dock.topic
    if dock.topic == "exam" and dock.pages.currentIndex():
        for place, name in ((1, "exam-nights"), (2, "exam-arms")):
            dock.show_page(place)
            yield name
        dock.show_page(0)
    if dock.topic == "drift" and dock.pages.currentIndex():
        dock.units.trails.setChecked(True)
        yield "drift-trails"
        dock.units.trails.setChecked(False)
        for place, name in ((1, "drift-layers"), (2, "drift-inside")):
            dock.show_lens(place)
            yield name
        dock.show_lens(0)


def _dialogs(window) -> Iterator[tuple[str, QDialog]]:
    """Those in which something is decided for good, as far as there is something to decide on."""
    from . import asking
    from .changing import changing
    from .signing import PassPhraseDialog

    story = window.story
    if story.review is not None:
        yield "change", changing(story.review.proposed.proposal, story, window)
    if story.episodes:
        yield "forget", asking.forgetting(min(3, len(story.episodes)), window)
    yield "sign", PassPhraseDialog(SIGNER, "approve", lambda phrase: "", window)


def _settle(window) -> None:
    """Layouts and paints take several turns of the loop (a grab straight after a change cuts text)."""
    for _ in range(4):
        QApplication.processEvents()
    window._draw(force=True)
    window.talk.conversation.lay_all()
    for _ in range(4):
        QApplication.processEvents()


def save(widget: QWidget, path: Path, scale: int) -> Path:
    pixmap = QPixmap(widget.size() * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(widget.palette().window().color())
    widget.render(pixmap, QPoint(0, 0))
    if not pixmap.save(str(path), "PNG"):
        raise OSError(f"The picture {path} could not be written. Is there space, and may this folder be written to?")
    return path
