"""What `observatory export` needs of a home: which nights its cortex stands on, and a folder to write into.

Read from the record, which stays as it is. The cortex itself is rebuilt by the mind's room, which whoever calls this
brings in. It does not know what a weight is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..plugins import find
from ..protocol import events as e
from ..protocol.commands import AcceptedDelta
from .refusal import Refusal

FAILED, WRONG = 1, 2


@dataclass(frozen=True)
class Lived:
    """A home as an export sees it: the accepted nights in order, and how it was awake last."""

    accepted: list[AcceptedDelta]
    model: str
    precision: str
    cortex: str


def lived(home: Path) -> Lived:
    from ..record.store import RecordError, Store

    try:
        store = Store.open(home, "read")
    except (RecordError, OSError) as error:
        raise Refusal(FAILED, f"The home could not be read: {error}") from error
    try:
        woken = list(store.history(kinds=[e.MindReady]))
        accepted = store.accepted()
    finally:
        store.close()
    if not woken:
        raise Refusal(FAILED, f"No mind was ever awake in {home}. What to do: observatory live.")
    cortex = accepted[-1].cortex_after if accepted else woken[-1].base
    return Lived(accepted, woken[-1].model, woken[-1].precision, cortex)


def around(accepted: list[AcceptedDelta], night: int | None) -> dict[str, list[AcceptedDelta]]:
    """The nights that the cortex stood on before one night and after it. Raises Refusal if it was not accepted."""
    if not accepted:
        raise Refusal(FAILED, "No night was committed yet, so there is no before and after. What to do: let it sleep.")
    numbers = [each.night for each in accepted]
    wanted = numbers[-1] if night is None else night
    if wanted not in numbers:
        known = ", ".join(map(str, numbers))
        raise Refusal(WRONG, f"Night {wanted} is not in the cortex; those that are: {known}.")
    at = numbers.index(wanted)
    return {"before": accepted[:at], "after": accepted[: at + 1]}


def exporter(home: Path, name: str) -> find.Found:
    fitting = {p.id: p for p in find.everywhere(home) if p.usable and "cortex-exporter" in p.manifest.contributes}
    if name not in fitting:
        known = ", ".join(["huggingface", *sorted(fitting)])
        raise Refusal(WRONG, f"There is no form “{name}” to export to; choose one of {known}.")
    return fitting[name]


def empty_folder(folder: Path) -> Path:
    """Made if need be. What is there already is never written over."""
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refusal(WRONG, f"{folder} is not empty, and nothing in it is written over. Name another folder.")
    except OSError as why:
        raise Refusal(FAILED, f"{folder} could not be made: {why.strerror or why}.") from why
    return folder
