"""A recording in one file: a journal, compressed, to be sent to somebody or to ship with the program.

Its chain holds like any journal's, because it is one; it was chained anew when it was made. It carries no weights, so
it can be looked at and not gone on with. What was worked out from the weights before may stand behind the journal, as a
second part that is compressed by itself; what is in it this file does not know.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..protocol import durable, wire
from ..protocol import events as e
from . import journal as journals
from .errors import HomeUnreadable
from .recovery import Home

SUFFIX = ".observatory"
DRIFT = "drift.safetensors"
"""What the second part is called beside the unpacked journal."""
MOST, DRIFT_MOST = 2 << 30, 256 << 20
"""Bytes of a journal, and of what stands behind it, that are unpacked at most: a file of a few kilobytes could else
fill a disk."""
MEMORY = 128 << 20
"""Bytes that unpacking may take; what is packed here takes 65 MB."""
PORTION = 1 << 20
NUMBERS = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 3, "lp": 1, "pb": 1}
"""How arrays of two-byte numbers are packed best."""


def pack(events: Iterable[e.Record], file: Path, drift: bytes = b"") -> int:
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
    if drift:
        data.append(lzma.compress(drift, filters=[NUMBERS]))
    whole = b"".join(data)
    durable.write(file, whole)
    return len(whole)


def unpack(file: Path, folder: Path) -> None:
    """Make a home out of a recording: its journal, and, where it has one, its second part under the name of DRIFT."""
    folder = Path(folder)
    try:
        with open(file, "rb") as source:
            rest = _part(source, b"", Home(folder).journal, MOST)
            rest = rest or source.read(PORTION)
            if rest and (_part(source, rest, folder / DRIFT, DRIFT_MOST) or source.read(1)):
                raise lzma.LZMAError("something stands behind its end")
    except (lzma.LZMAError, EOFError) as why:
        raise HomeUnreadable(
            f"{file} is no recording, or only a part of one ({why}). Get the file once more, or name a home's folder."
        ) from why
    except OSError as why:
        raise HomeUnreadable(f"The recording {file} could not be read: {why}.") from why
    journals.header_of(Home(folder).journal)


def _part(source: BinaryIO, begun: bytes, target: Path, most: int) -> bytes:
    """Unpack one part into a file. Returns what was read beyond it; `begun` was read already."""
    unpacker, written = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY), 0
    with open(target, "wb") as out:
        while not unpacker.eof:
            given = b""
            if unpacker.needs_input:
                given, begun = begun or source.read(PORTION), b""
                if not given:
                    raise EOFError("it ends in the middle")
            portion = unpacker.decompress(given, PORTION)
            written += len(portion)
            if written > most:
                raise HomeUnreadable(
                    f"{target.name} in {source.name} is more than {most >> 20:,} MB, which no recording holds. It was "
                    "not opened."
                )
            out.write(portion)
    return unpacker.unused_data
