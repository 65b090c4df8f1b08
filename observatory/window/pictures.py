"""Every dock and the whole window as PNG, from any list of events, without a display.

The same window and the same story as live; only nobody is looking. It does not know where the
events come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QWidget

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


def render(
    events: Iterable[ev.Event], folder: Path | str, theme: str = "light", scale: int = 1, drift=None
) -> list[Path]:
    """Paint everything into `folder` and return the files. Asks for no display where there is none.

    `drift`: what works out drift, if there are weights to work on; it has done so by now.
    """
    platform_without_display()
    from .app import application
    from .main import MainWindow

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    application()
    look = Look(theme)
    look.ratio = float(scale)
    window = MainWindow(look, live=False)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(SIZE)
    window.travel.take(list(events))
    window.drift.attach(drift)
    window.show()
    window.put_docks_back()
    _settle(window)
    if window.story.review is not None:
        window.review.raise_()
    _settle(window)
    made = [_save(window, folder / "window.png", scale)]
    for dock in window.docks:
        made.append(_dock(window, dock, folder, scale))
    window.drift.detach()
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents()
    return made


def _dock(window, dock, folder: Path, scale: int) -> Path:
    name = dock.topic
    dock.setFloating(True)
    dock.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    dock.resize(QSize(*DOCK_SIZES[name]))
    dock.show()
    _choose(dock)
    _settle(window, force=True)
    path = _save(dock, folder / f"{name}.png", scale)
    dock.setFloating(False)
    return path


def _choose(dock) -> None:
    """An episode, a dream and a replay are opened, so that what belongs to them can be seen."""
    if dock.topic in ("episodes", "dreams", "drives") and dock.table.rows.shown:
        dock.table.selectRow(min(3, len(dock.table.rows.shown) - 1))
    if dock.topic == "replays":
        dock.view.next_watched()


def _settle(window, *, force: bool = True) -> None:
    """Layouts and paints take several turns of the loop (a grab straight after a change cuts text)."""
    for _ in range(4):
        QApplication.processEvents()
    window._draw(force=force)
    window.talk.conversation.lay_all()
    for _ in range(4):
        QApplication.processEvents()


def _save(widget: QWidget, path: Path, scale: int) -> Path:
    pixmap = QPixmap(widget.size() * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(widget.palette().window().color())
    widget.render(pixmap, QPoint(0, 0))
    if not pixmap.save(str(path), "PNG"):
        raise OSError(f"The picture {path} could not be written. Is there space, and may this folder be written to?")
    return path
