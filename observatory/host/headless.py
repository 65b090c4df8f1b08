"""Living a day file without a window: tell, sleep, examine, decide, report.

The same session as the window's with another view. Files are checked whole before the home is touched, and a run
that was stopped goes on where it was. It does not know how a night works; it waits for what the mind tells.
"""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from ..protocol import events as e
from ..protocol.commands import NightPlan
from ..protocol.days import Day, Experience, SleepLine
from . import daysource, paper, policyfile, report, wish
from .nights import drives_of
from .policy import Approve, verdict
from .session import Session, SessionError
from .terminal import Terminal

if TYPE_CHECKING:
    from .keys import Signer

DONE, FAILED, WRONG, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
AT_ONCE = 32
"""Experiences told ahead of the last one kept: enough that the mind never waits for the disk."""
TURN_S = 0.25


class LiveFailed(RuntimeError):
    """The work failed; the message says what happened and what to do."""


class Held(RuntimeError):
    """A night waits at the gate for a person, and nobody is at hand."""


@dataclass
class Life:
    """One run of `observatory live`, all files read and checked."""

    day: Day
    exam: list[e.Question]
    home: Path
    session: Session
    plan: NightPlan = field(default_factory=NightPlan)
    approve: Approve = "policy"
    nights: int | None = None
    again: bool = False
    governed: bool = False
    """Nights are opened when the governor proposes them; sleep lines are passed over."""
    drives_given: bool = False
    """Somebody chose the plan's drives for this run, so a preset of the governor's does not replace them."""
    seed: int = 0
    report: Path | None = None
    pictures: Path | None = None
    signer: Signer | None = None
    """Whose key signs what is decided at the terminal."""


def live(life: Life, terminal: Terminal) -> int:
    """Lives it and returns the exit status. Whatever happens, what was kept is in the report."""
    code = FAILED
    try:
        with terminal:
            try:
                life.session.start(wake=False)
                code = _Run(life, terminal).whole()
            except Held as held:
                code = REFUSED
                terminal.complain(str(held))
            except (LiveFailed, SessionError) as error:
                terminal.complain(str(error))
            except KeyboardInterrupt:
                code = INTERRUPTED
                terminal.complain("Interrupted; everything up to here is kept. The same command goes on from here.")
            finally:
                terminal.busy("closing the home")
                life.session.close()
    finally:
        if life.report is not None:
            _write_report(life, terminal)
    if life.pictures is not None and code != INTERRUPTED:
        _draw(life, terminal)
    return code


