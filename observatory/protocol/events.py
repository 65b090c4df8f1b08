"""Everything a mind tells, as frozen typed messages.

One stream of these feeds the window, the headless log, the record and the replay of a recorded
home. *Records* are kept for ever and never dropped; *telemetry* may be thinned, latest wins.
The mind stamps `at` (its clock); the host stamps `seq` when it takes the event in, so numbers
rise over the whole life of a home. This file does not know who listens.
"""

from __future__ import annotations

from typing import Literal, Union

import msgspec

Memory = Literal["cortex", "whole"]
When = Literal["before", "after"]
Stage = Literal["propose", "rehearse", "exam", "dream", "replay", "weigh", "gate", "commit"]
Mode = Literal["waiting", "awake", "rest", "asleep", "leaving"]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    seq: int = 0
    at: float = 0.0


class Telemetry(Event, frozen=True, kw_only=True):
    """May be thinned on the way; never stored."""


class Record(Event, frozen=True, kw_only=True):
    """Never dropped; stored before anyone is told that it happened."""


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value carried inside events."""


# ---------------------------------------------------------------- the mind itself


class MindWaiting(Telemetry, frozen=True, kw_only=True):
    """What the mind is waiting for before it can answer ("reading the model, 13 s the first time")."""

    what: str
    fraction: float | None = None


class MindReady(Record, frozen=True, kw_only=True):
    model: str
    model_hash: str
    device: str
    precision: str
    threads: int
    parameters: int
    layers: int
    width: int
    vocabulary: int
    code_units: int
    code_active: int
    base: str
    cortex: str
    nights: list[int]
    versions: dict[str, str]
    load_s: float


class Heartbeat(Telemetry, frozen=True, kw_only=True):
    mode: Mode
    busy: str
    rss_mb: float
    peak_rss_mb: float
    paused: bool = False


class ModeChanged(Record, frozen=True, kw_only=True):
    mode: Mode
    why: str


class Notice(Record, frozen=True, kw_only=True):
    """Something a person should know. `action` names a window action that mends it, if one does."""

    level: Literal["info", "warning", "error"]
    title: str
    text: str
    remedy: str = ""
    action: str = ""
    detail: str = ""


class Paused(Record, frozen=True, kw_only=True):
    night: int
    step: int
    stage: str


class Resumed(Record, frozen=True, kw_only=True):
    night: int
    step: int


class CortexChecked(Telemetry, frozen=True, kw_only=True):
    """Awake is frozen: the hash after a waking turn. `whole` says whether every byte was hashed."""

    cortex: str
    unchanged: bool
    whole: bool


# ---------------------------------------------------------------- waking


class Overlap(Plain, frozen=True, kw_only=True):
    """Pattern separation against one stored episode: overlap of inputs and of sparse codes."""

    episode: int
    before: float
    after: float


class EpisodeEncoded(Record, frozen=True, kw_only=True):
    """One experience, taken in by one forward pass."""

    episode: int
    text: str
    speaker: str
    session: str
    lived_at: str
    goal: str
    outcome: float | None
    because: str
    source: str
    line: int
    pieces: list[str]
    tokens: list[int]
    surprise: list[float]
    code: list[int]
    novelty: float
    nearest: list[Overlap]
    pass_ms: float
    code_ms: float
    corrects: int | None = None


class EpisodeKept(Record, frozen=True, kw_only=True):
    """The host's acknowledgement: the episode is in the journal and the database."""

    episode: int


class Read(Plain, frozen=True, kw_only=True):
    """One remembered episode and how much of the cortex's attention went to it."""

    episode: int
    match: float
    mass: float
    weight: float


class MemoryRead(Record, frozen=True, kw_only=True):
    """What the cue brought back. An unsure match reads nothing (`reads` is empty) and says why."""

    question: int
    cue: str
    reads: list[Read]
    candidates: list[Read]
    novelty: float
    sure: bool
    why: str
    search_ms: float
    read_ms: float


