"""The plugin contract: what may be contributed, which methods each contribution has, and what it is handed.

A plugin may ask (score, propose, draw, say), never do. What it is handed are frozen copies and tensors of its own, from
which no way leads to the gate, the record, the cortex or a file; what it gives back is data that the house may use or
leave. It does not know how a plugin is found, nor what becomes of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

import msgspec

from ..protocol.events import Plain

if TYPE_CHECKING:
    from torch import Tensor

CONTRACT = 1
"""The version of what stands in this file. A plugin names the one it was written for."""

Kind = Literal[
    "fast-store", "drive", "night-stage", "replay", "exam", "view", "exporter", "cortex-exporter", "day-source"
]
Options = Mapping[str, object]
"""A value for every option of the manifest: what a person chose, or its default. Checked before the plugin sees it."""

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


# ---------------------------------------------------------------- what plugins are handed


class Reading(Plain, frozen=True, kw_only=True):
    """One time that an episode was read to answer a question."""

    question: int
    mass: float
    """The share of the cortex's attention that went to the episode."""
    weight: float = 1.0
    at: float = 0.0
    """When, in seconds since 1970."""


class Episode(Plain, frozen=True, kw_only=True):
    """An episode as a plugin sees it: a copy."""

    number: int
    text: str
    lived_at: str = ""
    surprise: float = 0.0
    novelty: float = 0.0
    value: float = 0.0
    relevance: float = 0.0
    replayed: int = 0
    readings: tuple[Reading, ...] = ()


class Night(Plain, frozen=True, kw_only=True):
    """Where a night stands, as a plugin sees it: a copy."""

    number: int
    stage: str
    step: int = 0
    steps: int = 0
    drawn: tuple[int, ...] = ()
    """Numbers of the episodes that were replayed so far."""
    scores: dict[str, float] = {}
    """Shares of right answers in the last exam of the cortex alone, from 0 to 1, by the kind of question."""
    loss: float | None = None
    """Of the last step; nothing before the first."""
    kl: float | None = None
    """Nats a token from the untouched base, on unrelated prompts, when it was last measured: with both exams."""
    perplexity: float | None = None
    """On a text that nobody trains on, measured with it."""


class Row(Plain, frozen=True, kw_only=True):
    """A cue and what it is answered with, as tokens behind the turn's opening; `answer` is where that begins."""

    tokens: tuple[int, ...]
    answer: int


class Lesson(Plain, frozen=True, kw_only=True):
    """An episode as tokens, and the cues through which it may be taught."""

    episode: int
    text: tuple[int, ...]
    rows: tuple[Row, ...]


class Day(Plain, frozen=True, kw_only=True):
    """What a night is to learn, and what it may spend. `opening` stands before every row; `joint` between an episode
    that is in reach and the row that asks for it."""

    seed: int
    steps: int
    rank: int
    opening: tuple[int, ...]
    joint: tuple[int, ...]
    lessons: tuple[Lesson, ...]
    earlier: tuple[Lesson, ...] = ()
    """What earlier nights learnt and is still held."""


class Copy(Protocol):
    """A copy of the cortex, which a plugin may do with as it likes: nothing of it finds its way back."""

    maps: Mapping[str, Any]
    """The linear maps that a night may move, torch.nn.Linear by their names."""

    def logits(self, rows: Sequence[Sequence[int]]) -> list[Tensor]:
        """What the copy expects after every token of every row, [tokens, vocabulary] each; gradients flow."""


# ---------------------------------------------------------------- what they give back


class Dose(Plain, frozen=True, kw_only=True):
    """One step of a replay: what it cost, and whose it was."""

    loss: float
    tokens: int
    episodes: tuple[int, ...] = ()
    over: bool = False
    """Nothing is left to do."""


class Pause(Plain, frozen=True, kw_only=True, tag="pause"):
    """Please stop here until a person has looked."""

    because: Name


class Dream(Plain, frozen=True, kw_only=True, tag="dream"):
    """Please dream this question about an episode of the night. The mind answers it itself, behind the same checks as
    every dream; what is wished for after the stage of dreaming comes too late."""

    episode: int
    prompt: Name


