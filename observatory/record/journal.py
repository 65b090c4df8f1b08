"""The journal: every event as one line of JSON, each chained to the one before by a hash.

The first line is a header; the chain starts at its hash. A line's chain is
sha256(previous chain + the event's bytes), so no line can change, vanish or move unseen. Lines are
appended and fsynced, never rewritten but by an act of forgetting (`shredding.py`), which leaves the
chain as it was and says in it what each changed line says now. This file does not know DuckDB or what the events mean.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..protocol import durable
from ..protocol import events as e
from .errors import HomeNewer, HomeUnreadable

FORMAT = 1
"""The journal's own format. Raised only when old versions could not read the lines any more."""


class Header(msgspec.Struct, frozen=True):
    journal: int
    home: str
    made: str


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seq: int
    chain: str
    event: msgspec.Raw


class _Opening(msgspec.Struct, frozen=True):
    """What every event starts with, without decoding the rest of it."""

    type: str
    seq: int = 0
    at: float = 0.0


@dataclass(frozen=True)
class Entry:
    """One line that was read or is to be written. `end` is the offset in the file just after it."""

    seq: int
    at: float
    kind: str
    body: bytes
    chain: str
    end: int = 0


class Fault(Exception):
    """The chain ends here. `last` says that no other line follows, as after a kill in mid-write."""

    def __init__(self, line: int, offset: int, reason: str, last: bool):
        super().__init__(f"line {line}: {reason}")
        self.line, self.offset, self.reason, self.last = line, offset, reason, last


_headers = msgspec.json.Decoder(Header)
_envelopes = msgspec.json.Decoder(_Envelope)
_openings = msgspec.json.Decoder(_Opening)


def new_header() -> bytes:
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return msgspec.json.encode(Header(journal=FORMAT, home=secrets.token_hex(16), made=made)) + b"\n"


def origin(header: bytes) -> str:
    """The chain before the first event."""
    return hashlib.sha256(header).hexdigest()


def linked(chain: str, body: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(chain) + body).hexdigest()


def entries_of(chain: str, opened: Sequence[tuple[int, float, str, bytes]]) -> list[Entry]:
    """Chain (seq, at, kind, body) on to what is there."""
    out = []
    for seq, at, kind, body in opened:
        chain = linked(chain, body)
        out.append(Entry(seq, at, kind, body, chain))
    return out


def line(entry: Entry) -> bytes:
    return b'{"seq":%d,"chain":"%s","event":%s}\n' % (entry.seq, entry.chain.encode(), entry.body)


# ---------------------------------------------------------------- reading


def header_of(path: Path) -> bytes:
    """The first line. Raises when this is no journal, or one of a later version."""
    try:
        with open(path, "rb") as file:
            first = file.readline(4096)
        header = _headers.decode(first)
    except OSError as why:
        raise HomeUnreadable(f"The journal {path} could not be read: {why}. Check the folder's rights.") from why
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise HomeUnreadable(
            f"The first line of {path} is not a journal's header, so nothing in it can be trusted. Put back a copy of "
            "the file; or move it away, and it will be written anew from the database."
        ) from None
    if header.journal > FORMAT:
        raise HomeNewer(
            f"The journal {path} has format {header.journal}, and this version reads up to {FORMAT}. "
            "Install the later version that wrote it."
        )
    return first


FORGOTTEN = b',"event":{"type":"Forgotten",'


def forgettings(path: Path) -> list[bytes]:
    """The events that vouch for lines whose words were taken out, as they are written; checked where they are read."""
    found = []
    with open(path, "rb") as file:
        for raw in file:
            if FORGOTTEN in raw[:200] and raw.endswith(b"\n"):
                try:
                    found.append(bytes(_envelopes.decode(raw).event))
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue
    return found


