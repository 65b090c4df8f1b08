"""Is the record what it says it is? The journal's chain, the database against it, what nights left against its hashes.

Only looks; mends nothing. What it does not find it cannot say: whoever can rewrite the whole journal
can rewrite its hashes too.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from ..protocol import events as e
from ..protocol import wire
from . import journal as journals
from .database import CONFIG, Database
from .errors import RecordError
from .journal import Fault
from .recovery import Home
from .tables import ONE_ROW_EACH


@dataclass(frozen=True)
class Finding:
    """`info` is something checked and found good, or not checked and why."""

    level: Literal["info", "warning", "error"]
    where: str
    text: str


def check(home: Home, database: Database | None) -> list[Finding]:
    """All findings. `database` is the open one, or None to open the file beside the journal only to look."""
    kinds: Counter[str] = Counter()
    chains: list[str] = []
    ledger: list[e.Record] = []
    findings = list(_journal(home, kinds, chains, ledger))
    known = journals.vouched(home.journal) if home.journal.exists() else {}
    findings += _database(home, database, kinds, chains, known)
    findings += _decisions(ledger)
    findings += _products(home.folder, ledger)
    return findings


LEDGER = {"Proposed", "Decided", "NightCommitted", "RolledBack", "ForgettingAsked", "Forgotten"}


def _journal(home: Home, kinds: Counter, chains: list[str], ledger: list) -> Iterator[Finding]:
    where = home.journal.name
    try:
        for entry in journals.entries(home.journal):
            kinds[entry.kind] += 1
            chains.append(entry.chain)
            if entry.kind in LEDGER:
                ledger.append(wire.event_from_json(entry.body))
    except Fault as fault:
        level = "warning" if fault.last and "middle" in fault.reason else "error"
        yield Finding(level, f"{where}, line {fault.line}", f"The chain breaks here: {fault.reason}.")
    except (RecordError, wire.WireError) as why:
        yield Finding("error", where, str(why))
    else:
        yield Finding("info", where, f"The chain of {len(chains):,} events holds.")


# ---------------------------------------------------------------- the database


def _database(
    home: Home, database: Database | None, kinds: Counter, chains: list[str], known: dict
) -> Iterator[Finding]:
    where = home.database.name
    if database is not None:
        yield from _compared(where, database.connection.cursor(), kinds, chains, known)
        return
    if not home.database.exists():
        yield Finding(
            "warning", where, "There is no database file; it is rebuilt from the journal at the next opening."
        )
        return
    if home.log.exists():
        # Replaying DuckDB's log can end the process, and a look must not; opening for writing does it with care.
        yield Finding(
            "info", where, "Not compared with the journal: it is open elsewhere, or was not closed. The next opening "
            "for writing makes it whole.",
        )  # fmt: skip
        return
    try:
        connection = duckdb.connect(str(home.database), read_only=True, config=CONFIG)
    except duckdb.Error as why:
        reason = str(why).strip().splitlines()[0]
        busy = "lock" in reason or "different configuration" in reason
        yield Finding("info" if busy else "error", where, f"Not compared with the journal: {reason}")
        return
    yield from _compared(where, connection, kinds, chains, known)


def _compared(where: str, cursor, kinds: Counter, chains: list[str], known: dict) -> Iterator[Finding]:
    try:
        found = list(_differences(where, cursor, kinds, chains, known))
    except duckdb.Error as why:
        found = [Finding("error", where, f"It could not be read: {str(why).strip().splitlines()[0]}")]
    finally:
        cursor.close()
    yield from found or [Finding("info", where, "It holds what the journal holds.")]


def _differences(where: str, cursor, kinds: Counter, chains: list[str], known: dict) -> Iterator[Finding]:
    stored = dict(cursor.execute("SELECT kind, count(*) FROM events GROUP BY kind").fetchall())
    for kind in sorted(kinds.keys() | stored.keys()):
        if stored.get(kind, 0) != kinds[kind]:
            yield Finding(
                "error", where, f"{kind}: {stored.get(kind, 0):,} in the database, {kinds[kind]:,} in the journal."
            )
    for kind, table in sorted(ONE_ROW_EACH.items()):
        count = cursor.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        if count != stored.get(kind, 0):
            yield Finding("error", f"{where}, {table}", f"{count:,} rows for {stored.get(kind, 0):,} events of {kind}.")
    yield from _first_difference(where, cursor, chains, known)


def _first_difference(where: str, cursor, chains: list[str], known: dict) -> Iterator[Finding]:
    """Each stored event is hashed again and held against the journal's chain."""
    before = None
    rows = cursor.execute("SELECT seq, json, chain FROM events ORDER BY seq")
    while portion := rows.fetchmany(1000):
        for seq, json, chain in portion:
            if not 1 <= seq <= len(chains):
                return
            fits = before is None or journals.fits(before, json.encode(), chain, seq, known)
            if chain != chains[seq - 1] or not fits:
                yield Finding(
                    "error", f"{where}, event {seq}", "It is not what the journal says; rebuild the database."
                )
                return
            before = chain


