"""One job of a comparison: one arm lives one set of days with one seed, through our own command line.

A job is independent of every other and goes on where it was when it is started again: its home remembers what it has
lived. It runs the same here and on a Ray worker. It does not know which jobs there are, nor what is made of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import filelock
import msgspec

from .. import models
from ..host.report import FROZEN
from ..protocol.commands import NightPlan
from ..protocol.durable import write
from . import kept

PACKAGE = Path(__file__).resolve().parents[2]
LOG = "live.log"
LEAVE_S = 30.0
"""Seconds a life has to write down a running night before it is ended."""
LAST_WORDS = 300


LONG_STEP = 1050
"""Tokens of a long step: where a job says how many tokens a night may spend, steps are not what ends it."""


class JobFailed(RuntimeError):
    """The job cannot go on; the message says which one, why and where its log is."""


class JobStopped(RuntimeError):
    """Somebody asked all jobs to stop; what was lived is kept."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what comes out, and where to compute it."""

    days: str
    arm: str
    seed: int
    nights: int
    day: str
    exam: str
    tokens: int | None = None
    model: str = models.DEFAULT
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    drives: str = kept.UNLESS_SAID["drives"]

    @property
    def name(self) -> str:
        return f"{self.days}-{self.arm}-seed{self.seed}-nights{self.nights}"

    def asked(self) -> dict:
        """What the kept report says was asked for."""
        dials = {"drives": self.drives} if self.drives != kept.UNLESS_SAID["drives"] else {}
        return {
            "days": self.days, "arm": self.arm, "seed": self.seed, "nights_asked": self.nights,
            "tokens_asked": None if self.arm in FROZEN else self.tokens, "model": self.model,
            "day_hash": hashlib.sha256(self.day.encode()).hexdigest(),
            "exam_hash": hashlib.sha256(self.exam.encode()).hexdigest(), **dials,
        }  # fmt: skip

    def folder(self, work: Path) -> Path:
        """A home of its own for exactly this question, so that one asked otherwise never goes on in it."""
        mark = hashlib.sha256(json.dumps([self.asked(), self.device, self.precision]).encode()).hexdigest()[:8]
        return work / "jobs" / f"{self.name}-{mark}"


def do(job: Job, work: Path, stop: threading.Event | None = None) -> dict:
    """Live the job to its end, from wherever it stands; returns what is to be kept."""
    folder, stop = job.folder(work), stop or threading.Event()
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "day.jsonl", job.day.encode())
    write(folder / "exam.jsonl", job.exam.encode())
    environment = _environment(job, work)
    _unpacked(job, folder, environment, stop)
    report = folder / "report.json"
    command = [
        sys.executable, "-m", "observatory", "live", "--home", folder / "home", "--model", job.model,
        "--day", folder / "day.jsonl", "--exam", folder / "exam.jsonl", "--arm", job.arm, "--seed", job.seed,
        "--approve", "always", "--device", job.device, "--precision", job.precision, "--report", report,
        "--drives", job.drives,
    ]  # fmt: skip
    if job.tokens and job.arm not in FROZEN:
        command += ["--tokens", job.tokens, "--steps", max(NightPlan().steps, job.tokens // LONG_STEP)]
    # A cortex that never moves would not be asked again by the mind that has asked it before, although the fast store
    # has grown since: a frozen arm gets a fresh mind each night.
    one_at_a_time = job.arm in FROZEN
    done = -1
    while True:
        _run(job, [*command, *(["--nights", 1] if one_at_a_time else [])], folder, environment, stop)
        before, done = done, _nights_done(report)
        if done >= job.nights:
            break
        if done <= before or not one_at_a_time:
            raise JobFailed(f"{job.name} lived {done} of {job.nights} nights and then no more; see {folder / LOG}.")
    return kept.distil(msgspec.json.decode(report.read_bytes()), job.asked(), kept.commit_here())


def doing(job: Job, work: Path, since: float) -> str:
    """What a job is at, from the last lines of its log; empty when it has not begun since then."""
    path = job.folder(work) / LOG
    try:
        if path.stat().st_mtime < since:
            return ""
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 8192))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = next((line.strip(" …") for line in reversed(lines) if line.strip()), "starting")
    night = next((found[1] for line in reversed(lines) if (found := re.match(r"Night (\d+) ", line))), "")
    return f"night {night} of {job.nights}: {said.removeprefix(f'night {night} · ')}" if night else said


def _environment(job: Job, work: Path) -> dict[str, str]:
    """One models cache for all jobs, and no more threads than the job's share of the processors."""
    environment = {**os.environ, "OBSERVATORY_MODELS": os.environ.get("OBSERVATORY_MODELS") or str(work / "models")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE), environment.get("PYTHONPATH")]))
    if job.threads:
        environment |= {name: str(job.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return environment


def _unpacked(job: Job, folder: Path, environment: dict[str, str], stop: threading.Event) -> None:
    """The model is unpacked and its base measured once, by one job, while the others wait."""
    if "OBSERVATORY_MIND" in environment:
        return
    cache = Path(environment["OBSERVATORY_MODELS"])
    cache.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(json.dumps([job.model, job.device, job.precision]).encode()).hexdigest()[:8]
    with _alone(cache / ".bench.lock", job, stop):
        if not (cache / f".bench-{mark}").exists():
            words = [sys.executable, "-m", "observatory.bench.ready", job.model, cache, job.device, job.precision]
            _run(job, words, folder, environment, stop)
            (cache / f".bench-{mark}").touch()


@contextlib.contextmanager
def _alone(path: Path, job: Job, stop: threading.Event):
    """One job at a time, also between processes; a job that is told to stop waits no longer."""
    lock = filelock.FileLock(path)
    while not lock.is_locked:
        if stop.is_set():
            raise JobStopped(job.name)
        with contextlib.suppress(filelock.Timeout):
            lock.acquire(timeout=1)
    try:
        yield
    finally:
        lock.release()


def _run(job: Job, command: list, folder: Path, environment: dict[str, str], stop: threading.Event) -> None:
    """A process with its words in the job's log. Raises when it fails, or when all is to stop."""
    with (folder / LOG).open("ab") as log:
        begun = log.tell()
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
            env=environment, cwd=folder,
        )  # fmt: skip
        try:
            while True:
                try:
                    status = process.wait(0.25)
                    break
                except subprocess.TimeoutExpired:
                    if stop.is_set():
                        raise JobStopped(job.name) from None
        finally:
            if process.poll() is None:
                _end(process)
    if stop.is_set():
        raise JobStopped(job.name)
    if status:
        said = (folder / LOG).read_bytes()[begun:].decode("utf-8", "replace").strip().splitlines()
        last = said[-1].strip()[-LAST_WORDS:] if said else "nothing"
        raise JobFailed(f"{job.name} ended with status {status}. Its last words: “{last}”. Its log: {folder / LOG}")


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    until = time.monotonic() + LEAVE_S
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    if process.poll() is None:
        process.kill()
    process.wait()


def _nights_done(report: Path) -> int:
    if not report.is_file():
        return 0
    nights = msgspec.json.decode(report.read_bytes())["nights"]
    return sum(night["ended"] in ("committed", "vetoed") for night in nights)