class _Run:
    """Where the run stands: which episodes are on their way, which night is open, how nights ended."""

    def __init__(self, life: Life, terminal: Terminal):
        self.life, self.session, self.terminal = life, life.session, terminal
        self.on_the_way: set[int] = set()
        self.ready = False
        self.night: int | None = None
        self.opened = False
        self.closed: e.NightClosed | None = None
        self.proposed: e.Proposed | None = None
        self.asked = 0
        self.examined = False
        self.slept = 0
        self.refused = False
        self.wish: wish.Wish = None
        self.checked = True
        self.awake_for = 0

    def whole(self) -> int:
        life, session = self.life, self.session
        lived = 0 if life.again else self.lived()
        left = [line for line in _with_a_sleep(life.day) if line.line > lived]
        if life.governed:
            left = [line for line in left if isinstance(line, Experience)]
            self.wish = wish.standing(session.stored(wish.KINDS))
        if not left and not (life.governed and self.would_sleep()):
            self.terminal.say("This file has been lived to its end on this home; --again lives it once more.")
            return DONE
        if lived:
            self.terminal.say(f"Going on after line {lived}, where this home stopped.")
        session.wake_again()
        self.until(lambda: self.ready)
        if life.governed:
            self.by_the_governor(left, lived)
        else:
            self.by_its_lines(left)
        self.until(lambda: not self.on_the_way)
        return REFUSED if self.refused else DONE

    def lived(self) -> int:
        """The last line that is behind this home."""
        day, session = self.life.day, self.session
        if not day.begun:
            return session.lived(day.file_hash)
        return daysource.lived(day, session.stored([e.LineLived]))

    def by_its_lines(self, left: list[Experience | SleepLine]) -> None:
        """Sleep where the file says so."""
        for at, line in enumerate(left):
            if isinstance(line, SleepLine):
                self.until(lambda: not self.on_the_way)
                self.sleep(line)
                if self.enough():
                    return
            else:
                self.terminal.busy(f"living line {line.line}", at, len(left))
                self.tell(line)

    def by_the_governor(self, left: list[Experience], lived: int) -> None:
        """Sleep when the governor proposes it: after exactly the episode at which it does, so one is told at a time."""
        self.sleep_if_wished(lived)
        for at, line in enumerate(left):
            if self.enough():
                return
            self.terminal.busy(f"living line {line.line}", at, len(left))
            self.checked = False
            self.tell(line)
            # Every waking turn ends with a look at the cortex; by then the governor has said what it has to say.
            self.until(lambda: not self.on_the_way and self.checked)
            self.sleep_if_wished(line.line)
        if self.awake_for:
            waiting = len(self.session.unconsolidated())
            self.terminal.say(f"The governor saw no need to sleep at the end. Waiting for a night: {waiting:,}.")

    def enough(self) -> bool:
        return self.life.nights is not None and self.slept >= self.life.nights

    # ------------------------------------------------------------ steps

    def tell(self, x: Experience) -> None:
        number = self.session.tell(
            x.text, speaker=x.speaker, session=x.session, goal=x.goal, outcome=x.outcome, because=x.because,
            source="day", lived_at=x.at, line=x.line, file_hash=self.life.day.file_hash,
        )  # fmt: skip
        self.on_the_way.add(number)
        self.until(lambda: len(self.on_the_way) < AT_ONCE)

    def sleep(self, line: SleepLine) -> None:
        life = self.life
        if self.session.state.resumable is None and not self.session.unconsolidated():
            self.terminal.say(f"Line {line.line} is a sleep with nothing new to sleep on; it is passed over.")
            return
        exam = paper.due(life.exam, life.day, line.line)
        why = f"line {line.line} of the day ends it"
        if daysource.slept(why, self.session.stored([e.LineLived, e.NightOpened, e.NightClosed])):
            self.terminal.say(f"The night at line {line.line} is over; it ended when the last run did.")
            return
        self.night_through(exam, life.plan, why, file_hash=life.day.file_hash, line=line.line)

    def would_sleep(self) -> bool:
        """Whether a night was interrupted, or the governor's wish for one stands and there is something to sleep on."""
        if self.session.state.resumable is not None:
            return True
        if self.wish is not None and not self.session.unconsolidated():
            self.wish = None
        return self.wish is not None

    def sleep_if_wished(self, line: int) -> None:
        if not self.would_sleep():
            return
        life, interrupted, plan, why = self.life, self.session.state.resumable, self.life.plan, ""
        if interrupted is None:
            plan = plan if life.drives_given else wish.planned(plan, self.wish)
            why = f"the governor proposes it: {self.wish.why}"
            self.terminal.say(f"The governor proposes sleep with drives {plan.drives.said()}. {self.wish.why}")
        elif not life.drives_given:
            plan = structs.replace(plan, drives=drives_of(interrupted) or plan.drives)
        self.night_through(paper.due(life.exam, life.day, wish.ends(life.day, line)), plan, why)
        self.awake_for = 0

    def night_through(self, exam: list[e.Question], plan: NightPlan, why: str, **where) -> None:
        """Open the night, or take up the one that was interrupted, and go through it to its end."""
        life, session = self.life, self.session
        self.opened, self.closed, self.proposed, self.asked, self.examined = False, None, None, 0, False
        if session.state.resumable is not None:
            self.night = session.resume_night(exam, plan, **where)
        else:
            self.night = session.sleep(exam, plan, why, **where)
        self.until(self.over)
        self.slept += 1
        if self.closed.ended in ("failed", "interrupted"):
            raise LiveFailed(
                f"Night {self.night} {self.closed.ended}: {self.closed.why}. The cortex is as it was before it. "
                "What to do: the same command takes it up again."
            )
        self.refused = self.refused or (self.closed.ended == "vetoed" and life.plan.arm not in report.FROZEN)
        if life.report is not None:
            report.save(life.report, report.build(session.stored(report.KINDS), seed=life.seed, arm=life.plan.arm))

    def over(self) -> bool:
        """Whether the night has ended. One of a frozen arm is ended here, once its paper is written."""
        if self.closed is None and self.examined and self.life.plan.arm in report.FROZEN:
            self.examined = False
            try:
                self.session.veto_night(f"the arm “{self.life.plan.arm}” is examined and never trained", "arm")
            except SessionError:
                if self.session.state.night is not None:
                    raise
        return self.closed is not None

    def decide(self) -> None:
        """The policy's word, or a person's; a person may hold and be asked again."""
        proposed, self.asked = self.proposed, self.asked + 1
        if self.life.approve == "ask":
            self.ask(proposed)
            return
        self.terminal.table(proposed)
        policy = policyfile.in_force(self.life.home)
        own = None if policy == policyfile.built_in() else policy
        decision, reason, by = verdict(self.life.approve, proposed, own, self.session.held_by(self.night))
        self.proposed = None
        self.session.decide(decision, reason, by)
        if decision == "hold":
            raise Held(
                f"Night {self.night} waits at the gate: {reason}. Nothing was changed. What to do: the same command "
                "with --approve ask, or the window, takes the night up again for a person to decide."
            )

    def ask(self, proposed: e.Proposed) -> None:
        """A person at the terminal. What does not count under the policy is said, and they are asked again."""
        decision, reason = self.terminal.ask(proposed)
        signer = self.life.signer
        try:
            self.session.decide(decision, reason, signer.name if signer else _person(), signer)
        except SessionError as error:
            if not self.session.state.can_decide:
                raise
            self.terminal.complain(str(error))
            return
        if not self.session.state.can_decide:
            self.proposed = None
        elif decision == "approve":
            raise Held(
                f"Night {self.night} waits at the gate for another person's approval; yours is kept. What to do: the "
                "same command, by that person, takes the night up again."
            )

    # ------------------------------------------------------------ listening

    def until(self, reached: Callable[[], bool]) -> None:
        """Take in events until it is so. Raises LiveFailed when it can no longer become so."""
        while True:
            for event in self.session.drain():
                self.take(event)
            if self.proposed is not None and self.life.plan.arm not in report.FROZEN:
                self.decide()
            if reached():
                return
            state = self.session.state
            if state.phase == "failed":
                raise LiveFailed(" ".join(filter(None, [state.problem, state.remedy])))
            self.terminal.listen(state.mind_silent_s)
            self.session.wait(TURN_S)

    def take(self, event: e.Event) -> None:
        self.terminal.show(event)
        self.wish = wish.after(self.wish, event)
        match event:
            case e.MindReady():
                self.ready = True
            case e.EpisodeKept():
                self.on_the_way.discard(event.episode)
                self.awake_for += 1
            case e.EpisodeObserved():
                self.on_the_way.discard(event.episode)
            case e.CortexChecked():
                self.checked = True
            case e.NightOpened():
                self.opened = True
            case e.Measured(when="before") if event.night == self.night:
                self.examined = True
            case e.Paused():
                # Nobody sends a pause here but a plugin that looks on; it has said why, and nobody could run it on.
                self.terminal.say(f"Held before the stage {event.stage} and run on, for no window is open. {event.why}")
                self.session.run()
            case e.Proposed():
                self.proposed = event
            case e.NightClosed() if event.night == self.night:
                self.closed = event
            case e.MindLost():
                raise LiveFailed(
                    "The mind's process ended without being asked to; everything acknowledged is kept. "
                    f"{_quoted(event.last_words)}What to do: the same command goes on where it stopped."
                )
            case e.Notice(level="error") if not self._night_goes_on():
                # Nothing else will say that the wait is in vain: outside a night there is no closing event.
                raise LiveFailed("Stopped there; what was acknowledged is kept.")

    def _night_goes_on(self) -> bool:
        return self.opened and self.closed is None


