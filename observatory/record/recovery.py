"""Opening a home: whatever the last time left behind is made whole again, or refused with a sentence.

The journal is what counts; the database follows it. Nothing is ever deleted: what cannot be used is
moved to HOME/aside, and a Notice says so. This file does not know what the events mean.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Literal

import duckdb

from ..protocol import durable
from ..protocol import events as e
from . import journal as journals
from .database import Database, connect, connect_to_read, migrations, older
from .errors import HomeBusy, HomeNotWritable, HomeUnreadable, JournalBroken
from .journal import Entry, Fault, Journal
from .reading import event_of

PORTION = 500
"""Events in one transaction while catching up: large enough to be quick, small enough for little memory."""

GIVE_WAY = 200
"""Lines that are checked behind a session's back before others have their turn."""

PROBE = Path(__file__).with_name("probe.py")

LOG_BEGINS = b"d\x00b"
"""How every log of DuckDB 2 begins: its first entry says which version of the log it is."""

PROBE_S = 300
"""Seconds that replaying DuckDB's log may take before it counts as stuck; it is written out at 16 MB, so seconds."""


LARGE = 64 << 20
"""Bytes of a journal that are gone through at every opening; checking so many takes about half a second."""

LARGE_TO_READ = 4 << 20
"""Bytes of a journal that a reader makes a database of its own from, so that nobody is kept from writing meanwhile;
making one from so many takes a second or two."""


