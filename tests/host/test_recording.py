"""What was lived before, only to look at: a folder or one file. No mind, nothing written."""

from __future__ import annotations

import lzma
import os
import subprocess
import sys

import pytest

from observatory.bench import recording as making
from observatory.host import past
from observatory.host.recording import open_to_look
from observatory.host.refusal import SessionError
from observatory.protocol import events as e
from observatory.record import packed
from observatory.record.store import Store
from tests.host.conftest import Listener
from tests.record import samples as s


@pytest.fixture
def home(tmp_path):
    with Store.open(tmp_path / "home", "write") as store:
        for number in range(1, 6):
            store.keep(s.told(number, number))
        folder = tmp_path / "home"
        store.keep([
            e.Notice(level="warning", title="The end was cut off", text=f"It was moved to {folder}/aside/tail.jsonl."),
            e.MindLost(exit_code=1, night=None, last_words=f'File "{folder}/mind.py", line 3'),
        ])  # fmt: skip
    return tmp_path / "home"


def heard(session) -> list[e.Record]:
    listener = Listener(session)
    listener.until(lambda event: isinstance(event, e.MindLost))
    return [event for event in listener.seen if isinstance(event, e.Record) and event.seq]


def test_a_home_is_looked_at_without_a_mind_and_left_as_it_was(home):
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with open_to_look(home) as session:
        events = heard(session)
        assert session.state.read_only and session.state.pid is None
        assert [event.seq for event in session.past(2, 4)] == [3, 4]
        moments, changes, pressures = session.timeline((e.MindLost,))
        assert moments.tolist() == [event.at for event in events]
        assert [type(event) for event in changes] == [e.MindLost]
        assert pressures == []
        with pytest.raises(SessionError, match="reading only"):
            session.tell("It rained.")
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_what_is_not_there_is_not_made(tmp_path):
    session = open_to_look(tmp_path / "nowhere")
    session.start()
    with pytest.raises(SessionError):
        session.rows("episodes")
    session.close()
    assert not (tmp_path / "nowhere").exists()


def test_a_recording_in_one_file_tells_the_same_without_folders_of_this_machine(home, tmp_path):
    made = making.make(home, tmp_path / "night.observatory")
    assert made["bytes"] == (tmp_path / "night.observatory").stat().st_size
    with Store.open(home, "read") as store:
        kept = list(store.history())
    session = open_to_look(tmp_path / "night.observatory")
    with session:
        scratch, events = session.home, heard(session)
        assert len(session.rows("episodes")) == 5
    assert not scratch.exists()
    assert [type(event) for event in events] == [type(event) for event in kept]
    assert [event.text for event in events if isinstance(event, e.EpisodeEncoded)] == [
        event.text for event in kept if isinstance(event, e.EpisodeEncoded)
    ]
    notice = next(event for event in events if isinstance(event, e.Notice))
    assert notice.text == "It was moved to tail.jsonl."
    assert str(tmp_path).encode() not in lzma.decompress((tmp_path / "night.observatory").read_bytes())


def test_a_recording_in_which_somebody_told_a_folder_of_this_machine_is_not_made(home, tmp_path):
    with Store.open(home, "write") as store:
        store.keep([e.GoalSet(goal=f"look into {home}")])
    with pytest.raises(making.NotStripped, match="still names"):
        making.make(home, tmp_path / "night.observatory")
    assert not (tmp_path / "night.observatory").exists()


def test_what_was_decided_on_keeps_every_digit(home, tmp_path):
    measured = e.Measured(night=1, when="before", perplexity=18.423456789, kl_from_base=0.1234567, perplexity_text="x")
    with Store.open(home, "write") as store:
        store.keep([measured])
    kept = [event for event in making.recorded(home) if isinstance(event, e.Measured)]
    assert (kept[0].perplexity, kept[0].kl_from_base) == (18.423456789, 0.1234567)


@pytest.mark.parametrize("data", [b"", b"not a recording", lzma.compress(b"not a journal")[:-4]])
def test_a_file_that_is_no_recording_is_refused_in_words(tmp_path, data):
    path = tmp_path / "odd.observatory"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=r"recording|journal"):
        open_to_look(path)


def test_a_file_that_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "MOST", 1 << 20)
    path = tmp_path / "bomb.observatory"
    path.write_bytes(lzma.compress(bytes(8 << 20)))
    with pytest.raises(SessionError, match="no recording"):
        open_to_look(path)


def test_a_long_life_begins_with_its_last_night_and_the_rest_can_be_asked_for(home, monkeypatch):
    monkeypatch.setattr(past, "WHOLE", 5)
    monkeypatch.setattr(past, "LAST", 3)
    with open_to_look(home) as session:
        events = heard(session)
        last = events[-1].seq
        assert session.state.told_from == last - 2
        assert [event.seq for event in events if event.seq >= session.state.told_from] == [last - 2, last - 1, last]
        assert len(list(session.past(0, last))) == last
        told = [event for event in events if isinstance(event, e.EpisodeEncoded)]
        assert told and all(event.seq < session.state.told_from for event in told), "said lately, and not missing"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["replay", "nowhere"], 2, "There is nothing at"),
        (["replay", "."], 2, "No mind has lived in"),
        (["replay"], 2, "HOME"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_one_sentence(arguments, status, said, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "observatory", *arguments], capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert done.returncode == status
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_demo_that_is_not_there_says_what_can_be_looked_at_instead(monkeypatch, capsys):
    from observatory import cli
    from observatory.host import recording

    monkeypatch.setattr(recording, "shipped", lambda: None)
    assert cli.run(["demo"]) == 1
    assert "observatory replay HOME" in capsys.readouterr().err


def test_the_session_that_ships_is_of_the_real_model_and_carries_its_nights_and_its_drift():
    from observatory.host import recording

    with open_to_look(recording.shipped()) as session:
        events = list(session.past(0, 100_000))
        drift = session.drift.look()
    assert {event.model for event in events if isinstance(event, e.MindReady)} == {"SmolLM2-135M-Instruct"}
    decided = {event.night: event.decision for event in events if isinstance(event, e.Decided)}
    assert decided == {1: "approve", 2: "approve"}
    assert sum(isinstance(event, e.ReplayStep) for event in events) > 80
    assert drift.whole and {stop.kind for stop in drift.stops} == {"base", "night", "step"}
