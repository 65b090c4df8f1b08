"""One night as a generator of events: propose, exam, rehearse, dream, replay, weigh, exam, gate, commit.

Between any two events it may be paused, stepped, vetoed or killed; the cortex is untouched until
the gate opens, because all that is learnt lives in a delta beside it. It does not know processes,
pipes or who listens, and exam questions reach nothing but the exam.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..protocol import events as ev
from ..protocol.commands import Decide, Sleep
from . import checkpoint, exam, gate, guard, rehearsal, views, weigh
from .cortex import Cortex
from .curator import Curator, claims
from .delta import Delta
from .footprint import peak_rss_mb
from .hippocampus import Hippocampus, Recall
from .progress import Progress
from .replay import Drawn, Recipe, Replay
from .speech import Speech, evenly

CHECKPOINT_EVERY = 20
DREAMS_KEPT = 3
EARLIER_SHARE = 4
"""One row in four of a batch is an earlier night's episode, once there are any."""
RECALLED_AT_ONCE = 24
WITHHELD_OLD = 6
"""Every sixth piece of old material is kept out of rehearsal, to weigh the delta on."""


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
    held_out: str
    held_out_name: str
    deltas: Path
    checkpoints: Path
    papers: exam.Papers
    lived: dict[int, Lived] = field(default_factory=dict)


