"""One open home and one mind process: the same for the window and for a run without one.

The view's side of it. Every method may be called from the view's thread and returns soon; what has to be kept
is kept by the record thread (`keeping.py`) before the view hears of it. It does not know who the view is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..protocol import commands as c
from ..protocol import events as e
from ..protocol import wire
from .keeping import Chosen, Keeping
from .refusal import SessionError
from .state import SessionState

__all__ = ["Chosen", "Session", "SessionError", "SessionState"]

OPENING_S = 60.0
"""Seconds that opening a home may take before a call that needs it gives up; rebuilding from the journal is slow."""


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
        history: bool = True,
        perplexity_text: str = "",
        notices: Sequence[e.Notice] = (),
        mind: str = "",
    ):
        # Another module may stand in for the mind; tests of this room and of the window use one without a model.
        mind = mind or os.environ.get("OBSERVATORY_MIND", "observatory.mind.process")
        chosen = Chosen(
            model=model, device=device, precision=precision, threads=threads, seed=seed, capacity=capacity,
            read_only=read_only, history=history, perplexity_text=perplexity_text, notices=tuple(notices),
            mind=mind,
        )  # fmt: skip
        self._keeping = Keeping(Path(home), chosen)
        self.home = Path(home)
        self.seed = seed

    # ------------------------------------------------------------ life

    def start(self, wake: bool = True) -> None:
        """Returns at once; the home is opened and the mind spawned on the record thread."""
        self._keeping.start(wake)

    def close(self, timeout_s: float = 5.0) -> str:
        """Stop for certain and keep everything that was heard. Returns the rung of the stop ladder that was needed."""
        return self._keeping.close(timeout_s)

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

    def decide(self, decision: str, reason: str, by: str) -> None:
        """A word on the open proposal: recorded first, told to the mind after. Raises when there is none."""
        self._writable()
        self._keeping.ask(self._keeping.nights.decide, decision, reason, by).result(OPENING_S)

    def veto_night(self, reason: str, by: str) -> None:
        """End the running night at once, at whatever stage; at the gate this is a veto like any other."""
        if self.state.can_decide:
            self.decide("veto", reason, by)
            return
        self._night_command(_checked(c.VetoNight, by=by, reason=reason))

    def roll_back(self, night: int, why: str) -> None:
        """The cortex as it was after that night; 0 is the base. `RolledBack` says when it is done."""
        self._writable()
        self._keeping.ask(self._keeping.nights.roll_back, night, why).result(OPENING_S)

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
                "This home is open for reading only. What to do: open it without replay to go on living."
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


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
