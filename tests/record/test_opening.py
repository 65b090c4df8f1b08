"""Opening a home: who may, what an unclean end leaves behind, and what is made whole again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from observatory.protocol import events as e
from observatory.record import database, journal, recovery
from observatory.record import store as record
from observatory.record.store import Store
from tests.record import samples as s

REPOSITORY = Path(__file__).parents[2]


def keeper(home: Path, how: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.record.keeper", str(home), how], cwd=REPOSITORY, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def filled(home: Path) -> list[e.Record]:
    with Store.open(home, "write") as store:
        return store.keep([*s.told(1, 4), *s.whole_night(1, "d" * 64, [1, 2, 3, 4]), *s.told(5, 6)])


def looked_at(home: Path) -> tuple:
    """Everything that a home says of itself."""
    with Store.open(home, "write") as store:
        tables = [row[0] for row in store._rows("SELECT table_name FROM duckdb_tables() ORDER BY 1")]
        rows = {table: store._rows(f'SELECT * FROM "{table}" ORDER BY ALL') for table in tables}
        return list(store.history()), rows, store.nights(), store.accepted(), list(store.episodes_to_restore())


def titles(store: Store) -> list[str]:
    return [notice.title for notice in store.notices]


def only_info(store: Store) -> bool:
    """Nothing wrong but the deltas, which these homes never wrote."""
    return all(f.level == "info" or f.where.startswith("deltas/") for f in store.verify())


# ---------------------------------------------------------------- who may open


def test_a_new_home_is_empty_and_private(home):
    with Store.open(home, "write") as store:
        assert list(store.history()) == []
        assert (store.next_episode(), store.next_question(), store.next_night()) == (1, 1, 1)
        assert store.notices == []
    if os.name == "posix":
        assert home.stat().st_mode & 0o777 == 0o700


def test_a_second_writer_is_refused_with_the_name_of_the_first(home):
    child = keeper(home, "hold")
    assert child.stdout.readline() == "open\n"
    with pytest.raises(record.HomeBusy, match=f"process {child.pid} .*keeper.py"):
        Store.open(home, "write")
    child.communicate("", timeout=20)
    Store.open(home, "write").close()


def test_a_second_writer_in_the_same_process_is_refused_too(store, home):
    with pytest.raises(record.HomeBusy, match=f"process {os.getpid()}"):
        Store.open(home, "write")


def test_the_database_open_in_another_program_is_left_alone(home):
    filled(home)
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(home / "observatory.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(record.HomeBusy, match="another program"):
        Store.open(home, "write")
    holder.communicate("\n", timeout=20)
    with Store.open(home, "write") as store:
        assert store.notices == []


def test_reading_goes_on_beside_a_writer_and_changes_nothing(store, home):
    store.keep(s.told(1, 3))
    with Store.open(home, "read") as beside:
        assert list(beside.history()) == list(store.history())
        assert beside.query("episodes") == store.query("episodes")
        with pytest.raises(record.RecordError, match="reading only"):
            beside.keep(s.told(4, 4))
    store.keep(s.told(4, 4))
    assert only_info(store)


def test_reading_a_recording_leaves_its_folder_as_it_was(home):
    filled(home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with Store.open(home, "read") as recording:
        assert recording.nights()[0]["standing"] == "accepted"
        assert "It holds what the journal holds." in [finding.text for finding in recording.verify()]
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_reading_where_no_mind_lives_is_an_error_and_makes_no_folder(home):
    with pytest.raises(record.HomeUnreadable, match="no mind"):
        Store.open(home, "read")
    assert not home.exists()


def test_a_home_that_is_a_file_is_named(home):
    home.write_text("not a folder")
    with pytest.raises(record.HomeUnreadable, match="home"):
        Store.open(home, "write")


# ---------------------------------------------------------------- versions


def test_a_newer_schema_is_refused_and_left_as_it_is(home):
    filled(home)
    with duckdb.connect(str(home / "observatory.duckdb")) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999)")
    before = (home / "observatory.duckdb").read_bytes()
    with pytest.raises(record.HomeNewer, match="schema 999"):
        Store.open(home, "write")
    assert (home / "observatory.duckdb").read_bytes() == before
    assert not (home / "aside").exists()


def test_an_older_schema_is_brought_up_by_the_migrations_it_lacks(home, monkeypatch):
    kept = filled(home)
    known = database.migrations()
    later = (known[-1][0] + 1, "CREATE VIEW texts AS SELECT text FROM episodes")
    monkeypatch.setattr(database, "migrations", lambda: [*known, later])
    with Store.open(home, "write") as store:
        assert len(store._rows("SELECT * FROM texts")) == 6
        assert list(store.history()) == kept
    with Store.open(home, "write") as store:
        assert store._rows("SELECT version FROM schema_version ORDER BY 1")[-1] == (later[0],)
    monkeypatch.undo()
    with pytest.raises(record.HomeNewer):
        Store.open(home, "write")


def test_migrations_are_numbered_without_gaps():
    assert [number for number, _ in database.migrations()] == list(range(1, len(database.migrations()) + 1))


def test_a_journal_of_a_later_format_is_refused(home):
    home.mkdir()
    (home / "journal.jsonl").write_bytes(b'{"journal":99,"home":"x","made":"later"}\n')
    for mode in ("read", "write"):
        with pytest.raises(record.HomeNewer, match="format 99"):
            Store.open(home, mode)


def test_an_event_of_a_kind_that_only_a_later_version_knows_is_refused(home):
    filled(home)
    path = home / "journal.jsonl"
    last = list(journal.entries(path))[-1]
    body = b'{"type":"Levitated","seq":%d,"at":1.0}' % (last.seq + 1)
    with open(path, "ab") as file:
        file.write(journal.line(journal.entries_of(last.chain, [(last.seq + 1, 1.0, "Levitated", body)])[0]))
    for mode in ("write", "read"):
        with pytest.raises(record.HomeNewer, match="Levitated"):
            Store.open(home, mode)


# ---------------------------------------------------------------- unclean ends


@pytest.mark.crash
def test_nothing_acknowledged_is_missing_after_being_killed_again_and_again(home):
    acknowledged = 0
    for acks in (1, 7, 12):
        child = keeper(home, "loop")
        assert child.stdout.readline() == "open\n"
        for _ in range(acks):
            acknowledged = int(child.stdout.readline())
        child.kill()
        rest = child.communicate(timeout=20)[0].split()
        acknowledged = max([acknowledged, *map(int, (word for word in rest[:-1]))])
        with Store.open(home, "write") as store:
            stored = list(store.history())
            assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
            assert len(stored) >= acknowledged
            assert only_info(store)
            encoded = [event.episode for event in stored if isinstance(event, e.EpisodeEncoded)]
            assert [row["episode"] for row in store.query("episodes")] == encoded


@pytest.mark.crash
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process cannot kill itself outright on Windows")
def test_what_only_the_journal_had_when_the_process_died_is_taken_in_at_the_next_opening(home):
    child = keeper(home, "between")
    assert child.communicate(timeout=20)[0] == "open\n"
    with Store.open(home, "write") as store:
        assert [event.seq for event in store.history()] == [1, 2, 3]
        assert [row["episode"] for row in store.query("episodes")] == [1]
        assert store.notices == []
        assert only_info(store)


@pytest.mark.parametrize("torn", [b"{", b'{"seq":99,"chain":"', b"\0" * 4096, b"\xff\n"])
def test_a_torn_last_line_is_cut_off_into_aside_and_said(home, torn):
    kept = filled(home)
    with open(home / "journal.jsonl", "ab") as file:
        file.write(torn)
    with Store.open(home, "write") as store:
        assert titles(store) == ["The end of the journal was cut off"]
        assert list(store.history()) == kept
        assert store.keep(store.notices)[0].seq == kept[-1].seq + 1
        assert only_info(store)
    (moved,) = (home / "aside").iterdir()
    assert moved.read_bytes() == torn


def test_several_torn_lines_that_were_never_acknowledged_are_cut_off_too(home):
    kept = filled(home)
    with open(home / "journal.jsonl", "ab") as file:
        file.write(b"\0" * 100 + b'\n{"seq":18}\n')
    with Store.open(home, "write") as store:
        assert titles(store) == ["The end of the journal was cut off"]
        assert list(store.history()) == kept


def test_a_change_in_the_middle_of_the_journal_is_refused_for_writing_and_named(home):
    filled(home)
    path = home / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b"Trondheim", b"Stavanger")
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(record.JournalBroken, match="line 4"):
        Store.open(home, "write")
    (home / "observatory.duckdb").unlink()
    with pytest.raises(record.JournalBroken, match="line 4"):
        Store.open(home, "write")
    with Store.open(home, "read") as recording:
        assert titles(recording) == ["The journal is broken"]
        assert len(list(recording.history())) == 2


# ---------------------------------------------------------------- either half lost


def test_a_deleted_database_is_rebuilt_identical(home):
    filled(home)
    before = looked_at(home)
    (home / "observatory.duckdb").unlink()
    assert looked_at(home) == before


def test_rebuilding_by_hand_gives_the_same_and_readers_go_on(home):
    kept = filled(home)
    before = looked_at(home)
    with Store.open(home, "write") as store:
        reader = store.reader()
        assert store.rebuild() == len(kept)
        assert list(reader.history()) == kept
    assert looked_at(home) == before


def test_a_spoilt_database_is_moved_aside_and_rebuilt(home):
    kept = filled(home)
    (home / "observatory.duckdb").write_bytes(b"not a database" * 1000)
    with Store.open(home, "write") as store:
        assert titles(store) == ["The database was rebuilt from the journal"]
        assert list(store.history()) == kept
    (moved,) = (home / "aside").iterdir()
    assert moved.read_bytes() == b"not a database" * 1000


@pytest.mark.crash
def test_a_spoilt_log_is_moved_aside_with_its_database(home, tmp_path):
    with Store.open(home, "write") as store:
        kept = store.keep(s.told(1, 30))
        copy = tmp_path / "killed"
        shutil.copytree(home, copy)
    with Store.open(copy, "read") as recording:
        assert any("was not closed" in finding.text for finding in recording.verify())
    log = copy / "observatory.duckdb.wal"
    data = bytearray(log.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    log.write_bytes(data)
    with Store.open(copy, "write") as store:
        assert list(store.history()) == kept
        assert only_info(store)
        assert titles(store) == ["The database was rebuilt from the journal"]
    assert sorted(path.suffix for path in (copy / "aside").iterdir()) == [".duckdb", ".wal"]


@pytest.mark.crash
def test_a_log_whose_replay_kills_its_process_does_not_kill_ours(home, tmp_path, monkeypatch):
    with Store.open(home, "write") as store:
        kept = store.keep(s.told(1, 3))
        copy = tmp_path / "killed"
        shutil.copytree(home, copy)
    deadly = tmp_path / "deadly.py"
    deadly.write_text("import os\nos._exit(134)\n")
    monkeypatch.setattr(recovery, "PROBE", deadly)
    with Store.open(copy, "write") as store:
        assert "134" in store.notices[0].text
        assert list(store.history()) == kept


def test_a_lost_journal_is_written_again_from_the_database(home):
    kept = filled(home)
    before = (home / "journal.jsonl").read_bytes()
    (home / "journal.jsonl").unlink()
    with Store.open(home, "write") as store:
        assert titles(store)[0] == "The journal was written anew from the database"
        assert list(store.history()) == kept
    assert (home / "journal.jsonl").read_bytes() == before


def test_a_journal_that_lost_its_end_gets_it_back_from_the_database(home):
    kept = filled(home)
    before = (home / "journal.jsonl").read_bytes()
    lines = before.splitlines(keepends=True)
    (home / "journal.jsonl").write_bytes(b"".join(lines[:-3]))
    with Store.open(home, "write") as store:
        assert titles(store) == ["The end of the journal was written anew from the database"]
        assert list(store.history()) == kept
    assert (home / "journal.jsonl").read_bytes() == before


def test_a_database_of_another_home_is_not_mixed_in(home, tmp_path):
    kept = filled(home)
    filled(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "observatory.duckdb", home / "observatory.duckdb")
    with Store.open(home, "write") as store:
        assert titles(store) == ["The database was rebuilt from the journal"]
        assert list(store.history()) == kept


def test_a_database_with_a_hole_is_rebuilt(home):
    kept = filled(home)
    with duckdb.connect(str(home / "observatory.duckdb")) as connection:
        connection.execute("DELETE FROM events WHERE seq = 3")
    with Store.open(home, "write") as store:
        assert titles(store) == ["The database was rebuilt from the journal"]
        assert list(store.history()) == kept


def test_a_full_disk_keeps_what_was_acknowledged_and_says_so(home, monkeypatch):
    with Store.open(home, "write") as store:
        kept = store.keep(s.told(1, 2))

        write = os.write

        def full(handle, data):
            write(handle, data[:10])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(journal.os, "write", full)
            with pytest.raises(record.RecordError, match="No space left"):
                store.keep(s.told(3, 3))
        with pytest.raises(record.RecordError, match="No space left"):
            store.keep(s.told(3, 3))
    with Store.open(home, "write") as store:
        assert list(store.history()) == kept
        assert store.notices == []
        assert store.keep(s.told(3, 3))[0].seq == 5


class RefusesToCommit:
    """A database on a disk that is full for it and not for the journal."""

    def __init__(self, connection):
        self._connection = connection

    def execute(self, sql, *parameters):
        if sql == "COMMIT":
            self._connection.execute("ROLLBACK")
            raise duckdb.IOException("No space left on device")
        return self._connection.execute(sql, *parameters)

    def close(self):
        self._connection.close()


def test_events_that_reached_the_journal_and_not_the_database_are_not_acknowledged_and_not_lost(home):
    store = Store.open(home, "write")
    store._database.connection = RefusesToCommit(store._database.connection)
    with pytest.raises(record.RecordError, match="catches up"):
        store.keep(s.told(1, 1))
    store.close()
    with Store.open(home, "write") as store:
        assert [event.seq for event in store.history()] == [1, 2]
        assert only_info(store)