class AnswerPiece(Telemetry, frozen=True, kw_only=True):
    question: int
    piece: str
    surprise: float


class Answered(Record, frozen=True, kw_only=True):
    question: int
    prompt: str
    answer: str
    memory: Memory
    pieces: list[str]
    surprise: list[float]
    reads: list[Read]
    wall_ms: float
    tokens_per_s: float


# ---------------------------------------------------------------- night


class NightOpened(Record, frozen=True, kw_only=True):
    night: int
    seed: int
    episodes: list[int]
    old_episodes: list[int]
    steps: int
    cortex: str
    arm: str
    why: str
    resumed_from_step: int = 0


class EpisodeProposed(Record, frozen=True, kw_only=True):
    night: int
    episode: int
    priority: float
    bits_over_usual: float
    why: str


class StageEntered(Record, frozen=True, kw_only=True):
    night: int
    stage: Stage
    text: str


class NightProgress(Telemetry, frozen=True, kw_only=True):
    """How far the night is, over all of its stages, and how long is left."""

    night: int
    stage: Stage
    done: int
    of: int
    fraction: float
    left_s: float | None
    text: str = ""


class OldMaterial(Record, frozen=True, kw_only=True):
    """A piece of what the mind already was, generated by itself before the night."""

    night: int
    item: int
    kind: Literal["chat", "plain", "question", "trace"]
    text: str


class DreamMade(Record, frozen=True, kw_only=True):
    """A question the mind dreamed about an episode, and what became of it.

    `answer` is what the mind says with the episode in reach; `with_bits` and `without_bits` are the mean surprise of
    that answer with and without it, `gain` their difference. `drawn`: kept as one of the best, or by chance.
    """

    night: int
    dream: int
    episode: int
    prompt: str
    target: str
    kept: bool
    support: float
    why: str
    answer: str = ""
    with_bits: float = 0.0
    without_bits: float = 0.0
    gain: float = 0.0
    drawn: Literal["", "best", "chance"] = ""


class ReplayItem(Plain, frozen=True, kw_only=True):
    """One row of a batch: what was replayed, through which view, and how wrong the student was."""

    kind: Literal["episode", "dream", "old", "earlier"]
    episode: int | None
    item: int
    cue: str
    loss: float
    worst: float
    because: str = ""


class ReplayStep(Record, frozen=True, kw_only=True):
    night: int
    step: int
    of: int
    loss: float
    kl: float
    rate: float
    tokens: int
    step_s: float
    grad_norm: float
    items: list[ReplayItem]


class ProbedEpisode(Plain, frozen=True, kw_only=True):
    """One episode asked through a cue that is never replayed. Its priority is need × gain."""

    episode: int
    worst: float
    recalled: bool
    need: float
    gain: float


class Probed(Record, frozen=True, kw_only=True):
    """What withheld cues bring back in the middle of a night: what is recalled rests, what resists gets more."""

    night: int
    step: int
    episodes: list[ProbedEpisode]


class Question(Plain, frozen=True, kw_only=True):
    prompt: str
    answers: list[str]
    kind: str
    day: int | None = None
    style: Literal["chat", "complete"] = "chat"


class ExamAnswer(Plain, frozen=True, kw_only=True):
    question: Question
    answer: str
    right: bool


class Score(Plain, frozen=True, kw_only=True):
    right: int
    asked: int
    by_day: dict[str, list[int]] = {}


class Examined(Record, frozen=True, kw_only=True):
    """One whole exam paper, marked."""

    night: int
    when: When
    memory: Memory
    scores: dict[str, Score]
    answers: list[ExamAnswer]
    wall_s: float


class Measured(Record, frozen=True, kw_only=True):
    """Side effects: perplexity on held-out text, KL to the untouched base on unrelated chat prompts."""

    night: int
    when: When
    perplexity: float
    kl_from_base: float
    perplexity_text: str


