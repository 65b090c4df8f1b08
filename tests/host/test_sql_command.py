"""`observatory sql` as a person's shell runs it."""

from __future__ import annotations

import json

import pytest

from observatory.host.querying import Querying
from observatory.protocol import asking
from observatory.record.store import Store
from observatory.window.examples import EPISODES, EXAMPLES
from tests.record import samples as s


@pytest.fixture
def lived(tmp_path):
    with Store.open(tmp_path / "home", "write") as store:
        store.keep(
            [*s.told(1, 3), *s.whole_night(1, "a" * 64, [1, 2]), s.probed(1, 2), s.retained(1, {1: 0.5, 3: 0.9})]
        )
        store.keep([s.episode(4, "a [bold]trap[/bold] \x1b[31m of colour"), s.examined(1, "before", False)])
    return tmp_path / "home"


def test_an_answer_is_a_table_json_or_a_file(lived, command, tmp_path):
    done = command("sql", "SELECT episode, text FROM episodes ORDER BY episode")
    assert done.returncode == 0, done.stderr
    assert "Zelda keeps bees" in done.stdout
    assert "[bold]trap[/bold]" in done.stdout and "\x1b[31m" not in done.stdout
    rows = json.loads(command("sql", "SELECT count(*) AS n FROM episodes", "--json").stdout)
    assert (rows["rows"], rows["types"]) == ([{"n": "4"}], {"n": "BIGINT"})
    done = command("sql", "FROM nights", "--export", tmp_path / "nights.csv")
    assert done.stdout.startswith("1 row written to ")
    assert (tmp_path / "nights.csv.provenance.json").exists()


def test_what_is_refused_ends_with_one_and_a_sentence_and_changes_nothing(lived, command):
    before = {f.name: f.read_bytes() for f in lived.iterdir() if f.is_file()}
    for wrong, said in (("DELETE FROM episodes", "of the kind DELETE"), ("SELECT nothing", "Binder Error")):
        done = command("sql", wrong)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert {f.name: f.read_bytes() for f in lived.iterdir() if f.is_file()} == before
    done = command("sql", "SELECT 1", "--home", lived / "nowhere")
    assert done.returncode == 1 and "No mind has lived in" in done.stderr


def test_each_of_the_ten_examples_and_the_export_of_episodes_is_answered(lived, tmp_path):
    querying = Querying(lived)
    try:
        assert len(EXAMPLES) == 10
        for said, text in EXAMPLES.items():
            found = querying.ask(text).wait(30)
            assert isinstance(found, asking.Table), f"{said}: {found}"
            assert found.rows or "lost" in said or "drive" in said, said
        written = querying.export(tmp_path / "e.parquet", EPISODES, {"episodes": [1, 3]}).wait(30)
        assert isinstance(written, asking.Written) and written.rows == 2, written
    finally:
        querying.close()
