"""A manifest is read without its plugin's code, and everything wrong with it is said at once."""

from __future__ import annotations

import pytest

from observatory.plugins import manifest

GOOD = """contract = 1
id = "sample"
name = "A sample"
version = "0.1.0"
[contributes]
drive = "part:Part"
[options.strength]
type = "number"
default = 0.5
least = 0.0
most = 1.0
[options.many]
type = "whole number"
default = 3
[options.way]
type = "choice"
default = "a"
choices = ["a", "b"]
"""


@pytest.fixture
def read(tmp_path):
    def of(text: str):
        (tmp_path / "part.py").write_text("raise RuntimeError('nobody imports me')\n")
        (tmp_path / "plugin.toml").write_text(text, "utf-8")
        return manifest.read(tmp_path)

    return of


def faults(read, text: str) -> list[str]:
    with pytest.raises(manifest.ManifestUnclear) as caught:
        read(text)
    return caught.value.faults


def test_a_manifest_is_read_and_its_code_is_not(read):
    found = read(GOOD)
    assert (found.id, found.version, found.contributes) == ("sample", "0.1.0", {"drive": "part:Part"})
    assert found.chosen() == {"strength": 0.5, "many": 3, "way": "a"}


def test_every_fault_is_named_at_once(read):
    said = "\n".join(
        faults(
            read,
            'contract = 2\nid = "Bad Id"\nversion = "new"\nodd = 1\n[contributes]\nsoul = "part:Part"\n'
            'drive = "missing:Part"\nview = 3\n[options.x]\ntype = "colour"\ndefault = 1\n',
        )
    )
    for part in ("contract", "Bad Id", "name", "version", "odd", "soul", "missing.py", "view", "options.x"):
        assert part in said


@pytest.mark.parametrize(
    ("was", "becomes", "named"),
    [
        ("default = 0.5", "default = 1.5", "more than 1"),
        ("default = 0.5", "default = nan", "no number"),
        ("default = 0.5", "default = true", "true or false"),
        ("default = 3", f"default = {10**400}", "no number"),
        ("default = 3", "default = 3.5", "whole number"),
        ('default = "a"', 'default = "c"', "none of a, b"),
        ('choices = ["a", "b"]', "", "choices"),
        ("least = 0.0", "least = 2.0", "least is more than most"),
        ("default = 3", "", "no default"),
        ("contract = 1", "contract = true", "contract"),
        ('id = "sample"', 'id = "sample"\nname = 1979-05-27', "not TOML"),
        ('"part:Part"', '"../part:Part"', "file:Class"),
    ],
)
def test_one_fault_is_named_by_what_is_wrong(read, was, becomes, named):
    assert was in GOOD
    assert named in "\n".join(faults(read, GOOD.replace(was, becomes)))


def test_a_folder_without_a_manifest_and_bytes_that_are_no_text_are_said(tmp_path):
    with pytest.raises(manifest.ManifestUnclear, match=r"no plugin\.toml"):
        manifest.read(tmp_path)
    (tmp_path / "plugin.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(manifest.ManifestUnclear, match="UTF-8"):
        manifest.read(tmp_path)


def test_choices_are_checked_against_the_options(read):
    found = read(GOOD)
    assert found.chosen({"strength": 1, "way": "b"}) == {"strength": 1, "many": 3, "way": "b"}
    with pytest.raises(manifest.ManifestUnclear) as caught:
        found.chosen({"strength": 2.0, "many": True, "way": "z", "none": 1})
    assert len(caught.value.faults) == 4
