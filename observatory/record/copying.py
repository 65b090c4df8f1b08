"""A copy of a home's database for questions that must not stand in the writer's way, or be able to harm it.

DuckDB lets one process write and no other read meanwhile, and a cursor of the writer's could not be made read-only; so
people's own SQL is put to a copy. It does not know what is asked of it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .database import Database, connect
from .errors import HomeUnreadable
from .recovery import Home, fill, up_to_the_fault
from .store import Store


def copy(store: Store, file: Path) -> int:
    """The open home as it stands now, between two commits. Returns the last event that is in it."""
    with store.between_commits() as (database, seq):
        for ending in ("", ".wal"):
            source = Path(f"{database}{ending}")
            if source.exists():
                shutil.copyfile(source, f"{file}{ending}")
                os.chmod(f"{file}{ending}", 0o600)
    return seq


def derive(home: Path, file: Path) -> int:
    """The same from the journal alone: needs no lock, stands beside a writer, and touches nothing of the home's."""
    files = Home(Path(home))
    if not files.journal.exists():
        raise HomeUnreadable(f"There is no mind in {home} (no journal.jsonl). Check the name of the folder.")
    database = Database(connect(file), str(file))
    try:
        fill(database, up_to_the_fault(files))
        return database.seq
    finally:
        database.close()
