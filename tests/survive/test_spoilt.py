"""What is spoilt is named and moved aside, never deleted; and it is made again where the journal has it."""

from __future__ import annotations

import json

import pytest

from observatory.host.session import SessionError
from observatory.protocol import events as e
from observatory.record.store import Store
from tests.host.test_session import taught

from .conftest import LINES, texts


def aside(home) -> list[bytes]:
    folder = home / "aside"
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def nights(command, home) -> list[dict]:
    return json.loads(command("nights", "--home", home, "--json").stdout)


@pytest.mark.parametrize("spoilt", ["observatory.duckdb", "observatory.duckdb.wal", "settings.json"])
def test_a_spoilt_file_is_kept_aside_and_the_home_lives_on(command, lived, day, spoilt):
    before = nights(command, lived)
    (lived / spoilt).write_bytes(b"not what was here before")
    done = command("live", "--day", day, "--home", lived, "--again", "--approve", "always")
    assert done.returncode == 0, done.stderr
    assert b"not what was here before" in aside(lived)
    assert "aside" in done.stderr
    assert nights(command, lived)[0] == before[0] and texts(lived) == [*LINES, *LINES]
    assert command("verify", "--home", lived).returncode == 0


def test_a_torn_journal_is_cut_and_its_end_kept_and_a_changed_one_is_refused(command, lived, day):
    with open(lived / "journal.jsonl", "ab") as file:
        file.write(b'{"seq":99,"chain":"ab')
    done = command("live", "--day", day, "--home", lived, "--again", "--approve", "always")
    assert done.returncode == 0 and "cut off" in done.stderr
    assert b'{"seq":99,"chain":"ab' in aside(lived)
    whole = (lived / "journal.jsonl").read_bytes()
    (lived / "journal.jsonl").write_bytes(whole.replace(b"Trondheim", b"Bergen...", 1))
    done = command("live", "--day", day, "--home", lived, "--again")
    assert done.returncode == 1 and "broken at line" in done.stderr and "Put back a copy" in done.stderr
    assert command("verify", "--home", lived).returncode == 1


def delta_of(home):
    (delta,) = (home / "deltas").glob("*.safetensors")
    return delta


@pytest.mark.parametrize("gone", [False, True], ids=["other bytes", "missing"])
def test_without_a_whole_delta_the_mind_is_not_woken_and_it_is_said_how_to_go_on(open_session, lived, gone):
    delta = delta_of(lived)
    if gone:
        delta.unlink()
    else:
        delta.write_bytes(b"other bytes")
    view = open_session(home=lived)
    said = view.until(lambda event: isinstance(event, e.Notice) and "is spoilt" in event.title)
    assert delta.name in said.text and "observatory rollback 0" in said.remedy
    assert view.session.state.pid is None
    with pytest.raises(SessionError, match="not running"):
        view.session.ask("Where are the bees?")
    assert aside(lived) == ([] if gone else [b"other bytes"])


def test_a_copy_of_the_delta_that_is_put_back_wakes_the_mind_again(open_session, lived):
    delta, whole = delta_of(lived), delta_of(lived).read_bytes()
    delta.write_bytes(b"other bytes")
    view = open_session(home=lived)
    view.until(lambda event: isinstance(event, e.Notice) and "is spoilt" in event.title)
    delta.write_bytes(whole)
    view.session.wake_again()
    view.kind(e.MindReady)


def test_a_spoilt_night_can_be_rolled_back_and_then_life_goes_on(command, lived, open_session):
    delta_of(lived).write_bytes(b"other bytes")
    done = command("rollback", "0", "--home", lived)
    assert done.returncode == 0, done.stderr
    assert "night 1 no longer counts" in done.stderr
    assert [night["rolled_back"] for night in nights(command, lived)] == [True]
    taught(open_session(home=lived), "the day after")


def test_a_home_of_a_later_version_is_refused_in_a_sentence_and_left_as_it_is(command, lived, day):
    header, rest = (lived / "journal.jsonl").read_bytes().split(b"\n", 1)
    later = json.dumps(json.loads(header) | {"journal": 99}).encode() + b"\n" + rest
    (lived / "journal.jsonl").write_bytes(later)
    for words in (["live", "--day", day, "--again"], ["nights"], ["verify"], ["rollback", "0"]):
        done = command(*words, "--home", lived)
        assert done.returncode == 1, words
        assert "later version" in done.stderr + done.stdout and "Traceback" not in done.stderr
    assert (lived / "journal.jsonl").read_bytes() == later and not aside(lived)


@pytest.mark.parametrize("nested", ['{"window":' * 5_000, "[" * 100_000])
def test_what_is_nested_beyond_all_reason_is_spoilt_and_no_more_than_that(tmp_path, nested):
    from observatory import settings
    from observatory.record.errors import HomeUnreadable

    (tmp_path / "settings.json").write_text(nested)
    found, notices = settings.load(tmp_path)
    assert found == settings.Settings() and "moved to" in notices[0].text
    (tmp_path / "journal.jsonl").write_text(nested + "\n")
    with pytest.raises(HomeUnreadable, match="not a journal's header"):
        Store.open(tmp_path, "read")


def test_settings_that_cannot_even_be_moved_are_named_and_the_defaults_used(tmp_path, monkeypatch):
    from observatory import settings

    (tmp_path / "settings.json").write_bytes(b"{")

    def no(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(settings.os, "replace", no)
    found, notices = settings.load(tmp_path)
    assert found == settings.Settings() and "left where it is" in notices[0].text
    assert (tmp_path / "settings.json").read_bytes() == b"{"
