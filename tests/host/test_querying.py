"""A person's own SQL: answered from a copy, stopped when asked to, and unable to write, to read a file or to change a
setting, whatever it says."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import time
from pathlib import Path

import duckdb
import pytest

from observatory.host.querying import FOLDER, Querying
from observatory.protocol import asking
from observatory.record import database
from observatory.record.console import LOCKED, Console
from observatory.record.store import Store
from tests.host.test_session import at_the_gate, taught
from tests.record import samples as s

SLOW = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 7"
WAIT_S = 30.0


@pytest.fixture
def home(tmp_path):
    with Store.open(tmp_path / "mind", "write") as store:
        store.keep([*s.told(1, 5), *s.whole_night(1, "a" * 64, [1, 2])])
    return tmp_path / "mind"


@pytest.fixture
def querying(home):
    made = Querying(home)
    yield made
    made.close()


def table(asked) -> asking.Table:
    answer = asked.wait(WAIT_S)
    assert isinstance(answer, asking.Table), answer
    return answer


def refused(asked) -> str:
    answer = asked.wait(WAIT_S)
    assert isinstance(answer, asking.Refused), answer
    return answer.text


# ---------------------------------------------------------------- answers


def test_values_come_as_the_database_writes_them_with_their_types(querying):
    found = table(
        querying.ask("SELECT episode, text, [1, NULL] AS list, NULL AS gap, to_timestamp(0) AS t FROM episodes")
    )
    assert found.columns == ["episode", "text", "list", "gap", "t"]
    assert found.types == ["BIGINT", "VARCHAR", "INTEGER[]", "NULL", "TIMESTAMP WITH TIME ZONE"]
    assert found.rows[0][:4] == ["1", "Zelda keeps bees in Trondheim.", "[1, NULL]", None]
    assert found.rows[0][4].startswith("1970-01-01")
    assert (len(found.rows), found.more, found.cut) == (5, False, False)
    assert found.through == 18


@pytest.mark.parametrize(
    "text",
    [
        "FROM nights", "WITH n AS (SELECT 1 AS one) SELECT * FROM n -- and a remark", "DESCRIBE episodes",
        "SHOW TABLES", "SUMMARIZE episodes", "EXPLAIN SELECT * FROM episodes", "VALUES (1), (2)",
        " /* first */ SELECT 1;",
        "SELECT e.seq, r.seq FROM episodes e JOIN retention r USING (episode) UNION ALL SELECT 1, 2",
    ],
)  # fmt: skip
def test_every_way_of_asking_is_answered(querying, text):
    assert table(querying.ask(text)).rows


def test_the_order_of_a_question_is_kept_and_what_is_over_its_rows_is_said(querying):
    found = table(querying.ask("SELECT range FROM range(100000) ORDER BY range DESC"))
    assert (len(found.rows), found.rows[0], found.more) == (asking.ROWS, ["99999"], True)


def test_a_cell_of_many_megabytes_is_cut_and_said_to_be(querying):
    found = table(querying.ask("SELECT repeat('ä', 100000000) AS long"))
    assert (found.rows, found.cut) == ([["ä" * asking.CELL]], True)


def test_mistakes_are_told_in_the_databases_own_words(querying):
    assert refused(querying.ask("SELEC 1")).startswith("Parser Error: syntax error at or near")
    assert "Table with name nosuch does not exist" in refused(querying.ask("SELECT * FROM nosuch"))
    assert table(querying.ask("SELECT 1")).rows == [["1"]], "and the next question is answered"


# ---------------------------------------------------------------- a session's


def test_a_question_in_a_session_sees_what_was_just_kept_and_the_next_one_what_came_after(open_session):
    view = open_session()
    taught(view, "one")
    assert table(view.session.sql("SELECT text FROM episodes")).rows == [["one"]]
    taught(view, "two")
    deadline = time.monotonic() + 10  # a copy is not made anew more often than it is worth
    while table(view.session.sql("SELECT text FROM episodes ORDER BY episode")).rows != [["one"], ["two"]]:
        assert time.monotonic() < deadline
    folder = view.session.home / FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    view.session.close()
    assert not folder.exists()


def test_questions_are_answered_while_a_night_is_open_and_in_a_home_that_is_only_read(open_session):
    view = open_session()
    taught(view)
    at_the_gate(view)
    assert table(view.session.sql("SELECT standing FROM nights")).rows == [["open"]]
    reading = open_session(read_only=True)
    assert table(reading.session.sql("SELECT count(*) FROM episodes")).rows == [["1"]]
    assert not [f for f in (view.session.home / FOLDER).iterdir() if f.is_dir()]


def test_a_long_question_is_stopped_when_asked_to_and_the_next_one_is_answered(querying):
    table(querying.ask("SELECT 1"))
    asked = querying.ask(SLOW)
    time.sleep(0.2)
    started = time.monotonic()
    asked.cancel()
    assert refused(asked) == "Stopped."
    assert time.monotonic() - started < 2
    assert table(querying.ask("SELECT 2")).rows == [["2"]]


def test_a_question_may_take_so_long_and_no_longer(querying):
    assert refused(querying.ask(SLOW, limit_s=0.5)).startswith("Stopped after")


def test_closing_ends_a_long_question_at_once(home):
    querying = Querying(home)
    asked = querying.ask(SLOW)
    time.sleep(0.5)
    started = time.monotonic()
    querying.close()
    assert time.monotonic() - started < 3
    assert asked.done
    assert refused(querying.ask("SELECT 1")).startswith("This session is closed")


def test_one_that_needs_more_memory_than_there_may_be_is_refused_and_the_rest_lives_on(querying):
    hungry = "SELECT count(*) FROM (SELECT DISTINCT range, repeat('y', 90) || range FROM range(20000000))"
    assert "Out of Memory" in refused(querying.ask(hungry))
    assert table(querying.ask("SELECT 1")).rows == [["1"]]


# ---------------------------------------------------------------- hostile ones

CHANGES = (
    "INSERT INTO episodes (episode) VALUES (9)", "UPDATE episodes SET text = ''", "DELETE FROM episodes",
    "DROP TABLE episodes", "CREATE TABLE mine AS SELECT 1", "CREATE TEMP TABLE mine AS SELECT 1",
    "ALTER TABLE episodes ADD COLUMN x INT", "COMMENT ON TABLE episodes IS 'x'", "CREATE MACRO f() AS 1",
    "WITH gone AS (DELETE FROM episodes RETURNING *) SELECT * FROM gone", "EXPLAIN ANALYZE DELETE FROM episodes",
    "WITH new AS (INSERT INTO episodes (episode) VALUES (9) RETURNING *) SELECT * FROM new",
    "SELECT 1; DELETE FROM episodes", "SELECT 1;; DROP TABLE episodes; --", "DELETE FROM episodes -- SELECT",
    "/* SELECT */ DELETE FROM episodes", "SELECT 1 /* ; */ ; DELETE FROM episodes", "PREPARE p AS DELETE FROM episodes",
    "EXECUTE p", "BEGIN", "COMMIT", "VACUUM", "CHECKPOINT", "FORCE CHECKPOINT", "SELECT * FROM force_checkpoint()",
    "\ufeffDELETE FROM episodes", "DELETE\u00a0FROM episodes", "D\u0415LETE FROM episodes",
    "\u200bDELETE FROM episodes", "SELECT 1\u037e DELETE FROM episodes", "SELECT 1\uff1b DELETE FROM episodes",
    "SELECT 1\x00; DELETE FROM episodes",
    "SELECT $$;$$; DELETE FROM episodes", "SELECT 'a\\'; DELETE FROM episodes --'", "PIVOT episodes ON speaker",
)  # fmt: skip

REACHES = (
    "COPY episodes TO 'out.csv'", "COPY (SELECT 1) TO '{out}'", "EXPORT DATABASE '{out}'", "IMPORT DATABASE '{out}'",
    "EXPLAIN ANALYZE COPY episodes TO '{out}'", "ATTACH '{out}' AS other", "ATTACH ':memory:' AS other", "USE other",
    "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "FROM read_blob('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'", "FROM '{secret}'", "SELECT * FROM read_parquet('{secret}')", "FROM glob('/etc/*')",
    "FROM read_json('{secret}')", "FROM sniff_csv('{secret}')", "FROM parquet_metadata('{secret}')",
    "SELECT * FROM 'https://example.org/x.csv'", "FROM read_csv('http://example.org/x')", "INSTALL httpfs",
    "LOAD httpfs", "LOAD '{out}'", "SELECT getenv('HOME')", "CREATE SECRET s (TYPE s3)",
    "SELECT * FROM duckdb_secrets()",
    "FROM query('COPY episodes TO ''{out}''')", "FROM query_table('{secret}')", "CALL pragma_version()",
    "SELECT * FROM which_secret('s3://x', 's3')",
)  # fmt: skip

SETTINGS = (
    "SET enable_external_access = true", "SET GLOBAL memory_limit = '64GB'", "RESET memory_limit", "SET threads = 64",
    "SET lock_configuration = false", "SET allowed_paths = ['/etc/passwd']", "SET temp_directory = '{out}'",
    "PRAGMA threads = 64", "PRAGMA enable_profiling", "PRAGMA profiling_output = '{out}'", "PRAGMA database_list",
    "SET VARIABLE x = 1", "SELECT * FROM enable_logging()", "CALL enable_logging()", "SET log_query_path = '{out}'",
)  # fmt: skip


@pytest.fixture
def ground(home, tmp_path):
    """A copy to ask of, and files that nothing may read or write."""
    (tmp_path / "secret.csv").write_text("secret\nhidden\n")
    file = tmp_path / "copy" / "asked.duckdb"
    file.parent.mkdir()
    from observatory.record import copying

    copying.derive(home, file)
    return file, {"out": str(tmp_path / "copy" / "out"), "secret": str(tmp_path / "secret.csv")}


HOSTILE = {"that change something": CHANGES, "that reach for files and the network": REACHES, "that set": SETTINGS}


def filled(statements, places) -> list[str]:
    return [text.replace("{out}", places["out"]).replace("{secret}", places["secret"]) for text in statements]


@pytest.mark.parametrize("which", HOSTILE)
def test_hostile_statements_are_refused_and_leave_nothing_behind(ground, which, monkeypatch):
    file, places = ground
    monkeypatch.chdir(file.parent)
    before, console = file.read_bytes(), Console()
    for text in filled(HOSTILE[which], places):
        answer = console.answer(asking.Question(file=str(file), text=text))
        assert isinstance(answer, asking.Refused), (text, answer)
        assert "hidden" not in answer.text and "root:" not in answer.text, text
        assert [f.name for f in file.parent.iterdir()] == [file.name], text
    console.close()
    assert file.read_bytes() == before


@pytest.mark.parametrize("which", HOSTILE)
def test_the_connection_alone_keeps_what_the_statement_check_would_have_let_through(ground, which, monkeypatch):
    """Each of the two locks is tried without the other: here the check is taken away."""
    file, places = ground
    monkeypatch.chdir(file.parent)
    before, console = file.read_bytes(), Console()
    settings = "SELECT name, value FROM duckdb_settings() WHERE name IN ('memory_limit', 'threads', 'allowed_paths')"
    told = console._opened(str(file)).execute(settings).fetchall()
    for text in filled(HOSTILE[which], places):
        connection = console._opened(str(file)).cursor()
        try:
            found = str(connection.execute(text).fetchall())
        except (duckdb.Error, ValueError, RuntimeError) as error:
            found = str(error)
        connection.close()
        assert "hidden" not in found and "root:" not in found, text
        assert [f.name for f in file.parent.iterdir()] == [file.name], text
        asked = console._opened(str(file)).cursor()
        assert asked.execute("SELECT count(*) FROM episodes").fetchall() == [(5,)], text
        assert asked.execute(settings).fetchall() == told, text
        asked.close()
    console.close()
    assert file.read_bytes() == before


def test_hostile_statements_do_harm_without_the_locks(ground, monkeypatch):
    """So that the tests above can fail."""
    file, places = ground
    monkeypatch.chdir(file.parent)
    with duckdb.connect(str(file)) as connection:
        connection.execute("WITH gone AS (DELETE FROM episodes RETURNING *) SELECT * FROM gone")
        assert connection.execute("SELECT count(*) FROM episodes").fetchone() == (0,)
        assert "hidden" in str(connection.execute(f"FROM '{places['secret']}'").fetchall())
        connection.execute("COPY nights TO 'out.csv'")
    assert (file.parent / "out.csv").exists()


# ---------------------------------------------------------------- exports


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_an_export_has_every_row_and_says_beside_it_what_it_is(querying, home, tmp_path, kind):
    target = tmp_path / f'it\'s; a "result".{kind}'
    text = "SELECT range AS n, 'x' || range AS word, [range] AS list FROM range(7000)"
    written = querying.export(target, text).wait(WAIT_S)
    assert (written.name, written.rows) == (str(target), 7000)
    if kind == "csv":
        with open(target, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert (len(rows), rows[-1]) == (7000, {"n": "6999", "word": "x6999", "list": "[6999]"})
    else:
        with duckdb.connect() as connection:
            assert connection.read_parquet(str(target)).aggregate("sum(n)").fetchall() == [(6999 * 3500,)]
    said = json.loads((tmp_path / f"{target.name}.provenance.json").read_text())
    assert said["query"] == text
    assert said["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert (said["home"], said["rows"], said["through_event"], said["cortex"]) == (str(home), 7000, 18, s.cortex(1))
    assert {"made_at", "observatory", "duckdb"} <= said.keys()
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]


def test_chosen_episodes_are_exported_by_bound_values(querying, tmp_path):
    target = tmp_path / "chosen.csv"
    text = "SELECT episode, text FROM episodes WHERE list_contains($episodes, episode) ORDER BY episode"
    assert querying.export(target, text, {"episodes": [2, 4]}).wait(WAIT_S).rows == 2
    assert [line.split(",")[0] for line in target.read_text().splitlines()] == ["episode", "2", "4"]
    assert json.loads(Path(f"{target}.provenance.json").read_text())["values"] == {"episodes": [2, 4]}


def test_what_cannot_be_exported_is_refused_and_no_file_stands_there(querying, tmp_path):
    assert "should end in .parquet or .csv" in refused(querying.export(tmp_path / "result.xlsx", "SELECT 1"))
    assert "of the kind DELETE" in refused(querying.export(tmp_path / "r.csv", "DELETE FROM episodes"))
    assert "read-only" in refused(
        querying.export(tmp_path / "r.csv", "WITH g AS (DELETE FROM episodes RETURNING *) SELECT * FROM g")
    )
    for reach in ("FROM read_text('/etc/passwd')", "FROM read_csv('/etc/passwd')", "FROM '/etc/passwd'"):
        refused(querying.export(tmp_path / "r.csv", reach))
    refused(querying.export(tmp_path / "nowhere" / "r.csv", "SELECT 1"))
    assert [f.name for f in tmp_path.iterdir() if f.suffix != ""] == []


def test_the_settings_of_the_record_and_of_the_console_leave_no_door():
    for key in ("enable_external_access", "autoinstall_known_extensions", "autoload_known_extensions"):
        assert database.CONFIG[key] == "false"
    assert LOCKED["python_enable_replacements"] == "false"
    hidden = "a variable that no SQL may name"  # noqa: F841
    console = Console()
    with pytest.raises(duckdb.Error):
        console._parser.execute("SELECT * FROM hidden")
    console.close()


def test_a_home_without_a_journal_is_named(tmp_path):
    empty = Querying(tmp_path / "empty")
    try:
        assert "There is no mind in" in refused(empty.ask("SELECT 1"))
    finally:
        empty.close()
    assert os.listdir(tmp_path) == []
