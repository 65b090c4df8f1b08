"""Awake: what is told is encoded, what is asked is answered, and how things went is heard.

The cortex is frozen meanwhile, and every turn ends with a check of that. At every turn the governor says whether an
experience is stored, whether memory is read, and whether it is time to sleep; what it proposes is carried out by
somebody else. It does not choose numbers for episodes and knows nothing of how a night works.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..governor.pressure import bits_beyond
from ..protocol import commands as cmd
from ..protocol import events as ev
from .attend import Watch
from .corrections import corrected
from .fading import Fading
from .night import Lived, Parts
from .retention import History
from .went import as_read

NEAR = 3
"""Stored episodes that a new one may correct or repeat."""


class Waking:
    def __init__(self, parts: Parts, fading: Fading, goal: str, checked: Callable[[], ev.CortexChecked]):
        """`checked`: says whether the cortex is as it was."""
        self.parts, self.fading, self._goal, self._checked = parts, fading, goal, checked
        self.lived_at = ""
        self.observed: set[int] = set()
        """Numbers of what was read and not stored."""

    # ------------------------------------------------------------ taken back

    def restore(self, episodes: list[cmd.StoredEpisode]):
        """Take kept episodes back into the hippocampus, read again by the cortex as it is now.

        Of those that have faded only the history is kept. A smaller capacity than before is kept to from the next
        episode or night on, when all are back and the weakest can be told.
        """
        parts = self.parts
        for e in episodes:
            self.fading.known[e.episode] = History.of(
                e.born, e.surprise, e.outcome, e.nights, held=e.held, pinned=e.pinned
            )
            if e.excluded:
                parts.excluded.add(e.episode)
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
            parts.inner.takes_back(e.episode, e, self._words(e.text), list(e.surprise), e.twin_of)
        parts.inner.aims_at(self._goal)
        parts.governor.restore({e.episode: bits_beyond(e.surprise) for e in held if not e.nights and not e.excluded})

    def _as_read(self, e: cmd.StoredEpisode) -> str:
        """The words that were read when its tokens were; an older version read less of how it went."""
        text = as_read(e.text, e.outcome, e.because)
        speech = self.parts.speech
        return text if speech.encode(text) == list(e.tokens) else speech.decode(e.tokens)

    def _words(self, text: str) -> int:
        """How many of an episode's tokens are its own text."""
        return len(self.parts.speech.encode(text))

    # ------------------------------------------------------------ told

    def tell(self, told: cmd.Tell, asleep: bool):
        """One experience: read once, encoded in that same pass. `asleep`: a night waits at the gate meanwhile."""
        parts, inner, governor, number = self.parts, self.parts.inner, self.parts.governor, told.episode
        self.lived_at = told.lived_at
        same = inner.the_same(told.text)
        found = parts.hippocampus.encode(number, as_read(told.text, told.outcome, told.because))
        started, aim = time.perf_counter(), inner.goal
        nearest = [e for e, *_ in found.nearest[:NEAR]]
        moved = inner.takes(number, told, self._words(told.text), found.bits, nearest)
        inner.told_of[number].novelty = found.novelty
        score, trained = inner.scored([number], "told"), inner.latent.trained_by > 0
        felt = score.episodes[0]
        store, sleep = governor.told(
            episode=number, novelty=found.novelty, bits_over=bits_beyond(found.bits), error=felt.error, repeats=same,
            outcome=told.outcome, expected_fail=moved.fails if trained else None, relevance=felt.relevance,
            fear=felt.fear, lived_at=told.lived_at,
        )  # fmt: skip
        state = inner.moved(number, moved, started)
        if store.choice == "observe":
            parts.hippocampus.forget(number)
            inner.unsay(number)
            self.observed.add(number)
            yield ev.EpisodeObserved(episode=number, like=same or felt.twin_of, text=told.text, why=store.why)
            yield from self._turned(aim)
            yield from (store, sleep, self._checked())
            return
        parts.papers.hippocampus_changed()
        before = [(e, parts.lived[e].text) for e in nearest if e in parts.lived and e != number]
        corrects = corrected(told.text, before)
        if corrects is not None:
            parts.superseded[corrects] = number
        self._lives(number, found.bits, told.text, told.outcome, told.because, born=len(self.fading.ended))
        yield ev.EpisodeEncoded(
            episode=number, text=told.text, speaker=told.speaker, session=told.session, lived_at=told.lived_at,
            goal=told.goal, outcome=told.outcome, because=told.because, source=told.source, line=told.line,
            pieces=parts.speech.pieces(found.tokens), tokens=found.tokens, surprise=found.bits, code=found.code,
            novelty=found.novelty, nearest=[
                ev.Overlap(episode=e, before=b, after=a, states=round(s, 4)) for e, b, a, s in found.nearest
            ],
            pass_ms=found.pass_ms, code_ms=found.code_ms, corrects=corrects,
            strengths=[round(strength, 3) for strength in found.strengths],
        )  # fmt: skip
        if (wrote := parts.hippocampus.store_wrote(number)) is not None:
            yield wrote
        yield state
        if inner.goal == aim:
            yield score
        yield from self._turned(aim)
        yield from (store, sleep)
        if not asleep:
            yield from self.fading.make_room()
        yield self._checked()

    def _turned(self, aim: str):
        """What was told came with another goal: that is said, and everything is scored anew."""
        inner = self.parts.inner
        if inner.goal != aim:
            self._goal = inner.goal
            yield ev.GoalSet(goal=inner.goal)
            yield inner.scored(self.fading.awaiting(), "another goal")

    def _lives(self, episode: int, bits: list[float], text: str, outcome, because: str, born: int, nights=(), **marks):
        self.parts.lived[episode] = Lived(as_read(text, outcome, because), bits, outcome)
        self.fading.known[episode] = History.of(born, bits, outcome, nights, **marks)

    def retell(self, told: cmd.Tell, told_anew: bool):
        """What was told, in a life that is lived again: taken in as `tell` does it, decided on as it was then."""
        parts, inner, number = self.parts, self.parts.inner, told.episode
        self.lived_at = told.lived_at
        found = parts.hippocampus.encode(number, as_read(told.text, told.outcome, told.because))
        nearest = [e for e, *_ in found.nearest]
        inner.takes(number, told, self._words(told.text), found.bits, nearest)
        self._goal = inner.goal
        before = [(e, parts.lived[e].text) for e in nearest if e in parts.lived and e != number]
        corrects = corrected(told.text, before)
        if corrects is not None:
            parts.superseded[corrects] = number
        self._lives(number, found.bits, told.text, told.outcome, told.because, born=len(self.fading.ended))
        if told_anew:
            yield self._reread(found, corrects)
        yield from self.fading.make_room()

    def refeel(self, said: cmd.Feedback, told_anew: bool):
        """How an episode went, in a life that is lived again; of one that has faded by then nothing is read anew."""
        if said.episode not in self.parts.lived:
            return
        corrects = next((old for old, new in self.parts.superseded.items() if new == said.episode), None)
        found, _ = self._feels(said)
        if told_anew:
            yield self._reread(found, corrects)

    def _reread(self, found, corrects: int | None) -> ev.EpisodeReread:
        return ev.EpisodeReread(
            episode=found.episode, pieces=self.parts.speech.pieces(found.tokens), tokens=found.tokens,
            surprise=found.bits, code=found.code, novelty=found.novelty, corrects=corrects,
        )  # fmt: skip

    # ------------------------------------------------------------ how it went, and what for

    def feel(self, said: cmd.Feedback):
        """How an episode went, said after it was told: it is read anew with that, and so it is remembered."""
        parts, inner, number = self.parts, self.parts.inner, said.episode
        if number not in parts.lived:
            raise KeyError(f"the hippocampus does not hold episode {number} any more, so it cannot be read anew")
        found, expected = self._feels(said)
        if expected is not None:
            parts.governor.went(said.outcome, expected)
        if not self.fading.known[number].nights and number not in parts.excluded:
            parts.governor.restore({number: bits_beyond(found.bits)})
        yield ev.FeedbackGiven(
            episode=number, outcome=said.outcome, because=said.because, pieces=parts.speech.pieces(found.tokens),
            tokens=found.tokens, surprise=found.bits, code=found.code,
        )  # fmt: skip
        yield inner.scored([number], "feedback")
        yield self._checked()

    def _feels(self, said: cmd.Feedback):
        """The episode read anew with how it went; returns what that pass gave, and what had been expected."""
        parts, inner, number = self.parts, self.parts.inner, said.episode
        text, old = inner.told_of[number].text, self.fading.known[number]
        expected = inner.expected_fail(number)
        found = parts.hippocampus.encode(number, as_read(text, said.outcome, said.because))
        parts.papers.hippocampus_changed()
        self._lives(number, found.bits, text, said.outcome, said.because, old.born, old.nights, pinned=old.pinned)
        inner.went(number, said.outcome, said.because)
        return found, expected

    def aims(self, said: cmd.SetGoal) -> None:
        self._goal = said.goal
        self.parts.inner.aims_at(said.goal)

    def aim(self, said: cmd.SetGoal):
        """What the mind is after from now on."""
        inner = self.parts.inner
        self.aims(said)
        yield ev.GoalSet(goal=said.goal)
        yield inner.scored(self.fading.awaiting(), "another goal")

    def mark(self, said: cmd.MarkEpisodes) -> None:
        """A person's mark, which the host has recorded. Of what has faded only the exclusion still means anything."""
        parts, known, governor = self.parts, self.fading.known, self.parts.governor
        if said.mark == "pinned":
            for episode in said.episodes:
                if episode in known:
                    known[episode].pinned = said.on
            return
        (parts.excluded.update if said.on else parts.excluded.difference_update)(said.episodes)
        if said.on:
            governor.forgot(said.episodes)
        else:
            waits = set(self.fading.awaiting()).intersection(said.episodes)
            governor.restore({episode: bits_beyond(parts.lived[episode].bits) for episode in waits})

    # ------------------------------------------------------------ asked

    def ask(self, asked: cmd.Ask):
        """An answer, with what the hippocampus brings back or with the cortex alone."""
        parts, speech, governor, started = self.parts, self.parts.speech, self.parts.governor, time.monotonic()
        recall, pasts, watches = None, [(1.0, parts.hippocampus.opening())], [None]
        if asked.memory == "whole":
            recall = parts.hippocampus.recall(asked.text)
            said = governor.asked(
                question=asked.question, sure=recall.sure, novelty=recall.novelty, lived_at=self.lived_at
            )
            yield said
            if said.choice == "answer alone" and recall.pasts:
                recall.reads, recall.pasts, recall.why = [], [], f"the governor: {said.why}"
            if recall.pasts:
                home = parts.hippocampus.opening().length
                pasts = [(w, parts.hippocampus.context(past)) for w, past, _ in recall.pasts]
                watches = [Watch(home, home + past.length) for _, past, _ in recall.pasts]
            yield self._memory_read(asked, recall, watches)
            chosen = parts.hippocampus.chosen
            if chosen is not None and (back := chosen.brought_back(asked.question)) is not None:
                yield back
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
        if recall is not None:
            wanted = governor.answered(
                question=asked.question, surprise_bits=sum(bits) / max(1, len(bits)), sure=recall.sure
            )
            if wanted is not None:
                yield wanted
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
