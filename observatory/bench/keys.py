"""Random keys and docks thrown about: `python -m observatory.bench.keys --sessions 20` prints JSON.

Sessions take turns in a recording and in a live mind; each presses keys at random places, runs actions, types, floats,
hides, piles and resizes, and closes the window wherever that led, every other live one in the middle of a night. What
went wrong is a list of words a session: exceptions, Qt's complaints, a close that took too long, and threads, timers
and processes that were left. The seed decides every press; when a mind answers it does not.
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import soak
from .leftovers import left, listening, running

CLOSE_S = 5.0
"""A window must be gone by then, in whatever state it was."""
READY_S, ASLEEP_S = 60.0, 30.0
BREATH_S = 0.004
"""Between two presses: what is asked of a mind takes a while to come back."""
POPUP_MS = 300
"""A menu is closed within so long."""
LEFT_OUT = ("quit", "copy-picture")
"""Closing comes at the end of a session; the clipboard belongs to whoever sits at the machine."""
SENTENCES = (
    "The kettle in the blue house sings.", "Zelda keeps bees in Trondheim.", "where does the key hang", "KL > 0.05",
    "step 2", "is:pinned", "SELECT count(*) FROM episodes", "…", "nobody knows why",
)  # fmt: skip
ROUNDS = (("key", 5), ("shortcut", 4), ("action", 4), ("type", 2), ("dock", 3), ("window", 1), ("click", 2))
"""What hands do, and how often."""


@dataclass
class Played:
    """How one session went."""

    kind: str
    seed: int
    presses: int = 0
    closed_in: str = ""
    close_s: float = 0.0
    faults: list[str] = field(default_factory=list)


# ---------------------------------------------------------------- one session


def play(kind: str, source, seed: int, presses: int, scratch: Path, *, at_night: bool = False) -> Played:
    """A window on this source, played with and closed. It needs no display and leaves nothing, or says what."""
    from ..window.look import platform_without_display

    platform_without_display()
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    from ..window.app import application

    application()
    found = Played(kind, seed)
    before = running()
    with listening(found.faults):
        _open_press_and_close(found, source, presses, scratch, at_night)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        _breathe()
        gc.collect()
    _until(lambda: not left(before), CLOSE_S)
    found.faults += left(before)
    return found


def _open_press_and_close(found: Played, source, presses: int, scratch: Path, at_night: bool) -> None:
    from ..window.look import Look
    from ..window.main import MainWindow

    window = MainWindow(Look("night"), layout=scratch / f"window-{found.seed}.ini", live=found.kind == "live", by="Ada")
    window.ask_leave = lambda text: True
    hands = Hands(window, random.Random(found.seed), scratch)
    window.resize(1500, 940)
    window.show()
    window.activateWindow()
    window.attach(source)
    if not _until(lambda: window.can_tell() or window.is_recorded(), READY_S):
        found.faults.append(f"nothing could be done with it within {READY_S:.0f} s")
    for _ in range(presses):
        hands.press()
        _breathe()
    found.presses = presses
    if at_night and not _asleep(window, hands):
        found.faults.append(f"no night could be opened within {ASLEEP_S:.0f} s")
    found.closed_in = window.travel.present.mode
    began = time.monotonic()
    window.close()
    found.close_s = round(time.monotonic() - began, 2)
    if found.close_s > CLOSE_S:
        found.faults.append(f"closing took {found.close_s:.1f} s")
    hands.put_away()
    window.deleteLater()


def _asleep(window, hands: Hands) -> bool:
    """Into the middle of a night, if it is not in one."""
    hands.close_dialogs()
    window.travel.live()
    end = time.monotonic() + ASLEEP_S
    while time.monotonic() < end:
        present = window.travel.present
        if present.asleep and present.night.proposed is None:
            return True
        if window.can_sleep():
            window.sleep()
        elif window.proposal_waits():
            window.source.decide("veto", "the next one", "Ada")
        elif window.can_tell():
            window.source.tell(f"At {time.monotonic():.3f} the tram turned round.")
        _until(lambda: False, 0.25)
    return False


def _until(reached: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            return False
        _breathe()
    return True


def _breathe() -> None:
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()
    time.sleep(BREATH_S)


# ---------------------------------------------------------------- hands


class Hands:
    """They do one thing at a time, chosen by the dice, in the window or in whatever stands before it."""

    def __init__(self, window, dice: random.Random, scratch: Path):
        from PySide6.QtCore import QTimer

        from ..window.actions import ACTIONS

        self.window, self.dice, self.scratch = window, dice, scratch
        self.actions = [action.id for action in ACTIONS if action.id not in LEFT_OUT]
        self.shortcuts = [action.shortcut for action in ACTIONS if action.shortcut and action.id not in LEFT_OUT]
        self.kept: list = []
        self._files = 0
        # A button's menu has a loop of its own, in which no further key would be pressed.
        self._opener = QTimer(window, interval=POPUP_MS)
        self._opener.timeout.connect(_close_popup)
        self._opener.start()
        # What would open a dialog of the system, or another program, gets an answer instead.
        window.choose_file = lambda title, kinds: ""
        window.choose_folder = lambda title: ""
        window.choose_save = lambda title, name: self._file(Path(name).suffix or ".txt")
        window.choose_target = lambda title, kinds: self._file(".csv")
        window.launch = lambda arguments: None

    def _file(self, ending: str) -> str:
        self._files += 1
        return str(self.scratch / f"saved-{self._files}{ending}") if self.dice.random() < 0.5 else ""

    def press(self) -> None:
        kinds, often = zip(*ROUNDS, strict=True)
        getattr(self, f"_{self.dice.choices(kinds, often)[0]}")()

    def close_dialogs(self) -> None:
        from PySide6.QtWidgets import QApplication

        for _ in range(20):
            before = QApplication.activePopupWidget() or QApplication.activeModalWidget()
            if before is None or before is self.window:
                return
            before.close()
            _breathe()

    def put_away(self) -> None:
        """Dialogs of the window go with it; what stands alone is closed."""
        from PySide6.QtWidgets import QApplication

        for widget in QApplication.topLevelWidgets():
            widget.close()

    def _target(self):
        """Where keys go: a menu, a dialog, what has the focus, or the window."""
        from PySide6.QtWidgets import QApplication

        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            return popup
        if modal is not None:
            return modal.focusWidget() or modal
        return self.window.focusWidget() or self.window

    def _key(self) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        key = self.dice.choice([
            *(getattr(Qt.Key, f"Key_{name}") for name in (
                "Return", "Escape", "Tab", "Backtab", "Space", "Up", "Down", "Left", "Right", "Home", "End", "PageUp",
                "PageDown", "Delete", "Backspace", "Period", "Comma", "Plus", "Minus", "Question", "F10",
            )), *(Qt.Key(ord(letter)) for letter in "ABCDEFKLMNOPRSTWX0123456789"),
        ])  # fmt: skip
        held = self.dice.choices(
            [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier],
            (8, 2, 1),
        )[0]
        QTest.keyClick(self._target(), key, held)

    def _shortcut(self) -> None:
        from PySide6.QtGui import QKeySequence
        from PySide6.QtTest import QTest

        pressed = QKeySequence(self.dice.choice(self.shortcuts))[0]
        QTest.keyClick(self._target(), pressed.key(), pressed.keyboardModifiers())

    def _action(self) -> None:
        made = self.window.actions_[self.dice.choice(self.actions)]
        if made.isEnabled() and not self._before_it():
            made.trigger()

    def _before_it(self) -> bool:
        from PySide6.QtWidgets import QApplication

        return QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None

    def _type(self) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QLineEdit

        line = self._target()
        if not isinstance(line, QLineEdit):
            line = self.window.talk.line
        if line.isEnabled():
            line.setText(self.dice.choice(SENTENCES))
            QTest.keyClick(line, Qt.Key.Key_Return)

    def _click(self) -> None:
        """Some button or table that can be seen."""
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QAbstractButton, QTableView, QWidget

        within = self._target().window()
        seen = [each for each in within.findChildren(QWidget) if isinstance(each, QAbstractButton | QTableView)
                and each.isVisible() and each.isEnabled() and not each.visibleRegion().isEmpty()]  # fmt: skip
        if seen:
            one = self.dice.choice(seen)
            one = one.viewport() if isinstance(one, QTableView) else one
            at = QPoint(self.dice.randrange(max(1, one.width())), self.dice.randrange(max(1, one.height())))
            QTest.mouseClick(one, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)

    def _dock(self) -> None:
        from PySide6.QtCore import Qt

        window, dock = self.window, self.dice.choice(self.window.docks)
        do = self.dice.choice(("float", "hide", "show", "raise", "pile", "move", "size"))
        if do == "float":
            dock.setFloating(not dock.isFloating())
        elif do == "hide":
            dock.close()
        elif do == "show":
            window._show(dock)
        elif do == "raise":
            dock.raise_()
        elif do == "pile":
            other = self.dice.choice(window.docks)
            if other is not dock and not other.isFloating() and not dock.isFloating():
                window.tabifyDockWidget(other, dock)
        elif do == "move":
            areas = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea,
                     Qt.DockWidgetArea.BottomDockWidgetArea, Qt.DockWidgetArea.TopDockWidgetArea)  # fmt: skip
            window.addDockWidget(self.dice.choice(areas), dock)
        else:
            dock.resize(self.dice.randrange(80, 1600), self.dice.randrange(80, 1000))

    def _window(self) -> None:
        do = self.dice.choice(("size", "keep", "back", "away"))
        if do == "size":
            self.window.resize(self.dice.randrange(400, 2000), self.dice.randrange(300, 1200))
        elif do == "keep":
            self.kept.append(self.window.saveState())
        elif do == "back" and self.kept:
            self.window.restoreState(self.dice.choice(self.kept))
        elif self.window.travel.possible:
            self.window.travel.go(self.dice.randrange(1, self.window.travel.hypnogram.last + 1))


def _close_popup() -> None:
    from PySide6.QtWidgets import QApplication

    if (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


# ---------------------------------------------------------------- the command


def lived(model: soak.Stuff, home: Path) -> None:
    """A home with two nights behind it, lived without a window."""
    command = [
        sys.executable, "-m", "observatory", "live", "--home", home, "--day", model.day, "--model", model.model,
        "--perplexity-text", model.text, "--approve", "always", "--steps", "6", "--quiet",
    ]  # fmt: skip
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if not (home / "journal.jsonl").is_file():
        raise RuntimeError(f"The home to record in was not lived: {done.stderr.strip()[-400:]}")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m observatory.bench.keys", description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--presses", type=int, default=400, help="in each session")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default=soak.TINY, help=f"{soak.TINY}: a random one made on the spot")
    parser.add_argument("--threads", type=int, help="of the mind; default: 1 on tiny, else as many as processors")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("--out", type=Path, default=None, help="where the JSON goes; default: standard output")
    asked = parser.parse_args(argv)
    soak.one_thread()
    began, played = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="observatory-keys-") as made:
        folder = Path(made)
        stuff = soak.stuff(asked, folder)
        lived(stuff, folder / "recorded")
        with soak.Bar("sessions", asked.sessions, asked.quiet) as bar:
            for place in range(asked.sessions):
                played.append(_one(place, asked, stuff, folder))
                bar.done(place + 1, f"{sum(bool(each.faults) for each in played)} with faults")
    faulty, close_s = sum(bool(each.faults) for each in played), soak.spread(each.close_s for each in played)
    found = {
        "close_s": close_s, "faulty": faulty, "played": [asdict(each) for each in played],
        "sound": bool(played) and not faulty,
    }  # fmt: skip
    row = [("sessions", len(played)), ("with faults", faulty), ("closed after, worst s", close_s["worst"])]
    soak.tell(asked, soak.result(asked, began, found), row)
    return 0 if found["sound"] else 1


def _one(place: int, asked: argparse.Namespace, stuff: soak.Stuff, folder: Path) -> Played:
    from ..host import recording
    from ..host.session import Session

    scratch = folder / f"session-{place}"
    scratch.mkdir()
    seed = 1000 * asked.seed + place
    if place % 2 == 0:
        source = recording.open_to_look(folder / "recorded")
        return play("recording", source, seed, asked.presses, scratch)
    source = Session(scratch / "mind", model=stuff.model, perplexity_text=str(stuff.text), threads=stuff.threads)
    return play("live", source, seed, asked.presses, scratch, at_night=place % 4 == 1)


if __name__ == "__main__":
    sys.exit(main())
