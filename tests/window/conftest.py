"""Windows without a display. The platform is chosen before anything imports Qt."""

from __future__ import annotations

import gc
import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from observatory.window.app import application
from observatory.window.look import Look
from observatory.window.main import MainWindow
from tests.window.canned import Canned

pytestmark = pytest.mark.window


@pytest.fixture(scope="session")
def qapp_cls():
    return type(application())


@pytest.fixture(autouse=True)
def collected():
    """What a closed window leaves behind goes here, not in the middle of making the next one: seen once to stand still
    for good in a disconnect of pyqtgraph's."""
    yield
    gc.collect()


@pytest.fixture
def opened(qtbot, tmp_path):
    """`opened(events)` → a shown window that has taken them in, with its canned source as `.source`.

    `home`: whose settings it has."""
    made = []

    def open_(events=(), *, layout=None, theme="night", size=(1500, 940), home=None) -> MainWindow:
        window = MainWindow(Look(theme), layout=layout, live=False, by="Ada")
        window.live = True
        window.ask_leave = lambda text: True
        window.choose_folder = lambda title: ""
        window.resize(*size)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        source = Canned(events)
        if home is not None:
            source.home = home
        window.attach(source)
        window._timer.stop()
        take_in(window)
        made.append(window)
        return window

    yield open_
    for window in made:
        window.ask_leave = lambda text: True
        window.close()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def take_in(window: MainWindow) -> None:
    """Ticks until the source has nothing more to give."""
    while window.source.waiting:
        window.tick()
    window.tick()
