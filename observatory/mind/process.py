"""The mind's process: commands in, events out, one loop.

Whatever takes time is a generator; between any two of its events the loop looks at the pipe. So a
night can be paused, stepped, vetoed or told to leave at any gradient step. When the host is gone
(end of file) or asks to leave, a running night is written down first. It does not know what the
host does with events.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
import traceback
from collections import deque

import msgspec
import psutil

from ..protocol import commands as cmd
from ..protocol import events as ev
from ..protocol import wire
from ..protocol.conditions import ConditionUnclear, Watch, read
from . import footprint

HEARTBEAT_S = 1.0
AWAY_BELOW_WINDOW = 5
"""Niceness: on two cores the window must keep its frames while the mind trains."""

IDLE_EVERY_S = 900.0
"""Seconds without a word after which the governor is asked what to do; a quarter of an hour is a rest in its table."""
SAID = cmd.Tell | cmd.Ask | cmd.Explain | cmd.Feedback | cmd.SetGoal | cmd.NotNow
MEANT_FOR_A_NIGHT = cmd.Pause | cmd.Resume | cmd.StepOnce | cmd.RunUntil | cmd.Watch | cmd.VetoNight
"""What a person says to the mind; asleep it waits."""

REMEDIES = {
    "ModelMissing": "", "ModelUnusable": "", "DeviceUnusable": "", "GateClosed": "", "DeltaBroken": "",
    "LossExploded": "Sleep again; if it happens again, choose fewer steps.",
    "OutOfMemoryError": "Close other programs, or choose a smaller model.",
    "MemoryError": "Close other programs, or choose a smaller model.",
    "OSError": "Look at the disk: is there space, and may this program write there?",
}  # fmt: skip


class Leaving(Exception):  # noqa: N818 - a turn of events, not an error
    """The host is gone or asked the mind to leave."""


class NightVetoed(Exception):  # noqa: N818
    def __init__(self, veto: cmd.VetoNight):
        self.veto = veto


def run(connection) -> None:
    """Entry point of the spawned process. `connection` is the mind's end of a duplex pipe of bytes."""
    Loop(connection).serve()