# ---------------------------------------------------------------- decisions and deltas


def _decisions(ledger: list[e.Record]) -> Iterator[Finding]:
    """Permitted before executed: each commit follows an approval of exactly its delta."""
    word: dict[tuple[int, str], str] = {}
    commits = 0
    for event in ledger:
        if isinstance(event, e.Decided):
            word[event.night, event.delta] = event.decision
        elif isinstance(event, e.NightCommitted):
            commits += 1
            last = word.get((event.night, event.delta))
            if last != "approve":
                said = f"the last word on it was “{last}”" if last else "nobody had decided on it"
                yield Finding("error", f"night {event.night}", f"Its delta was committed, but {said}.")
    yield from _lineage(ledger)
    yield Finding("info", "decisions", f"{commits:,} commits were held against the decisions before them.")


def standing(ledger: list[e.Record]) -> list[e.NightCommitted]:
    """Commits that no roll-back has taken away since."""
    accepted: list[e.NightCommitted] = []
    for event in ledger:
        if isinstance(event, e.NightCommitted):
            accepted.append(event)
        elif isinstance(event, e.RolledBack):
            accepted = [commit for commit in accepted if commit.night <= event.to_night]
    return accepted


def _lineage(ledger: list[e.Record]) -> Iterator[Finding]:
    accepted = standing(ledger)
    for before, after in zip(accepted, accepted[1:], strict=False):
        if before.cortex_after != after.cortex_before:
            yield Finding(
                "error", f"night {after.night}", f"It starts from another cortex than night {before.night} left behind."
            )


def _products(home: Path, ledger: list[e.Record]) -> Iterator[Finding]:
    """What committed nights left on disk: a delta each, and the model of the latent state where one was trained."""
    accepted = {commit.seq for commit in standing(ledger)}
    destroyed = {one.file for event in ledger if isinstance(event, e.Forgotten) for one in event.files}
    yield from _forgettings(home, ledger)
    proposed: dict[tuple[int, str], e.Proposal] = {}
    for event in ledger:
        if isinstance(event, e.Proposed):
            proposed[event.proposal.night, event.proposal.delta] = event.proposal
        elif isinstance(event, e.NightCommitted):
            missing = "error" if event.seq in accepted else "warning"
            if event.seq not in accepted and f"deltas/{event.file}" in destroyed:
                continue
            yield _product(home / "deltas", event.file, event.delta, f"delta of night {event.night}", missing)
            proposal = proposed.get((event.night, event.delta))
            kept = proposal is not None and f"states/{proposal.state_file}" not in destroyed
            if kept and proposal.state_file:
                what = f"latent state's model of night {event.night}"
                yield _product(home / "states", proposal.state_file, proposal.state, what, missing)


def _forgettings(home: Path, ledger: list[e.Record]) -> Iterator[Finding]:
    """What was forgotten is gone: nothing that had learnt it is still there, and no forgetting was left unfinished."""
    asked: set[int] = set()
    for event in ledger:
        if isinstance(event, e.ForgettingAsked):
            asked |= set(event.episodes)
        elif isinstance(event, e.Forgotten):
            asked -= set(event.episodes)
            left = [one.file for one in event.files if _still(home / one.file, one.hash)]
            for file in left:
                yield Finding("error", file, "It was to be destroyed, because it had learnt what is forgotten.")
            yield Finding(
                "info", f"event {event.seq}", f"{len(event.episodes):,} episodes were forgotten: the words of "
                f"{len(event.lines):,} lines were taken out of the journal, and {len(event.files):,} files destroyed.",
            )  # fmt: skip
    if asked:
        numbers = ", ".join(map(str, sorted(asked)))
        yield Finding("warning", "forgetting", f"Forgetting {numbers} was not finished; `observatory forget` goes on.")


def _still(path: Path, hash: str) -> bool:
    return path.is_file() and _hash(path) == hash


def _product(folder: Path, file: str, wanted: str, what: str, missing: Literal["warning", "error"]) -> Finding:
    where = f"{folder.name}/{file}"
    if not _plain(file):
        return Finding("error", folder.name, f"The {what} is in “{file}”, which is not a plain file name.")
    try:
        found = _hash(folder / file)
    except OSError as why:
        return Finding(missing, where, f"The {what} cannot be read: {why.strerror or why}.")
    if found == wanted:
        return Finding("info", where, f"It is the {what}.")
    return Finding("error", where, f"It is not the {what} that was committed: its hash is {found[:12]}….")


def _plain(name: str) -> bool:
    """A name that stays in its folder on any system."""
    return not set(name) & set("/\\:\0") and name not in ("", ".", "..")


def _hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
