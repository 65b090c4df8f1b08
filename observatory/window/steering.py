"""What steers the mind, as the story keeps it: scores and goal, how things went, the latent state, the governor's word.

Mixed into the story, which has the episodes, the turns and the nights. Knows no Qt and reckons nothing itself.
"""

from __future__ import annotations

import msgspec

from ..host import wish
from ..protocol import events as ev
from .lived import Episode, Moment, Turn


class Steering:
    """The story that it is mixed into also has `_asked` and `_turn`, which find or make a turn of the talk."""

    by_number: dict[int, Episode]
    told_turns: dict[int, Turn]
    changed: set[str]
    mode: str

    def __init__(self) -> None:
        super().__init__()
        self.goal = ""
        self.scored: ev.EpisodesScored | None = None
        self.rankings = 0
        """Rises whenever a ranking of the episodes would come out otherwise."""
        self.moves: dict[int, ev.StateMoved] = {}
        self.trainings: dict[int, ev.StateTrained] = {}
        self.decisions: list[ev.GovernorDecided] = []
        self.moments: list[Moment] = []
        self.sleep_proposed: ev.GovernorDecided | None = None

    def _rank_again(self) -> None:
        self.rankings += 1
        self.changed.add("drives")

    def _moment(self, night: int = 0) -> None:
        """The mode as it is now, where that is not what the line of time says already."""
        if self.mode in ("awake", "rest", "asleep") and (not self.moments or self.moments[-1].mode != self.mode):
            self.moments.append(Moment(self.mode, night=night))
            self.changed.add("governor")

    # ------------------------------------------------------------ drives

    def _scored_episodes(self, e: ev.EpisodesScored) -> None:
        self.scored, self.goal = e, e.goal
        for score in e.episodes:
            if episode := self.by_number.get(score.episode):
                episode.score = score
        self._rank_again()

    def _goal_set(self, e: ev.GoalSet) -> None:
        self.goal = e.goal
        self.changed.add("drives")

    def _feedback(self, e: ev.FeedbackGiven) -> None:
        episode = self.by_number.get(e.episode)
        if episode is None:
            return
        episode.read(msgspec.structs.replace(
            episode.told, outcome=e.outcome, because=e.because, pieces=e.pieces, tokens=e.tokens, surprise=e.surprise,
            code=e.code,
        ))  # fmt: skip
        self.changed |= {"episodes", "drives", "state", "encoding"}
        if turn := self.told_turns.get(e.episode):
            turn.encoded, turn.pieces, turn.surprise = episode.told, e.pieces, e.surprise
            turn.changed += 1
            self.changed.add("talk")

    # ------------------------------------------------------------ latent state

    def _moved(self, e: ev.StateMoved) -> None:
        self.moves[e.episode] = e
        self.changed.add("state")

    def _trained(self, e: ev.StateTrained) -> None:
        self.trainings[e.night] = e
        self.changed.add("state")

    # ------------------------------------------------------------ governor

    def _governed(self, e: ev.GovernorDecided) -> None:
        self.decisions.append(e)
        self.moments.append(Moment(self.mode, e))
        self.changed.add("governor")
        if (proposed := wish.after(self.sleep_proposed, e)) is not self.sleep_proposed:
            self.sleep_proposed = proposed
            self.changed.add("notices")
        if e.choice == "ask" and e.question is not None:
            self._asked(e.question).asks = e

    def _observed(self, e: ev.EpisodeObserved) -> None:
        turn = self.told_turns.get(e.episode) or self._turn(Turn("told", e.episode, e.text))
        self.told_turns[e.episode] = turn
        turn.text, turn.at, turn.observed, turn.waits = e.text, e.at, e, False
        turn.changed += 1
        self.changed.add("talk")


STEERING = {
    ev.EpisodesScored: Steering._scored_episodes,
    ev.GoalSet: Steering._goal_set,
    ev.FeedbackGiven: Steering._feedback,
    ev.StateMoved: Steering._moved,
    ev.StateTrained: Steering._trained,
    ev.GovernorDecided: Steering._governed,
    ev.EpisodeObserved: Steering._observed,
}
