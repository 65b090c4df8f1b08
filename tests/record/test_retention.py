"""What the record says of fading: who is held, how strength went, which traces stand for what is gone."""

from __future__ import annotations

import os

import duckdb
import pytest

from observatory.protocol import commands as c
from observatory.protocol import events as e
from observatory.record import database
from observatory.record.store import Store
from tests.record import samples as s
from tests.record.test_opening import looked_at, only_info, titles


@pytest.fixture
def faded(store):
    """Six episodes and two nights; of the first night's three, two have faded since."""
    store.keep([*s.told(1, 6), s.trace(1, 1), s.trace(1, 2, "Which town?", "Trondheim.")])
    store.keep([*s.whole_night(1, "a" * 64, [1, 2, 3]), s.retained(1, {n: 0.8 for n in range(1, 7)})])
    store.keep([*s.told(7, 7), *s.whole_night(2, "b" * 64, [4, 5])])
    store.keep([s.retained(2, {3: 0.3, 4: 0.9, 5: 0.9, 6: 0.9, 7: 0.95}, [1, 2])])
    return store


def restored(store: Store) -> dict[int, c.StoredEpisode]:
    return {each.episode: each for portion in store.episodes_to_restore() for each in portion}


def test_what_has_faded_is_neither_replayed_nor_restored_and_stays_in_the_record(faded):
    assert faded.consolidated() == [3, 4, 5]
    assert faded.unconsolidated() == [6, 7]
    back = restored(faded)
    assert [n for n, each in back.items() if each.held] == [3, 4, 5, 6, 7]
    assert (back[1].text, back[1].tokens, back[1].nights) == ("", [], [1])
    assert back[1].surprise == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    rows = faded.query("episodes")
    assert [row["text"] for row in rows] == ["Zelda keeps bees in Trondheim."] * 7
    assert [row["held"] for row in rows] == [False, False] + [True] * 5


def test_an_episode_is_as_old_as_the_days_that_ended_since_it_was_told(faded):
    assert {n: each.born for n, each in restored(faded).items()} == {**dict.fromkeys(range(1, 7), 0), 7: 1}
    faded.keep([s.opened(3, [6]), s.closed(3, "interrupted"), *s.told(8, 8)])
    faded.keep([s.opened(3, [6]), s.closed(3, "vetoed"), *s.told(9, 9)])
    assert [restored(faded)[n].born for n in (8, 9)] == [2, 3]
    assert faded.ended() == [1, 2, 3]


def test_an_episode_nobody_spoke_of_yet_is_held(store):
    store.keep(s.told(1, 1))
    assert restored(store)[1].held
    assert store.query("episode", episode=1)[0]["hippocampal"] is None


def test_strength_can_be_asked_by_night_and_by_episode(faded):
    assert [(row["night"], row["hippocampal"], row["held"]) for row in faded.query("strengths", episode=1)] == [
        (1, 0.8, True), (2, 0.0, False),
    ]  # fmt: skip
    found = faded.query("retention", night=2)
    assert [row["hippocampal"] for row in found] == [0, 0, 0.3, 0.9, 0.9, 0.9, 0.95]
    assert [row["cortical"] for row in found] == [0.6] * 7
    assert len(faded.night(2)["retention"]) == 7


def test_only_traces_of_what_has_faded_are_handed_out(faded):
    faded.keep([s.trace(2, 4)])
    assert faded.traces_of_faded(10) == [
        c.Trace(episode=1, cue="Who is Zelda?", answer="A beekeeper."),
        c.Trace(episode=2, cue="Which town?", answer="Trondheim."),
    ]


def test_two_traces_an_episode_at_most_the_newest_nights_first_and_of_a_cue_the_last_answer(faded):
    faded.keep([s.trace(1, 1, "a?"), s.trace(2, 1, "b?", "old"), s.trace(2, 1, "b?", "new"), s.trace(2, 2, "c?")])
    found = [(each.episode, each.cue, each.answer) for each in faded.traces_of_faded(10)]
    assert found == [
        (1, "b?", "new"), (2, "c?", "A beekeeper."), (2, "Which town?", "Trondheim."), (1, "a?", "A beekeeper."),
    ]  # fmt: skip
    assert [(each.episode, each.cue) for each in faded.traces_of_faded(1)] == [(1, "b?")]


def test_traces_of_nights_that_no_longer_count_are_not_handed_out(faded):
    faded.keep([s.opened(3, [6]), s.trace(3, 1, "vetoed?"), s.closed(3, "vetoed")])
    assert "vetoed?" not in [each.cue for each in faded.traces_of_faded(10)]
    faded.keep([e.RolledBack(to_night=0, nights=[1, 2], cortex=s.cortex(0), why="")])
    assert faded.traces_of_faded(10) == []


