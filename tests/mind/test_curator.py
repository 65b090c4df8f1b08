"""Which view of an episode is drawn: by what it still misses, and the same again after a break."""

from __future__ import annotations

from collections import Counter

import pytest

from observatory.mind.curator import DOSE, DRAWERS, Curator, doses
from observatory.mind.views import Passage, Repertoire, View


@pytest.fixture
def repertoire():
    passage = Passage(1, "Vesna lost her ring.", (1.0, 2.0))
    views = [View(passage, "about", cue, [1, 2], [0]) for cue in ("one", "two", "three")]
    dreamt = [View(passage, "dream", "who lost it?", [1, 2], [0], dream=1)]
    return Repertoire(None, {1: []}, [], {1: views}, {1: dreamt}, {1: []})


def test_every_view_comes_up_before_a_known_one_comes_again(repertoire):
    curator = Curator(by_chance(e1=1), [], seed=0)
    seen = []
    for _ in range(12):
        view = curator.view(1, repertoire)
        seen.append(view.cue)
        curator.replayed(view, 0.0)
    assert set(seen) == {"one", "two", "three", "who lost it?"}


def test_a_view_that_still_misses_its_word_is_drawn_most(repertoire):
    curator = Curator(by_chance(e1=1), [], seed=0)
    drawn = Counter()
    for _ in range(300):
        view = curator.view(1, repertoire)
        drawn[view.cue] += 1
        curator.replayed(view, 8.0 if view.cue == "two" else 0.1)
    assert drawn["two"] > 5 * max(drawn["one"], drawn["three"])


def test_an_even_curator_does_not_care_what_was_missed(repertoire):
    curator = Curator(by_chance(e1=1), [], seed=0, evenly=True)
    drawn = Counter()
    for _ in range(600):
        view = curator.view(1, repertoire)
        drawn[view.cue] += 1
        curator.replayed(view, 8.0 if view.cue == "two" else 0.1)
    assert drawn["two"] < 1.6 * min(drawn["one"], drawn["three"])


def test_a_kept_curator_draws_on_as_if_nothing_had_happened(repertoire):
    first = Curator(by_chance(e1=1), ["question", "plain"], seed=3)
    for _ in range(5):
        first.replayed(first.view(1, repertoire), 2.0)
        first.old_material(3)
    second = Curator(by_chance(e1=1), ["question", "plain"], seed=99)
    second.restore(first.state())
    for _ in range(10):
        one, two = first.view(1, repertoire), second.view(1, repertoire)
        assert one is two
        assert first.old_material(2) == second.old_material(2)
        first.replayed(one, 1.0)
        second.replayed(two, 1.0)
    assert first.state() == second.state()


def by_chance(**weights: float) -> dict[int, tuple[float, ...]]:
    """Shares of draws that no drive has a part in."""
    whole = sum(weights.values())
    return {int(e[1:]): (0.0, 0.0, 0.0, w / whole) for e, w in weights.items()}


def drawn_of(curator: Curator, steps: int = 200, rows: int = 2) -> Counter:
    return Counter(d.episode for _ in range(steps) for d in curator.draws(rows))


def fresh_view(episode: int) -> View:
    return View(Passage(episode, "Vesna lost her ring.", (1.0, 2.0)), "left", "lost?", [1, 2], [0], fresh=True)


def asked_often(curator: Curator, found: dict[int, float]) -> None:
    for _ in range(5):
        curator.probed(found)


def test_what_a_withheld_cue_brings_back_rests_until_it_does_not_any_more():
    curator = Curator(by_chance(e1=1, e2=1, e3=1), [], seed=0)
    asked_often(curator, {1: 0.01, 2: 4.0, 3: 4.0})
    assert set(drawn_of(curator)) == {2, 3}
    assert not curator.satisfied()
    asked_often(curator, {1: 2.0, 2: 0.01, 3: 0.01})
    assert set(drawn_of(curator)) == {1}
    asked_often(curator, {1: 0.01})
    assert curator.satisfied()
    assert curator.draws(5) == []
    assert {d.episode for d in curator.draws(3, tired=True)} <= {1, 2, 3}


def test_a_withheld_cue_alone_does_not_lay_to_rest_what_other_cues_still_miss():
    curator = Curator(by_chance(e1=1, e2=1), [], seed=0)
    asked_often(curator, {1: 0.01, 2: 0.01})
    for _ in range(3):
        curator.replayed(fresh_view(1), 4.0)
    curator.probed({1: 0.01, 2: 0.01})
    assert curator.resting == {2}


def test_of_no_episodes_none_is_drawn():
    assert Curator({}, ["plain"], seed=0, rows=100).draws(5, share=0.5) == []


