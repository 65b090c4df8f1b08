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

from .. import models
from ..protocol import commands as c
from ..protocol import events as e
from .state import SessionState, after
from .stream import ViewStream
from .supervisor import RUNG_S, Supervisor

TOGETHER = 512
"""Events kept with one fsync at most: some 0.5 MB, so that a burst cannot delay its own acknowledgement."""
ERROR_LOG = "mind.log"


class SessionError(RuntimeError):
    """A call that cannot be carried out now; the message says why and what to do."""


@dataclass(frozen=True)
class Chosen:
    """How a session was asked to be."""

    model: str
    device: str
    precision: str
    threads: int
    seed: int
    read_only: bool
    history: bool
    perplexity_text: str
    notices: tuple[e.Notice, ...]
    mind: str


class Keeping:
    def __init__(self, home: Path, chosen: Chosen):
        self.home, self.chosen = home, chosen
        self.stream = ViewStream()
        self.state = SessionState(home=str(home), read_only=chosen.read_only)
        self.opened = threading.Event()
        self.store = None
        self.supervisor: Supervisor | None = None
        self._reader = None
        self._reading = threading.Lock()
        self._inbox: queue.SimpleQueue = queue.SimpleQueue()
        self._numbers = threading.Lock()
        self._next = {"episode": 0, "question": 0}
        self._told: dict[int, c.Tell] = {}
        self._day_lines: dict[int, tuple[str, int]] = {}
        self._night_line: tuple[str, int] = ("", 0)
        self._open_night: e.NightOpened | None = None
        self._asked_night: int | None = None
        self._committed: str = ""
        self._closing = threading.Event()
        self._spawning = threading.Lock()
        self._thread = threading.Thread(target=self._live, name="record", daemon=True)

    # ------------------------------------------------------------ called from any thread

    def start(self) -> None:
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
            if not self.chosen.read_only:
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
                self._set(phase="closed")
            self._refuse_the_rest()

    def _open(self) -> bool:
        # Imported here: a run that only prints help must not load the database.
        from ..record.store import RecordError, Store

        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.store = Store.open(self.home, "read" if self.chosen.read_only else "write")
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
        self._reader = store.reader()
        if self.chosen.history:
            portion = []
            for event in store.history():
                portion.append(event)
                if len(portion) == TOGETHER:
                    self.stream.put(portion)
                    portion = []
            self.stream.put(portion)
        if self.chosen.read_only:
            self.stream.put([*store.notices, *self.chosen.notices])
            self._set(phase="ready", waiting_for="")
            return
        self._keep([*store.notices, *self.chosen.notices])
        self._close_what_a_crash_left()
        self._set(phase="waiting", waiting_for="the mind's process")

    def _close_what_a_crash_left(self) -> None:
        opened, closed = None, None
        for event in self.store.history(kinds=[e.NightOpened, e.NightClosed]):
            if isinstance(event, e.NightOpened):
                opened, closed = event, None
            elif opened is not None and event.night == opened.night:
                closed = event
        if opened is None:
            return
        if closed is None:
            self._open_night = opened
            self._committed = {a.night: a.cortex_after for a in self.store.accepted()}.get(opened.night, "")
            self._interrupted("the observatory ended while this night was open")
        elif closed.ended == "interrupted":
            self._set(resumable=opened)
            self._offer_to_resume(opened, "It was interrupted before.")

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
                self._keep(heard)
                heard = []
                if kind == "do":
                    self._do(*what)
                elif kind == "gone":
                    self._mind_gone(*what)
                elif kind == "stop":
                    return
            self._keep(heard)

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

    def _keep(self, heard: list[e.Event]) -> None:
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

    def _with_our_own(self, heard: list[e.Event]) -> list[e.Event]:
        """The host's own events join those they belong to, so that both are durable together or not at all."""
        out: list[e.Event] = []
        for event in heard:
            out.append(event)
            if isinstance(event, e.EpisodeEncoded):
                self._told.pop(event.episode, None)
                out.append(e.EpisodeKept(at=time.time(), episode=event.episode))
                file_hash, line = self._day_lines.pop(event.episode, ("", 0))
                if file_hash:
                    out.append(
                        e.LineLived(
                            at=time.time(), file_hash=file_hash, line=line, episode=event.episode, night=None
                        )
                    )  # fmt: skip
            elif isinstance(event, e.NightOpened):
                self._open_night, self._asked_night, self._committed = event, None, ""
            elif isinstance(event, e.NightCommitted):
                self._committed = event.cortex_after
            elif isinstance(event, e.NightClosed):
                self._open_night = None
                file_hash, line = self._night_line
                if file_hash and event.ended in ("committed", "vetoed"):
                    out.append(
                        e.LineLived(at=time.time(), file_hash=file_hash, line=line, episode=None, night=event.night)
                    )
                    self._night_line = ("", 0)
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
        self._set(phase="failed", problem=problem, remedy=remedy)
        self.stream.put([e.Notice(at=time.time(), level="error", title=title, text=problem, remedy=remedy)])

    def _set(self, **change) -> None:
        self.state = msgspec.structs.replace(self.state, **change)

    # ------------------------------------------------------------ the mind's process

    def spawn(self) -> None:
        """Wake, Restore, then what was told and not kept: always in this order."""
        with self._spawning:
            if self._closing.is_set():
                return
            if self.supervisor is not None and self.supervisor.alive:
                raise SessionError("The mind is running already.")
            supervisor = Supervisor(
                lambda event: self._inbox.put(("event", event)),
                lambda *how: self._inbox.put(("gone", how)),
                mind=self.chosen.mind,
                log=self.home / ERROR_LOG,
            )
            self._set(phase="waiting", waiting_for="the mind's process", mode="waiting", problem="", remedy="")
            try:
                supervisor.start()
            except OSError as error:
                self._fail(
                    "The mind could not be started", f"No process could be made for the mind: {error}.",
                    "Close other programs, then open the home again.",
                )  # fmt: skip
                return
            self.supervisor = supervisor
        supervisor.send(c.Wake(settings=self._settings()))
        for portion in self.store.episodes_to_restore():
            supervisor.send(c.Restore(episodes=portion))
        for told in list(self._told.values()):
            supervisor.send(told)

    def _settings(self) -> c.Settings:
        chosen = self.chosen
        folders = {name: self.home / name for name in ("deltas", "checkpoint")}
        for folder in folders.values():
            folder.mkdir(exist_ok=True, mode=0o700)
        text = chosen.perplexity_text
        return c.Settings(
            model=chosen.model, models_folder=str(models.cache_folder(self.home)), deltas_folder=str(folders["deltas"]),
            checkpoint_folder=str(folders["checkpoint"]), device=chosen.device, precision=chosen.precision,
            threads=chosen.threads, seed=chosen.seed, accepted=self.store.accepted(),
            perplexity_text=text, perplexity_name=Path(text).name if text else "built-in",
        )  # fmt: skip

    def _mind_gone(self, exit_code: int | None, last_words: str, asked: bool) -> None:
        night = self._open_night.night if self._open_night else None
        self._asked_night = None
        if self.state.phase == "failed":
            return
        if asked:
            if night is not None:
                self._interrupted("the mind was asked to leave while this night was open")
            self._set(phase="waiting", waiting_for="the mind was asked to leave", mode="waiting")
            return
        lost = e.MindLost(at=time.time(), exit_code=exit_code, night=night, last_words=last_words)
        self._keep([lost])
        if night is not None:
            self._interrupted(f"the mind's process ended ({_how(exit_code)})")
        waiting = f" {len(self._told)} told and not yet taken in will be told again." if self._told else ""
        self._keep([
            e.Notice(
                at=time.time(), level="error", title="The mind's process ended",
                text=f"It ended without being asked to ({_how(exit_code)}). Everything acknowledged is kept.{waiting}",
                remedy="Wake it again; it goes on from what is kept.", action="wake-again", detail=last_words,
            )
        ])  # fmt: skip
        self._set(phase="lost", waiting_for="to be woken again", problem="The mind's process ended.")

    def _take_tell(self, told: c.Tell, file_hash: str) -> None:
        """Remembered until it is kept, so that a lost mind can be told again."""
        self._told[told.episode] = told
        if file_hash:
            self._day_lines[told.episode] = (file_hash, told.line)
        if self.supervisor is not None and self.supervisor.alive:
            self.supervisor.send(told)

    def send(self, command: c.Command) -> None:
        """To the mind that is there; to none there is nothing to say later, so it is refused."""
        if self.supervisor is None or not self.supervisor.alive:
            raise SessionError("The mind is not running. What to do: wake it again.")
        self.supervisor.send(command)

    # ------------------------------------------------------------ nights

    def open_night(self, exam: list[e.Question], plan: c.NightPlan, why: str, line: tuple[str, int]) -> int:
        self._no_night_yet()
        episodes = sorted({*self.store.unconsolidated(), *self._told})
        if not episodes:
            raise SessionError("There is nothing new to sleep on. What to do: tell the mind something first.")
        night = self.store.next_night()
        self._begin(
            c.Sleep(
                night=night, seed=self.chosen.seed + night - 1, episodes=episodes,
                old_episodes=self.store.consolidated(), exam=exam, plan=plan, why=why,
            ),
            line,
        )  # fmt: skip
        return night

    def reopen_night(self, exam: list[e.Question], plan: c.NightPlan | None, line: tuple[str, int]) -> int:
        """The interrupted night under its own number. Episodes told since then wait for the next night."""
        self._no_night_yet()
        opened = self.state.resumable
        if opened is None:
            raise SessionError("No night was interrupted, so there is none to resume. What to do: open a new one.")
        plan = plan or c.NightPlan(steps=opened.steps, arm=opened.arm)
        self._begin(
            c.Sleep(
                night=opened.night, seed=opened.seed, episodes=opened.episodes, old_episodes=opened.old_episodes,
                exam=exam, plan=plan, why=opened.why, resume=True,
            ),
            line,
        )  # fmt: skip
        return opened.night

    def _no_night_yet(self) -> None:
        if self._open_night is not None or self._asked_night is not None:
            raise SessionError("A night is already open. What to do: let it end, or veto it.")

    def _begin(self, order: c.Sleep, line: tuple[str, int]) -> None:
        self.send(order)
        self._asked_night, self._night_line = order.night, line

    def decide(self, decision: str, reason: str, by: str) -> None:
        """Recorded, then told. The mind's gate checks the number of the record again."""
        proposal = self.state.proposal
        if proposal is None:
            raise SessionError("There is no proposal to decide on; a night asks for leave at its end.")
        if not self.state.can_decide:
            raise SessionError(f"This night has been decided already ({self.state.decided}).")
        if not by.strip():
            raise SessionError("A decision needs a name: who decides.")
        fields = {"night": proposal.night, "delta": proposal.delta, "decision": decision, "by": by, "reason": reason}
        try:
            decided = msgspec.convert({**fields, "at": time.time()}, e.Decided)
        except msgspec.ValidationError as error:
            raise SessionError(f"“{decision}” is no decision: approve, hold or veto.") from error
        before = self.state.saved_through
        self._keep([decided])
        if self.state.saved_through == before:
            raise SessionError(f"The decision could not be recorded, so it does not count. {self.state.problem}")
        self.send(c.Decide(**fields, recorded=self.state.saved_through))

    def roll_back(self, night: int, why: str) -> None:
        self._no_night_yet()
        accepted = self.store.accepted()
        if night != 0 and night not in [a.night for a in accepted]:
            known = ", ".join(str(a.night) for a in accepted) or "none"
            raise SessionError(f"Night {night} is not part of the cortex (accepted nights: {known}). 0 is the base.")
        if not any(a.night > night for a in accepted):
            raise SessionError(f"The cortex is already as it was after night {night}; there is nothing to roll back.")
        self.send(c.RollBack(to_night=night, accepted=[a for a in accepted if a.night <= night], why=why))

    def _interrupted(self, why: str) -> None:
        """Close a night that nobody else will. What was committed stays committed."""
        opened, committed = self._open_night, self._committed
        self._keep([
            e.NightClosed(
                at=time.time(), night=opened.night, ended="committed" if committed else "interrupted",
                cortex=committed or opened.cortex, why=why, wall_s=0.0, steps=0, tokens=0, peak_rss_mb=0.0,
            )
        ])  # fmt: skip
        self._night_line = ("", 0)
        if not committed:
            self._set(resumable=opened)
            self._offer_to_resume(opened, f"The reason: {why}.")

    def _offer_to_resume(self, opened: e.NightOpened, why: str) -> None:
        self._keep([
            e.Notice(
                at=time.time(), level="warning", title=f"Night {opened.night} was interrupted",
                text=f"{why} The cortex is as it was before the night, and every acknowledged episode is kept.",
                remedy="Resume it from its last checkpoint, or leave it and sleep anew later.", action="resume-night",
            )
        ])  # fmt: skip


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "it did not say how"
    if exit_code < 0:
        return f"signal {-exit_code}"
    return f"exit status {exit_code}"
