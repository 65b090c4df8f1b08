"""One open home and one mind process: the same for the window and for a run without one.

The view's side of it. Every method may be called from the view's thread and returns soon; what has to be kept
is kept by the record thread (`keeping.py`) before the view hears of it. It does not know who the view is.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..protocol import commands as c
from ..protocol import conditions, wire
from ..protocol import events as e
from . import marking
from .drift import Drift
from .keeping import Chosen, Keeping
from .past import Timeline, timeline
from .querying import Asked, Querying
from .refusal import SessionError
from .state import SessionState
from .wording import held_by

if TYPE_CHECKING:
    from .keys import Signer

__all__ = ["Chosen", "Session", "SessionError", "SessionState"]

OPENING_S = 60.0
"""Seconds that opening a home may take before a call that needs it gives up; rebuilding from the journal is slow."""

ASKED_S = 2.0
"""Seconds that a question of the map may wait for the record; it asks again a second later."""


class Session:
    def __init__(
        self,
        home: Path,
        *,
        model: str = "default",
        device: str = "auto",
        precision: str = "auto",
        threads: int = 0,
        seed: int = 0,
        capacity: int = c.CAPACITY,
        read_only: bool = False,
        or_look: bool = False,
        history: bool = True,
        perplexity_text: str = "",
        notices: Sequence[e.Notice] = (),
        mind: str = "",
        up_to: int | None = None,
    ):
        # `or_look`: a home that is open elsewhere, or may not be written, is opened for reading instead of refused.
        # Another module may stand in for the mind; tests of this room and of the window use one without a model.
        mind = mind or os.environ.get("OBSERVATORY_MIND", "observatory.mind.process")
        chosen = Chosen(
            model=model, device=device, precision=precision, threads=threads, seed=seed, capacity=capacity,
            read_only=read_only, or_look=or_look, history=history, perplexity_text=perplexity_text,
            notices=tuple(notices), mind=mind, up_to=up_to,
        )  # fmt: skip
        self._keeping = Keeping(Path(home), chosen)
        self.home = Path(home)
        self._querying = Querying(self.home, lambda: None if read_only else self._keeping.store)
        self.seed = seed
        self.drift = Drift(self.home, model, self._accepted, self._at_the_gate)
        """Where the slow weights moved; it starts when somebody first looks."""

    # ------------------------------------------------------------ life

    def start(self, wake: bool = True) -> None:
        """Returns at once; the home is opened and the mind spawned on the record thread."""
        self._keeping.start(wake)

    def close(self, timeout_s: float = 5.0) -> str:
        """Stop for certain and keep everything that was heard. Returns the rung of the stop ladder that was needed."""
        self._querying.close()
        ending = threading.Thread(target=self.drift.close, name="drift-end")
        ending.start()
        try:
            return self._keeping.close(timeout_s)
        finally:
            ending.join()

    def wake_again(self) -> None:
        """A mind process, after one was lost or none was started. What was told and not yet kept is told again."""
        self._writable()
        self._keeping.ask(self._keeping.spawn).result(OPENING_S)

    def __enter__(self) -> Session:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # ------------------------------------------------------------ looking

    @property
    def state(self) -> SessionState:
        """How things stand; a frozen snapshot."""
        keeping = self._keeping
        supervisor = keeping.supervisor
        if supervisor is None or not supervisor.alive:
            return keeping.state
        return msgspec.structs.replace(keeping.state, mind_silent_s=supervisor.silent_s, pid=supervisor.pid)

    def drain(self, budget_ms: float = 8.0) -> list[e.Event]:
        """What has happened since the last call, in order. At the start the stored history comes first."""
        return self._keeping.stream.drain(budget_ms)

    def wait(self, timeout_s: float) -> bool:
        """Until there is something to drain, or the time is up."""
        return self._keeping.stream.wait(timeout_s)

    def rows(self, name: str, **params) -> list[dict]:
        """A named question to the record, from any thread."""
        self._opened()
        return self._keeping.rows(name, **params)

    def past(self, after: int, upto: int, kinds: Sequence[type] | None = None) -> Iterator[e.Record]:
        """Stored events with numbers from `after` + 1 to `upto`, in order. One at a time, from any one thread."""
        self._opened()
        return self._keeping.past.history(after, kinds=kinds, upto=upto)

    def timeline(self, kinds: Sequence[type]) -> Timeline:
        """When everything was, what of these kinds happened, and how sleep pressure went."""
        self._opened()
        return timeline(self._keeping.past, kinds)

    def sql(self, text: str) -> Asked:
        """A person's own question to the record, put to a copy of it. Returns at once; the answer comes with time."""
        self._opened()
        return self._querying.ask(text)

    def export(self, target: Path, text: str, values: dict | None = None) -> Asked:
        """The whole answer to a question as a Parquet or CSV file, with its provenance beside it."""
        self._opened()
        return self._querying.export(target, text, values)

    def lived(self, file_hash: str) -> int:
        """The last line of that day file that is behind us."""
        return self._record(lambda store: store.lived(file_hash))

    def stored(self, kinds: Sequence[type]) -> list[e.Record]:
        """Stored events of these kinds, oldest first."""
        return self._record(lambda store: list(store.history(kinds=list(kinds))))

    def unconsolidated(self) -> list[int]:
        """Episodes that no accepted night has taken in and the hippocampus still holds."""
        return self._record(lambda store: store.unconsolidated())

    # ------------------------------------------------------------ waking

    def tell(
        self,
        text: str,
        *,
        speaker: str = "user",
        session: str = "",
        goal: str = "",
        outcome: float | None = None,
        because: str = "",
        source: str = "window",
        lived_at: str = "",
        line: int = 0,
        file_hash: str = "",
    ) -> int:
        """An experience. Returns the episode's number; `EpisodeKept` says when it is durable.

        With `file_hash` the line of that day file counts as lived in the same breath as the episode is kept.
        """
        self._writable()
        told = _checked(
            c.Tell, episode=1, text=text, speaker=speaker, session=session, goal=goal,
            outcome=outcome, because=because, source=source, lived_at=lived_at or _now(), line=line,
        )  # fmt: skip
        told = msgspec.structs.replace(told, episode=self._keeping.next_episode())
        self._keeping.tell(told, file_hash)
        return told.episode

    def feedback(self, episode: int, outcome: float, because: str = "") -> None:
        """How an episode went, −1 to 1, and why. `FeedbackGiven` says when it has been read anew with that."""
        self._writable()
        said = _checked(c.Feedback, episode=episode, outcome=outcome, because=because)
        self._keeping.ask(self._keeping.say, said).result(OPENING_S)

    def mark(self, episodes: Sequence[int], mark: e.Mark, on: bool, by: str) -> None:
        """Pin episodes (they never fade) or exclude them (no night replays them), or take that back. It is kept when
        this returns."""
        self._writable()
        said = _checked(c.MarkEpisodes, episodes=list(episodes), mark=mark, on=on)
        self._keeping.ask(marking.mark, self._keeping, said, by).result(OPENING_S)

    def set_goal(self, goal: str) -> None:
        """What the mind is after from now on; empty for nothing in particular. `GoalSet` says when it is."""
        self._writable()
        self._keeping.ask(self._keeping.say, _checked(c.SetGoal, goal=goal)).result(OPENING_S)

    def not_now(self) -> None:
        """The governor's proposal to sleep is declined; it is not made again before pressure has risen."""
        self._writable()
        self._keeping.ask(self._keeping.send, c.NotNow()).result(OPENING_S)

    def ask(self, text: str, memory: e.Memory = "whole", tokens: int = 48) -> int:
        """A question, with both memories or the cortex alone. Returns its number; `Answered` carries the answer."""
        self._writable()
        asked = _checked(c.Ask, question=1, text=text, memory=memory, tokens=tokens)
        asked = msgspec.structs.replace(asked, question=self._keeping.next_question())
        self._keeping.ask(self._keeping.send, asked).result(OPENING_S)
        return asked.question

    def explain(self, text: str, answer: str, memory: e.Memory = "cortex", style: str = "chat") -> None:
        """Why is this said to that? `Explained` says it, found by leaving nights and memories out one at a time."""
        self._writable()
        asked = _checked(c.Explain, text=text, answer=answer, memory=memory, style=style)
        self._keeping.ask(self._keeping.send, asked).result(OPENING_S)

    # ------------------------------------------------------------ night

    def sleep(
        self,
        exam: Sequence[e.Question] = (),
        plan: c.NightPlan | None = None,
        why: str = "",
        *,
        file_hash: str = "",
        line: int = 0,
    ) -> int:
        """Open a night over every episode that none has taken in yet. Returns the night's number."""
        self._writable()
        plan = plan or c.NightPlan()
        return self._keeping.ask(self._keeping.nights.begin, list(exam), plan, why, (file_hash, line)).result(OPENING_S)

    def resume_night(
        self,
        exam: Sequence[e.Question] = (),
        plan: c.NightPlan | None = None,
        *,
        file_hash: str = "",
        line: int = 0,
    ) -> int:
        """Reopen the night that was interrupted, under its own number, seed and episodes, from its last checkpoint."""
        self._writable()
        return self._keeping.ask(self._keeping.nights.resume, list(exam), plan, (file_hash, line)).result(OPENING_S)

    def pause(self) -> None:
        self._night_command(c.Pause())

    def run(self) -> None:
        self._night_command(c.Resume())

    def step(self, unit: str = "step") -> None:
        self._night_command(c.StepOnce(unit=unit))

    def run_until(self, condition: str) -> None:
        """Run on, and hold as soon as this is so. Raises when the condition cannot be read."""
        self._night_command(_checked(c.RunUntil, condition=_written(condition)))

    def watch(self, conditions: Sequence[str]) -> None:
        """The breakpoints that count from now on in this mind; a mind that wakes later has none until it is told."""
        self._writable()
        told = _checked(c.Watch, conditions=[_written(text) for text in conditions])
        self._keeping.ask(self._keeping.send, told).result(OPENING_S)

    def decide(self, decision: str, reason: str, by: str, signer: Signer | None = None) -> None:
        """A word on the open proposal: recorded first, told to the mind after. Raises when there is none.

        An approval must count under the home's policy. Where two people must approve, the first leaves it open.
        """
        self._writable()
        self._keeping.ask(self._keeping.nights.decide, decision, reason, by, signer).result(OPENING_S)

    def held_by(self, night: int) -> str:
        """The person who holds this night or wants it otherwise; no run by itself approves it then."""
        return self._record(lambda store: held_by(store, night))

    def signs(self, by: str) -> bool:
        """Whether this person has a key of their own that the home trusts: then a decision is signed with it."""
        from . import keys

        try:
            return keys.signs_here(self.home, by)
        except (keys.KeyProblem, OSError):
            return False

    def decide_signed(self, decision: str, reason: str, by: str, phrase: str) -> None:
        """`decide`, signed with the key of `by`, which this pass phrase opens."""
        from . import keys

        try:
            signer = keys.opened(by, phrase)
        except keys.KeyProblem as problem:
            raise SessionError(f"It was not signed: {problem}.") from problem
        self.decide(decision, reason, by, signer)

    def veto_night(self, reason: str, by: str) -> None:
        """End the running night at once, at whatever stage. Recorded first, like any decision."""
        self._writable()
        order = _checked(c.VetoNight, by=by, reason=reason)
        self._keeping.ask(self._keeping.nights.veto, order).result(OPENING_S)

    def roll_back(self, night: int, why: str) -> None:
        """The cortex as it was after that night; 0 is the base. `RolledBack` says when it is done."""
        self._writable()
        self._keeping.ask(self._keeping.nights.roll_back, night, why).result(OPENING_S)

    def _accepted(self) -> list[c.AcceptedDelta]:
        self._opened()
        return self._keeping.ask(lambda: self._keeping.store.accepted()).result(ASKED_S)

    def _at_the_gate(self) -> tuple[e.Proposal | None, int | None]:
        """What is proposed now, and the night that is open."""
        return self.state.proposal, self.state.night

    def change(self, reason: str, by: str, *, leave_out: Sequence[int] = (), scale: float = 1.0) -> None:
        """The proposal at the gate without these episodes, or scaled down: it is proposed anew, to be decided on."""
        self._writable()
        self._keeping.ask(self._keeping.forgetting.change, list(leave_out), scale, reason, by).result(OPENING_S)

    def forget(self, episodes: Sequence[int], by: str, why: str) -> list[int]:
        """Take these episodes out of everything. Returns the nights that are derived anew, each asking for leave.

        Without any it goes on with what was cut short. `Forgotten` says when it is done.
        """
        self._writable()
        forgetting = self._keeping.forgetting
        asked = (forgetting.ask, list(episodes), by, why) if episodes else (forgetting.go_on,)
        return self._keeping.ask(*asked).result(OPENING_S)

    # ------------------------------------------------------------ guards

    def _opened(self) -> None:
        if not self._keeping.opened.wait(OPENING_S):
            raise SessionError(f"Opening the home {self.home} takes longer than {OPENING_S:.0f} s; try again later.")
        state = self._keeping.state
        if state.phase == "failed":
            raise SessionError(" ".join(filter(None, [state.problem, state.remedy])))
        if state.phase == "closed":
            raise SessionError("This session is closed. What to do: open the home again.")

    def _writable(self) -> None:
        self._opened()
        if self._keeping.state.read_only:
            raise SessionError(
                "This home is open for reading only. What to do: open it again, without replay and as the only one, to "
                "go on living."
            )

    def _night_command(self, command: c.Command) -> None:
        self._writable()
        if self.state.night is None:
            raise SessionError("No night is running.")
        self._keeping.ask(self._keeping.send, command).result(OPENING_S)

    def _record(self, question):
        self._opened()
        return self._keeping.ask(lambda: question(self._keeping.store)).result(OPENING_S)


def _checked(kind: type, **fields):
    """What the wire would refuse is refused here, in words and before it uses up a number."""
    try:
        command = msgspec.convert(fields, kind)
        wire.pack(command)
        return command
    except (msgspec.ValidationError, wire.WireError) as error:
        raise SessionError(f"That cannot be sent to the mind: {error}.") from error


def _written(condition: str) -> str:
    try:
        return conditions.read(condition).said()
    except conditions.ConditionUnclear as unclear:
        raise SessionError(str(unclear)) from unclear


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
