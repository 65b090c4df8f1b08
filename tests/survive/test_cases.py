"""What the soaks stand on: cases that are kept in a file, and the same work on several at once."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest

from observatory.bench.cases import Cases
from observatory.bench.side import side_by_side

# From Python 3.12 on a fork beside the timeout's own thread is warned of; nothing of that thread is used in the fork.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
HEAD = {"seed": 0, "model": "tiny"}


def test_cases_are_there_again_and_a_line_that_was_cut_short_is_not(tmp_path):
    path = tmp_path / "cases.jsonl"
    with Cases(path, HEAD) as cases:
        cases.add(3, {"lost": []})
        cases.add(5, {"lost": ["a word"]})
    with path.open("a") as file:
        file.write('{"case": 6, "lo')
    with Cases(path, HEAD) as again:
        assert again.found == cases.found and sorted(again.found) == [3, 5]
        again.add(6, {"lost": []})
    with Cases(path, HEAD) as last:
        assert sorted(last.found) == [3, 5, 6]


def test_a_file_of_another_soak_is_refused_with_what_is_other_about_it(tmp_path):
    Cases(tmp_path / "cases.jsonl", HEAD).__exit__()
    with pytest.raises(SystemExit, match="seed 0, and not with 1"):
        Cases(tmp_path / "cases.jsonl", HEAD | {"seed": 1})


@contextmanager
def doubling():
    yield lambda case: {"twice": case["n"] * 2, "by": os.getpid()}


def test_every_case_is_tried_once_whoever_is_free():
    found = list(side_by_side(doubling, ({"n": n} for n in range(9)), 3))
    assert sorted((case["n"], done["twice"]) for case, done in found) == [(n, 2 * n) for n in range(9)]
    assert os.getpid() not in {done["by"] for _, done in found}


def test_no_case_is_asked_for_before_somebody_is_free():
    asked = []

    def cases():
        for n in range(6):
            asked.append(n)
            yield {"n": n}

    for seen, _ in enumerate(side_by_side(doubling, cases(), 2), 1):
        assert len(asked) <= seen + 1


@contextmanager
def dying():
    def dies(_):
        os._exit(3)

    yield dies


def test_a_process_that_dies_ends_the_soak_with_a_sentence():
    with pytest.raises(SystemExit, match="died"):
        list(side_by_side(dying, iter([{"n": 1}, {"n": 2}]), 2))
