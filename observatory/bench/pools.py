"""Many jobs at once: side by side on this machine, or on a Ray cluster, which is somebody else's scheduler.

Both take the same jobs and give the same answers: (job, what is to be kept) or (job, why it failed), and now and then
None, so that whoever waits can show how far things are. They do not know what a job does.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from pathlib import Path

import msgspec

from ..host.refusal import Refusal
from .jobs import LEAVE_S, PACKAGE, Job, JobFailed, JobStopped, do

TURN_S = 0.5
WRONG = 2
Ended = tuple[Job, dict | JobFailed]


def side_by_side(jobs: Sequence[Job], work: Path, at_once: int) -> Iterator[Ended | None]:
    """`at_once` jobs at a time, each with its share of the processors. Left early, it stops those that run."""
    stop, share = threading.Event(), max(1, _processors() // at_once)
    pool = futures.ThreadPoolExecutor(at_once, thread_name_prefix="bench")
    running = {pool.submit(do, msgspec.structs.replace(job, threads=share), work, stop): job for job in jobs}
    try:
        while running:
            done, _ = futures.wait(running, TURN_S, futures.FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), _outcome(future.result)
            if not done:
                yield None
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _processors() -> int:
    """How many this process may use, which is fewer than there are when it was pinned to some."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_ray(jobs: Sequence[Job], work: Path, address: str, at_once: int) -> Iterator[Ended | None]:
    """The same jobs as Ray tasks. `local` starts a Ray of `at_once` workers here; else the address of a cluster.

    A worker on another machine needs the observatory installed, and keeps its homes under the same path there.
    """
    if importlib.util.find_spec("ray") is None:
        raise Refusal(WRONG, "--ray needs Ray. What to do: pip install 'observatory[ray]', or leave --ray out.")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    own = address == "local"
    variables = {"PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))}
    variables |= {name: value for name, value in os.environ.items() if name.startswith("OBSERVATORY_")}
    how = {"num_cpus": at_once, "include_dashboard": False} if own else {"address": address}
    asked_to_end = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(**how, runtime_env={"env_vars": variables if own else {}}, log_to_driver=False, logging_level="error")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise Refusal(1, f"Ray at {address} cannot be reached: {error}") from error
    # Ray ends the process at once on SIGTERM; running jobs are to be stopped and kept instead.
    signal.signal(signal.SIGTERM, asked_to_end)
    running = {}
    try:
        share = max(1, _processors() // at_once) if own else 2
        jobs = [msgspec.structs.replace(job, threads=share) for job in jobs]
        task = ray.remote(**_needs(ray.cluster_resources(), jobs, own), max_retries=1)(_on_a_worker)
        running = {task.remote(job, work): job for job in jobs}
        while running:
            done, _ = ray.wait(list(running), timeout=TURN_S)
            for one in done:
                yield running.pop(one), _outcome(lambda one=one: ray.get(one), (ray.exceptions.RayError,))
            if not done:
                yield None
    finally:
        for one in running:
            ray.cancel(one)
        if running:
            ray.wait(list(running), num_returns=len(running), timeout=LEAVE_S)
        ray.shutdown()


def _on_a_worker(job: Job, work: Path) -> dict:
    """Ray stops a task by an interrupt, which a comparison started in a shell's background would ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return do(job, work)


def _needs(there: dict[str, float], jobs: Sequence[Job], own: bool) -> dict[str, float]:
    """A processor of a local Ray stands for one worker; a job on a cluster takes two, and a share of a GPU if any."""
    gpus = there.get("GPU", 0)
    wanted = gpus and any(job.device in ("auto", "cuda") for job in jobs)
    return {"num_cpus": 1 if own else 2, "num_gpus": min(1.0, gpus / len(jobs)) if wanted else 0}


def _outcome(result: Callable[[], dict], lost: tuple[type[Exception], ...] = ()) -> dict | JobFailed:
    """What came out, or why nothing did. One job's failure is no reason to lose the others."""
    try:
        return result()
    except JobStopped:
        raise KeyboardInterrupt from None
    except (JobFailed, RuntimeError, OSError, KeyError, ValueError, *lost) as error:
        # An error that comes back through Ray carries the task's own as its cause.
        cause = getattr(error, "cause", None) or error
        return JobFailed(str(cause) if isinstance(cause, JobFailed) else f"{type(cause).__name__}: {cause}")
