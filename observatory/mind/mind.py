"""The whole mind in one object, without Qt, without a database and without another process.

Every method that takes time is a generator of events; drive it with a `for` loop in a notebook, or
let `process.run` do it behind a pipe. Awake, the cortex is frozen and every turn ends with a check
of that. It does not choose numbers for episodes or nights and keeps nothing on disk but deltas,
checkpoints and what can be computed again from the base model.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import time
from datetime import datetime
from pathlib import Path

import msgspec
import torch

from .. import models, resources
from ..governor import rules
from ..governor.governor import Governor
from ..governor.pressure import bits_beyond
from ..protocol import commands as cmd
from ..protocol import events as ev
from . import canary, device, exam, faststore, gate, lent, measured
from .address import ACTIVE, UNITS
from .company import Company
from .cortex import Cortex
from .delta import Delta
from .fading import Fading
from .hippocampus import Hippocampus
from .inner import Inner
from .latent import Latent, LatentBroken
from .night import Night, Parts
from .reliving import relived
from .speech import Speech
from .waking import Waking
from .why import Why

WHOLE_HASH_EVERY = 20
"""Waking turns between two hashes of every byte (1.4 s); in between a sample and the write counters are checked."""
VERSIONS_OF = ("torch", "transformers", "safetensors", "numpy")


class Mind:
    def __init__(self):
        self.parts: Parts | None = None
        self.night: Night | None = None
        self.settings = cmd.Settings()
        self.hash = self.base = ""
        self.samples: dict[str, str] = {}
        self._turns = 0
        self.fading: Fading | None = None
        self.waking: Waking | None = None
        self._to_mark: list[cmd.MarkEpisodes] = []
        self.company = Company(self)
        self.accepted: list[cmd.AcceptedDelta] = []
        """The nights that are in the cortex, oldest first."""

    @property
    def nights(self) -> list[int]:
        return [entry.night for entry in self.accepted]

    # ------------------------------------------------------------ waking up

    def wake(self, settings: cmd.Settings):
        """Load the model, measure its base once, add the accepted deltas, and say what woke up."""
        started = time.monotonic()
        self.settings = settings
        logging.getLogger("transformers").setLevel(logging.ERROR)
        if settings.threads:
            torch.set_num_threads(settings.threads)
        place = device.choose(settings.device, settings.precision)
        models_folder = Path(settings.models_folder)
        yield ev.MindWaiting(what="looking for the model")
        waits: list[str] = []
        found = models.find(settings.model, models_folder)
        if not found.ready:
            yield ev.MindWaiting(
                what=f"preparing {found.name} for the first time (half a minute; later starts take a second)"
            )
        found, folder = models.prepare(settings.model, models_folder, waits.append)
        yield ev.MindWaiting(what=f"loading {found.name} on {place.name}", fraction=0.2)
        cortex = Cortex.load(folder, place.device, place.dtype, place.rounds)
        speech = Speech(cortex)
        yield ev.MindWaiting(what="hashing the cortex", fraction=0.5)
        self.base = cortex.hash()
        aux = models_folder / "measured" / f"{self.base[:16]}-{place.format}"
        yield ev.MindWaiting(what="finding its way about (addresses and reference answers, once a model)", fraction=0.6)
        address = measured.address(speech, aux)
        reference = measured.reference(speech, aux)
        yield ev.MindWaiting(what=f"adding {len(settings.accepted)} accepted nights", fraction=0.9)
        standing = [each for each in settings.accepted if settings.up_to is None or each.night <= settings.up_to]
        self.hash = gate.rebuild(cortex, standing, Path(settings.deltas_folder))
        self.samples = cortex.samples()
        self.accepted = list(settings.accepted)
        texts = resources.folder() / "texts"
        held_out = Path(settings.perplexity_text) if settings.perplexity_text else texts / "held-out.txt"
        primer, pages = ((texts / name).read_text("utf-8") for name in ("primer.txt", "pages.txt"))
        store = Hippocampus(speech, address)
        store.chosen = yield from faststore.chosen(settings, address.whiten.shape[1], self.company.home)
        if store.chosen is not None:
            self.company.joins(store.chosen)
        inner = Inner(store)
        inner.drive = yield from self._lent("drive", settings.drive)
        examiner = yield from self._lent("exam", settings.examiner)
        looks_on = yield from self._lent("night-stage", settings.looks_on)
        self.parts = Parts(
            cortex, speech, store, self.base, reference, primer, pages,
            lambda: Speech(Cortex.load(folder, place.device, place.dtype, place.rounds)), held_out.read_text("utf-8"),
            settings.perplexity_name, Path(settings.deltas_folder), Path(settings.checkpoint_folder), aux,
            exam.Papers(), inner, Path(settings.states_folder), (yield from self._governor()),
            company=self.company, examiner=examiner, looks_on=looks_on,
            drift=Path(settings.drift_folder) if settings.drift_folder else None,
        )  # fmt: skip
        self.fading = Fading(self.parts, settings.capacity, settings.ended)
        self.waking = Waking(self.parts, self.fading, settings.goal, self.checked)
        store.superseded = self.parts.superseded
        inner.excluded, inner.waiting = self.parts.excluded, self.fading.awaiting
        yield from self._adopt(standing)
        yield ev.MindReady(
            model=found.name, model_hash=models.weights_hash(folder), device=place.name, precision=place.precision,
            threads=torch.get_num_threads(), parameters=sum(t.numel() for _, t in cortex.tensors()),
            layers=len(cortex.layers), width=cortex.width, vocabulary=cortex.vocabulary, code_units=UNITS,
            code_active=ACTIVE, base=self.base, cortex=self.hash, nights=self.nights,
            versions={name: importlib.metadata.version(name) for name in VERSIONS_OF},
            load_s=time.monotonic() - started, fast_store=settings.fast_store if store.chosen else "",
            drive=inner.drive.id if inner.drive else "", examiner=examiner.id if examiner else "",
            looks_on=looks_on.id if looks_on else "",
        )  # fmt: skip
        yield ev.ModeChanged(mode="awake", why="the model is loaded and the cortex is frozen")

    def _lent(self, kind: str, chosen: cmd.Chosen):
        """The plugin that the home chose for this, at work and one of the company."""
        made = yield from lent.lent(kind, chosen, self.company.home)
        if made is not None:
            self.company.joins(made)
        return made

    def _governor(self):
        """By the home's table; one that cannot be used is replaced by the built-in one, and that is said."""
        try:
            table = rules.read(self.settings.rules)
        except rules.RulesUnclear as unclear:
            table = rules.built_in()
            yield ev.Notice(level="warning", title="The governor goes by its built-in rules", text=str(unclear))
        return Governor(table, self.settings.capacity)

    # ------------------------------------------------------------ awake

    def restore(self, episodes: list[cmd.StoredEpisode]):
        yield from self.company.along(self.waking.restore(episodes))

    def tell(self, told: cmd.Tell):
        yield from self.company.along(self.waking.tell(told, asleep=self.night is not None))

    def ask(self, asked: cmd.Ask):
        yield from self.company.along(self.waking.ask(asked))

    def explain(self, asked: cmd.Explain):
        """Why it says that: the answer held against minds that lack one night or one memory each."""
        yield from Why(self.parts.hippocampus, self._deltas).explain(asked)
        yield self.checked()

    def _deltas(self) -> dict[int, Delta]:
        folder, place = Path(self.settings.deltas_folder), self.parts.cortex.device
        return {each.night: Delta.read(folder / each.file, each.delta, place) for each in self.accepted}

    def feel(self, said: cmd.Feedback):
        yield from self.company.along(self.waking.feel(said))

    def aim(self, said: cmd.SetGoal):
        yield from self.company.along(self.waking.aim(said))

    def mark(self, said: cmd.MarkEpisodes) -> None:
        """At once, so that a pinned episode does not fade at the end of this very day; but the night that is open goes
        on with the episodes that it was opened with."""
        if said.mark == "excluded" and self.night is not None:
            self._to_mark.append(said)
        else:
            self.waking.mark(said)

    def idle(self, hours: float):
        """Nothing was said for so long: the governor may rest, or propose to sleep."""
        decided = self.parts.governor.idle(hours, datetime.now().astimezone().isoformat(timespec="seconds"))
        yield decided
        if decided.choice == "rest":
            yield ev.ModeChanged(mode="rest", why=decided.why)

    def stir(self):
        """Something is said after a rest."""
        yield ev.ModeChanged(mode="awake", why="something is said")

    def not_now(self):
        """The proposal to sleep was declined."""
        self.parts.governor.refused()
        return iter(())

    def checked(self) -> ev.CortexChecked:
        """Awake is frozen: every turn checks the write counters and a sample, now and then every byte."""
        cortex = self.parts.cortex
        self._turns += 1
        whole = self._turns % WHOLE_HASH_EVERY == 0
        now = cortex.samples()
        changed = [name for name in now if now[name] != self.samples.get(name)]
        written = sorted({*cortex.written_since_hash(), *changed})
        unchanged = not written
        if whole and unchanged:
            unchanged = cortex.hash() == self.hash
        return ev.CortexChecked(cortex=self.hash, unchanged=unchanged, whole=whole, written=written)

    # ------------------------------------------------------------ asleep

    def sleep(self, order: cmd.Sleep):
        """One night. Yields None while it waits at the gate; give it `decide` then."""
        yield from self.company.along(self._sleep(order))

    def _sleep(self, order: cmd.Sleep):
        parts = self.parts
        # What faded since the host last heard of it, was only observed or is excluded is not replayed; what was never
        # told is a mistake.
        never = self.waking.observed | parts.excluded
        gone = never | {e for e in self.fading.known if e not in parts.lived}
        order = msgspec.structs.replace(
            order, episodes=[e for e in order.episodes if e not in never],
            old_episodes=[e for e in order.old_episodes if e not in gone],
            traces=[t for t in order.traces if t.episode not in parts.excluded],
        )  # fmt: skip
        missing = [e for e in [*order.episodes, *order.old_episodes] if e not in parts.lived]
        if missing:
            raise KeyError(f"the hippocampus does not hold episode {missing[0]}, so the night cannot replay it")
        yield ev.ModeChanged(mode="asleep", why=order.why or "asked to sleep")
        self.night, governor, resting = Night(parts, order), parts.governor, set()
        try:
            for event in self.night.run():
                yield event
                if isinstance(event, ev.Probed):
                    resting.update(e.episode for e in event.episodes if e.recalled)
                    governor.recalled(resting)
                if isinstance(event, ev.NightCommitted):
                    governor.slept(order.episodes)
                    yield from self.woken_after(self.night.accepted(event), order.episodes)
                    yield from self._foresee(self.night.proposal)
                if isinstance(event, ev.NightClosed) and event.ended in ("committed", "vetoed"):
                    yield from self.day_ends(order.night)
        finally:
            self.night = None
            while self._to_mark:
                self.waking.mark(self._to_mark.pop(0))
        yield ev.ModeChanged(mode="awake", why="the night is over")

    def decide(self, decision: cmd.Decide) -> None:
        if self.night is None or self.night.proposal is None:
            raise gate.GateClosed("no night is waiting at the gate")
        self.night.decision = decision

    def scale_down(self, order: cmd.ScaleDown) -> None:
        """The reviewer wants less of what is at the gate; it is proposed anew."""
        if self.night is None or self.night.proposal is None or self.night.number != order.night:
            raise gate.GateClosed("that night is not waiting at the gate, so nothing of it can be scaled down")
        self.night.scale_down = order.scale

    def roll_back(self, order: cmd.RollBack):
        """The cortex rebuilt from its base and a shorter list of accepted deltas."""
        parts = self.parts
        gone = [n for n in self.nights if n > order.to_night]
        yield ev.MindWaiting(what="reading the base again")
        after = self._rebuilt(order.accepted)
        self.accepted = list(order.accepted)
        for history in self.fading.known.values():
            history.nights = [n for n in history.nights if n not in gone]
        self.moved(after)
        yield from self._refile()
        yield from self._adopt(order.accepted)
        # What was handed back is held again before the nights count no more: cut short in between, nothing has both
        # faded and left the cortex.
        yield from self.fading.retained()
        yield ev.RolledBack(to_night=order.to_night, nights=gone, cortex=after, why=order.why)
        parts.governor.restore({e: bits_beyond(parts.lived[e].bits) for e in self.fading.awaiting()})

    def rebuild(self) -> None:
        """The cortex of the record again, after something other than the gate wrote into it."""
        self.moved(self._rebuilt(self.accepted))

    def _rebuilt(self, accepted: list[cmd.AcceptedDelta]) -> str:
        _, folder = models.prepare(self.settings.model, Path(self.settings.models_folder))
        cortex = self.parts.cortex
        fresh = Cortex.load(folder, cortex.device, cortex.dtype)
        return gate.roll_back(cortex, fresh, accepted, Path(self.settings.deltas_folder))

    def day_ends(self, night: int):
        """After a night that was committed or vetoed: what is still held, and how firmly, and that it is morning."""
        self.fading.day_ends(night)
        yield from self.fading.retained()
        if night not in self.nights:
            self.parts.governor.refused()
        yield self.parts.governor.night_over(self.waking.lived_at)

    # ------------------------------------------------------------ lived again

    def relive(self, order: cmd.Relive):
        yield from relived(self, order)

    def forget_nights(self) -> None:
        self.accepted = []

    def rank(self, order: cmd.RankCanaries):
        """How likely the cortex alone finds what these episodes said."""
        yield from canary.ranked(self.parts.speech, order, self.parts.primer.split(), self.hash)

    # ------------------------------------------------------------ after the cortex has moved

    def woken_after(self, entry: cmd.AcceptedDelta, episodes: list[int]):
        """A night's delta has become part of the cortex: what follows from that for all that is held."""
        self.moved(entry.cortex_after)
        self.accepted.append(entry)
        for episode in episodes:
            self.fading.known[episode].nights.append(entry.night)
        yield from self._refile()

    def moved(self, cortex: str) -> None:
        self.hash = cortex
        self.samples = self.parts.cortex.samples()
        self.parts.hippocampus.cortex_moved()
        self.parts.inner.cortex_moved()

    def _adopt(self, accepted: list[cmd.AcceptedDelta]):
        """The model of the latent state that the last accepted night trained; without one, one that knows nothing."""
        last = next((entry for entry in reversed(accepted) if entry.state), None)
        if last is None:
            self.parts.inner.adopt(self.parts.inner.untrained())
        else:
            yield from self.adopts(last)

    def adopts(self, trained: cmd.AcceptedDelta | ev.Proposal):
        """A file that is not what the night said it trained is named, and the state starts untrained."""
        inner, latent = self.parts.inner, self.parts.inner.untrained()
        try:
            latent = Latent.from_file(
                self.parts.states / trained.state_file, trained.state, latent.inputs, trained.night
            )
        except LatentBroken as broken:
            yield ev.Notice(
                level="warning", title="The latent state starts untrained", text=str(broken),
                remedy="The next night trains it anew; the cortex is whole. `observatory verify` names the file.",
            )  # fmt: skip
        inner.adopt(latent)

    def _foresee(self, proposal: ev.Proposal):
        """The night was committed, and with it what it taught the model of the latent state."""
        if proposal.state:
            yield from self.adopts(proposal)
            yield self.parts.inner.scored(self.fading.awaiting(), "the state's model was trained")

    def _refile(self):
        """Addresses come from the cortex's own states, so stored episodes are read again when it has moved."""
        store = self.parts.hippocampus
        every = {e: store.traces[e].tokens for e in list(store.traces)}
        for done in store.refile(every):
            yield ev.MindWaiting(
                what=f"reading {len(every):,} episodes with the new cortex", fraction=done / len(every)
            )


os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
