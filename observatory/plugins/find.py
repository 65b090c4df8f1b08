"""Which plugins there are: in a home's folder, among those that ship, and in installed packages; in that order.

Of several with one id the first counts, so that a person's own copy stands before the one that ships; the others are
said to be hidden by it. Nothing of a plugin is imported here. It does not know which plugins a person has switched on.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from .. import resources
from .contract import Kind
from .manifest import FILE, Manifest, ManifestUnclear, read

GROUP = "observatory.plugins"
"""The entry point of an installed plugin: NAME = "its_package", in whose folder the plugin.toml lies."""
FOLDER = "plugins"
Origin = Literal["home", "shipped", "installed"]


@dataclass(frozen=True)
class Found:
    """A plugin that lies somewhere; without a manifest it cannot be used, and `faults` say why."""

    folder: Path
    origin: Origin
    manifest: Manifest | None
    faults: list[str] = field(default_factory=list)
    hidden_by: Path | None = None

    @property
    def usable(self) -> bool:
        return self.manifest is not None and self.hidden_by is None

    @property
    def id(self) -> str:
        return self.manifest.id if self.manifest else self.folder.name


def shipped_folder() -> Path:
    """Where the plugins lie that ship: beside the resources, named like them."""
    beside = resources.folder()
    return beside.with_name(beside.name.replace("resources", FOLDER))


def everywhere(home: Path | None = None, *, shipped: Path | None = None) -> list[Found]:
    """All plugins, first what counts first. What cannot be used is in the list too, with its faults."""
    found = [] if home is None else _in(Path(home) / FOLDER, "home")
    found += _in(shipped or shipped_folder(), "shipped")
    found += _installed()
    return _without_doubles(found)


def usable(name: str, kind: Kind, home: Path | None = None) -> Found | None:
    """The plugin of this name that counts, if it contributes this."""
    found = next((each for each in everywhere(home) if each.id == name and each.usable), None)
    return found if found is not None and kind in found.manifest.contributes else None


def at(folder: Path, origin: Origin = "home") -> Found:
    """The plugin in a folder, with its faults if it cannot be used."""
    try:
        return Found(folder, origin, read(folder))
    except ManifestUnclear as unclear:
        return Found(folder, origin, None, unclear.faults)


def _in(folder: Path, origin: Origin) -> list[Found]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return []
    return [at(each, origin) for each in inside if (each / FILE).is_file()]


def _installed() -> list[Found]:
    found = []
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        folder = _folder_of(entry.value)
        if folder is None:
            why = f"the installed package “{entry.value}” of the entry point “{entry.name}” has no folder to be found"
            found.append(Found(Path(entry.name), "installed", None, [why]))
        else:
            found.append(at(folder, "installed"))
    return found


def _folder_of(package: str) -> Path | None:
    """Where a package lies. Only its topmost name is looked up: looking up the rest would import what is above it."""
    top, *rest = package.partition(":")[0].strip().split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place, *rest)
        if folder.is_dir():
            return folder
    return None


def _without_doubles(found: Iterable[Found]) -> list[Found]:
    first: dict[str, Path] = {}
    out = []
    for each in found:
        if each.manifest is None:
            out.append(each)
            continue
        winner = first.setdefault(each.id, each.folder)
        out.append(each if winner == each.folder else replace(each, hidden_by=winner))
    return out
