"""Nights that something happens to: no number, no memory, no space, a spoilt file. The cortex is as it was."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import torch

from observatory.mind import checkpoint, tensorfile
from observatory.mind.portions import LossExploded
from observatory.mind.replay import Replay
from observatory.protocol import durable
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of, woken

pytestmark = pytest.mark.mind
FULL = OSError(errno.ENOSPC, "No space left on device")


def step(event) -> tuple:
    return event.step, event.loss, event.kl, event.calm


# ---------------------------------------------------------------- no number


@pytest.mark.parametrize("what", [float("nan"), float("inf"), 1e6], ids=["NaN", "infinite", "beyond all bounds"])
def test_a_loss_that_runs_away_stops_the_night_and_names_the_batch(told, monkeypatch, what):
    before, losses, calls = told.parts.cortex.hash(), Replay.losses, []

    def spoilt(replay, rows, states):
        found = losses(replay, rows, states)
        calls.append(len(rows))
        if torch.is_grad_enabled() and len([c for c in calls if c]) > 3:
            return [(loss * what if at == 0 else loss, worst) for at, (loss, worst) in enumerate(found)]
        return found

    monkeypatch.setattr(Replay, "losses", spoilt)
    with pytest.raises(LossExploded) as why:
        a_night(told, steps=6)
    said = str(why.value)
    assert "in the batch of step" in said and any(text[:20] in said for text in TEXTS.values())
    assert "the cortex is as it was" in said
    assert told.parts.cortex.hash() == before
    monkeypatch.undo()
    assert of(a_night(told, number=2, steps=2), ev.NightCommitted)


# ---------------------------------------------------------------- no memory


def short_of_memory(monkeypatch, most: int) -> None:
    """A machine on which more than so many rows do not fit, in training or in probes."""
    forward = Replay.forward

    def fits(replay, rows):
        if len(rows) > most:
            raise torch.OutOfMemoryError(f"{len(rows)} rows do not fit")
        return forward(replay, rows)

    monkeypatch.setattr(Replay, "forward", fits)


@pytest.mark.parametrize("most", [8, 4, 1])
def test_out_of_memory_a_batch_is_read_in_portions_and_the_result_is_the_same(settings, told, monkeypatch, most):
    usual = a_night(told, decision="veto", steps=4)
    short_of_memory(monkeypatch, most)
    again = a_night(woken_and_told(settings), decision="veto", steps=4)
    (notice, *_) = [n for n in of(again, ev.Notice) if "Memory is short" in n.title]
    assert "portions" in notice.text
    wanted, found = of(usual, ev.ReplayStep), of(again, ev.ReplayStep)
    assert [s.step for s in found] == [s.step for s in wanted]
    assert [i.cue for s in found for i in s.items] == [i.cue for s in wanted for i in s.items]
    for mine, theirs in zip(found, wanted, strict=True):
        assert step(mine) == pytest.approx(step(theirs), rel=1e-3, abs=1e-4)
        assert mine.grad_norm == pytest.approx(theirs.grad_norm, rel=1e-3)


def woken_and_told(settings):
    from observatory.protocol import commands as cmd

    mind = woken(settings)
    for number, text in TEXTS.items():
        list(mind.tell(cmd.Tell(episode=number, text=text)))
    return mind


def test_when_not_even_one_row_fits_the_night_fails_and_the_cortex_is_as_it_was(told, monkeypatch):
    before = told.parts.cortex.hash()
    short_of_memory(monkeypatch, 0)
    with pytest.raises(torch.OutOfMemoryError):
        a_night(told, steps=2)
    assert told.parts.cortex.hash() == before


# ---------------------------------------------------------------- no space


def test_no_space_for_the_delta_fails_the_night_and_the_next_one_is_lived(told, monkeypatch):
    before = told.parts.cortex.hash()

    def full(*_):
        raise FULL

    with monkeypatch.context() as patched:
        patched.setattr(durable.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            a_night(told, steps=2)
    assert told.parts.cortex.hash() == before
    assert not list(told.parts.deltas.glob("*.part")) and not list(told.parts.deltas.glob("night-*"))
    assert of(a_night(told, number=2, steps=2), ev.NightCommitted)


def test_a_full_disk_is_an_error_of_the_disk_also_when_the_library_says_otherwise(tmp_path):
    with pytest.raises(OSError, match="could not be written"):
        tensorfile.write(tmp_path / "no-such-folder" / "x.safetensors", {"a": torch.ones(2)})


# ---------------------------------------------------------------- the order of writes


def test_a_delta_is_written_synced_named_and_its_folder_synced_before_the_proposal_is_told(told, monkeypatch):
    seen: list[str] = []

    def noted(name):
        real = getattr(os, name)

        def call(*arguments, **more):
            done = real(*arguments, **more)
            if name == "replace":
                seen.append(f"named {Path(arguments[1]).name}")
            else:
                synced = os.readlink(f"/proc/self/fd/{arguments[0]}")
                seen.append(f"synced {Path(synced).name}")
            return done

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "replace"):
        noted(name)
    from observatory.protocol import commands as cmd

    for event in told.sleep(cmd.Sleep(night=1, seed=3, episodes=list(TEXTS), plan=cmd.NightPlan(steps=2, rank=4))):
        if isinstance(event, ev.Proposed):
            file = event.proposal.file
            break
    at = seen.index(f"named {file}")
    assert seen[at - 1].startswith(f"synced .{file}") and seen[at + 1] == "synced deltas"


# ---------------------------------------------------------------- spoilt files


def test_a_spoilt_checkpoint_is_kept_and_named_and_the_night_is_lived_from_its_start(told):
    folder = told.parts.checkpoints
    folder.mkdir(parents=True, exist_ok=True)
    (folder / checkpoint.NAME).write_bytes(b"\xff" * 100)
    events = a_night(told, resume=True, steps=2)
    assert of(events, ev.NightOpened)[0].resumed_from_step == 0
    (notice,) = [n for n in of(events, ev.Notice) if "anew" in n.title]
    kept = folder / notice.text.split("checkpoint/")[1].rstrip(".")
    assert kept.read_bytes() == b"\xff" * 100
    assert of(events, ev.NightCommitted)


@pytest.mark.parametrize("name", ["address.safetensors", "reference.safetensors", "reference.json"])
def test_what_was_measured_of_the_base_is_measured_again_when_it_is_spoilt(settings, mind, name):
    path = next(Path(settings.models_folder).glob(f"measured/*/{name}"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert of(woken(settings).events, ev.MindReady)
    assert path.read_bytes() == whole
