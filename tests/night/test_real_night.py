"""One real night on the default model, lived as a person would from the command line, and what it must show."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from observatory import resources

pytestmark = [pytest.mark.night, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Twenty things told once, slept on in an empty home, with half the steps of a usual night: minutes count here."""
    place = resources.folder()
    folder = tmp_path_factory.mktemp("night")
    home, report = folder / "home", folder / "r.json"
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    environment["OBSERVATORY_MODELS"] = str(folder / "models")
    command = [
        sys.executable, "-m", "observatory", "live", "--day", str(place / "days" / "told-01.jsonl"),
        "--exam", str(place / "exams" / "told-01.jsonl"), "--approve", "always", "--home", str(home),
        "--report", str(report), "--steps", "36", "--quiet",
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=2300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return home, json.loads(report.read_text("utf-8")), environment


@pytest.fixture
def night(lived):
    return lived[1]["nights"][0]


def share(scores: dict, kind: str) -> float:
    return scores[kind]["right"] / scores[kind]["asked"]


def test_the_cortex_alone_answers_what_it_could_not_answer_before(night):
    before, after = night["exam"]["cortex"]["before"], night["exam"]["cortex"]["after"]
    assert share(before, "direct") < 0.1
    assert share(before, "paraphrase") < 0.1
    # Half of a usual night: what a whole one reaches stands in the README. Two machines differ by a few questions of
    # twenty (13 and 8 were seen where others had more); one that learnt nothing has none.
    assert share(after, "direct") >= 0.4
    assert share(after, "paraphrase") >= 0.3


def test_what_it_knew_is_kept(night):
    before, after = night["exam"]["cortex"]["before"], night["exam"]["cortex"]["after"]
    assert after["known"]["right"] >= 0.9 * before["known"]["right"]
    assert night["perplexity"]["after"] <= 1.03 * night["perplexity"]["before"]
    assert 1e-4 < night["kl_from_base"]["after"] < 0.2


def test_the_whole_mind_knows_the_day_before_it_has_slept(night):
    whole, cortex = night["exam"]["whole"]["before"], night["exam"]["cortex"]["before"]
    assert whole["direct"]["right"] >= cortex["direct"]["right"] + 8
    assert whole["known"]["right"] >= 0.97 * cortex["known"]["right"], "an unsure match must read nothing"


def test_the_night_moved_the_cortex_once_and_stayed_within_its_means(night):
    assert night["decision"] == "approved"
    assert night["cortex_before"] != night["cortex_after"]
    assert night["peak_rss_mb"] < 4096
    assert night["steps"] > 10
    assert night["tokens"] > 10_000


def test_the_record_of_the_night_holds_together(lived):
    home, report, environment = lived
    command = [sys.executable, "-m", "observatory", "verify", "--home", str(home), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["nights"][0]["cortex_after"] in (home / "journal.jsonl").read_text("utf-8")
