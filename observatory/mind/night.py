"""One night as a generator of events: propose, exam, rehearse, dream, replay, weigh, exam, gate, commit.

Between any two events it may be paused, stepped, vetoed or killed; the cortex is untouched until
the gate opens, because all that is learnt lives in a delta beside it. It does not know processes,
pipes or who listens, and exam questions reach nothing but the exam: what is learnt from, and how,
is in `study.py` and has never seen them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ..governor.governor import Governor
from ..protocol import events as ev
from ..protocol.commands import AcceptedDelta, Decide, Sleep
from ..protocol.headers import HeaderBroken
from . import checkpoint, exam, flags, gate, weigh
from .baselines import BASELINES, Baseline
from .borrowed import Borrowed
from .company import Company
from .cortex import Cortex
from .footprint import peak_rss_mb
from .hippocampus import Hippocampus, Recall
from .inner import Inner
from .lent import Lent
from .progress import Progress
from .rehearsal import to_weigh_on
from .speech import Speech, evenly
from .study import Study, identity
from .wishes import Wishes

RECALLED_AT_ONCE = 24
MOST_OWN_QUESTIONS = 200
"""Of an examiner's: what a night's two papers have time for."""
NEVER_SLEEPS = ("none", "retrieval")
"""Arms that are examined at every night and never learn."""


@dataclass
class Lived:
    """What a night needs of one stored episode."""

    text: str
    bits: list[float]
    outcome: float | None = None


@dataclass
class Parts:
    """The mind as a night sees it."""

    cortex: Cortex
    speech: Speech
    hippocampus: Hippocampus
    base: str
    reference: exam.Reference
    primer: str
    pages: str
    untouched: Callable[[], Speech]
    """Reads the base again, for what only it can say."""
    held_out: str
    held_out_name: str
    deltas: Path
    checkpoints: Path
    measured: Path
    papers: exam.Papers
    inner: Inner
    states: Path
    governor: Governor
    company: Company
    lived: dict[int, Lived] = field(default_factory=dict)
    superseded: dict[int, int] = field(default_factory=dict)
    """Episodes that a later one corrects, and which."""
    drift: Path | None = None
    """Where the course of a night is left for the map; None where nobody will look."""
    examiner: Lent | None = None
    """A plugin that asks its own questions, if the home has chosen one."""
    looks_on: Lent | None = None
    """A plugin that may wish for something between the stages of a night."""
    excluded: set[int] = field(default_factory=set)
    """Episodes that a person keeps out of all nights; they are read and recalled as before."""


class Night:
    def __init__(self, parts: Parts, order: Sleep):
        self.parts, self.order, self.plan = parts, order, order.plan
        self.number = order.night
        self.decision: Decide | None = None
        self.scale_down: float | None = None
        self.proposal: ev.Proposal | None = None
        self.committed = False
        """The delta is in the slow weights: from here on the night can end in no other way."""
        self.before = ""
        self.started = time.monotonic()
        self.progress = Progress(self.number, replay_steps=self.plan.steps)
        self.study: Study | Baseline | Borrowed | None = None
        self.wishes = Wishes(parts.looks_on, order.night, order.episodes, parts.inner.handed)
        self._measured: dict[ev.When, tuple[float, float]] = {}
        self._scores: dict[ev.When, dict[str, ev.Score]] = {}
        self._answers: dict[ev.When, list[ev.ExamAnswer]] = {}
        self._recalls: dict[str, Recall] = {}
        self._own_questions: list[ev.Question] = []
        """A plugin's. They stay here: what the night learns from is given the order, which has never held them."""

    @property
    def stage(self) -> ev.Stage:
        return self.progress.stage

    @property
    def step(self) -> int:
        return self.study.step if self.study else 0

    @property
    def tokens(self) -> int:
        return self.study.tokens if self.study else 0

    # ------------------------------------------------------------ the whole

    def run(self):
        """Yields events; None while it waits at the gate for a decision."""
        yield from self.wishes.along(self._whole())

    def _whole(self):
        parts, order = self.parts, self.order
        self.before = parts.cortex.hash()
        saved = (yield from self._usable_checkpoint()) if order.resume else None
        yield ev.NightOpened(
            night=self.number, seed=order.seed, episodes=order.episodes, old_episodes=order.old_episodes,
            steps=self.plan.steps, cortex=self.before, arm=self.plan.arm, why=order.why,
            drives=self.plan.drives.said(), plan=msgspec.json.encode(self.plan).decode(),
            stage=self.plan.stage if self.plan.arm == "sleep" else "",
            resumed_from_step=saved[1]["step"] if saved else 0,
        )  # fmt: skip
        yield from self._propose()
        if not order.episodes:
            yield self.closed("interrupted", "there was nothing new to learn")
            return
        yield from self._examine("before")
        if self.plan.arm in NEVER_SLEEPS:
            yield self.closed("vetoed", f"the arm {self.plan.arm} never sleeps; it was examined as it is")
            return
        if self.plan.stage and self.plan.arm == "sleep":
            self.study = Borrowed(parts, order, self.progress)
            yield from self.study.run()
        if self.study is None or self.study.failed:
            kind = Baseline if self.plan.arm in BASELINES else Study
            self.study = kind(parts, order, self.progress, self.before, saved, self.wishes.dreams)
            yield from self.study.run()
        yield from self._weigh()
        yield from self._examine("after")
        yield from self._gate()

    def closed(self, ended: str, why: str) -> ev.NightClosed:
        """The last event of a night. Its checkpoint is of no more use, unless the process is leaving."""
        return ev.NightClosed(
            night=self.number, ended=ended, cortex=self.parts.cortex.hash(), why=why,
            wall_s=time.monotonic() - self.started, steps=self.step, tokens=self.tokens, peak_rss_mb=peak_rss_mb(),
        )  # fmt: skip

    # ------------------------------------------------------------ propose

    def _propose(self):
        yield self.progress.enter("propose", f"choosing among {len(self.order.episodes)} episodes of the day")
        episodes, inner = self.order.episodes, self.parts.inner
        found = inner.shares(episodes, self.plan.drives)
        scores = {score.episode: score for score in inner.feelings.scored(episodes)}
        drawers = self.plan.drives.drawers
        for name in self.plan.drives.others:
            if inner.drive is None or name != inner.drive.id:
                yield _draws_not(name)
        for episode in sorted(episodes, key=lambda e: -sum(found[e])):
            score, parts = scores[episode], dict(zip(drawers, found[episode], strict=True))
            priority = sum(parts.values()) * len(episodes)
            others = {name: parts.pop(name) for name in self.plan.drives.others}
            yield ev.EpisodeProposed(
                night=self.number, episode=episode, priority=priority, **parts, others=others,
                bits_over_usual=score.bits_over, why=score.why, twin_of=score.twin_of,
            )  # fmt: skip

    # ------------------------------------------------------------ exam

    def _examine(self, when: ev.When):
        """Both papers and the side effects, for the cortex as it is (before) or as it would be (after)."""
        if when == "before":
            yield self.progress.enter("exam", "what does the cortex know before this night, the hippocampus unplugged?")
            if (examiner := self.parts.examiner) is not None:
                about = self.parts.inner.handed(self.order.episodes)
                self._own_questions = examiner.questions(about, self.order.exam, MOST_OWN_QUESTIONS)
            yield from self._papers(when, self.before)
            return
        yield self.progress.enter("exam", "what would the cortex know after this night, the hippocampus unplugged?")
        parts, study = self.parts, self.study
        try:
            with parts.cortex.beside(study.delta.hooks(study.maps)):
                parts.hippocampus.cortex_moved()
                yield from self._papers(when, self.proposal.cortex_after)
        finally:
            parts.hippocampus.cortex_moved()

    def _papers(self, when: ev.When, cortex: str):
        parts, questions = self.parts, [*self.order.exam, *self._own_questions]
        memories = ("cortex", "whole") if self.plan.exam_whole else ("cortex",)
        if when == "before" and self.plan.exam_whole:
            # What a cue brings back does not depend on the delta under trial: both papers read the same episodes.
            self._recalls = {}
            for part in evenly([q.prompt for q in questions], RECALLED_AT_ONCE):
                self._recalls.update(zip(part, parts.hippocampus.recall_all(part), strict=True))
                done = len(self._recalls)
                yield self.progress.at("exam", done, len(questions) * 3, f"{done} of {len(questions)} memories found")
        for memory in memories:
            started = time.monotonic()
            known = parts.papers.answers(memory, cortex)
            asked = [q for q in questions if q.prompt not in known]
            if memory == "whole":
                # Where the hippocampus brings nothing back, both memories together are the cortex alone.
                alone = parts.papers.answers("cortex", cortex)
                unread = [q for q in asked if not self._recalls[q.prompt].reads and q.prompt in alone]
                known.update({q.prompt: alone[q.prompt] for q in unread})
                asked = [q for q in asked if q.prompt not in known]
            runner = exam.ask_all(parts.speech, parts.hippocampus, asked, memory, self._recalls)
            answered = yield from self.progress.watched(runner, "exam", f"questions answered ({memory})")
            known.update({a.question.prompt: a for a in answered})
            given = [exam.marked(q, known[q.prompt].answer) for q in questions]
            scores = exam.scores(given)
            if memory == "cortex":
                self._scores[when], self._answers[when] = scores, given
            yield ev.Examined(
                night=self.number, when=when, memory=memory, scores=scores, answers=given,
                wall_s=time.monotonic() - started,
            )  # fmt: skip
        yield from self._side_effects(when, cortex)

    def _side_effects(self, when: ev.When, cortex: str):
        parts = self.parts
        if cortex not in parts.papers.measured:
            runner = exam.perplexity(parts.speech, parts.held_out)
            perplexity = yield from self.progress.watched(runner, "exam", "words of the held-out text read")
            kl = 0.0 if cortex == parts.base else parts.reference.kl(parts.speech)
            parts.papers.measured[cortex] = (perplexity, kl)
        self._measured[when] = parts.papers.measured[cortex]
        perplexity, kl = self._measured[when]
        yield ev.Measured(
            night=self.number, when=when, perplexity=perplexity, kl_from_base=kl, perplexity_text=parts.held_out_name
        )

    # ------------------------------------------------------------ weigh

    def _weigh(self):
        yield self.progress.enter("weigh", "how much of the delta is worth keeping, tried on what the night withheld")
        parts, study = self.parts, self.study
        yield from weigh.weighed(study, to_weigh_on(parts.primer), self.progress)
        if isinstance(study, Study):
            yield from study.end_course()
        state, state_file = yield from self._foresee()
        self._proposes(state, state_file)

    def _proposes(self, state: str, state_file: str) -> None:
        """Write the delta as it is now, and say what it would add."""
        parts, study, delta = self.parts, self.study, self.study.delta
        path, digest, size = delta.save(parts.deltas, self.number)
        self.proposal = ev.Proposal(
            night=self.number, delta=digest, file=path.name, cortex_before=self.before,
            cortex_after=parts.cortex.hash(with_added=delta.matrices()), scale=study.kept_scale, rank=delta.rank,
            norm=delta.norm(), drift=delta.drift(study.maps), episodes=list(self.order.episodes), steps=self.step,
            tokens=self.tokens, bytes=size, state=state, state_file=state_file,
        )  # fmt: skip

    def _foresee(self):
        """Train the latent state's model on what is held. It goes to the gate with the delta; returns hash and file."""
        parts, started = self.parts, time.monotonic()
        runner = parts.inner.train(self.order.seed)
        trained = yield from self.progress.watched(runner, "weigh", "steps of learning how things go on")
        if trained is None:
            return "", ""
        latent = trained.latent
        latent.trained_by = self.number
        file, digest = latent.save(parts.states, self.number)
        before, after = trained.before or (None, None), trained.after or (None, None)
        sessions = parts.inner.to_train_on()
        yield ev.StateTrained(
            night=self.number, sessions=len(sessions), turns=sum(map(len, sessions)),
            outcomes=sum(turn.outcome is not None for turns in sessions for turn in turns), steps=trained.steps,
            next_before=before[0], next_after=after[0], value_before=before[1], value_after=after[1],
            state=digest, file=file, wall_s=time.monotonic() - started,
        )  # fmt: skip
        return digest, file

    # ------------------------------------------------------------ gate

    def _gate(self):
        yield self.progress.enter("gate", "waiting for a decision; nothing has been changed yet")
        before, after = self._measured["before"], self._measured["after"]
        yield ev.Proposed(
            proposal=self.proposal, recall_before=self._scores["before"], recall_after=self._scores["after"],
            perplexity_before=before[0], perplexity_after=after[0], kl_before=before[1], kl_after=after[1],
            flags=self._flags(),
        )  # fmt: skip
        while self.decision is None or self.decision.decision == "hold":
            yield None
            if self.scale_down is not None:
                yield from self._scaled_down()
                return
        if self.decision.decision == "veto":
            yield from self.dropped()
            yield self.closed("vetoed", self.decision.reason)
            return
        yield self.progress.enter("commit", "adding the delta to the slow weights")
        started = time.monotonic()
        after_hash = gate.commit(self.parts.cortex, self.number, self.proposal, self.decision, self.parts.deltas)
        self.committed = True
        self.parts.hippocampus.cortex_moved()
        yield ev.NightCommitted(
            night=self.number, delta=self.proposal.delta, file=self.proposal.file, cortex_before=self.before,
            cortex_after=after_hash, wall_s=time.monotonic() - started,
        )  # fmt: skip
        yield from self.dropped()
        yield self.closed("committed", self.decision.reason)

    def _flags(self) -> list[ev.RedFlag]:
        """What to look at twice. The texts are as they were told, without how it went."""
        told = {e: self.parts.inner.told_of[e] for e in self.order.episodes if e in self.parts.inner.told_of}
        sources = {e: " in ".join(filter(None, [each.speaker, each.session])) for e, each in told.items()}
        seen = self.study.curator.seen if isinstance(self.study, Study) and self.study.curator else {}
        texts = {e: each.text for e, each in told.items()}
        return flags.raised(texts, sources, seen, self._answers["before"], self._answers["after"])

    def _scaled_down(self):
        """A reviewer will have less of it: another delta, examined and proposed like the first."""
        part, self.scale_down, self.decision = self.scale_down, None, None
        self.study.delta.scale *= part
        self.study.kept_scale *= part
        self._proposes(self.proposal.state, self.proposal.state_file)
        yield from self._examine("after")
        yield from self._gate()

    def accepted(self, done: ev.NightCommitted) -> AcceptedDelta:
        """What was committed, as the record will say it."""
        return AcceptedDelta(
            night=done.night, delta=done.delta, file=done.file, cortex_before=done.cortex_before,
            cortex_after=done.cortex_after, by=self.decision.by, reason=self.decision.reason,
            state=self.proposal.state, state_file=self.proposal.state_file,
        )  # fmt: skip

    # ------------------------------------------------------------ keeping

    def keep(self) -> bool:
        """Write down where the replay stands. False when there is nothing to go on from."""
        if self.stage != "replay" or self.study is None or not self.study.can_be_kept:
            return False
        self.study.keep()
        return True

    def dropped(self):
        """The checkpoint of a night that is over goes. One that stays is no other night's, so nothing waits for it."""
        try:
            checkpoint.drop(self.parts.checkpoints)
        except OSError as error:
            yield ev.Notice(
                level="warning", title="What the night had written down is still there",
                text=f"Its checkpoint could not be taken away: {error}. No other night goes on from it.",
                remedy="Look at the disk: may this program write there?",
            )  # fmt: skip

    def _usable_checkpoint(self):
        """The checkpoint, if it was made for exactly this night on exactly this cortex."""
        try:
            found = checkpoint.read(self.parts.checkpoints)
        except HeaderBroken as broken:
            name = checkpoint.set_aside(self.parts.checkpoints)
            yield ev.Notice(
                level="warning", title="The night begins anew",
                text=f"Its checkpoint cannot be read: {broken}. It was kept as checkpoint/{name}.",
                remedy="Nothing to do: the same seed gives the same night.",
            )  # fmt: skip
            return None
        wanted = identity(self.order, self.before)
        return found if found and all(found[1].get(k) == v for k, v in wanted.items()) else None


def _draws_not(drive: str) -> ev.Notice:
    return ev.Notice(
        level="warning", title=f"The drive “{drive}” draws nothing in this night",
        text="It has a dial in the night's plan and is not at work in this mind: its part is left to chance.",
        remedy=f"Choose it for the home: observatory live --drive {drive}.",
    )  # fmt: skip
