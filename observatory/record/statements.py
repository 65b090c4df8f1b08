"""Which SQL may be put to the record: one statement that only asks, by DuckDB's own parser and never by our reading.

This is the second lock. The first is the connection itself, which can neither write nor reach a file (`console.py`).
"""

from __future__ import annotations

import duckdb

from .errors import QueryRefused

ASKS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
"""For the parser, WITH, FROM, VALUES, DESCRIBE, SHOW and SUMMARIZE are SELECTs as well."""

TEXT_LIMIT = 100_000
"""Characters: a long question of a person's has a few thousand."""

WHAT_MAY = "One SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN may stand here, and nothing that changes anything."


def only_asks(parser: duckdb.DuckDBPyConnection, text: str, *, values: bool = False) -> str:
    """The one statement in this text. `values`: it may have parameters, since there are values for them.

    Raises QueryRefused, or DuckDB's own error where it cannot be parsed.
    """
    if len(text) > TEXT_LIMIT:
        raise QueryRefused(f"This is longer than {TEXT_LIMIT:,} characters. {WHAT_MAY}")
    if "\0" in text:
        raise QueryRefused(f"There is a zero byte in this text. {WHAT_MAY}")
    found = parser.extract_statements(text)
    if not found:
        raise QueryRefused(f"There is no statement in this text. {WHAT_MAY}")
    if len(found) > 1:
        raise QueryRefused(f"There are {len(found)} statements in this text. {WHAT_MAY}")
    if found[0].type not in ASKS:
        raise QueryRefused(f"This is a statement of the kind {found[0].type.name}. {WHAT_MAY}")
    if found[0].named_parameters and not values:
        named = ", ".join(f"${name}" for name in sorted(found[0].named_parameters))
        raise QueryRefused(f"The statement waits for values ({named}); write them into it.")
    return found[0].query
