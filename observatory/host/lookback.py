"""Looking back on a home from the command line: its nights, one night, whether it is sound; rolling it back, feedback.

Reads the record only, except for a rollback and for feedback, which the mind carries out. It computes no new numbers.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.table import Table

from ..protocol import events as e
from ..protocol.plain import literal
from . import recording, report, reviewed
from .console import PlainConsole
from .drift import worked_out
from .refusal import Refusal
from .session import Session, SessionError
from .terminal import Terminal

DONE, FAILED, WRONG = 0, 1, 2
READY_S = 600.0
"""Seconds a mind may take to wake for a rollback: the first reading of a large GGUF takes minutes."""


@contextmanager
def _reading(home: Path):
    """The record for reading, or the sentence why not."""
    from ..record.store import RecordError, Store

    try:
        store = Store.open(home, "read")
    except RecordError as error:
        raise Refusal(FAILED, str(error)) from error
    try:
        yield store
    finally:
        store.close()


def _entries(store) -> list[dict]:
    events = list(store.history(kinds=[*report.KINDS, e.RolledBack]))
    entries = report.build(events, seed=0, arm="")["nights"]
    gone = {n for event in events if isinstance(event, e.RolledBack) for n in event.nights}
    return [{**entry, "rolled_back": entry["night"] in gone} for entry in entries]


def nights(home: Path, *, as_json: bool) -> int:
    with _reading(home) as store:
        entries = _entries(store)
    if as_json:
        _print_json(entries)
        return DONE
    if not entries:
        print("No night yet.")
        return DONE
    table = Table(title=f"Nights of {home}", title_justify="left")
    for column, justify in (
        ("night", "right"), ("episodes", "right"), ("decision", "left"), ("by", "left"), ("cortex", "left"),
        ("delta", "left"),
    ):  # fmt: skip
        table.add_column(column, justify=justify)
    for n in entries:
        state = f"{n['decision']}, rolled back" if n["rolled_back"] else n["decision"]
        cortex = f"{_short(n['cortex_before'])} → {_short(n['cortex_after'])}"
        table.add_row(str(n["night"]), str(n["episodes"]), state, n["decided_by"] or "–", cortex, _short(n["delta"]))
    PlainConsole().print(table)
    return DONE


def show(home: Path, night: int, *, as_json: bool) -> int:
    with _reading(home) as store:
        entry = next((n for n in _entries(store) if n["night"] == night), None)
        if entry is None:
            known = ", ".join(str(n["night"]) for n in _entries(store)) or "none yet"
            raise Refusal(WRONG, f"There is no night {night} in {home} (nights: {known}).")
        entry |= _replayed(store, night)
    if as_json:
        _print_json(entry)
        return DONE
    console = PlainConsole()
    for key in (
        "night", "decision", "decided_by", "reason", "ended", "rolled_back", "arm", "seed", "steps", "tokens", "wall_s",
        "peak_rss_mb", "cortex_before", "cortex_after", "delta", "delta_norm", "delta_scale", "perplexity",
        "kl_from_base",
    ):  # fmt: skip
        console.print(f"{key.replace('_', ' '):>14}  {_plain(entry[key])}")
    console.print(_exam_table(entry["exam"]))
    table = Table(title="What it went over", title_justify="left")
    for column in ("episode", "priority", "why", "text"):
        table.add_column(column)
    for p in entry["proposed"]:
        table.add_row(str(p["episode"]), f"{p['priority']:.2f}", p["why"], p["text"])
    console.print(table)
    console.print(f"{entry['dreams_kept']} of {entry['dreams']} dreams were kept.")
    return DONE


def _replayed(store, night: int) -> dict:
    proposed, episodes, dreams, kept = {}, set(), 0, 0
    for event in store.history(kinds=[e.EpisodeProposed, e.DreamMade]):
        if event.night != night:
            continue
        if isinstance(event, e.DreamMade):
            dreams, kept = dreams + 1, kept + event.kept
        else:
            proposed[event.episode] = {
                "episode": event.episode,
                "priority": event.priority,
                "why": event.why,
                "text": "",
            }
            episodes.add(event.episode)
    for event in store.history(kinds=[e.EpisodeEncoded]):
        if event.episode in episodes:
            proposed[event.episode]["text"] = event.text
    ordered = sorted(proposed.values(), key=lambda p: -p["priority"])
    return {"proposed": ordered, "dreams": dreams, "dreams_kept": kept}


def _exam_table(exam: dict) -> Table:
    table = Table(title="Exam", title_justify="left")
    for column in ("memory", "kind", "before", "after", "asked"):
        table.add_column(column)
    for memory, papers in exam.items():
        for kind in sorted({*papers["before"], *papers["after"]}):
            before, after = papers["before"].get(kind), papers["after"].get(kind)
            table.add_row(
                "hippocampus unplugged" if memory == "cortex" else "both memories", kind,
                str(before["right"]) if before else "–", str(after["right"]) if after else "–",
                str((after or before)["asked"]),
            )  # fmt: skip
    return table


def verify(home: Path, *, as_json: bool, quiet: bool) -> int:
    with _reading(home) as store:
        findings = [*store.verify(), *reviewed.check(home, store.history(kinds=list(reviewed.KINDS)))]
        recovery = [notice.text for notice in store.notices]
    bad = [f for f in findings if f.level == "error"]
    if as_json:
        found = [{"level": f.level, "where": str(f.where), "text": f.text} for f in findings]
        _print_json({"sound": not bad, "findings": found, "recovery": recovery})
    else:
        for text in recovery:
            print(literal(text))
        for f in findings:
            if f.level != "info" or not quiet:
                print(literal(f"{f.level}: {f.where}: {f.text}"))
        if not quiet or bad:
            print(f"{len(bad)} things are wrong with {home}." if bad else f"{home} is sound.")
    return FAILED if bad else DONE


def roll_back(home: Path, night: int, why: str, *, model: str | None, quiet: bool) -> int:
    """The mind rebuilds the cortex, because only it can; the record keeps that it did."""
    with awake(home, model, quiet, up_to=night) as (session, terminal):
        session.roll_back(night, why)
        done = _await(session, terminal, e.RolledBack)
        gone = ", ".join(str(n) for n in done.nights)
        terminal.say(f"Rolled back: night {gone} no longer counts; cortex {done.cortex[:12]}.")
    return DONE


def feedback(home: Path, episode: int, outcome: float, because: str, *, model: str | None, quiet: bool) -> int:
    """The mind reads the episode anew, because only it can; the record keeps how it went."""
    with awake(home, model, quiet) as (session, terminal):
        session.feedback(episode, outcome, because)
        # The turn ends with a look at the cortex; what follows from the feedback has been told by then.
        _await(session, terminal, e.CortexChecked)
        terminal.say(f"Episode {episode} went {outcome:+.2g}, and is remembered so.")
    return DONE


@contextmanager
def awake(home: Path, model: str | None, quiet: bool, up_to: int | None = None):
    """A session with its mind awake, and the terminal that hears of it; or the sentence why not."""
    from .. import settings

    chosen = settings.peek(home)
    session = Session(
        home, model=model or chosen.model, device=chosen.device, precision=chosen.precision, history=False,
        capacity=chosen.capacity, up_to=up_to,
    )  # fmt: skip
    with Terminal(quiet=quiet) as terminal:
        try:
            session.start()
            _await(session, terminal, e.MindReady)
            yield session, terminal
        except SessionError as error:
            raise Refusal(FAILED, str(error)) from error
        finally:
            session.close()


def _await(session: Session, terminal: Terminal, kind: type) -> e.Event:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        for event in session.drain():
            terminal.show(event)
            if isinstance(event, kind):
                return event
            if isinstance(event, e.MindLost) or (isinstance(event, e.Notice) and event.level == "error"):
                raise SessionError("It stopped there; the cortex is as it was.")
        if session.state.phase == "failed":
            raise SessionError(session.state.problem)
        session.wait(0.25)
    raise SessionError(f"The mind did not answer within {READY_S:.0f} s. What to do: observatory doctor.")


def pictures(home: Path, folder: Path, theme: str, scale: int, *, as_json: bool, quiet: bool) -> int:
    """Of a home, or of a recording in one file."""
    from ..window import pictures as room

    with _to_paint(home) as (events, drift):
        folder.mkdir(parents=True, exist_ok=True)
        made = room.render(events, folder, theme, scale, drift)
    if as_json:
        _print_json([str(path) for path in made])
    elif not quiet:
        print(f"{len(made)} pictures in {folder}")
    return DONE


@contextmanager
def _to_paint(home: Path):
    """Its events, and its drift where a night was accepted: worked out from the weights, or as a recording has it."""
    if home.is_file():
        with tempfile.TemporaryDirectory(prefix="observatory-recording-") as scratch:
            try:
                told = recording.unpacked(home, Path(scratch))
            except SessionError as error:
                raise Refusal(FAILED, str(error)) from error
            with _reading(Path(scratch)) as store:
                yield list(store.history()), recording.Told(told)
        return
    with _reading(home) as store:
        events, accepted = list(store.history()), store.accepted()
    if not accepted:
        yield events, None
        return
    with worked_out(home, accepted) as drift:
        yield events, drift


def _print_json(value) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


def _short(value: str | None) -> str:
    return value[:8] if value else "–"


def _plain(value) -> str:
    if isinstance(value, dict):
        return " → ".join(_plain(part) for part in value.values())
    if isinstance(value, float):
        return f"{value:,.4g}"
    return "–" if value is None else str(value)
