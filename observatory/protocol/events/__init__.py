"""Everything a mind tells, as frozen typed messages.

One stream of these feeds the window, the headless log, the record and the replay of a recorded
home. *Records* are kept for ever and never dropped; *telemetry* may be thinned, latest wins.
The mind stamps `at` (its clock); the host stamps `seq` when it takes the event in, so numbers
rise over the whole life of a home. This file does not know who listens.
"""

# ruff: noqa: F401  (everything is offered from here)

from __future__ import annotations

from typing import Union

from .base import DRIVES, Drive, Event, Memory, Mode, Plain, Record, Stage, Telemetry, When
from .drives import (
    VALUE_BINS,
    EpisodeScore,
    EpisodesScored,
    FeedbackGiven,
    GoalSet,
    StateMoved,
    StateTrained,
)
from .exam import ExamAnswer, Examined, Measured, Question, Score
from .forgetting import (
    CanaryRanked,
    ChangesAsked,
    EpisodeReread,
    FileDestroyed,
    ForgettingAsked,
    Forgotten,
    LineRedacted,
    Relived,
)
from .governor import Choice, EpisodeObserved, GovernorDecided, MetaStates, Moment
from .host import LineLived, MindLost, Saved
from .marks import EpisodesMarked, Mark
from .night import (
    Decided,
    DreamMade,
    EpisodeProposed,
    NightClosed,
    NightCommitted,
    NightOpened,
    NightProgress,
    OldMaterial,
    PolicyTaken,
    Probed,
    ProbedEpisode,
    Proposal,
    Proposed,
    RedFlag,
    ReplayItem,
    ReplayStep,
    RolledBack,
    StageEntered,
    Watched,
    Weighed,
)
from .retention import Retained, Retention, TraceKept
from .store import Echo, StoreRead, StoreWrote
from .waking import (
    Answered,
    AnswerPiece,
    CortexChecked,
    EpisodeEncoded,
    EpisodeKept,
    Heartbeat,
    MemoryRead,
    MindReady,
    MindWaiting,
    ModeChanged,
    Notice,
    Overlap,
    Paused,
    Read,
    Resumed,
)
from .why import Explained, Explaining, LensLayer, Without, WithoutNight, WithoutRead

AnyEvent = Union[
    MindWaiting, MindReady, Heartbeat, ModeChanged, Notice, Paused, Resumed, CortexChecked,
    EpisodeEncoded, EpisodeKept, MemoryRead, AnswerPiece, Answered,
    NightOpened, EpisodeProposed, StageEntered, NightProgress, OldMaterial, DreamMade, ReplayStep, Probed,
    Examined, Measured, Weighed, Proposed, Decided, PolicyTaken, NightCommitted, NightClosed, RolledBack,
    Retained, TraceKept, Saved, MindLost, LineLived,
    EpisodesScored, GoalSet, FeedbackGiven, StateMoved, StateTrained, GovernorDecided, EpisodeObserved,
    Explaining, Explained, EpisodesMarked,
    ForgettingAsked, EpisodeReread, CanaryRanked, Relived, Forgotten, ChangesAsked, StoreWrote, StoreRead,
]  # fmt: skip
