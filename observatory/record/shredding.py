"""Forgetting on disk: a journal whose lines say nothing of it any more, and whose chain still holds.

The journal is written anew beside itself and takes the old one's name in one step. A line whose words were taken out
keeps the chain that it had, and so does every line after it; the last line, `Forgotten`, stands in that chain and
vouches for each such line: between which two links it stood, and what it says now. So the chain still shows that no
line was changed, left out or moved, except where the record itself says what was done. What follows from the journal
(the database, files that learnt from it, copies lying aside) is brought after it here, and at the next opening where
that was cut short. It does not know why something is forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..protocol import durable, wire
from ..protocol import events as e
from . import journal as journals
from .journal import Entry
from .reading import event_of
from .recovery import Home
from .redaction import Gone, redacted

COPIES = ("journal", ".duckdb")
"""What lies aside and may hold words: journals and databases, whole or in part."""
MARK = ".forgetting"
LEFT = "mind.log"
"""What the last mind printed; words may stand in it."""


def rewritten(home: Home, last: Entry, gone: Gone, files: Iterable[Path], cortex: str, at: float) -> e.Forgotten:
    """The journal without their words, in one step: before it nothing has changed, after it all of it has."""
    path, lines, out = home.journal, [], []
    before = journals.origin(journals.header_of(path))
    vouched = journals.vouched(path)
    for entry in journals.entries(path):
        event = event_of(entry.seq, entry.body)
        clean = redacted(event, gone)
        if clean is not event:
            body = wire.to_json(clean)
            entry = Entry(entry.seq, entry.at, entry.kind, body, entry.chain)
            lines.append(_redacted(entry, before))
        elif entry.seq in vouched:
            lines.append(vouched[entry.seq])
        out.append(journals.line(entry))
        before = entry.chain
    filled = [file for file in files if file.is_file() and file.stat().st_size]
    destroyed = [e.FileDestroyed(file=file.relative_to(home.folder).as_posix(), hash=hash_of(file)) for file in filled]
    done = e.Forgotten(
        seq=last.seq + 1, at=at, episodes=sorted(gone.episodes), lines=lines, files=destroyed, cortex=cortex
    )
    (end,) = journals.entries_of(before, [(done.seq, at, "Forgotten", wire.to_json(done))])
    durable.write(path, b"".join([journals.header_of(path), *out, journals.line(end)]))
    path.chmod(0o600)
    return done


def _redacted(entry: Entry, before: str) -> e.LineRedacted:
    return e.LineRedacted(
        event=entry.seq, before=before, chain=entry.chain, says=hashlib.sha256(entry.body).hexdigest()
    )


def copies(home: Home) -> list[Path]:
    """Copies of the journal or the database that lie aside, and what the last mind printed."""
    aside = home.folder / "aside"
    found = [path for path in sorted(aside.glob("*")) if any(part in path.name for part in COPIES)]
    return [*found, home.folder / LEFT]


def destroy(home: Home, forgotten: Iterable[e.Forgotten]) -> None:
    """What a `Forgotten` names and is still there. A file of that name with other bytes is another one."""
    for each in forgotten:
        for one in each.files:
            path = home.folder / one.file
            if path.resolve().is_relative_to(home.folder.resolve()) and path.is_file() and hash_of(path) == one.hash:
                path.unlink()
                durable.sync_folder(path.parent)


def finish(home: Home) -> bool:
    """At opening: what a forgetting that was cut short has left. Says whether the database has to be made anew."""
    if not (home.folder / MARK).exists() or not home.journal.exists() or not home.journal.stat().st_size:
        return False
    destroy(home, (msgspec.json.decode(body, type=e.Forgotten) for body in journals.forgettings(home.journal)))
    if not _whole(home):
        return False
    for path in (home.database, home.log):
        path.unlink(missing_ok=True)
    durable.sync_folder(home.folder)
    return True


def _whole(home: Home) -> bool:
    """A journal that is broken is no ground to part with the database."""
    try:
        return all(True for _ in journals.entries(home.journal))
    except journals.Fault:
        return False


def begun(home: Home) -> None:
    """Before the journal changes: from here on the database beside it is not to be trusted with what is forgotten."""
    durable.write(home.folder / MARK, b"the database is made anew from the journal\n")


def ended(home: Home) -> None:
    (home.folder / MARK).unlink(missing_ok=True)
    durable.sync_folder(home.folder)


def hash_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
