"""The DuckDB side of a home: its schema, and rows going in. All of it can be made again from the journal.

Knows tables and transactions. It does not know files lying aside, locks, or what to do about trouble.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import duckdb
import msgspec

from ..protocol import events as e
from .errors import HomeNewer
from .journal import Entry
from .tables import rows

CONFIG = {
    # Nothing is fetched or loaded behind our back, and no SQL reaches a file other than the home's own.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    # The mind trains on the same cores and holds most of the memory; these questions are small.
    "threads": "1",
    "memory_limit": "512MB",
}
IN_MEMORY = "4GB"
"""What is made from a journal beside a writer lies in memory whole."""


def migrations() -> list[tuple[int, str]]:
    """Numbered SQL files, in order: 0001_first_night.sql is schema 1."""
    folder = resources.files(__package__) / "schema"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(int(file.name.split("_")[0]), file.read_text(encoding="utf-8")) for file in files]


def connect(path: Path | None) -> duckdb.DuckDBPyConnection:
    """The home's file, or a database in memory when there is none to write."""
    if path is None:
        return _quiet(duckdb.connect(":memory:", config=CONFIG | {"memory_limit": IN_MEMORY}))
    return _quiet(duckdb.connect(str(path), config=CONFIG))


def connect_to_read(path: Path) -> duckdb.DuckDBPyConnection:
    """The home's file, to read only. While it is open so, nobody can write to it."""
    return _quiet(duckdb.connect(str(path), read_only=True, config=CONFIG))


def _quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """It would draw a bar of its own over whatever is printed as soon as a question takes two seconds."""
    connection.execute("SET enable_progress_bar = false")
    return connection


def older(connection: duckdb.DuckDBPyConnection) -> int:
    """The schema of a database that lacks migrations of ours; 0 when it lacks none, or holds nothing yet."""
    tables = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_version'"
    if not connection.execute(tables).fetchone()[0]:
        return 0
    found = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0]
    return found if found < migrations()[-1][0] else 0


class Database:
    def __init__(self, connection: duckdb.DuckDBPyConnection, where: str, *, as_it_is: bool = False):
        """`as_it_is`: its schema is ours already, and nothing may be written."""
        self.connection = connection
        self.where = where
        if not as_it_is:
            self._migrate()
        self._types: dict[str, dict[str, str]] = {}
        self.seq, self.chain = self._last()

    def close(self) -> None:
        self.connection.close()

    # ------------------------------------------------------------ schema

    def _migrate(self) -> None:
        known = migrations()
        with self.transaction():
            self.connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT)")
            found = self.one("SELECT coalesce(max(version), 0) FROM schema_version")
            if found > known[-1][0]:
                raise HomeNewer(
                    f"{self.where} has schema {found}, and this version knows up to {known[-1][0]}: a later version "
                    "wrote it. Nothing was touched. Install that version, or choose another home with --home."
                )
            for version, sql in known:
                if version > found:
                    self.connection.execute(sql)
                    self.connection.execute("INSERT INTO schema_version VALUES ($1)", [version])

    def reset(self) -> None:
        """Everything away and the schema made anew; for filling from the journal."""
        objects = self.connection.execute(
            "SELECT 'VIEW', view_name FROM duckdb_views() WHERE NOT internal "
            "UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        with self.transaction():
            for kind, name in objects:
                self.connection.execute(f'DROP {kind} "{name}"')
        self._migrate()
        self.seq, self.chain = 0, ""

    def _types_of(self, table: str) -> dict[str, str]:
        """Asked for once a table, when it is first needed; asking for all of them at once binds every view."""
        if table not in self._types:
            described = self.connection.execute(f'DESCRIBE "{table}"').fetchall()
            self._types[table] = {column: kind for column, kind, *_ in described}
        return self._types[table]

    # ------------------------------------------------------------ where it stands

    def one(self, sql: str, parameters: Sequence = ()):
        row = self.connection.execute(sql, parameters).fetchone()
        return None if row is None else row[0]

    @property
    def header(self) -> bytes:
        """The header of the journal this was derived from; empty until it has taken in all of it once."""
        found = self.one("SELECT value FROM meta WHERE key = 'journal'")
        return (found or "").encode()

    @header.setter
    def header(self, header: bytes) -> None:
        with self.transaction():
            self.connection.execute("DELETE FROM meta WHERE key = 'journal'")
            self.connection.execute("INSERT INTO meta VALUES ('journal', $1)", [header.decode()])

    def _last(self) -> tuple[int, str]:
        row = self.connection.execute("SELECT seq, chain FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, "") if row is None else row

    def whole(self) -> bool:
        """Every event from the first to the last, once. By sums: counting millions of different ones is slow."""
        found = self.connection.execute("SELECT count(*), sum(seq), sum(seq::HUGEINT * seq) FROM events").fetchone()
        n = self.seq
        return tuple(int(each or 0) for each in found) == (n, n * (n + 1) // 2, n * (n + 1) * (2 * n + 1) // 6)

    def chain_at(self, seq: int) -> str | None:
        return self.one("SELECT chain FROM events WHERE seq = $1", [seq])

    def entries(self, after: int, portion: int = 500) -> Iterator[list[Entry]]:
        """Stored events as journal entries, for a journal that lost its end."""
        while True:
            found = self.connection.execute(
                "SELECT seq, happened_at, kind, json, chain FROM events WHERE seq > $1 ORDER BY seq LIMIT $2",
                [after, portion],
            ).fetchall()
            if not found:
                return
            yield [Entry(seq, at, kind, json.encode(), chain) for seq, at, kind, json, chain in found]
            after = found[-1][0]

    # ------------------------------------------------------------ taking in

    @contextmanager
    def transaction(self):
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def insert(self, entries: Sequence[Entry], events: Sequence[e.Record]) -> None:
        """Rows of these events, inside the caller's transaction."""
        tables: dict[str, list[dict]] = {"events": []}
        for entry, event in zip(entries, events, strict=True):
            tables["events"].append({
                "seq": entry.seq, "happened_at": entry.at, "kind": entry.kind, "json": entry.body.decode(),
                "chain": entry.chain,
            })  # fmt: skip
            for table, row in rows(event):
                tables.setdefault(table, []).append(row)
        for table, new in tables.items():
            self._insert(table, new)

    def took(self, entries: Sequence[Entry]) -> None:
        """Called once the transaction has been committed."""
        self.seq, self.chain = entries[-1].seq, entries[-1].chain

    def _insert(self, table: str, new: list[dict]) -> None:
        """One statement a table: whole columns are bound as lists, thirty times faster than row by row."""
        types = self._types_of(table)
        columns = [_Column(name, types[name]) for name in new[0]]
        names = ", ".join(column.quoted for column in columns)
        read = ", ".join(column.read for column in columns)
        bound = ", ".join(
            f"unnest(${place}::{column.bound}[]) AS {column.quoted}" for place, column in enumerate(columns, 1)
        )
        self.connection.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {read} FROM (SELECT {bound})',
            [[column.value(row[column.name]) for row in new] for column in columns],
        )


class _Column:
    """How a column's values cross into DuckDB: lists as JSON, which it takes in eight times faster than as lists."""

    def __init__(self, name: str, kind: str):
        self.name, self.quoted = name, f'"{name}"'
        self.listed = kind.endswith("[]")
        self.bound = "VARCHAR" if self.listed else kind
        self.read = f"""from_json_strict({self.quoted}, '["{kind[:-2]}"]')""" if self.listed else self.quoted

    def value(self, value):
        return msgspec.json.encode(value).decode() if self.listed else value
