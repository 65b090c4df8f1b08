"""What a mind tells of its drives and of the latent state that value is computed on."""

from __future__ import annotations

from .base import Plain, Record

VALUE_BINS = 41
"""Places over which the distribution of value is spread, evenly from −1 (goes badly) to 1 (goes well)."""


class EpisodeScore(Plain, frozen=True, kw_only=True):
    """What each drive sees in one episode, and what it saw it in. A score of 1 is usual, 0 is nothing.

    `bits_over`: bits a token over what the telling tokens of such text usually cost. `error`: nats by which the latent
    state came out otherwise than expected. `relevance`: closeness to the goal, −1 to 1. `value` and `tail`: how it is
    expected to go, −1 to 1, and how in the worst tenth. `twin_of`: the earlier episode that it nearly repeats.
    """

    episode: int
    curiosity: float
    focus: float
    fear: float
    why: str
    bits_over: float
    error: float
    names: list[str] = []
    relevance: float | None = None
    value: float
    tail: float
    twin_of: int | None = None
    others: dict[str, float] = {}
    """What drives of plugins see in it, from 0 to 1, by their names."""


class EpisodesScored(Record, frozen=True, kw_only=True):
    """Scores of one episode when it is told, or of all that are not slept on when what they depend on has changed."""

    goal: str
    why: str
    episodes: list[EpisodeScore]
    took_ms: float


class GoalSet(Record, frozen=True, kw_only=True):
    """What the mind is after from now on; relevance is closeness to it. Empty: nothing in particular."""

    goal: str


class FeedbackGiven(Record, frozen=True, kw_only=True):
    """How an episode went, said after it was told. It is read anew with that, and so it is remembered."""

    episode: int
    outcome: float
    because: str
    pieces: list[str]
    tokens: list[int]
    surprise: list[float]
    code: list[int]


class StateMoved(Record, frozen=True, kw_only=True):
    """Where one turn left the latent state of its session.

    `expected` and `place` are where the state was expected and where it came to stand, in the three directions in
    which the states that it was trained on differ most. `error`: nats between the two. `distribution`: chances of
    every value, `VALUE_BINS` of them. `fails`: the chance that this turn goes badly, before it is known.
    `trained_by`: the night that trained the state's model; 0 is none, and then its numbers mean nothing yet.
    """

    episode: int
    session: str
    turn: int
    trained_by: int
    place: list[float]
    expected: list[float]
    error: float
    value: float
    tail: float
    fails: float
    distribution: list[float]
    took_ms: float


class StateTrained(Record, frozen=True, kw_only=True):
    """What a night taught the model of the latent state. It is adopted when the night is committed, and only then.

    Losses on sessions that it was not trained on, before and after; `None` where there were too few to hold any out.
    """

    night: int
    sessions: int
    turns: int
    outcomes: int
    steps: int
    next_before: float | None
    next_after: float | None
    value_before: float | None
    value_after: float | None
    state: str
    file: str
    wall_s: float
