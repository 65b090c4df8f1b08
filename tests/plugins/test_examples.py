"""The examples that ship beside the stores keep the contract, and do what they are for."""

from __future__ import annotations

import pytest

from observatory.plugins import conformance, find
from observatory.plugins.contract import Episode, Night, Pause, Reading, Remark
from observatory.plugins.guard import Guarded

EXAMPLES = ("attention", "chronicle", "cloze", "diary", "distil", "lookalikes", "src", "transformerlens", "watchman")


@pytest.mark.mind
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_keeps_the_contract(name):
    checks = list(conformance.examine(find.at(find.shipped_folder() / name, "shipped")))
    assert len(checks) > 3
    assert not [f"{each.what}: {each.why}" for each in checks if not each.passed]


def test_attention_over_time_gives_the_most_read_a_line_and_puts_the_rest_together():
    episodes = [
        Episode(number=n, text="The same words", readings=(Reading(question=q, mass=n / 10, weight=0.5),))
        for n, q in ((1, 1), (2, 2), (3, 3))
    ]
    found = find.at(find.shipped_folder() / "attention", "shipped")
    with Guarded(found, "view", lambda notice: None, choices={"most": 2}) as view:
        chart = view.ask("draw", episodes, [])
    assert chart.lines == {
        "The same words": [(3.0, 15.0)], "The same words (2)": [(2.0, 10.0)], "all others": [(1.0, 5.0)],
    }  # fmt: skip


def asked(name: str, kind: str, method: str, texts: list[str], **choices):
    found = find.at(find.shipped_folder() / name, "shipped")
    with Guarded(found, kind, lambda notice: None, choices=choices) as plugin:
        return plugin.ask(method, [Episode(number=n, text=text) for n, text in enumerate(texts, 1)])


def test_lookalikes_sees_what_shares_most_words_with_another_and_no_repetition():
    played = ["Anna plays the accordion.", "Bruno plays the accordion.", "The ferry leaves at noon.", "A ferry."]
    one, two, three, four = asked("lookalikes", "drive", "score", [*played, "A ferry."])[:4]
    assert one == two == pytest.approx(2 / 4) and three == four == pytest.approx(1 / 3)
    assert asked("lookalikes", "drive", "score", ["A lone ferry.", "A lone ferry."]) == [0.0, 0.0]


def test_cloze_leaves_out_a_name_a_number_or_the_last_word_and_never_what_its_beginning_says():
    texts = [
        "Zelda Marchetti keeps her bees in Trondheim.", "Bartholomew the goat refuses hay. He will only eat radishes.",
        "The house was built by hand in 1904 or so.", "Too short.", "A rose is a rose is a rose",
    ]  # fmt: skip
    questions = asked("cloze", "exam", "questions", texts)
    assert [(q.prompt, q.answer, q.episode) for q in questions] == [
        ("Zelda Marchetti keeps her bees in", "Trondheim", 1), ("He will only eat", "radishes", 2),
        ("The house was built by hand in", "1904", 3),
    ]  # fmt: skip
    assert {q.style for q in questions} == {"complete"}
    many = [f"The train number {n} waits in {town}." for n in range(9) for town in ("Oslo", "Bergen")]
    spread = asked("cloze", "exam", "questions", many, most=6)
    assert len(spread) == 6 and spread[0].episode == 1 and spread[-1].episode > 12


def test_the_watchman_asks_for_a_pause_over_a_bound_once_for_what_it_saw_and_says_by_how_much():
    found = find.at(find.shipped_folder() / "watchman", "shipped")

    def after(stage, **measured):
        return watchman.ask("after", Night(number=1, stage=stage, **measured), [])

    bounds = {"loss": 3.0, "kl": 0.1}
    with Guarded(found, "night-stage", lambda notice: None, choices=bounds) as watchman:
        assert after("propose") == [] and after("exam", kl=0.1) == []
        over = "The loss of the last step is 3.5, over the bound of 3"
        assert after("replay", step=4, loss=3.5, kl=0.1) == [Pause(because=over)]
        assert after("weigh", step=4, loss=3.5, kl=0.1) == [], "it was held for that already"
        [pause] = after("exam", step=4, loss=3.5, kl=0.2)
        assert pause.because.startswith("KL from the base") and "0.2" in pause.because
    with Guarded(found, "night-stage", lambda notice: None, choices=bounds | {"hold": False}) as watchman:
        assert after("replay", step=4, loss=3.5) == [Remark(text=f"{over}.")]
