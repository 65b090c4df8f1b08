"""Forgetting from the command line: asked for, decided on night by night, and told when it is done.

The same session as the window's with another view. It does not know how anything is forgotten.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..protocol import events as e
from . import policyfile
from .lookback import DONE, awake
from .policy import Approve, verdict
from .refusal import Refusal
from .session import Session, SessionError
from .terminal import Terminal

if TYPE_CHECKING:
    from .keys import Signer

REFUSED = 3
TURN_S = 0.25


def forget(
    home: Path, episodes: list[int], why: str, approve: Approve, signer: Signer | None = None, *, model: str | None,
    quiet: bool, as_json: bool,
) -> int:  # fmt: skip
    by = signer.name if signer else _person()
    with awake(home, model, quiet) as (session, terminal):
        nights = session.forget(episodes, by, why)
        if nights:
            terminal.say(f"Derived again without it: {_nights(nights)}.")
        found = _Watched(home, session, terminal, approve, by, signer)
        done = found.until_forgotten()
    if as_json:
        print(msgspec.json.encode(found.report(done)).decode())
    else:
        found.say(done)
    return REFUSED if found.refused else DONE


class _Watched:
    def __init__(
        self, home: Path, session: Session, terminal: Terminal, approve: Approve, by: str, signer: Signer | None
    ):
        self.home, self.session, self.terminal, self.approve = home, session, terminal, approve
        self.by, self.signer = by, signer
        self.ranks: dict[int, dict[str, tuple[int, int]]] = {}
        self.refused: list[int] = []
        self.derived: list[int] = []

    def until_forgotten(self) -> e.Forgotten:
        while True:
            for event in self.session.drain():
                self.terminal.show(event)
                match event:
                    case e.Proposed():
                        self._decide(event)
                    case e.CanaryRanked():
                        self.ranks.setdefault(event.episode, {})[event.when] = (event.rank, event.of)
                    case e.NightClosed(ended="committed"):
                        self.derived.append(event.night)
                    case e.NightClosed(ended="vetoed"):
                        self.refused.append(event.night)
                    case e.Forgotten():
                        return event
                    case e.MindLost() | e.Notice(level="error") | e.Notice(title="Living again was cut short"):
                        raise SessionError("It stopped there. What to do: `observatory forget` goes on with it.")
            if self.session.state.phase == "failed":
                raise SessionError(self.session.state.problem)
            self.terminal.listen(self.session.state.mind_silent_s)
            self.session.wait(TURN_S)

    def _decide(self, proposed: e.Proposed) -> None:
        if self.approve == "ask":
            self._ask(proposed)
            return
        self.terminal.table(proposed)
        policy = policyfile.in_force(self.home)
        own = None if policy == policyfile.built_in() else policy
        decision, reason, by = verdict(self.approve, proposed, own, self.session.held_by(proposed.proposal.night))
        self.session.decide(decision, reason, by)
        if decision == "hold":
            raise Refusal(
                REFUSED, f"A night waits at the gate: {reason}. What to do: `observatory forget --approve ask` goes on."
            )

    def _ask(self, proposed: e.Proposed) -> None:
        """A person at the terminal, who may hold and is asked again."""
        decision = "hold"
        while decision == "hold":
            decision, reason = self.terminal.ask(proposed)
            self.session.decide(decision, reason, self.by, self.signer)
        if self.session.state.can_decide:
            raise Refusal(
                REFUSED, "A night waits at the gate for another person's approval; yours is kept. What to do: "
                "`observatory forget --approve ask`, by that person, goes on."
            )  # fmt: skip

    def report(self, done: e.Forgotten) -> dict:
        return {
            "episodes": done.episodes, "nights": self.derived, "refused": self.refused, "cortex": done.cortex,
            "lines": len(done.lines), "files": [one.file for one in done.files],
            "ranks": {str(episode): found for episode, found in sorted(self.ranks.items())},
        }  # fmt: skip

    def say(self, done: e.Forgotten) -> None:
        many = len(done.episodes)
        self.terminal.say(
            f"Forgotten: {many} {'episode' if many == 1 else 'episodes'}. The words of {len(done.lines):,} lines were "
            f"taken out of the record, and {len(done.files):,} files that had learnt from it are destroyed."
        )
        for found in self.ranks.values():
            said = ", ".join(f"{rank} of {of} {when}" for when, (rank, of) in found.items())
            self.terminal.say(f"Among random words in its place, what it said comes {said} (1: the likeliest).")
        if self.refused:
            self.terminal.say(
                f"Not approved again, and so not part of the cortex: {_nights(self.refused)}. What else was told then "
                "waits for another night."
            )


def _nights(nights: list[int]) -> str:
    return f"night{'s' if len(nights) > 1 else ''} {', '.join(map(str, nights))}"


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "someone at the terminal"
