"""Nights as the host sees them: opened, interrupted, taken up again, decided on, rolled back.

Runs on the record thread. A decision is recorded before the mind hears of it, and a night that nobody else will
close is closed here. It does not know how a night learns; the gate in the mind has the last word.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from ..protocol import commands as c
from ..protocol import events as e
from ..protocol.drives import PRESETS, Drives, read
from . import life, wording
from .refusal import SessionError

if TYPE_CHECKING:
    from .keeping import Keeping
    from .keys import Signer

NO_LINE = ("", 0)
TRACES = 256
"""Cues of faded episodes that one night is given at most; at one a step, four times what the default night has."""


class Nights:
    """At most one night is open. `asked` is one the mind was told of and has not opened yet."""

    def __init__(self, keeping: Keeping):
        self._keeping = keeping
        self.open: e.NightOpened | None = None
        self._asked: int | None = None
        self._committed = ""
        self._veto: e.Decided | None = None
        self._line: tuple[str, int] = NO_LINE
        self._order: c.Sleep | None = None

    # ------------------------------------------------------------ heard

    def take(self, event: e.Event) -> list[e.Event]:
        """What a night's own events mean here. A day's sleep is lived when its night is over, in the same breath."""
        match event:
            case e.NightOpened():
                self.open, self._asked, self._committed, self._veto = event, None, "", None
            case e.Decided(decision="veto") if self.open is not None and event.night == self.open.night:
                self._veto = event
            case e.NightCommitted():
                self._committed = event.cortex_after
            case e.NightClosed(ended="changed"):
                self.open = self._asked = None
            case e.NightClosed():
                self.open = self._asked = None
                (file_hash, line), self._line = self._line, NO_LINE
                if file_hash and event.ended in life.OVER:
                    at = {"file_hash": file_hash, "line": line, "episode": None, "night": event.night}
                    return [e.LineLived(at=time.time(), **at)]
            case e.Notice(level="error"):
                # A night that was asked for and failed before it opened will not open any more.
                self._asked = None
        return []

    def take_up(self) -> None:
        """At opening, and when a change to a night was cut short: one that a crash left open is closed, one that was
        interrupted is offered again."""
        if self.busy or self._keeping.state.resumable is not None:
            return
        opened, closed, self._line = None, None, NO_LINE
        store = self._keeping.store
        for event in store.history(max(0, store.last_opening() - 1), kinds=[e.NightOpened, e.NightClosed]):
            if isinstance(event, e.NightOpened):
                opened, closed = event, None
            elif opened is not None and event.night == opened.night:
                closed = event
        if opened is None:
            return
        if closed is None:
            self.open = opened
            self._committed = {a.night: a.cortex_after for a in store.accepted()}.get(opened.night, "")
            said = store.history(opened.seq, kinds=[e.Decided])
            self._veto = next((word for word in said if (word.night, word.decision) == (opened.night, "veto")), None)
            self.interrupted("the observatory ended while this night was open")
        elif closed.ended in ("interrupted", "changed"):
            self._offer(opened, "It was interrupted before.")

    def lost(self) -> int | None:
        """The mind is gone: what was asked and not begun never will be. The night that is open, if one is."""
        self._asked = None
        return self.open.night if self.open else None

    def interrupted(self, why: str) -> None:
        """Close a night that nobody else will. What was committed stays committed, and what was vetoed vetoed."""
        opened, committed, vetoed = self.open, self._committed, self._veto
        ended = "committed" if committed else "vetoed" if vetoed else "interrupted"
        closed = e.NightClosed(
            at=time.time(), night=opened.night, ended=ended, cortex=committed or opened.cortex,
            why=vetoed.reason if ended == "vetoed" else why, wall_s=0.0, steps=0, tokens=0, peak_rss_mb=0.0,
        )  # fmt: skip
        self._keeping.keep([closed])
        if ended == "interrupted":
            self._offer(opened, f"The reason: {why}.")

    def _offer(self, opened: e.NightOpened, why: str) -> None:
        if not self._left_of(opened.episodes):
            return
        self._keeping.set(resumable=opened)
        offer = e.Notice(
            at=time.time(), level="warning", title=f"Night {opened.night} was interrupted",
            text=f"{why} The cortex is as it was before the night, and every acknowledged episode is kept.",
            remedy="Resume it from its last checkpoint, or leave it and sleep anew later.", action="resume-night",
        )  # fmt: skip
        self._keeping.keep([offer])

    # ------------------------------------------------------------ asked for

    def begin(self, exam: list[e.Question], plan: c.NightPlan, why: str, line: tuple[str, int]) -> int:
        self._none_open()
        store = self._keeping.store
        episodes = sorted({*store.unconsolidated(), *self._keeping.unanswered.told})
        if not episodes:
            raise SessionError("There is nothing new to sleep on. What to do: tell the mind something first.")
        night = store.next_night()
        order = c.Sleep(
            night=night, seed=self._keeping.chosen.seed + night - 1, episodes=episodes,
            old_episodes=store.consolidated(), traces=store.traces_of_faded(TRACES), exam=exam, plan=plan, why=why,
        )  # fmt: skip
        return self._send(order, line)

    def resume(self, exam: list[e.Question], plan: c.NightPlan | None, line: tuple[str, int]) -> int:
        """The interrupted night under its own number. Episodes told since then wait for the next night.

        Its exam and plan are those it was opened with, unless others are given.
        """
        self._none_open()
        opened = self._keeping.state.resumable
        left_out = self._keeping.forgetting.left_out(opened.night) if opened else []
        episodes = [n for n in self._left_of(opened.episodes) if n not in left_out] if opened else []
        if not episodes:
            self._keeping.set(resumable=None)
            raise SessionError("No night was interrupted, so there is none to resume. What to do: open a new one.")
        first = self._order if self._order is not None and self._order.night == opened.night else None
        plan = plan or (first.plan if first else life.plan_of(opened) or _plan_of(opened))
        exam = exam or (first.exam if first else self._asked_before(opened.night))
        order = c.Sleep(
            night=opened.night, seed=opened.seed, episodes=episodes,
            old_episodes=[n for n in self._left_of(opened.old_episodes) if n not in left_out],
            traces=self._keeping.store.traces_of_faded(TRACES), exam=exam, plan=plan, why=opened.why, resume=True,
        )  # fmt: skip
        if not left_out:
            return self._send(order, line)
        # A mind that woke since holds what was left out; it comes to be one that never heard it before it sleeps.
        self._keeping.forgetting.leave_out(order, left_out)
        self._line = line
        return order.night

    def _left_of(self, episodes: list[int]) -> list[int]:
        """Those that a night may still go over: since then they were neither forgotten nor let go of, and nobody keeps
        them out of all nights."""
        store = self._keeping.store
        standing, excluded = store.standings(episodes), set(store.marked("excluded"))
        return [n for n in episodes if standing[n] == "held" and n not in excluded]

    def _asked_before(self, night: int) -> list[e.Question]:
        """The questions a night was opened with, from the papers it wrote, when nobody is left who remembers."""
        papers = [event for event in self._keeping.store.history(kinds=[e.Examined]) if event.night == night]
        every = {(a.question.prompt, a.question.kind): a.question for paper in papers for a in paper.answers}
        return list(every.values())

    @property
    def busy(self) -> bool:
        return self.open is not None or self._asked is not None

    @property
    def order(self) -> c.Sleep | None:
        """What the last night was opened with."""
        return self._order

    def order_again(self, opened: e.NightOpened, without: set[int], traces: set[tuple[int, str, str]]) -> c.Sleep:
        """A night as it was opened, without these episodes and with no other traces than these."""
        kept = [t for t in self._keeping.store.traces_of_faded(TRACES) if (t.episode, t.cue, t.answer) in traces]
        return c.Sleep(
            night=opened.night, seed=opened.seed, episodes=[n for n in opened.episodes if n not in without],
            old_episodes=[n for n in opened.old_episodes if n not in without], traces=kept,
            exam=[q for q in self._asked_before(opened.night) if q.prompt and q.answers],
            plan=life.plan_of(opened) or _plan_of(opened), why=opened.why,
        )  # fmt: skip

    def send_again(self, order: c.Sleep) -> None:
        self._send(order, self._line)

    def _none_open(self) -> None:
        if self.busy:
            raise SessionError("A night is already open. What to do: let it end, or veto it.")
        blocks = self._keeping.forgetting.blocks()
        if blocks:
            raise SessionError(blocks)

    def _send(self, order: c.Sleep, line: tuple[str, int]) -> int:
        self._keeping.send(order)
        self._asked, self._line, self._order = order.night, line, order
        return order.night

    def decide(self, decision: str, reason: str, by: str, signer: Signer | None = None) -> None:
        """Held against the policy, recorded, then told. The mind's gate checks the number of the record again."""
        keeping, proposal = self._keeping, self._keeping.state.proposal
        if proposal is None:
            raise SessionError("There is no proposal to decide on; a night asks for leave at its end.")
        if not keeping.state.can_decide:
            raise SessionError(f"This night has been decided already ({keeping.state.decided}).")
        if not by.strip():
            raise SessionError("A decision needs a name: who decides.")
        fields = {"night": proposal.night, "delta": proposal.delta, "decision": decision, "by": by, "reason": reason}
        try:
            decided = msgspec.convert({**fields, "at": time.time()}, e.Decided)
        except msgspec.ValidationError as error:
            raise SessionError(f"“{decision}” is no decision: approve, hold or veto.") from error
        words = wording.worded(keeping.home, keeping.store, keeping.state.proposed, decided, signer)
        self._recorded(words)
        decided = words[-1]
        if not decided.waits:
            signed = {"key": decided.key, "signature": decided.signature}
            keeping.send(c.Decide(**fields, **signed, recorded=keeping.state.saved_through))

    def veto(self, order: c.VetoNight) -> None:
        """At the gate a decision like any other. Before it there is no proposal yet, but the word is as final: recorded
        first, so that the night is not offered again where the mind is lost before it has heard."""
        keeping = self._keeping
        if keeping.state.can_decide:
            self.decide("veto", order.reason, order.by)
            return
        if self.open is None:
            raise SessionError("No night is running.")
        if keeping.forgetting.active and keeping.state.decided == "changes":
            raise SessionError("This night is derived again without something. What to do: veto it once it is open.")
        word = e.Decided(
            at=time.time(), night=self.open.night, delta="", decision="veto", by=order.by, reason=order.reason
        )
        self._recorded([word])
        keeping.send(order)

    def _recorded(self, words: list[e.Record]) -> None:
        """What is decided is on disk when this returns, or it raises."""
        keeping = self._keeping
        before = keeping.state.saved_through
        keeping.keep(words)
        if keeping.state.saved_through == before:
            raise SessionError(f"The decision could not be recorded, so it does not count. {keeping.state.problem}")

    def roll_back(self, night: int, why: str) -> None:
        self._none_open()
        accepted = self._keeping.store.accepted()
        if night != 0 and night not in [a.night for a in accepted]:
            known = ", ".join(str(a.night) for a in accepted) or "none"
            raise SessionError(f"Night {night} is not part of the cortex (accepted nights: {known}). 0 is the base.")
        if not any(a.night > night for a in accepted):
            raise SessionError(f"The cortex is already as it was after night {night}; there is nothing to roll back.")
        kept = [a for a in accepted if a.night <= night]
        # What only the cortex still has and is about to lose is handed back to the hippocampus first.
        for portion in self._keeping.store.episodes_to_return(night):
            self._keeping.send(c.Restore(episodes=portion))
        self._keeping.send(c.RollBack(to_night=night, accepted=kept, why=why))


def _plan_of(opened: e.NightOpened) -> c.NightPlan:
    """As far as the record says. Nights of older versions knew no drives."""
    return c.NightPlan(steps=opened.steps, arm=opened.arm, drives=drives_of(opened) or Drives())


def drives_of(opened: e.NightOpened) -> Drives | None:
    """The dials that a night was opened with. A preset is found again as it was, not as it was rounded."""
    if not opened.drives:
        return None
    presets = (dials for dials in PRESETS.values() if dials.said() == opened.drives)
    return next(presets, None) or read(opened.drives, None)
