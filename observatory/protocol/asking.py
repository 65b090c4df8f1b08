"""What goes between the host and the process in which people's own SQL is put to a copy of the record.

Plain messages, packed as MessagePack and never as pickles. It knows no SQL and no database.
"""

from __future__ import annotations

from typing import Any, Literal, Union

import msgspec

ROWS = 5_000
"""Rows in an answer that is looked at; an export has all of them."""
CELL = 1_000
"""Characters of a cell that is looked at."""
MESSAGE_LIMIT = 256 * 2**20
"""Bytes: more than so many full cells, in as many columns as a table that anybody looks at has."""

Kind = Literal["parquet", "csv"]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    pass


class Question(_Message, frozen=True, kw_only=True):
    """SQL as a person wrote it, put to the copy in this file."""

    file: str
    text: str
    rows: int = ROWS


class Export(_Message, frozen=True, kw_only=True):
    """The whole answer as a file of this kind in `folder`, which is the process's own and empty.

    `values` are bound to the statement's parameters, for questions that this program asks itself.
    """

    file: str
    text: str
    kind: Kind
    folder: str
    values: dict[str, Any] = {}


class Table(_Message, frozen=True, kw_only=True):
    """An answer: every value as DuckDB writes it, `None` for NULL. `more`: there were more rows than were asked for;
    `cut`: the end of a long cell is missing. `through`: the last event that the copy holds."""

    columns: list[str]
    types: list[str]
    rows: list[list[str | None]]
    more: bool
    cut: bool
    seconds: float
    through: int


class Written(_Message, frozen=True, kw_only=True):
    """What was written, and of which cortex it tells: the last one that the copy knows of."""

    name: str
    rows: int
    through: int
    cortex: str
    duckdb: str


class Refused(_Message, frozen=True, kw_only=True):
    """Why there is no answer: a sentence of ours, or DuckDB's own error message as it is."""

    text: str


Answer = Union[Table, Written, Refused]

_pack = msgspec.msgpack.Encoder().encode
_asked = msgspec.msgpack.Decoder(Union[Question, Export]).decode
_answer = msgspec.msgpack.Decoder(Answer).decode


def pack(message: _Message) -> bytes:
    return _pack(message)


def asked(data: bytes) -> Question | Export:
    return _asked(data)


def answer(data: bytes) -> Answer:
    return _answer(data)
