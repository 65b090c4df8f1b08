"""The examples that ship beside the stores keep the contract, and do what they are for."""

from __future__ import annotations

import pytest

from observatory.plugins import conformance, find
from observatory.plugins.contract import Episode, Reading
from observatory.plugins.guard import Guarded

EXAMPLES = ("attention", "distil", "src", "transformerlens")


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
