"""Choices kept in a home: round trip, and a spoilt file moved aside with a word."""

from __future__ import annotations

import msgspec
import pytest

from observatory import settings
from observatory.protocol.drives import PRESETS


def test_what_was_chosen_is_there_next_time(tmp_path):
    chosen = settings.Settings(theme="dark", model="owner/model", threads=2, capacity=500, drives="fear=1")
    settings.save(tmp_path / "home", chosen)
    found, notices = settings.load(tmp_path / "home")
    assert (found, notices) == (chosen, [])


def test_a_home_without_settings_has_the_defaults_and_is_not_touched(tmp_path):
    found, notices = settings.load(tmp_path / "none")
    assert found == settings.Settings() and notices == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("spoilt", [b"{", b"\xff\xfe", b"[]", b'{"theme": "pink"}', b'{"capacity": 0}', b""])
def test_a_spoilt_file_is_moved_aside_and_said(tmp_path, spoilt):
    (tmp_path / "settings.json").write_bytes(spoilt)
    found, (notice,) = settings.load(tmp_path)
    assert found == settings.Settings()
    (aside,) = (tmp_path / "aside").iterdir()
    assert aside.read_bytes() == spoilt and str(aside) in notice.text
    assert settings.load(tmp_path)[1] == []


def test_two_spoilt_files_in_one_second_are_both_kept(tmp_path):
    for spoilt in (b"one", b"two"):
        (tmp_path / "settings.json").write_bytes(spoilt)
        settings.load(tmp_path)
    assert {p.read_bytes() for p in (tmp_path / "aside").iterdir()} == {b"one", b"two"}


def test_fields_of_a_newer_version_do_not_spoil_the_rest(tmp_path):
    (tmp_path / "settings.json").write_bytes(msgspec.json.encode({"theme": "light", "from_the_future": 1}))
    found, notices = settings.load(tmp_path)
    assert (found.theme, notices) == ("light", [])


def test_the_environment_names_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "named"))
    assert settings.default_home() == tmp_path / "named"
    monkeypatch.delenv("OBSERVATORY_HOME")
    assert settings.default_home().name == "mind"


def test_drives_are_a_preset_or_dials(tmp_path):
    found = settings.drives_of(settings.Settings(drives="curious"))
    assert found == (PRESETS["curious"], [])
    assert settings.drives_of(settings.Settings(drives="focus=1"))[0].parts() == [0, 1, 0]


def test_unclear_drives_give_the_default_with_a_word_on_what_is_wrong():
    found, (notice,) = settings.drives_of(settings.Settings(drives="hunger=1"))
    assert found == PRESETS["balanced"]
    assert "“hunger=1” is no dial" in notice.text and notice.level == "warning"
