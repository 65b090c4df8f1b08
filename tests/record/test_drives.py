"""What the record says of drives, feedback, the latent state and the governor; and of homes older than those."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from observatory.protocol import commands as c
from observatory.protocol import events as e
from observatory.record.store import Store
from tests.record import samples as s
from tests.record.test_nights import errors
from tests.record.test_opening import looked_at, only_info, titles
from tests.record.test_retention import as_schema, restored, without_versions

STATE = b"what the latent state learnt"
STATED = {"state": hashlib.sha256(STATE).hexdigest(), "state_file": "state-1.safetensors"}


def night_with_a_state(night: int, delta: str, episodes: list[int], **state) -> list[e.Record]:
    return [
        s.opened(night, episodes, drives="curiosity=0.8,focus=0.1,fear=0.1"),
        s.proposed(night, delta, episodes, **(state or STATED)), s.decided(night, delta), s.committed(night, delta),
        s.closed(night),
    ]  # fmt: skip


# ---------------------------------------------------------------- feedback and scores


def test_an_episode_stands_as_it_went_by_the_last_feedback_and_the_others_as_they_were_told(store):
    store.keep([*s.told(1, 2), s.feedback(1, 0.5, "they hummed"), s.feedback(1, -1.0)])
    first, second = restored(store).values()
    assert (first.outcome, first.because, first.tokens, first.surprise) == (
        -1.0, "they stung", [7, 8, 9], [0.25, 1 / 3, 4.0],
    )  # fmt: skip
    assert (second.outcome, second.because, second.tokens) == (None, "", list(range(6)))
    rows = store.query("episodes")
    assert [(row["outcome"], row["because"], row["tokens"]) for row in rows] == [(-1.0, "they stung", 3), (None, "", 6)]
    assert rows[0]["feedback_at"] and rows[1]["feedback_at"] is None
    assert [row["piece"] for row in store.query("tokens", episode=1)] == ["Ze", "lda", "!"]
    assert [row["outcome"] for row in store.query("feedback", episode=1)] == [0.5, -1.0]


def test_feedback_that_gives_no_reason_takes_the_earlier_reason_away(store):
    store.keep([s.episode(1, outcome=1.0, because="honey"), s.feedback(1, 0.0, "")])
    assert (restored(store)[1].outcome, restored(store)[1].because) == (0.0, "")


def test_feedback_on_what_faded_is_there_when_a_roll_back_returns_it(store):
    store.keep([*s.told(1, 1), s.feedback(1, -1.0), *s.whole_night(1, "a" * 64, [1]), s.retained(1, {}, [1])])
    assert (restored(store)[1].outcome, restored(store)[1].tokens) == (-1.0, [])
    ((returned,),) = store.episodes_to_return(0)
    assert (returned.outcome, returned.because, returned.tokens) == (-1.0, "they stung", [7, 8, 9])


def test_restored_episodes_say_where_they_came_from_how_new_they_were_and_what_they_nearly_repeat(store):
    store.keep([s.episode(1), s.episode(2, source="day", novelty=0.25), s.scored(1, 2, twin_of=9), s.scored(1)])
    store.keep([s.scored(2, twin_of=1)])
    assert [(each.source, each.novelty, each.twin_of) for each in restored(store).values()] == [
        ("window", 0.75, None), ("day", 0.25, 1),
    ]  # fmt: skip


def test_the_last_score_of_each_episode_counts_and_earlier_ones_stay_on_record(store):
    store.keep([*s.told(1, 3), s.scored(1, 2), s.scored(1, curiosity=4.0, relevance=0.5)])
    assert [(row["episode"], row["curiosity"], row["relevance"]) for row in store.query("scores")] == [
        (1, 4.0, 0.5), (2, 1.5, None),
    ]  # fmt: skip
    (first, last) = store.query("scored", episode=1)
    assert (first["curiosity"], last["curiosity"], first["names"], first["goal"]) == (
        1.5, 4.0, ["Zelda"], "find the bees",
    )  # fmt: skip
    assert [row["episode"] for row in store.query("episodes", sort="curiosity")] == [1, 2, 3]


# ---------------------------------------------------------------- observed, goal, governor


def test_an_observed_episode_uses_up_its_number_and_is_neither_slept_on_nor_restored(store):
    store.keep([*s.told(1, 1), s.observed(2), s.observed(3, None)])
    assert store.next_episode() == 4
    assert store.unconsolidated() == [1]
    assert list(restored(store)) == [1]
    assert [(row["episode"], row["like"]) for row in store.query("observed")] == [(2, 1), (3, None)]


def test_what_became_of_a_number_can_be_asked(store):
    store.keep([*s.told(1, 2), s.observed(3), s.retained(0, {2: 0.5}, [1])])
    assert [store.standing(n) for n in (1, 2, 3, 4)] == ["faded", "held", "observed", "unknown"]


def test_the_goal_is_the_one_that_was_set_last(store):
    assert store.goal() == ""
    store.keep([e.GoalSet(goal="find the bees"), e.GoalSet(goal="sell honey")])
    assert store.goal() == "sell honey"
    store.keep([e.GoalSet(goal="")])
    assert store.goal() == ""


def test_every_choice_of_the_governor_stands_with_what_it_saw(store):
    store.keep([s.chosen("encode", episode=1, preset=""), s.chosen(on="idle")])
    (last, first) = store.query("choices")
    assert (first["choice"], first["on"], first["episode"], first["preset"]) == ("encode", "told", 1, "")
    assert (last["on"], last["pressure"], last["surprise_load"], last["rhythm"]) == ("idle", 0.9, 2 / 3, 0.5)
    assert [row["seq"] for row in store.query("choices", choice="encode")] == [1]


def test_where_the_state_went_and_what_a_night_taught_it_can_be_asked(store):
    store.keep([*s.told(1, 1), s.moved(1), s.moved(1, 2), s.trained(1, "f" * 64)])
    assert [(row["turn"], row["place"]) for row in store.query("states", session="morning")] == [
        (2, [0.1, 0.2, 1 / 3]), (1, [0.1, 0.2, 1 / 3]),
    ]  # fmt: skip
    assert store.query("states", session="evening") == []
    (found,) = store.query("trainings")
    assert (found["next_after"], found["value_before"], found["state"]) == (1 / 3, None, "f" * 64)


def test_a_night_says_which_drive_drew_what(store):
    items = [
        e.ReplayItem(kind="episode", episode=1, item=n, cue="?", loss=1.0, worst=1.0, drive=drive)
        for n, drive in enumerate(("fear", "chance", ""))
    ]
    step = msgspec.structs.replace(s.replay(1, 1), items=items)
    chosen = e.EpisodeProposed(
        night=1, episode=1, priority=0.5, bits_over_usual=1.0, why="", curiosity=0.125, fear=0.25, chance=0.125,
        twin_of=2,
    )  # fmt: skip
    store.keep([*s.told(1, 1), s.opened(1, [1]), chosen, step])
    assert [row["drive"] for row in store.query("replays", night=1)] == ["fear", "chance", ""]
    (found,) = store.query("selections", night=1)
    assert [found[name] for name in ("curiosity", "focus", "fear", "chance", "twin_of")] == [0.125, 0, 0.25, 0.125, 2]


# ---------------------------------------------------------------- the state that nights trained


@pytest.fixture
def stated(store, home):
    """Night 1 trained no state, night 2 did; all files are on disk."""
    (home / "states").mkdir()
    (home / "states" / "state-2.safetensors").write_bytes(STATE)
    store.keep(s.told(1, 2))
    for night, more in ((1, {"state": "", "state_file": ""}), (2, {**STATED, "state_file": "state-2.safetensors"})):
        data = b"delta %d" % night
        (home / "deltas" / f"night-{night}.safetensors").write_bytes(data)
        store.keep(night_with_a_state(night, hashlib.sha256(data).hexdigest(), [night], **more))
    return store


def test_accepted_nights_name_the_state_that_they_trained(stated):
    assert [(a.night, a.state, a.state_file) for a in stated.accepted()] == [
        (1, "", ""), (2, STATED["state"], "state-2.safetensors"),
    ]  # fmt: skip
    assert all(a.by == "Ada" for a in stated.accepted())
    stated.keep([e.RolledBack(to_night=1, nights=[2], cortex=s.cortex(1), why="")])
    assert [a.state for a in stated.accepted()] == [""]


def test_a_home_with_every_state_in_its_place_is_sound(stated):
    assert {f.level for f in stated.verify()} == {"info"}
    assert "states/state-2.safetensors" in [f.where for f in stated.verify()]


@pytest.mark.parametrize("spoil", ["changed", "missing"])
def test_a_changed_or_missing_state_is_found_by_name(stated, home, spoil):
    file = home / "states" / "state-2.safetensors"
    file.write_bytes(STATE + b", improved") if spoil == "changed" else file.unlink()
    (found,) = errors(stated)
    assert found.startswith("states/state-2.safetensors: ") and "night 2" in found
    with Store.open(home, "read") as beside:
        assert errors(beside) == [found]


def test_a_missing_state_of_a_rolled_back_night_is_only_a_warning(stated, home):
    stated.keep([e.RolledBack(to_night=1, nights=[2], cortex=s.cortex(1), why="")])
    (home / "states" / "state-2.safetensors").unlink()
    assert errors(stated) == []
    assert [f.where for f in stated.verify() if f.level == "warning"] == ["states/state-2.safetensors"]


def test_a_state_file_outside_its_folder_is_not_followed(stated):
    more = {**STATED, "state_file": "../deltas/night-1.safetensors"}
    stated.keep(night_with_a_state(3, "e" * 64, [1], **more))
    assert any("not a plain file name" in found for found in errors(stated))


# ---------------------------------------------------------------- older homes


def filled(home) -> None:
    """A home in which everything new was told; `as_schema` then takes the places for it away."""
    item = e.ReplayItem(kind="episode", episode=1, item=0, cue='“"drive":”', loss=1.0, worst=1.0, drive="curiosity")
    with Store.open(home, "write") as store:
        store.keep([*s.told(1, 3), s.scored(1, 2, relevance=-1e-7), s.scored(2, names=[], twin_of=1), s.scored()])
        store.keep([e.GoalSet(goal='say "bees" 🐝'), s.feedback(2, -1 / 3), s.moved(1), s.trained(1, "f" * 64)])
        store.keep([s.chosen(episode=2), s.chosen(on="asked", question=4, preset="")])
        store.keep([s.observed(4), s.observed(5, None)])
        store.keep([s.opened(1, [1], drives=""), msgspec.structs.replace(s.replay(1, 1), items=[item, item])])
        store.keep([
            e.EpisodeProposed(night=1, episode=1, priority=1.0, bits_over_usual=0.5, why="new", focus=1 / 3, twin_of=2)
        ])  # fmt: skip
        store.keep([s.replay(1, 2), *night_with_a_state(1, "a" * 64, [1, 2]), *s.whole_night(2, "b" * 64, [3])])


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_home_keeps_everything_and_says_what_a_new_one_would(home, version):
    filled(home)
    before = without_versions(looked_at(home))
    old = as_schema(version, home)
    with Store.open(home, "write") as store:
        assert titles(store)[0].startswith(f"The database was brought from schema {version} to ")
        assert all(f.level == "info" or f.where.startswith(("deltas/", "states/")) for f in store.verify())
    (copy,) = (home / "aside").iterdir()
    assert copy.read_bytes() == old
    assert without_versions(looked_at(home)) == before


def test_an_older_home_without_any_of_it_has_the_defaults(home):
    with Store.open(home, "write") as store:
        store.keep([*s.told(1, 2), *s.whole_night(1, "a" * 64, [1])])
    as_schema(2, home)
    with Store.open(home, "write") as store:
        assert store.goal() == ""
        assert [(each.source, each.novelty, each.twin_of) for each in restored(store).values()] == 2 * [
            ("window", 0.75, None)
        ]
        assert [(a.state, a.state_file) for a in store.accepted()] == [("", "")]
        assert {row["drive"] for row in store.query("replays", night=1)} == {""}
        assert store._rows("SELECT drives FROM openings") == [("",)]
        assert only_info(store)


def test_the_database_with_all_of_it_is_rebuilt_identical(home):
    filled(home)
    before = looked_at(home)
    (home / "observatory.duckdb").unlink()
    assert looked_at(home) == before


def test_what_the_mind_gets_back_can_be_sent(home):
    filled(home)
    with Store.open(home, "read") as store:
        (portion,) = store.episodes_to_restore()
        again = msgspec.json.decode(msgspec.json.encode(c.Restore(episodes=portion)), type=c.Restore)
        assert again.episodes == portion
