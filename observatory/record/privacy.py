"""A home is for its owner's eyes only: 0700 for the folder, 0600 for the files that hold what was said.

Rights are narrowed and never widened, only where they are ours to narrow, and a folder that holds other things as well
is left as it is and named. It does not know what the files mean.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from .recovery import Home

OURS = {
    "journal.jsonl", "observatory.duckdb", "observatory.duckdb.wal", "lock", ".lock", "deltas", "checkpoint", "states",
    "models", "aside", "mind.log", "settings.json", "window.ini", "governor.toml", "policy.toml", "reviewers",
    "reports", "plugins", "maps",
}  # fmt: skip
"""What may lie in a home. A folder with other things in it was something else before a mind moved in."""


def private(home: Home) -> None:
    if sys.platform == "win32":
        return
    for path in (home.journal, home.database, home.log):
        if _wide(path):
            path.chmod(0o600)
    if not _wide(home.folder):
        return
    others = sorted(entry.name for entry in os.scandir(home.folder) if entry.name not in OURS)
    if not others:
        home.folder.chmod(0o700)
        return
    home.say(
        "Other people can see into this home's folder",
        f"{home.folder} may be read by others and holds other things too ({others[0]}, for one), so its rights were "
        "left as they are. What was said to the mind is in files that only you may read.",
        "Give the mind a folder of its own, or narrow this one: chmod 700.",
    )


def _wide(path: Path) -> bool:
    """Whether others may reach it, and it is ours to change."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return bool(found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)) and found.st_uid == os.geteuid()
