"""JSON Lines as people write them: bytes to numbered objects, with every fault named by its line.

Days and exams are both read through here. A file is read whole before any of it is used, and all
its faults are collected (the first twenty), so that one look mends them all. This file knows bytes,
lines and JSON; it does not know what a day or an exam is.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

FAULTS_NAMED = 20
"""Enough to see a pattern in; a file with more is usually not the file that was meant."""

NAME_LIMIT = 200
"""Characters in a short field (speaker, session, kind): a name, not a text."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a file. Line 0 means the file as a whole."""

    line: int
    reason: str


class LinesError(ValueError):
    """A file that cannot be used. `line` and `reason` are the first fault's, `faults` holds all that are named."""

    what = "file"
    article = "a"
    meaning = "Nothing of it was taken; mend it and start again."

    def __init__(self, path: Path | str, line: int, reason: str, faults: list[Fault] | None = None):
        self.path = Path(path)
        self.line = line
        self.reason = reason
        self.faults = faults or [Fault(line, reason)]
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        if len(self.faults) == 1:
            fault = self.faults[0]
            if not fault.line:
                return f"{self.path}: {fault.reason}."
            return f"{self.path}, line {fault.line}: {fault.reason}. {self.meaning}"
        more = ", and perhaps more" if len(self.faults) >= FAULTS_NAMED else ""
        named = "\n".join(f"  line {fault.line}: {fault.reason}" for fault in self.faults)
        return f"{self.path} has {len(self.faults)} faults{more}:\n{named}\n{self.meaning}"


class Refused(ValueError):
    """One line's fault on its way to the list."""


@dataclass
class Lines:
    """A file's objects with their line numbers, its hash, and what is wrong with it so far."""

    path: Path
    hash: str
    objects: list[tuple[int, dict]]
    faults: list[Fault] = field(default_factory=list)

    def raise_faults(self, error: type[LinesError]) -> None:
        if self.faults:
            named = sorted(self.faults, key=lambda f: f.line)[:FAULTS_NAMED]
            raise error(self.path, named[0].line, named[0].reason, named)

    def each(self, make) -> list:
        """`make(line, object)` for every good line; what it refuses becomes a fault."""
        made = []
        for line, found in self.objects:
            try:
                made.append(make(line, found))
            except Refused as fault:
                self.faults.append(Fault(line, str(fault)))
        return made


def read(path: Path | str, error: type[LinesError]) -> Lines:
    """The whole file. Raises `error` only where there is nothing to go on with; line faults are collected."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise error(path, 0, f"there is no such file. Check the name of the {error.what}") from None
    except IsADirectoryError:
        raise error(path, 0, f"this is a folder; name the {error.what} file itself") from None
    except OSError as why:
        raise error(path, 0, f"it could not be read: {why.strerror or why}") from why
    lines = Lines(path, hashlib.sha256(data).hexdigest(), [])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise error(path, 1, "the file is UTF-16, not UTF-8; save it as UTF-8")
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not raw.strip(b" \t\r"):
            continue
        try:
            lines.objects.append((number, _object(raw)))
        except Refused as fault:
            lines.faults.append(Fault(number, str(fault)))
    if not lines.objects and not lines.faults:
        raise error(path, 0, f"the file is empty; {error.article} {error.what} is JSON Lines, one object a line")
    return lines


def _object(raw: bytes) -> dict:
    if b"\0" in raw:
        raise Refused(f"byte {raw.index(0) + 1} is NUL; this is not a text line")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as why:
        raise Refused(
            f"byte {why.start + 1} of the line (0x{raw[why.start]:02X}) is not UTF-8; save the file as UTF-8"
        ) from None
    try:
        found = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except Refused:
        raise
    except json.JSONDecodeError as why:
        raise Refused(f"not JSON: {why.msg[:1].lower()}{why.msg[1:]} at character {why.pos + 1}") from None
    except RecursionError:
        raise Refused("not usable JSON: nested too deeply") from None
    except ValueError:
        raise Refused("not usable JSON: it holds a number of thousands of digits") from None
    if not isinstance(found, dict):
        raise Refused(f"{kind_of(found)}, not a JSON object in curly brackets")
    return found


def _without_doubles(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise Refused(f"“{shown(next(key for key in keys if keys.count(key) > 1))}” stands twice on this line")
    return found


def _no_constant(name: str) -> None:
    raise Refused(f"not JSON: {name} is not a JSON number")


# ---------------------------------------------------------------- fields of one object


def only_known(found: dict, known: tuple[str, ...]) -> None:
    unknown = [key for key in found if key not in known]
    if unknown:
        raise Refused(f"unknown key “{shown(unknown[0])}”; known are {', '.join(known)}")


def text_of(found: dict, key: str, most: int, *, needed: bool = False, otherwise: str = "") -> str:
    """The text under `key`. A `null` counts as left out."""
    value = found.get(key)
    if value is None:
        if needed:
            raise Refused(f"no “{key}”; every line needs one")
        return otherwise
    return checked_text(value, f"“{key}”", most, needed=needed)


def checked_text(value: object, name: str, most: int, *, needed: bool = True) -> str:
    if not isinstance(value, str):
        raise Refused(f"{name} is {kind_of(value)}, not a text in quotes")
    if needed and not value.strip():
        raise Refused(f"{name} is empty")
    if len(value) > most:
        size = len(value.encode("utf-8", "surrogatepass"))
        weight = f" ({size / 1e6:.1f} MB)" if size >= 100_000 else ""
        raise Refused(
            f"{name} has {len(value):,} characters{weight}; at most {most:,} are allowed. Shorten or divide it"
        )
    for at, letter in enumerate(value, start=1):
        category = unicodedata.category(letter)
        if category == "Cc" and letter not in "\n\t\r":
            called = "NUL" if letter == "\0" else f"the control character U+{ord(letter):04X}"
            raise Refused(f"{name} holds {called} at character {at}; take it out")
        if category == "Cs":
            raise Refused(f"{name} holds half a surrogate pair (U+{ord(letter):04X}) at character {at}; take it out")
    return value


def kind_of(value: object) -> str:
    """What a JSON value is, in words for a sentence."""
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), "a number")


def shown(text: str) -> str:
    """A foreign key as it may stand in a sentence: short, and nothing that could steer a terminal."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 40 else clean[:39] + "…"
