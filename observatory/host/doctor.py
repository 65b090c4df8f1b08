"""What can run on this machine, and for whatever is missing the command that mends it.

Looks and tries; changes nothing and loads no model.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from .. import models
from . import display

GB = 1e9
MEMORY_GB = 4.0
"""The default model's night stays under this; larger models need more."""
DISK_GB = 1.5
"""The prepared default model, a year of nights at 8 MB each would be more: this is a comfortable start."""
PACKAGES = ("torch", "transformers", "safetensors", "gguf", "duckdb", "msgspec", "PySide6-Essentials", "pyqtgraph")
MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


class Check(msgspec.Struct, frozen=True):
    what: str
    level: Literal["good", "warning", "bad"]
    text: str
    mend: str = ""


def report(home: Path, model: str, *, as_json: bool, quiet: bool) -> int:
    checks = [
        _python(), _packages(), _memory(), _disk(home), _model(model, home), _home(home), _gpu(), _display(), _qt()
    ]  # fmt: skip
    bad = [check for check in checks if check.level == "bad"]
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(checks), indent=1).decode())
        return 1 if bad else 0
    for check in checks:
        if quiet and check.level == "good":
            continue
        print(f"{MARKS[check.level]} {check.what:<10} {check.text}")
        if check.mend:
            print(f"  {'':<10} what to do: {check.mend}")
    return 1 if bad else 0


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", "good", f"{version}, {os.cpu_count()} cores")


def _packages() -> Check:
    there, absent = [], []
    for name in PACKAGES:
        try:
            there.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        return Check("packages", "bad", f"missing: {', '.join(absent)}", f"pip install {' '.join(absent)}")
    return Check("packages", "good", ", ".join(there))


def _memory() -> Check:
    free = psutil.virtual_memory().available / GB
    if free < MEMORY_GB:
        text = f"{free:.1f} GB free; a night of the default model takes up to {MEMORY_GB:.0f} GB"
        return Check("memory", "warning", text, "close other programs before a night")
    return Check("memory", "good", f"{free:.1f} GB free")


def _disk(home: Path) -> Check:
    place = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(place).free / GB
    if free < DISK_GB:
        text = f"{free:.1f} GB free at {place}; about {DISK_GB} GB are needed for a start"
        return Check("disk", "bad", text, "free some space, or name a --home on another disk")
    return Check("disk", "good", f"{free:.1f} GB free at {place}")


def _model(spec: str, home: Path) -> Check:
    found = models.find(spec, models.cache_folder(home))
    if found.problem:
        return Check("model", "bad", found.problem, found.remedy)
    state = "ready" if found.ready else "found; it is prepared once at the first start"
    return Check("model", "good", f"{found.name} ({found.kind}), {state}")


def _home(home: Path) -> Check:
    if not home.exists():
        return Check("home", "good", f"{home} will be made")
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return Check("home", "bad", f"{home} may not be read and written", f"chmod u+rwx {home}")
    from ..record.store import RecordError, Store

    if not any((home / name).exists() for name in ("observatory.duckdb", "journal.jsonl")):
        return Check("home", "good", f"{home} is empty so far")
    try:
        store = Store.open(home, "read")
    except RecordError as error:
        return Check("home", "bad", str(error))
    try:
        bad = [finding for finding in store.verify() if finding.level == "error"]
    finally:
        store.close()
    if bad:
        return Check("home", "bad", f"{home}: {bad[0].text}", "observatory verify shows all of it")
    return Check("home", "good", f"{home} is sound")


def _gpu() -> Check:
    """Asked of the driver, not of torch, which takes seconds to import."""
    if sys.platform == "darwin":
        return Check("GPU", "good", "Apple's GPU is used when torch offers it (--device mps)")
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Check("GPU", "good", "none; the CPU is enough for the default model")
    try:
        asked = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return Check("GPU", "warning", "the driver does not answer", "nvidia-smi")
    if done.returncode or not done.stdout.strip():
        return Check("GPU", "warning", "a driver is there but no GPU answers", "nvidia-smi")
    text = done.stdout.strip().replace("\n", "; ")
    if "+cpu" in importlib.metadata.version("torch"):
        return Check(
            "GPU", "warning", f"{text}, but torch is its CPU build", "pip install --force-reinstall torch==2.13.0"
        )
    return Check("GPU", "good", text)


def _display() -> Check:
    why_not = display.missing()
    if why_not:
        return Check("display", "warning", why_not, "observatory live, or a desktop session")
    return Check("display", "good", "there")


def _qt() -> Check:
    problem = display.qt_trial()
    if problem:
        return Check("Qt", "bad", problem, display.qt_problem().partition("What to do: ")[2] or display.remedy())
    return Check("Qt", "good", "starts")


def models_here(home: Path, extra: str | None, *, as_json: bool) -> int:
    folder = models.cache_folder(home)
    found = [models.find(spec, folder) for spec in dict.fromkeys(filter(None, (models.DEFAULT, extra)))]
    found += [f for f in _prepared(folder) if f.name not in {g.name for g in found}]
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        for f in found:
            state = f.problem or ("ready" if f.ready else "found; it is prepared once at the first start")
            print(f"{'✗' if f.problem else '✓'} {f.name} ({f.kind}): {state}")
            if f.problem:
                print(f"  what to do: {f.remedy}")
        print("Others: --model with a folder of safetensors, a .gguf file, or a hub name such as owner/model.")
    return 1 if found[-1].problem and extra else 0


def _prepared(folder: Path) -> list[models.Found]:
    """Models that were read once and are kept."""
    return [
        models.Found(ready.parent.name.rpartition("-")[0], "folder", str(ready.parent), True)
        for ready in sorted(folder.glob("*/ready.json"))
    ]
