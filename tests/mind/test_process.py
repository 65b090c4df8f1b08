"""The mind behind its pipe: real spawned processes, real bytes, real kills."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from pathlib import Path

import msgspec
import psutil
import pytest

from observatory.mind import checkpoint, process
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from observatory.protocol import wire
from tests.mind.tiny import TEXTS, of

pytestmark = pytest.mark.crash


class Spawned:
    """A mind's process and the host's end of its pipe."""

    def __init__(self, settings: cmd.Settings):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=process.run, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.events: list[ev.Event] = []
        self.send(cmd.Wake(settings=settings))

    def send(self, command: cmd.Command) -> None:
        self.pipe.send_bytes(wire.pack(command))

    def until(self, kind, seconds: float = 60, **fields) -> ev.Event:
        """Take events until one of this kind with these fields comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.pipe.poll(0.2):
                continue
            event = wire.event(self.pipe.recv_bytes())
            self.events.append(event)
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items()):
                return event
        raise AssertionError(f"no {kind.__name__} {fields} in {seconds} s; the last were {self.events[-4:]}")

    def tell_all(self) -> None:
        for number, text in TEXTS.items():
            self.send(cmd.Tell(episode=number, text=text))
        self.until(ev.EpisodeEncoded, episode=max(TEXTS))

    def sleep(self, steps: int, **more) -> None:
        plan = cmd.NightPlan(steps=steps, rank=4)
        self.send(cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=plan, **more))


@pytest.fixture
def spawned(settings):
    started = []

    def start(chosen: cmd.Settings = settings) -> Spawned:
        mind = Spawned(chosen)
        started.append(mind)
        return mind

    yield start
    for mind in started:
        mind.pipe.close()
        mind.process.join(5)
        if mind.process.is_alive():
            mind.process.kill()
            mind.process.join(5)


def test_it_wakes_is_told_sleeps_waits_at_the_gate_and_commits(spawned):
    mind = spawned()
    ready = mind.until(ev.MindReady)
    mind.tell_all()
    mind.sleep(3)
    proposal = mind.until(ev.Proposed).proposal
    assert not mind.pipe.poll(0.5) or isinstance(wire.event(mind.pipe.recv_bytes()), ev.Heartbeat)
    mind.send(cmd.Decide(night=1, delta=proposal.delta, decision="approve", by="t", reason="r", recorded=5))
    assert mind.until(ev.NightClosed).cortex == proposal.cortex_after != ready.cortex
    assert all(e.at > 0 for e in mind.events)


def test_a_kill_in_mid_night_leaves_the_base_and_the_same_night_goes_on(spawned):
    mind = spawned()
    before = mind.until(ev.MindReady).cortex
    mind.tell_all()
    kept = [e for e in mind.events if isinstance(e, ev.EpisodeEncoded)]
    mind.sleep(60)
    mind.until(ev.ReplayStep, step=22)
    mind.process.kill()
    mind.process.join(5)

    again = spawned()
    assert again.until(ev.MindReady).cortex == before
    stored = [
        cmd.StoredEpisode(episode=e.episode, text=e.text, speaker=e.speaker, session=e.session, lived_at=e.lived_at,
                          tokens=e.tokens, surprise=e.surprise)
        for e in kept
    ]  # fmt: skip
    again.send(cmd.Restore(episodes=stored))
    again.sleep(60, resume=True)
    assert again.until(ev.NightOpened).resumed_from_step == 20
    assert again.until(ev.ReplayStep).step == 21


def test_when_the_host_is_gone_the_night_is_written_down_and_the_mind_leaves(spawned, settings):
    mind = spawned()
    mind.until(ev.MindReady)
    mind.tell_all()
    mind.sleep(500)
    mind.until(ev.ReplayStep, step=3)
    mind.pipe.close()
    mind.process.join(20)
    assert mind.process.exitcode == 0
    tensors, state = checkpoint.read(Path(settings.checkpoint_folder))
    assert state["step"] >= 3
    assert tensors


def test_pausing_stepping_and_a_veto_work_between_any_two_steps(spawned):
    mind = spawned()
    base = mind.until(ev.MindReady).cortex
    mind.tell_all()
    mind.sleep(500)
    mind.until(ev.ReplayStep, step=2)
    mind.send(cmd.Pause())
    at = mind.until(ev.Paused).step
    mind.send(cmd.StepOnce(unit="step"))
    assert mind.until(ev.Paused).step == at + 1
    mind.send(cmd.Resume())
    mind.until(ev.ReplayStep, step=at + 3)
    mind.send(cmd.VetoNight(by="reviewer", reason="enough"))
    closed = mind.until(ev.NightClosed)
    assert (closed.ended, closed.why, closed.cortex) == ("vetoed", "enough", base)
    retained = mind.until(ev.Retained)
    assert retained.night == 1
    assert [(each.episode, each.cortical, each.held) for each in retained.episodes] == [(n, 0.0, True) for n in TEXTS]
    mind.until(ev.ModeChanged, mode="awake")


def test_what_is_retained_is_told_even_when_the_host_leaves_as_the_night_ends(spawned):
    mind = spawned()
    mind.until(ev.MindReady)
    mind.tell_all()
    mind.sleep(3)
    proposal = mind.until(ev.Proposed).proposal
    mind.send(cmd.Decide(night=1, delta=proposal.delta, decision="approve", by="t", reason="r", recorded=5))
    mind.until(ev.NightCommitted)
    mind.until(ev.NightClosed)
    mind.send(cmd.VetoNight(by="t", reason="too late"))
    mind.send(cmd.Leave())
    assert mind.until(ev.Retained).night == 1
    mind.process.join(10)
    assert len(of(mind.events, ev.NightClosed)) == 1


