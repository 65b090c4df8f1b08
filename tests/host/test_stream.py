"""What the view gets: records all and in order, telemetry only as it stands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.host.stream import AT_ONCE, PIECES_WAITING, ViewStream
from observatory.protocol import events as e


def beat(n: int) -> e.Heartbeat:
    return e.Heartbeat(at=float(n), mode="awake", busy="", rss_mb=1.0, peak_rss_mb=1.0)


def record(n: int) -> e.Record:
    return e.ModeChanged(seq=n, mode="awake", why="")


def everything(stream: ViewStream) -> list[e.Event]:
    out = []
    while portion := stream.drain():
        out += portion
    return out


@given(st.lists(st.booleans(), max_size=300), st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_no_record_is_ever_dropped_or_reordered_and_the_latest_beat_wins(kinds, every):
    stream, seen = ViewStream(), []
    for n, is_record in enumerate(kinds):
        stream.put([record(n) if is_record else beat(n)])
        if n % every == 0:
            seen += stream.drain()
    seen += everything(stream)
    assert [x.seq for x in seen if isinstance(x, e.Record)] == [n for n, is_record in enumerate(kinds) if is_record]
    beats = [x.at for x in seen if isinstance(x, e.Heartbeat)]
    assert beats == sorted(beats)
    if False in kinds:
        assert beats[-1] == max(n for n, is_record in enumerate(kinds) if not is_record)


def test_a_hidden_view_finds_one_heartbeat_and_not_an_hour_of_them():
    stream = ViewStream()
    stream.put(beat(n) for n in range(3600))
    assert [x.at for x in everything(stream)] == [3599.0]


def test_pieces_of_an_answer_are_all_shown_unless_nobody_looks():
    stream = ViewStream()
    stream.put(e.AnswerPiece(question=1, piece=str(n), surprise=0.0) for n in range(100))
    assert [x.piece for x in everything(stream)] == [str(n) for n in range(100)]
    stream.put(e.AnswerPiece(question=1, piece="x", surprise=0.0) for _ in range(PIECES_WAITING * 2))
    assert len(everything(stream)) == PIECES_WAITING


def test_a_flood_is_handed_out_in_portions():
    stream = ViewStream()
    stream.put(record(n) for n in range(AT_ONCE * 2 + 1))
    assert len(stream.drain(budget_ms=1000)) == AT_ONCE
    assert len(everything(stream)) == AT_ONCE + 1


def test_waiting_ends_as_soon_as_there_is_something():
    stream = ViewStream()
    assert not stream.wait(0.01)
    stream.put([beat(1)])
    assert stream.wait(10)
