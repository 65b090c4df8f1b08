"""What others add: plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App

from .line import HERE, Common, app

Contribution = Literal[
    "fast-store", "drive", "night-stage", "replay", "exam", "view", "exporter", "cortex-exporter", "day-source"
]


plugins = App(name="plugins", help="What others add: fast stores, drives, replays, exams, views, exporters, days.")
app.command(plugins)


@plugins.command(name="list")
def list_plugins(*, common: Common = HERE) -> int:
    """Which plugins there are: in the home, among those that ship, in installed packages. None is imported."""
    from ..host import plugins as found

    return found.show(common.where(), as_json=common.json)


@plugins.command(name="check")
def check_plugin(folder: Path, /, *, common: Common = HERE) -> int:
    """Hold a plugin against the contract, in a process of its own."""
    from ..host import plugins as found

    return found.check(folder, as_json=common.json)


@plugins.command(name="new")
def new_plugin(name: str, /, *, kind: Contribution = "drive", into: Path | None = None, common: Common = HERE) -> int:
    """Write a plugin that works, with its tests, to be altered.

    Parameters
    ----------
    kind
        What it contributes.
    into
        The folder in which its own folder is made. Default: HOME/plugins.
    """
    from ..host import plugins as found

    return found.new(common.where(), name, kind, into, as_json=common.json)
