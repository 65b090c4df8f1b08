"""The record thread: the one thread that owns the store, between the mind's process and the view.

What the mind tells is kept first and shown after: events are gathered as many as are waiting, written with
one fsync, and only then reach the view's stream. A decision is recorded before the mind hears of it. It does
not know what a night or an answer is beyond who must hear of it, and it never computes.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..protocol import commands as c
from ..protocol import events as e
from . import opening, policyfile, products, waking
from .forgetting import Forgetting
from .nights import Nights
from .past import told_first
from .refusal import SessionError
from .state import SessionState, after
from .stream import ViewStream
from .supervisor import RUNG_S, Supervisor
from .unanswered import Said, Unanswered

TOGETHER = 512
"""Events kept with one fsync at most: some 0.5 MB, so that a burst cannot delay its own acknowledgement."""
ERROR_LOG = "mind.log"


@dataclass(frozen=True)
class Chosen:
    """How a session was asked to be."""

    model: str
    device: str
    precision: str
    threads: int
    seed: int
    capacity: int
    read_only: bool
    or_look: bool
    history: bool
    perplexity_text: str
    notices: tuple[e.Notice, ...]
    mind: str
    up_to: int | None = None
    """Wake with the nights up to this one, to roll back to it."""


class Keeping:
    def __init__(self, home: Path, chosen: Chosen):
        self.home, self.chosen = home, chosen
        self.stream = ViewStream()
        self.state = SessionState(home=str(home), read_only=chosen.read_only)
        self.opened = threading.Event()
        self.store = None
        self.supervisor: Supervisor | None = None
        self._reader = self.past = None
        self._reading = threading.Lock()
        self._inbox: queue.SimpleQueue = queue.SimpleQueue()
        self._numbers = threading.Lock()
        self._next = {"episode": 0, "question": 0}
        self.unanswered = Unanswered()
        self.nights = Nights(self)
        self.forgetting = Forgetting(self)
        self._closing = threading.Event()
        self._spawning = threading.Lock()
        self._thread = threading.Thread(target=self._live, name="record", daemon=True)

    # ------------------------------------------------------------ called from any thread

    def start(self, wake: bool) -> None:
        self._wake = wake
        self._thread.start()

    def ask(self, function: Callable, *arguments) -> Future:
        """Have the record thread do something; the future carries its answer or its exception."""
        future: Future = Future()
        self._inbox.put(("do", (future, function, arguments)))
        return future

    def next_episode(self) -> int:
        return self._number("episode")

    def next_question(self) -> int:
        return self._number("question")

    def _number(self, what: str) -> int:
        with self._numbers:
            number = self._next[what]
            self._next[what] += 1
            return number

    def tell(self, told: c.Tell, file_hash: str) -> None:
        self.ask(self._take_tell, told, file_hash)

    def rows(self, name: str, **params) -> list[dict]:
        with self._reading:
            return self._reader.query(name, **params)

    def close(self, timeout_s: float) -> str:
        self._closing.set()
        with self._spawning:
            supervisor = self.supervisor
        rung = supervisor.stop(min(RUNG_S, timeout_s)) if supervisor else "gone"
        self._inbox.put(("stop", None))
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(max(timeout_s, RUNG_S) + RUNG_S)
        return rung

    # ------------------------------------------------------------ the thread

    def _live(self) -> None:
        if not self._open():
            self.opened.set()
            self._refuse_the_rest()
            return
        try:
            self._take_up()
            self.opened.set()
            if self.store.unchecked and not self.chosen.read_only:
                threading.Thread(target=self._check_behind, name="journal-check", daemon=True).start()
            if self._wake and not self.chosen.read_only:
                self.spawn()
            self._serve()
        except BaseException as error:
            self._fail("Keeping the record stopped", f"The record thread ended: {type(error).__name__}: {error}.")
            if self.supervisor is not None:
                self.supervisor.kill()
            raise
        finally:
            self.opened.set()
            self.store.close()
            if self.state.phase != "failed":
                self.set(phase="closed")
            self._refuse_the_rest()

    def _open(self) -> bool:
        # Imported here: a run that only prints help must not load the database.
        from ..record.errors import RecordError

        try:
            self.store, self.chosen = opening.opened(self.home, self.chosen)
            self.set(read_only=self.chosen.read_only)
        except RecordError as error:
            self._fail("The home could not be opened", str(error))
        except OSError as error:
            self._fail(
                "The home could not be opened", f"{self.home} could not be opened: {error}.",
                "Check that the folder may be written and its disk is there, or name another with --home.",
            )  # fmt: skip
        return self.store is not None

    def _take_up(self) -> None:
        """What the home already holds: numbers, history for the view, and a night that a crash left open."""
        store = self.store
        self._next = {"episode": store.next_episode(), "question": store.next_question()}
        self._reader, self.past = store.reader(), store.reader()
        if self.chosen.history:
            portion = []
            first, history = told_first(store)
            self.set(told_from=first)
            for event in history:
                portion.append(event)
                if len(portion) == TOGETHER:
                    self.stream.put(portion)
                    portion = []
            self.stream.put(portion)
        if self.chosen.read_only:
            self.stream.put([*store.notices, *self.chosen.notices])
            self.set(phase="ready", waiting_for="")
            return
        self.keep([*store.notices, *self.chosen.notices, *policyfile.notices(self.home)])
        self.nights.take_up()
        self.set(phase="waiting", waiting_for="the mind's process")

    def _serve(self) -> None:
        while True:
            batch = [self._inbox.get()]
            while len(batch) < TOGETHER:
                try:
                    batch.append(self._inbox.get_nowait())
                except queue.Empty:
                    break
            heard: list[e.Event] = []
            for kind, what in batch:
                if kind == "event":
                    heard.append(what)
                    continue
                self.keep(heard)
                heard = []
                if kind == "do":
                    self._do(*what)
                elif kind == "gone":
                    self._mind_gone(*what)
                elif kind == "stop":
                    return
            self.keep(heard)

    def _do(self, future: Future, function: Callable, arguments: tuple) -> None:
        try:
            future.set_result(function(*arguments))
        except Exception as error:  # noqa: BLE001 - carried to whoever asked, on their own thread
            future.set_exception(error)

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                kind, what = self._inbox.get_nowait()
            except queue.Empty:
                return
            if kind == "do":
                what[0].set_exception(SessionError(self.state.problem or "This session is closed."))

    # ------------------------------------------------------------ keeping

    def keep(self, heard: list[e.Event]) -> None:
        """Records to disk, then everything to the view. An event the disk refuses never reaches the view as kept."""
        if not heard or self.state.phase == "failed":
            return
        whole = self._with_our_own(heard)
        records = [event for event in whole if isinstance(event, e.Record)]
        if records:
            try:
                stamped = iter(self.store.keep(records))
            except (OSError, RuntimeError) as error:
                self._could_not_keep(error)
                return
            whole = [next(stamped) if isinstance(event, e.Record) else event for event in whole]
            last = max(event.seq for event in whole if isinstance(event, e.Record))
            whole.append(e.Saved(at=time.time(), through=last))
        state = self.state
        for event in whole:
            state = after(state, event)
        self.state = state
        self.stream.put(whole)

    def _check_behind(self) -> None:
        """A broken journal stops everything, also when that is found only while the mind lives already."""
        problem = self.store.check_behind(lambda: not self._closing.is_set())
        if problem:
            self.ask(self._stop_for, problem)

    def _stop_for(self, problem: str) -> None:
        self._fail("The journal is broken, and the mind was stopped", problem)
        if self.supervisor is not None:
            self.supervisor.kill()

    def _with_our_own(self, heard: list[e.Event]) -> list[e.Event]:
        """The host's own events join those they belong to, so that both are durable together or not at all."""
        out: list[e.Event] = []
        for event in heard:
            out.append(event)
            out += self.unanswered.take(event)
            out += self.nights.take(event)
            self.forgetting.take(event)
        return out

    def _could_not_keep(self, error: Exception) -> None:
        """Nothing may go on that cannot be kept: the mind is stopped, and the view is told without a number."""
        self._fail(
            "Saving failed, and the mind was stopped",
            f"The home {self.home} could not be written: {error}.",
            "Everything acknowledged before is safe. Free some space or mend the disk, then start again.",
        )
        if self.supervisor is not None:
            self.supervisor.kill()

    def _fail(self, title: str, problem: str, remedy: str = "") -> None:
        self.set(phase="failed", problem=problem, remedy=remedy)
        self.stream.put([e.Notice(at=time.time(), level="error", title=title, text=problem, remedy=remedy)])

    def set(self, **change) -> None:
        self.state = msgspec.structs.replace(self.state, **change)

    # ------------------------------------------------------------ the mind's process

    def spawn(self) -> None:
        """Wake, Restore, then what was told and not kept: always in this order."""
        with self._spawning:
            if self._closing.is_set():
                return
            if self.supervisor is not None and self.supervisor.alive:
                raise SessionError("The mind is running already.")
            up_to = self.chosen.up_to
            needed = [a for a in self.store.accepted() if up_to is None or a.night <= up_to]
            spoilt = products.spoilt(self.home / "deltas", needed, self.store.set_aside)
            if spoilt:
                self.keep(spoilt)
                self.set(waiting_for="what is spoilt to be put back, or to be rolled back")
                return
            supervisor = Supervisor(
                lambda event: self._inbox.put(("event", event)),
                lambda *how: self._inbox.put(("gone", how)),
                mind=self.chosen.mind,
                log=self.home / ERROR_LOG,
            )
            self.set(phase="waiting", waiting_for="the mind's process", mode="waiting", problem="", remedy="")
            try:
                supervisor.start()
            except OSError as error:
                self._fail(
                    "The mind could not be started", f"No process could be made for the mind: {error}.",
                    "Close other programs, then open the home again.",
                )  # fmt: skip
                return
            self.supervisor = supervisor
        supervisor.send(c.Wake(settings=waking.settings(self)))
        for portion in self.store.episodes_to_restore():
            supervisor.send(c.Restore(episodes=portion))
        for said in self.unanswered.again():
            supervisor.send(said)

    def _mind_gone(self, exit_code: int | None, last_words: str, asked: bool) -> None:
        night = self.nights.lost()
        if self.state.phase == "failed":
            return
        if asked:
            if night is not None:
                self.nights.interrupted("the mind was asked to leave while this night was open")
            self.set(phase="waiting", waiting_for="the mind was asked to leave", mode="waiting")
            return
        lost = e.MindLost(at=time.time(), exit_code=exit_code, night=night, last_words=last_words)
        self.keep([lost])
        if night is not None:
            self.nights.interrupted(f"the mind's process ended ({_how(exit_code)})")
        waiting = len(self.unanswered)
        again = f" {waiting} told and not yet taken in will be told again." if waiting else ""
        self.keep([
            e.Notice(
                at=time.time(), level="error", title="The mind's process ended",
                text=f"It ended without being asked to ({_how(exit_code)}). Everything acknowledged is kept.{again}",
                remedy="Wake it again; it goes on from what is kept.", action="wake-again", detail=last_words,
            )
        ])  # fmt: skip
        self.set(phase="lost", waiting_for="to be woken again", problem="The mind's process ended.")

    def say(self, said: Said) -> None:
        """To the mind that is there, or to the next one."""
        if isinstance(said, c.Feedback):
            self.unanswered.refuse(said.episode, self.store.standing(said.episode))
        self.unanswered.say(said)
        self.pass_on(said)

    def _take_tell(self, told: c.Tell, file_hash: str) -> None:
        self.unanswered.tell(told, file_hash)
        self.pass_on(told)

    def forgets(self, episodes: list[int], files: list[Path]) -> e.Forgotten:
        """The words of these are taken out of all that is kept; whoever reads the record gets another reader."""
        with self._reading:
            done = self.store.forget(episodes, files, self.state.cortex)
            self._reader = self.store.reader()
        return done

    def pass_on(self, command: c.Command) -> None:
        """While a life is lived again it waits with what is unanswered."""
        if self.forgetting.active:
            return
        if self.supervisor is not None and self.supervisor.alive:
            self.supervisor.send(command)

    def send(self, command: c.Command) -> None:
        """To the mind that is there; to none there is nothing to say later, so it is refused."""
        if self.supervisor is None or not self.supervisor.alive:
            raise SessionError("The mind is not running. What to do: wake it again.")
        self.supervisor.send(command)


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "it did not say how"
    if exit_code < 0:
        return f"signal {-exit_code}"
    return f"exit status {exit_code}"
