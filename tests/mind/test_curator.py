"""Which view of an episode is drawn: by what it still misses, and the same again after a break."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from observatory.mind.curator import DOSE, Curator
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


class Always(Repertoire):
    """One in which every episode can always be asked about anew."""

    def fresh(self, episode, chance):
        return View(self.plain[episode][0].passage, "left", "never asked before", [1, 2], [0], fresh=True)


@pytest.mark.parametrize(("practised", "fewest", "most"), [(False, 0.40, 0.50), (True, 0.70, 0.80)])
def test_a_cortex_that_has_had_nights_is_asked_mostly_through_cues_made_for_this_once(
    repertoire, practised, fewest, most
):
    always = Always(None, {1: []}, [], repertoire.plain, repertoire.dreamt, {1: []})
    curator = Curator(by_chance(e1=1), [], seed=0, practised=practised)
    asked = [curator.view(1, always) for _ in range(1000)]
    assert fewest < sum(view.fresh for view in asked) / 1000 < most
    assert {view.kind for view in asked} == {"left", "about", "dream"}, "of every other kind there are still some"


def by_chance(**weights: float) -> dict[int, tuple[float, ...]]:
    """Shares of draws that no drive has a part in."""
    whole = sum(weights.values())
    return {int(e[1:]): (0.0, 0.0, 0.0, w / whole) for e, w in weights.items()}


def drawn_of(curator: Curator, steps: int = 200, rows: int = 2) -> Counter:
    return Counter(d.episode for _ in range(steps) for d in curator.draws(rows))


def test_what_a_withheld_cue_brings_back_rests_until_it_does_not_any_more():
    curator = Curator(by_chance(e1=1, e2=1, e3=1), [], seed=0)
    curator.probed({1: 0.01, 2: 4.0, 3: 4.0})
    assert set(drawn_of(curator)) == {2, 3}
    assert not curator.satisfied()
    curator.probed({1: 2.0, 2: 0.01, 3: 0.01})
    assert set(drawn_of(curator)) == {1}
    curator.probed({1: 0.01})
    assert curator.satisfied()
    assert curator.draws(5) == []
    assert {d.episode for d in curator.draws(3, tired=True)} <= {1, 2, 3}


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
    curator.probed({1: 0.01, 2: 4.0, 3: 0.01})
    assert [d.episode for d in curator.draws(8)] == [2, 2, 2]


def test_a_night_with_a_dose_for_everybody_takes_all_alike_and_a_shorter_one_chooses():
    parts = by_chance(e1=1, e2=18, e3=1)
    for rows, all_alike in ((3 * DOSE, True), (3 * DOSE - 1, False), (0, False)):
        curator = Curator(parts, [], seed=0, rows=rows)
        curator.probed({1: 0.01, 2: 6.0, 3: 6.0})
        drawn = drawn_of(curator, rows=1)
        assert (drawn[1] > 40) == all_alike, "what is recalled rests only where there is not enough for all"
        assert (drawn[2] > 2 * drawn[3]) != all_alike
        assert curator.resting == {1}, "and is known to be recalled in either"


def test_a_night_with_a_dose_for_everybody_does_not_end_before_each_had_it(repertoire):
    curator = Curator(by_chance(e1=1, e2=1), [], seed=0, rows=2 * DOSE)
    curator.probed({1: 0.01, 2: 0.01})
    for episode, replays in ((1, DOSE), (2, DOSE - 1)):
        for _ in range(replays):
            assert not curator.satisfied()
            curator.replayed(replace(repertoire.plain[1][0], passage=Passage(episode, "", ()), fresh=True), 0.01)
    assert not curator.satisfied(), "one of them still lacks a replay"
    curator.replayed(replace(repertoire.plain[1][0], passage=Passage(2, "", ()), fresh=True), 0.01)
    assert curator.satisfied()
    curator.probed({2: 4.0})
    assert not curator.satisfied(), "and a dose is not enough where a withheld cue fails"


def test_an_even_curator_takes_every_episode_in_turn():
    curator = Curator(by_chance(e1=1, e2=2, e3=3, e4=4), [], seed=0, evenly=True)
    curator.probed(dict.fromkeys(range(1, 5), 0.0))
    drawn = drawn_of(curator, steps=400)
    assert max(drawn.values()) < 1.3 * min(drawn.values())
