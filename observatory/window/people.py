"""Everything that steers and helps people in the window, as the one class that the main window takes in."""

from __future__ import annotations

from .dock import Dock
from .filming import Filming
from .governed import Governed
from .guiding import Guiding
from .helping import Helping
from .layouts import Layouts
from .picturing import Picturing
from .stepping import Stepping
from .undoing import Undoing


class People(Stepping, Helping, Guiding, Layouts, Undoing, Governed, Picturing, Filming):
    """Docks first, the rest when menus and docks are there."""

    def _make_people_docks(self) -> tuple[Dock, ...]:
        return self._make_stepping(), *self._make_help_docks(), self._make_welcome()

    def _make_people(self) -> None:
        self._make_undoing()
        self._make_governed()
        self._make_help()
        self._make_pictures()
        self._make_filming()
        self._read_own_layout()
