"""What a night learns from and how: old material, dreams, and replay in small doses with probes in between.

Effort goes where it is needed: what a withheld cue brings back rests, what resists gets more, and the replay ends when
nothing is left that is worth it. It knows no exam, no gate and no decision; it leaves a delta beside the cortex.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import chain

import torch

from ..protocol import events as ev
from ..protocol.commands import Sleep
from ..protocol.drives import Drives
from . import checkpoint, dreams, guard, passages, pulls, rehearsal, views
from .course import Course
from .curator import Curator
from .delta import Delta
from .onlooker import Onlooker
from .replay import USUAL_TOKENS, Drawn, Recipe, Replay, Row
from .rounded import products
from .speech import Speech

CHECKPOINT_EVERY = 20
DREAMS_KEPT, DREAMS_BY_CHANCE = 3, 1
EARLIER, GIVEN_UP = 5, 3
"""Rows of a batch that are earlier nights' episodes, once there are so many, and how many tonight gives up for them."""
OWN_READ, EARLIER_READ = 300, 150
"""Pieces of old material, about, and views of earlier nights that the guard reads: enough to know their directions, and
no more in the tenth night."""
PROBE_FROM, PROBE_EVERY = 16, 8
EARLIER_PROBED = 240
PROBED_AT_ONCE = 16
COOLING = 8
"""Steps in which the rate falls to its end once nothing is left to learn."""
WITHHELD_OLD = 8
"""Every eighth piece of old material is kept out of rehearsal, to weigh the delta on."""


@dataclass
class Ways:
    """What an arm leaves out, for comparison."""

    anchored: bool
    dreaming: bool
    evenly: bool

    @classmethod
    def of(cls, arm: str) -> Ways:
        return cls(anchored=arm != "no-anchor", dreaming=arm != "no-dreams", evenly=arm == "uniform")


