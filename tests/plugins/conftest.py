"""Plugins written on the spot: a folder with a manifest and a file of code."""

from __future__ import annotations

from pathlib import Path

import pytest

MANIFEST = """contract = 1
id = "{name}"
name = "A test"
version = "0.1.0"

[contributes]
{kind} = "part:Part"
"""


@pytest.fixture
def written(tmp_path):
    """`written(code, …)` is the folder of a plugin whose `part.py` holds that code."""

    def write(code: str, *, kind: str = "drive", name: str = "sample", folder: Path | None = None, more: str = ""):
        place = (folder or tmp_path / "plugins") / name
        place.mkdir(parents=True)
        (place / "plugin.toml").write_text(MANIFEST.format(name=name, kind=kind) + more, "utf-8")
        (place / "part.py").write_text(code, "utf-8")
        return place

    return write


@pytest.fixture
def drive(written):
    """A plugin with a drive whose `score` has this body."""

    def write(body: str, **more):
        code = "import time\n\n\nclass Part:\n    def __init__(self, options):\n        self.options = options\n\n"
        return written(f"{code}    def score(self, episodes):\n        {body}\n", **more)

    return write
