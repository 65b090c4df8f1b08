"""The walls between the rooms, read from the source: who may import whom, and what may never be used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "observatory"
QT = {"PySide6", "pyqtgraph", "shiboken6", "superqt", "qtawesome"}
HEAVY = {"torch", "transformers", "umap", "duckdb", "numba"}

FORBIDDEN = {
    "protocol": QT | HEAVY,
    "governor": QT | HEAVY,
    "mind": QT | {"duckdb"},
    "record": QT | HEAVY - {"duckdb"},
    "host": QT | HEAVY,
    "maps": QT | {"torch", "transformers", "duckdb"},
    "window": HEAVY,
    "plugins": QT | HEAVY - {"torch"},
}
"""Packages from outside that a room never imports."""

ARROWS = {
    "protocol": {"protocol"},
    "governor": {"governor", "protocol", "resources"},
    "mind": {"mind", "governor", "plugins", "protocol", "models", "resources"},
    "record": {"record", "protocol"},
    "plugins": {"plugins", "protocol", "resources"},
    "maps": {"maps", "protocol", "models", "resources"},
    "host": {
        *("host", "record", "plugins", "maps", "governor", "protocol", "models", "resources", "settings", "window"),
        "__init__",
    },
    "window": {"window", "host", "protocol", "resources", "settings", "models", "__init__"},
}
"""Rooms of ours that a room may import: window → host → record → protocol ← mind.

`host` reaches for `window.pictures` only inside the function that the command of that name calls.
"""

ONLY_INSIDE_FUNCTIONS = {"host": {"window", "record"}}


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path):
    """(top package, room of ours or None, at module level) for every import in a file."""
    tree = ast.parse(path.read_text("utf-8"))
    top_level = {id(node) for node in _top_level(tree)}
    package = ("observatory", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield *_split(name.name), id(node) in top_level
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            whole = ".".join([*base, *([node.module] if node.module else [])])
            if whole == "observatory":
                for name in node.names:
                    room = (
                        name.name if (ROOT / name.name).exists() or (ROOT / f"{name.name}.py").exists() else "__init__"
                    )
                    yield "observatory", room, id(node) in top_level
            else:
                yield *_split(whole), id(node) in top_level


def _top_level(tree: ast.Module):
    """Statements that run when the module is imported; what stands under TYPE_CHECKING does not."""
    for node in tree.body:
        yield node
        if isinstance(node, ast.Try):
            yield from node.body


def _split(name: str) -> tuple[str, str | None]:
    parts = name.split(".")
    return parts[0], parts[1] if parts[0] == "observatory" and len(parts) > 1 else None


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_nothing_that_its_wall_keeps_out(room):
    assert files(room), f"observatory/{room} has no files"
    found = [
        f"{path.relative_to(ROOT)} imports {top}"
        for path in files(room)
        for top, _, _ in imports(path)
        if top in FORBIDDEN[room]
    ]
    assert not found


@pytest.mark.parametrize("room", ARROWS)
def test_the_arrows_between_rooms_point_one_way(room):
    found = [
        f"{path.relative_to(ROOT)} imports {ours}"
        for path in files(room)
        for top, ours, _ in imports(path)
        if top == "observatory" and ours is not None and ours not in ARROWS[room]
    ]
    assert not found


@pytest.mark.parametrize("room", ONLY_INSIDE_FUNCTIONS)
def test_what_the_host_needs_rarely_is_imported_when_it_is_needed(room):
    found = [
        f"{path.relative_to(ROOT)} imports {ours} when it is imported itself"
        for path in files(room)
        for _, ours, at_once in imports(path)
        if at_once and ours in ONLY_INSIDE_FUNCTIONS[room]
    ]
    assert not found


def test_the_window_reaches_the_host_only_and_never_the_record():
    reached = {ours for path in files("window") for top, ours, _ in imports(path) if top == "observatory"}
    assert "record" not in reached and "mind" not in reached


def test_nothing_stands_on_the_bench():
    """What measures the house is not part of it: the command line names it, to be loaded when it is called."""
    found = [
        f"{path.relative_to(ROOT)} imports bench"
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != "bench"
        for _, ours, _ in imports(path)
        if ours == "bench"
    ]
    assert not found


def test_nothing_is_pickled_and_no_weights_are_unpickled():
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [n.name for n in node.names] + [getattr(node, "module", None) or ""]
                found += [
                    f"{path.name}: {n}" for n in names if n.split(".")[0] in {"pickle", "dill", "joblib", "marshal"}
                ]
            if isinstance(node, ast.Attribute) and node.attr == "load" and getattr(node.value, "id", "") == "torch":
                found.append(f"{path.name}: torch.load")
    assert not found


def test_no_exception_handler_is_bare():
    """`except:` hides what happened; it stands nowhere."""
    bare = [
        f"{path.name}:{node.lineno}"
        for path in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not bare


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        (["observatory.protocol.wire", "observatory.protocol.commands"], QT | HEAVY),
        (["observatory.host.session", "observatory.host.headless", "observatory.cli"], QT | HEAVY),
        (["observatory.bench.command", "observatory.bench.pools"], QT | HEAVY | {"ray"}),
        (["observatory.plugins.guard", "observatory.plugins.conformance"], QT | HEAVY),
        (["observatory.record.store"], QT | {"torch", "transformers"}),
        (["observatory.maps.client", "observatory.maps.worker"], QT | HEAVY),
    ],
)
def test_importing_a_room_loads_nothing_from_behind_its_wall(modules, absent):
    """The source says what is written; this says what really happens, through every import in between."""
    script = f"import sys, {', '.join(modules)}; print([m for m in {sorted(absent)!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_opens_by_saying_what_it_does(path):
    if path.name == "__init__.py" and not path.read_text("utf-8").strip():
        pytest.fail(f"{path.relative_to(ROOT)} is empty; say in a line what the room is")
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
