"""Every step to disk as the last one: killed there, without power there, or with no space from there on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.host.conftest import ROOT

pytestmark = pytest.mark.crash


@pytest.mark.parametrize("how", ["killed", "power", "full"])
def test_whichever_step_to_disk_is_the_last_what_was_acknowledged_is_there(tmp_path, how):
    done = subprocess.run(
        [sys.executable, "-m", "tests.survive.nth", how, str(tmp_path)], capture_output=True, text=True, cwd=ROOT,
        timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(tries) > 8, "the life has fewer steps to disk than it writes"
    for each in tries:
        found = json.loads(each["check"])
        assert found["found"] >= each["acknowledged"], each
        assert found["in_order"] and not found["wrong"], each
    if how == "full":
        assert all("No space left" in each["said"] for each in tries[:-1])
    else:
        assert {each["acknowledged"] for each in tries} >= {0, 2, 4}, "every try died at the same place"
