"""The whole mind in one object, without Qt, without a database and without another process.

Every method that takes time is a generator of events; drive it with a `for` loop in a notebook, or
let `process.run` do it behind a pipe. Awake, the cortex is frozen and every turn ends with a check
of that. It does not choose numbers for episodes or nights and keeps nothing on disk but deltas,
checkpoints and what can be computed again from the base model.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import time
from pathlib import Path

import msgspec
import torch
from safetensors.torch import load_file, save_file

from .. import models, resources
from ..protocol import commands as cmd
from ..protocol import events as ev
from ..protocol.durable import written_beside
from . import device, exam, gate, retention, traces
from .address import ACTIVE, DEPTH, UNITS, Address
from .attend import Watch
from .corrections import as_read, corrected
from .cortex import Cortex
from .hippocampus import Hippocampus
from .inner import Inner
from .latent import Latent, LatentBroken
from .night import Lived, Night, Parts
from .retention import History
from .speech import Speech

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
        self.known: dict[int, History] = {}
        self.ended: list[int] = []

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
        address = _address(speech, aux)
        reference = _reference(speech, aux)
        yield ev.MindWaiting(what=f"adding {len(settings.accepted)} accepted nights", fraction=0.9)
        self.hash = gate.rebuild(cortex, settings.accepted, Path(settings.deltas_folder))
        self._sample = cortex.sample_hash()
        self._nights = [entry.night for entry in settings.accepted]
        self.ended = list(settings.ended)
        texts = resources.folder() / "texts"
        held_out = Path(settings.perplexity_text) if settings.perplexity_text else texts / "held-out.txt"
        primer = (texts / "primer.txt").read_text("utf-8")
        store = Hippocampus(speech, address)
        inner = Inner(store)
        self.parts = Parts(
            cortex, speech, store, self.base, reference, primer, held_out.read_text("utf-8"),
            settings.perplexity_name, Path(settings.deltas_folder), Path(settings.checkpoint_folder), aux,
            exam.Papers(), inner, Path(settings.states_folder),
        )  # fmt: skip
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

    def restore(self, episodes: list[cmd.StoredEpisode]):
        """Take kept episodes back into the hippocampus, read again by the cortex as it is now.

        Of those that have faded only the history is kept. A smaller capacity than before is kept to from the next
        episode or night on, when all are back and the weakest can be told.
        """
        parts = self.parts
        for e in episodes:
            self.known[e.episode] = History.of(e.born, e.surprise, e.outcome, e.nights, e.held)
        held = [e for e in episodes if e.held]
        for e in held:
            parts.lived[e.episode] = Lived(self._as_read(e), list(e.surprise), e.outcome)
            if e.corrects is not None:
                parts.superseded[e.corrects] = e.episode
        wanted = {e.episode: list(e.tokens) for e in held}
        for done in parts.hippocampus.refile(wanted):
            yield ev.MindWaiting(
                what=f"remembering: {len(parts.hippocampus):,} episodes back", fraction=done / max(1, len(wanted))
            )
        for e in held:
            parts.inner.takes_back(e.episode, e, self._words(e), list(e.surprise), e.twin_of)
        parts.inner.aims_at(self.settings.goal)

    def _as_read(self, e: cmd.StoredEpisode) -> str:
        """The words that were read when its tokens were; an older version read less of how it went."""
        text = as_read(e.text, e.outcome, e.because)
        speech = self.parts.speech
        return text if speech.encode(text) == list(e.tokens) else speech.decode(e.tokens)

    def _words(self, told: cmd.Tell | cmd.StoredEpisode) -> int:
        """How many of an episode's tokens are its own text."""
        return len(self.parts.speech.encode(told.text))

    # ------------------------------------------------------------ awake

    def tell(self, told: cmd.Tell):
        """One experience: read once, encoded in that same pass."""
        parts = self.parts
        text = as_read(told.text, told.outcome, told.because)
        found = parts.hippocampus.encode(told.episode, text)
        parts.papers.hippocampus_changed()
        before = [(e, parts.lived[e].text) for e, *_ in found.nearest if e in parts.lived and e != told.episode]
        corrects = corrected(told.text, before)
        if corrects is not None:
            parts.superseded[corrects] = told.episode
        parts.lived[told.episode] = Lived(text, found.bits, told.outcome)
        self.known[told.episode] = History.of(len(self.ended), found.bits, told.outcome)
        started, aim = time.perf_counter(), parts.inner.goal
        moved = parts.inner.takes(told.episode, told, self._words(told), found.bits, [e for e, *_ in found.nearest])
        yield ev.EpisodeEncoded(
            episode=told.episode, text=told.text, speaker=told.speaker, session=told.session, lived_at=told.lived_at,
            goal=told.goal, outcome=told.outcome, because=told.because, source=told.source, line=told.line,
            pieces=parts.speech.pieces(found.tokens), tokens=found.tokens, surprise=found.bits, code=found.code,
            novelty=found.novelty, nearest=[ev.Overlap(episode=e, before=b, after=a) for e, b, a in found.nearest],
            pass_ms=found.pass_ms, code_ms=found.code_ms, corrects=corrects,
        )  # fmt: skip
        yield parts.inner.moved(told.episode, moved, started)
        if parts.inner.goal != aim:
            yield ev.GoalSet(goal=parts.inner.goal)
            yield parts.inner.scored(self._awaiting(), "another goal")
        else:
            yield parts.inner.scored([told.episode], "told")
        if self.night is None and len(parts.hippocampus) > self.settings.capacity:
            faded = yield from self._let_go()
            yield ev.Retained(night=self._last_night, episodes=[self._retention(e) for e in faded], faded=faded)
        yield self._checked()

    def feel(self, said: cmd.Feedback):
        """How an episode went, said after it was told: it is read anew with that, and so it is remembered."""
        parts = self.parts
        text = as_read(parts.inner.own_words(said.episode), said.outcome, said.because)
        found = parts.hippocampus.encode(said.episode, text)
        parts.papers.hippocampus_changed()
        parts.lived[said.episode] = Lived(text, found.bits, said.outcome)
        old = self.known[said.episode]
        self.known[said.episode] = History.of(old.born, found.bits, said.outcome, old.nights, old.held)
        parts.inner.went(said.episode, said.outcome, said.because)
        yield ev.FeedbackGiven(
            episode=said.episode, outcome=said.outcome, because=said.because,
            pieces=parts.speech.pieces(found.tokens), tokens=found.tokens, surprise=found.bits, code=found.code,
        )  # fmt: skip
        yield parts.inner.scored([said.episode], "feedback")
        yield self._checked()

    def aim(self, said: cmd.SetGoal):
        """What the mind is after from now on."""
        inner = self.parts.inner
        inner.aims_at(said.goal)
        yield ev.GoalSet(goal=said.goal)
        yield inner.scored(self._awaiting(), "another goal")

    def _awaiting(self) -> list[int]:
        """Held episodes that no accepted night has taken in."""
        return [e for e, history in self.known.items() if history.held and not history.nights]

    def ask(self, asked: cmd.Ask):
        """An answer, with what the hippocampus brings back or with the cortex alone."""
        parts, speech, started = self.parts, self.parts.speech, time.monotonic()
        recall, pasts, watches = None, [(1.0, parts.hippocampus.opening())], [None]
        if asked.memory == "whole":
            recall = parts.hippocampus.recall(asked.text)
            if recall.pasts:
                home = parts.hippocampus.opening().length
                pasts = [(w, parts.hippocampus.context(past)) for w, past, _ in recall.pasts]
                watches = [Watch(home, home + past.length) for _, past, _ in recall.pasts]
            yield self._memory_read(asked, recall, watches)
        row = parts.hippocampus.question(asked.text, bool(recall and recall.pasts))
        tokens, pieces, bits = [], [], []
        for token, surprise in speech.say_mixed(row, pasts, asked.tokens, watches):
            tokens.append(token)
            bits.append(surprise)
            fresh = speech.pieces(tokens)
            pieces, new = fresh, fresh[len(pieces) :]
            yield ev.AnswerPiece(question=asked.question, piece="".join(new), surprise=surprise)
        took = time.monotonic() - started
        yield ev.Answered(
            question=asked.question, prompt=asked.text, answer=speech.decode(tokens), memory=asked.memory,
            pieces=pieces, surprise=bits, reads=self._reads(recall, watches), wall_ms=took * 1e3,
            tokens_per_s=len(tokens) / max(1e-6, took),
        )  # fmt: skip
        yield self._checked()

    def _memory_read(self, asked: cmd.Ask, recall, watches) -> ev.MemoryRead:
        candidates = [ev.Read(episode=e, match=m, mass=0.0, weight=0.0) for e, m in recall.candidates]
        return ev.MemoryRead(
            question=asked.question, cue=asked.text, reads=self._reads(recall, watches), candidates=candidates,
            novelty=recall.novelty, sure=recall.sure, why=recall.why, search_ms=recall.search_ms,
            read_ms=recall.read_ms,
        )  # fmt: skip

    @staticmethod
    def _reads(recall, watches) -> list[ev.Read]:
        if recall is None or not recall.reads:
            return []
        return [ev.Read(episode=e, match=m, mass=w.mass(), weight=weight)
                for (e, m, weight), w in zip(recall.reads, watches, strict=True)]  # fmt: skip

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
        # What faded since the host last heard of it is not replayed; what was never told is a mistake.
        held = [e for e in order.old_episodes if e in parts.lived or e not in self.known]
        order = msgspec.structs.replace(order, old_episodes=held)
        missing = [e for e in [*order.episodes, *order.old_episodes] if e not in parts.lived]
        if missing:
            raise KeyError(f"the hippocampus does not hold episode {missing[0]}, so the night cannot replay it")
        yield ev.ModeChanged(mode="asleep", why=order.why or "asked to sleep")
        self.night = Night(parts, order)
        try:
            for event in self.night.run():
                yield event
                if isinstance(event, ev.NightCommitted):
                    self._moved(event.cortex_after)
                    self._nights.append(order.night)
                    for episode in order.episodes:
                        self.known[episode].nights.append(order.night)
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
        for history in self.known.values():
            history.nights = [n for n in history.nights if n not in gone]
        self._moved(after)
        yield from self._refile()
        yield from self._adopt(order.accepted)
        yield ev.RolledBack(to_night=order.to_night, nights=gone, cortex=after, why=order.why)
        yield from self._retained()

    # ------------------------------------------------------------ fading

    def day_ends(self, night: int):
        """After a night that was committed or vetoed: what is still held, and how firmly."""
        if night not in self.ended:
            self.ended.append(night)
        yield from self._retained()

    def _retained(self):
        """Every episode known, once those that fade have been let go of. What nothing is left of is not known after."""
        faded = yield from self._let_go()
        told = [self._retention(episode) for episode in sorted(self.known)]
        for each in told:
            if not each.held and each.cortical < retention.FORGOTTEN:
                del self.known[each.episode]
        yield ev.Retained(night=self._last_night, episodes=told, faded=faded)

    def _let_go(self):
        """Let go of what fades, and keep what the cortex itself says of it. Returns the episodes."""
        parts = self.parts
        faded = retention.fading(self.known, self.ended, self.settings.capacity)
        taught = {e: (parts.lived[e].text, parts.lived[e].bits) for e in faded if self.known[e].nights}
        for episode, cue, answer in traces.left_behind(parts.speech, taught):
            yield ev.TraceKept(night=self._last_night, episode=episode, cue=cue, answer=answer)
        for episode in faded:
            self.known[episode].held = False
            parts.hippocampus.forget(episode)
            parts.inner.forget(episode)
            parts.lived.pop(episode, None)
        if faded:
            parts.papers.hippocampus_changed()
        return faded

    def _retention(self, episode: int) -> ev.Retention:
        history = self.known[episode]
        now = retention.strength(history, self.ended)
        return ev.Retention(
            episode=episode, hippocampal=round(now.hippocampal, 4), cortical=round(now.cortical, 4), held=history.held
        )

    @property
    def _last_night(self) -> int:
        return self.ended[-1] if self.ended else 0

    def _moved(self, cortex: str) -> None:
        self.hash = cortex
        self._sample = self.parts.cortex.sample_hash()
        self.parts.hippocampus.cortex_moved()
        self.parts.inner.cortex_moved()

    def _adopt(self, accepted: list[cmd.AcceptedDelta]):
        """The model of the latent state that the last accepted night trained; without one, one that knows nothing."""
        inner = self.parts.inner
        last = next((entry for entry in reversed(accepted) if entry.state), None)
        latent = inner.untrained()
        if last is not None:
            try:
                latent = Latent.from_file(self.parts.states / last.state_file, last.state, latent.inputs, last.night)
            except LatentBroken as broken:
                yield ev.Notice(
                    level="warning", title="The latent state starts untrained", text=str(broken),
                    remedy="The next night trains it anew; the cortex is whole. `observatory verify` names the file.",
                )  # fmt: skip
        inner.adopt(latent)

    def _foresee(self, proposal: ev.Proposal):
        """The night was committed, and with it what it taught the model of the latent state."""
        if proposal.state:
            inner = self.parts.inner
            path = self.parts.states / proposal.state_file
            inner.adopt(Latent.from_file(path, proposal.state, inner.latent.inputs, proposal.night))
            yield inner.scored(self._awaiting(), "the state's model was trained")

    def _refile(self):
        """Addresses come from the cortex's own states, so stored episodes are read again when it has moved."""
        store = self.parts.hippocampus
        every = {e: store.traces[e].tokens for e in list(store.traces)}
        for done in store.refile(every):
            yield ev.MindWaiting(
                what=f"reading {len(every):,} episodes with the new cortex", fraction=done / len(every)
            )


