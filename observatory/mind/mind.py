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
from . import device, exam, gate, measured
from .address import ACTIVE, UNITS
from .cortex import Cortex
from .fading import Fading
from .hippocampus import Hippocampus
from .inner import Inner
from .latent import Latent, LatentBroken
from .night import Night, Parts
from .speech import Speech
from .waking import Waking

WHOLE_HASH_EVERY = 20
"""Waking turns between two hashes of every byte (1.4 s); in between a sample and the write counters are checked."""
VERSIONS_OF = ("torch", "transformers", "safetensors", "numpy")


class Mind:
    def __init__(self):
        self.parts: Parts | None = None
        self.night: Night | None = None
        self.settings = cmd.Settings()
        self.hash = self.base = self._sample = ""
        self._turns = 0
        self._nights: list[int] = []
        self.fading: Fading | None = None
        self.waking: Waking | None = None

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
        cortex = Cortex.load(folder, place.device, place.dtype)
        speech = Speech(cortex)
        yield ev.MindWaiting(what="hashing the cortex", fraction=0.5)
        self.base = cortex.hash()
        aux = models_folder / "measured" / f"{self.base[:16]}-{place.precision}"
        yield ev.MindWaiting(what="finding its way about (addresses and reference answers, once a model)", fraction=0.6)
        address = measured.address(speech, aux)
        reference = measured.reference(speech, aux)
        yield ev.MindWaiting(what=f"adding {len(settings.accepted)} accepted nights", fraction=0.9)
        self.hash = gate.rebuild(cortex, settings.accepted, Path(settings.deltas_folder))
        self._sample = cortex.sample_hash()
        self._nights = [entry.night for entry in settings.accepted]
        texts = resources.folder() / "texts"
        held_out = Path(settings.perplexity_text) if settings.perplexity_text else texts / "held-out.txt"
        primer = (texts / "primer.txt").read_text("utf-8")
        store = Hippocampus(speech, address)
        inner = Inner(store)
        self.parts = Parts(
            cortex, speech, store, self.base, reference, primer, held_out.read_text("utf-8"),
            settings.perplexity_name, Path(settings.deltas_folder), Path(settings.checkpoint_folder), aux,
            exam.Papers(), inner, Path(settings.states_folder), (yield from self._governor()),
        )  # fmt: skip
        self.fading = Fading(self.parts, settings.capacity, settings.ended)
        self.waking = Waking(self.parts, self.fading, settings.goal, self._checked)
        store.superseded = self.parts.superseded
        yield from self._adopt(settings.accepted)
        yield ev.MindReady(
            model=found.name, model_hash=models.weights_hash(folder), device=place.name, precision=place.precision,
            threads=torch.get_num_threads(), parameters=sum(t.numel() for _, t in cortex.tensors()),
            layers=len(cortex.layers), width=cortex.width, vocabulary=cortex.vocabulary, code_units=UNITS,
            code_active=ACTIVE, base=self.base, cortex=self.hash, nights=list(self._nights),
            versions={name: importlib.metadata.version(name) for name in VERSIONS_OF},
            load_s=time.monotonic() - started,
        )  # fmt: skip
        yield ev.ModeChanged(mode="awake", why="the model is loaded and the cortex is frozen")

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
        yield from self.waking.restore(episodes)

    def tell(self, told: cmd.Tell):
        yield from self.waking.tell(told, asleep=self.night is not None)

    def ask(self, asked: cmd.Ask):
        yield from self.waking.ask(asked)

    def feel(self, said: cmd.Feedback):
        yield from self.waking.feel(said)

    def aim(self, said: cmd.SetGoal):
        yield from self.waking.aim(said)

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

    def _checked(self) -> ev.CortexChecked:
        """Awake is frozen: every turn checks the write counters and a sample, now and then every byte."""
        cortex = self.parts.cortex
        self._turns += 1
        whole = self._turns % WHOLE_HASH_EVERY == 0
        unchanged = not cortex.written_since_hash() and cortex.sample_hash() == self._sample
        if whole:
            unchanged = unchanged and cortex.hash() == self.hash
        return ev.CortexChecked(cortex=self.hash, unchanged=unchanged, whole=whole)

    # ------------------------------------------------------------ asleep

    def sleep(self, order: cmd.Sleep):
        """One night. Yields None while it waits at the gate; give it `decide` then."""
        parts = self.parts
        # What faded since the host last heard of it, or was only observed, is not replayed; what was never told is a
        # mistake.
        gone = self.waking.observed | {e for e in self.fading.known if e not in parts.lived}
        order = msgspec.structs.replace(
            order, episodes=[e for e in order.episodes if e not in self.waking.observed],
            old_episodes=[e for e in order.old_episodes if e not in gone],
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
                    self._moved(event.cortex_after)
                    self._nights.append(order.night)
                    for episode in order.episodes:
                        self.fading.known[episode].nights.append(order.night)
                    governor.slept(order.episodes)
                    yield from self._refile()
                    yield from self._foresee(self.night.proposal)
                if isinstance(event, ev.NightClosed) and event.ended in ("committed", "vetoed"):
                    yield from self.day_ends(order.night)
        finally:
            self.night = None
        yield ev.ModeChanged(mode="awake", why="the night is over")

    def decide(self, decision: cmd.Decide) -> None:
        if self.night is None or self.night.proposal is None:
            raise gate.GateClosed("no night is waiting at the gate")
        self.night.decision = decision

    def roll_back(self, order: cmd.RollBack):
        """The cortex rebuilt from its base and a shorter list of accepted deltas."""
        parts = self.parts
        gone = [n for n in self._nights if n > order.to_night]
        yield ev.MindWaiting(what="reading the base again")
        _, folder = models.prepare(self.settings.model, Path(self.settings.models_folder))
        fresh = Cortex.load(folder, parts.cortex.device, parts.cortex.dtype)
        after = gate.roll_back(parts.cortex, fresh, order.accepted, Path(self.settings.deltas_folder))
        self._nights = [entry.night for entry in order.accepted]
        for history in self.fading.known.values():
            history.nights = [n for n in history.nights if n not in gone]
        self._moved(after)
        yield from self._refile()
        yield from self._adopt(order.accepted)
        yield ev.RolledBack(to_night=order.to_night, nights=gone, cortex=after, why=order.why)
        parts.governor.restore({e: bits_beyond(parts.lived[e].bits) for e in self.fading.awaiting()})
        yield from self.fading.retained()

    def day_ends(self, night: int):
        """After a night that was committed or vetoed: what is still held, and how firmly, and that it is morning."""
        self.fading.day_ends(night)
        yield from self.fading.retained()
        if night not in self._nights:
            self.parts.governor.refused()
        yield self.parts.governor.night_over(self.waking.lived_at)

    # ------------------------------------------------------------ after the cortex has moved

    def _moved(self, cortex: str) -> None:
        self.hash = cortex
        self._sample = self.parts.cortex.sample_hash()
        self.parts.hippocampus.cortex_moved()
        self.parts.inner.cortex_moved()

    def _adopt(self, accepted: list[cmd.AcceptedDelta]):
        """The model of the latent state that the last accepted night trained; without one, one that knows nothing."""
        last = next((entry for entry in reversed(accepted) if entry.state), None)
        if last is None:
            self.parts.inner.adopt(self.parts.inner.untrained())
        else:
            yield from self._adopt_file(last)

    def _adopt_file(self, trained: cmd.AcceptedDelta | ev.Proposal):
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
            yield from self._adopt_file(proposal)
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