class Answering:
    """A pipe whose other end decides on what is proposed, and vetoes it as soon as it hears of the commit."""

    def __init__(self, decision: str = "approve"):
        self.decision, self.events, self.coming = decision, [], deque()

    def send_bytes(self, data: bytes) -> None:
        event = wire.event(data)
        self.events.append(event)
        if isinstance(event, ev.Proposed):
            self.says(cmd.Decide(
                night=1, delta=event.proposal.delta, decision=self.decision, by="t", reason="r", recorded=5
            ))  # fmt: skip
        if isinstance(event, ev.NightCommitted):
            self.says(cmd.VetoNight(by="t", reason="no, wait"))

    def says(self, command: cmd.Command) -> None:
        self.coming.append(wire.pack(command))

    def poll(self, _: float) -> bool:
        return bool(self.coming)

    def recv_bytes(self, _: int) -> bytes:
        return self.coming.popleft()


def test_a_veto_that_comes_after_the_commit_is_told_so_and_the_mind_knows_what_it_has_become(told):
    loop = process.Loop(pipe := Answering())
    loop.mind = told
    loop._obey(cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=3, rank=4)))
    (committed,), (closed,) = of(pipe.events, ev.NightCommitted), of(pipe.events, ev.NightClosed)
    assert (closed.ended, closed.cortex) == ("committed", committed.cortex_after)
    assert "oll" in of(pipe.events, ev.Notice)[-1].remedy
    assert told.nights == [1]
    loop._obey(cmd.Tell(episode=50, text="A word by day."))
    checked = of(pipe.events, ev.CortexChecked)[-1]
    assert (checked.unchanged, checked.cortex) == (True, committed.cortex_after)


def test_a_night_that_fails_after_its_commit_is_committed_and_the_mind_leaves_for_one_that_is_whole(told, monkeypatch):
    def fails(*_):
        raise MemoryError("no room to read the episodes anew")

    monkeypatch.setattr(told, "woken_after", fails)
    loop = process.Loop(pipe := Answering())
    loop.mind = told
    with pytest.raises(process.Leaving):
        loop._obey(cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=3, rank=4)))
    (committed,), (closed,) = of(pipe.events, ev.NightCommitted), of(pipe.events, ev.NightClosed)
    assert (closed.ended, closed.cortex) == ("committed", committed.cortex_after)


@pytest.mark.parametrize(("decision", "ended"), [("approve", "committed"), ("veto", "vetoed")])
def test_a_checkpoint_that_cannot_be_taken_away_does_not_change_how_a_night_ends(told, settings, decision, ended):
    loop = process.Loop(pipe := Answering(decision))
    loop.mind = told
    (Path(settings.checkpoint_folder) / checkpoint.NAME).mkdir(parents=True)  # no file, so it cannot be taken away
    loop._obey(cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=3, rank=4)))
    assert [closed.ended for closed in of(pipe.events, ev.NightClosed)] == [ended]
    assert "still there" in " ".join(notice.title for notice in of(pipe.events, ev.Notice))
    assert of(pipe.events, ev.ModeChanged)[-1].mode == "awake"


def test_one_stage_ends_where_the_next_begins(spawned):
    mind = spawned()
    mind.until(ev.MindReady)
    mind.tell_all()
    mind.sleep(4)
    mind.send(cmd.Pause())
    mind.until(ev.Paused)
    mind.send(cmd.StepOnce(unit="stage"))
    paused = mind.until(ev.Paused)
    entered = of(mind.events, ev.StageEntered)[-1].stage
    assert paused.stage == entered


def test_what_is_said_to_a_sleeping_mind_is_taken_up_at_the_gate(spawned):
    mind = spawned()
    mind.until(ev.MindReady)
    mind.tell_all()
    mind.sleep(4)
    mind.until(ev.ReplayStep, step=1)
    mind.send(cmd.Tell(episode=99, text="Something said in the night."))
    assert "asleep" in mind.until(ev.Notice).title
    assert mind.until(ev.EpisodeEncoded).episode == 99
    assert of(mind.events, ev.Proposed)


@pytest.mark.parametrize(
    "rubbish", [b"\x00\xff", b"", b"{}", os.urandom(200), msgspec.msgpack.encode({"type": "Tell"})]
)
def test_bytes_that_are_no_message_are_refused_and_the_mind_lives_on(spawned, rubbish):
    mind = spawned()
    mind.until(ev.MindReady)
    mind.pipe.send_bytes(rubbish)
    notice = mind.until(ev.Notice)
    assert notice.level == "error"
    mind.send(cmd.Tell(episode=1, text="Still here."))
    mind.until(ev.EpisodeEncoded, episode=1)


def test_a_mind_without_a_model_says_what_to_do_and_ends(spawned, settings, tmp_path):
    mind = spawned(msgspec.structs.replace(settings, model=str(tmp_path / "nothing-here")))
    notice = mind.until(ev.Notice)
    assert notice.level == "error"
    assert "What to do" in notice.text
    mind.process.join(10)
    assert mind.process.exitcode == 4


def test_a_heartbeat_comes_about_every_second_with_the_memory_it_holds(spawned):
    mind = spawned()
    mind.until(ev.MindReady)
    first, second = (mind.until(ev.Heartbeat) for _ in range(2))
    assert 0.5 < second.at - first.at < 5
    assert second.rss_mb > 50
    assert psutil.pid_exists(mind.process.pid)
