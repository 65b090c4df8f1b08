"""Homes that were opened lately, newest first, in a small file beside the default home. It opens none of them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..protocol.durable import write
from ..settings import default_home

FILE = "homes.json"
MOST = 8
MARKS = ("journal.jsonl", "observatory.duckdb")
"""A folder with one of these in it is a home in which a mind has lived."""


def lived_in(folder: Path) -> bool:
    return any((folder / mark).is_file() for mark in MARKS)


def recent() -> list[Path]:
    """Those that are still there. A list that cannot be read is an empty one: it is a convenience, not a memory."""
    try:
        found = msgspec.json.decode(_file().read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return []
    return [path for path in map(Path, found[:MOST]) if path.is_absolute() and lived_in(path)]


def opened(home: Path) -> None:
    """It stands first from now on."""
    home = home.absolute()
    others = [path for path in recent() if path != home]
    _file().parent.mkdir(parents=True, exist_ok=True)
    write(_file(), msgspec.json.encode([str(path) for path in [home, *others][:MOST]]))


def _file() -> Path:
    return default_home().absolute().parent / FILE
