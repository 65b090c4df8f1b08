"""A large home: opened by its end, read out of its own file, and gone through behind. Large is made small here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from observatory.protocol import events as e
from observatory.record import journal as journals
from observatory.record import recovery
from observatory.record.store import HomeBusy, RecordError, Store
from tests.record import samples as s


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with a few episodes and a night, which counts as large."""
    monkeypatch.setattr(recovery, "LARGE", 0)
    monkeypatch.setattr(recovery, "LARGE_TO_READ", 0)
    with Store.open(tmp_path / "home", "write") as store:
        for number in range(1, 9):
            store.keep(s.told(number, number))
        store.keep([e.GoalSet(goal="find the key")])
    return tmp_path / "home"


def test_a_home_that_was_closed_well_is_opened_by_its_last_line_and_goes_on(home):
    with Store.open(home, "write") as store:
        assert store.unchecked
        before = store.last()
        kept = store.keep([e.GoalSet(goal="go on")])
        assert [event.seq for event in kept] == [before + 1]
        assert store.check_behind(lambda: True) == ""
    assert len(list(journals.entries(home / "journal.jsonl"))) == before + 1


def test_what_was_changed_in_the_middle_is_found_behind_and_named(home):
    path = home / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"novelty"', b'"noveltx"', 1) if b'"novelty"' in lines[3] else lines[3][:-3] + b" }\n"
    path.write_bytes(b"".join(lines))
    with Store.open(home, "write") as store:
        assert "broken at line" in store.check_behind(lambda: True)


def test_what_ends_otherwise_than_its_database_is_gone_through_at_once(home):
    path = home / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    with Store.open(home, "write") as store:
        assert not store.unchecked
        assert store.goal() == "find the key"
        assert any("journal" in notice.title for notice in store.notices)


def test_two_may_read_a_large_home_at_once_and_neither_changes_it(home):
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with Store.open(home, "read") as one, Store.open(home, "read") as other:
        assert one._database.where == str(home / "observatory.duckdb")
        assert list(one.history()) == list(other.history())
        with pytest.raises(RecordError, match="reading only"):
            one.keep(s.told(9, 9))
        assert not [f for f in one.verify() if f.level == "error"]
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_beside_a_writer_the_journal_is_read_instead(home):
    with Store.open(home, "write") as writer, Store.open(home, "read") as beside:
        assert beside._database.where == str(home / "journal.jsonl")
        assert list(beside.history()) == list(writer.history())


def test_while_a_large_home_is_looked_at_writing_is_refused_with_what_to_do(home):
    look = (
        "import sys; from observatory.record import recovery; recovery.LARGE_TO_READ = 0\n"
        "from pathlib import Path; from observatory.record.store import Store\n"
        "store = Store.open(Path(sys.argv[1]), 'read'); print('open', flush=True); input(); store.close()"
    )
    other = subprocess.Popen([sys.executable, "-c", look, str(home)], stdin=-1, stdout=-1, text=True)
    assert other.stdout.readline() == "open\n"
    with pytest.raises(HomeBusy, match="Close that program"):
        Store.open(home, "write")
    other.communicate("\n", timeout=20)
    Store.open(home, "write").close()


def test_a_life_at_a_glance_has_every_moment_in_order(home):
    with Store.open(home, "read") as store:
        events = list(store.history())
        assert store.moments().tolist() == [event.at for event in events]
        assert store.last() == len(events)
        assert [event.seq for event in store.history(after=2, upto=5)] == [3, 4, 5]
        assert [type(event) for event in store.latest((e.GoalSet, e.NightOpened), store.last())] == [e.GoalSet]