def vouched(path: Path) -> dict[int, e.LineRedacted]:
    """What lines were made to say, by their number; the last word on a line counts."""
    found: dict[int, e.LineRedacted] = {}
    for body in forgettings(path):
        try:
            found |= {one.event: one for one in msgspec.json.decode(body, type=e.Forgotten).lines}
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return found


def fits(before: str, body: bytes, chain: str, seq: int, known: dict[int, e.LineRedacted]) -> bool:
    """Is this line what the chain says, or what was put in its place by a forgetting that stands in the chain?"""
    if linked(before, body) == chain:
        return True
    one = known.get(seq)
    return one is not None and (one.before, one.chain, one.says) == (before, chain, hashlib.sha256(body).hexdigest())


def entries(path: Path) -> Iterator[Entry]:
    """Every line whose chain holds. Raises Fault at the first that does not."""
    header = header_of(path)
    chain, seq, offset, number, known = origin(header), 0, len(header), 1, vouched(path)
    with open(path, "rb") as file:
        file.seek(offset)
        for raw in file:
            number += 1
            entry, reason = _entry(raw, seq + 1, chain, offset, known)
            if entry is None:
                raise Fault(number, offset, reason, last=not file.read(1))
            yield entry
            chain, seq, offset = entry.chain, entry.seq, entry.end


def _entry(raw: bytes, expected: int, chain: str, offset: int, known: dict) -> tuple[Entry | None, str]:
    if not raw.endswith(b"\n"):
        return None, "it ends in the middle"
    try:
        envelope = _envelopes.decode(raw)
        body = bytes(envelope.event)
        opening = _openings.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, "it is not a line of this journal"
    entry = Entry(envelope.seq, opening.at, opening.type, body, envelope.chain, offset + len(raw))
    if envelope.seq != expected or opening.seq != expected:
        return None, f"it should be event {expected} and says {envelope.seq}"
    if not fits(chain, body, entry.chain, expected, known) or line(entry) != raw:
        return None, f"event {expected} does not fit the chain: it, or one before it, was changed"
    return entry, ""


TAIL = 8 << 20
"""Bytes in which the last line is looked for; an exam paper, the longest line there is, has a fortieth of it."""


def last_entry(path: Path) -> Entry | None:
    """The last line as it says of itself, without going through those before it. None when it is torn, or too long."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL))
        end = file.read()
    start = end.rfind(b"\n", 0, len(end) - 1) + 1
    if not end.endswith(b"\n") or not start:
        return None
    try:
        envelope = _envelopes.decode(end[start:])
        body = bytes(envelope.event)
        opening = _openings.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return Entry(envelope.seq, opening.at, opening.type, body, envelope.chain, size)


# ---------------------------------------------------------------- writing


class Journal:
    """The open end of the journal. One writer."""

    def __init__(self, path: Path, seq: int, chain: str, size: int):
        self.path, self.seq, self.chain, self.size = path, seq, chain, size
        # O_BINARY keeps Windows from turning line feeds into two bytes behind the hash's back.
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))

    @classmethod
    def create(cls, path: Path, header: bytes) -> Journal:
        durable.write(path, header)
        path.chmod(0o600)
        return cls(path, 0, origin(header), len(header))

    def append(self, new: Sequence[Entry]) -> None:
        """All of them in one write and one fsync. On an error the file is put back as it was, and OSError raised."""
        data = b"".join(map(line, new))
        try:
            written = 0
            while written < len(data):
                written += os.write(self._handle, data[written:])
            _sync(self._handle)
        except OSError:
            self.cut(self.size)
            raise
        self.seq, self.chain, self.size = new[-1].seq, new[-1].chain, self.size + len(data)

    def cut(self, size: int) -> None:
        """Only ever what nobody was told about."""
        os.ftruncate(self._handle, size)
        _sync(self._handle)

    def close(self) -> None:
        os.close(self._handle)


def _sync(handle: int) -> None:
    """On macOS fsync leaves the data in the drive's own cache; F_FULLFSYNC does not."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    else:
        os.fsync(handle)
