"""What a mind tells of itself, and of its waking: what it encodes, reads and answers."""

from __future__ import annotations

from typing import Literal

from .base import Memory, Mode, Plain, Record, Telemetry


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
    fast_store: str = ""
    """The plugin whose store finds episodes; empty for the built-in one."""
    drive: str = ""
    """The plugin that draws beside curiosity, focus and fear; empty for none."""
    examiner: str = ""
    """The plugin that asks its own questions at every night; empty for none."""
    looks_on: str = ""
    """The plugin that looks on at every night; empty for none."""


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
    """`step` steps are done, `of` are planned. `why`: the condition that held it; empty when a person did."""

    night: int
    step: int
    stage: str
    of: int = 0
    why: str = ""


class Resumed(Record, frozen=True, kw_only=True):
    night: int
    step: int


class CortexChecked(Telemetry, frozen=True, kw_only=True):
    """Awake is frozen: the hash after a waking turn. `whole` says whether every byte was hashed."""

    cortex: str
    unchanged: bool
    whole: bool
    written: list[str] = []
    """Where something was written past the gate, as far as it can be told."""


class Overlap(Plain, frozen=True, kw_only=True):
    """Pattern separation against one stored episode: overlap of inputs and of sparse codes.

    `before`: how well whitened keys complete each other, token by token; `after`: the share of units in both codes;
    `states`: the cosine of the cortex's own mean states, before anything is whitened.
    """

    episode: int
    before: float
    after: float
    states: float | None = None


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
    strengths: list[float] = []
    """How strongly each unit of the code is lit; empty in what older versions recorded."""


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
