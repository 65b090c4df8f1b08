"""The host's only door to disk: events in, durably, and everything that may be asked of them.

One writer, used from one thread; `reader()` gives another thread its own cursor. It does not know
where events come from or who looks at them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import duckdb
import msgspec

from ..protocol import events as e
from ..protocol import wire
from . import journal as journals
from .checks import Finding, check
from .database import Database
from .errors import (
    EventRefused,
    HomeBusy,
    HomeNewer,
    HomeUnreadable,
    JournalBroken,
    QueryRefused,
    RecordError,
)
from .journal import Entry, Journal
from .lock import Lock
from .reading import Reader
from .recovery import Home, fill, open_to_read, open_to_write

__all__ = [
    "EventRefused", "Finding", "HomeBusy", "HomeNewer", "HomeUnreadable", "JournalBroken", "QueryRefused", "Reader",
    "RecordError", "Store",
]  # fmt: skip


class Store(Reader):
    """An open home. `notices` is what was found and mended at opening; they are not kept yet."""

    def __init__(self, home: Home, database: Database, journal: Journal | None, lock: Lock | None):
        super().__init__(database.connection)
        self._home, self._database, self._journal, self._lock = home, database, journal, lock
        self._broken = ""
        self._readers: list[Reader] = []
        self.notices = home.notices

    @classmethod
    def open(cls, home: Path, mode: Literal["write", "read"] = "write") -> Store:
        """Raises HomeBusy, HomeNewer or HomeUnreadable. Reading never changes a home and may go on beside a writer."""
        files = Home(Path(home))
        try:
            if mode == "read":
                return cls(files, open_to_read(files), None, None)
            files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (files.folder / "deltas").mkdir(mode=0o700, exist_ok=True)
            lock = Lock(files.folder)
            try:
                journal, database = open_to_write(files)
            except BaseException:
                lock.release()
                raise
        except (OSError, duckdb.Error) as why:
            raise HomeUnreadable(
                f"The home {home} could not be opened: {why}. "
                "Check that the disk is there, has space left, and that the folder may be read and written."
            ) from why
        return cls(files, database, journal, lock)

    # ------------------------------------------------------------ keeping

    def keep(self, events: Sequence[e.Record]) -> list[e.Record]:
        """Number them and make them durable, all or none. What comes back is on disk."""
        journal = self._writable()
        if not events:
            return []
        stamped = [_stamped(event, journal.seq + place) for place, event in enumerate(events, 1)]
        new = journals.entries_of(
            journal.chain, [(event.seq, event.at, type(event).__name__, _body(event)) for event in stamped]
        )
        with self._turn:
            self._take(journal, new, stamped)
        return stamped

    def _take(self, journal: Journal, new: list[Entry], stamped: list[e.Record]) -> None:
        """Rows first, uncommitted: what the database refuses never reaches the journal. Then journal, then commit."""
        connection = self._database.connection
        connection.execute("BEGIN")
        try:
            self._database.insert(new, stamped)
        except BaseException as why:
            connection.execute("ROLLBACK")
            if isinstance(why, (duckdb.Error, OverflowError)):
                raise EventRefused(f"The database refused {_named(stamped)}: {why}. None of it was kept.") from why
            raise
        try:
            journal.append(new)
        except OSError as why:
            connection.execute("ROLLBACK")
            self._broken = (
                f"The journal {journal.path} could not be written: {why}. What was acknowledged before is safe; "
                "the last events were not kept. Free space or mend the disk, then open the home again."
            )
            raise RecordError(self._broken) from why
        try:
            connection.execute("COMMIT")
        except duckdb.Error as why:
            self._broken = (
                f"The database {self._home.database} could not be written: {why}. The journal has everything; "
                "free space or mend the disk, then open the home again, and the database catches up."
            )
            raise RecordError(self._broken) from why
        self._database.took(new)

    def _writable(self) -> Journal:
        if self._broken:
            raise RecordError(self._broken)
        if self._journal is None:
            raise RecordError("This home is open for reading only. Open it for writing to keep anything in it.")
        return self._journal

    # ------------------------------------------------------------ the record as a whole

    def rebuild(self) -> int:
        """The database made anew from the journal. Returns the number of events."""
        journal = self._writable()
        with self._turn:
            self._database.reset()
            fill(self._database, journals.entries(journal.path))
            self._database.header = journals.header_of(journal.path)
        return self._database.seq

    def verify(self) -> list[Finding]:
        return check(self._home, self._database if self._journal else None)

    def reader(self) -> Reader:
        """For another thread: its own cursor, the same questions."""
        with self._turn:
            reader = Reader(self._database.connection.cursor())
        self._readers.append(reader)
        return reader

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        super().close()
        if self._journal is not None:
            self._journal.close()
        if self._lock is not None:
            self._lock.release()
        self._journal, self._lock, self._readers = None, None, []
        self._broken = "This home has been closed. Open it again."

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def _stamped(event: e.Record, seq: int) -> e.Record:
    if not isinstance(event, e.Record):
        raise EventRefused(f"{type(event).__name__} is not a record; telemetry is shown, not kept.")
    return msgspec.structs.replace(event, seq=seq, at=event.at or time.time())


def _body(event: e.Record) -> bytes:
    """The event's bytes, once it is certain that they give the event back."""
    try:
        body = wire.to_json(event)
        same = wire.event_from_json(body) == event
    except (wire.WireError, UnicodeEncodeError, msgspec.MsgspecError, TypeError) as why:
        raise EventRefused(
            f"{type(event).__name__} cannot be kept, because it could not be read back: {why}. None of it was kept."
        ) from why
    if not same:
        raise EventRefused(f"{type(event).__name__} would come back from disk as something else. None of it was kept.")
    return body


def _named(events: list[e.Record]) -> str:
    return ", ".join(sorted({type(event).__name__ for event in events}))