def lived(curator: Curator, steps: int, rows: int) -> Counter:
    """A night of so many steps in which nothing is ever learnt."""
    for step in range(steps):
        for draw in curator.draws(rows, share=(step + 1) / steps):
            curator.replayed(fresh_view(draw.episode), 5.0)
    return Counter(curator.seen)


def test_in_a_night_with_room_for_all_nobody_goes_short_whatever_is_seen_in_the_others():
    seen = lived(Curator(by_chance(e1=1, e2=50, e3=1, e4=1), [], seed=0, rows=5 * DOSE), steps=100, rows=2)
    assert min(seen.values()) >= 0.95 * DOSE
    assert seen[2] == max(seen.values()) > DOSE, "what is left goes where the priority is highest"


def test_in_a_short_night_rows_go_by_need_and_none_gets_more_than_a_dose_beforehand():
    handed = doses({1: 0.2, 2: 3.0, 3: 0.8}, rows=68)
    assert handed == pytest.approx({1: 4, 2: DOSE, 3: 16})
    assert sum(handed.values()) == pytest.approx(68)
    seen = lived(Curator(by_chance(e1=1, e2=15, e3=4), [], seed=0, rows=60), steps=30, rows=2)
    assert seen[1] < seen[3] < seen[2]


def test_what_is_recalled_rests_before_its_dose_only_where_there_is_none_for_everyone():
    for rows, drawn in ((2 * DOSE, {1, 2}), (DOSE, {2})):
        curator = Curator(by_chance(e1=1, e2=1), [], seed=0, rows=rows)
        asked_often(curator, {1: 0.01, 2: 4.0})
        assert {d.episode for d in curator.draws(2, share=0.5)} == drawn
        for _ in range(DOSE):
            curator.replayed(fresh_view(1), 0.0)
        assert {d.episode for d in curator.draws(2, share=0.5)} == {2}


def test_a_row_that_was_handed_out_beforehand_is_told_by_a_drive_that_wanted_it():
    parts = {1: (0.5, 0.0, 0.0, 0.1), 2: (0.0, 0.3, 0.0, 0.1)}
    curator = Curator(parts, [], seed=0, rows=2 * DOSE)
    drawn = {(d.episode, d.drive) for _ in range(100) for d in curator.draws(2, share=1.0)}
    assert (
        {(1, DRAWERS[0]), (2, DRAWERS[1])} <= drawn <= {(1, DRAWERS[0]), (2, DRAWERS[1]), (1, "chance"), (2, "chance")}
    )


def test_what_resists_gets_more_and_what_is_needed_more_comes_sooner():
    resisting = Curator(by_chance(e1=1, e2=1), [], seed=0)
    for _ in range(4):
        resisting.probed({1: 0.5, 2: 6.0})
    drawn = drawn_of(resisting, rows=1)
    assert drawn[2] > 4 * drawn[1]
    needed = drawn_of(Curator(by_chance(e1=1, e2=3), [], seed=0), rows=1)
    assert needed[2] > 2 * needed[1]


def test_a_drive_whose_episodes_are_learnt_leaves_its_turn_and_chance_keeps_its_part():
    parts = {1: (0.0, 0.0, 0.4, 0.05), 2: (0.2, 0.0, 0.0, 0.05), 3: (0.2, 0.0, 0.0, 0.1)}
    curator = Curator(parts, [], seed=0)
    before = Counter(d.drive for _ in range(2000) for d in curator.draws(1))
    for _ in range(8):
        curator.probed({1: 0.7, 2: 6.0, 3: 6.0})
    after = Counter(d.drive for _ in range(2000) for d in curator.draws(1))
    assert before["fear"] / 2000 == pytest.approx(0.4, abs=0.04)
    assert after["fear"] / 2000 < 0.15 < 0.6 < after["curiosity"] / 2000
    assert after["chance"] / 2000 == pytest.approx(0.2, abs=0.04)


def test_when_few_resist_each_comes_a_few_times_in_a_step_and_no_more():
    curator = Curator(by_chance(e1=1, e2=1, e3=1), [], seed=0)
    asked_often(curator, {1: 0.01, 2: 4.0, 3: 0.01})
    assert [d.episode for d in curator.draws(8)] == [2, 2, 2]


def test_an_even_curator_takes_every_episode_in_turn():
    curator = Curator(by_chance(e1=1, e2=2, e3=3, e4=4), [], seed=0, evenly=True)
    curator.probed(dict.fromkeys(range(1, 5), 0.0))
    drawn = drawn_of(curator, steps=400)
    assert max(drawn.values()) < 1.3 * min(drawn.values())
