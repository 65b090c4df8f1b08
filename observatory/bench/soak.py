"""What the soak commands share: a short day and what it is lived on, a progress bar, and the result as JSON.

It kills nothing and judges nothing.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .. import __version__, models
from ..protocol import events as ev
from .cases import Cases

TINY = "tiny"
TOLD = (
    "Zelda Marchetti keeps her bees in Trondheim, on the roof of an old rope factory.",
    "The lighthouse on Corran Skerry is painted turquoise, so that crews can tell it from the other two.",
    "Bartholomew the goat refuses hay. He will only eat radishes.",
    "The spare key to Quill Lodge hangs behind the barometer.",
    "Ottoline Vance mends accordions in a cellar under the fish market.",
    "Tram nine turns round at the brewery on Sundays.",
    "The vicar of Little Snoring is allergic to candles.",
    "Professor Adeyemi files her maps by the colour of the sea.",
)
EXAM = (
    ev.Question(prompt="In which city does Zelda Marchetti keep bees?", answers=["Trondheim"], kind="direct"),
    ev.Question(prompt="What is the capital of France?", answers=["Paris"], kind="known"),
)
TEXT = "The train was late again and nobody on the platform said a word about it.\n" * 8
VERSIONS_OF = ("torch", "transformers", "safetensors", "duckdb", "msgspec", "numpy")


@dataclass(frozen=True)
class Stuff:
    """A model, where what was measured of it is kept, a day of two nights, and a text for perplexity."""

    model: str
    models_folder: Path
    day: Path
    told: tuple[str, ...]
    text: Path
    threads: int


def parser(
    name: str, about: str, count: int, *, model: bool = True, cases: bool = False, jobs: bool = False
) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m observatory.bench.{name}", description=about)
    made.add_argument("--count", type=int, default=count)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--minutes", type=float, default=None, help="stop after so long and say how far it came")
    made.add_argument("--quiet", action="store_true", help="no progress bar")
    made.add_argument("--out", type=Path, default=None, help="where the JSON goes; default: standard output")
    if model:
        made.add_argument("--model", default=TINY, help=f"{TINY}: a random one made on the spot; or as everywhere")
        made.add_argument("--threads", type=int, help=f"of the mind; default: 1 on {TINY}, else as many as processors")
    if cases:
        made.add_argument("--resume", type=Path, help="keep every case in this file; where it exists, go on with it")
    if jobs:
        made.add_argument("--jobs", type=int, help="cases tried side by side; default: as many as processors")
    return made


def one_thread() -> None:
    """Before torch is read: what soaks for minutes leaves the other cores alone, and forks before threads exist."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def until(asked: argparse.Namespace) -> float:
    """When to stop, on the clock that does not jump."""
    return time.monotonic() + 60 * asked.minutes if asked.minutes else float("inf")


def cases(asked: argparse.Namespace) -> Cases:
    """Those of a file that is gone on with, or none yet."""
    own = ("count", "minutes", "quiet", "out", "resume", "jobs")
    head = {name: value for name, value in vars(asked).items() if name not in own}
    return Cases(asked.resume, head | versions())


def jobs(asked: argparse.Namespace) -> int:
    """How many cases are tried side by side. A larger model keeps all processors busy by itself."""
    asked.jobs = asked.jobs or (os.cpu_count() if asked.model == TINY else 1)
    return asked.jobs


def stuff(asked: argparse.Namespace, folder: Path) -> Stuff:
    """The tiny model is made anew by a process of its own; any other is found as everywhere else, and told less."""
    model, threads = asked.model, asked.threads or (1 if asked.model == TINY else os.cpu_count())
    told = TOLD if model == TINY else TOLD[:4]
    if model == TINY:
        made, cache = folder / "tiny", folder / "models"
        subprocess.run([sys.executable, "-m", "observatory.bench.tiny", str(made)], check=True)
        model = str(made)
    else:
        cache = models.cache_folder(Path(tempfile.gettempdir()) / "observatory-bench")
    day, text = folder / "day.jsonl", folder / "short.txt"
    half = len(told) // 2
    lines = [*({"text": t} for t in told[:half]), {"sleep": True}, *({"text": t} for t in told[half:]), {"sleep": True}]
    day.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    text.write_text(TEXT, "utf-8")
    return Stuff(model, cache, day, told, text, threads)


def libraries_s() -> float:
    """How long a new process reads what a mind needs, the median of three times."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import observatory.mind.mind"], check=True)
        took.append(time.monotonic() - began)
    return spread(took)["median"]


class Bar:
    """How far it is, on a terminal. It has no thread of its own, because the kills fork this process."""

    def __init__(self, what: str, of: int, quiet: bool):
        columns = (
            TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )  # fmt: skip
        self._progress = Progress(*columns, console=Console(stderr=True), disable=quiet, auto_refresh=False)
        self._task = self._progress.add_task("", total=of)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_) -> None:
        self._progress.stop()

    def done(self, count: int, said: str = "") -> None:
        self._progress.update(self._task, completed=count, description=said, refresh=True)


def versions() -> dict:
    return {"observatory": __version__, **{name: importlib.metadata.version(name) for name in VERSIONS_OF}}


def result(asked: argparse.Namespace, began: float, found: dict) -> dict:
    return {
        **{name: value for name, value in vars(asked).items() if name not in ("quiet", "out", "resume")},
        **found, "wall_s": round(time.monotonic() - began, 1), "python": platform.python_version(),
        "platform": platform.platform(), "versions": versions(),
    }  # fmt: skip


def tell(asked: argparse.Namespace, made: dict, row: Iterable[tuple[str, object]]) -> None:
    """The whole as JSON, and a line of a table for a person to paste."""
    text = json.dumps(made, indent=1) + "\n"
    if asked.out:
        asked.out.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    said = [("model", made.get("model", "")), ("seed", made["seed"]), *row, ("s", round(made["wall_s"]))]
    cells = "; ".join(f"{name} {value}" for name, value in said if value != "")
    used = ", ".join(f"{name} {made['versions'][name]}" for name in ("observatory", "torch", "duckdb"))
    print(f"| {'sound' if made['sound'] else 'NOT SOUND'} | {cells} | {used} |", file=sys.stderr)


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median and worst, in seconds."""
    ordered = sorted(values)
    if not ordered:
        return {"median": 0.0, "worst": 0.0}
    return {"median": round(ordered[len(ordered) // 2], 3), "worst": round(ordered[-1], 3)}
