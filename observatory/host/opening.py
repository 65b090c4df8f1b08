"""Opening a home for a session: for writing, or, where that cannot be and looking is enough, for reading.

A second window on a home, and one on a folder that may not be written, show what is there and say why nothing can be
done in it. It starts nothing and keeps nothing.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..protocol import events as e

if TYPE_CHECKING:
    from ..record.store import Store
    from .keeping import Chosen

AS_IT_WAS = "What is shown is as it was when this was opened."


def opened(home: Path, chosen: Chosen) -> tuple[Store, Chosen]:
    """The record, and how the session goes on. Raises RecordError or OSError where not even looking is possible."""
    # Imported here: a run that only prints help must not load the database.
    from ..record.store import HomeBusy, HomeNotWritable, Store

    if chosen.read_only:
        return Store.open(home, "read"), chosen
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Store.open(home, "write"), chosen
    except (HomeBusy, HomeNotWritable) as why:
        if not chosen.or_look or not (home / "journal.jsonl").is_file():
            raise
        # What happened; what to do about it is another thing for somebody who looks already.
        busy, said = isinstance(why, HomeBusy), str(why).partition(". ")[0]
    except PermissionError as why:
        raise HomeNotWritable(f"{home} could not be made: {why.strerror}. Name another folder with --home.") from why
    store = Store.open(home, "read")
    notice = e.Notice(
        at=time.time(), level="warning",
        title="This home is open elsewhere, so it is only shown here" if busy
        else "This home may not be written, so it is only shown here",
        text=f"{said}. {AS_IT_WAS}",
        remedy="Close the other one and open this again to go on living." if busy
        else "Give yourself the right to write there, or copy the folder and open the copy.",
    )  # fmt: skip
    return store, replace(chosen, read_only=True, notices=(*chosen.notices, notice))
