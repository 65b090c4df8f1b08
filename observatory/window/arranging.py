"""Where the docks stand and how the window looks, how that is remembered, and how a person moves about in it.

Mixed into the main window. Knows no events and asks nothing of the source.
"""

from __future__ import annotations

from PySide6.QtCore import Qt

from . import columns
from .dock import Dock
from .look import Look

LAYOUT_VERSION = 4


class Arranging:
    """The window it is mixed into has the docks, `settings`, `look` and `restyle`."""

    def put_docks_back(self) -> None:
        area = Qt.DockWidgetArea
        # All out first: docks that leave a pile one by one stand side by side for a moment and push its edge out.
        for dock in self.docks:
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(area.LeftDockWidgetArea, self.talk)
        self.addDockWidget(area.RightDockWidgetArea, self.night)
        self.addDockWidget(area.RightDockWidgetArea, self.episodes)
        self.splitDockWidget(self.night, self.episodes, Qt.Orientation.Vertical)
        for dock in self.docks:
            if dock not in (self.talk, self.night, self.episodes, self.breakpoints, self.log_dock):
                self.tabifyDockWidget(self.night, dock)
        for dock in (self.breakpoints, self.log_dock):
            self.tabifyDockWidget(self.episodes, dock)
        for dock in self.docks:
            dock.setVisible(dock.at_start)
        self.night.raise_()
        self.episodes.raise_()
        wide, high = max(self.width(), 900), max(self.height(), 600)
        self.resizeDocks([self.talk, self.night], [int(wide * 0.38), int(wide * 0.62)], Qt.Orientation.Horizontal)
        self.resizeDocks([self.night, self.episodes], [int(high * 0.58), int(high * 0.42)], Qt.Orientation.Vertical)

    def _restore(self) -> None:
        if self.settings is None:
            return
        theme = self.settings.value("theme")
        if theme in ("system", "night", "day") and theme != self.look.asked:
            self._look_as(theme)
        if (titles := columns.chosen(self.settings.value("columns"))) is not None:
            self.episodes.show_columns(titles)
        geometry, state = self.settings.value("geometry"), self.settings.value("docks")
        if geometry is not None:
            self.restoreGeometry(geometry)
        if state is not None and not self.restoreState(state, LAYOUT_VERSION):
            self.put_docks_back()

    def remember(self) -> None:
        self._dials_set()
        if self.settings is None:
            return
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("docks", self.saveState(LAYOUT_VERSION))
        self.settings.setValue("theme", self.look.asked)
        self.settings.setValue("columns", ",".join(self.episodes.shown))
        self.settings.sync()

    # ------------------------------------------------------------ the look

    def _look_as(self, theme: str | None = None, on_stage: bool | None = None) -> None:
        on_stage = self.look.on_stage if on_stage is None else on_stage
        self.restyle(Look(theme or self.look.asked, on_stage=on_stage))
        if self.settings:
            self.settings.setValue("theme", self.look.asked)

    def _system_changed(self) -> None:
        if self.look.asked == "system":
            self._look_as("system")

    def theme_system(self) -> None:
        self._look_as("system")

    def theme_night(self) -> None:
        self._look_as("night")

    def theme_day(self) -> None:
        self._look_as("day")

    def talk_mode(self, on: bool) -> None:
        self._look_as(on_stage=on)

    # ------------------------------------------------------------ moving about

    def _show(self, dock: Dock) -> None:
        dock.show()
        dock.raise_()
        self._draw_dock(dock)

    def show_talk(self) -> None:
        self._show(self.talk)
        self.talk.line.setFocus()

    def show_episodes(self) -> None:
        self._show(self.episodes)
        self.episodes.tabs.setCurrentIndex(0)
        self.episodes.table.setFocus()

    def show_night(self) -> None:
        self._show(self.night)
        self.night.tabs.currentWidget().setFocus()

    def show_dreams(self) -> None:
        self._show(self.dreams)
        self.dreams.take_focus()

    def show_weighing(self) -> None:
        self._show(self.weighing)
        self.weighing.twin_button.setFocus()

    def show_drives(self) -> None:
        self._show(self.drives)
        self.drives.take_focus()

    def show_state(self) -> None:
        self._show(self.state)
        self.state.take_focus()

    def show_governor(self) -> None:
        self._show(self.governor)
        self.governor.take_focus()

    def show_exam(self) -> None:
        self._show(self.exam)
        self.exam.take_focus()

    def show_encoding(self) -> None:
        self._show(self.encoding)
        self.encoding.take_focus()

    def show_replays(self) -> None:
        self._show(self.replays)
        self.replays.take_focus()

    def show_drift(self) -> None:
        self._show(self.drift)
        self.drift.take_focus()

    def show_views(self) -> None:
        self._show(self.views)
        self.views.take_focus()

    def show_review(self) -> None:
        self._show(self.review)
        # The focus rests on Hold: nothing is approved by leaning on a key.
        self.review.hold_button.setFocus()

    def search(self) -> None:
        self._show(self.episodes)
        self.episodes.tabs.setCurrentIndex(0)
        self.episodes.search.setFocus()
        self.episodes.search.selectAll()

    def open_episode(self, number: int) -> None:
        self._show(self.episodes)
        self.episodes.go_to(number)

    def dream_chosen(self, number: int, wanted: bool) -> None:
        """A dream's episode: opened when that was asked for, else marked where it is shown anyway."""
        if wanted:
            self.open_episode(number)
        elif self.episodes.table.rows.place_of(lambda e: e.number == number) is not None:
            self.episodes.go_to(number)
