"""Everything that can be asked of a mind, as frozen typed messages.

A command is a request: the mind answers with events. Whether a delta may enter the slow weights
is asked through `Decide`, and the gate checks it again on the other side. This file does not know
how messages travel.
"""

from __future__ import annotations

from typing import Annotated, Literal, Union

import msgspec

from .drives import Drives
from .events import Memory, Plain, Question

EPISODE_TEXT_LIMIT = 16_384
"""Characters in one episode: four times what the default model's window can encode usefully."""

CAPACITY = 2_000
"""Episodes that the hippocampus holds at most: eighty days like the built-in first one, which tells twenty-five."""

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


class Settings(Plain, frozen=True, kw_only=True):
    """How a mind is started. Paths are decided by the host."""

    model: str = "default"
    models_folder: str = ""
    deltas_folder: str = ""
    checkpoint_folder: str = ""
    states_folder: str = ""
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    seed: int = 0
    accepted: list[AcceptedDelta] = []
    ended: list[int] = []
    """Nights that came to an end, committed or vetoed, oldest first. Each of them ended one day."""
    capacity: Counting = CAPACITY
    rules: str = ""
    """The governor's table as it is written in its file; empty: the built-in one."""
    goal: str = ""
    """What the mind was after when it was last awake."""
    perplexity_text: str = ""
    perplexity_name: str = "built-in"


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


class NightPlan(Plain, frozen=True, kw_only=True):
    """What a night may spend, and how it teaches."""

    steps: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60
    tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """At most so many trained tokens, whatever the steps: what arms are compared at."""
    arm: Arm = "sleep"
    target: Target = "cross-entropy"
    rank: Annotated[int, msgspec.Meta(ge=1, le=256)] = 32
    exam_whole: bool = True
    drives: Drives = Drives()


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
    """One gradient step (or one stage), then paused again."""

    unit: Literal["step", "stage"] = "step"


class Decide(Command, frozen=True, kw_only=True):
    """The recorded decision on the open proposal. `recorded` is its number in the record."""

    night: Counting
    delta: str
    decision: Literal["approve", "hold", "veto"]
    by: Annotated[str, msgspec.Meta(min_length=1)]
    reason: str
    recorded: Counting


class VetoNight(Command, frozen=True, kw_only=True):
    """End the running night at once, at whatever stage. The cortex stays as it was."""

    by: str
    reason: str


class RollBack(Command, frozen=True, kw_only=True):
    """Rebuild the cortex from the base and these accepted deltas alone."""

    to_night: int
    accepted: list[AcceptedDelta]
    why: str


class Leave(Command, frozen=True, kw_only=True):
    """Checkpoint what is running and end the process."""


AnyCommand = Union[
    Wake, Restore, Tell, Feedback, SetGoal, NotNow, Ask, Sleep, Pause, Resume, StepOnce, Decide, VetoNight, RollBack,
    Leave,
]  # fmt: skip
