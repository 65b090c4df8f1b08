"""A question of a person's to the record, on the terminal: its answer as a table, as JSON, or as a file.

The question itself is put by `querying.py`. It computes no numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..protocol import asking
from .querying import Asked, Querying
from .refusal import Refusal

DONE, FAILED = 0, 1
LOOKS_S = 0.2
LEFT = ("VARCHAR", "BOOLEAN", "DATE", "TIME", "BLOB", "UUID", "JSON")


def asked(home: Path, question: str, export: Path | None, *, as_json: bool, quiet: bool) -> int:
    querying = Querying(home)
    try:
        answer = _waited(querying.export(export.absolute(), question) if export else querying.ask(question))
    finally:
        querying.close()
    if isinstance(answer, asking.Refused):
        raise Refusal(FAILED, answer.text)
    if isinstance(answer, asking.Written):
        if as_json:
            _print_json({"file": answer.name, "rows": answer.rows, "through_event": answer.through})
        elif not quiet:
            print(f"{answer.rows:,} {'row' if answer.rows == 1 else 'rows'} written to {answer.name}")
    elif as_json:
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        _print_json({"types": dict(zip(answer.columns, answer.types, strict=True)), "rows": rows, "more": answer.more})
    else:
        _print_table(answer, quiet)
    return DONE


def _waited(asked: Asked) -> asking.Answer:
    """A question that is interrupted is stopped for certain."""
    try:
        while (answer := asked.wait(LOOKS_S)) is None:
            pass
        return answer
    except KeyboardInterrupt:
        asked.cancel()
        raise


def _print_json(found: dict) -> None:
    print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())


def _print_table(answer: asking.Table, quiet: bool) -> None:
    table = Table()
    for name, kind in zip(answer.columns, answer.types, strict=True):
        left = kind.endswith("]") or kind.startswith(LEFT)
        table.add_column(Text(name), justify="left" if left else "right", overflow="fold")
    for row in answer.rows:
        # What is stored comes from anywhere: it is text, never markup, and no control character reaches the terminal.
        table.add_row(*(Text("NULL", style="dim") if cell is None else Text(_plain(cell)) for cell in row))
    Console(highlight=False).print(table)
    if not quiet and (answer.more or answer.cut):
        what = "More rows were found" if answer.more else "Long cells are cut"
        print(f"{what}; --export FILE writes all of the answer.", file=sys.stderr)


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
