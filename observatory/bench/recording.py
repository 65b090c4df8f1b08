"""A recording out of a home: `python -m observatory.bench.recording HOME OUT.observatory`.

What names this machine or its people's folders is taken out, numbers that are only drawn are rounded, and the events
are chained anew. What was decided on keeps every digit, so that it can still be checked against its hashes. Where the
home has its deltas and its model, every stop of its drift is worked out once and goes with it, a little rounded
(`host/driftfile.py`), so that it can be seen where there are no weights.
"""

from __future__ import annotations

import argparse
import getpass
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..host import driftfile
from ..host.course import lying
from ..host.drift import worked_out
from ..protocol import events as ev
from ..protocol import wire
from ..record import packed
from ..record.errors import RecordError
from ..record.store import Store

DIGITS = 4
"""Significant digits of what is only drawn: finer than any screen."""
EXACT = (
    ev.Examined, ev.Measured, ev.Proposed, ev.Decided, ev.PolicyTaken, ev.NightCommitted, ev.NightClosed,
    ev.RolledBack, ev.MindReady, ev.NightOpened,
)  # fmt: skip
MACHINE = (ev.Notice, ev.MindLost, ev.MindReady)
"""Events in which the program speaks of the machine; what was told and answered is nobody's but the mind's."""
PATHS = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@~+ -]*[\w.@~+-]){2,}")
LIMIT = 5_000_000
PATIENCE_S = 900.0
"""For its drift; with two cores to itself it takes a minute."""


class NotStripped(RuntimeError):
    """Something of this machine would have gone out with the recording."""


def recorded(home: Path, by: str = "") -> Iterator[ev.Record]:
    """The home's events as they may be shown to anybody. `by`: what whoever decided is called in it."""
    with Store.open(home, "read") as store:
        for event in store.history():
            yield _stripped(event, by)


def _stripped(event: ev.Record, by: str) -> ev.Record:
    told: dict[str, Any] = msgspec.to_builtins(event)
    if not isinstance(event, EXACT):
        told = {name: value if name == "at" else _rounded(value) for name, value in told.items()}
    told["at"] = round(event.at, 2)
    if isinstance(event, MACHINE):
        told = {name: _without_paths(value) for name, value in told.items()}
    if isinstance(event, ev.Decided) and by and event.by == getpass.getuser():
        told["by"] = by
    return wire.event_from_json(msgspec.json.encode(told))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value


def _without_paths(value: Any) -> Any:
    """The last part of every path is left: which file it was may matter, and where it lay does not."""
    if isinstance(value, str):
        return PATHS.sub(lambda found: re.split(r"[\\/]", found.group())[-1], value)
    if isinstance(value, dict):
        return {name: _without_paths(each) for name, each in value.items()}
    return value


class NoDrift(RuntimeError):
    """Where the slow weights moved could not be worked out."""


def drift_of(home: Path) -> bytes:
    """What a recording carries of the home's drift; nothing where nothing moved yet."""
    with Store.open(home, "read") as store:
        accepted = store.accepted()
    if len(lying(home, accepted, None, None).stops) == 1:
        return b""
    with worked_out(home, accepted, PATIENCE_S) as drift:
        found = drift.look()
    if found.problem or found.picture is None or any(stop.key not in found.moved for stop in found.stops):
        why = found.problem or (found.what if found.whole else f"it took longer than {PATIENCE_S:.0f} s")
        raise NoDrift(
            f"The drift of {home} could not be worked out, so nothing was written: {why.rstrip('.')}. What to do: see "
            "that its deltas and its model are there, or record it with --without-drift."
        )
    return driftfile.written(found)


def make(home: Path, out: Path, by: str = "", with_drift: bool = True) -> dict[str, int]:
    """Write the recording. Raises NotStripped, and writes nothing, where a folder of this machine is still named."""
    events = list(recorded(home, by))
    private = {str(home.resolve()), str(Path.home())} - {"/"}
    for event in events:
        if found := next((each for each in private if each in wire.to_json(event).decode()), None):
            raise NotStripped(
                f"Event {event.seq} ({type(event).__name__}) still names {found}, so nothing was written. What to do: "
                "record a home in which that is not said."
            )
    drift = drift_of(home) if with_drift else b""
    return {"events": len(events), "bytes": packed.pack(events, out, drift), "drift": len(drift)}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m observatory.bench.recording", description=__doc__.split("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("out", type=Path, help=f"the file to write, NAME{packed.SUFFIX}")
    parser.add_argument("--by", default="", help="what you are called in it, instead of your name on this machine")
    parser.add_argument("--without-drift", action="store_true", help="the events alone; needs no weights")
    asked = parser.parse_args(argv)
    try:
        made = make(asked.home.expanduser(), asked.out.expanduser(), asked.by, not asked.without_drift)
    except (RecordError, NotStripped, NoDrift, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    drift = "with its drift" if made["drift"] else "without drift"
    print(f"{made['events']:,} events, {drift}, in {made['bytes'] / 1e6:.2f} MB: {asked.out}")
    if made["bytes"] > LIMIT:
        print(f"That is more than the {LIMIT / 1e6:.0f} MB that may ship with the program.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
