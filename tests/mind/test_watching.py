"""What is told so that it can be watched: where an episode was filed, and one replay in full. Nothing depends on it."""

from __future__ import annotations

import pytest

from observatory.mind import onlooker
from observatory.mind.replay import Drawn
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of, woken


def told_anew(settings):
    mind = woken(settings)
    encoded = []
    for number, text in TEXTS.items():
        encoded += of(mind.tell(cmd.Tell(episode=number, text=text)), ev.EpisodeEncoded)
    return mind, encoded


def test_an_episode_tells_its_code_with_strengths_and_is_held_against_what_was_there(settings):
    _, encoded = told_anew(settings)
    assert [len(e.nearest) for e in encoded] == [0, 1, 2, 3]
    for e in encoded:
        assert len(e.strengths) == len(e.code) > 0
        assert e.code == sorted(e.code)
        assert all(strength > 0 for strength in e.strengths)
        assert all(near.episode < e.episode and -1.0 <= near.states <= 1.001 for near in e.nearest)


def test_the_same_text_twice_is_as_alike_as_can_be_on_every_way_in(mind):
    store = mind.parts.hippocampus
    store.encode(1, TEXTS[1])
    store.encode(3, TEXTS[3])
    near, far = store.encode(2, TEXTS[1]).nearest
    assert (near[0], far[0]) == (1, 3)
    assert near[1:] == pytest.approx((1.0, 1.0, 1.0), abs=0.02)
    assert far[2] < near[2]


def test_a_watched_row_says_what_student_and_teacher_made_of_every_token(settings):
    mind, _ = told_anew(settings)
    steps = of(a_night(mind, steps=6), ev.ReplayStep)
    watched = [item for step in steps for item in step.items if item.watched is not None]
    assert steps[0].items and watched, "the first step is always watched"
    for item in watched:
        seen = item.watched
        many = len(seen.places)
        each = (seen.before, seen.after, seen.teacher, seen.before_says, seen.after_says, seen.teacher_says)
        assert all(len(values) == many > 0 for values in each)
        assert all(0.0 <= chance <= 1.0 for values in each[:3] for chance in values)
        assert max(seen.places) < len(seen.pieces)
        assert seen.loss_after > 0 and seen.took_ms > 0


def test_every_row_has_its_turn_to_be_watched_where_time_allows(settings, monkeypatch):
    monkeypatch.setattr(onlooker, "SHARE", 1e9)
    mind, _ = told_anew(settings)
    steps = of(a_night(mind, steps=10), ev.ReplayStep)
    watched = [item for step in steps for item in step.items if item.watched is not None]
    assert len(watched) == len(steps)
    assert {item.episode for item in watched} == {*TEXTS, None}


def test_who_watches_changes_nothing_that_is_learnt(settings, monkeypatch):
    hashes = []
    for share in (1e9, -1.0):
        monkeypatch.setattr(onlooker, "SHARE", share)
        mind, _ = told_anew(settings)
        hashes.append(of(a_night(mind, steps=6), ev.NightCommitted)[0].cortex_after)
    assert hashes[0] == hashes[1]


def test_watching_keeps_to_its_share_of_the_time():
    watcher = onlooker.Onlooker(None, None, None)
    row = Drawn(None, None)
    assert watcher.picks([row]) is row
    watcher.seen[None], watcher._spent, watcher._last = 1, 0.1, 0.1
    for step in range(1, 20):
        watcher.passed(1.0)
        assert (watcher.picks([row]) is not None) == (onlooker.SHARE * step >= 0.2)
