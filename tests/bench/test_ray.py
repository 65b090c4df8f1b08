"""The same comparison as Ray tasks. Skipped where Ray is not installed; nothing else needs it."""

from __future__ import annotations

import importlib.util
import json
import signal

import pytest

THERE = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not THERE, reason="Ray is not installed (pip install 'observatory[ray]')")


@needs_ray
def test_two_jobs_on_a_local_ray_of_two_workers_give_the_table_of_jobs_side_by_side(bench, tmp_path):
    arms = ("--arms", "sleep,none", "--jobs", "2")
    here = bench(*arms, "--kept", tmp_path / "here", "--work", tmp_path / "here-work")
    there = bench(*arms, "--ray", "local", timeout=240)
    assert there.returncode == 0, there.stderr
    for arm in ("sleep", "none"):
        name = f"tiny/{arm}-seed0-nights2.json"
        one, other = (json.loads((tmp_path / folder / name).read_text()) for folder in ("here", "kept"))
        for what in ("exam", "cortex_after"):
            assert [night[what] for night in one["nights"]] == [night[what] for night in other["nights"]]
    rows = [[line for line in text.splitlines() if line.startswith("| ")] for text in (here.stdout, there.stdout)]
    assert [row.rsplit("|", 2)[0] for row in rows[0]] == [row.rsplit("|", 2)[0] for row in rows[1]]


@needs_ray
def test_a_job_that_fails_on_ray_is_named(bench):
    done = bench("--arms", "sleep", "--ray", "local", words="raises", timeout=240)
    assert done.returncode == 1
    assert "tiny-sleep-seed0-nights2 ended with status 1" in done.stderr and "Traceback" not in done.stderr


@needs_ray
@pytest.mark.crash
def test_stopped_on_ray_the_running_life_is_asked_to_keep_what_it_has(standing_still, tmp_path):
    with standing_still("--arms", "sleep", "--ray", "local") as run:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 130
    (log,) = (tmp_path / "work").glob("jobs/*/live.log")
    assert "Interrupted; everything up to here is kept" in log.read_text()


@pytest.mark.skipif(THERE, reason="Ray is installed")
def test_without_ray_the_call_says_what_to_install(bench):
    done = bench("--arms", "none", "--ray", "local")
    assert done.returncode == 2 and "observatory[ray]" in done.stderr
