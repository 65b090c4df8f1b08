"""Kept reports: what one job ended with, small enough to be committed, with all that says where it comes from.

A kept report holds numbers and hashes and no answers. It does not know how the job was run, nor what a table makes
of it.
"""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
from pathlib import Path

from ..host.keptreports import ASKED, MEASURED, SCHEMA, KeptError, load, load_all
from ..protocol.durable import write

__all__ = ["ASKED", "MEASURED", "SCHEMA", "KeptError", "load", "load_all"]

UNLESS_SAID = {"drives": "balanced"}
"""What was asked for besides, and what it was where a report does not say."""
NIGHT = (
    "night", "episodes", "decision", "openings", "wall_s", "exam_s", "steps", "tokens", "delta_norm", "delta_scale",
    "peak_rss_mb", "cortex_before", "cortex_after", "perplexity", "kl_from_base", "exam",
)  # fmt: skip


def place(folder: Path, days: str, arm: str, seed: int, nights: int) -> Path:
    return folder / days / f"{arm}-seed{seed}-nights{nights}.json"


def distil(report: dict, asked: dict, commit: dict) -> dict:
    """What is worth keeping of a job's report. `asked` says what the job was, `commit` which code did it."""
    return {
        "schema": SCHEMA,
        **{name: asked[name] for name in (*ASKED, *UNLESS_SAID) if name in asked},
        "model_name": report["model"],
        **{name: report.get(name) for name in MEASURED},
        "python": platform.python_version(),
        **commit,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "nights": [{name: _rounded(night.get(name)) for name in NIGHT} for night in report["nights"]],
    }


def save(path: Path, kept: dict) -> None:
    """A line a field and a line a night: what changed can be seen in a diff."""
    head = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in kept.items() if name != "nights"]
    nights = ",\n  ".join(json.dumps(night) for night in kept["nights"])
    text = "{\n" + ",\n".join([*head, f' "nights": [\n  {nights}\n ]']) + "\n}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, text.encode())


def differences(kept: dict, asked: dict) -> list[str]:
    """In what a kept report is another one than the one asked for."""
    kept, asked = UNLESS_SAID | kept, UNLESS_SAID | asked
    names = [name for name in (*ASKED, *UNLESS_SAID) if kept[name] != asked[name]]
    return [f"{name}: {_short(kept[name])}, asked {_short(asked[name])}" for name in names]


def commit_here() -> dict:
    """The commit of the code that runs, and whether it was changed since; empty outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return {"commit": "", "changed": False}

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "observatory", "resources/texts")
        return {"commit": git("rev-parse", "HEAD"), "changed": bool(changed)}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": "", "changed": False}


def _rounded(value):
    """Six significant digits are more than any of these numbers is good for."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return value


def _short(value) -> str:
    return f"{value[:12]}…" if isinstance(value, str) and len(value) > 32 else str(value)
