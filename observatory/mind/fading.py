"""What the mind knows of its episodes' lives, and the letting go of what fades.

How strong an episode is follows from its history (`retention.py`); this keeps the histories, lets the hippocampus go of
what is too weak or has no room, and tells it. It does not know how episodes are told or learnt.
"""

from __future__ import annotations

from ..protocol import events as ev
from . import retention, traces
from .night import Parts
from .retention import History


class Fading:
    def __init__(self, parts: Parts, capacity: int, ended: list[int]):
        self.parts, self.capacity = parts, capacity
        self.ended = list(ended)
        self.known: dict[int, History] = {}

    @property
    def last_night(self) -> int:
        return self.ended[-1] if self.ended else 0

    def awaiting(self) -> list[int]:
        """Held episodes that no accepted night has taken in and a night may."""
        left_out = self.parts.excluded
        return [e for e, h in self.known.items() if h.held and not h.nights and e not in left_out]

    def day_ends(self, night: int) -> None:
        if night not in self.ended:
            self.ended.append(night)

    def retained(self):
        """Every episode known, once those that fade have been let go of. What nothing is left of is not known after."""
        faded = yield from self._let_go()
        told = [self._retention(episode) for episode in sorted(self.known)]
        for each in told:
            if not each.held and each.cortical < retention.FORGOTTEN:
                del self.known[each.episode]
        yield ev.Retained(night=self.last_night, episodes=told, faded=faded)

    def make_room(self):
        """Over capacity by day: what had to go."""
        if len(self.parts.hippocampus) > self.capacity:
            faded = yield from self._let_go()
            yield ev.Retained(night=self.last_night, episodes=[self._retention(e) for e in faded], faded=faded)

    def _let_go(self):
        """Let go of what fades, and keep what the cortex itself says of it. Returns the episodes."""
        parts = self.parts
        faded = retention.fading(self.known, self.ended, self.capacity)
        taught = {e: (parts.lived[e].text, parts.lived[e].bits) for e in faded if self.known[e].nights}
        for episode, cue, answer in traces.left_behind(parts.speech, taught):
            yield ev.TraceKept(night=self.last_night, episode=episode, cue=cue, answer=answer)
        for episode in faded:
            self.known[episode].held = False
            parts.hippocampus.forget(episode)
            parts.inner.forget(episode)
            parts.lived.pop(episode, None)
        if faded:
            parts.governor.forgot(faded)
            parts.papers.hippocampus_changed()
        return faded

    def _retention(self, episode: int) -> ev.Retention:
        history = self.known[episode]
        now = retention.strength(history, self.ended)
        return ev.Retention(
            episode=episode, hippocampal=round(now.hippocampal, 4), cortical=round(now.cortical, 4), held=history.held
        )