@dataclass
class Home:
    """The files of one home and what was found about them."""

    folder: Path
    notices: list[e.Notice] = field(default_factory=list)
    unchecked: int = 0
    """The last event of a large journal whose chain nobody has gone through yet; 0 when all of it was."""

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def database(self) -> Path:
        return self.folder / "observatory.duckdb"

    @property
    def log(self) -> Path:
        return self.folder / "observatory.duckdb.wal"

    def say(self, title: str, text: str, remedy: str = "", level: Literal["info", "warning"] = "warning") -> None:
        self.notices.append(
            e.Notice(at=time.time(), level=level, title=title, text=text, remedy=remedy, action="", detail="")
        )

    def aside(self, path: Path) -> Path | None:
        """Move a file where nothing reads it any more. Returns its new place."""
        if not path.exists():
            return None
        place = self._place_aside(path.name)
        os.replace(path, place)
        durable.sync_folder(self.folder)
        return place

    def _place_aside(self, name: str) -> Path:
        folder = self.folder / "aside"
        folder.mkdir(mode=0o700, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        place, number = folder / f"{stamp}-{name}", 1
        while place.exists():
            number += 1
            place = folder / f"{stamp}-{number}-{name}"
        return place

    def copy_aside(self, path: Path) -> Path:
        """What is about to be changed, as it is now."""
        place = self._place_aside(path.name)
        with open(path, "rb") as source, open(place, "wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        durable.sync_folder(place.parent)
        return place

    def cut_off(self, offset: int) -> Path:
        """Copy the journal from `offset` on to aside, then take it off the journal."""
        place = self._place_aside("journal-tail.jsonl")
        with open(self.journal, "rb") as source, open(place, "wb") as target:
            source.seek(offset)
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        durable.sync_folder(place.parent)
        with open(self.journal, "rb+") as file:
            file.truncate(offset)
            os.fsync(file.fileno())
        return place


# ---------------------------------------------------------------- for writing


def open_to_write(home: Home) -> tuple[Journal, Database]:
    # Imported here: it makes use of this room's files itself.
    from . import shredding

    cut_short = shredding.finish(home)
    journal, database = _opened(home)
    if cut_short:
        shredding.ended(home)
    return journal, database


def _opened(home: Home) -> tuple[Journal, Database]:
    database = _database(home)
    try:
        journal = _journal(home, database)
        try:
            if database.header and database.header != journals.header_of(home.journal):
                database = _start_over(home, database, "belongs to another journal than the one beside it")
            database = _caught_up(home, journal, database)
        except BaseException:
            journal.close()
            raise
    except BaseException:
        database.close()
        raise
    return journal, database


def _database(home: Home) -> Database:
    """The home's database, or a new one when the old cannot be read."""
    for path in (home.database, home.log, home.journal):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK):
            raise HomeNotWritable(
                f"{path} may not be read and written. Give yourself the rights to it, then try again."
            )
    trouble = ""
    _no_log_at_all(home)
    if home.log.exists():
        trouble = _probe(home)
    if not trouble:
        try:
            return _connected(home)
        except duckdb.Error as why:
            _raise_if_held(home, str(why))
            trouble = str(why).strip().splitlines()[0]
    return _new_database(home, f"could not be read ({trouble})")


def _no_log_at_all(home: Home) -> None:
    """DuckDB takes a log that is none for an empty one, and deletes it: it is moved aside before DuckDB sees it."""
    try:
        with open(home.log, "rb") as file:
            begins = file.read(len(LOG_BEGINS))
    except FileNotFoundError:
        return
    if begins in (b"", LOG_BEGINS):
        return
    place = home.aside(home.log)
    home.say(
        "The database's log was spoilt",
        f"{home.log.name} is no log of a database. It was moved to aside/{place.name}; what it should have held was "
        "taken from the journal. Nothing acknowledged was lost.",
    )


def _connected(home: Home) -> Database:
    connection = connect(home.database)
    try:
        found = older(connection)
        if found:
            # Closed first: then all of it is in the one file that is copied.
            connection.close()
            copies = [home.copy_aside(path) for path in (home.database, home.log) if path.exists()]
            home.say(
                f"The database was brought from schema {found} to {migrations()[-1][0]}",
                f"An earlier version wrote it. As it was, it lies in {', '.join(f'aside/{c.name}' for c in copies)}.",
                level="info",
            )
            connection = connect(home.database)
        return Database(connection, str(home.database))
    except BaseException:
        connection.close()
        raise


def _probe(home: Home) -> str:
    """After an unclean exit: let another process replay DuckDB's log first, because that may be the end of it."""
    done = subprocess.run(
        # -P: the script's own folder stays off the import path, where its neighbours could pass for other modules.
        [sys.executable, "-P", str(PROBE), str(home.database)],
        capture_output=True, timeout=PROBE_S, check=False, stdin=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").strip()
    _raise_if_held(home, said)
    last = said.splitlines()[-1] if said else "it said nothing"
    return f"replaying its log ended with status {done.returncode}: {last}"


def _raise_if_held(home: Home, said: str) -> None:
    if "set lock on file" in said or "being used by another process" in said:
        raise HomeBusy(
            f"{home.database} is open in another program ({said.splitlines()[-1].strip()}). "
            "Close that program, then try again."
        )


def _new_database(home: Home, why: str) -> Database:
    moved = [place for place in (home.aside(home.database), home.aside(home.log)) if place]
    home.say(
        "The database was rebuilt from the journal",
        f"{home.database.name} {why}. It was moved to {', '.join(f'aside/{place.name}' for place in moved)}, and a new "
        "one was made from the journal. Nothing acknowledged was lost.",
    )
    return _connected(home)


def _start_over(home: Home, database: Database, why: str) -> Database:
    database.close()
    return _new_database(home, why)


def _journal(home: Home, database: Database) -> Journal:
    """The journal's open end, with a torn tail cut off; written from the database if it is not there at all."""
    if home.journal.exists() and home.journal.stat().st_size == 0:
        home.aside(home.journal)
    if not home.journal.exists():
        header = database.header or journals.new_header()
        if database.seq:
            home.say(
                "The journal was written anew from the database",
                f"{home.journal.name} was missing. The database holds its {database.seq:,} events, and from those it "
                "was written again.",
            )
        return Journal.create(home.journal, header)
    large = home.journal.stat().st_size > LARGE
    if large and (last := _same_end(home, database)) is not None:
        home.unchecked = last.seq
        return Journal(home.journal, last.seq, last.chain, last.end)
    seq, end = 0, len(journals.header_of(home.journal))
    chain = journals.origin(journals.header_of(home.journal))
    try:
        for entry in journals.entries(home.journal):
            seq, chain, end = entry.seq, entry.chain, entry.end
    except Fault as fault:
        _cut(home, database, fault, seq, chain)
    return Journal(home.journal, seq, chain, end)


def _same_end(home: Home, database: Database) -> Entry | None:
    """The journal's last line, if its database ends with the same, as it does in every home that was closed well.

    What lies before a large one's is checked later: going through gigabytes would keep a person waiting.
    """
    if database.header != journals.header_of(home.journal):
        return None
    last = journals.last_entry(home.journal)
    if last is None or (last.seq, last.chain) != (database.seq, database.chain):
        return None
    return last


def check_behind(home: Home, going_on: Callable[[], bool]) -> str:
    """Go through what was not checked at the opening, giving way to others. What is wrong, or nothing."""
    try:
        for entry in journals.entries(home.journal):
            if entry.seq >= home.unchecked or not going_on():
                return ""
            if entry.seq % GIVE_WAY == 0:
                time.sleep(0.002)
    except Fault as fault:
        return broken(home.journal, fault)
    return ""


def _cut(home: Home, database: Database, fault: Fault, seq: int, chain: str) -> None:
    """Only the end may be torn: the last line, or lines that the database had not yet taken in."""
    same = database.header == journals.header_of(home.journal)
    never_acknowledged = same and database.seq == seq and (database.chain or chain) == chain
    if not fault.last and not never_acknowledged:
        raise JournalBroken(broken(home.journal, fault))
    place = home.cut_off(fault.offset)
    home.say(
        "The end of the journal was cut off",
        f"The last time ended in the middle of writing: {fault}. The end was moved to aside/{place.name}. "
        "It had not been acknowledged; everything acknowledged is kept.",
    )


def broken(path: Path, fault: Fault) -> str:
    return (
        f"The journal {path} is broken at line {fault.line}: {fault.reason}. What follows cannot be trusted, so "
        "nothing is written to this home. Put back a copy of the journal; or move it away, and it will be written anew "
        "from the database. `observatory verify` says more."
    )


def _caught_up(home: Home, journal: Journal, database: Database) -> Database:
    """Whichever of the two is behind takes in what the other has."""
    if not database.whole() or not _agree(home, journal, database):
        database = _start_over(home, database, "did not hold what the journal says")
    if database.seq < journal.seq:
        fill(database, journals.entries(home.journal))
    elif database.seq > journal.seq:
        missing = database.seq - journal.seq
        for portion in database.entries(journal.seq):
            journal.append(portion)
        home.say(
            "The end of the journal was written anew from the database",
            f"The journal had lost its last {missing:,} events. The database still had them.",
            "If this happens again, look at the health of the disk.",
        )
    if not database.header:
        database.header = journals.header_of(home.journal)
    return database


def _agree(home: Home, journal: Journal, database: Database) -> bool:
    """Whether both have the same chain where the shorter one ends."""
    if database.seq == 0 or journal.seq == 0:
        return True
    if database.seq >= journal.seq:
        return database.chain_at(journal.seq) == journal.chain
    found = next((entry for entry in journals.entries(home.journal) if entry.seq == database.seq), None)
    return found is not None and found.chain == database.chain


def fill(database: Database, entries: Iterator[Entry]) -> None:
    """Take in what is new, in portions that are each there whole or not at all."""
    new = (entry for entry in entries if entry.seq > database.seq)
    while portion := list(islice(new, PORTION)):
        events = [event_of(entry.seq, entry.body) for entry in portion]
        with database.transaction():
            database.insert(portion, events)
        database.took(portion)


# ---------------------------------------------------------------- for reading


def open_to_read(home: Home) -> Database:
    """A database in memory, made from the journal: needs no lock, stands beside a writer, and touches nothing."""
    if not home.journal.exists():
        known = home.database.exists()
        raise HomeUnreadable(
            f"{home.folder} has a database but no journal. Open it once for writing, and the journal is written anew."
            if known else f"There is no mind in {home.folder} (no journal.jsonl). Check the name of the folder."
        )  # fmt: skip
    header = journals.header_of(home.journal)
    if (large := _large_to_read(home, header)) is not None:
        return large
    database = Database(connect(None), str(home.journal))
    try:
        database.header = header
        fill(database, up_to_the_fault(home))
    except BaseException:
        database.close()
        raise
    return database


def _large_to_read(home: Home, header: bytes) -> Database | None:
    """A large home's own database, where it may be read and says what the journal says: millions of events at once.

    None otherwise: it is open for writing, was not closed, or has another schema. Then the journal is read.
    """
    if home.journal.stat().st_size <= LARGE_TO_READ or not home.database.exists() or home.log.exists():
        return None
    try:
        connection = connect_to_read(home.database)
    except duckdb.Error:
        return None
    try:
        if not older(connection):
            database = Database(connection, str(home.database), as_it_is=True)
            if database.header == header and _same_end(home, database) is not None:
                return database
    except duckdb.Error:  # a table is missing or cannot be read; the journal has it all
        pass
    connection.close()
    return None


def up_to_the_fault(home: Home) -> Iterator[Entry]:
    try:
        yield from journals.entries(home.journal)
    except Fault as fault:
        # A torn last line is what a writer at work looks like from beside it.
        if not fault.last:
            home.say("The journal is broken", f"{broken(home.journal, fault)} Shown is what comes before it.")
