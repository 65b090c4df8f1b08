"""`observatory bench` on the command line: what was asked for, checked, and handed to the comparison."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import platformdirs
from cyclopts import Parameter

from .. import models, resources
from ..cli import HERE, WRONG, Common
from ..host.refusal import Refusal
from ..protocol import drives as dials
from .compare import Asked, compare
from .table import ARMS

TOKENS = 70_000
"""What the whole sleep spends on the built-in first day; every other arm may spend as much."""


def bench(
    *,
    arms: str = ",".join(ARMS),
    days: str = "told",
    nights: int | None = None,
    seeds: str = "0,1,2",
    tokens: int = TOKENS,
    drives: str = "balanced",
    jobs: int = 1,
    ray: str = "",
    exam: Path | None = None,
    work: Path | None = None,
    kept: Path | None = None,
    again: Annotated[bool, Parameter(negative="")] = False,
    table_only: Annotated[bool, Parameter(negative="")] = False,
    no_plots: Annotated[bool, Parameter(negative="")] = False,
    device: str = "auto",
    precision: str = "auto",
    common: Common = HERE,
) -> int:
    """Compare arms at the same number of trained tokens: the table, with plots. Goes on where it was stopped.

    Parameters
    ----------
    arms
        Which, with commas between: sleep, none, retrieval, finetune, lora, uniform, no-dreams, no-anchor.
    days
        What is lived: told, free, first, mixed, rule, relations, or a day file of your own.
    nights
        How many of its days. Default: all there are (relations: 1).
    seeds
        With commas between; every arm runs once with each.
    tokens
        Trained tokens a night may spend, the same for every arm.
    drives
        What the nights go by: a preset, or dials such as curiosity=0.6,focus=0.3,fear=0.1.
    jobs
        How many run side by side; processors are shared out among them.
    ray
        Run on a Ray cluster at this address instead; `local` starts one here with as many workers as --jobs.
    exam
        The exam for a day file of your own.
    work
        Where homes of running jobs live. Default: your cache folder.
    kept
        Where reports, table and plots are kept. What is kept is not run again.
    again
        Run kept jobs again.
    table_only
        Run nothing: table and plots from what is kept.
    no_plots
        The table alone.
    device
        auto, cpu, cuda or mps.
    precision
        auto, float32, mixed or bfloat16.
    """
    for name, number in (("--nights", nights), ("--tokens", tokens), ("--jobs", jobs)):
        if number is not None and number < 1:
            raise Refusal(WRONG, f"{name} {number} is too few; give 1 or more.")
    asked = Asked(
        arms=_arms(arms), days=days, nights=nights, seeds=_seeds(seeds), tokens=tokens, exam=exam, jobs=jobs, ray=ray,
        work=(work or platformdirs.user_cache_path("sleep-observatory") / "bench").expanduser().absolute(),
        kept=(kept or resources.folder() / "bench").expanduser().absolute(), again=again, table_only=table_only,
        plots=not no_plots, model=_model(common.model), device=device, precision=precision, drives=_drives(drives),
        quiet=common.quiet, json=common.json,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, _interrupt)
    return compare(asked)


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _arms(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in ARMS]
    if unknown or not names:
        said = f"“{unknown[0]}” is no arm" if unknown else "--arms names no arm"
        raise Refusal(WRONG, f"{said}; there are {', '.join(ARMS)}.")
    return names


def _drives(text: str) -> str:
    try:
        dials.read(text)
    except dials.DrivesUnclear as unclear:
        raise Refusal(WRONG, str(unclear)) from None
    return text


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(dict.fromkeys(int(seed) for seed in text.split(",")))
    except ValueError:
        raise Refusal(WRONG, f"--seeds {text} is no list of whole numbers such as 0,1,2.") from None
    if min(seeds) < 0:
        raise Refusal(WRONG, "--seeds are not negative.")
    return seeds


def _model(name: str | None) -> str:
    """A job runs in a folder of its own, so a path is made whole."""
    if not name:
        return models.DEFAULT
    path = Path(name).expanduser()
    return str(path.absolute()) if path.exists() else name
