"""What stands: accepted deltas, what was learnt, what is open, and the answers to named queries."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from observatory.protocol import events as e
from observatory.record import store as record
from observatory.record.queries import QUERIES
from observatory.record.store import Store
from tests.record import samples as s


@pytest.fixture
def lived(store):
    """Six episodes; night 1 took in three of them, night 2 two more."""
    store.keep(s.told(1, 6))
    store.keep(s.whole_night(1, "a" * 64, [1, 2, 3]))
    store.keep(s.whole_night(2, "b" * 64, [4, 5]))
    return store


def test_accepted_deltas_come_in_order_with_who_said_so(lived):
    assert [(a.night, a.delta, a.by, a.reason) for a in lived.accepted()] == [
        (1, "a" * 64, "Ada", "it knows the bees"),
        (2, "b" * 64, "Ada", "it knows the bees"),
    ]
    assert lived.accepted()[1].cortex_before == lived.accepted()[0].cortex_after == s.cortex(1)


def test_episodes_of_committed_nights_are_consolidated_and_the_rest_are_not(lived):
    assert lived.consolidated() == [1, 2, 3, 4, 5]
    assert lived.unconsolidated() == [6]


def test_a_roll_back_takes_a_nights_delta_and_its_learning_away_for_good(lived):
    lived.keep([e.RolledBack(to_night=1, nights=[2], cortex=s.cortex(1), why="look again")])
    assert [a.night for a in lived.accepted()] == [1]
    assert lived.unconsolidated() == [4, 5, 6]
    assert [n["standing"] for n in lived.nights()] == ["accepted", "rolled back"]
    assert lived.next_night() == 3
    lived.keep(s.whole_night(3, "c" * 64, [4, 6]))
    assert [a.night for a in lived.accepted()] == [1, 3]
    assert lived.unconsolidated() == [5]


def test_a_vetoed_night_teaches_nothing(lived):
    delta = "c" * 64
    lived.keep([s.opened(3, [6]), s.proposed(3, delta, [6]), s.decided(3, delta, "veto"), s.closed(3, "vetoed")])
    assert [a.night for a in lived.accepted()] == [1, 2]
    assert lived.unconsolidated() == [6]
    assert lived.nights()[2]["standing"] == "vetoed"
    assert lived.nights()[2]["cortex_after"] == s.cortex(2)


def test_a_night_that_nothing_closed_is_unfinished_until_it_is(lived):
    assert lived.unfinished_night() is None
    (opened,) = lived.keep([s.opened(3, [6])])
    assert lived.unfinished_night() == opened
    assert lived.nights()[2]["standing"] == "open"
    lived.keep([s.closed(3, "interrupted")])
    assert lived.unfinished_night() is None
    (again,) = lived.keep([s.opened(3, [6], resumed_from_step=1)])
    assert lived.unfinished_night() == again
    assert lived.nights()[2] | {"resumed": 1, "standing": "open"} == lived.nights()[2]
    assert lived.next_night() == 4


def test_the_latest_word_counts_and_earlier_ones_stay_on_record(lived):
    delta = "c" * 64
    lived.keep([s.opened(3, [6]), s.proposed(3, delta, [6]), s.decided(3, delta, "hold"), s.decided(3, delta)])
    lived.keep([s.committed(3, delta), s.closed(3)])
    assert [row["decision"] for row in lived.query("decisions", night=3)] == ["hold", "approve"]
    assert lived.nights()[2]["decision"] == "approve"


def test_steps_gone_through_again_after_a_resume_count_once(lived):
    lived.keep([s.opened(3, [6]), s.replay(3, 1, 4.0), s.replay(3, 2, 3.0), s.closed(3, "interrupted")])
    lived.keep([s.opened(3, [6], resumed_from_step=1), s.replay(3, 2, 2.0)])
    assert [(row["step"], row["loss"]) for row in lived.query("loss", night=3)] == [(1, 4.0), (2, 2.0)]
    assert len(lived.query("replays", night=3)) == 6


def test_only_what_the_last_opening_of_a_night_took_in_is_learnt(lived):
    lived.keep(s.told(7, 7))
    lived.keep([s.opened(3, [6, 7]), s.closed(3, "interrupted"), *s.whole_night(3, "c" * 64, [7])])
    assert lived.unconsolidated() == [6]


def test_restored_episodes_come_in_portions_with_tokens_and_nights(lived):
    portions = list(lived.episodes_to_restore(portion=4))
    assert [[episode.episode for episode in portion] for portion in portions] == [[1, 2, 3, 4], [5, 6]]
    first, last = portions[0][0], portions[1][1]
    assert (first.tokens, first.surprise, first.nights) == (list(range(6)), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5], [1])
    assert (last.nights, last.outcome, last.text) == ([], None, "Zelda keeps bees in Trondheim.")


def test_the_line_lived_last_is_where_a_day_goes_on_even_when_lived_once_more(store):
    lines = [e.LineLived(file_hash="f", line=n, episode=n, night=None) for n in (1, 2, 3, 1)]
    other = e.LineLived(file_hash="g", line=9, episode=None, night=1)
    store.keep(lines[:3])
    assert (store.lived("f"), store.lived("g")) == (3, 0)
    store.keep([other, lines[3]])
    assert (store.lived("f"), store.lived("g")) == (1, 9)


def test_a_question_uses_up_its_number_even_before_it_is_answered(store):
    read = e.Read(episode=1, match=0.9, mass=0.4, weight=1.0)
    cue = e.MemoryRead(
        question=4, cue="bees?", reads=[read], candidates=[read, read], novelty=0.1, sure=True, why="", search_ms=1.0,
        read_ms=1.0,
    )  # fmt: skip
    store.keep([*s.told(1, 1), cue])
    assert store.next_question() == 5
    found = store.query("memory_reads", question=4)
    assert [(row["used"], row["text"]) for row in found] == [(True, "Zelda keeps bees in Trondheim.")] + 2 * [
        (False, "Zelda keeps bees in Trondheim.")
    ]


def test_a_night_can_be_shown_whole_and_as_json(lived):
    night = lived.night(1)
    assert (night["standing"], night["episodes"], night["decided_by"], night["steps"]) == ("accepted", 3, "Ada", 2)
    assert night["exam_scores"] == [{"when": "after", "memory": "cortex", "kind": "direct", "right": 1, "asked": 1}]
    assert night["exam_answers"][0]["prompt"] == "Where does Zelda keep bees?"
    assert night["drift"] == [{"place": "layer 6", "drift": 0.1}]
    assert msgspec.json.decode(msgspec.json.encode(night)) == night


def test_a_night_that_never_was_is_named_with_those_that_were(lived):
    with pytest.raises(record.RecordError, match="no night 7 .*1, 2"):
        lived.night(7)


# ---------------------------------------------------------------- named queries


def test_every_named_query_answers(lived):
    for name, query in QUERIES.items():
        needed = {key: 1 for key, default in query.wants.items() if default is ...}
        for order in query.orders or [None]:
            rows = lived.query(name, **needed, **({"sort": order} if order else {}))
            assert all(isinstance(row, dict) for row in rows), name


def test_episodes_can_be_searched_sorted_and_paged(store):
    store.keep([s.episode(1, "An owl"), s.episode(2, "a Zebra", speaker="Ada"), s.episode(3, "Bees", novelty=0.9)])
    numbers = lambda **how: [row["episode"] for row in store.query("episodes", **how)]  # noqa: E731
    assert numbers(search="zEB") == [2]
    assert numbers(search="ada") == [2]
    assert numbers(sort="text") == [2, 1, 3]
    assert numbers(sort="novelty")[0] == 3
    assert numbers(sort="newest", limit=2) == [3, 2]
    assert numbers(limit=2, offset=1) == [2, 3]


def test_tokens_carry_their_piece_and_surprise(store):
    store.keep([s.episode(1, tokens=4)])
    assert store.query("tokens", episode=1)[1] == {"position": 1, "token": 1, "piece": "lda", "surprise": 0.5}
    assert len(store.query("tokens", episode=1)) == 4


def test_how_often_each_episode_was_replayed_is_counted(lived):
    found = {row["episode"]: row["times"] for row in lived.query("replay_counts", night=1)}
    assert found == {1: 4, 2: 2}


@pytest.mark.parametrize(
    ("name", "params"),
    [("nothing", {}), ("episodes", {"sort": "seq; DROP TABLE events"}), ("tokens", {}), ("loss", {"nigth": 1})],
)
def test_a_query_that_is_not_in_the_dictionary_is_refused(lived, name, params):
    with pytest.raises(record.QueryRefused):
        lived.query(name, **params)


# ---------------------------------------------------------------- verify


def errors(store: Store) -> list[str]:
    return [f"{f.where}: {f.text}" for f in store.verify() if f.level == "error"]


@pytest.fixture
def sound(store, home):
    """A home with two nights whose deltas are on disk."""
    store.keep(s.told(1, 2))
    for night, data in ((1, b"first delta"), (2, b"second delta")):
        (home / "deltas" / f"night-{night}.safetensors").write_bytes(data)
        store.keep(s.whole_night(night, hashlib.sha256(data).hexdigest(), [night]))
    return store


def test_a_sound_home_has_nothing_but_good_findings(sound, home):
    assert {f.level for f in sound.verify()} == {"info"}
    with Store.open(home, "read") as beside:
        assert {f.level for f in beside.verify()} == {"info"}


def test_a_tampered_journal_is_found_at_its_line(sound, home):
    path = home / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"decision":"approve"', b'"decision":"approve" ', 1))
    assert "line 11" in errors(sound)[0]
    with Store.open(home, "read") as beside:
        assert "line 11" in errors(beside)[0]


def test_a_line_taken_out_of_the_journal_is_found(sound, home):
    path = home / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5] + lines[6:]))
    assert "should be event 5 and says 6" in errors(sound)[0]


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("DELETE FROM replay_steps WHERE step = 1", "replay_steps"),
        ("DELETE FROM events WHERE kind = 'Decided'", "Decided"),
        ("UPDATE events SET json = replace(json, 'bees', 'wasps') WHERE kind = 'Decided'", "event "),
    ],
)
def test_a_database_that_was_changed_is_found(sound, sql, where):
    sound._database.connection.execute(sql)
    assert any(where in found for found in errors(sound))
    sound.rebuild()
    assert errors(sound) == []


def test_a_changed_or_missing_delta_is_found(sound, home):
    first, second = home / "deltas" / "night-1.safetensors", home / "deltas" / "night-2.safetensors"
    first.write_bytes(b"first delta, improved")
    second.unlink()
    assert [found.split(":")[0] for found in errors(sound)] == [
        "deltas/night-1.safetensors",
        "deltas/night-2.safetensors",
    ]


def test_a_missing_delta_of_a_rolled_back_night_is_only_a_warning(sound, home):
    sound.keep([e.RolledBack(to_night=1, nights=[2], cortex=s.cortex(1), why="")])
    (home / "deltas" / "night-2.safetensors").unlink()
    assert errors(sound) == []
    assert [f.where for f in sound.verify() if f.level == "warning"] == ["deltas/night-2.safetensors"]


@pytest.mark.parametrize("words", [[], ["hold"], ["approve", "veto"]])
def test_a_commit_without_an_approval_before_it_is_found(sound, home, words):
    data = b"third delta"
    (home / "deltas" / "night-3.safetensors").write_bytes(data)
    delta = hashlib.sha256(data).hexdigest()
    sound.keep([*(s.decided(3, delta, word) for word in words), s.committed(3, delta), s.decided(3, delta)])
    assert any(found.startswith("night 3: Its delta was committed") for found in errors(sound))


def test_an_approval_of_another_delta_does_not_count(sound, home):
    data = b"third delta"
    (home / "deltas" / "night-3.safetensors").write_bytes(data)
    sound.keep([s.decided(3, "e" * 64), s.committed(3, hashlib.sha256(data).hexdigest())])
    assert any("nobody had decided" in found for found in errors(sound))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "C:\\boot.ini", "a\0b"])
def test_a_delta_file_outside_its_folder_is_not_followed(sound, name):
    sound.keep([s.decided(3, "e" * 64)])
    sound.keep([msgspec.structs.replace(s.committed(3, "e" * 64), file=name)])
    assert any("not a plain file name" in found for found in errors(sound))


def test_a_night_on_another_cortex_than_the_one_before_left_is_found(sound):
    sound.keep([s.decided(3, "e" * 64), msgspec.structs.replace(s.committed(3, "e" * 64), cortex_before="0" * 64)])
    assert any("another cortex" in found for found in errors(sound))
