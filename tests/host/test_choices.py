"""Drive, examiner and onlooker that a home chooses: kept in its settings, checked first; a drive is given a dial."""

from __future__ import annotations

import json

import pytest

from observatory import settings
from observatory.host import borrowing, choices, nights
from observatory.host.refusal import Refusal
from observatory.plugins.choice import BUILT_IN, Choice
from observatory.protocol import events as e
from observatory.protocol.commands import Settings
from observatory.protocol.drives import Drives, DrivesUnclear, read
from tests.plugins.conftest import MANIFEST

DAY = '{"text": "The bees live in Trondheim."}\n'


def test_a_chosen_drive_is_kept_with_a_dial_of_its_own_and_taken_back_with_it(tmp_path):
    choices.choose(tmp_path, "drive", "lookalikes:short=3")
    kept, _ = settings.load(tmp_path)
    assert choices.in_force(tmp_path, "drive")[0].options == {"short": 3}
    assert settings.drives_of(kept)[0].others == {"lookalikes": pytest.approx(1 / 3, abs=0.001)}
    choices.choose(tmp_path, "drive", BUILT_IN)
    kept, _ = settings.load(tmp_path)
    assert kept.drive == "" and settings.drives_of(kept)[0].others == {}


def test_an_examiner_is_kept_and_one_that_is_gone_since_is_said(tmp_path):
    choices.choose(tmp_path, "examiner", "cloze:most=5")
    assert choices.in_force(tmp_path, "examiner")[0].options == {"most": 5}
    settings.save(tmp_path, settings.Settings(examiner="gone", drive="cloze", looks_on="cloze"))
    for role in ("examiner", "drive", "looks_on"):
        choice, [notice] = choices.in_force(tmp_path, role)
        assert choice.id == "" and "goes on without" in notice.title
        assert f"--{role.replace('_', '-')} NAME" in notice.remedy


def test_the_mind_is_told_of_every_choice(tmp_path):
    for role, words in (("drive", "lookalikes"), ("examiner", "cloze:most=5"), ("looks_on", "watchman:kl=0.2")):
        choices.choose(tmp_path, role, words)
    found = {role: choices.in_force(tmp_path, role)[0] for role in ("drive", "examiner", "looks_on")}
    told = Settings(**borrowing.fields(tmp_path, Choice("", {}), found))
    assert (told.drive.id, told.examiner.options) == ("lookalikes", {"most": 5})
    assert (told.looks_on.id, told.looks_on.options) == ("watchman", {"kl": 0.2})


def test_a_plugin_cannot_take_the_name_of_a_built_in_drive(tmp_path):
    place = tmp_path / "plugins" / "fear"
    place.mkdir(parents=True)
    (place / "plugin.toml").write_text(MANIFEST.format(name="fear", kind="drive"), "utf-8")
    (place / "part.py").write_text("class Part: pass\n")
    with pytest.raises(Refusal, match="another id"):
        choices.choose(tmp_path, "drive", "fear")


def test_dials_of_plugins_are_written_behind_a_preset_or_beside_the_others_and_only_of_one_that_is_there():
    own = {"lookalikes": 0.5}
    assert read("careful,lookalikes=0.5", own) == Drives(curiosity=0.1, focus=0.1, fear=0.8, others=own)
    assert read("fear=1,lookalikes=0.5", own) == Drives(curiosity=0, focus=0, fear=1, others=own)
    assert read(read("fear=1,lookalikes=0.5", own).said(), None).others == own
    for text in ("careful,lookalikes=0.5", "careful,fear=1", "chance=1", "lookalikes=2"):
        with pytest.raises(DrivesUnclear):
            read(text, () if text.startswith("careful,look") else own)


def test_what_a_night_was_opened_with_is_read_although_its_drive_is_gone():
    opened = e.NightOpened(
        night=1, seed=0, episodes=[1], old_episodes=[], steps=1, cortex="", arm="sleep", why="",
        drives="curiosity=0.1,focus=0.1,fear=0.8,gone=0.5",
    )  # fmt: skip
    assert nights.drives_of(opened).others == {"gone": 0.5}


def test_the_command_line_takes_a_drive_and_an_examiner_and_the_night_draws_by_it(command, tmp_path):
    day, report = tmp_path / "day.jsonl", tmp_path / "report.json"
    day.write_text(DAY)
    assert command("live", "--day", day, "--drives", "balanced,lookalikes=0.5").returncode == 2
    assert command("live", "--day", day, "--examiner", "lookalikes").returncode == 2
    assert command("live", "--day", day, "--looks-on", "cloze").returncode == 2
    who = ("--drive", "lookalikes", "--examiner", "cloze", "--looks-on", "watchman:loss=3")
    chosen = (*who, "--report", report, "--approve", "always")
    assert command("live", "--day", day, *chosen).returncode == 0
    assert json.loads(report.read_text())["nights"][0]["drives"].endswith(",lookalikes=0.333")
    kept, _ = settings.load(tmp_path / "home")
    assert (kept.drive, kept.examiner, kept.looks_on) == ("lookalikes", "cloze", "watchman:loss=3")
