"""A plugin's code, imported under a name of its own, so that two plugins may each have a `store.py`.

Importing runs the plugin's code: this is called by the guard only. It does not know what a plugin is for.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types

from .contract import METHODS, Kind
from .find import Found


class Unfit(TypeError):
    """The code does not hold what the manifest says; the message says what is missing."""


def contribution(found: Found, kind: Kind) -> type:
    """The class that the manifest names for this kind. Raises whatever the plugin's own code raises."""
    file, _, name = found.manifest.contributes[kind].partition(":")
    package = f"observatory_plugin_{found.id.replace('-', '_')}"
    if not _is_of(sys.modules.get(package), found):
        for old in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
            del sys.modules[old]
        made = types.ModuleType(package)
        made.__path__ = [str(found.folder)]
        made.__spec__ = importlib.machinery.ModuleSpec(package, None, is_package=True)
        sys.modules[package] = made
        importlib.invalidate_caches()
    module = importlib.import_module(f"{package}.{file}")
    contributed = getattr(module, name, None)
    if not isinstance(contributed, type):
        raise Unfit(f"{file}.py has no class {name}")
    missing = [method for method in METHODS[kind] if not callable(getattr(contributed, method, None))]
    if missing:
        raise Unfit(f"{name} lacks {', '.join(missing)}, which a {kind} has")
    return contributed


def _is_of(module: types.ModuleType | None, found: Found) -> bool:
    return module is not None and list(module.__path__) == [str(found.folder)]
