"""The mind's process: heard, stopped for certain, and never outliving its host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from observatory.host.supervisor import Supervisor
from observatory.protocol import commands as c
from observatory.protocol import events as e

from .conftest import DOUBLE, ROOT, environment


class Heard:
    def __init__(self):
        self.events, self.gone, self.ended = [], [], threading.Event()

    def end(self, *how):
        self.gone.append(how)
        self.ended.set()


@pytest.fixture
def started(monkeypatch, tmp_path):
    running = []

    def start(words: str = "") -> tuple[Supervisor, Heard]:
        monkeypatch.setenv("OBSERVATORY_DOUBLE", words)
        heard = Heard()
        supervisor = Supervisor(heard.events.append, heard.end, mind=DOUBLE, log=tmp_path / "mind.log")
        supervisor.start()
        running.append(supervisor)
        supervisor.send(c.Wake(settings=c.Settings()))
        soon(lambda: any(isinstance(event, e.MindReady) for event in heard.events))
        return supervisor, heard

    yield start
    for supervisor in running:
        supervisor.kill()


def soon(true, wait_s: float = 20.0) -> None:
    end = time.monotonic() + wait_s
    while not true():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)


def test_a_mind_that_is_asked_leaves_by_itself(started):
    supervisor, heard = started()
    assert supervisor.stop() == "asked"
    assert heard.gone == [(0, "", True)]
    assert not supervisor.alive
    assert any(isinstance(event, e.ModeChanged) and event.mode == "leaving" for event in heard.events)


@pytest.mark.crash
def test_a_stubborn_mind_is_killed_with_its_whole_tree(started):
    supervisor, heard = started("stubborn has-a-child")
    family = psutil.Process(supervisor.pid).children(recursive=True)
    assert family, "the double was to start a child of its own"
    pid = supervisor.pid
    started_at = time.monotonic()
    assert supervisor.stop(ask_s=0.3, terminate_s=0.3) == "killed"
    assert time.monotonic() - started_at < 5
    soon(lambda: not psutil.pid_exists(pid) and not any(p.is_running() for p in family))
    assert heard.gone[0][0] == -signal.SIGKILL


@pytest.mark.crash
def test_a_mind_that_only_ignores_the_question_is_terminated(started):
    supervisor, heard = started("deaf")
    assert supervisor.stop(ask_s=0.3, terminate_s=5) == "terminated"
    assert heard.gone[0][0] == -signal.SIGTERM


@pytest.mark.crash
def test_a_mind_that_does_not_read_does_not_block_the_host(started):
    """A pipe holds some 64 kB; more than that must wait in the host's own queue, not in the caller."""
    supervisor, _ = started("deaf")
    os.kill(supervisor.pid, signal.SIGSTOP)
    began = time.monotonic()
    for number in range(1, 200):
        supervisor.send(c.Tell(episode=number, text="x" * 16_000))
    assert time.monotonic() - began < 2
    assert supervisor.silent_s < 5
    time.sleep(0.5)
    assert supervisor.silent_s > 0.3
    assert supervisor.stop(ask_s=0.2, terminate_s=0.2) == "killed"


def test_the_end_is_reported_once_with_how_it_ended(started):
    supervisor, heard = started()
    os.kill(supervisor.pid, signal.SIGKILL)
    assert heard.ended.wait(10)
    assert heard.gone == [(-signal.SIGKILL, "", False)]
    assert supervisor.stop() == "gone"
    assert len(heard.gone) == 1


@pytest.mark.crash
@pytest.mark.parametrize("words", ["", "stubborn"])
def test_the_mind_does_not_outlive_a_host_that_was_killed(tmp_path, words):
    """Killed with SIGKILL the host can tell nobody; the mind sees the end of its pipe, or is ended by its watch."""
    script = (
        "import sys, time\n"
        "from observatory.host import child, supervisor as s\n"
        "def main():\n"
        "    mind = s.Supervisor(lambda event: print(mind.pid, flush=True), lambda *how: None, mind=sys.argv[1])\n"
        "    mind.start()\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    file = tmp_path / "host.py"
    file.write_text(script)
    host = subprocess.Popen(
        [sys.executable, str(file), DOUBLE], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=environment(tmp_path, words, OBSERVATORY_ORPHAN_S="1"),
    )  # fmt: skip
    with host:
        mind = psutil.Process(int(host.stdout.readline()))
        host.kill()
        soon(lambda: not mind.is_running() or mind.status() == psutil.STATUS_ZOMBIE)


def test_ctrl_c_is_the_hosts_business(started):
    supervisor, heard = started()
    os.kill(supervisor.pid, signal.SIGINT)
    time.sleep(0.3)
    assert supervisor.alive and not heard.gone


def test_what_the_mind_prints_goes_to_its_log_and_not_to_the_terminal(started, tmp_path, capfd):
    supervisor, _ = started("prints")
    supervisor.stop()
    assert "said aloud" in (tmp_path / "mind.log").read_text()
    assert "said aloud" not in "".join(capfd.readouterr())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="another C library has other names")
def test_the_mind_keeps_its_memory_and_a_user_may_say_otherwise(started, monkeypatch):
    for name in ("MALLOC_MMAP_MAX_", "MALLOC_ARENA_MAX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "3")
    supervisor, _ = started()
    found = psutil.Process(supervisor.pid).environ()
    assert found["MALLOC_MMAP_MAX_"] == "0"
    assert found["MALLOC_ARENA_MAX"] == "3"
    assert "MALLOC_MMAP_MAX_" not in os.environ, "the host itself is not touched"