# ---------------------------------------------------------------- measured once a base model


def _address(speech: Speech, folder: Path) -> Address:
    """Whitening from the primer text, at two thirds of the depth."""
    path = folder / "address.safetensors"
    if path.is_file():
        return Address.load(path)
    text = (resources.folder() / "texts" / "primer.txt").read_text("utf-8")
    layer = round(len(speech.cortex.layers) * DEPTH)
    tokens = speech.encode(text)
    rows = [tokens[at : at + 64] for at in range(0, len(tokens), 64)]
    rows = [row for row in rows if len(row) > 8]
    opening = speech.opening_past()
    states = []
    with torch.no_grad():
        for start in range(0, len(rows), 16):
            part, taps = rows[start : start + 16], {layer: None}
            speech.cortex.read_through(part, pasts=[opening] * len(part), taps=taps)
            states.append(taps[layer])
    address = Address.fitted(layer, torch.cat(states))
    folder.mkdir(parents=True, exist_ok=True)
    address.save(path)
    return address


def _reference(speech: Speech, folder: Path) -> exam.Reference:
    """The base's own answers to unrelated chat prompts, and its states while giving them."""
    tensors, rows = folder / "reference.safetensors", folder / "reference.json"
    if tensors.is_file() and rows.is_file():
        kept = json.loads(rows.read_text("utf-8"))
        return exam.Reference(kept["rows"], kept["labels"], load_file(tensors)["states"])
    lines = (resources.folder() / "texts" / "chat-prompts.jsonl").read_text("utf-8").splitlines()
    found = exam.Reference.of(speech, [json.loads(line)["prompt"] for line in lines if line.strip()])
    folder.mkdir(parents=True, exist_ok=True)
    with written_beside(rows) as beside:
        beside.write_text(json.dumps({"rows": found.rows, "labels": found.labels}), "utf-8")
    with written_beside(tensors) as beside:
        save_file({"states": found.states.contiguous()}, beside)
    return found


os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