def test_what_only_the_cortex_has_is_returned_when_its_nights_are_to_go(faded):
    returned = [each for portion in faded.episodes_to_return(0) for each in portion]
    assert [(each.episode, each.held, each.text) for each in returned] == [
        (1, True, "Zelda keeps bees in Trondheim."), (2, True, "Zelda keeps bees in Trondheim."),
    ]  # fmt: skip
    assert list(faded.episodes_to_return(1)) == []
    faded.keep([e.RolledBack(to_night=0, nights=[1, 2], cortex=s.cortex(0), why="")])
    faded.keep([s.retained(0, {n: 0.5 for n in range(1, 8)}, cortical=0.0)])
    assert faded.unconsolidated() == list(range(1, 8))


def test_probes_and_the_newer_words_of_dreams_and_weighings_have_their_rows(store):
    dream = s.dreamt(1, answer="A beekeeper", with_bits=0.4, without_bits=3.1, gain=2.7, drawn="best")
    store.keep([dream, s.weighed(1, text_rise=0.01, search="rank", kept=20, of=32, bits=640.5), s.probed(1, 20)])
    (found,) = store.query("dreams", night=1)
    assert [found[name] for name in ("answer", "with_bits", "without_bits", "gain", "drawn")] == [
        "A beekeeper", 0.4, 3.1, 2.7, "best",
    ]  # fmt: skip
    (found,) = store.query("weighings", night=1)
    assert [found[name] for name in ("text_rise", "search", "kept", "of", "bits")] == [0.01, "rank", 20, 32, 640.5]
    assert [(row["step"], row["episode"], row["recalled"], row["gain"]) for row in store.query("probes", night=1)] == [
        (20, 1, True, 0.25), (20, 2, False, 0.5),
    ]  # fmt: skip


# ---------------------------------------------------------------- older homes


def filled(home) -> None:
    """A home with everything that schema 2 has a place for, and dreams of both kinds."""
    with Store.open(home, "write") as store:
        store.keep([*s.told(1, 3), s.dreamt(1), s.dreamt(1, dream=2, answer="She", gain=1 / 3, drawn="chance")])
        store.keep([s.weighed(1), s.weighed(1, search="rank", kept=3, of=32, bits=1e-7, text_rise=-0.25)])
        store.keep([s.probed(1, 20), s.probed(1, 40), *s.whole_night(1, "a" * 64, [1, 2])])


def as_schema(version: int, home) -> bytes:
    """The same home as an earlier version left it: fewer tables, fewer columns, the same journal."""
    now, then = home / "observatory.duckdb", home / "then.duckdb"
    with duckdb.connect(str(then)) as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT)")
        for number, sql in database.migrations()[:version]:
            connection.execute(sql)
            connection.execute("INSERT INTO schema_version VALUES ($1)", [number])
        connection.execute(f"ATTACH '{now}' AS now (READ_ONLY)")
        tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'then'"
        for (table,) in connection.execute(f"{tables} AND table_name != 'schema_version'").fetchall():
            columns = ", ".join(f'"{row[0]}"' for row in connection.execute(f'DESCRIBE "{table}"').fetchall())
            connection.execute(f'INSERT INTO "{table}" SELECT {columns} FROM now."{table}"')
    os.replace(then, now)
    return now.read_bytes()


def without_versions(looked: tuple) -> tuple:
    history, rows, *rest = looked
    return history, {table: found for table, found in rows.items() if table != "schema_version"}, *rest


def test_an_older_home_is_copied_aside_brought_up_and_says_what_a_new_one_would(home):
    filled(home)
    before = without_versions(looked_at(home))
    old = as_schema(1, home)
    with Store.open(home, "write") as store:
        assert titles(store) == [f"The database was brought from schema 1 to {database.migrations()[-1][0]}"]
        assert store.notices[0].level == "info"
        assert only_info(store)
        assert [row["gain"] for row in store.query("dreams", night=1)] == [0.0, 1 / 3]
        assert len(store.query("probes", night=1)) == 4
    (copy,) = (home / "aside").iterdir()
    assert copy.read_bytes() == old
    assert without_versions(looked_at(home)) == before
    with Store.open(home, "write") as store:
        assert store.notices == []
        store.keep([s.dreamt(2, answer="after"), s.retained(1, {1: 0.5}, [2]), s.trace(1, 2)])
        assert restored(store)[2].held is False


def test_a_home_for_whose_copy_there_is_no_room_is_left_as_it_is(home, monkeypatch):
    filled(home)
    old = as_schema(1, home)

    def full(*_):
        raise OSError(28, "No space left on device")

    from observatory.record import recovery
    from observatory.record.errors import HomeUnreadable

    monkeypatch.setattr(recovery.shutil, "copyfileobj", full)
    with pytest.raises(HomeUnreadable, match="No space left"):
        Store.open(home, "write")
    assert (home / "observatory.duckdb").read_bytes() == old


def test_the_database_with_everything_that_fades_is_rebuilt_identical(home):
    filled(home)
    with Store.open(home, "write") as store:
        store.keep([s.retained(1, {1: 0.5, 3: 0.9}, [2]), s.trace(1, 2)])
    before = looked_at(home)
    (home / "observatory.duckdb").unlink()
    assert looked_at(home) == before
    with Store.open(home, "write") as store:
        store.rebuild()
        assert only_info(store)
    assert looked_at(home) == before
