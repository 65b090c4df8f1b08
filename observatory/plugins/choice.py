"""A plugin chosen in words: “titans”, or “titans:fading=0.001,momentum=0” with options of its own.

The same words stand on the command line and in a home's settings. Nothing of the plugin is imported to check them. It
does not know what becomes of a choice.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..protocol.lines import shown
from . import find
from .contract import Kind
from .manifest import ManifestUnclear

BUILT_IN = "built-in"


class ChoiceUnclear(ValueError):
    """Words that choose nothing that can be used here; the message says what can be chosen."""


@dataclass(frozen=True)
class Choice:
    """`id` is empty for what is built in."""

    id: str
    options: dict[str, float | int | bool | str]
    name: str = BUILT_IN


def read(text: str, kind: Kind, home: Path | None) -> Choice:
    """The plugin and the options that these words choose. Raises ChoiceUnclear."""
    name, _, rest = text.strip().partition(":")
    if name in ("", BUILT_IN):
        if rest:
            raise ChoiceUnclear(f"What is built in has no options; “{shown(rest)}” cannot be set.")
        return Choice("", {})
    fitting = {p.id: p for p in find.everywhere(home) if p.usable and kind in p.manifest.contributes}
    if name not in fitting:
        known = ", ".join([BUILT_IN, *sorted(fitting)])
        raise ChoiceUnclear(f"There is no {kind} “{shown(name)}” here; choose one of {known}.")
    options = dict(_option(part) for part in rest.split(",") if part.strip())
    try:
        fitting[name].manifest.chosen(options)
    except ManifestUnclear as unclear:
        raise ChoiceUnclear(str(unclear)) from unclear
    return Choice(name, options, fitting[name].manifest.name)


def _option(part: str) -> tuple[str, float | int | bool | str]:
    """`key=value`, the value as TOML has it; a word that is no value of TOML's is a text."""
    key, sign, value = (piece.strip() for piece in part.partition("="))
    if not sign or not key:
        raise ChoiceUnclear(f"“{shown(part)}” sets no option; write option=value, several with a comma between.")
    try:
        found = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        found = value
    return key, found if isinstance(found, (bool, int, float, str)) else value
