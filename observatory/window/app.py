"""Opening the window: the application, the window at once, then the source behind it.

Nothing heavy is imported here. The factory makes the source (a session, a recording); its `start` may
take as long as it likes, because the window is on the screen before it is called.
"""

from __future__ import annotations

import getpass
import os
import signal
import sys
import threading
import time
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
"""An environment variable: a file to write the seconds of processor time into, once the window is on the screen."""
INTERRUPTED = 130
"""Exit status after Ctrl+C or a request to terminate, as everywhere in the command line."""


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
    # A recording is left as it is, so what is arranged in its window is not kept in it.
    if layout is None and live and isinstance(home, Path) and home.is_dir():
        layout = home / "window.ini"
    window = MainWindow(Look(theme), layout=layout, live=live, by=by or _person())
    hooks = sys.excepthook, threading.excepthook
    _catch(window)
    window.show()
    QTimer.singleShot(0, lambda: _begin(window, source, problem))
    signals = _leave_when_told(app, window)
    try:
        return app.exec()
    finally:
        sys.excepthook, threading.excepthook = hooks
        for each, before in signals.items():
            signal.signal(each, before)


def _made(make_source: Callable[[], Source] | Source) -> tuple[Source | None, tuple[str, str, str] | None]:
    if not callable(make_source):
        return make_source, None
    try:
        return make_source(), None
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        return None, ("The home could not be opened", str(error), traceback.format_exc())


def _begin(window: MainWindow, source: Source | None, problem: tuple[str, str, str] | None) -> None:
    if up := os.environ.get(UP_FILE):
        Path(up).write_text(f"{time.process_time():.2f}", encoding="utf-8")
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


def _leave_when_told(app: QApplication, window: MainWindow) -> dict:
    """Ctrl+C and a request to terminate close the window as a person would, without asking back.

    The window's timer wakes Python thirty times a second, so a signal is heard at once.
    """

    def leave(*_) -> None:
        window.ask_leave = lambda text: True
        QTimer.singleShot(0, lambda: (window.close(), app.exit(INTERRUPTED)))

    if threading.current_thread() is not threading.main_thread():
        return {}
    return {each: signal.signal(each, leave) for each in (signal.SIGINT, signal.SIGTERM)}


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "a person at the window"
