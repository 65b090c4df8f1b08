"""What was said to the mind and not answered yet, so that the next mind can be told again when this one is lost.

An experience is answered when it was taken in, whether it was stored or only observed; its line of a day is behind us
in the same breath. It does not know how anything is sent or kept.
"""

from __future__ import annotations

import time

from ..protocol import commands as c
from ..protocol import events as e
from .refusal import SessionError

Said = c.Feedback | c.SetGoal

CANNOT_BE_FELT = {
    "unknown": "There is no episode {}. What to do: look up its number among the episodes.",
    "observed": "Episode {} was read and not stored, because there was one like it already. "
    "What to do: say it of the episode that is stored.",
    "forgotten": "Episode {} was forgotten because somebody asked for it. "
    "What to do: tell what is to be remembered as an experience of its own.",
    "faded": "Episode {} has faded, so it cannot be read anew. "
    "What to do: tell what there is to learn from it as an experience of its own.",
}
"""Why feedback on an episode is refused, by what became of its number; what is held can be read anew."""


class Unanswered:
    """`told` are experiences by their number."""

    def __init__(self):
        self.told: dict[int, c.Tell] = {}
        self._lines: dict[int, tuple[str, int]] = {}
        self._said: list[Said] = []

    def __len__(self) -> int:
        return len(self.told) + len(self._said)

    def tell(self, told: c.Tell, file_hash: str) -> None:
        self.told[told.episode] = told
        if file_hash:
            self._lines[told.episode] = (file_hash, told.line)

    def say(self, said: Said) -> None:
        self._said.append(said)

    def refuse(self, episode: int, standing: str) -> None:
        """Feedback on what cannot be read anew."""
        if episode in self.told:
            raise SessionError(f"Episode {episode} is still being taken in. What to do: say it once that is done.")
        if standing in CANNOT_BE_FELT:
            raise SessionError(CANNOT_BE_FELT[standing].format(episode))

    def again(self) -> list[c.Command]:
        """In the order in which another mind has to hear it: feedback is on what was told before."""
        return [*self.told.values(), *self._said]

    def take(self, event: e.Event) -> list[e.Event]:
        """What this event answers, and the host's own events that belong to it."""
        match event:
            case e.EpisodeEncoded():
                kept = e.EpisodeKept(at=time.time(), episode=event.episode)
                return [kept, *self._taken_in(event.episode, event.episode)]
            case e.EpisodeObserved():
                return self._taken_in(event.episode, None)
            case e.FeedbackGiven():
                self._answered(c.Feedback(episode=event.episode, outcome=event.outcome, because=event.because))
            case e.GoalSet():
                self._answered(c.SetGoal(goal=event.goal))
        return []

    def _taken_in(self, told: int, episode: int | None) -> list[e.Event]:
        self.told.pop(told, None)
        file_hash, line = self._lines.pop(told, ("", 0))
        if not file_hash:
            return []
        return [e.LineLived(at=time.time(), file_hash=file_hash, line=line, episode=episode, night=None)]

    def _answered(self, said: Said) -> None:
        if said in self._said:
            self._said.remove(said)
