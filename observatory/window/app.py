"""Opening the window: the application, the window at once, then the source behind it.

Nothing heavy is imported here. The factory makes the source (a session, a recording); its `start` may
take as long as it likes, because the window is on the screen before it is called.
"""

from __future__ import annotations

import getpass
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from .look import Look
from .main import MainWindow
from .source import Source

UP_FILE = "OBSERVATORY_WINDOW_UP"
"""An environment variable naming a file that is written once the window is on the screen (start-up is measured so)."""


def application() -> QApplication:
    """The one application, made if there is none yet."""
    app = QApplication.instance()
    if app is None:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(sys.argv[:1])
        app.setApplicationName("sleep-observatory")
        app.setApplicationDisplayName("Sleep Observatory")
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    return app


def run(
    make_source: Callable[[], Source] | Source,
    *,
    theme: str = "system",
    layout: Path | None = None,
    live: bool = True,
    by: str = "",
) -> int:
    """Open the window and stay until it is closed. `layout`: where docks are remembered, else in the source's home."""
    app = application()
    source, problem = _made(make_source)
    home = getattr(source, "home", None)
    if layout is None and isinstance(home, Path) and home.is_dir():
        layout = home / "window.ini"
    window = MainWindow(Look(theme), layout=layout, live=live, by=by or _person())
    hooks = sys.excepthook, threading.excepthook
    _catch(window)
    window.show()
    QTimer.singleShot(0, lambda: _begin(window, source, problem))
    try:
        return app.exec()
    finally:
        sys.excepthook, threading.excepthook = hooks


def _made(make_source: Callable[[], Source] | Source) -> tuple[Source | None, tuple[str, str, str] | None]:
    if not callable(make_source):
        return make_source, None
    try:
        return make_source(), None
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        return None, ("The home could not be opened", str(error), traceback.format_exc())


def _begin(window: MainWindow, source: Source | None, problem: tuple[str, str, str] | None) -> None:
    if up := os.environ.get(UP_FILE):
        Path(up).write_text("up", encoding="utf-8")
    if problem is not None:
        window.notice_error(*problem)
    elif source is not None:
        window.attach(source)


def _catch(window: MainWindow) -> None:
    """An error in a slot or a thread becomes a notice with its details; it is also printed for a bug report."""

    def caught(kind, error, trace) -> None:
        detail = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(detail)
        window.failed.emit("Something in the window failed", f"{kind.__name__}: {error}. The mind goes on.", detail)

    sys.excepthook = caught
    threading.excepthook = lambda args: caught(args.exc_type, args.exc_value, args.exc_traceback)


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "a person at the window"
