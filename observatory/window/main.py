"""The main window: docks around one story, fed by one source on one timer.

Opens at once and says what it waits for. It decides nothing and computes nothing about the mind; what
it knows it was told by events. Importing it loads no torch, no duckdb and no umap.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QMainWindow, QTabWidget, QToolBar

from .. import resources
from ..protocol import events as ev
from . import asking, words
from .actions import ACTIONS, MENUS, TOOLS, by_id
from .arranging import Arranging
from .dock import Dock
from .doing import Doing
from .dreams import DreamsDock
from .drift import DriftDock
from .drives import DrivesDock
from .encoding import EncodingDock
from .episodes import EpisodesDock
from .exam import ExamDock
from .governor import GovernorDock
from .look import Look
from .marking import Marking
from .night import NightDock
from .notices import Notices
from .people import People
from .plugged import ViewsDock
from .replays import ReplayDock
from .review import ReviewDock
from .source import Source
from .state import StateDock
from .status import StatusBar
from .story import TOPICS, Story
from .talk import TalkDock
from .timebar import TimeBar
from .travel import Travel
from .travelling import Travelling
from .weighing import WeighingDock

TICK_MS = 33
BUDGET_MS = 8.0
"""Of a 33 ms frame: the rest is for painting (facts: 900×700 plots paint in 4–15 ms)."""
FLOOD = 200
"""Events in one tick that mean history is being read back; docks then draw a few times a second, not thirty."""
FLOOD_WAIT_S = 0.4
SIZE = QSize(1520, 940)


class MainWindow(Doing, Marking, Travelling, Arranging, People, QMainWindow):
    """`attach` gives it a source; until then it shows empty docks."""

    failed = Signal(str, str, str)

    def __init__(self, look: Look, *, layout: Path | None = None, live: bool = True, by: str = "a person"):
        super().__init__()
        self.look, self.by, self.live = look, by, live
        self.source: Source | None = None
        self.story = Story(live_since=time.time() - 1.0 if live else None)
        self.travel = Travel(self.story)
        self.settings = QSettings(str(layout), QSettings.Format.IniFormat) if layout else None
        self.choose_file: Callable[[str, str], str] = self._choose_file
        self.ask_leave: Callable[[str], bool] = lambda text: asking.leave(self, text)
        self._dirty: set[str] = set()
        self._noticed = 0
        self._offered: ev.GovernorDecided | None = None
        self._drawn_at = 0.0
        self._ticks = 0
        self._problem = ""
        self._brought_up = 0
        self._leaving = False
        self.setWindowTitle("Sleep Observatory")
        self.setWindowIcon(QIcon(str(resources.folder() / "icons" / "observatory.svg")))
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.resize(SIZE)
        self._make_docks()
        self._make_actions()
        self._make_menus()
        self._connect()
        self._connect_memory()
        self._make_people()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self.restyle(look)
        self.put_docks_back()
        self._restore()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)
        self._draw(force=True)

    # ------------------------------------------------------------ making

    def _make_docks(self) -> None:
        self.talk, self.episodes = TalkDock(self.story, self.look), EpisodesDock(self.story, self.look)
        self.night, self.review = NightDock(self.story, self.look), ReviewDock(self.story, self.look)
        self.dreams, self.weighing = DreamsDock(self.story, self.look), WeighingDock(self.story, self.look)
        self.drives, self.state = DrivesDock(self.story, self.look), StateDock(self.story, self.look)
        self.governor, self.drift = GovernorDock(self.story, self.look), DriftDock(self.story, self.look)
        self.encoding, self.replays = EncodingDock(self.story, self.look), ReplayDock(self.story, self.look)
        self.exam, self.views = ExamDock(self.story, self.look), ViewsDock(self.story, self.look)
        self.docks: tuple[Dock, ...] = (
            self.talk, self.episodes, self.night, self.dreams, self.weighing, self.review, self.drives, self.state,
            self.governor, self.encoding, self.replays, self.drift, self.exam, self.views,
            *self._make_people_docks(),
        )  # fmt: skip
        self.status = StatusBar(self.story, self.look)
        self.setStatusBar(self.status)
        texts = {a.id: a.text.replace("&", "").rstrip("…") for a in ACTIONS} | {"sleep-as-proposed": "Sleep"}
        self.notices = Notices(self.look, texts)
        for dock in self.docks:
            dock.visibilityChanged.connect(lambda seen, dock=dock: self._draw_dock(dock) if seen else None)

    def _make_actions(self) -> None:
        self.actions_: dict[str, QAction] = {}
        for action in ACTIONS:
            made = QAction(action.text, self, checkable=action.checkable)
            made.setShortcuts([QKeySequence(action.shortcut)] if action.shortcut else [])
            made.setToolTip(words.tip(action.tip))
            made.setStatusTip(action.tip)
            made.setWhatsThis(words.tip(action.tip))
            slot = getattr(self, action.slot)
            (made.toggled if action.checkable else made.triggered).connect(
                slot if action.checkable else (lambda _=False, slot=slot: slot())
            )
            self.actions_[action.id] = made
            self.addAction(made)
        self.actions_["keys"].setShortcuts([QKeySequence("F1"), QKeySequence("?")])

    def _make_menus(self) -> None:
        # Menus are kept by name: PySide drops a menu that nothing in Python refers to when its action is asked for it.
        self.menus = {title: self.menuBar().addMenu(f"&{title}") for title in MENUS}
        for title, menu in self.menus.items():
            for action in ACTIONS:
                if action.menu == title:
                    menu.addAction(self.actions_[action.id])
        bar = QToolBar("Notices")
        bar.setObjectName("noticesBar")
        bar.setMovable(False)
        bar.addWidget(self.notices)
        bar.toggleViewAction().setVisible(False)
        bar.hide()
        self.notices_bar = bar
        self.addToolBar(bar)
        tools = QToolBar("Toolbar")
        tools.setObjectName("toolbar")
        tools.setIconSize(QSize(18, 18))
        for name in TOOLS:
            tools.addAction(self.actions_[name])
        tools.hide()
        self.tools = tools
        self.addToolBar(tools)
        self.menus["View"].addAction(tools.toggleViewAction())
        self.timebar = TimeBar(self.travel, self.look)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self.timebar)

    def _connect(self) -> None:
        self.talk.tell_wanted.connect(self.tell)
        self.talk.ask_wanted.connect(self.ask)
        self.talk.unplug_wanted.connect(self.actions_["unplug"].setChecked)
        self.talk.conversation.episode_wanted.connect(self.open_episode)
        self.night.sleep_wanted.connect(self.sleep)
        self.night.resume_wanted.connect(self.resume_night)
        self.night.pause_wanted.connect(self.pause_or_run)
        self.night.step_wanted.connect(self.step)
        self.night.stage_wanted.connect(self.step_stage)
        self.night.veto_wanted.connect(self.veto_night)
        self.night.review_wanted.connect(self.show_review)
        self.night.effort.episode_wanted.connect(self.open_episode)
        self.dreams.episode_wanted.connect(self.dream_chosen)
        self.review.decide_wanted.connect(self.decided)
        self.review.change_wanted.connect(self.change_proposal)
        self.drives.goal_wanted.connect(self.set_goal)
        self.exam.why_wanted.connect(self.ask_why)
        self.episodes.chosen.connect(self.encoding.show_episode)
        self.talk.conversation.turn_chosen.connect(lambda: self.encoding.show_episode(self.talk.conversation.told))
        for dock in (self.drives, self.state, self.governor, self.encoding, self.replays, self.drift, self.exam):
            dock.episode_wanted.connect(self.open_episode)
        for how in (self.talk.how, self.episodes.how):
            how.wanted.connect(self._say_how)
        self.notices.action_wanted.connect(self.act)
        self.notices.closed.connect(self.notice_closed)
        self.notices.changed.connect(lambda: self.notices_bar.setVisible(bool(self.notices.cards)))
        for part in (self, *self.docks, self.timebar):  # docks are no children yet
            for button in part.findChildren(QAbstractButton):
                button.installEventFilter(self)

    def eventFilter(self, watched, event) -> bool:
        """Space on a focused button presses it; the window's own Space (pause) must not take it away."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Space:
            event.accept()
            return True
        return super().eventFilter(watched, event)

    # ------------------------------------------------------------ look and layout

    def restyle(self, look: Look) -> None:
        self.look = look
        app, sheet = QApplication.instance(), look.style_sheet()
        if app.styleSheet() != sheet:  # polishing every widget again takes a second
            app.setPalette(look.qt_palette())
            app.setFont(look.font())
            app.setStyleSheet(sheet)
        self.notices.look = look
        for each in (*self.docks, self.status, self.timebar, self.strip):
            each.restyle(look)
        for action in ACTIONS:
            if action.icon:
                self.actions_[action.id].setIcon(look.icon(action.icon, look.text))
        self._draw(force=True)

    # ------------------------------------------------------------ the stream

    def attach(self, source: Source) -> None:
        """Start the source and listen to it. What goes wrong is said, and the window stays."""
        try:
            source.start()
        except (OSError, RuntimeError, ValueError) as error:
            self.notice_error("The mind could not be started", str(error), traceback.format_exc())
            return
        self.source = source
        self.travel.attach(source)
        self.drift.attach(getattr(source, "drift", None))
        if self.travel.recorded:  # no night will follow for which something could wait
            self.drives.all_button.setChecked(True)
        self._help_begins()
        self.views.offer(getattr(source, "home", None))
        if self.live:
            self.story.waiting = self.story.waiting or ev.MindWaiting(what="opening the home")
            self.story.changed |= {"talk", "status"}
        self._timer.start()

    def tick(self) -> None:
        """One frame: take in what happened, then draw the docks in which something is new."""
        if self.source is None:
            return
        events = self.source.drain(BUDGET_MS)
        self.travel.take(events)
        self.travel.tick()
        if self.travel.problem:
            self.notice_error("The past could not be read", self.travel.problem, "")
            self.travel.problem = ""
        self._help_ticks(events)
        self._ticks += 1
        if self._ticks % 15 == 0:
            self._look_at_state()
        flooded = len(events) > FLOOD and time.monotonic() - self._drawn_at < FLOOD_WAIT_S
        if not flooded:
            self._draw()
            self.timebar.follow()

    def _look_at_state(self) -> None:
        state = self.source.state
        problem = getattr(state, "problem", "") if getattr(state, "phase", "") == "failed" else ""
        if problem and problem != self._problem:
            self._problem = problem
            self.travel.present.waiting = None
            self.travel.present.changed |= {"talk", "status"}
        if self.live and getattr(state, "read_only", False) and getattr(state, "phase", "") == "ready":
            self.travel.present.looks_only()
        self.status.refresh(self._silent_s())

    def _silent_s(self) -> float | None:
        """How long the mind has been silent, where that is shown: not of the past, and not of a recording."""
        now = self.source is not None and not self.travel.away and not self.travel.recorded
        return getattr(self.source.state, "mind_silent_s", None) if now else None

    def _draw(self, *, force: bool = False) -> None:
        self._dirty |= self.story.take_changes()
        if self.travel.away:
            self._dirty |= self.travel.present.changed & {"notices"}
            self.travel.present.changed -= {"notices"}
        else:
            self._bring_up_review()
        if force:
            self._dirty |= set(TOPICS)
        if not self._dirty:
            return
        self._drawn_at = time.monotonic()
        # Other docks ask whether there is anything to sleep on, so they follow the episodes too.
        if "episodes" in self._dirty:
            self._dirty.add("night")
        if self._dirty & {"talk", "night"}:
            self._dirty.add("views")
        for dock in self.docks:
            if dock.topic in self._dirty and (force or dock.seen):
                self._draw_dock(dock)
        if "notices" in self._dirty:
            self._draw_notices()
        if "status" in self._dirty:
            self.drives.lend()
            self.status.refresh(self._silent_s())
        self._dirty &= {dock.topic for dock in self.docks if dock.topic in self._dirty and not dock.seen}
        self._enable()

    def _bring_up_review(self) -> None:
        """Once for each proposal that comes to the gate. The focus stays where it is."""
        night = self.story.review
        waiting = night.number if night is not None and night.open_proposal is not None else 0
        if waiting and waiting != self._brought_up:
            self.review.show()
            self.review.raise_()
        self._brought_up = waiting

    def _draw_dock(self, dock: Dock) -> None:
        dock.refresh()
        if dock.seen:
            self.review.saw(dock.topic)
        named = not dock.isFloating() and dock.subheading.text() and self.tabifiedDockWidgets(dock)
        dock.heading.setVisible(not named)
        self._dirty.discard(dock.topic)

    def _draw_notices(self) -> None:
        """Of the present, whatever is looked at: what goes wrong now must be heard now."""
        now = self.travel.present
        for notice in now.notices[self._noticed :]:
            if self._is_now(notice):
                self.notices.add(notice)
        self._noticed = len(now.notices)
        if now.interrupted is None:
            self.notices.withdraw("resume-night")
        if now.lost is None:
            self.notices.withdraw("wake-again")
        self.offer_sleep()

    def _is_now(self, event: ev.Event) -> bool:
        """Whether it was said in this session, and not in one whose history is read back."""
        since = self.travel.present.live_since
        return not event.at or since is None or event.at >= since

    def _enable(self) -> None:
        for action in ACTIONS:
            can = getattr(self, action.when)()
            made = self.actions_[action.id]
            if made.isEnabled() != can:
                made.setEnabled(can)
        for card in self.notices.cards:
            if card.notice.action in self.actions_:
                card.action_button.setEnabled(self.actions_[card.notice.action].isEnabled())

    def notice_error(self, title: str, text: str, detail: str) -> None:
        self._give_notice(ev.Notice(level="error", title=title, text=text, detail=detail))

    def _give_notice(self, notice: ev.Notice) -> None:
        self.log.take([notice])
        self.travel.present.take(notice)
        self._draw()

    # ------------------------------------------------------------ moving about

    def act(self, id_: str) -> None:
        """A notice's button: the same action as in the menu."""
        self.actions_[by_id(id_).id].trigger()

    def _choose_file(self, title: str, kinds: str) -> str:
        return QFileDialog.getOpenFileName(self, title, "", kinds)[0]

    # ------------------------------------------------------------ leaving

    def closeEvent(self, event) -> None:
        if self._leaving:
            event.accept()
            return
        if self.live and not self.travel.recorded and self.travel.present.asleep and self.source is not None:
            night = self.travel.present.night
            text = (
                f"Night {night.number} is not over. If you close now it is kept up to here and can go on at the next "
                "start; the cortex stays as it was."
            )
            if not self.ask_leave(text):
                event.ignore()
                return
        self._leaving = True
        self.stop_filming()
        self._timer.stop()
        self.drift.detach()
        self.views.close_views()
        self.remember()
        self.hide()
        self.travel.close()
        if self.source is not None:
            self.source.close()
        event.accept()