class Loop:
    def __init__(self, connection):
        self.connection = connection
        self.sending = threading.Lock()
        self.waiting: deque[cmd.Command] = deque()
        self.mind = None
        self.mode: ev.Mode = "waiting"
        self.busy = "starting"
        self.paused = False
        self.until: str | None = None
        self.watch = Watch()
        self.told_asleep = False
        self._heard, self._idled = time.monotonic(), 0
        self.gone = threading.Event()

    # ------------------------------------------------------------ life

    def serve(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches the whole group; the host decides
        signal.signal(signal.SIGTERM, lambda *_: self.gone.set())
        _step_back()
        threading.Thread(target=self._beat, daemon=True, name="heartbeat").start()
        try:
            self.send(ev.MindWaiting(what="waking: reading the libraries"))
            from .mind import Mind

            self.mind = Mind()
            self._first()
            while True:
                self.busy = ""
                self._obey(self.waiting.popleft() if self.waiting else self._next())
        except Leaving:
            self.mode = "leaving"

    def _first(self) -> None:
        wake = self._next()
        if not isinstance(wake, cmd.Wake):
            raise wire.WireError(f"the first message must be Wake, not {type(wake).__name__}")
        self.busy = "waking"
        try:
            self._drive(self.mind.wake(wake.settings))
        except Leaving:
            raise
        except Exception as error:  # noqa: BLE001 - the last frame of the process: told, never swallowed
            self._explain("The mind could not wake", error)
            self.mode = "leaving"
            sys.exit(4)

    def _obey(self, command: cmd.Command) -> None:
        mind, self._idled = self.mind, 0
        try:
            if self.mode == "rest":
                self._drive(mind.stir(), "")
            match command:
                case cmd.Tell():
                    self._drive(mind.tell(command), "encoding")
                case cmd.Ask():
                    self._drive(mind.ask(command), "answering")
                case cmd.Explain():
                    self._drive(mind.explain(command), "asking why")
                case cmd.Feedback():
                    self._drive(mind.feel(command), "reading anew")
                case cmd.SetGoal():
                    self._drive(mind.aim(command), "turning to another goal")
                case cmd.MarkEpisodes():
                    mind.mark(command)
                case cmd.NotNow():
                    self._drive(mind.not_now(), "")
                case cmd.Restore():
                    self._drive(mind.restore(command.episodes), "remembering")
                case cmd.Sleep():
                    self._night(command)
                case cmd.RollBack():
                    self._drive(mind.roll_back(command), "rolling back")
                case cmd.Relive():
                    self._drive(mind.relive(command), "living again")
                case cmd.RankCanaries():
                    self._drive(mind.rank(command), "looking for what is left")
                case cmd.Leave():
                    raise Leaving
                case cmd.Watch():
                    self.watch.watch(command.conditions)
                case (
                    cmd.Pause() | cmd.Resume() | cmd.StepOnce() | cmd.RunUntil() | cmd.Decide() | cmd.VetoNight()
                    | cmd.ScaleDown()
                ):  # fmt: skip
                    self.send(
                        ev.Notice(
                            level="info", title="No night is running", text="There is nothing to pause, step or decide."
                        )
                    )  # noqa: E501
                case _:
                    self.send(
                        ev.Notice(
                            level="warning", title="Not understood", text=f"{type(command).__name__} came too late."
                        )
                    )  # noqa: E501
        except Leaving:
            raise
        except Exception as error:  # noqa: BLE001 - a command that failed is told; the mind lives on
            self._explain(f"{type(command).__name__} did not work", error)

    def _drive(self, generator, busy: str = "waking") -> None:
        """Run a waking generator to its end; commands that come meanwhile wait their turn."""
        self.busy = busy
        for event in generator:
            self.send(event)
            self._look()

    # ------------------------------------------------------------ the night

    def _night(self, order: cmd.Sleep) -> None:
        mind, generator = self.mind, self.mind.sleep(order)
        self.busy, self.told_asleep, self.paused, self.until = f"night {order.night}", False, False, None
        night, over = None, False
        self.watch.begin()
        try:
            for event in generator:
                if night is None and mind.night is not None:
                    night = mind.night
                    self._already_said(night)
                if event is None:
                    self._at_the_gate()
                    continue
                self.send(event)
                over = over or isinstance(event, ev.NightClosed)
                if over:
                    continue  # what the mind still says of this night cannot be paused, vetoed or left out any more
                self._stop_here(event, night)
                self._look(night)
                while self.paused:
                    self._take(self._next(), night)
        except NightVetoed as vetoed:
            generator.close()
            for event in night.dropped():
                self.send(event)
            changed = vetoed.veto.changed
            self.send(night.closed("changed" if changed else "vetoed", vetoed.veto.reason))
            for event in () if changed else mind.day_ends(night.number):
                self.send(event)
            self.send(ev.ModeChanged(mode="awake", why=f"{vetoed.veto.by} ended the night"))
        except Leaving:
            self._keep(night)
            generator.close()
            raise
        except Exception as error:  # noqa: BLE001 - a night that failed is told; the mind lives on
            generator.close()
            if night is not None and night.committed:
                # What follows from a commit was not carried through; a mind woken from the record has all of it.
                self._explain(f"Night {order.night} was committed; what follows from it failed", error)
                self.send(night.closed("committed", night.decision.reason))
                raise Leaving from error
            self._explain(f"Night {order.night} failed; the cortex is as it was", error)
            if night is not None:
                self.send(night.closed("failed", str(error)))
            self.send(ev.ModeChanged(mode="awake", why="the night failed"))
        finally:
            self.paused = False

    def _keep(self, night) -> None:
        """Leaving for good: a checkpoint that cannot be written costs the night its steps and nothing else."""
        try:
            if night is not None:
                night.keep()
        except OSError as error:
            self._explain("Where the night stands could not be written down; it will begin anew", error)

    def _already_said(self, night) -> None:
        """What was meant for this night and came before its first event."""
        early = [c for c in self.waiting if isinstance(c, MEANT_FOR_A_NIGHT)]
        self.waiting = deque(c for c in self.waiting if c not in early)
        for command in early:
            self._take(command, night)

    def _stop_here(self, event: ev.Event, night) -> None:
        """Pause again when the one step or stage that was asked for is done, or a condition holds."""
        reached = isinstance(event, ev.StageEntered) or (self.until == "step" and isinstance(event, ev.ReplayStep))
        # Both are asked: who looks on and what a person watches for may hold it at the same place.
        held = (self.watch.take(event), night.wishes.pause() if night is not None else "")
        why = "; ".join(filter(None, held))
        if (self.until and reached) or why:
            self.until = None
            self._pause(night, why)
        if isinstance(event, ev.Proposed) and self.watch.until is not None:
            missed, self.watch.until = self.watch.until, None
            self.send(ev.Notice(
                level="info", title="The night is at the gate", text=f"It never came to: {missed.said()}.",
            ))  # fmt: skip

    def _pause(self, night, why: str = "") -> None:
        self.paused, self.watch.until = True, None
        self.send(ev.Paused(night=night.number, step=night.step, stage=night.stage, of=night.plan.steps, why=why))

    def _run_on(self, night) -> None:
        if self.paused:
            self.send(ev.Resumed(night=night.number, step=night.step))
        self.paused, self.until = False, None

    def _to_watch(self, command: cmd.RunUntil | cmd.Watch, night) -> None:
        """What cannot be read is told, and nothing is changed by it."""
        try:
            if isinstance(command, cmd.Watch):
                self.watch.watch(command.conditions)
            else:
                self.watch.until = read(command.condition)
                self._run_on(night)
        except ConditionUnclear as unclear:
            self.send(ev.Notice(level="warning", title="The condition is not understood", text=str(unclear)))

    def _at_the_gate(self) -> None:
        """Nothing is beside the cortex now: what waited during the night may be answered while a person decides."""
        while self.waiting:
            self._obey_gently(self.waiting.popleft())
        self._obey_gently(self._next())

    def _obey_gently(self, command: cmd.Command) -> None:
        if isinstance(command, SAID):
            self._obey(command)
        else:
            self._take(command, self.mind.night)

    def _look(self, night=None) -> None:
        while self.connection.poll(0):
            self._take(self._receive(), night)
        if self.gone.is_set():
            raise Leaving

    def _take(self, command: cmd.Command, night) -> None:
        """A command in the middle of something."""
        match command:
            case cmd.Leave():
                raise Leaving
            case cmd.Pause() if night is not None:
                if not self.paused:
                    self._pause(night)
            case cmd.Resume() if night is not None:
                self._run_on(night)
                self.watch.until = None
            case cmd.StepOnce() if night is not None:
                self.paused, self.until = False, command.unit
            case cmd.RunUntil() | cmd.Watch() if night is not None:
                self._to_watch(command, night)
            case cmd.VetoNight() if night is not None and night.committed:
                self.send(ev.Notice(
                    level="warning", title="The veto came too late",
                    text=f"Night {night.number} was approved and is part of the cortex.",
                    remedy=f"Roll back to before night {night.number} to take it out again.",
                ))  # fmt: skip
            case cmd.VetoNight() if night is not None:
                raise NightVetoed(command)
            case cmd.Decide() if night is not None:
                self.mind.decide(command)
            case cmd.MarkEpisodes() if night is not None:
                self.mind.mark(command)
            case cmd.ScaleDown() if night is not None and night.stage == "gate":
                self.mind.scale_down(command)
            case _:
                self.waiting.append(command)
                if night is not None and not self.told_asleep and isinstance(command, SAID):
                    self.told_asleep = True
                    self.send(ev.Notice(
                        level="info", title="The mind is asleep",
                        text="What is said now is taken up when the night reaches the gate.",
                    ))  # fmt: skip

    # ------------------------------------------------------------ the pipe

    def _next(self) -> cmd.Command:
        while not self.connection.poll(0.25):
            if self.gone.is_set():
                raise Leaving
            self._idle()
        self._heard = time.monotonic()
        return self._receive()

    def _idle(self) -> None:
        """Nothing was said for a while: the governor has its say, and again after as long."""
        quiet = time.monotonic() - self._heard
        if self.mode in ("awake", "rest") and not self.busy and quiet >= IDLE_EVERY_S * (self._idled + 1):
            self._idled += 1
            self._drive(self.mind.idle(quiet / 3600), "")

    def _receive(self) -> cmd.Command:
        while True:
            try:
                data = self.connection.recv_bytes(wire.MESSAGE_LIMIT)
            except (EOFError, OSError) as error:
                raise Leaving from error
            try:
                return wire.command(data)
            except wire.WireError as error:
                self._explain("A message to the mind was refused", error)
                return cmd.Resume() if self.mode == "asleep" and not self.paused else self._next()

    def send(self, event: ev.Event) -> None:
        if isinstance(event, ev.ModeChanged):
            self.mode = event.mode
        stamped = msgspec.structs.replace(event, at=event.at or time.time())
        try:
            with self.sending:
                self.connection.send_bytes(wire.pack(stamped))
        except (BrokenPipeError, ConnectionError, OSError):
            self.gone.set()

    def _beat(self) -> None:
        while not self.gone.wait(HEARTBEAT_S):
            self.send(ev.Heartbeat(
                mode=self.mode, busy=self.busy, rss_mb=footprint.rss_mb(), peak_rss_mb=footprint.peak_rss_mb(),
                paused=self.paused,
            ))  # fmt: skip

    def _explain(self, title: str, error: Exception) -> None:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        remedy = next((REMEDIES[kind] for kind in kinds if kind in REMEDIES), "Please report this with the details.")
        self.send(ev.Notice(
            level="error", title=title, text=str(error) or type(error).__name__, remedy=remedy,
            detail="".join(traceback.format_exception(error)),
        ))  # fmt: skip


def _step_back() -> None:
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        process.nice(min(19, process.nice() + AWAY_BELOW_WINDOW))
