"""What is kept comes back, in order and as it was, and stands in the tables."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observatory.protocol import events as e
from observatory.record import store as record
from observatory.record.store import Store
from tests.record import samples as s


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("home"), "write") as store:
        yield store


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(s.any_event(), min_size=1, max_size=6))
def test_any_event_comes_back_as_it_was_kept(long_lived, events):
    before = max((event.seq for event in long_lived.history()), default=0)
    kept = long_lived.keep(events)
    assert list(long_lived.history(after=before)) == kept
    assert [event.seq for event in kept] == list(range(before + 1, before + 1 + len(events)))
    assert all(event.at > 0 for event in kept)


def test_after_all_of_that_the_database_agrees_with_the_journal(long_lived):
    long_lived.keep([s.episode(1)])
    assert [f for f in long_lived.verify() if f.level == "error" and "journal" in f.where + f.text] == []


@pytest.mark.parametrize("kind", s.KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_kind_of_record_can_be_kept(long_lived, kind, data):
    (kept,) = long_lived.keep([data.draw(s._struct(kind))])
    assert list(long_lived.history(after=kept.seq - 1, kinds=[kind])) == [kept]


def test_an_event_keeps_its_own_time_and_one_without_gets_ours(store):
    own, ours = store.keep([s.closed(1, at=5.0), s.closed(2)])
    assert own.at == 5.0
    assert ours.at > 1.7e9


def test_history_can_be_limited_begun_later_and_asked_for_kinds(store):
    store.keep(s.told(1, 5))
    assert [x.seq for x in store.history(after=2, limit=3)] == [3, 4, 5]
    assert [x.episode for x in store.history(kinds=[e.EpisodeKept])] == [1, 2, 3, 4, 5]
    assert [x.seq for x in store.history(kinds=[e.EpisodeKept], limit=2)] == [2, 4]
    assert list(store.history(kinds=[])) == []


def test_text_that_looks_like_sql_is_stored_and_searched_as_text(store):
    nasty = "Robert'); DROP TABLE episodes; -- $1 {order} %s \0 \" \\ 🐝"
    store.keep([s.episode(1, nasty), s.episode(2)])
    assert store.query("episodes", search=nasty.upper())[0]["text"] == nasty
    assert store.query("episodes", search="' OR '1'='1") == []
    assert store.query("episodes", search="%") == store.query("episodes", search=nasty[-3:])
    assert store.next_episode() == 3


@pytest.mark.parametrize(
    "event",
    [
        e.Heartbeat(mode="awake", busy="", rss_mb=1.0, peak_rss_mb=1.0),
        s.replay(1, 1, loss=float("nan")),
        s.episode(1, "half a pair \ud800"),
        s.episode(2**80),
        s.opened(1, [2**80]),
        s.episode("one"),
    ],
    ids=["telemetry", "not a number", "half a surrogate", "too large a number", "too large in a list", "wrong type"],
)
def test_what_could_not_be_read_back_is_refused_with_all_that_came_with_it(store, event):
    with pytest.raises(record.EventRefused):
        store.keep([*s.told(7, 7), event])
    assert list(store.history()) == []
    assert [x.seq for x in store.keep(s.told(1, 1))] == [1, 2]
    assert [f for f in store.verify() if f.level != "info"] == []


def test_a_reader_in_another_thread_sees_what_was_kept_while_the_writer_goes_on(store):
    reader, seen, done = store.reader(), [], threading.Event()

    def look():
        while not done.is_set():
            seen.append(len(reader.query("episodes")))

    thread = threading.Thread(target=look)
    thread.start()
    for n in range(1, 21):
        store.keep(s.told(n, n))
    done.set()
    thread.join()
    assert seen == sorted(seen)
    assert len(reader.query("episodes")) == 20


def test_after_closing_nothing_is_read_or_kept(home):
    store = Store.open(home, "write")
    reader = store.reader()
    store.close()
    for call in (lambda: store.keep(s.told(1, 1)), lambda: list(store.history()), reader.next_night):
        with pytest.raises(record.RecordError, match="closed"):
            call()


@pytest.mark.speed
def test_how_long_a_long_episode_waits_for_its_acknowledgement(store, capsys):
    """To be compared with 50 ms, which nobody notices while typing; a busy machine is no failure of the record."""
    taken = []
    for n in range(1, 12):
        start = time.perf_counter()
        store.keep([s.episode(n, "word " * 500, tokens=500), e.EpisodeKept(episode=n)])
        taken.append(time.perf_counter() - start)
    assert len(list(store.history())) == 22
    with capsys.disabled():
        print(f"\nkeep of 500 tokens: {sorted(taken)[5] * 1000:.1f} ms")
