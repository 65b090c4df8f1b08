"""What a person has chosen for a home, kept as HOME/settings.json.

A file that cannot be read is moved aside, never deleted, and that is said. It does not know what the
choices do.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

from .protocol import drives
from .protocol.commands import CAPACITY
from .protocol.durable import write
from .protocol.events import Notice

FILE = "settings.json"
SCHEMA = 1


class Breakpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A condition that every night holds at, as `protocol.conditions` reads it, and whether it is switched on."""

    condition: str
    on: bool = True


class Settings(msgspec.Struct, kw_only=True, omit_defaults=False, forbid_unknown_fields=False):
    """Unknown fields of a newer version are left out rather than refused: they are choices, not memories."""

    schema: int = SCHEMA
    theme: Literal["system", "light", "dark"] = "system"
    model: str = "default"
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    seed: int = 0
    capacity: Annotated[int, msgspec.Meta(ge=1)] = CAPACITY
    """Episodes that the hippocampus holds at most."""
    drives: str = "balanced"
    """What a night draws by: a preset or dials, as on the command line."""
    fast_store: str = ""
    """The plugin whose store finds episodes, with its options, as on the command line; empty for the built-in one."""
    drive: str = ""
    """The plugin that draws beside curiosity, focus and fear, in the same words; empty for none."""
    examiner: str = ""
    """The plugin that asks its own questions at every night; empty for none."""
    looks_on: str = ""
    """The plugin that looks on at every night and may wish for something; empty for none."""
    governed: bool = False
    """Nights are opened when the governor proposes them."""
    reviewer: str = ""
    breakpoints: list[Breakpoint] = []
    """Where a night that is watched in the window holds; a night without one does not."""
    window: dict[str, str] = {}


def default_home() -> Path:
    """OBSERVATORY_HOME, or the place this system keeps a person's data."""
    named = os.environ.get("OBSERVATORY_HOME")
    return Path(named).expanduser() if named else platformdirs.user_data_path("sleep-observatory") / "mind"


def load(home: Path) -> tuple[Settings, list[Notice]]:
    """The settings of a home, and what went wrong on the way. A home without any gets the defaults."""
    path = Path(home) / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [_notice(f"{path} could not be read: {error}. The defaults are used.")]
    try:
        return msgspec.json.decode(data, type=Settings), []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        try:
            kept = f"It was moved to {_move_aside(path)}."
        except OSError as why:
            kept = f"It was left where it is, since it could not be moved ({why.strerror or why})."
        return Settings(), [_notice(f"{path} could not be understood ({error}). {kept}")]


def peek(home: Path) -> Settings:
    """The settings of a home for who only asks what was chosen. Broken ones stay where they are until `load` names
    them, and count as none."""
    try:
        return msgspec.json.decode((Path(home) / FILE).read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Settings()


def drives_of(settings: Settings) -> tuple[drives.Drives, list[Notice]]:
    """What was chosen, or the default and a word on why it cannot be had. Only the chosen plugin's drive has a dial."""
    try:
        found = drives.read(settings.drives, None)
        own = settings.drive.partition(":")[0]
        mine = {name: dial for name, dial in found.others.items() if name == own}
        if found.others and not mine and not any(found.built_in.dials.values()):
            drives.read(settings.drives, [own])  # nothing else is named: it says what there is
        return (found if mine == found.others else msgspec.structs.replace(found, others=mine)), []
    except drives.DrivesUnclear as error:
        usual = Settings().drives
        said = Notice(
            at=time.time(), level="warning", title="The drives in the settings are unclear",
            text=f"{error} Nights draw by “{usual}” until then.", remedy="Choose them again in the settings.",
        )  # fmt: skip
        return drives.read(usual), [said]


def save(home: Path, settings: Settings) -> None:
    home = Path(home)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    write(home / FILE, msgspec.json.format(msgspec.json.encode(settings), indent=1) + b"\n")


def _move_aside(path: Path) -> Path:
    folder = path.parent / "aside"
    folder.mkdir(exist_ok=True, mode=0o700)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = folder / f"{path.name}.{stamp}"
    counter = 1
    while aside.exists():
        aside, counter = folder / f"{path.name}.{stamp}-{counter}", counter + 1
    os.replace(path, aside)
    return aside


def _notice(text: str) -> Notice:
    return Notice(
        at=time.time(), level="warning", title="The settings start from their defaults", text=text,
        remedy="Choose again in the settings; the old file is kept.",
    )  # fmt: skip
