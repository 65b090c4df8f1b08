"""Acts of forgetting, and changes to a proposal: a life lived again without some of it, night after night at the gate.

Runs on the record thread. What is asked for is recorded first; from then on the episodes are neither remembered nor
replayed. Then the cortex goes back to before it could have learnt them, the mind lives again what came after, each
night is opened anew under its own number and seed and asks for leave like any other, and last the words go from disk.
Every step is an act of its own in the record, so one that is cut short goes on where it was. It does not know how a
life is lived again, nor how words are taken out of a journal.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from msgspec import structs

from ..protocol import commands as c
from ..protocol import events as e
from . import life
from .refusal import SessionError

if TYPE_CHECKING:
    from .keeping import Keeping

AMONG = 100
"""Random texts that what was forgotten is held among: by chance it is the likeliest once in a hundred."""


class Forgetting:
    def __init__(self, keeping: Keeping):
        self._keeping = keeping
        self.active = False
        """A life is being lived again; what is said meanwhile waits until it is through."""
        self._parts: list[life.Part] = []
        self._at = 0
        self._without: set[int] = set()
        self._left_out: list[int] = []
        self._order: c.Sleep | None = None
        self._scale = 1.0
        self._ranking = 0
        self._dirty = (0, 0)

    # ------------------------------------------------------------ asked for

    def ask(self, episodes: list[int], by: str, why: str) -> list[int]:
        """Forget these. Returns the nights that are derived anew."""
        self._free()
        store = self._keeping.store
        if not by.strip():
            raise SessionError("Forgetting needs a name: who asks for it.")
        for episode in episodes:
            standing = store.standing(episode)
            if standing in ("unknown", "forgotten"):
                why_not = "was forgotten before" if standing == "forgotten" else "was never told"
                raise SessionError(f"Episode {episode} {why_not}. What to do: look up its number among the episodes.")
        nights = self._since(min(self._told_at(episodes)))
        asked = e.ForgettingAsked(at=time.time(), episodes=sorted(set(episodes)), nights=nights, by=by, why=why)
        self._keeping.keep([asked])
        self._begin(before=True)
        return nights

    def go_on(self) -> list[int]:
        """What was asked for and cut short."""
        self._free()
        if not self.unfinished():
            raise SessionError("Nothing is left to forget. What to do: name the episodes that are to be forgotten.")
        ranked = {event.episode for event in self._keeping.store.history(kinds=[e.CanaryRanked])}
        return self._begin(before=not ranked & self._named())

    def unfinished(self) -> list[e.ForgettingAsked]:
        open_: list[e.ForgettingAsked] = []
        for event in self._keeping.store.history(kinds=[e.ForgettingAsked, e.Forgotten]):
            if isinstance(event, e.Forgotten):
                open_ = [asked for asked in open_ if not set(asked.episodes) <= set(event.episodes)]
            else:
                open_.append(event)
        return open_

    def change(self, leave_out: list[int], scale: float, reason: str, by: str) -> None:
        """The proposal at the gate is wanted otherwise. It is proposed anew; approving that is an act of its own."""
        keeping, proposal = self._keeping, self._keeping.state.proposal
        if self.active or proposal is None or not keeping.state.can_decide:
            raise SessionError("There is no proposal that could be changed; a night asks for leave at its end.")
        if not by.strip() or not reason.strip():
            raise SessionError("A change needs a name and a reason: who wants it, and why.")
        strange = [episode for episode in leave_out if episode not in proposal.episodes]
        if strange:
            raise SessionError(f"Episode {strange[0]} is not part of this proposal.")
        if not (0.01 <= scale <= 0.99 or (scale == 1.0 and leave_out)):
            raise SessionError("Scaling down takes a number between 0 and 1 (0.01 to 0.99), leaving out episodes.")
        if set(leave_out) == set(proposal.episodes):
            raise SessionError("Nothing would be left of this night. What to do: veto it.")
        keeping.keep([e.ChangesAsked(
            at=time.time(), night=proposal.night, delta=proposal.delta, leave_out=sorted(leave_out), scale=scale, by=by,
            reason=reason,
        )])  # fmt: skip
        if not leave_out:
            keeping.send(c.ScaleDown(night=proposal.night, scale=scale))
            return
        order = keeping.nights.order
        self._left_out, self._scale, self.active = sorted(leave_out), scale, True
        self._order = structs.replace(
            order, episodes=[n for n in order.episodes if n not in leave_out],
            old_episodes=[n for n in order.old_episodes if n not in leave_out], resume=False,
        )  # fmt: skip
        keeping.send(c.VetoNight(by=by, reason=f"wanted otherwise: {reason}", changed=True))

    def left_out(self, night: int) -> list[int]:
        """What reviewers have left out of a night that has not come to its end yet."""
        found: set[int] = set()
        for event in self._keeping.store.history(kinds=[e.ChangesAsked, e.NightClosed]):
            if event.night == night and isinstance(event, e.ChangesAsked):
                found |= set(event.leave_out)
            elif event.night == night and event.ended in life.OVER:
                found = set()
        return sorted(found)

    def leave_out(self, order: c.Sleep, left_out: list[int]) -> None:
        """A night without these that was cut short: the day is lived again without them, and then it is opened."""
        self._left_out, self._scale, self.active = left_out, 1.0, True
        self._order = structs.replace(order, resume=False)
        try:
            self._live_without()
        except SessionError:
            self._let_go()
            raise

    def blocks(self) -> str:
        """Why no other night may be opened now, or nothing."""
        if self.active:
            return "A life is being lived again. What to do: wait until it is through."
        if self.unfinished():
            return "A forgetting was cut short. What to do: `observatory forget` goes on with it."
        return ""

    def _free(self) -> None:
        if self.active or self._keeping.nights.busy:
            raise SessionError("A night is open. What to do: let it end, or veto it.")

    # ------------------------------------------------------------ what it is about

    def _named(self) -> set[int]:
        return {episode for asked in self.unfinished() for episode in asked.episodes}

    def _told_at(self, episodes) -> list[int]:
        told = self._keeping.store.history(kinds=[e.EpisodeEncoded, e.EpisodeObserved])
        return [event.seq for event in told if event.episode in set(episodes)]

    def _since(self, seq: int) -> list[int]:
        """Accepted nights that were opened after that: any of them can have learnt it, or been drawn otherwise."""
        opened = {o.night: o.seq for o in self._keeping.store.history(kinds=[e.NightOpened])}
        return [delta.night for delta in self._keeping.store.accepted() if opened.get(delta.night, 0) > seq]

    def _begin(self, before: bool) -> list[int]:
        store, asked = self._keeping.store, self.unfinished()
        first = min(event.seq for event in asked)
        closed = {n.night for n in store.history(after=first, kinds=[e.NightClosed]) if n.ended in life.OVER}
        anew = {night for event in asked for night in event.nights} - closed
        named = self._named()
        self._without = named | self._forgotten_before()
        self._dirty = (min(self._told_at(named)), first)
        # What the map was drawn from is worked out again; nothing of a night that learnt them stays.
        for course in (self._keeping.home / "drift").glob("night-*"):
            shutil.rmtree(course, ignore_errors=True)
        self._parts, self._at, self.active = life.parts(store, self._without, anew), 0, True
        if before:
            self._rank("before")
        accepted = [delta.night for delta in store.accepted()]
        gone = [night for night in accepted if night in anew]
        kept = max([night for night in accepted if night not in anew], default=0)
        self._relive(gone=gone, back_to=kept, why="so that what is forgotten is not in it", fresh=min(named))
        return sorted(anew)

    def _forgotten_before(self) -> set[int]:
        return {n for event in self._keeping.store.history(kinds=[e.ForgettingAsked]) for n in event.episodes}

    # ------------------------------------------------------------ night after night

    def take(self, event: e.Event) -> None:
        """What a mind that lives again tells, and what is next."""
        if not self.active:
            return
        match event:
            case e.Relived() if event.part == self._at + 1:
                self._through()
            case e.NightClosed(ended="changed") if self._left_out:
                self._keeping.ask(self._live_without)
            case e.NightClosed() if event.ended in life.OVER:
                self._at += 1
                self._keeping.ask(self._relive)
            case e.NightClosed():
                self._stop(f"night {event.night} {event.ended}")
            case e.Proposed() if self._left_out and self._scale < 1.0:
                self._keeping.send(c.ScaleDown(night=event.proposal.night, scale=self._scale))
                self._scale = 1.0
            case e.CanaryRanked(when="after"):
                self._ranking -= 1
                if not self._ranking:
                    self._keeping.ask(self._finish)
            case e.MindLost() | e.Notice(level="error"):
                self._stop("the mind could not go on")

    def _live_without(self) -> None:
        """The day lived again without what is left out of its night."""
        self._without = {*self._left_out, *self._forgotten_before()}
        self._parts, self._at = life.parts(self._keeping.store, self._without, {self._order.night}), 0
        self._relive(fresh=1 << 62)

    def _relive(self, **how) -> None:
        part, first = self._parts[self._at], self._at == 0
        self._keeping.send(c.Relive(
            part=self._at + 1, begin=first, end=part.night is None, steps=part.steps,
            **({"fresh": min(self._without) if not self._left_out else 1 << 62} | how),
        ))  # fmt: skip

    def _through(self) -> None:
        part = self._parts[self._at]
        if part.night is not None:
            self._keeping.ask(self._sleep, part.night)
        elif self._left_out:
            self._keeping.ask(self._give_back)
        else:
            self._keeping.ask(self._rank, "after")

    def _sleep(self, opened: e.NightOpened) -> None:
        nights = self._keeping.nights
        order = self._order if self._left_out else nights.order_again(opened, self._without, self._clean_traces())
        if not order.episodes:
            # A night over nothing else has nothing left to learn; it ended its day, and the next part goes on.
            self._at += 1
            self._parts[self._at].steps.insert(0, c.NightBehind(night=opened.night))
            self._relive()
            return
        nights.send_again(order)

    def _clean_traces(self) -> set[tuple[int, str, str]]:
        """What the cortex said before it could have learnt what is forgotten, or since it was derived anew."""
        after, until = self._dirty
        traces = self._keeping.store.history(kinds=[e.TraceKept])
        return {(t.episode, t.cue, t.answer) for t in traces if t.seq < after or t.seq > until}

    def _rank(self, when: e.When) -> None:
        told = self._keeping.store.history(kinds=[e.EpisodeEncoded])
        canaries = [c.Canary(episode=t.episode, text=t.text) for t in told if t.episode in self._named() and t.text]
        if when == "after":
            self._ranking = len(canaries)
        if canaries:
            self._keeping.send(c.RankCanaries(canaries=canaries, when=when, among=AMONG))
        elif when == "after":
            self._keeping.ask(self._finish)

    # ------------------------------------------------------------ the end of it

    def _finish(self) -> None:
        """The words go from the disk, and what learnt them with them."""
        keeping, named = self._keeping, sorted(self._named())
        done = keeping.forgets(named, self._products(min(self._told_at(named))))
        self._over()
        keeping.stream.put([done])

    def _products(self, since: int) -> list:
        """Deltas and models of the latent state that are not part of the mind any more, and a night's half."""
        store, home = self._keeping.store, self._keeping.home
        accepted = store.accepted()
        kept = {delta.file for delta in accepted} | {delta.state_file for delta in accepted}
        found = [home / "checkpoint" / "night.safetensors"]
        for proposed in store.history(after=since, kinds=[e.Proposed]):
            for folder, file in (("deltas", proposed.proposal.file), ("states", proposed.proposal.state_file)):
                if file and file not in kept:
                    found.append(home / folder / file)
        return list(dict.fromkeys(found))

    def _give_back(self) -> None:
        """What was left out of the night is remembered again: it was not forgotten."""
        keeping, left_out = self._keeping, self._left_out
        back = [e for part in keeping.store.episodes_to_restore() for e in part if e.episode in left_out]
        keeping.send(c.Restore(episodes=back))
        self._over()

    def _let_go(self) -> None:
        self.active, self._left_out, self._order, self._scale = False, [], None, 1.0

    def _over(self) -> None:
        self._let_go()
        for said in self._keeping.unanswered.again():
            self._keeping.send(said)

    def _stop(self, why: str) -> None:
        left_out = self._left_out
        self._let_go()
        if left_out:
            self._keeping.ask(self._keeping.nights.take_up)
        remedy = "" if left_out else "`observatory forget` goes on with it; until then nothing of it is replayed."
        self._keeping.ask(self._keeping.keep, [e.Notice(
            at=time.time(), level="warning", title="Living again was cut short",
            text=f"It stopped because {why}. What was acknowledged is kept; wake the mind again before going on.",
            remedy=remedy,
        )])  # fmt: skip
