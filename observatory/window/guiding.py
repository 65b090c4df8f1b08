"""What meets people: the welcome, the tour, other homes, and what is dropped here. Mixed into the main window."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QFileDialog

from .. import resources
from ..host import homes
from . import tour
from .welcome import WelcomeDock


class Guiding:
    """The window has the story, the source, its docks and its actions."""

    def _make_welcome(self) -> WelcomeDock:
        self.launch = _launch
        self.tour_card: tour.Tour | None = None
        self._welcomed: bool | None = None
        self._demo = (resources.folder() / "demo").is_dir()
        dock = self.welcome = WelcomeDock(self.look, demo=self._demo)
        dock.hide()
        dock.wanted.connect(self._begin_with)
        dock.home_wanted.connect(lambda path: self.open_home(Path(path)))
        self.setAcceptDrops(True)
        return dock

    def has_demo(self) -> bool:
        return self._demo

    def _welcome_or_not(self) -> None:
        """Once, when the home has been read and nothing is in it; it goes when something is."""
        empty = not self.story.episodes and not self.story.nights
        if self._welcomed is None and self.live and self.story.up:
            self._welcomed = empty
            if empty and self._open():
                self.show_welcome()
        elif self._welcomed and not empty:
            self._welcomed = False
            self._leave_welcome()
        if self.welcome.isVisible():
            self.welcome.enable({"first-day": self.can_tell(), "open-demo": self.has_demo()})

    def show_welcome(self) -> None:
        self.tabifyDockWidget(self.night, self.welcome)
        self._show(self.welcome)
        if self.focusWidget() is None:
            self.welcome.buttons["first-day"].setFocus()

    def _leave_welcome(self) -> None:
        if not self.welcome.isHidden():
            self.welcome.hide()
            self.night.raise_()

    def _begin_with(self, id_: str) -> None:
        if id_ in ("talk", "first-day", "tour"):
            self._leave_welcome()
        self.actions_[id_].trigger()

    def open_demo(self) -> None:
        self._launch("demo")

    def open_home(self, home: Path) -> None:
        """In a window of its own: this one goes on with its mind."""
        self._launch("--home", str(home))

    def choose_folder(self, title: str) -> str:
        return QFileDialog.getExistingDirectory(self, title)

    def choose_home(self) -> None:
        path = self.choose_folder("The folder of a home")
        if path:
            self.open_home(Path(path))

    def _launch(self, *arguments: str) -> None:
        self._do("The other window was not opened", lambda: self.launch(list(arguments)))

    def show_tour(self) -> None:
        if self.tour_card is not None:
            self.tour_card.leave()
        self.tour_card = tour.Tour(self._stations(), self.look, self)
        self.tour_card.left.connect(self._tour_left)

    def _tour_left(self) -> None:
        self.tour_card = None
        self.talk.line.setFocus()

    def _stations(self) -> list[tour.Station]:
        def at(dock):
            return lambda: (self._show(dock), dock)[1]

        return [
            tour.Station("Talk", "Write a sentence and press Enter: it is an episode, stored at once. The bars under "
                         "it say how surprising each token was. Shift+Enter asks.", at(self.talk)),
            tour.Station("Episodes", "Everything that was told, with how strong it is in either store. Ctrl+F "
                         "searches.", at(self.episodes)),
            tour.Station("Night", "Ctrl+L lets it sleep. Space pauses, a full stop makes one step of replay, and "
                         "Ctrl+R runs to a condition, such as KL > 0.1.", at(self.night)),
            tour.Station("Review", "The night asks before anything enters the cortex. Here stands what was learnt and "
                         "what was lost; you approve or veto, with a reason. Esc decides nothing.", at(self.review)),
            tour.Station("Everything else", "Ctrl+K finds every command and every dock, F1 lists all keys, Ctrl+Z "
                         "takes back what you did. The tour is in Help whenever you want it.", lambda: self.menuBar()),
        ]  # fmt: skip

    # ------------------------------------------------------------ what is dropped

    def dragEnterEvent(self, event) -> None:
        if event.mimeData().hasUrls() and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.dropped(Path(url.toLocalFile()))

    def dropped(self, path: Path) -> None:
        """A day file is told, a home is opened; everything else is named. Nothing that is dropped is ever run."""
        if path.is_dir() and homes.lived_in(path):
            self.open_home(path)
        elif path.is_file() and path.suffix.casefold() == ".jsonl":
            if self.can_tell():
                self._tell_file(path)
            else:
                self.notice_error("The day was not told", "The mind does not listen now. Drop it again when it is "
                                  "awake.", "")  # fmt: skip
        else:
            self.notice_error("That cannot be dropped here", f"{path.name} is no day file (.jsonl) and no folder in "
                              "which a mind has lived.", "")  # fmt: skip

    # ------------------------------------------------------------ homes

    def _remember_home(self, home: Path) -> None:
        try:
            self.welcome.show_homes([path for path in homes.recent() if path != home.absolute()])
            homes.opened(home)
        except OSError as error:
            self.notice_error("This home will not stand among the recent ones", str(error), "")


def _launch(arguments: list[str]) -> None:
    """This program once more, by the same Python. Arguments are handed over as they are; no shell reads them."""
    started = QProcess.startDetached(sys.executable, ["-m", "observatory", *arguments])
    if not (started[0] if isinstance(started, tuple) else started):
        raise OSError(f"{sys.executable} could not be started. Open it from a terminal: observatory --help")
