"""The governor from outside: which table a home is governed by, what was decided, and what another table would have.

A home's own table is HOME/governor.toml. One that cannot be used is left where it is and the built-in one is used
instead, which is said. Reads the record only. It does not know what a rule means.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec
from rich.table import Table as Sheet
from rich.text import Text

from ..governor import replay, rules
from ..protocol import events as e
from .console import PlainConsole
from .refusal import Refusal

DONE, FAILED, WRONG = 0, 1, 2
HASH_SHOWN = 12
"""Characters of a hash that tell one table from another on a line."""


def table_text(home: Path) -> tuple[str, list[e.Notice]]:
    """The home's own table as it travels to the mind, empty for the built-in one; and what was wrong with it."""
    path = Path(home) / rules.FILE
    try:
        text = _text(path)
        rules.read(text)
    except FileNotFoundError:
        return "", []
    except rules.RulesUnclear as unclear:
        return "", [
            e.Notice(
                at=time.time(), level="warning", title="The governor goes by its built-in rules",
                text=_faults(path, unclear), remedy="Mend the file and start again; it was left where it is.",
            )
        ]  # fmt: skip
    return text, []


def table(home: Path, *, as_json: bool) -> int:
    """The table that a life here would be governed by. A file that cannot be used is a wrong call."""
    found, origin, notices = _in_force(home)
    _show(found, origin, as_json)
    if notices:
        raise Refusal(WRONG, _complaint(notices[0]))
    return DONE


def decisions(home: Path, *, as_json: bool) -> int:
    """All that was decided, the newest last, and which table decides from now on."""
    decided = _decided(home)
    found, origin, notices = _in_force(home)
    for notice in notices:
        print(_complaint(notice), file=sys.stderr)
    if as_json:
        _print_json([_event_json(event) for event in decided])
        return DONE
    if not decided:
        print("The governor has decided nothing here yet.")
        return DONE
    sheet = _sheet(f"Decisions of the governor of {home}", ("when", "on", "choice", "rule", "why"))
    for event in decided:
        choice = f"{event.choice} ({event.preset})" if event.preset else event.choice
        _row(sheet, event.lived_at or "–", event.on, choice, event.rule, event.why)
    console = PlainConsole()
    console.print(sheet)
    console.print(f"Rules from now on: {origin}, {found.hash[:HASH_SHOWN]}.", soft_wrap=True)
    return DONE


def compare(home: Path, path: Path, *, lived: bool, as_json: bool) -> int:
    """Check a table, and say which recorded decisions would have been others under it."""
    try:
        found = rules.read(_text(path))
    except FileNotFoundError:
        raise Refusal(WRONG, f"There is no file {path} with rules for the governor.") from None
    except rules.RulesUnclear as unclear:
        raise Refusal(WRONG, _faults(path, unclear)) from unclear
    if not lived:
        _show(found, str(path), as_json)
        return DONE
    compared = replay.against(found, _decided(home))
    others, counts = [each for each in compared if each.differs], replay.counts(compared)
    if as_json:
        otherwise = [_event_json(each.event) | {"would": _verdict_json(each.verdict)} for each in others]
        head = {"table": found.hash, "decisions": len(compared), "counts": counts, "otherwise": otherwise}
        _print_json(head)
        return DONE
    console = PlainConsole()
    if others:
        sheet = _sheet("Otherwise decided", ("when", "on", "decided", "by rule", "would be", "by", "why"))
        for each in others:
            by, why = (each.verdict.rule, each.verdict.why) if each.verdict else ("–", "No rule says to ask.")
            event = each.event
            _row(sheet, event.lived_at or "–", event.on, each.did, event.rule, each.would, by, why)
        console.print(sheet)
    for change, count in counts.items():
        console.print(f"{count:>6,} × {change}")
    console.print(
        f"{len(others):,} of {len(compared):,} decisions would have been others under {path}, "
        f"{found.hash[:HASH_SHOWN]}; each asked for itself, on the states that were recorded.",
        soft_wrap=True,
    )
    return DONE


# ---------------------------------------------------------------- reading


def _in_force(home: Path) -> tuple[rules.Table, str, list[e.Notice]]:
    text, notices = table_text(home)
    return rules.read(text), str(Path(home) / rules.FILE) if text else "built-in", notices


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as why:
        raise rules.RulesUnclear([f"it could not be read: {why.strerror or why}"]) from why
    except UnicodeDecodeError as why:
        raise rules.RulesUnclear([f"byte {why.start + 1} is not UTF-8; save the file as UTF-8"]) from why


def _faults(path: Path, unclear: rules.RulesUnclear) -> str:
    if len(unclear.faults) == 1:
        return f"{path} cannot be used: {unclear}"
    more = ", and perhaps more" if len(unclear.faults) >= rules.FAULTS_NAMED else ""
    named = "\n".join(f"  {line}" for line in str(unclear).splitlines())
    return f"{path} cannot be used; it has {len(unclear.faults)} faults{more}:\n{named}"


def _complaint(notice: e.Notice) -> str:
    return f"{notice.text}\n{notice.title}. {notice.remedy}"


def _decided(home: Path) -> list[e.GovernorDecided]:
    from ..record.store import RecordError, Store

    try:
        with Store.open(home, "read") as store:
            return list(store.history(kinds=[e.GovernorDecided]))
    except RecordError as error:
        raise Refusal(FAILED, str(error)) from error


# ---------------------------------------------------------------- showing


def _show(found: rules.Table, origin: str, as_json: bool) -> None:
    if as_json:
        _print_json({"table": found.hash, "from": origin} | msgspec.to_builtins(found))
        return
    console = PlainConsole()
    sheet = _sheet("Rules of the governor", ("rule", "on", "if", "then", "preset"))
    for rule in found.rules:
        wanted = ", ".join(f"{each.state} {each.said()}" for each in rule.conditions) or "always"
        _row(sheet, rule.name, rule.on, wanted, rule.then, rule.preset or "–")
    console.print(sheet)
    console.print(f"From: {origin}, {found.hash[:HASH_SHOWN]}.", soft_wrap=True)
    for name, value in msgspec.to_builtins(found.pressure).items():
        console.print(f"{name.replace('_', ' '):>16}  {_plain(value)}")


def _sheet(title: str, columns: tuple[str, ...]) -> Sheet:
    sheet = Sheet(title=Text(title), title_justify="left")
    for column in columns:
        sheet.add_column(column)
    return sheet


def _row(sheet: Sheet, *cells: str) -> None:
    """As text: what stands in brackets in a rule's name is no markup."""
    sheet.add_row(*(Text(cell) for cell in cells))


def _event_json(event: e.GovernorDecided) -> dict:
    return {key: value for key, value in msgspec.to_builtins(event).items() if key != "type"}


def _verdict_json(verdict: rules.Verdict | None) -> dict | None:
    return None if verdict is None else verdict._asdict()


def _print_json(value) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


def _plain(value) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else f"{value:,g}"
