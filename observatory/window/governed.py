"""What a person has chosen for the nights of a home: the dials they draw by, and whether the governor opens them.

Mixed into the main window. Both are kept in the settings of the home, where a run without a window reads them too; what
is only looked at is left as it is.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from .. import settings
from ..protocol import events as ev
from ..protocol.drives import Drives
from . import words


class Governed:
    """The window has the source, the travel, the docks, `actions_`, `acts` and `_do`."""

    def _make_governed(self) -> None:
        self.governed = False
        self._kept_in: Path | None = None
        self._opened_for: ev.GovernorDecided | None = None
        action = self.actions_["governed"]
        self.governor.governed_wanted.connect(action.setChecked)
        action.enabledChanged.connect(self.governor.opens.setEnabled)

    def _open_choices(self) -> None:
        """As they were left in this home; without one they last as long as the window."""
        home = getattr(self.source, "home", None)
        if not (isinstance(home, Path)):
            return
        try:
            chosen, _ = settings.load(home)  # a broken file was named when the home was opened
        except OSError as error:
            self.notice_error("The settings could not be read", str(error), "")
            return
        drives, unclear = settings.drives_of(chosen)
        for notice in unclear:
            self._give_notice(notice)
        self._kept_in = home if self.live else None
        self.drives.dials.set(drives)
        self._dials_were = self.drives.dials.drives
        self._show_governed(chosen.governed)

    def _keep_choice(self, **changed) -> None:
        """On disk, unless this home belongs to another window or is only looked at."""
        if self._kept_in is None or getattr(self.source.state, "read_only", False):
            return
        chosen, _ = settings.load(self._kept_in)
        after = msgspec.structs.replace(chosen, **changed)
        if after != chosen:
            settings.save(self._kept_in, after)

    def _keep_dials(self, drives: Drives) -> None:
        others = [f"{name}={dial:.3g}" for name, dial in drives.others.items()]
        said = ",".join([named, *others]) if (named := words.preset(drives)) else drives.said()
        self._do("The dials were not kept", lambda: self._keep_choice(drives=said))

    # ------------------------------------------------------------ who opens nights

    def can_govern(self) -> bool:
        return self._takes_acts() and not self.travel.away

    def _takes_acts(self) -> bool:
        return self.source is not None and not getattr(self.source.state, "read_only", False)

    def govern(self, on: bool) -> None:
        if on == self.governed:
            return
        self._put_governed(on)
        name = "letting the governor open nights" if on else "opening nights by hand"
        self.acts.did(name, lambda: self._put_governed(not on), lambda: self._put_governed(on))

    def _put_governed(self, on: bool) -> None:
        self._show_governed(on)
        self._do("Who opens the nights was not kept", lambda: self._keep_choice(governed=on))

    def _show_governed(self, on: bool) -> None:
        self.governed = self.drives.governed = on
        self.actions_["governed"].setChecked(on)
        self.governor.show_governed(on)
        self._offered = None
        self.travel.present.changed |= {"drives", "governor", "notices"}

    def sleep_if_governed(self) -> None:
        """Once for each proposal of the governor's, as soon as the mind is awake and has something to sleep on.

        A night that was cut short comes first, and that is for a person to go on with.
        """
        now, proposed = self.travel.present, self.travel.present.sleep_proposed
        if not self.governed or proposed is None or proposed is self._opened_for or not self._takes_acts():
            return
        if now.awake and now.unslept and now.interrupted is None:
            self._opened_for = proposed
            self._open_night(lambda: self.dials_of(proposed), f"the governor proposes it: {proposed.why}")
