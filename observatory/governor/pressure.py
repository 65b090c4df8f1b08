"""Sleep pressure by the two-process model: what needs sleep, and when it is time for it.

Process S rises with the surprise of episodes that no night has taken in, and with how much of the fast store only that
store knows; it falls when a night takes them in. Process C is the daily rhythm: it raises and lowers the threshold that
S is held against. Both follow from the episodes that wait now and from the hour, and from no state on the way, so a
restart changes nothing. It does not know rules, nights or what an episode says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from ..protocol.events import Plain

USUAL_BITS = 4.0
"""Mean surprise of a token of plain text for the default model; only what lies above it counts."""
NEUTRAL = 0.5
"""The wish to be awake when there is no rhythm, or no hour to read it at: it leaves the threshold where it is."""
PEAK_AFTER_WAKING = 8.0
"""Hours from waking to the strongest wish to be awake: the middle of sixteen waking hours. Weakest twelve later."""
HIGHEST_THRESHOLD = 0.95
"""A full store has a pressure of 1; a threshold that the rhythm raises higher than this could keep the mind awake."""


class Constants(Plain, frozen=True, kw_only=True):
    """The section `[pressure]` of a table. Its defaults are the built-in ones."""

    half_bits: Annotated[float, Meta(gt=0.0, le=1e9)] = 1000.0
    """Bits beyond usual that fill half of the surprise load. The built-in first day has 77 an episode, 1,925 in all:
    two thirds of the load."""
    capacity_power: Annotated[float, Meta(ge=1.0, le=32.0)] = 4.0
    """How late the store's filling weighs: with 4 a half-full one adds 6 %, one at 90 % two thirds, a full one all."""
    threshold: Annotated[float, Meta(ge=0.05, le=0.9)] = 0.6
    """Reached by twenty episodes of usual surprise: a day as the tests of the night have it."""
    rhythm: bool = True
    rhythm_strength: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.15
    """How far the rhythm moves the threshold up at its peak and down at its lowest: thirty-nine episodes are enough
    in the afternoon then, eleven in the small hours, and a day of six is never."""
    wake_hour: Annotated[float, Meta(ge=0.0, lt=24.0)] = 7.0
    ask_again: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.25
    """What was proposed and not followed is proposed again when pressure has risen by this part of what was left."""

    def surprise_load(self, bits: Iterable[float]) -> float:
        """Surprise that no night has taken in, saturating. The order in which it was told counts for nothing."""
        waiting = math.fsum(max(0.0, each) for each in bits)
        return 1.0 - self.half_bits / (waiting + self.half_bits)

    def pressure(self, load: float, capacity: float) -> float:
        """Process S. Either part alone can fill it, so no rhythm outlasts a store that is full."""
        return 1.0 - (1.0 - load) * (1.0 - capacity**self.capacity_power)

    def wish_to_be_awake(self, lived_at: str) -> float:
        """Process C at the hour that is written there, in whatever zone: 1 at its peak, 0 at its lowest."""
        hour = _hour(lived_at) if self.rhythm else None
        if hour is None:
            return NEUTRAL
        return NEUTRAL + NEUTRAL * math.cos(math.tau * (hour - self.wake_hour - PEAK_AFTER_WAKING) / 24.0)

    def threshold_at(self, rhythm: float) -> float:
        return self.threshold + self.rhythm_strength * (2.0 * rhythm - 1.0)

    def again_above(self, pressure: float) -> float:
        """The pressure above which sleep is proposed once more, when it was proposed at this one."""
        return pressure + self.ask_again * (1.0 - pressure)


def bits_beyond(surprise: Iterable[float], usual: float = USUAL_BITS) -> float:
    """What an episode adds to the load: the bits of its tokens above what a token of usual text costs, summed."""
    return math.fsum(max(0.0, bits - usual) for bits in surprise)


def _hour(lived_at: str) -> float | None:
    try:
        when = datetime.fromisoformat(lived_at)
    except ValueError:
        return None
    return when.hour + when.minute / 60.0
