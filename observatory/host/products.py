"""What the accepted nights left on disk, looked at before a mind is woken on it.

A delta that is not what was committed is moved aside, never deleted, and the mind is not woken: without it the cortex
cannot be made again, and another cortex than the record says must not pass for it. It mends nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import models
from ..protocol import events as e
from ..protocol.commands import AcceptedDelta


def spoilt(deltas: Path, accepted: Sequence[AcceptedDelta], aside: Callable[[Path], Path | None]) -> list[e.Notice]:
    """One notice for every delta that is missing or has other bytes than were committed."""
    found, last_good, broken = [], 0, False
    for each in accepted:
        path = deltas / each.file
        wrong = _wrong(path, each.delta)
        if wrong:
            place = aside(path) if path.is_file() else None
            found.append(_notice(each.night, path, wrong, place, last_good))
            broken = True
        elif not broken:
            last_good = each.night
    return found


def _wrong(path: Path, wanted: str) -> str:
    try:
        return "" if models.file_hash(path) == wanted else "has other bytes than were committed"
    except FileNotFoundError:
        return "is not there"
    except OSError as why:
        return f"cannot be read ({why.strerror or why})"


def _notice(night: int, path: Path, wrong: str, place: Path | None, last_good: int) -> e.Notice:
    kept = f" It was moved to {place.parent.name}/{place.name}." if place else ""
    back = f"to what it was after night {last_good}" if last_good else "to the base, as it was before every night"
    return e.Notice(
        at=time.time(), level="error", title=f"What night {night} learnt is spoilt, so the mind was not woken",
        text=f"{path.parent.name}/{path.name} {wrong}.{kept} The cortex cannot be made again without it. Every "
        "episode is kept.",
        remedy=f"Put back a copy of {path.name} under that name; or take the cortex back {back}: "
        f"observatory rollback {last_good}",
    )  # fmt: skip