class Night:
    def __init__(self, parts: Parts, order: Sleep):
        self.parts, self.order, self.plan = parts, order, order.plan
        self.number = order.night
        self.stage: ev.Stage = "propose"
        self.step = self.tokens = 0
        self.decision: Decide | None = None
        self.proposal: ev.Proposal | None = None
        self.before = ""
        self.started = time.monotonic()
        self.progress = Progress(self.number, replay_steps=self.plan.steps)
        self._dreams: list[views.Dream] = []
        self._old: list[rehearsal.OldRow] = []
        self._replay: Replay | None = None
        self._curator: Curator | None = None
        self._saved: tuple[dict, dict] | None = None
        self._measured: dict[ev.When, tuple[float, float]] = {}
        self._scores: dict[ev.When, dict[str, ev.Score]] = {}
        self._recalls: dict[str, Recall] = {}
        self._recipe = Recipe.fitting(
            len(parts.cortex.layers), steps=self.plan.steps, rank=self.plan.rank, seed=order.seed
        )
        arm = self.plan.arm
        self._anchored = arm not in ("no-anchor", "finetune")
        self._dreaming = arm not in ("no-dreams", "finetune")
        self._evenly = arm in ("uniform", "finetune")

    # ------------------------------------------------------------ the whole

    def run(self):
        """Yields events; None while it waits at the gate for a decision."""
        parts, order = self.parts, self.order
        self.before = parts.cortex.hash()
        if order.resume:
            self._saved = self._usable_checkpoint()
        yield ev.NightOpened(
            night=self.number, seed=order.seed, episodes=order.episodes, old_episodes=order.old_episodes,
            steps=self.plan.steps, cortex=self.before, arm=self.plan.arm, why=order.why,
            resumed_from_step=self._saved[1]["step"] if self._saved else 0,
        )  # fmt: skip
        yield from self._propose()
        if not order.episodes:
            yield self.closed("interrupted", "there was nothing new to learn")
            return
        yield from self._examine("before")
        yield from self._rehearse()
        yield from self._dream()
        yield from self._replay_all()
        yield from self._weigh()
        yield from self._examine("after")
        yield from self._gate()

    def closed(self, ended: str, why: str) -> ev.NightClosed:
        """The last event of a night. Its checkpoint is of no more use, unless the process is leaving."""
        return ev.NightClosed(
            night=self.number, ended=ended, cortex=self.parts.cortex.hash(), why=why,
            wall_s=time.monotonic() - self.started, steps=self.step, tokens=self.tokens, peak_rss_mb=peak_rss_mb(),
        )  # fmt: skip

    def _enter(self, stage: ev.Stage, text: str) -> ev.StageEntered:
        self.stage = stage
        self.progress.enter(stage)
        return ev.StageEntered(night=self.number, stage=stage, text=text)

    # ------------------------------------------------------------ propose

    def _propose(self):
        yield self._enter("propose", f"choosing among {len(self.order.episodes)} episodes of the day")
        lived = self.parts.lived
        for claim in claims({e: (lived[e].bits, lived[e].outcome) for e in self.order.episodes}):
            yield ev.EpisodeProposed(
                night=self.number, episode=claim.episode, priority=claim.priority,
                bits_over_usual=claim.bits_over_usual, why=claim.why,
            )  # fmt: skip

    # ------------------------------------------------------------ exam

    def _examine(self, when: ev.When):
        """Both papers and the side effects, for the cortex as it is (before) or as it would be (after)."""
        if when == "before":
            yield self._enter("exam", "what does the cortex know before this night, with the hippocampus unplugged?")
            yield from self._papers(when, self.before)
            return
        yield self._enter("exam", "what would the cortex know after this night, with the hippocampus unplugged?")
        replay = self._replay
        parts = self.parts
        try:
            with parts.cortex.beside(replay.delta.hooks(replay.maps)):
                parts.hippocampus.cortex_moved()
                yield from self._papers(when, self.proposal.cortex_after)
        finally:
            parts.hippocampus.cortex_moved()

    def _papers(self, when: ev.When, cortex: str):
        parts, questions = self.parts, self.order.exam
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
            answered = yield from self._watched(runner, "exam", f"questions answered ({memory})")
            known.update({a.question.prompt: a for a in answered})
            given = [known[q.prompt] for q in questions]
            scores = exam.scores(given)
            if memory == "cortex":
                self._scores[when] = scores
            yield ev.Examined(
                night=self.number, when=when, memory=memory, scores=scores, answers=given,
                wall_s=time.monotonic() - started,
            )  # fmt: skip
        yield from self._side_effects(when, cortex)

    def _side_effects(self, when: ev.When, cortex: str):
        parts = self.parts
        if cortex not in parts.papers.measured:
            runner = exam.perplexity(parts.speech, parts.held_out)
            perplexity = yield from self._watched(runner, "exam", "words of the held-out text read")
            kl = 0.0 if cortex == parts.base else parts.reference.kl(parts.speech)
            parts.papers.measured[cortex] = (perplexity, kl)
        self._measured[when] = parts.papers.measured[cortex]
        perplexity, kl = self._measured[when]
        yield ev.Measured(
            night=self.number, when=when, perplexity=perplexity, kl_from_base=kl, perplexity_text=parts.held_out_name
        )

    def _watched(self, runner, stage: ev.Stage, what: str):
        """Drive a long step, telling how far it is."""
        while True:
            try:
                done, of = next(runner)
            except StopIteration as end:
                return end.value
            yield self.progress.at(stage, done, of, f"{done} of {of} {what}")

    # ------------------------------------------------------------ rehearse and dream

    def _rehearse(self):
        yield self._enter("rehearse", "the cortex says what it already is, so that the night can keep it")
        watcher = self._habits = guard.Watcher(
            self.parts.cortex.matrices(self._recipe.first_layer, self._recipe.last_layer)
        )
        hooks = watcher.hooks() if self._anchored else ()
        if self._saved:
            self._old = [rehearsal.OldRow(**row) for row in self._saved[1]["old"]]
        elif self._anchored:
            runner = rehearsal.gather(self.parts.speech, self.order.seed, self.parts.primer, hooks)
            self._old = yield from self._watched(runner, "rehearse", "pieces of old material")
            for item, row in enumerate(self._old, 1):
                yield ev.OldMaterial(night=self.number, item=item, kind=row.kind, text=row.text)
        runner = rehearsal.remember(self.parts.speech, self._old, hooks)
        yield from self._watched(runner, "rehearse", "pieces of old material remembered")
        if self._anchored:
            watcher.also(self.parts.speech, self.parts.primer[: len(self.parts.primer) * 2 // 3])

    def _dream(self):
        yield self._enter("dream", "the mind asks itself about the day; only what the episode supports is kept")
        self._passages = {e: self._passages_of(e) for e in [*self.order.episodes, *self.order.old_episodes]}
        about = [p for e in self.order.episodes for p in self._passages[e]]
        if self._saved:
            for row in self._saved[1]["dreams"]:
                passage = self._passages[row["episode"]][row["passage"]]
                self._dreams.append(views.Dream(passage, row["question"], row["support"], row["kept"], row["why"]))
        elif self._dreaming:
            chance = torch.Generator().manual_seed(self.order.seed + 1)
            runner = views.dream(self.parts.speech, about, chance)
            self._dreams = yield from self._watched(runner, "dream", "dreams")
            views.sift(self._dreams, DREAMS_KEPT)
            for number, d in enumerate(self._dreams, 1):
                yield ev.DreamMade(
                    night=self.number, dream=number, episode=d.passage.episode, prompt=d.question,
                    target=d.passage.text if d.kept else "", kept=d.kept, support=d.support, why=d.why,
                )  # fmt: skip

    def _passages_of(self, episode: int) -> list[views.Passage]:
        lived = self.parts.lived[episode]
        return views.passages(self.parts.speech, episode, lived.text, lived.bits)

    # ------------------------------------------------------------ replay

    def _replay_all(self):
        plan, cortex = self.plan, self.parts.cortex
        recipe = self._recipe
        self._views = views.Repertoire.of(
            self.parts.speech, self._passages, self.order.episodes, self._dreams, plan.arm == "finetune"
        )
        yield self._enter("replay", f"up to {plan.steps} small doses, interleaved with old material")
        yield self.progress.at("replay", 0, plan.steps, "finding what the day has of its own")
        delta = Delta.fresh(cortex.matrices(recipe.first_layer, recipe.last_layer), recipe.rank, self.order.seed)
        delta.guard = self._listen()
        teacher = self._open_book if plan.target == "teacher" else None
        replay = self._replay = Replay(self.parts.speech, delta, recipe, teacher)
        usable = [i for i in range(len(self._old)) if i % WITHHELD_OLD]
        curator = self._curator = Curator(
            list(self.order.episodes), [self._old[i].kind for i in usable], self.order.seed, self._evenly
        )
        if self._saved:
            tensors, state = self._saved
            replay.restore(tensors)
            curator.restore(state["curator"])
            self.step, self.tokens = state["step"], state["tokens"]
        while self.step < plan.steps and not (self._anchored and curator.satisfied()):
            started = time.monotonic()
            drawn, reasons = self._draw(recipe, usable)
            done = replay.step(self.step + 1, drawn)
            self.step += 1
            self.tokens += done.tokens
            for d in drawn:
                if d.view is not None:
                    curator.replayed(d.view, d.worst)
            took = time.monotonic() - started
            yield ev.ReplayStep(
                night=self.number, step=self.step, of=plan.steps, loss=done.loss, kl=done.kl, rate=done.rate,
                tokens=done.tokens, step_s=took, grad_norm=done.grad_norm,
                items=[self._item(d, why) for d, why in zip(drawn, reasons, strict=True)],
            )  # fmt: skip
            yield self.progress.at("replay", self.step, plan.steps, f"step {self.step} of at most {plan.steps}")
            if self.step % CHECKPOINT_EVERY == 0:
                self.keep()
        replay.settle()

    def _listen(self) -> dict[str, torch.Tensor]:
        """What the delta may listen to: the day's directions, less those of old material and of earlier nights."""
        if not self._anchored:
            return {}
        speech, chance = self.parts.speech, torch.Generator().manual_seed(self.order.seed)
        if self.order.old_episodes:
            self._habits.day(speech, self._views.some(self.order.old_episodes, guard.VIEWS_EACH, chance))
        day = guard.Watcher(self._habits.maps)
        day.day(speech, self._views.some(self.order.episodes, guard.VIEWS_EACH, chance))
        return guard.between(self._habits, day)

    def _draw(self, recipe: Recipe, usable: list[int]):
        """The rows of one step, and why each episode is in it."""
        curator = self._curator
        earlier = self.order.old_episodes
        old_rows = min(len(earlier), recipe.episodes // EARLIER_SHARE) if self._anchored else 0
        chosen = curator.episodes(recipe.episodes - old_rows)
        reasons = [curator.because(e) for e in chosen]
        if old_rows:
            chosen += [earlier[curator.pick(len(earlier))] for _ in range(old_rows)]
            reasons += ["learnt on an earlier night"] * old_rows
        drawn = [Drawn(curator.view(e, self._views), None) for e in chosen]
        for at in curator.old_material(recipe.old):
            drawn.append(Drawn(None, self._old[usable[at]]))
            reasons.append("")
        return drawn, reasons

    def _item(self, drawn: Drawn, why: str) -> ev.ReplayItem:
        if drawn.view is None:
            place = next(i for i, row in enumerate(self._old, 1) if row is drawn.old)
            cue = drawn.old.text.split(" → ")[0][:80]
            return ev.ReplayItem(kind="old", episode=None, item=place, cue=cue, loss=drawn.loss, worst=drawn.worst)
        view = drawn.view
        earlier = view.episode not in self._curator.worst
        kind = "earlier" if earlier else "dream" if view.dream else "episode"
        cue = view.cue or "(the text itself)"
        return ev.ReplayItem(
            kind=kind, episode=view.episode, item=view.dream, cue=cue, loss=drawn.loss, worst=drawn.worst, because=why
        )

    @torch.no_grad()
    def _open_book(self, view: views.View) -> torch.Tensor:
        """What the cortex itself expects at the view's labels when the episode is in reach."""
        store, cortex = self.parts.hippocampus, self.parts.cortex
        past = store.context(store.read(view.episode))
        joint = [] if not view.opened else store.joint
        rows = [*joint, *(view.tokens if view.opened else view.tokens[1:])]
        normed, _ = cortex.read_through([rows], pasts=[past])
        shift = len(joint) if view.opened else -1
        return normed[[max(0, p + shift) for p in view.labels]].clone()

    # ------------------------------------------------------------ weigh

    def _weigh(self):
        yield self._enter("weigh", "how much of the delta is worth keeping, tried on what the night withheld")
        replay, parts = self._replay, self.parts
        tried: list[weigh.Tried] = []
        if self._views.withheld and self._old:
            probes = [replay.row_of_view(v) for v in self._views.withheld]
            old = [replay.row_of_old(row, whole=True) for i, row in enumerate(self._old) if i % WITHHELD_OLD == 0]
            text = self.parts.primer[len(self.parts.primer) * 2 // 3 :]
            for one in weigh.search(replay, probes, old, text):
                tried.append(one)
                yield self.progress.at("weigh", len(tried), len(weigh.SCALES), f"scale {one.scale:.2f}")
        chosen = weigh.best(tried) if tried else weigh.WHOLE
        for one in tried:
            yield ev.Weighed(
                night=self.number, scale=one.scale, recall_loss=one.recall_loss, old_kl=one.old_kl,
                text_rise=one.text_rise,
                objective=one.objective, chosen=one is chosen,
            )  # fmt: skip
        delta = replay.delta
        delta.scale *= chosen.scale
        path, digest, size = delta.save(parts.deltas, self.number)
        self.proposal = ev.Proposal(
            night=self.number, delta=digest, file=path.name, cortex_before=self.before,
            cortex_after=parts.cortex.hash(with_added=delta.matrices()), scale=chosen.scale, rank=delta.rank,
            norm=delta.norm(), drift=delta.drift(replay.maps), episodes=list(self.order.episodes), steps=self.step,
            tokens=self.tokens, bytes=size,
        )  # fmt: skip

    # ------------------------------------------------------------ gate

    def _gate(self):
        yield self._enter("gate", "waiting for a decision; nothing has been changed yet")
        before, after = self._measured["before"], self._measured["after"]
        yield ev.Proposed(
            proposal=self.proposal, recall_before=self._scores["before"], recall_after=self._scores["after"],
            perplexity_before=before[0], perplexity_after=after[0], kl_before=before[1], kl_after=after[1],
        )  # fmt: skip
        while self.decision is None or self.decision.decision == "hold":
            yield None
        if self.decision.decision == "veto":
            checkpoint.drop(self.parts.checkpoints)
            yield self.closed("vetoed", self.decision.reason)
            return
        yield self._enter("commit", "adding the delta to the slow weights")
        started = time.monotonic()
        after_hash = gate.commit(self.parts.cortex, self.number, self.proposal, self.decision, self.parts.deltas)
        self.parts.hippocampus.cortex_moved()
        yield ev.NightCommitted(
            night=self.number, delta=self.proposal.delta, file=self.proposal.file, cortex_before=self.before,
            cortex_after=after_hash, wall_s=time.monotonic() - started,
        )  # fmt: skip
        checkpoint.drop(self.parts.checkpoints)
        yield self.closed("committed", self.decision.reason)

    # ------------------------------------------------------------ keeping

    def keep(self) -> bool:
        """Write down where the replay stands. False when there is nothing to go on from."""
        if self._replay is None or self.stage != "replay":
            return False
        old = [{"kind": r.kind, "tokens": r.tokens, "opened": r.opened, "labels": r.labels, "text": r.text}
               for r in self._old]  # fmt: skip
        dreams = [
            {"episode": d.passage.episode, "passage": self._passages[d.passage.episode].index(d.passage),
             "question": d.question, "support": d.support, "kept": d.kept, "why": d.why}
            for d in self._dreams
        ]  # fmt: skip
        state = {
            "night": self.number, "cortex": self.before, "episodes": list(self.order.episodes),
            "earlier": list(self.order.old_episodes), "seed": self.order.seed, "step": self.step,
            "tokens": self.tokens, "old": old, "dreams": dreams, "curator": self._curator.state(),
            "rank": self.plan.rank, "steps": self.plan.steps, "arm": self.plan.arm, "target": self.plan.target,
        }  # fmt: skip
        checkpoint.write(self.parts.checkpoints, self._replay.tensors(), state)
        return True

    def _usable_checkpoint(self):
        """The checkpoint, if it was made for exactly this night on exactly this cortex."""
        found = checkpoint.read(self.parts.checkpoints)
        if found is None:
            return None
        order = {
            "night": self.number, "cortex": self.before, "episodes": list(self.order.episodes),
            "earlier": list(self.order.old_episodes), "seed": self.order.seed, "rank": self.plan.rank,
            "steps": self.plan.steps, "arm": self.plan.arm, "target": self.plan.target,
        }  # fmt: skip
        return found if all(found[1].get(k) == v for k, v in order.items()) else None
