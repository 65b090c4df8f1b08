"""Conditions as people write them: what they mean, when they hold, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest

from observatory.protocol import conditions
from observatory.protocol import events as ev
from observatory.protocol.conditions import ConditionUnclear, Watch, read


def step(number: int, loss: float = 3.0, kl: float = 0.01, episodes=(1,)) -> ev.ReplayStep:
    items = [ev.ReplayItem(kind="episode", episode=e, item=0, cue="?", loss=loss, worst=2 * loss) for e in episodes]
    return ev.ReplayStep(night=1, step=number, of=60, loss=loss, kl=kl, rate=1e-3, tokens=10, step_s=1.0,
                         grad_norm=1.0, items=items)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("until KL > 0.1", "KL > 0.1"),
        ("kl>.1", "KL > 0.1"),
        ("Loss ≤ 2e-1", "Loss <= 0.2"),
        ("until episode 12 is replayed", "episode 12 is replayed"),
        ("episode 3 is dreamed about", "episode 3 is dreamed about"),
        ("the next exam", "stage exam"),
        ("weigh begins", "stage weigh"),
        ("step 30", "Step = 30"),
        ("old habits >= 0.02", "Old habits >= 0.02"),
        ("loss < 2 and KL > 0.1 or the next exam", "Loss < 2 and KL > 0.1 or stage exam"),
    ],
)
def test_what_people_write_is_read_and_said_again_in_one_way(written, said):
    assert read(written).said() == said
    assert read(said).said() == said


@pytest.mark.parametrize("example", conditions.EXAMPLES)
def test_every_example_that_an_error_offers_can_be_written(example):
    assert read(f"until {example}").groups


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("", "KL > 0.1"),
        ("until", "KL > 0.1"),
        ("kl", "against what"),
        ("happiness > 3", "Loss, KL"),
        ("episode twelve is replayed", "episode 12 is replayed"),
        ("episode 12 sleeps", "is recalled"),
        ("stage lunch", "propose"),
        ("loss < 2 and", "“and”"),
        ("or loss < 2", "“or”"),
        ("loss < two", "not understood"),
        ("__import__('os').system('true')", "not understood"),
        ("loss < 2; drop table episodes", "“;”"),
        ("loss < " + "9" * 300, "200 at most"),
        ("loss < 1e999 or kl > -1", "“-”"),
    ],
)
def test_what_means_nothing_is_refused_with_what_can_be_written(written, answer):
    with pytest.raises(ConditionUnclear, match=".") as refused:
        read(written)
    assert answer in str(refused.value)


def test_a_level_holds_the_night_once_and_again_only_after_it_was_left():
    watch = Watch()
    watch.watch(["KL > 0.1"])
    whys = [watch.take(step(n, kl=kl)) for n, kl in enumerate((0.05, 0.103, 0.2, 0.09, 0.15), start=1)]
    assert whys == ["", "KL 0.103 > 0.1", "", "", "KL 0.15 > 0.1"]


def test_what_happens_at_a_moment_holds_the_night_every_time():
    watch = Watch()
    watch.watch(["episode 12 is replayed"])
    whys = [watch.take(step(n, episodes=e)) for n, e in enumerate(([12], [12, 3], [3]), start=1)]
    assert whys == ["episode 12 was replayed", "episode 12 was replayed", ""]


def test_a_run_to_a_condition_holds_at_once_where_it_is_so_already_and_then_is_over():
    watch = Watch()
    watch.take(step(1, loss=1.5))
    watch.until = read("loss < 2")
    assert watch.take(step(2, loss=1.4)) == "Loss 1.4 < 2"
    assert watch.until is None
    assert watch.take(step(3, loss=1.3)) == ""


def test_both_sides_of_an_and_must_come_together():
    watch = Watch()
    watch.watch(["episode 12 is replayed and loss > 2"])
    assert watch.take(step(1, loss=1.0, episodes=[12])) == ""
    assert watch.take(step(2, loss=3.0, episodes=[1])) == ""
    assert watch.take(step(3, loss=3.0, episodes=[12])) == "episode 12 was replayed and Loss 3 > 2"


def test_stages_probes_dreams_and_perplexity_are_seen():
    watch = Watch()
    watch.watch(["the next exam", "recalled >= 1", "episode 2 is recalled", "perplexity > 40"])
    assert watch.take(ev.StageEntered(night=1, stage="exam", text="")) == "the stage exam begins"
    probe = [ev.ProbedEpisode(episode=n, worst=1.0, recalled=n == 2, need=0.1, gain=0.1) for n in (1, 2)]
    assert watch.take(ev.Probed(night=1, step=8, episodes=probe)) == "Recalled 1 >= 1; episode 2 was recalled"
    measured = ev.Measured(night=1, when="after", perplexity=41.97, kl_from_base=0.0, perplexity_text="t")
    assert watch.take(measured) == "Perplexity 42 > 40"


def test_another_list_of_breakpoints_replaces_the_first_and_a_bad_one_changes_nothing():
    watch = Watch()
    watch.watch(["loss < 2"])
    with pytest.raises(ConditionUnclear):
        watch.watch(["KL > 0.1", "nonsense"])
    assert watch.take(step(1, loss=1.0, kl=0.5)) == "Loss 1 < 2"
    watch.watch(["KL > 0.1"])
    assert watch.take(step(2, loss=1.0, kl=0.5)) == "KL 0.5 > 0.1"
