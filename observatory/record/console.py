"""The process in which people's own SQL is put to a copy of the record: nothing else lives in it, and it may be killed.

Two locks. The connection can neither write nor reach a file or the network, and what it may do cannot be changed from
SQL; and only a statement that asks is let through to it (`statements.py`). An export may write one file, whose name is
fixed, in a folder of its own. It does not know homes, windows or where a result goes.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import duckdb

from ..protocol import asking
from .errors import RecordError
from .statements import only_asks

LOCKED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    # No variable of this program's can be named as a table.
    "python_enable_replacements": "false",
    # What does not fit into memory is refused; nothing is written beside the copy.
    "temp_directory": "",
    "max_temp_directory_size": "0KB",
    "threads": "1",
    "memory_limit": "512MB",
}
ADDRESS_SPACE = 4 * 2**30
"""Bytes, where the system can hold a process to it: a cell of gigabytes ends this process and no other."""
RESULT = {"parquet": "result.parquet", "csv": "result.csv"}

THROUGH = "SELECT coalesce(max(seq), 0) FROM events"
CORTEX = (
    "SELECT coalesce((SELECT arg_max(cortex_after, seq) FROM accepted), "
    "(SELECT arg_max(json ->> '$.cortex', seq) FROM events WHERE kind = 'MindReady'), '')"
)


def child(connection) -> None:
    """The first thing that runs in the spawned process. End of file is the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _hold_memory()
    console = Console()
    while True:
        try:
            question = asking.asked(connection.recv_bytes(asking.MESSAGE_LIMIT))
        except (EOFError, OSError):
            return
        connection.send_bytes(asking.pack(console.answer(question)))


def _hold_memory() -> None:
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        held = ADDRESS_SPACE if most == resource.RLIM_INFINITY else min(most, ADDRESS_SPACE)
        resource.setrlimit(resource.RLIMIT_AS, (held, most))


class Console:
    """Keeps one copy open, for as long as questions are put to the same one."""

    def __init__(self) -> None:
        self._parser = duckdb.connect(":memory:", config=LOCKED | {"enable_external_access": "false"})
        self._file = ""
        self._connection: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        self._parser.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def answer(self, asked: asking.Question | asking.Export) -> asking.Answer:
        try:
            return self._export(asked) if isinstance(asked, asking.Export) else self._table(asked)
        except RecordError as refused:
            return asking.Refused(text=str(refused))
        except (duckdb.Error, MemoryError, UnicodeError) as error:
            return asking.Refused(text=str(error).strip() or f"{type(error).__name__}: the answer is too large.")

    def _opened(self, file: str) -> duckdb.DuckDBPyConnection:
        if self._connection is not None and self._file != file:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            locked = LOCKED | {"enable_external_access": "false", "lock_configuration": "true"}
            self._connection, self._file = duckdb.connect(file, read_only=True, config=locked), file
        return self._connection

    def _table(self, asked: asking.Question) -> asking.Table:
        started, statement = time.perf_counter(), only_asks(self._parser, asked.text)
        connection = self._opened(asked.file)
        found = connection.sql(statement)
        columns, types = list(found.columns), [str(kind).strip('"') for kind in found.types]
        # Cut inside the database: a cell of many megabytes is never made into a string of ours.
        shown = found.limit(asked.rows + 1).project(f"left(CAST(COLUMNS(*) AS VARCHAR), {asking.CELL + 1})")
        rows = [list(row) for row in shown.fetchall()]
        cut = any(cell is not None and len(cell) > asking.CELL for row in rows for cell in row)
        kept = rows[: asked.rows]
        return asking.Table(
            columns=columns, types=types, more=len(rows) > asked.rows, cut=cut,
            rows=[[cell if cell is None else cell[: asking.CELL] for cell in row] for row in kept] if cut else kept,
            seconds=time.perf_counter() - started, through=connection.execute(THROUGH).fetchall()[0][0],
        )  # fmt: skip

    def _export(self, asked: asking.Export) -> asking.Written:
        statement = only_asks(self._parser, asked.text, values=bool(asked.values))
        os.chdir(asked.folder)
        with duckdb.connect(asked.file, read_only=True, config=LOCKED) as connection:
            connection.execute(f"SET allowed_paths = {sorted(RESULT.values())}")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            # Through Parquet also to CSV: the question is put once, and the rows are counted where they were written.
            connection.sql(statement, params=asked.values or None).write_parquet(RESULT["parquet"])
            written = connection.sql(f"FROM '{RESULT['parquet']}'")
            if asked.kind == "csv":
                written.write_csv(RESULT["csv"])
            return asking.Written(
                name=RESULT[asked.kind], rows=written.aggregate("count(*)").fetchall()[0][0],
                through=connection.execute(THROUGH).fetchall()[0][0],
                cortex=connection.execute(CORTEX).fetchall()[0][0], duckdb=duckdb.__version__,
            )  # fmt: skip
