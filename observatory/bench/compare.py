"""The comparison of arms: which jobs there are, which are done already, and what is made of them.

Every job ends as a kept report; tables and plots come from kept reports alone, so they can be made again anywhere. It
does not know what a job does, nor where it runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .. import models, resources
from ..host.refusal import Refusal
from ..protocol.durable import write
from . import kept, pools, sets, table
from .board import Board
from .jobs import PACKAGE, Job, JobFailed

DONE, FAILED, WRONG = 0, 1, 2
SELECTION_SEED = 0
"""Relations are chosen once for all seeds and arms: seeds differ in what training does, not in what is asked."""


@dataclass(frozen=True)
class Asked:
    """One call of `observatory bench`, checked."""

    arms: tuple[str, ...]
    days: str
    nights: int | None
    seeds: tuple[int, ...]
    tokens: int | None
    work: Path
    kept: Path
    exam: Path | None = None
    jobs: int = 1
    drives: str = "balanced"
    ray: str = ""
    again: bool = False
    table_only: bool = False
    plots: bool = True
    model: str = models.DEFAULT
    device: str = "auto"
    precision: str = "auto"
    quiet: bool = False
    json: bool = False


def compare(asked: Asked) -> int:
    """Runs what is missing, then writes and shows the table. The answer is the exit status."""
    failed: list[tuple[Job, JobFailed]] = []
    if asked.table_only:
        name, nights = Path(asked.days).stem if asked.days.endswith(".jsonl") else asked.days, asked.nights
    else:
        days = _days(asked)
        name, nights = days.name, days.nights
        jobs = [_job(asked, days, arm, seed) for seed in asked.seeds for arm in asked.arms]
        missing = [job for job in jobs if _missing(job, asked)]
        failed = _run(missing, asked) if missing else []
    try:
        reports = kept.load_all(asked.kept, name, asked.arms, nights)
    except kept.KeptError as error:
        raise Refusal(FAILED, f"{error} What to do: take the file away, and run the job again.") from error
    if not asked.table_only:
        reports = [one for one in reports if one["seed"] in asked.seeds]
    for _, why in failed:
        print(f"observatory: {why}", file=sys.stderr)
    if not reports:
        if failed:
            return FAILED
        raise Refusal(FAILED, f"No report on “{name}” is kept in {asked.kept}. What to do: leave --table-only out.")
    _show(reports, asked.kept / name, asked)
    return FAILED if failed else DONE


# ---------------------------------------------------------------- which jobs


def _days(asked: Asked) -> sets.DaySet:
    if asked.days != "relations":
        return sets.named(asked.days, asked.nights, resources.folder(), asked.exam)
    nights = asked.nights or 1
    mark = hashlib.sha256(" ".join([asked.model, asked.device, asked.precision]).encode()).hexdigest()[:8]
    out = asked.work / "relations" / f"{Path(asked.model).stem}-{mark}-nights{nights}"
    if not (out / "exams" / "relations.jsonl").is_file():
        _choose_relations(asked, nights, out)
    return sets.named("relations", nights, out)


def _choose_relations(asked: Asked, nights: int, out: Path) -> None:
    """In a process of its own: it wakes the model and asks it some hundred questions."""
    folder = resources.folder() / "relations"
    if not folder.is_dir():
        raise Refusal(WRONG, f"There are no relations in {folder}, so no days can be made of them.")
    if not asked.quiet:
        print("Choosing relations that the model does not know; once for this model.", file=sys.stderr)
    cache = os.environ.get("OBSERVATORY_MODELS") or asked.work / "models"
    command = [
        sys.executable, "-m", "observatory.bench.relations", folder, out, "--nights", nights, "--seed", SELECTION_SEED,
        "--model", asked.model, "--cache", cache, "--device", asked.device, "--precision", asked.precision,
    ]  # fmt: skip
    path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [str(word) for word in command], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise Refusal(FAILED, f"The relations could not be chosen: {last[0][-300:]}")


def _job(asked: Asked, days: sets.DaySet, arm: str, seed: int) -> Job:
    return Job(
        days=days.name, arm=arm, seed=seed, nights=days.nights, day=days.day, exam=days.exam, tokens=asked.tokens,
        model=asked.model, device=asked.device, precision=asked.precision, drives=asked.drives,
    )  # fmt: skip


def _place(job: Job, asked: Asked) -> Path:
    return kept.place(asked.kept, job.days, job.arm, job.seed, job.nights)


def _missing(job: Job, asked: Asked) -> bool:
    """Whether the job is to be run. A kept report that answers another question is never passed off as this one."""
    path = _place(job, asked)
    if asked.again:
        path.unlink(missing_ok=True)
        shutil.rmtree(job.folder(asked.work), ignore_errors=True)
    if not path.is_file():
        return True
    try:
        other = kept.differences(kept.load(path), job.asked())
    except kept.KeptError as error:
        raise Refusal(FAILED, f"{error} What to do: --again runs the job once more.") from error
    if other:
        raise Refusal(
            WRONG, f"{path} is kept from another comparison ({'; '.join(other)}). What to do: --again replaces it, or "
            "--kept names another folder."
        )  # fmt: skip
    return False


# ---------------------------------------------------------------- running and showing


def _run(jobs: Sequence[Job], asked: Asked) -> list[tuple[Job, JobFailed]]:
    """Every job that ends well is kept at once, so that an interrupted comparison loses none."""
    asked.work.mkdir(parents=True, exist_ok=True)
    failed = []
    at_once = min(asked.jobs, len(jobs))
    pool: Iterator = (
        pools.on_ray(jobs, asked.work, asked.ray, asked.jobs)
        if asked.ray
        else pools.side_by_side(jobs, asked.work, at_once)
    )
    asked_for = {job.name: job for job in jobs}
    with Board(jobs, asked.work, quiet=asked.quiet, plain=asked.json) as board:
        try:
            for ended in pool:
                if ended is not None:
                    job, outcome = asked_for[ended[0].name], ended[1]
                    if isinstance(outcome, JobFailed):
                        failed.append((job, outcome))
                    else:
                        kept.save(_place(job, asked), outcome)
                    board.ended(job, "failed" if isinstance(outcome, JobFailed) else "kept")
                board.look()
        except KeyboardInterrupt:
            board.console.print("Stopping; what was lived is kept, and the same call goes on from there.")
            raise
        finally:
            pool.close()
    return failed


def _show(reports: list[dict], folder: Path, asked: Asked) -> None:
    """Table and plots beside the kept reports; the table on standard output."""
    text = table.markdown(reports)
    write(folder / "table.md", text.encode())
    write(folder / "table.csv", table.as_csv(reports).encode())
    made = _plots(reports, folder, asked) if asked.plots else []
    if asked.json:
        files = [str(path) for path in (folder / "table.md", folder / "table.csv", *made)]
        print(json.dumps({"rows": table.plain(reports), "files": files}, indent=1))
    else:
        print(text, end="")
    if not asked.quiet:
        for path in (folder / "table.md", folder / "table.csv", *made):
            print(f"Written: {path}", file=sys.stderr)


def _plots(reports: list[dict], folder: Path, asked: Asked) -> list[Path]:
    """In a process of its own: a machine without Qt's libraries loses the plots, not the table."""
    which = ("days", "arm", "seed", "nights_asked")
    names = sorted(kept.place(folder.parent, *(one[name] for name in which)) for one in reports)
    path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "observatory.bench.plots", str(folder), *map(str, names)], check=False, text=True,
        env={**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        print(f"observatory: the plots could not be drawn: {last[0][-300:]}", file=sys.stderr)
        return []
    return [Path(name) for name in msgspec.json.decode(done.stdout)]
