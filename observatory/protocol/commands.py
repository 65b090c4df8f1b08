"""Everything that can be asked of a mind, as frozen typed messages.

A command is a request: the mind answers with events. Whether a delta may enter the slow weights
is asked through `Decide`, and the gate checks it again on the other side. This file does not know
how messages travel.
"""

from __future__ import annotations

from typing import Annotated, Literal, Union

import msgspec

from .conditions import LIMIT
from .drives import Drives
from .events import Mark, Memory, Plain, Question, When

EPISODE_TEXT_LIMIT = 16_384
"""Characters in one episode: four times what the default model's window can encode usefully."""

CAPACITY = 2_000
"""Episodes that the hippocampus holds at most: eighty days like the built-in first one, which tells twenty-five."""

BREAKPOINTS = 100
"""At most so many are watched; each costs a few comparisons after every event of a night."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=EPISODE_TEXT_LIMIT)]
Counting = Annotated[int, msgspec.Meta(ge=1)]


Arm = Literal["sleep", "none", "retrieval", "finetune", "lora", "uniform", "no-dreams", "no-anchor"]
"""`none` and `retrieval` (which encodes and reads) are examined and never trained: their nights end with one paper."""
Target = Literal["cross-entropy", "teacher", "on-policy"]
"""What a replayed cue teaches: the episode's own words, the open-book teacher's expectations over them, or the
teacher's expectations over what the cortex itself says."""


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    pass


class AcceptedDelta(Plain, frozen=True, kw_only=True):
    """A delta that the record says was approved and executed, with the hashes around it."""

    night: int
    delta: str
    file: str
    cortex_before: str
    cortex_after: str
    by: str
    reason: str
    state: str = ""
    state_file: str = ""
    """The model of the latent state that the night trained, by hash and file; empty when it trained none."""


class Chosen(Plain, frozen=True, kw_only=True):
    """A plugin that the home chose, with the options that it set; an empty `id` is none."""

    id: str = ""
    options: dict[str, float | int | bool | str] = {}


class Settings(Plain, frozen=True, kw_only=True):
    """How a mind is started. Paths are decided by the host."""

    model: str = "default"
    models_folder: str = ""
    deltas_folder: str = ""
    checkpoint_folder: str = ""
    states_folder: str = ""
    drift_folder: str = ""
    """Where the course of a night is left for the drift map; empty: nowhere."""
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    seed: int = 0
    accepted: list[AcceptedDelta] = []
    ended: list[int] = []
    """Nights that came to an end, committed or vetoed, oldest first. Each of them ended one day."""
    up_to: int | None = None
    """Wake with the nights up to this one only, because a roll back to it comes next: a later delta may be spoilt."""
    capacity: Counting = CAPACITY
    rules: str = ""
    """The governor's table as it is written in its file; empty: the built-in one."""
    goal: str = ""
    """What the mind was after when it was last awake."""
    perplexity_text: str = ""
    perplexity_name: str = "built-in"
    fast_store: str = ""
    """The plugin whose store finds episodes; empty for the built-in one."""
    fast_store_options: dict[str, float | int | bool | str] = {}
    drive: Chosen = Chosen()
    """The plugin that draws beside curiosity, focus and fear."""
    examiner: Chosen = Chosen()
    """The plugin that asks its own questions before and after every night."""
    looks_on: Chosen = Chosen()
    """The plugin that looks on at every night and may wish for something between its stages."""
    plugins_folder: str = ""
    """Where the home's own plugins lie."""


class Wake(Command, frozen=True, kw_only=True):
    """Always the first message: load the model and the accepted deltas, then report MindReady."""

    settings: Settings


class StoredEpisode(Plain, frozen=True, kw_only=True):
    """An episode from the record, as the mind needs it back after a restart.

    Of one that has faded (not `held`) only its history comes, without text and tokens: nothing to file, but the mind
    goes on telling how much of it the cortex keeps.
    """

    episode: int
    text: str
    speaker: str
    session: str
    lived_at: str
    goal: str = ""
    outcome: float | None = None
    because: str = ""
    corrects: int | None = None
    tokens: list[int]
    surprise: list[float]
    nights: list[int] = []
    source: str = "window"
    novelty: float = 0.0
    twin_of: int | None = None
    born: int = 0
    """Days that had ended when it was told."""
    held: bool = True
    pinned: bool = False
    excluded: bool = False


class Restore(Command, frozen=True, kw_only=True):
    """Put kept episodes back into the hippocampus. Sent in portions, before anything is told."""

    episodes: list[StoredEpisode]


class Tell(Command, frozen=True, kw_only=True):
    """An experience to encode. The host has already chosen its number."""

    episode: Counting
    text: Text
    speaker: str = "user"
    session: str = ""
    lived_at: str = ""
    goal: str = ""
    outcome: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)] | None = None
    because: str = ""
    source: str = "window"
    line: int = 0


class Feedback(Command, frozen=True, kw_only=True):
    """How an episode went, and why: it is read anew with that, so that it is remembered as it went."""

    episode: Counting
    outcome: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
    because: Annotated[str, msgspec.Meta(max_length=EPISODE_TEXT_LIMIT)] = ""


class MarkEpisodes(Command, frozen=True, kw_only=True):
    """A person's mark on episodes, or its taking off. The host has recorded it; the night that is open keeps to what it
    was opened with."""

    episodes: list[Counting]
    mark: Mark
    on: bool


class SetGoal(Command, frozen=True, kw_only=True):
    """What the mind is after from now on; empty for nothing in particular."""

    goal: Annotated[str, msgspec.Meta(max_length=EPISODE_TEXT_LIMIT)] = ""


