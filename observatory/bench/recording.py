"""A recording out of a home: `python -m observatory.bench.recording HOME OUT.observatory`.

What names this machine or its people's folders is taken out, numbers that are only drawn are rounded, and the events
are chained anew. What was decided on keeps every digit, so that it can still be checked against its hashes.
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


def make(home: Path, out: Path, by: str = "") -> dict[str, int]:
    """Write the recording. Raises NotStripped, and writes nothing, where a folder of this machine is still named."""
    events = list(recorded(home, by))
    private = {str(home.resolve()), str(Path.home())} - {"/"}
    for event in events:
        if found := next((each for each in private if each in wire.to_json(event).decode()), None):
            raise NotStripped(
                f"Event {event.seq} ({type(event).__name__}) still names {found}, so nothing was written. What to do: "
                "record a home in which that is not said."
            )
    return {"events": len(events), "bytes": packed.pack(events, out)}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m observatory.bench.recording", description=__doc__.split("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("out", type=Path, help=f"the file to write, NAME{packed.SUFFIX}")
    parser.add_argument("--by", default="", help="what you are called in it, instead of your name on this machine")
    asked = parser.parse_args(argv)
    try:
        made = make(asked.home.expanduser(), asked.out.expanduser(), asked.by)
    except (RecordError, NotStripped, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{made['events']:,} events in {made['bytes'] / 1e6:.2f} MB: {asked.out}")
    if made["bytes"] > LIMIT:
        print(f"That is more than the {LIMIT / 1e6:.0f} MB that may ship with the program.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
