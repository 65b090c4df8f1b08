"""Plugins from outside: which there are, whether one keeps the contract, and a new one to start from.

A plugin is never imported in this process: it is checked in one of its own, which is ended when it takes too long. It
does not know what plugins are for.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from ..plugins import find, template
from ..plugins.conformance import Check
from ..plugins.contract import Kind
from ..plugins.manifest import IDENTITY
from .console import PlainConsole
from .refusal import Refusal

DONE, FAILED, WRONG = 0, 1, 2
CHECK_S = 300.0
"""For the whole suite; a small machine reads torch in some ten seconds."""


def show(home: Path, *, as_json: bool) -> int:
    """All plugins, first what counts first, and what is wrong with those that cannot be used."""
    found = find.everywhere(home)
    if as_json:
        _print_json([_json(each) for each in found])
        return DONE
    if not found:
        print(f"There are no plugins. To begin one in {home / find.FOLDER}: observatory plugins new NAME")
        return DONE
    sheet = Table("plugin", "version", "from", "contributes", "what it is", title=Text("Plugins"), title_justify="left")
    for each in found:
        sheet.add_row(*(Text(cell) for cell in _cells(each)))
    PlainConsole().print(sheet)
    for each in found:
        for fault in each.faults:
            print(f"{each.folder}: {fault}.", file=sys.stderr)
        if each.hidden_by:
            print(f"{each.folder}: not used, since {each.hidden_by} has the same id.", file=sys.stderr)
    return DONE


def check(folder: Path, *, as_json: bool, seconds: float = CHECK_S) -> int:
    """Hold a plugin against the contract, in a process of its own."""
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise Refusal(WRONG, f"There is no folder {folder} with a plugin.")
    checks, ended = _examined(folder, seconds)
    if ended:
        checks.append(Check(kind="process", what="the process lives to the end", passed=False, why=ended))
    failed = [each for each in checks if not each.passed]
    if as_json:
        _print_json({"folder": str(folder), "passed": not failed, "checks": msgspec.to_builtins(checks)})
    else:
        for each in checks:
            why = f": {each.why}" if each.why else ""
            print(f"{'ok ' if each.passed else 'NOT'}  {each.kind}: {each.what}{why}")
        print(f"{len(checks) - len(failed)} of {len(checks)} checks passed.")
    return FAILED if failed else DONE


def new(home: Path, name: str, kind: Kind, into: Path | None, *, as_json: bool) -> int:
    """A working plugin to be altered, with its tests."""
    if not IDENTITY.fullmatch(name):
        how = "use small letters, digits and hyphens, a letter first"
        raise Refusal(WRONG, f"“{name}” is no name for a plugin; {how}.")
    folder = (into.expanduser().absolute() if into else home / find.FOLDER) / name
    try:
        folder.mkdir(parents=True)
        for file, text in template.files(name, kind).items():
            (folder / file).write_text(text, "utf-8")
    except FileExistsError:
        raise Refusal(WRONG, f"{folder} is there already; nothing was written. Choose another name.") from None
    except OSError as why:
        raise Refusal(FAILED, f"{folder} could not be written: {why.strerror or why}.") from why
    if as_json:
        _print_json({"folder": str(folder)})
    else:
        print(f"{folder} holds a {kind} that works. Try it: observatory plugins check {folder}")
    return DONE


# ---------------------------------------------------------------- inside


def _examined(folder: Path, seconds: float) -> tuple[list[Check], str]:
    """What was checked until the process ended, and why it ended, if not well."""
    with tempfile.TemporaryDirectory(prefix="observatory-check-") as aside:
        results = Path(aside) / "checks.jsonl"
        results.touch()
        call = [sys.executable, "-B", "-m", "observatory.plugins.conformance", str(folder), str(results)]
        try:
            done = subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                                  timeout=seconds)  # fmt: skip
            ended = "" if done.returncode == 0 else f"it ended with {done.returncode}: {_last_line(done.stderr)}"
        except subprocess.TimeoutExpired:
            ended = f"it had not ended after {seconds:.0f} s and was ended"
        lines = results.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Check) for line in lines], ended


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def _cells(each: find.Found) -> tuple[str, ...]:
    if each.manifest is None:
        return each.id, "–", each.origin, "–", f"cannot be used: {len(each.faults)} faults"
    about = f"not used: hidden by {each.hidden_by}" if each.hidden_by else each.manifest.about
    return each.id, each.manifest.version, each.origin, ", ".join(each.manifest.contributes), about


def _json(each: find.Found) -> dict:
    hidden = str(each.hidden_by) if each.hidden_by else None
    manifest = msgspec.to_builtins(each.manifest) if each.manifest else None
    return {
        "folder": str(each.folder), "from": each.origin, "usable": each.usable, "manifest": manifest,
        "faults": each.faults, "hidden by": hidden,
    }  # fmt: skip


def _print_json(value) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())
