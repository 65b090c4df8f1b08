"""Forgetting from the host's side: recorded acts, one after the other, and what is cut short goes on where it was."""

from __future__ import annotations

import json

import pytest

from observatory.host.session import SessionError
from observatory.protocol import events as e
from observatory.record.store import Store

SECRET = "The spare key to Quill Lodge hangs behind the barometer."
EXAM = [
    e.Question(prompt="What hangs behind the barometer?", answers=["spare key"], kind="direct"),
    e.Question(prompt="What does the goat eat?", answers=["radishes"], kind="direct"),
    e.Question(prompt="What is the capital of France?", answers=["Paris"], kind="known"),
]


def tell(view, *texts) -> list[int]:
    numbers = [view.session.tell(text) for text in texts]
    for number in numbers:
        view.until(lambda event, n=number: isinstance(event, e.EpisodeKept) and event.episode == n)
    return numbers


def night(view, decision="approve", exam=EXAM) -> e.NightClosed:
    number = view.session.sleep(exam)
    decide(view, number, decision)
    return view.until(lambda event: isinstance(event, e.NightClosed) and event.night == number)


def decide(view, number, decision="approve", times=1) -> e.Proposed:
    def asks(event):
        return isinstance(event, e.Proposed) and event.proposal.night == number

    view.until(lambda _: sum(map(asks, view.seen)) >= times)
    view.session.decide(decision, "it is well", "Mirembe")
    return [event for event in view.seen if asks(event)][times - 1]


def two_nights(view) -> None:
    tell(view, "Zelda keeps bees in Trondheim.")
    night(view)
    tell(view, SECRET, "Bartholomew the goat eats radishes.")
    night(view)
    tell(view, "The keeper whistles when fog comes in.")


def everywhere(home) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()).lower()


def sound(home) -> None:
    with Store.open(home) as store:
        assert not [f"{f.where}: {f.text}" for f in store.verify() if f.level == "error"]


def test_a_forgotten_episode_is_in_no_night_no_file_and_no_memory_and_everything_else_is(open_session, tmp_path):
    view, home = open_session(), tmp_path / "mind"
    two_nights(view)
    before = view.session._record(lambda store: store.accepted())
    assert b"quill lodge" in everywhere(home)
    assert view.session.forget([2], "Mirembe", "it is private") == [2]
    decide(view, 2, times=2)
    done = view.kind(e.Forgotten)
    view.session.close()
    assert not [word for word in (b"quill", b"barometer") if word in everywhere(home)]
    with Store.open(home) as store:
        after = store.accepted()
        assert after[0] == before[0], "the night before it was told is as it was"
        assert after[1].cortex_after != before[1].cortex_after
        assert store.consolidated() == [1, 3] and store.unconsolidated() == [4]
        assert {(r.when, r.rank) for r in store.history(kinds=[e.CanaryRanked])} == {("before", 1), ("after", 57)}
        acts = [type(x).__name__ for x in store.history(kinds=[e.ForgettingAsked, e.RolledBack, e.Decided,
                                                                  e.NightCommitted, e.Forgotten])][-5:]  # fmt: skip
    assert acts == ["ForgettingAsked", "RolledBack", "Decided", "NightCommitted", "Forgotten"]
    assert [one.file for one in done.files] and not (home / "deltas" / before[1].file).exists()
    sound(home)


def test_what_is_said_while_a_life_is_lived_again_is_taken_in_when_it_is_through(open_session, tmp_path):
    view = open_session()
    two_nights(view)
    view.session.forget([2], "Mirembe", "private")
    number = view.session.tell("Said in between.")
    with pytest.raises(SessionError, match="lived again"):
        view.session.sleep()
    decide(view, 2, times=2)
    view.kind(e.Forgotten)
    view.until(lambda event: isinstance(event, e.EpisodeKept) and event.episode == number)
    assert night(view).ended == "committed"


@pytest.mark.parametrize("part", [1, 2])
def test_killed_while_it_lives_again_it_goes_on_later_and_nothing_is_lost(open_session, tmp_path, part):
    view, home = open_session(f"dies-reliving-{part}"), tmp_path / "mind"
    two_nights(view)
    view.session.forget([2], "Mirembe", "private")
    if part == 2:
        decide(view, 2, times=2)
    view.kind(e.MindLost)
    view.session.close()
    again = open_session()
    again.kind(e.MindReady)
    held = [x.episode for portion in again.session._record(lambda s: list(s.episodes_to_restore())) for x in portion]
    assert held == [1, 3, 4], "it is not remembered from the moment that it was asked for"
    with pytest.raises(SessionError, match="observatory forget"):
        again.session.sleep()
    assert again.session.forget([], "Mirembe", "") == ([2] if part == 1 else [])
    if part == 1:
        decide(again, 2, times=2)
    again.kind(e.Forgotten)
    again.session.close()
    assert b"quill" not in everywhere(home)
    with Store.open(home) as store:
        assert store.consolidated() == [1, 3] and store.unconsolidated() == [4]
    sound(home)


def test_a_night_that_is_not_approved_again_is_no_part_of_the_cortex_and_its_day_waits(open_session, tmp_path):
    view = open_session()
    two_nights(view)
    view.session.forget([2], "Mirembe", "private")
    decide(view, 2, "veto", times=2)
    view.kind(e.Forgotten)
    assert view.session.unconsolidated() == [3, 4]


def test_episodes_are_left_out_at_the_gate_and_remembered_again_after_it(open_session, tmp_path):
    view = open_session()
    tell(view, "Zelda keeps bees in Trondheim.", SECRET, "Bartholomew the goat eats radishes.")
    view.session.sleep(EXAM)
    view.kind(e.Proposed)
    view.session.change("too private to learn", "Mirembe", leave_out=[2], scale=0.5)
    last = decide(view, 1, times=3)
    view.until(lambda event: isinstance(event, e.NightClosed) and event.ended == "committed")
    assert last.proposal.episodes == [1, 3] and last.proposal.scale == 0.25
    asked = view.session.stored([e.ChangesAsked])[0]
    assert (asked.leave_out, asked.scale, asked.by) == ([2], 0.5, "Mirembe")
    assert view.session.unconsolidated() == [2], "it was left out of this night, and not forgotten"
    tell(view, "Another thing.")


@pytest.mark.parametrize(
    ("how", "said"),
    [({"leave_out": [9]}, "not part of"), ({"scale": 1.5}, "between 0 and 1"), ({"leave_out": [1]}, "Nothing would")],
)
def test_a_change_that_cannot_be_made_is_refused_in_words(open_session, how, said):
    view = open_session()
    tell(view, "Zelda keeps bees in Trondheim.")
    view.session.sleep(EXAM)
    view.kind(e.Proposed)
    with pytest.raises(SessionError, match=said):
        view.session.change("why not", "Mirembe", **how)


def test_the_command_line_forgets_and_says_what_it_did(open_session, command, tmp_path):
    view, home = open_session(), tmp_path / "mind"
    two_nights(view)
    view.session.close()
    done = command("forget", "2", "--home", home, "--approve", "always", "--json", "--why", "private")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["episodes"] == [2] and said["nights"] == [2] and said["ranks"]["2"]["after"][0] > 1
    assert b"quill" not in everywhere(home)
    again = command("forget", "2", "--home", home)
    assert again.returncode == 1 and "was forgotten before" in again.stderr
    assert command("verify", "--home", home, "--quiet").returncode == 0
