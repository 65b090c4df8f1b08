"""Where plugins are looked for, in which order, and which of two with one id counts."""

from __future__ import annotations

import importlib.metadata
import sys

from observatory.plugins import find

PART = "class Part:\n    pass\n"


def test_a_homes_own_plugin_stands_before_the_one_that_ships(written, tmp_path):
    home, shipped = tmp_path / "home", tmp_path / "shipped"
    own = written(PART, name="same", folder=home / "plugins")
    other = written(PART, name="same", folder=shipped)
    written(PART, name="another", folder=shipped)
    found = find.everywhere(home, shipped=shipped)
    assert [(each.id, each.origin, each.usable) for each in found] == [
        ("same", "home", True), ("another", "shipped", True), ("same", "shipped", False),
    ]  # fmt: skip
    assert found[0].folder == own and found[2].folder == other and found[2].hidden_by == own


def test_a_plugin_that_cannot_be_used_is_listed_with_its_faults(written, tmp_path):
    place = written(PART, folder=tmp_path / "shipped")
    (place / "plugin.toml").write_text("contract = 9\n")
    found = find.everywhere(shipped=tmp_path / "shipped")
    assert [(each.id, each.usable) for each in found] == [("sample", False)] and len(found[0].faults) >= 4


def test_folders_without_a_manifest_are_passed_by(tmp_path):
    (tmp_path / "shipped" / "notes").mkdir(parents=True)
    assert find.everywhere(tmp_path / "no home", shipped=tmp_path / "shipped") == []


def test_an_installed_package_is_found_by_its_entry_point_and_not_imported(written, tmp_path, monkeypatch):
    place = written(PART, name="outside_package", folder=tmp_path / "site")
    (place / "plugin.toml").write_text((place / "plugin.toml").read_text().replace("outside_package", "outside"))
    (place / "__init__.py").write_text("raise RuntimeError('nobody imports me')\n")
    entries = [
        importlib.metadata.EntryPoint("outside", "outside_package", find.GROUP),
        importlib.metadata.EntryPoint("gone", "no_such_package", find.GROUP),
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries if group == find.GROUP else [])
    monkeypatch.syspath_prepend(tmp_path / "site")
    found = find.everywhere(shipped=tmp_path / "none")
    assert [(each.id, each.origin, each.usable) for each in found] == [
        ("gone", "installed", False), ("outside", "installed", True),
    ]  # fmt: skip
    assert "outside_package" not in sys.modules


def test_what_ships_can_all_be_used():
    found = [each for each in find.everywhere() if each.origin == "shipped"]
    assert {each.id for each in found} >= {"larimar", "hopfield", "knnlm", "titans", "bdh"}
    assert all(each.usable for each in found)
