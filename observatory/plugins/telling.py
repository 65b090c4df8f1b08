"""What a day source tells, as the lines of a day file, so that it is checked as one. It does not know who asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..protocol.days import Day, read_day
from .contract import Told

SLEEP = b'{"sleep": true}\n'


def lines(told: Iterable[Told]) -> Iterator[bytes]:
    for each in told:
        about = {"text": each.text, "speaker": each.speaker, "at": each.at, "session": each.session,
                 "goal": each.goal, "outcome": each.outcome, "because": each.because}  # fmt: skip
        found = {name: value for name, value in about.items() if value not in ("", None)}
        yield json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        if each.sleep_after:
            yield SLEEP


def checked(written: Iterable[bytes], folder: Path, name: str) -> Day:
    """The day that these lines are. Raises DayError."""
    file = Path(folder, f"{name}.jsonl")
    file.write_bytes(b"".join(written))
    return read_day(file)