class Study:
    def __init__(
        self, parts, order: Sleep, progress, cortex: str, saved: tuple[dict, dict] | None = None, wished=lambda: ()
    ):
        """`wished`: the questions that somebody who looks on would have dreamed, taken once."""
        self.parts, self.order, self.plan, self.progress = parts, order, order.plan, progress
        self.speech, self.cortex = parts.speech, parts.cortex
        self.ways = Ways.of(order.plan.arm)
        self.before, self.saved, self._wished = cortex, saved, wished
        self.kept_scale = 1.0
        self.step = self.tokens = 0
        steps = self.plan.steps
        if self.plan.tokens is not None:
            # The rate comes down by the end of the night, whichever of the two bounds ends it.
            steps = min(steps, max(1, round(self.plan.tokens / USUAL_TOKENS)))
        self.recipe = Recipe.fitting(len(parts.cortex.layers), steps=steps, rank=self.plan.rank, seed=order.seed)
        self.tonight = [e for e in order.episodes if e not in parts.superseded]
        self.earlier = [e for e in order.old_episodes if e not in parts.superseded]
        self.dreams: list[dreams.Dream] = []
        self.old: list[rehearsal.OldRow] = []
        self.replay: Replay | None = None
        self.curator: Curator | None = None
        self.views: views.Repertoire | None = None
        self.course: Course | None = None
        self._earlier: Curator | None = None
        self._cooling: int | None = None

    @property
    def delta(self) -> Delta:
        return self.replay.delta

    @property
    def maps(self) -> dict[str, torch.nn.Linear]:
        return self.replay.maps

    @property
    def can_be_kept(self) -> bool:
        return self.replay is not None

    def run(self):
        yield from self._rehearse()
        yield from self._dream()
        yield from self._replay_all()

    # ------------------------------------------------------------ rehearse

    def _rehearse(self):
        yield self.progress.enter("rehearse", "what the cortex already is comes to mind, so that the night can keep it")
        if self.ways.anchored:
            parts = self.parts
            runner = rehearsal.of_base(
                self.speech, self._untouched, parts.primer, parts.pages, parts.measured, self.order.night
            )
            self.old = yield from self.progress.watched(runner, "rehearse", "pieces of old material")
            traces = rehearsal.of_traces(self.speech, [(t.cue, t.answer) for t in self.order.traces])
            yield from self.progress.watched(rehearsal.remember(self.speech, traces), "rehearse", "traces remembered")
            self.old = [*self.old, *traces]
            if not self.saved:
                for item, row in enumerate(self.old, 1):
                    yield ev.OldMaterial(night=self.order.night, item=item, kind=row.kind, text=row.text)

    def _untouched(self) -> Speech:
        """What speaks as the base: the cortex itself before its first night, and later the base, read again."""
        return self.speech if self.before == self.parts.base else self.parts.untouched()

    # ------------------------------------------------------------ dream

    def _dream(self):
        """Questions about the day, dreamed and verified by the mind as it was before its first night: every night makes
        the cortex answer more with what it was told and ask less well about it."""
        yield self.progress.enter("dream", "the mind asks itself about the day; only what the episode supports is kept")
        every = [*self.tonight, *self.earlier]
        self._passages = passages.told_apart({e: self._passages_of(e) for e in every})
        about = [p for e in self.tonight for p in self._passages[e]]
        if self.saved:
            self._wished()  # what was wished for then is among the dreams that were kept
            for row in self.saved[1]["dreams"]:
                passage = self._passages[row["episode"]][row["passage"]]
                self.dreams.append(dreams.Dream(passage, row["question"], kept=row["kept"], answer=row["answer"]))
        elif self.ways.dreaming:
            chance, dreamer = torch.Generator().manual_seed(self.order.seed + 1), self._untouched()
            self.dreams = yield from self.progress.watched(dreams.dream(dreamer, about, chance), "dream", "dreams")
            self.dreams += [
                dreams.Dream(p, wish.prompt, wished=True)
                for wish in self._wished() for p in self._passages.get(wish.episode, ())
            ]  # fmt: skip
            left = dreams.sift(self.dreams)
            yield from self.progress.watched(dreams.verify(dreamer, left), "dream", "dreams verified")
            dreams.choose(left, DREAMS_KEPT, DREAMS_BY_CHANCE, chance)
            for number, d in enumerate(self.dreams, 1):
                yield ev.DreamMade(
                    night=self.order.night, dream=number, episode=d.passage.episode, prompt=d.question,
                    target=d.passage.text if d.kept else "", kept=d.kept, support=d.support, why=d.said,
                    answer=d.answer, with_bits=d.with_bits, without_bits=d.without_bits, gain=d.gain, drawn=d.drawn,
                )  # fmt: skip

    def _passages_of(self, episode: int) -> list[passages.Passage]:
        lived = self.parts.lived
        earlier = [e for e, later in self.parts.superseded.items() if later == episode]
        corrects = [lived[e].text for e in earlier if e in lived and e not in self.parts.excluded]
        return passages.passages(self.speech, episode, lived[episode].text, lived[episode].bits, corrects)

    # ------------------------------------------------------------ replay

    def _replay_all(self):
        plan, recipe = self.plan, self.recipe
        talk = [row.text.split(" → ")[0] for row in self.old if row.kind == "question"]
        self.views = views.Repertoire.of(self.speech, self._passages, self.dreams, talk)
        yield self.progress.enter("replay", f"up to {plan.steps} small doses, interleaved with old material")
        self.products = products(self.cortex)
        delta = Delta.fresh(self.cortex.matrices(recipe.first_layer, recipe.last_layer), recipe.rank, self.order.seed)
        delta.guard, calm = yield from self._listen()
        teacher = self._open_book if plan.target != "cross-entropy" else None
        yield self.progress.at("replay", 0, plan.steps, "getting ready for the first step")
        self.replay = Replay(self.speech, delta, recipe, teacher, calm, self.products)
        usable = [i for i in range(len(self.old)) if i % WITHHELD_OLD]
        seed, inner = self.order.seed, self.parts.inner
        wanted = inner.shares(self.tonight, plan.drives)
        drawers, kinds = plan.drives.drawers, [self.old[i].kind for i in usable]
        # Who moves the dials wants a choice made, whether or not there is room for all.
        rows = recipe.steps * (recipe.episodes - self._given_up) if plan.drives == Drives() else 0
        again = self.before != self.parts.base
        self.curator = Curator(wanted, kinds, seed, self.ways.evenly, drawers, rows, practised=again)
        others = inner.shares(self.earlier, plan.drives)
        self._earlier = Curator(others, [], seed, drawers=drawers, practised=again)
        if self.saved:
            self._go_on()
        elif self.earlier and self.ways.anchored:
            yield from self._probe(self._earlier, self.earlier[-EARLIER_PROBED:])
        onlooker = Onlooker(self.speech, self.replay, lambda view: self._open_book(view, hold=False))
        yield from self._begin_course()
        while not self._over():
            started = time.monotonic()
            drawn, reasons = self._draw(usable)
            if plan.target == "on-policy":
                self._in_own_words(drawn)
            watched, portions = onlooker.picks(drawn), self.replay.portions.count
            done = self.replay.step(self.step + 1, drawn)
            took = time.monotonic() - started
            onlooker.passed(took)
            if self.replay.portions.count > portions:
                yield _in_portions(self.replay.portions.count)
            self.step += 1
            self.tokens += done.tokens
            for d in drawn:
                if d.view is not None:
                    self._whose(d.view.episode).replayed(d.view, d.worst)
            seen = onlooker.sees(watched) if watched is not None else None
            yield ev.ReplayStep(
                night=self.order.night, step=self.step, of=plan.steps, loss=done.loss, kl=done.kl, calm=done.calm,
                rate=done.rate, tokens=done.tokens, step_s=took, grad_norm=done.grad_norm,
                items=[
                    self._item(d, *why, seen if d is watched else None) for d, why in zip(drawn, reasons, strict=True)
                ],
            )  # fmt: skip
            yield self.progress.at("replay", self.step, plan.steps, f"step {self.step} of at most {plan.steps}")
            yield from self.course.at(self.step, self.delta, self.maps)
            if self.step >= PROBE_FROM and (self.step - PROBE_FROM) % PROBE_EVERY == 0 and not self.ways.evenly:
                yield from self._probe(self.curator, self.tonight)
            if self.step % CHECKPOINT_EVERY == 0:
                self.keep()
        self.replay.settle()

    def _begin_course(self):
        texts = {e: self.parts.lived[e].text for e in self.tonight}
        self.course = Course(self.parts.drift, self.order.night, self.speech, self.parts.base, texts)
        yield from self.course.begin(self.step, self.delta, self.maps)

    def end_course(self):
        """Once it is settled what is proposed: where states came to, and which episodes pulled what."""
        if self.course is None or self.course.folder is None:
            return
        yield from self.course.end(self.delta, self.maps)
        told = {e: [*self.views.plain[e], *self.views.dreamt[e]] for e in self.tonight}
        runner = pulls.pulls(self.replay, told)
        found = yield from self.progress.watched(runner, "weigh", "episodes traced to what they moved")
        yield from self.course.keep(lambda folder: pulls.save(found, folder / "pulls.safetensors"))

    def _over(self) -> bool:
        """At its budget, or when nothing is left that a withheld cue does not bring back and the rate has come down."""
        spent = self.plan.tokens is not None and self.tokens >= self.plan.tokens
        if self.step >= self.plan.steps or spent or not self.tonight:
            return True
        if self._cooling is None and self.curator.satisfied() and not self.ways.evenly:
            self._cooling = self.step
            self.replay.cool(self.step, COOLING)
        return self._cooling is not None and self.step >= self._cooling + COOLING

    def _whose(self, episode: int) -> Curator:
        return self.curator if episode in self.curator.need else self._earlier

    def _listen(self):
        """What the delta may listen to: the day's directions, less those of old material and of earlier nights.

        And what it will be held to when it answers those all the same.
        """
        if not self.ways.anchored:
            return {}, None
        chance = torch.Generator().manual_seed(self.order.seed)
        maps = self.cortex.matrices(self.recipe.first_layer, self.recipe.last_layer)
        habits = guard.Watcher(maps, self.products)
        own, traces = [r for r in self.old if r.kind != "trace"], [r for r in self.old if r.kind == "trace"]
        old = [(row.tokens, row.opened) for row in [*own[:: -(-len(own) // OWN_READ)], *traces]]
        if self.earlier:
            each = max(1, min(guard.VIEWS_EACH, EARLIER_READ // len(self.earlier)))
            order = torch.randperm(len(self.earlier), generator=chance).tolist()[: EARLIER_READ // each]
            old += self.views.some([self.earlier[i] for i in order], each, chance)
        primer = rehearsal.to_learn_from(self.parts.primer)
        day, told = guard.Watcher(maps, self.products), self.views.some(self.tonight, guard.VIEWS_EACH, chance)
        read = chain(habits.watch(self.speech, old), habits.also(self.speech, primer), day.watch(self.speech, told))
        for done, of in read:
            said = f"finding what the day has of its own: {done} of {of} texts read"
            yield self.progress.at("replay", 0, self.plan.steps, said)
        guards = guard.between(habits, day)
        yield self.progress.at("replay", 0, self.plan.steps, "what it is deaf to is settled")
        return guards, guard.Calm(habits, guards)

    def _probe(self, curator: Curator, episodes: list[int]):
        """Ask through cues that are never replayed; nothing is learnt from it.

        An episode too short for a cue of its own to be withheld goes by what its replays missed.
        """
        asked = [(e, self.replay.row_of_view(v, teach=False)) for e in episodes for v in self.views.withheld[e]]
        worst = {e: curator.gain[e] for e in episodes if not self.views.withheld[e]}
        tried = self.replay.tried([row for _, row in asked], PROBED_AT_ONCE)
        for (episode, _), (_, found) in zip(asked, tried, strict=True):
            worst[episode] = max(worst.get(episode, 0.0), found)
        curator.probed(worst)
        yield ev.Probed(
            night=self.order.night, step=self.step,
            episodes=[
                ev.ProbedEpisode(
                    episode=e, worst=found, recalled=e in curator.resting, need=curator.need[e], gain=curator.gain[e]
                )
                for e, found in worst.items()
            ],
        )  # fmt: skip

    @property
    def _given_up(self) -> int:
        """Rows of a step that tonight's episodes leave to those of earlier nights."""
        return min(len(self.earlier), GIVEN_UP) if self.ways.anchored else 0

    def _draw(self, usable: list[int]):
        """The rows of one step, and for each by which drive and why it is in it."""
        new, old = self.recipe.rows(self.step if self._cooling is None else self.recipe.steps)
        earlier = self._earlier.draws(min(len(self.earlier), EARLIER) if self._given_up else 0, tired=True)
        chosen = self.curator.draws(new - self._given_up, tired=self._cooling is not None)
        reasons = [(d.drive, self.curator.because(d.episode)) for d in chosen]
        reasons += [(d.drive, f"learnt on an earlier night; {self._earlier.because(d.episode)}") for d in earlier]
        every = [d.episode for d in [*chosen, *earlier]]
        drawn = [Drawn(self._whose(e).view(e, self.views), None) for e in every]
        for at in self.curator.old_material(old):
            drawn.append(Drawn(None, self.old[usable[at]]))
            reasons.append(("", ""))
        return drawn, reasons

    def _item(self, drawn: Drawn, drive: str, why: str, seen: ev.Watched | None) -> ev.ReplayItem:
        if drawn.view is None:
            place = next(i for i, row in enumerate(self.old, 1) if row is drawn.old)
            cue = drawn.old.text.split(" → ")[0][:80]
            return ev.ReplayItem(
                kind="old", episode=None, item=place, cue=cue, loss=drawn.loss, worst=drawn.worst, watched=seen
            )
        view = drawn.view
        kind = "earlier" if view.episode not in self.curator.need else "dream" if view.dream else "episode"
        cue = view.cue or "(the text itself)"
        return ev.ReplayItem(
            kind=kind, episode=view.episode, item=view.dream, cue=cue, loss=drawn.loss, worst=drawn.worst, because=why,
            drive=drive, watched=seen,
        )  # fmt: skip

    @torch.no_grad()
    def _open_book(self, view: views.View, hold: bool = True) -> torch.Tensor:
        """What the cortex itself expects at the view's labels when the episode is in reach."""
        store = self.parts.hippocampus
        past = store.context(store.read(view.episode, hold=hold))
        joint = [] if not view.opened else store.joint
        rows = [*joint, *(view.tokens if view.opened else view.tokens[1:])]
        normed, _ = self.cortex.read_through([rows], pasts=[past])
        shift = len(joint) if view.opened else -1
        return normed[[max(0, p + shift) for p in view.labels]].clone()

    @torch.no_grad()
    def _in_own_words(self, drawn: list[Drawn]) -> None:
        """What the cortex, as far as it has come, says to each cue itself: there the teacher corrects it."""
        asked = [d for d in drawn if d.view is not None and d.view.opened]
        heads = [d.view.tokens[: d.view.labels[0] + 1] for d in asked]
        with self.cortex.beside(self.delta.hooks(self.maps)):
            opening = self.speech.opening_past()
            most = max((len(d.view.labels) for d in asked), default=1)
            chance = torch.Generator().manual_seed(self.order.seed * 10_000 + self.step)
            saying = self.speech.say(heads, [opening] * len(heads), most, temperature=1.0, generator=chance)
            for at, said in saying:
                view, tokens = asked[at].view, [*heads[at], *said.tokens, self.speech.end]
                labels = list(range(len(heads[at]) - 1, len(tokens) - 1))
                evenly_weighed = passages.Passage(view.episode, view.passage.text, ())
                asked[at].said = views.View(evenly_weighed, view.kind, view.cue, tokens, labels, dream=view.dream)

    # ------------------------------------------------------------ to weigh on

    def probes(self) -> list[Row]:
        """Cues of tonight's episodes that were never replayed."""
        return [self.replay.row_of_view(v, teach=False) for e in self.tonight for v in self.views.withheld[e]]

    def withheld_old(self) -> list[Row]:
        return [self.replay.row_of_old(row, whole=True) for i, row in enumerate(self.old) if i % WITHHELD_OLD == 0]

    # ------------------------------------------------------------ keeping

    def keep(self) -> None:
        """Write down where the replay stands."""
        kept = [
            {"episode": d.passage.episode, "passage": self._passages[d.passage.episode].index(d.passage),
             "question": d.question, "kept": d.kept, "answer": d.answer}
            for d in self.dreams
        ]  # fmt: skip
        state = identity(self.order, self.before) | {
            "step": self.step, "tokens": self.tokens, "dreams": kept, "cooling": self._cooling,
            "curator": self.curator.state(), "earlier_curator": self._earlier.state(),
        }  # fmt: skip
        checkpoint.write(self.parts.checkpoints, self.replay.tensors(), state)

    def _go_on(self) -> None:
        tensors, state = self.saved
        self.replay.restore(tensors)
        self.curator.restore(state["curator"])
        self._earlier.restore(state["earlier_curator"])
        self.step, self.tokens, self._cooling = state["step"], state["tokens"], state["cooling"]
        if self._cooling is not None:
            self.replay.cool(self._cooling, COOLING)


def _in_portions(count: int) -> ev.Notice:
    return ev.Notice(
        level="warning", title="Memory is short, and the night goes on",
        text=f"A batch did not fit. From now on every batch is read in {count} portions, whose gradients add up to the "
        "same one; a step takes longer.",
        remedy="Nothing to do. Closing other programs makes the next night faster.",
    )  # fmt: skip


def identity(order: Sleep, cortex: str) -> dict:
    """What a checkpoint must agree with to be of this night on this cortex."""
    plan = order.plan
    return {
        "night": order.night, "cortex": cortex, "episodes": list(order.episodes), "earlier": list(order.old_episodes),
        "traces": [[t.cue, t.answer] for t in order.traces], "seed": order.seed, "rank": plan.rank, "steps": plan.steps,
        "arm": plan.arm, "target": plan.target, "drives": plan.drives.said(),
    }  # fmt: skip