class NotNow(Command, frozen=True, kw_only=True):
    """The governor's proposal to sleep was declined; it is not made again before pressure has risen."""


class Ask(Command, frozen=True, kw_only=True):
    """A question to answer, with both memories or with the hippocampus unplugged."""

    question: Counting
    text: Text
    memory: Memory = "whole"
    tokens: Annotated[int, msgspec.Meta(ge=1, le=512)] = 48


class Explain(Command, frozen=True, kw_only=True):
    """Why is this said to that? Found by leaving nights and memories out, one at a time."""

    text: Text
    answer: Text
    memory: Memory = "cortex"
    style: Literal["chat", "complete"] = "chat"


class NightPlan(Plain, frozen=True, kw_only=True):
    """What a night may spend, and how it teaches."""

    steps: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 80
    tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """At most so many trained tokens, whatever the steps: what arms are compared at."""
    arm: Arm = "sleep"
    target: Target = "cross-entropy"
    rank: Annotated[int, msgspec.Meta(ge=1, le=256)] = 32
    exam_whole: bool = True
    drives: Drives = Drives()
    stage: str = ""
    """The plugin that replays in place of the built-in replay; empty for that."""
    stage_options: dict[str, float | int | bool | str] = {}


class Trace(Plain, frozen=True, kw_only=True):
    """What the cortex answered to a cue after the night that taught it; all there is left of an episode that faded."""

    episode: int
    cue: str
    answer: str


class Sleep(Command, frozen=True, kw_only=True):
    """Open a night over these episodes. Exam questions are for marking only; the night never sees them.

    `old_episodes` were learnt before and are still held; `traces` stand for those that have faded since.
    """

    night: Counting
    seed: int
    episodes: list[int]
    old_episodes: list[int] = []
    traces: list[Trace] = []
    exam: list[Question] = []
    plan: NightPlan = NightPlan()
    why: str = ""
    resume: bool = False


class Pause(Command, frozen=True, kw_only=True):
    """Hold the night between two steps."""


class Resume(Command, frozen=True, kw_only=True):
    """Let it run on."""


class StepOnce(Command, frozen=True, kw_only=True):
    """One step of replay (or one stage), then paused again."""

    unit: Literal["step", "stage"] = "step"


Written = Annotated[str, msgspec.Meta(min_length=1, max_length=LIMIT)]
"""A condition as `conditions.read` reads it."""


class RunUntil(Command, frozen=True, kw_only=True):
    """Run on, and hold as soon as this is so."""

    condition: Written


class Watch(Command, frozen=True, kw_only=True):
    """The breakpoints that count from now on, in every night; these and no others."""

    conditions: Annotated[list[Written], msgspec.Meta(max_length=BREAKPOINTS)] = []


class Decide(Command, frozen=True, kw_only=True):
    """The recorded decision on the open proposal. `recorded` is its number in the record."""

    night: Counting
    delta: str
    decision: Literal["approve", "hold", "veto"]
    by: Annotated[str, msgspec.Meta(min_length=1)]
    reason: str
    recorded: Counting
    key: str = ""
    signature: str = ""
    """Who signed it, if anybody did. The host has checked it; the gate asks only that there is a recorded approval."""


class VetoNight(Command, frozen=True, kw_only=True):
    """End the running night at once, at whatever stage. The cortex stays as it was."""

    by: str
    reason: str
    changed: bool = False
    """It is not refused but wanted otherwise: no day ends by it, and the night is opened again."""


class ScaleDown(Command, frozen=True, kw_only=True):
    """Propose the delta at the gate anew, at this part of its scale; the exam is taken again on it."""

    night: Counting
    scale: Annotated[float, msgspec.Meta(ge=0.01, le=0.99)]


class RollBack(Command, frozen=True, kw_only=True):
    """Rebuild the cortex from the base and these accepted deltas alone."""

    to_night: int
    accepted: list[AcceptedDelta]
    why: str


class NightBehind(Plain, frozen=True, kw_only=True, tag=True):
    """A night as a life that is lived again comes by it: what it added, if that still counts, and that a day ended."""

    night: Counting
    episodes: list[int] = []
    accepted: AcceptedDelta | None = None


Lived = Tell | Feedback | SetGoal | MarkEpisodes | NightBehind


class Relive(Command, frozen=True, kw_only=True):
    """Live again what was lived, in order, as far as the next night that is to be derived anew. Nothing is answered.

    `begin`: from the untouched base and an empty hippocampus. Episodes from `fresh` on are told as they are read now.
    `back_to` and `gone`: where this part ends the cortex is as after that night, and those nights count no more.
    """

    part: Counting
    begin: bool = False
    end: bool = False
    steps: list[Lived] = []
    fresh: int = 1
    back_to: int = 0
    gone: list[int] = []
    why: str = ""


class Canary(Plain, frozen=True, kw_only=True):
    """What an episode said, to see whether the cortex still knows it."""

    episode: int
    text: Text


class RankCanaries(Command, frozen=True, kw_only=True):
    """Hold each against `among` with random words in the telling places; nothing is learnt from it or kept of it."""

    canaries: list[Canary]
    when: When
    among: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 100
    seed: int = 0


class Leave(Command, frozen=True, kw_only=True):
    """Checkpoint what is running and end the process."""


AnyCommand = Union[
    Wake, Restore, Tell, Feedback, SetGoal, NotNow, Ask, Sleep, Pause, Resume, StepOnce, Decide, VetoNight, RollBack,
    Leave, Explain, MarkEpisodes, RunUntil, Watch, ScaleDown, Relive, RankCanaries,
]  # fmt: skip