class Remark(Plain, frozen=True, kw_only=True, tag="remark"):
    """Please write this beside the night."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]


Wish = Pause | Dream | Remark


class Question(Plain, frozen=True, kw_only=True):
    prompt: Words
    answer: Words
    episode: int = 0
    """What the question is about; 0 for something that was never told."""
    style: Literal["chat", "complete"] = "chat"
    """Asked in a talk, or as the beginning of a text that is to be gone on with."""


class Chart(Plain, frozen=True, kw_only=True):
    """Lines to be drawn by the window, in its own colours; a view never draws on the screen itself."""

    title: Name
    across: Name
    up: Name
    lines: dict[Name, list[tuple[float, float]]]


class Told(Plain, frozen=True, kw_only=True):
    """One thing to tell the mind, as a line of a day file says it. `at` is a time such as 2026-01-05T09:12:00Z."""

    text: Words
    speaker: Name = "user"
    at: str = ""
    session: str = ""
    goal: str = ""
    outcome: float | None = None
    because: str = ""
    sleep_after: bool = False
    """The day ends behind it."""


# ---------------------------------------------------------------- what may be contributed


class FastStore(Protocol):
    """Key vectors to value vectors, written at once. Tensors are float32 on the CPU, one row a token."""

    def __init__(self, options: Options, *, width: int, value_width: int, seed: int) -> None:
        """An empty store for keys and values of these widths; the same seed makes the same store."""

    def encode(self, episode: int, keys: Tensor, values: Tensor) -> float:
        """Write an episode; says how new it was, from 0 (known) to 1.

        A number that is told again is forgotten first, by the caller.
        """

    def read(self, cue: Tensor) -> Tensor:
        """What every row of the cue brings back, a row of `value_width` each; zeros from an empty store."""

    def forget(self, episode: int, keys: Tensor, values: Tensor) -> bool:
        """Let go what was encoded, given again as it was then. True only if the store is now as if never told."""

    def size(self) -> int:
        """How many numbers it holds now; the memory it takes."""

    def look(self) -> dict[str, float]:
        """May be left out. A few numbers of its own after a write or a read, by name, for a person to watch: how
        surprised it was, how full it is. Those from 0 to 1 are drawn over the episodes, others are said."""


class Drive(Protocol):
    """One more reason to replay an episode, beside curiosity, focus and fear."""

    def __init__(self, options: Options) -> None: ...

    def score(self, episodes: Sequence[Episode]) -> list[float]:
        """A number from 0 to 1 for every episode, in their order. The curator weighs it; it draws nothing itself.

        Asked whenever something is told, about all that waits for a night, and when a night opens, about all that it
        goes over: what it sees in one may depend on the others.
        """


class NightStage(Protocol):
    """Looks on between the stages of a night and may wish for something."""

    def __init__(self, options: Options) -> None: ...

    def after(self, night: Night, episodes: Sequence[Episode]) -> list[Wish]:
        """Pauses, dreams and remarks to be considered, none or some. `night.stage` is the one that has just ended:
        propose, exam, rehearse, dream, replay, weigh and the second exam. At the gate nobody is asked any more."""


class Replay(Protocol):
    """Replays a night in place of the built-in replay. It proposes low-rank changes; the gate decides as it always
    does, over the same exams."""

    def __init__(self, options: Options) -> None: ...

    def begin(self, cortex: Copy, day: Day) -> int:
        """Make ready; says in how many steps it will be done at most."""

    def step(self) -> Dose:
        """One small dose. Between any two a night may be paused, or ended."""

    def proposal(self) -> dict[str, tuple[Tensor, Tensor]]:
        """For every map that is to move: down [rank, in] and up [out, rank], float32; up·down is to be added."""


class Exam(Protocol):
    """More questions, asked before and after a night like the exam's own, under a kind of their own."""

    def __init__(self, options: Options) -> None: ...

    def questions(self, episodes: Sequence[Episode]) -> list[Question]:
        """Questions about the episodes of a night, with their right answers. They are scored by the house, by exact
        match; the night never learns from them."""


class View(Protocol):
    """One more picture of what is recorded."""

    def __init__(self, options: Options) -> None: ...

    def draw(self, episodes: Sequence[Episode], nights: Sequence[Night]) -> Chart:
        """The lines to be drawn."""


class Exporter(Protocol):
    """One more form in which a home can be taken elsewhere."""

    def __init__(self, options: Options) -> None: ...

    def files(self, episodes: Sequence[Episode], nights: Sequence[Night]) -> dict[str, bytes]:
        """Names of files and what is to stand in them. The house writes them, into the folder that a person named."""


class CortexExporter(Protocol):
    """One more form in which the cortex itself can be taken elsewhere. It names and shapes; the house writes."""

    def __init__(self, options: Options) -> None: ...

    def config(self, model: dict[str, Any]) -> dict[str, Any]:
        """What stands beside the weights, as JSON, made of the model's own configuration."""

    def tensors(self, model: dict[str, Any], weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Some of the weights, a layer at a time, under the names and in the shapes of the other form."""


class DaySource(Protocol):
    """Where a day comes from."""

    def __init__(self, options: Options) -> None: ...

    def day(self) -> list[Told]:
        """All that there is to tell now, in its order. What was told before comes first and unaltered: a home that has
        lived it goes on with what is new."""


METHODS: dict[Kind, tuple[str, ...]] = {
    "fast-store": ("encode", "read", "forget", "size"),
    "drive": ("score",),
    "night-stage": ("after",),
    "replay": ("begin", "step", "proposal"),
    "exam": ("questions",),
    "view": ("draw",),
    "exporter": ("files",),
    "cortex-exporter": ("config", "tensors"),
    "day-source": ("day",),
}
OPTIONAL: dict[Kind, tuple[str, ...]] = {"fast-store": ("look",)}
"""Methods that a contribution may leave out."""
