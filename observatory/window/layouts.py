"""Arrangements of the docks for three kinds of work, and one of a person's own. Mixed into the main window."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt

from .arranging import LAYOUT_VERSION
from .dock import Dock

OWN = "docks-of-my-own"


class Layouts:
    """The window it is mixed into has the docks, `settings` and `put_docks_back`, which is the layout for research."""

    def layout_research(self) -> None:
        self.put_docks_back()

    def layout_talk(self) -> None:
        """The talk wide, and beside it what becomes of what is said."""
        self._stand((self.talk,), (self.night,), (self.episodes, self.drives, self.state), share=0.54, high_share=0.64)
        self.talk.line.setFocus()

    def layout_review(self) -> None:
        """The evidence wide, and beside it what led to it."""
        self._stand((self.review,), (self.night, self.dreams), (self.weighing, self.episodes), share=0.6)
        self.review.hold_button.setFocus()

    def _stand(self, left: tuple[Dock, ...], above: tuple[Dock, ...], below: tuple[Dock, ...], *, share: float,
               high_share: float = 0.55) -> None:  # fmt: skip
        """Three piles: one on the left, two on the right. All other docks are closed; the View menu has them."""
        for dock in self.docks:
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, left[0])
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, above[0])
        self.splitDockWidget(above[0], below[0], Qt.Orientation.Vertical)
        for pile in (left, above, below):
            for dock in pile[1:]:
                self.tabifyDockWidget(pile[0], dock)
            for dock in pile:
                dock.show()
            pile[0].raise_()
        # Docks of no pile are closed, and stand with the upper one when they are opened again.
        for dock in self.docks:
            if dock not in (*left, *above, *below):
                self.tabifyDockWidget(above[0], dock)
                dock.hide()
        above[0].raise_()
        wide, high = max(self.width(), 900), max(self.height(), 600)
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.resizeDocks([left[0], above[0]], [int(wide * share), int(wide * (1 - share))], across)
        self.resizeDocks([above[0], below[0]], [int(high * high_share), int(high * (1 - high_share))], down)
        self._draw(force=True)

    def layout_keep(self) -> None:
        """As the docks stand now."""
        before, now = self._own_layout, self.saveState(LAYOUT_VERSION)
        self._put_own(now)
        self._say_done("This layout is kept as yours.")
        self.acts.did("keeping the layout", lambda: self._put_own(before), lambda: self._put_own(now))

    def _put_own(self, state: QByteArray | None) -> None:
        self._own_layout = state
        if self.settings:
            self.settings.setValue(OWN, state if state is not None else QByteArray())

    def layout_own(self) -> None:
        if self.has_own_layout():
            self.restoreState(self._own_layout, LAYOUT_VERSION)
            self._draw(force=True)

    def has_own_layout(self) -> bool:
        return self._own_layout is not None and not self._own_layout.isEmpty()

    def _read_own_layout(self) -> None:
        kept = self.settings.value(OWN) if self.settings else None
        self._own_layout = kept if isinstance(kept, QByteArray) else None
