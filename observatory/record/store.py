"""The host's only door to disk: events in, durably, and everything that may be asked of them.

One writer, used from one thread; `reader()` gives another thread its own cursor. It does not know
where events come from or who looks at them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb
import msgspec

from ..protocol import events as e
from ..protocol import wire
from . import journal as journals
from . import shredding
from .checks import Finding, check
from .database import Database
from .errors import (
    EventRefused,
    HomeBusy,
    HomeNewer,
    HomeNotWritable,
    HomeUnreadable,
    JournalBroken,
    QueryRefused,
    RecordError,
)
from .journal import Entry, Journal
from .lock import NO_RIGHT, Lock
from .privacy import private
from .reading import Reader
from .recovery import Home, check_behind, fill, open_to_read, open_to_write
from .redaction import Gone

__all__ = [
    "EventRefused", "Finding", "HomeBusy", "HomeNewer", "HomeNotWritable", "HomeUnreadable", "JournalBroken",
    "QueryRefused", "Reader", "RecordError", "Store",
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
                private(files)
            except BaseException:
                lock.release()
                raise
        except (OSError, duckdb.Error) as why:
            if getattr(why, "errno", 0) in NO_RIGHT:
                raise HomeNotWritable(
                    f"The home {home} may not be written ({why.strerror}). Give yourself the right to write there, or "
                    "name another home with --home."
                ) from why
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

    @property
    def unchecked(self) -> bool:
        """The journal is large, ends as the database does, and was not gone through when this was opened."""
        return self._home.unchecked > 0

    def check_behind(self, going_on: Callable[[], bool]) -> str:
        """What was put off at the opening, on another thread: what is wrong with the journal, or nothing."""
        return check_behind(self._home, going_on)
    def forget(self, episodes: Sequence[int], files: Sequence[Path], cortex: str) -> e.Forgotten:
        """Take the words of these episodes out of everything that is kept, and destroy these files of the home.

        What was handed out to read with is closed by it. Cut short at any point, the next opening ends it.
        """
        journal = self._writable()
        told = [e.EpisodeEncoded, e.EpisodeObserved, e.FeedbackGiven]
        gone = Gone.of(episodes, self.history(kinds=told))
        with self._turn:
            last = Entry(journal.seq, 0.0, "", b"", journal.chain)
            for reader in self._readers:
                reader.close()
            shredding.begun(self._home)
            journal.close()
            self._database.close()
            self._journal = None
            self._broken = "A forgetting was cut short. Open the home again, and it is ended."
            everything = [*files, *shredding.copies(self._home)]
            done = shredding.rewritten(self._home, last, gone, everything, cortex, time.time())
            self._journal, self._database = open_to_write(self._home)
            self._cursor, self._readers, self._broken = self._database.connection, [], ""
        return done

    def verify(self) -> list[Finding]:
        return check(self._home, self._database if self._journal else None)

    def set_aside(self, path: Path) -> Path | None:
        """A file of this home that cannot be used, moved where nothing reads it. Returns its new place."""
        self._writable()
        return self._home.aside(path)

    def reader(self) -> Reader:
        """For another thread: its own cursor, the same questions."""
        with self._turn:
            reader = Reader(self._database.connection.cursor())
        self._readers.append(reader)
        return reader

    @property
    def seq(self) -> int:
        """The last event that was kept."""
        return self._database.seq

    @contextmanager
    def between_commits(self) -> Iterator[tuple[Path, int]]:
        """The database's file while nothing is written to it, and the last event in it."""
        if self._journal is None:
            raise RecordError("This home is open for reading, and so has no file of its own that could be copied.")
        with self._turn:
            yield self._home.database, self._database.seq

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