def _with_a_sleep(day: Day) -> list[Experience | SleepLine]:
    """A file without any sleep is one day, slept on at its end, as a line after its last."""
    if day.sleeps or not day.lines:
        return day.lines
    return [*day.lines, SleepLine(line=day.lines[-1].line + 1)]


def _write_report(life: Life, terminal: Terminal) -> None:
    """From the home once more, now that it is closed, so that how the run ended is in it."""
    from ..record.store import RecordError, Store

    try:
        store = Store.open(life.home, "read")
    except (RecordError, OSError) as error:
        terminal.complain(f"The report could not be made: {error}")
        return
    try:
        made = report.build(store.history(kinds=list(report.KINDS)), seed=life.seed, arm=life.plan.arm)
    finally:
        store.close()
    try:
        report.save(life.report, made)
    except OSError as error:
        terminal.complain(f"The report could not be written to {life.report}: {error}. Everything else is kept.")
        return
    terminal.say(f"Report: {life.report}")


def _draw(life: Life, terminal: Terminal) -> None:
    """Pictures in a process of their own: a machine without Qt's libraries loses the pictures, not the life."""
    command = [sys.executable, "-m", "observatory", "pictures", str(life.pictures), "--home", str(life.home), "--quiet"]
    terminal.say("Drawing the window")
    done = subprocess.run(
        command, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        terminal.complain(f"The pictures could not be drawn: {_quoted(done.stderr)}What to do: observatory doctor")
    else:
        terminal.say(f"Pictures: {life.pictures}")


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "someone at the terminal"


def _quoted(words: str) -> str:
    last = words.strip().splitlines()[-1:] or [""]
    return f"Its last words: “{last[0][:300]}”. " if last[0] else ""
