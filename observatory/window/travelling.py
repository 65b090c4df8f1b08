"""What a person can do about time, as methods of the main window. Mixed in; the travel itself knows how."""

from __future__ import annotations

from .travel import Travel


class Travelling:
    """The window that it is mixed into has `travel`, `timebar` and the night's own `night_runs`."""

    travel: Travel

    def is_away(self) -> bool:
        return self.travel.away

    def is_recorded(self) -> bool:
        return self.travel.recorded and self.travel.possible

    def can_travel(self) -> bool:
        return self.travel.possible

    def can_pause(self) -> bool:
        """Space and the full stop move through a recording; elsewhere they are the running night's."""
        return self.is_recorded() or self.night_runs()

    def back_to_now(self) -> None:
        self.travel.live()

    def step_back(self) -> None:
        self.travel.step(-1)

    def play_faster(self) -> None:
        self.travel.faster(1)

    def play_slower(self) -> None:
        self.travel.faster(-1)

    def earlier_night(self) -> None:
        self.travel.night(-1)

    def later_night(self) -> None:
        self.travel.night(1)

    def show_time(self) -> None:
        self.timebar.strip.setFocus()