class Weighed(Record, frozen=True, kw_only=True):
    """One try at a smaller delta: another scale, or fewer of its directions (`kept` of `of`).

    `bits` is what the directions cost to describe.
    """

    night: int
    scale: float
    recall_loss: float
    old_kl: float
    text_rise: float = 0.0
    objective: float
    chosen: bool
    search: Literal["scale", "rank"] = "scale"
    kept: int = 0
    of: int = 0
    bits: float = 0.0


class Proposal(Plain, frozen=True, kw_only=True):
    """What a night would add to the cortex."""

    night: int
    delta: str
    file: str
    cortex_before: str
    cortex_after: str
    scale: float
    rank: int
    norm: float
    drift: dict[str, float]
    episodes: list[int]
    steps: int
    tokens: int
    bytes: int


class Proposed(Record, frozen=True, kw_only=True):
    """The night asks for leave. Nothing has been changed yet."""

    proposal: Proposal
    recall_before: dict[str, Score]
    recall_after: dict[str, Score]
    perplexity_before: float
    perplexity_after: float
    kl_before: float
    kl_after: float


class Decided(Record, frozen=True, kw_only=True):
    """A person's or a policy's word on a proposal. Permitted is not executed."""

    night: int
    delta: str
    decision: Literal["approve", "hold", "veto"]
    by: str
    reason: str


class NightCommitted(Record, frozen=True, kw_only=True):
    """Executed: the delta is part of the cortex."""

    night: int
    delta: str
    file: str
    cortex_before: str
    cortex_after: str
    wall_s: float


class NightClosed(Record, frozen=True, kw_only=True):
    """The end of a night, however it ended."""

    night: int
    ended: Literal["committed", "vetoed", "interrupted", "failed"]
    cortex: str
    why: str
    wall_s: float
    steps: int
    tokens: int
    peak_rss_mb: float


class RolledBack(Record, frozen=True, kw_only=True):
    """The accepted deltas after `to_night` no longer count."""

    to_night: int
    nights: list[int]
    cortex: str
    why: str


class Retention(Plain, frozen=True, kw_only=True):
    """How strong one episode is in either store. Not `held`: it has faded, and only the cortex may still have it."""

    episode: int
    hippocampal: float
    cortical: float
    held: bool


class Retained(Record, frozen=True, kw_only=True):
    """What the mind holds at the end of a day, and what it let go of (`faded`). `night`: the last that ended.

    After a night: every episode that the mind knows. Told by day, when there is no room left: what had to go.
    """

    night: int
    episodes: list[Retention]
    faded: list[int] = []


class TraceKept(Record, frozen=True, kw_only=True):
    """A cue and what the cortex answers to it on its own after the night: what is rehearsed once the episode fades."""

    night: int
    episode: int
    cue: str
    answer: str


# ---------------------------------------------------------------- the host's own


class Saved(Telemetry, frozen=True, kw_only=True):
    """Everything up to this sequence number is on disk."""

    through: int


class MindLost(Record, frozen=True, kw_only=True):
    """The mind's process ended without being asked to."""

    exit_code: int | None
    night: int | None
    last_words: str


class LineLived(Record, frozen=True, kw_only=True):
    """One line of a day file is behind us; `live` goes on after the last of these."""

    file_hash: str
    line: int
    episode: int | None
    night: int | None


AnyEvent = Union[
    MindWaiting, MindReady, Heartbeat, ModeChanged, Notice, Paused, Resumed, CortexChecked,
    EpisodeEncoded, EpisodeKept, MemoryRead, AnswerPiece, Answered,
    NightOpened, EpisodeProposed, StageEntered, NightProgress, OldMaterial, DreamMade, ReplayStep, Probed,
    Examined, Measured, Weighed, Proposed, Decided, NightCommitted, NightClosed, RolledBack,
    Retained, TraceKept, Saved, MindLost, LineLived,
]  # fmt: skip
