"""A day that a plugin tells: validated like a file, gone on with where it has grown, and refused when it fails."""

from __future__ import annotations

import json

import pytest

from observatory.host import daysource
from observatory.host.refusal import Refusal
from observatory.plugins import aside, find
from observatory.protocol import events as e
from observatory.protocol.days import SleepLine
from tests.plugins.conftest import written  # noqa: F401 - a fixture

SOURCE = """import time
from observatory.plugins.contract import Told


class Part:
    def __init__(self, options):
        pass

    def day(self):
        {}
"""
FAULTS = {
    "raises": ("raise ValueError('I am unwell')", "I am unwell"),
    "never comes back": ("time.sleep(60)", "had not come back"),
    "ends the process": ("import os; os._exit(3)", "ended without an answer"),
    "answers nonsense": ("return ['a']", "gave back"),
    "says a line that no file may say": ("return [Told(text='a'), Told(text='b', at='yesterday')]", "line 2"),
    "gives an outcome out of range": ("return [Told(text='a', outcome=7.0)]", "between -1"),
    "has nothing to tell": ("return []", "nothing to tell"),
}


@pytest.fixture
def source(written, tmp_path):  # noqa: F811
    def make(body: str):
        return written(SOURCE.format(body), kind="day-source", folder=tmp_path / "home" / "plugins")

    return make


@pytest.fixture
def diary(tmp_path):
    """A diary of two dates in two files."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "2026-01-05.md").write_text("# Monday\n\n09:30 The **ferry** was late.\n\n- Bees in [Trondheim](x).\n")
    (folder / "2026-01-06.md").write_text("It rained.\n")
    return folder


def test_what_a_plugin_tells_becomes_a_checked_day(source, tmp_path):
    told = "Told(text='Zoë – 🐝', speaker='Ada', outcome=-0.5, because='rain', sleep_after=True)"
    source(f"return [{told}, Told(text='b')]")
    day = daysource.day("plugin:sample", tmp_path / "home")
    first, sleep, last = day.lines
    assert (first.text, first.speaker, first.outcome, first.because) == ("Zoë – 🐝", "Ada", -0.5, "rain")
    assert isinstance(sleep, SleepLine) and last.line == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_source_that_fails_is_refused_by_name_before_anything_is_lived(source, tmp_path, monkeypatch, fault):
    body, said = FAULTS[fault]
    source(body)
    monkeypatch.setattr(aside.ask, "__defaults__", (None, 2.0))
    with pytest.raises(Refusal, match="sample") as refused:
        daysource.day("plugin:sample", tmp_path / "home")
    assert said in str(refused.value) and refused.value.code == 1
    assert not (tmp_path / "home" / "journal.jsonl").exists()


def test_what_it_prints_and_starts_harms_nobody(source, tmp_path, capfd):
    source("print('x' * 100_000); import subprocess; subprocess.Popen(['sleep', '300']); return [Told(text='a')]")
    assert daysource.day("plugin:sample", tmp_path / "home").experiences[0].text == "a"
    assert not capfd.readouterr().out


def test_a_name_that_is_none_says_what_can_be_had(tmp_path):
    for words, said in (("plugin:titans", "choose one of"), ("plugin:", "plugin:NAME"), ("plugin:diary:x=1", "option")):
        with pytest.raises(Refusal, match=said) as refused:
            daysource.day(words, tmp_path)
        assert refused.value.code == 2


def test_a_diary_is_told_by_dates_with_a_night_after_each(diary, tmp_path):
    day = daysource.day(f"plugin:diary:path={diary}", tmp_path)
    assert [getattr(line, "text", "sleep") for line in day.lines] == [
        "The ferry was late.", "Bees in Trondheim.", "sleep", "It rained.", "sleep",
    ]  # fmt: skip
    assert [x.at for x in day.experiences] == [f"2026-01-0{t}:00Z" for t in ("5T09:30", "5T00:00", "6T00:00")]
    assert [x.session for x in day.experiences] == ["Monday", "Monday", "2026-01-06"]
    one = daysource.day(f"plugin:diary:nights=false,path={diary / '2026-01-06.md'}", tmp_path)
    assert one.sleeps == 0 and len(one.experiences) == 1


def lines_lived(day, upto: int) -> list[e.LineLived]:
    return [e.LineLived(file_hash=day.file_hash, line=n, episode=n, night=None) for n in range(1, upto + 1)]


def test_a_diary_that_has_grown_is_gone_on_with_and_one_that_was_altered_is_another(diary, tmp_path):
    words = f"plugin:diary:path={diary}"
    first = daysource.day(words, tmp_path)
    known = lines_lived(first, 5)
    assert daysource.lived(first, known) == 5 and daysource.lived(first, known[:3]) == 3
    (diary / "2026-01-06.md").write_text("It rained.\n\nThe goat got out.\n")
    grown = daysource.day(words, tmp_path)
    left = [line for line in grown.lines if line.line > daysource.lived(grown, known)]
    assert [getattr(line, "text", "sleep") for line in left] == ["The goat got out.", "sleep"]
    (diary / "2026-01-05.md").write_text("Nothing happened.\n")
    assert daysource.lived(daysource.day(words, tmp_path), known) == 0


def test_the_command_line_lives_a_diary_and_later_what_is_new_and_exports_it_as_one(command, diary, tmp_path):
    live = ("live", "--day", f"plugin:diary:path={diary}", "--approve", "always", "--report", tmp_path / "r.json")
    assert command(*live).returncode == 0
    assert [each["episodes"] for each in json.loads((tmp_path / "r.json").read_text())["nights"]] == [2, 1]
    again = command(*live)
    assert again.returncode == 0 and "lived to its end" in again.stdout + again.stderr
    (diary / "2026-01-07.md").write_text("The goat came back.\n")
    assert command(*live).returncode == 0
    assert [each["episodes"] for each in json.loads((tmp_path / "r.json").read_text())["nights"]] == [2, 1, 1]
    out = tmp_path / "out"
    exported = command("export", out, "--form", "chronicle:table=false", "--json")
    assert exported.returncode == 0, exported.stderr
    assert json.loads(exported.stdout)["files"] == ["chronicle.md", "nights.csv"]
    back = daysource.day(f"plugin:diary:path={out / 'chronicle.md'}", tmp_path)
    assert [(x.text, x.at) for x in back.experiences] == [
        ("The ferry was late.", "2026-01-05T09:30:00Z"), ("Bees in Trondheim.", "2026-01-05T00:00:00Z"),
        ("It rained.", "2026-01-06T00:00:00Z"), ("The goat came back.", "2026-01-07T00:00:00Z"),
    ]  # fmt: skip
    full = command("export", out, "--form", "chronicle")
    assert full.returncode == 2 and "not empty" in full.stderr
    night = command("export", tmp_path / "other", "--form", "chronicle", "--night", "1")
    assert night.returncode == 2 and not (tmp_path / "other").exists()


def test_an_exporter_that_fails_writes_nothing(written, tmp_path):  # noqa: F811
    from observatory.host import exporting
    from observatory.record.store import Store

    home = tmp_path / "home"
    Store.open(home).close()
    code = "class Part:\n    def __init__(self, options): pass\n\n    def files(self, *_): return {'../out': b'x'}\n"
    written(code, kind="exporter", folder=home / "plugins")
    form = exporting.exporter(home, "sample")
    with pytest.raises(Refusal, match="plain file names"):
        exporting.recorded(home, form, tmp_path / "out")
    assert not (tmp_path / "out").exists() and find.usable("sample", "exporter", home) is not None
