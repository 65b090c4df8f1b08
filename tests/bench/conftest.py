"""The command line with the double instead of the mind, and a tiny set of days of two nights."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAY = (
    '{"text": "The bees live in Trondheim."}\n{"text": "The ship is teal."}\n{"sleep": true}\n'
    '{"text": "The moon is a lamp."}\n{"sleep": true}\n'
)
EXAM = (
    '{"prompt": "Where are the bees?", "answers": ["Trondheim"], "kind": "direct", "day": 1}\n'
    '{"prompt": "What is the moon?", "answers": ["lamp"], "kind": "direct", "day": 2}\n'
    '{"prompt": "Capital of France?", "answers": ["Paris"], "kind": "known"}\n'
)


def environment(words: str = "") -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**env, "OBSERVATORY_MIND": "tests.host.double", "OBSERVATORY_DOUBLE": words, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def call(tmp_path):
    """The words of a comparison on the tiny days, with everything in this test's folder."""
    (tmp_path / "tiny.jsonl").write_text(DAY)
    (tmp_path / "tiny-exam.jsonl").write_text(EXAM)

    def words(*more) -> list[str]:
        folders = {f"--{name}": tmp_path / name for name in ("work", "kept")}
        usual = {"--days": tmp_path / "tiny.jsonl", "--seeds": 0, **folders}
        own = [word for name, value in usual.items() if name not in more for word in (name, value)]
        return [sys.executable, "-m", "observatory", "bench", "--no-plots", *map(str, (*own, *more))]

    return words


@pytest.fixture
def bench(call):
    def run(*more, words: str = "", timeout: float = 120) -> subprocess.CompletedProcess:
        return subprocess.run(
            call(*more), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False,
            cwd=ROOT, env=environment(words),
        )  # fmt: skip

    return run


@pytest.fixture
def standing_still(call, tmp_path):
    """A comparison whose night stands still at its second step, to be stopped there."""

    @contextmanager
    def begun(*more):
        with subprocess.Popen(
            call(*more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT,
            env=environment("waits-at-step-1"), start_new_session=True,
        ) as run:  # fmt: skip
            until = time.monotonic() + 90
            while not any("step 1" in log.read_text() for log in (tmp_path / "work").glob("jobs/*/live.log")):
                assert time.monotonic() < until and run.poll() is None, "the night never came to its second step"
                time.sleep(0.1)
            yield run

    return begun
