"""The soak commands in their short form; in full they are run by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.host.conftest import ROOT
from tests.mind.conftest import models_folder, tiny_folder  # noqa: F401 - the model is made once for all of them

pytestmark = pytest.mark.crash


@pytest.fixture
def soaked(models_folder):  # noqa: F811
    def run(name: str, *more) -> dict:
        done = subprocess.run(
            [sys.executable, "-m", f"observatory.bench.{name}", "--quiet", *map(str, more)], capture_output=True,
            text=True, cwd=ROOT, timeout=250, check=False,
            env={**os.environ, "OBSERVATORY_MODELS": str(models_folder), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        assert done.returncode == 0 and found["sound"], done.stdout
        assert found["seed"] == 0 and found["versions"]["torch"]
        return found

    return run


def test_kills_lose_nothing_that_was_acknowledged(soaked, tiny_folder):  # noqa: F811
    found = soaked("kills", "--count", 3, "--steps", 3, "--model", tiny_folder, "--jobs", 2)
    assert sum(found["kills"].values()) >= 3 and found["episodes_acknowledged"] > 0
    assert found["acknowledged_lost"] == found["half_committed"] == found["did_not_verify"] == []


def test_vetoes_leave_every_bit_as_it_was(soaked, tiny_folder):  # noqa: F811
    found = soaked("vetoes", "--count", 2, "--steps", 3, "--model", tiny_folder)
    assert found["vetoed"] == 2 and found["next_nights_compared"] == 1 and found["differences"] == []


def test_mutated_inputs_are_refused_in_a_sentence_or_taken_whole(soaked):
    found = soaked("mutations", "--count", 150)
    assert found["read"] == 150 and found["faults"] == []
    assert sum(kind["refused"] for kind in found["kinds"].values()) > 75, "hardly anything was spoilt"


def test_canaries_that_are_vetoed_or_forgotten_are_gone_and_the_others_are_not(soaked, tiny_folder):  # noqa: F811
    how = ("--count", 3, "--steps", 40, "--arm", "no-anchor", "--threads", 1)
    groups = soaked("canaries", *how, "--model", tiny_folder)["groups"]
    for learnt in ("at the gate, before the veto", "before it is forgotten", "committed"):
        assert groups[learnt]["in_the_best_twentieth"] == 3, groups[learnt]
    for unheard in ("before it is slept on", "vetoed", "forgotten"):
        assert groups[unheard]["in_the_best_twentieth"] < 3, groups[unheard]


def test_a_soak_that_was_cut_short_goes_on_where_it_stood(soaked, tmp_path):
    whole, kept = soaked("mutations", "--count", 80), tmp_path / "cases.jsonl"
    soaked("mutations", "--count", 30, "--resume", kept)
    kept.write_text(kept.read_text() + '{"case": 30, "rea')
    found = soaked("mutations", "--count", 80, "--resume", kept)
    assert found["kinds"] == whole["kinds"] and found["read"] == 80
    assert len(kept.read_text().splitlines()) == 81
