"""What the story is made of: an episode, a turn of the talk, a night, as plain values with what follows from them.

Takes no events itself and knows no Qt; `story.py` fills these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..protocol import events as ev


@dataclass
class Episode:
    """One experience as a person meets it."""

    told: ev.EpisodeEncoded
    kept: bool = False
    nights: list[int] = field(default_factory=list)
    folded: str = ""
    mean: float = 0.0
    retention: ev.Retention | None = None
    """How strong it is in either store, as the mind said last; None before its first night."""
    faded: int | None = None
    """The night after which the hippocampus let it go, as long as it stays gone."""
    pinned: bool = False
    excluded: bool = False
    score: ev.EpisodeScore | None = None
    """What each drive sees in it, as the mind said last."""

    def __post_init__(self) -> None:
        self.read(self.told)

    def read(self, told: ev.EpisodeEncoded) -> None:
        """As it was told, or as it is read anew with how it went."""
        self.told, bits = told, told.surprise
        self.mean = sum(bits) / len(bits) if bits else 0.0
        self.folded = f"{told.text}\n{told.speaker}\n{told.session}\n{told.goal}".casefold()

    @property
    def number(self) -> int:
        return self.told.episode

    @property
    def standing(self) -> str:
        """Where it is, in words."""
        if self.retention is None:
            return "in the hippocampus; no night has ended since"
        if self.retention.held:
            return "in the hippocampus and in the cortex" if self.nights else "in the hippocampus only"
        return "faded; the cortex keeps it" if self.nights else "faded; only the record keeps it"


@dataclass
class Turn:
    """One thing said in the talk: told by a person, or asked of the mind and answered."""

    kind: str
    number: int
    text: str
    at: float = 0.0
    memory: ev.Memory = "whole"
    pieces: list[str] = field(default_factory=list)
    surprise: list[float] = field(default_factory=list)
    answer_pieces: list[str] = field(default_factory=list)
    answer_surprise: list[float] = field(default_factory=list)
    read: ev.MemoryRead | None = None
    reads: list[ev.Read] = field(default_factory=list)
    answered: ev.Answered | None = None
    encoded: ev.EpisodeEncoded | None = None
    kept: bool = False
    waits: bool = False
    """Said to a mind that sleeps; it is taken up when the night reaches the gate."""
    observed: ev.EpisodeObserved | None = None
    asks: ev.GovernorDecided | None = None
    """The governor's word that this answer is not sure, and that a person is asked to tell."""
    changed: int = 0


@dataclass
class Replayed:
    """One row of one batch."""

    step: int
    item: ev.ReplayItem


@dataclass
class Night:
    """One night, as far as it has come."""

    opened: ev.NightOpened
    stage: str = ""
    stage_text: str = ""
    met: list[str] = field(default_factory=list)
    progress: ev.NightProgress | None = None
    steps: list[ev.ReplayStep] = field(default_factory=list)
    replays: list[Replayed] = field(default_factory=list)
    chosen: list[ev.EpisodeProposed] = field(default_factory=list)
    dreams: list[ev.DreamMade] = field(default_factory=list)
    old: list[ev.OldMaterial] = field(default_factory=list)
    weighed: list[ev.Weighed] = field(default_factory=list)
    probes: list[ev.Probed] = field(default_factory=list)
    drawn: Counter[int] = field(default_factory=Counter)
    """How often each episode was replayed, in its own words or as a dream about it."""
    because: dict[int, str] = field(default_factory=dict)
    """Why each episode was drawn, the last time that was said."""
    drawn_by: dict[int, Counter[str]] = field(default_factory=dict)
    """How often each drive drew each episode, as far as that was said."""
    before: dict[tuple[str, str, str], ev.ExamAnswer] = field(default_factory=dict)
    after: dict[tuple[str, str, str], ev.ExamAnswer] = field(default_factory=dict)
    whole: dict[str, ev.Examined] = field(default_factory=dict)
    proposed: ev.Proposed | None = None
    decisions: list[ev.Decided] = field(default_factory=list)
    committed: ev.NightCommitted | None = None
    closed: ev.NightClosed | None = None
    rolled_back: bool = False
    cut: bool = False
    """The mind ended under it: a mind was lost, or another one came up, before the night was closed."""

    def replay(self, step: int, items: list[ev.ReplayItem]) -> None:
        """Rows of a batch: kept in their order, and counted for the episodes they are about."""
        for item in items:
            self.replays.append(Replayed(step, item))
            if item.episode is not None:
                self.drawn[item.episode] += 1
                if item.because:
                    self.because[item.episode] = item.because
                if item.drive:
                    self.drawn_by.setdefault(item.episode, Counter())[item.drive] += 1

    def go_on_from(self, before: Night) -> None:
        """Take over what the same night had before it was cut short, up to the step it is resumed from."""
        last = self.opened.resumed_from_step
        self.steps = [s for s in before.steps if s.step <= last]
        self.probes = [p for p in before.probes if p.step <= last]
        for r in before.replays:
            if r.step <= last:
                self.replay(r.step, [r.item])
        self.dreams, self.old, self.chosen = before.dreams, before.old, before.chosen

    @property
    def open(self) -> bool:
        return self.closed is None and not self.cut

    @property
    def number(self) -> int:
        return self.opened.night

    @property
    def open_proposal(self) -> ev.Proposal | None:
        """What waits for a decision: proposed, not closed, and not yet approved or vetoed."""
        if self.proposed is None or not self.open:
            return None
        if self.decisions and self.decisions[-1].decision != "hold" and not self.decisions[-1].waits:
            return None
        return self.proposed.proposal


@dataclass(frozen=True)
class Moment:
    """One place on the governor's line of time: a decision, or a change of mode. `mode` holds from here on."""

    mode: str
    decision: ev.GovernorDecided | None = None
    night: int = 0


def key(question: ev.Question) -> tuple[str, str, str]:
    return question.prompt, question.kind, question.style
