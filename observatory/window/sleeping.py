"""Nights as the story keeps them: how far each came, what it replayed, dreamed and learnt, and what was decided.

Mixed into the story, which has the episodes and the mind. Knows no Qt and decides nothing.
"""

from __future__ import annotations

from collections import Counter

from ..protocol import events as ev
from .lived import Episode, Moment, Night, key


class Sleeping:
    episodes: list[Episode]
    by_number: dict[int, Episode]
    changed: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.nights: dict[int, Night] = {}
        self.explained: dict[tuple[str, str, ev.Memory], ev.Explained] = {}
        """Why an answer is given, by question, answer and memory; of a cortex that has moved since it is not kept."""
        self.explaining: ev.Explaining | None = None
        self._known: dict[tuple[str, str, str], ev.ExamAnswer] = {}

    @property
    def night(self) -> Night | None:
        return self.nights[max(self.nights)] if self.nights else None

    @property
    def asleep(self) -> bool:
        night = self.night
        return bool(night and night.open)

    def drawn_by(self, episode: int) -> Counter[str]:
        """How often each drive has drawn it in the newest night."""
        return self.night.drawn_by.get(episode, Counter()) if self.night is not None else Counter()

    @property
    def interrupted(self) -> Night | None:
        """A night that a crash or a closed window cut short, if it is the last one."""
        night = self.night
        if night is None:
            return None
        # Cut short as it may have been: one that was vetoed or committed by then is over.
        return night if (night.closed.ended == "interrupted" if night.closed else night.cut) else None

    @property
    def review(self) -> Night | None:
        """The newest night that has put something up for review."""
        return next((self.nights[n] for n in sorted(self.nights, reverse=True) if self.nights[n].proposed), None)

    # ------------------------------------------------------------ events

    def _opened(self, e: ev.NightOpened) -> None:
        before = self.nights.get(e.night)
        night = self.nights[e.night] = Night(e)
        if before is not None and e.resumed_from_step:
            night.go_on_from(before)
        night.before = dict(before.before if before is not None else self._known)
        self.paused, self.sleep_proposed = False, None
        if self.moments and self.moments[-1].mode == "asleep" and not self.moments[-1].decision:
            self.moments[-1] = Moment("asleep", night=e.night)
        self.changed |= {"night", "dreams", "weighing", "review", "drives", "governor", "status", "notices", "talk"}
        self.changed.add("replays")

    def _of(self, number: int, *topics: str) -> Night | None:
        self.changed.update(topics)
        return self.nights.get(number)

    def _stage(self, e: ev.StageEntered) -> None:
        if night := self._of(e.night, "night", "dreams", "weighing", "status"):
            night.stage, night.stage_text = e.stage, e.text
            if e.stage not in night.met:
                night.met.append(e.stage)

    def _progress(self, e: ev.NightProgress) -> None:
        if night := self._of(e.night, "night"):
            night.progress = e
            night.stage = night.stage or e.stage

    def _chosen(self, e: ev.EpisodeProposed) -> None:
        if night := self._of(e.night, "night"):
            night.chosen.append(e)

    def _old(self, e: ev.OldMaterial) -> None:
        if night := self._of(e.night, "night"):
            night.old.append(e)

    def _dream(self, e: ev.DreamMade) -> None:
        if night := self._of(e.night, "dreams"):
            night.dreams.append(e)

    def _step(self, e: ev.ReplayStep) -> None:
        if night := self._of(e.night, "night", "drives", "replays"):
            night.steps.append(e)
            night.replay(e.step, e.items)

    def _probed(self, e: ev.Probed) -> None:
        if night := self._of(e.night, "night", "replays"):
            night.probes.append(e)

    def _weighed(self, e: ev.Weighed) -> None:
        if night := self._of(e.night, "weighing"):
            night.weighed.append(e)

    def _examined(self, e: ev.Examined) -> None:
        night = self._of(e.night, "review", "night")
        if night is None:
            return
        self.changed.add("exam")
        if e.memory == "whole":
            night.whole[e.when] = e
            return
        paper = {key(a.question): a for a in e.answers}
        (night.before if e.when == "before" else night.after).update(paper)
        if e.when == "before":
            self._known.update(paper)

    def _explaining(self, e: ev.Explaining) -> None:
        self.explaining = e
        self.changed.add("exam")

    def _explained(self, e: ev.Explained) -> None:
        self.explaining = None
        self.explained[e.prompt, e.answer, e.memory] = e
        self.changed.add("exam")

    def _proposed(self, e: ev.Proposed) -> None:
        if night := self._of(e.proposal.night, "review", "night", "status"):
            night.proposed = e
            self._listens()

    def _decided(self, e: ev.Decided) -> None:
        if night := self._of(e.night, "review", "night", "status"):
            night.decisions.append(e)

    def _committed(self, e: ev.NightCommitted) -> None:
        self.explained.clear()
        self.cortex = e.cortex_after
        if night := self._of(e.night, "review", "night", "status", "episodes", "talk"):
            night.committed = e
            self._known.update(night.after)
            for number in night.opened.episodes:
                if number in self.by_number:
                    self.by_number[number].nights.append(e.night)
            self._rank_again()
            self.changed.add("state")

    def _closed(self, e: ev.NightClosed) -> None:
        self.cortex, self.paused = e.cortex or self.cortex, False
        if self.mode == "asleep":
            self.mode = "awake" if self.ready is not None and self.lost is None else "waiting"
            self._moment()
        self._listens()
        if night := self._of(e.night, "review", "night", "drives", "state", "status", "talk", "notices"):
            night.closed = e

    def _rolled_back(self, e: ev.RolledBack) -> None:
        self.explained.clear()
        self.changed.add("exam")
        self.cortex = e.cortex
        self.changed |= {"episodes", "review", "night", "status"}
        for number in e.nights:
            if number in self.nights:
                self.nights[number].rolled_back = True
        gone = set(e.nights)
        for episode in self.episodes:
            episode.nights = [n for n in episode.nights if n not in gone]
        self._rank_again()

    def _retained(self, e: ev.Retained) -> None:
        self.changed.add("episodes")
        self.retained.append(e)
        self._rank_again()
        for each in e.episodes:
            if episode := self.by_number.get(each.episode):
                episode.retention = each
                if each.held:
                    episode.faded = None
                elif episode.faded is None:
                    episode.faded = e.night


SLEEPING = {
    ev.NightOpened: Sleeping._opened,
    ev.StageEntered: Sleeping._stage,
    ev.NightProgress: Sleeping._progress,
    ev.EpisodeProposed: Sleeping._chosen,
    ev.OldMaterial: Sleeping._old,
    ev.DreamMade: Sleeping._dream,
    ev.ReplayStep: Sleeping._step,
    ev.Probed: Sleeping._probed,
    ev.Weighed: Sleeping._weighed,
    ev.Examined: Sleeping._examined,
    ev.Explaining: Sleeping._explaining,
    ev.Explained: Sleeping._explained,
    ev.Proposed: Sleeping._proposed,
    ev.Decided: Sleeping._decided,
    ev.NightCommitted: Sleeping._committed,
    ev.NightClosed: Sleeping._closed,
    ev.RolledBack: Sleeping._rolled_back,
    ev.Retained: Sleeping._retained,
}
