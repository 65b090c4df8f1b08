"""A whole comparison with a mind that knows no language: what is run and kept, and how a wrong call is answered."""

from __future__ import annotations

import json
import os
import signal

import pytest

from observatory.bench import jobs
from observatory.protocol import events as e
from observatory.record.store import Store


def homes(tmp_path):
    return sorted((tmp_path / "work" / "jobs").glob("*/home"))


def lived(home, *kinds):
    with Store.open(home, "read") as store:
        return list(store.history(kinds=list(kinds)))


def test_arms_are_run_side_by_side_kept_and_set_in_a_table(bench, tmp_path):
    done = bench("--arms", "sleep,none,retrieval", "--jobs", "3")
    assert done.returncode == 0, done.stderr
    kept = {path.name: json.loads(path.read_text()) for path in (tmp_path / "kept" / "tiny").glob("*.json")}
    assert sorted(kept) == [f"{arm}-seed0-nights2.json" for arm in ("none", "retrieval", "sleep")]
    for one in kept.values():
        assert [night["night"] for night in one["nights"]] == [1, 2]
    slept, frozen = kept["sleep-seed0-nights2.json"]["nights"], kept["retrieval-seed0-nights2.json"]["nights"]
    assert slept[0]["exam"]["cortex"]["after"]["direct"] == {"right": 1, "asked": 1, "by_day": {"1": [1, 1]}}
    assert slept[1]["exam"]["cortex"]["after"]["direct"]["by_day"] == {"1": [1, 1], "2": [1, 1]}
    assert len({night[key] for night in frozen for key in ("cortex_before", "cortex_after")}) == 1
    assert frozen[1]["exam"]["cortex"]["after"]["direct"]["right"] == 0
    assert frozen[1]["exam"]["whole"]["after"]["direct"]["right"] == 2
    assert "| sleep | 1 | 100 % |" in done.stdout and "| none | 1 | 0 % |" in done.stdout
    assert (tmp_path / "kept" / "tiny" / "table.md").read_text() == done.stdout
    assert (tmp_path / "kept" / "tiny" / "table.csv").read_text().startswith("arm,nights,seeds,direct")


def test_what_is_kept_is_not_run_again_unless_asked(bench, tmp_path):
    assert bench("--arms", "sleep").returncode == 0
    (home,) = homes(tmp_path)
    before = (home / "journal.jsonl").stat().st_mtime_ns
    again = bench("--arms", "sleep", words="no-model")
    assert again.returncode == 0, again.stderr
    assert (home / "journal.jsonl").stat().st_mtime_ns == before
    (tmp_path / "kept" / "tiny" / "sleep-seed0-nights2.json").unlink()
    lived_already = bench("--arms", "sleep", words="no-model")
    assert lived_already.returncode == 0, lived_already.stderr
    only = bench("--table-only", words="no-model")
    assert only.returncode == 0 and "| sleep | 1 |" in only.stdout
    assert bench("--arms", "sleep", "--again").returncode == 0
    assert (home / "journal.jsonl").stat().st_mtime_ns != before


def test_a_report_kept_from_another_comparison_is_not_passed_off_as_this_one(bench):
    assert bench("--arms", "sleep").returncode == 0
    other = bench("--arms", "sleep", "--tokens", "7")
    assert other.returncode == 2
    assert "tokens_asked: 70000, asked 7" in other.stderr and "--again" in other.stderr


@pytest.mark.parametrize(("tokens", "steps"), [(70_000, 80), (210_000, 200)])
def test_a_night_that_may_spend_more_tokens_has_the_steps_to_spend_them(monkeypatch, tmp_path, tokens, steps):
    called = []

    def run(job, command, *_):
        called.append(command)
        raise jobs.JobStopped

    monkeypatch.setattr(jobs, "_run", run)
    monkeypatch.setenv("OBSERVATORY_MIND", "tests.host.double")
    with pytest.raises(jobs.JobStopped):
        jobs.do(jobs.Job(days="tiny", arm="sleep", seed=0, nights=1, day="", exam="", tokens=tokens), tmp_path)
    command = [str(word) for word in called[0]]
    assert command[command.index("--tokens") + 1] == str(tokens)
    assert command[command.index("--steps") + 1] == str(steps)


def test_a_job_that_fails_is_named_and_the_others_are_kept(bench, tmp_path):
    assert bench("--arms", "none").returncode == 0
    done = bench("--arms", "sleep,none", words="raises")
    assert done.returncode == 1
    assert "tiny-sleep-seed0-nights2 ended with status 1" in done.stderr and "live.log" in done.stderr
    assert "| none | 1 |" in done.stdout and "| sleep |" not in done.stdout


@pytest.mark.crash
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_the_same_call_goes_on_and_lives_no_line_twice(standing_still, bench, tmp_path, how):
    with standing_still("--arms", "sleep") as run:
        if how == signal.SIGKILL:
            os.killpg(run.pid, how)
        else:
            run.send_signal(how)
        assert run.wait(40) == (-9 if how == signal.SIGKILL else 130)
    assert not list((tmp_path / "kept").glob("*/*.json"))
    done = bench("--arms", "sleep")
    assert done.returncode == 0, done.stderr
    (home,) = homes(tmp_path)
    assert [event.text for event in lived(home, e.EpisodeEncoded)] == [
        "The bees live in Trondheim.", "The ship is teal.", "The moon is a lamp.",
    ]  # fmt: skip
    kept = json.loads((tmp_path / "kept" / "tiny" / "sleep-seed0-nights2.json").read_text())
    assert [night["openings"] for night in kept["nights"]] == [2, 1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--arms", "sleep,slumber"], "“slumber” is no arm; there are sleep, none"),
        (["--arms", ","], "names no arm"),
        (["--days", "weekdays"], "There is no set of days “weekdays” here. What to do: choose one of first"),
        (["--days", "nowhere.jsonl"], "nowhere"),
        (["--days", "first", "--nights", "2"], "“first” holds 1 day, so 2 nights"),
        (["--nights", "3"], "“tiny” holds 2 days, so 3 nights"),
        (["--nights", "0"], "--nights 0"),
        (["--seeds", "one"], "--seeds one"),
        (["--jobs", "0"], "--jobs 0"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_a_wrong_call_is_answered_in_a_sentence_and_runs_nothing(bench, tmp_path, arguments, said):
    done = bench(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "work").exists() and not (tmp_path / "kept").exists()


def test_a_table_of_nothing_is_a_sentence(bench):
    done = bench("--table-only")
    assert done.returncode == 1 and "No report on “tiny” is kept" in done.stderr


def test_for_scripts_the_rows_come_as_json(bench):
    done = bench("--arms", "none", "--json")
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["arm"], row["nights"], row["seeds"], row["direct"]) == ("none", 2, [0], [0.0])
