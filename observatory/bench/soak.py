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
    text: Path


def parser(name: str, about: str, count: int, *, model: bool = True) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m observatory.bench.{name}", description=about)
    made.add_argument("--count", type=int, default=count)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--minutes", type=float, default=None, help="stop after so long and say how far it came")
    made.add_argument("--quiet", action="store_true", help="no progress bar")
    made.add_argument("--out", type=Path, default=None, help="where the JSON goes; default: standard output")
    if model:
        made.add_argument("--model", default=TINY, help=f"{TINY}: a random one made on the spot; or as everywhere")
    return made


def one_thread() -> None:
    """Before torch is read: what soaks for minutes leaves the other cores alone, and forks before threads exist."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def until(asked: argparse.Namespace) -> float:
    """When to stop, on the clock that does not jump."""
    return time.monotonic() + 60 * asked.minutes if asked.minutes else float("inf")


def stuff(model: str, folder: Path) -> Stuff:
    """The tiny model is made anew by a process of its own; any other is found as everywhere else."""
    if model == TINY:
        made, cache = folder / "tiny", folder / "models"
        subprocess.run([sys.executable, "-m", "observatory.bench.tiny", str(made)], check=True)
        model = str(made)
    else:
        cache = models.cache_folder(Path(tempfile.gettempdir()) / "observatory-bench")
    day, text = folder / "day.jsonl", folder / "short.txt"
    half = len(TOLD) // 2
    lines = [*({"text": t} for t in TOLD[:half]), {"sleep": True}, *({"text": t} for t in TOLD[half:]), {"sleep": True}]
    day.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    text.write_text(TEXT, "utf-8")
    return Stuff(model, cache, day, text)


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


def result(asked: argparse.Namespace, began: float, found: dict) -> dict:
    versions = {name: importlib.metadata.version(name) for name in VERSIONS_OF}
    return {
        **{name: value for name, value in vars(asked).items() if name not in ("quiet", "out")},
        **found, "wall_s": round(time.monotonic() - began, 1), "python": platform.python_version(),
        "platform": platform.platform(), "versions": {"observatory": __version__, **versions},
    }  # fmt: skip


def tell(asked: argparse.Namespace, made: dict) -> None:
    text = json.dumps(made, indent=1) + "\n"
    if asked.out:
        asked.out.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median and worst, in seconds."""
    ordered = sorted(values)
    if not ordered:
        return {"median": 0.0, "worst": 0.0}
    return {"median": round(ordered[len(ordered) // 2], 3), "worst": round(ordered[-1], 3)}
