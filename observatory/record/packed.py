"""A recording in one file: a journal, compressed, to be sent to somebody or to ship with the program.

Its chain holds like any journal's, because it is one; it was chained anew when it was made. It carries no weights, so
it can be looked at and not gone on with.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..protocol import durable, wire
from ..protocol import events as e
from . import journal as journals
from .errors import HomeUnreadable
from .recovery import Home

SUFFIX = ".observatory"
MOST = 2 << 30
"""Bytes of a journal that are unpacked at most: a file of a few kilobytes could else fill a disk."""
PORTION = 1 << 20


def pack(events: Iterable[e.Record], file: Path) -> int:
    """Write these events, numbered from one, as a recording. Returns its size in bytes."""
    header = journals.new_header()
    chain, packer = journals.origin(header), lzma.LZMACompressor(preset=9 | lzma.PRESET_EXTREME)
    data = [packer.compress(header)]
    for seq, event in enumerate(events, 1):
        stamped = msgspec.structs.replace(event, seq=seq)
        kind = type(event).__name__
        [entry] = journals.entries_of(chain, [(seq, stamped.at, kind, wire.to_json(stamped))])
        chain = entry.chain
        data.append(packer.compress(journals.line(entry)))
    data.append(packer.flush())
    whole = b"".join(data)
    durable.write(file, whole)
    return len(whole)


def unpack(file: Path, folder: Path) -> None:
    """Make a home out of a recording: its journal, and nothing else."""
    target, written = Home(folder).journal, 0
    try:
        with lzma.open(file) as source, open(target, "wb") as out:
            while portion := source.read(PORTION):
                written += len(portion)
                if written > MOST:
                    raise HomeUnreadable(
                        f"{file} holds more than {MOST >> 30} GB, which no recording does. It was not opened."
                    )
                out.write(portion)
    except (lzma.LZMAError, EOFError) as why:
        raise HomeUnreadable(
            f"{file} is no recording, or only a part of one ({why}). Get the file once more, or name a home's folder."
        ) from why
    except OSError as why:
        raise HomeUnreadable(f"The recording {file} could not be read: {why}.") from why
    journals.header_of(target)
