"""Cases that a soak has tried, a line each in a file, so that one that was cut short goes on where it stood.

Which cases there are follows from the seed alone, so a case is known by its number. It does not know what a case is.
"""

from __future__ import annotations

import json
import os
from pathlib import Path


class Cases:
    """What was found so far. Without a file it is only remembered."""

    def __init__(self, path: Path | None, head: dict):
        """`head` says what all cases have in common; a file that says otherwise belongs to another soak."""
        self.found: dict[int, dict] = {}
        self._file = None
        if path is None:
            return
        lines = _whole_lines(path) if path.exists() else []
        if lines and lines[0] != head:
            other = next(name for name in {**lines[0], **head} if lines[0].get(name) != head.get(name))
            raise SystemExit(
                f"{path} was begun with {other} {lines[0].get(other)}, and not with {head.get(other)}. What to do: "
                "name another file to begin anew, or ask for the same."
            )
        self.found = {line["case"]: line for line in lines[1:]}
        self._file = path.open("a", encoding="utf-8")
        if not lines:
            self._write(head)

    def __enter__(self) -> Cases:
        return self

    def __exit__(self, *_) -> None:
        if self._file:
            self._file.close()

    def add(self, number: int, found: dict) -> None:
        self.found[number] = {"case": number, **found}
        if self._file:
            self._write(self.found[number])

    def _write(self, line: dict) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _whole_lines(path: Path) -> list[dict]:
    """All lines but a last one that was cut short, which is taken off the file."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        os.truncate(path, len(whole))
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError as error:
        raise SystemExit(f"{path} holds no cases ({error}). What to do: name another file.") from error
