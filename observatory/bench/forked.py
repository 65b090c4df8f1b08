"""One run of a life in two real processes, a host and its mind, that can be killed at any moment.

Both are forked from this process, which has read the libraries and computed nothing: reading torch takes as long as the
tiny model's whole day, and a kill meant for the day would half the time hit the reading. From there on everything is
what `observatory live` does. It counts nothing and judges nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

import psutil

from ..host import keeping
from ..host.headless import Life, live
from ..host.session import Session
from ..host.supervisor import Supervisor
from ..host.terminal import Terminal
from ..mind import mind as _libraries  # noqa: F401 - read here, so that no fork has to
from ..mind import process
from ..protocol import events as e
from ..protocol.commands import NightPlan
from ..protocol.days import read_day
from ..record.store import Store

LINGERS_S = 20.0
"""Seconds a mind may take to see that its host is gone, write its night down and leave."""


@dataclass(frozen=True)
class Plan:
    """What is lived, and on what."""

    home: Path
    day: Path
    told: tuple[str, ...]
    """The texts of the day."""
    model: str
    models_folder: Path
    text: Path
    exam: tuple[e.Question, ...]
    steps: int
    threads: int = 1
    seed: int = 0


@dataclass
class Run:
    """What one run acknowledged before it ended or was killed. `opened_s` is None if it was killed before."""

    opened_s: float | None = None
    awake_s: float | None = None
    findings: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    """The cortex after each night that counted when the home was opened."""
    stored: dict[int, str] = field(default_factory=dict)
    """Episodes that the home held when it was opened."""
    ready: str = ""
    base: str = ""
    kept: dict[int, str] = field(default_factory=dict)
    closed: list[tuple[int, str, str]] = field(default_factory=list)
    status: int | None = None
    killed: str = ""
    outlived: bool = False
    said: str = ""


class Witness(Terminal):
    """A view that tells somebody outside what it was told, at once and past every buffer."""

    def __init__(self, handle: int):
        super().__init__(quiet=True)
        self._handle, self._texts, self._begun = handle, {}, time.monotonic()

    def write(self, **what) -> None:
        os.write(self._handle, json.dumps(what).encode() + b"\n")

    def complain(self, text: str) -> None:
        self.write(said=text)

    def show(self, event: e.Event) -> None:
        match event:
            case e.MindReady():
                self.write(ready=event.cortex, base=event.base, awake_s=time.monotonic() - self._begun)
            case e.EpisodeEncoded():
                self._texts[event.episode] = event.text
            case e.EpisodeKept():
                self.write(kept=event.episode, text=self._texts[event.episode])
            case e.NightClosed():
                self.write(closed=[event.night, event.ended, event.cortex])


def run(plan: Plan, *, kill: str = "", after_s: float = 0.0) -> Run:
    """Live as far as it goes; `kill` (host or mind) dies by SIGKILL after so many seconds."""
    ours, theirs = Pipe()
    heard, tells = os.pipe()
    mind = _forked(lambda: _mind(theirs, plan), [ours, heard, tells])
    host = _forked(lambda: _host(plan, ours, mind, tells), [theirs, heard])
    ours.close()
    theirs.close()
    os.close(tells)
    try:
        return _watched(heard, host, mind, kill, time.monotonic() + after_s)
    except BaseException:
        for pid in (host, mind):
            os.kill(pid, signal.SIGKILL)
        raise


def _watched(heard: int, host: int, mind: int, kill: str, at: float) -> Run:
    out, victim, rest = Run(), {"": None, "host": host, "mind": mind}[kill], b""
    while True:
        left = max(0.0, at - time.monotonic()) if victim else 1.0
        if victim and left == 0.0:
            if _Somebodys(victim).is_alive():
                os.kill(victim, signal.SIGKILL)
                out.killed = kill
            victim = None
            continue
        if not select.select([heard], [], [], left)[0]:
            continue
        data = os.read(heard, 65536)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            _take(out, json.loads(line))
    os.close(heard)
    out.status = os.waitstatus_to_exitcode(os.waitpid(host, 0)[1])
    out.outlived = not _gone(mind)
    return out


def _take(out: Run, said: dict) -> None:
    if "kept" in said:
        out.kept[said["kept"]] = said["text"]
    elif "closed" in said:
        out.closed.append(tuple(said["closed"]))
    elif "stored" in said:
        out.stored = {int(number): text for number, text in said["stored"].items()}
        out.opened_s, out.findings, out.accepted = said["opened_s"], said["findings"], said["accepted"]
    elif "ready" in said:
        out.ready, out.base, out.awake_s = said["ready"], said["base"], said["awake_s"]
    else:
        out.said += said["said"] + "\n"


def _forked(body, foreign: list) -> int:
    """`foreign`: ends that belong to the other process; held open here, nobody would see that it died."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for end in foreign:
            os.close(end) if isinstance(end, int) else end.close()
        status = body()
    except BaseException:  # noqa: BLE001 - the child's last frame: told, then gone
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _mind(connection: Connection, plan: Plan) -> int:
    log = os.open(plan.home.with_suffix(".mind.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    process._step_back = lambda: None  # there is no window here whose frames it would have to leave time for
    process.run(connection)
    return 0


def _host(plan: Plan, connection: Connection, mind: int, tells: int) -> int:
    os.environ["OBSERVATORY_MODELS"] = str(plan.models_folder)
    witness = Witness(tells)
    begun = time.monotonic()
    with Store.open(plan.home, "write") as store:
        findings = [f"{f.where}: {f.text}" for f in store.verify() if f.level == "error"]
        accepted = [each.cortex_after for each in store.accepted()]
        told = {event.episode: event.text for event in store.history(kinds=[e.EpisodeEncoded])}
    witness.write(stored=told, findings=findings, accepted=accepted, opened_s=time.monotonic() - begun)
    keeping.Supervisor = lambda *a, **how: Adopted(connection, mind, *a, **how)
    session = Session(
        plan.home, model=plan.model, device="cpu", precision="float32", threads=plan.threads, seed=plan.seed,
        history=False, perplexity_text=str(plan.text),
    )  # fmt: skip
    night = NightPlan(steps=plan.steps, rank=4)
    life = Life(
        day=read_day(plan.day), exam=list(plan.exam), home=plan.home, session=session, plan=night, approve="always",
        seed=plan.seed,
    )  # fmt: skip
    return live(life, witness)


class Adopted(Supervisor):
    """The supervisor of a mind that somebody else has started."""

    def __init__(self, connection: Connection, pid: int, *arguments, **how):
        super().__init__(*arguments, **how)
        self._pipe, self._process = connection, _Somebodys(pid)

    def start(self) -> None:
        import threading

        self._heard = time.monotonic()
        threading.Thread(target=self._read, name="mind-reader", daemon=True).start()
        threading.Thread(target=self._write, name="mind-writer", daemon=True).start()


class _Somebodys:
    """A process as multiprocessing would show it, but another's child: its exit status is not for us to see."""

    exitcode = None

    def __init__(self, pid: int):
        self.pid = pid

    def is_alive(self) -> bool:
        try:
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def join(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while self.is_alive() and time.monotonic() < until:
            time.sleep(0.005)

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _gone(pid: int) -> bool:
    """Whether it left by itself; in the end it is gone either way."""
    until = time.monotonic() + LINGERS_S
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return True
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False
