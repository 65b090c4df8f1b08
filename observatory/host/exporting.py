"""What `observatory export` needs of a home: which nights its cortex stands on, and a folder to write into.

Read from the record, which stays as it is. The cortex itself is rebuilt by the mind's room, which whoever calls this
brings in; what is recorded is given another form by a plugin in a process of its own. It does not know what a weight
is.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..plugins import aside, find
from ..plugins.choice import ChoiceUnclear, read
from ..protocol import events as e
from ..protocol.commands import AcceptedDelta
from ..protocol.durable import write
from ..protocol.lines import shown
from .refusal import Refusal
from .views import handed

FAILED, WRONG = 1, 2
HUGGING_FACE = "huggingface"
KINDS = ("cortex-exporter", "exporter")


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


@dataclass(frozen=True)
class Form:
    """A plugin's form, of the cortex or of what is recorded, with the options that it is wanted with."""

    plugin: find.Found
    kind: Literal["cortex-exporter", "exporter"]
    options: dict[str, float | int | bool | str]


def exporter(home: Path, words: str) -> Form:
    """The form that these words choose. Raises Refusal."""
    name = words.partition(":")[0].strip()
    forms = {
        each.id: kind for each in find.everywhere(home) for kind in KINDS
        if each.usable and kind in each.manifest.contributes
    }  # fmt: skip
    if name not in forms:
        known = ", ".join([HUGGING_FACE, *sorted(forms)])
        raise Refusal(WRONG, f"There is no form “{shown(name)}” to export to; choose one of {known}.")
    try:
        choice = read(words, forms[name], home)
    except ChoiceUnclear as unclear:
        raise Refusal(WRONG, str(unclear)) from unclear
    return Form(find.usable(name, forms[name], home), forms[name], choice.options)


def recorded(home: Path, form: Form, folder: Path) -> list[Path]:
    """What is recorded in this form, as files in the folder. A plugin names and fills them, the house writes them."""
    from ..record.store import RecordError, Store

    try:
        with Store.open(home, "read") as store:
            of = [list(store.history(kinds=[kind])) for kind in (e.EpisodeEncoded, e.Answered, e.NightClosed)]
    except (RecordError, OSError) as error:
        raise Refusal(FAILED, f"The home could not be read: {error}") from error
    try:
        files = aside.ask(form.plugin, "exporter", "files", form.options, handed(*of))
    except aside.Failed as failed:
        if failed.detail:
            print(failed.detail, file=sys.stderr)
        said = f"The plugin “{form.plugin.id}” could not give the home another form: {failed}. Nothing was written."
        raise Refusal(FAILED, f"{said} Try it with: observatory plugins check {form.plugin.folder}") from failed
    place = empty_folder(folder)
    try:
        for name, data in files.items():
            write(place / name, data)
    except OSError as why:
        raise Refusal(FAILED, f"{place} could not be written to: {why.strerror or why}.") from why
    return [place / name for name in files]


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
