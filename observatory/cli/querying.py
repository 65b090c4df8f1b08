"""A person's own SQL on a home, from the command line."""

from __future__ import annotations

from pathlib import Path

from .line import HERE, Common, a_life, app


@app.command
def sql(question: str, /, *, export: Path | None = None, common: Common = HERE) -> int:
    """One SELECT on a home's record. It is put to a copy: nothing can be changed, no file and no network be reached.

    Parameters
    ----------
    question
        One SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN. `SHOW TABLES` names what there is.
    export
        Where to write all of the answer; .parquet or .csv. Its provenance is written beside it.
    """
    from ..host import sql as asking

    return asking.asked(a_life(common), question, export, as_json=common.json, quiet=common.quiet)
