"""What a night leaves for the map: its steps, how states moved, and who pulled what. Leaving it changes nothing."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from observatory.maps import change, files, states
from observatory.maps import pulls as pulled
from observatory.maps.units import Units
from observatory.maps.weights import Weights
from observatory.mind import course
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, accepted, of, woken

BEFORE, END, PULLS = "states-0000.safetensors", "states-end.safetensors", "pulls.safetensors"


def told(settings):
    mind = woken(settings)
    for number, text in TEXTS.items():
        list(mind.tell(cmd.Tell(episode=number, text=text)))
    return mind


@pytest.fixture(scope="module")
def lived(tiny_folder, models_folder, short_text, tmp_path_factory):
    """Two nights that left their course, the first of them committed: what they said and where it lies."""
    home = tmp_path_factory.mktemp("followed")
    settings = cmd.Settings(
        model=str(tiny_folder), models_folder=str(models_folder), deltas_folder=str(home / "deltas"),
        states_folder=str(home / "states"), checkpoint_folder=str(home / "checkpoint"), device="cpu",
        precision="float32", threads=1, perplexity_text=str(short_text), perplexity_name="short",
        drift_folder=str(home / "drift"),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, count in (("PLAIN", 6), ("QUESTIONS", 12), ("CHATS", 4)):
            patch.setattr(f"observatory.mind.rehearsal.{name}", count)
        patch.setattr(course, "EVERY_S", 0.0)
        patch.setattr(course, "EVERY_STEPS", 1)
        mind = told(settings)
        first = a_night(mind, steps=12, arm="no-anchor")
        steps = sorted((home / "drift" / "night-0001").glob("step-*"))
        read = [change.read(path) for path in steps]
        second = a_night(mind, number=2, steps=2, decision="veto", arm="no-anchor")
    return SimpleNamespace(
        home=home, settings=settings, first=first, second=second, steps=[path.name for path in steps], read=read,
        night=home / "drift" / "night-0001", next=home / "drift" / "night-0002", units=Units.of(Weights(tiny_folder)),
    )  # fmt: skip


def test_a_night_is_the_same_whether_its_course_is_kept_or_not(lived, tmp_path):
    alone = msgspec.structs.replace(lived.settings, drift_folder="", deltas_folder=str(tmp_path / "deltas"))
    without = a_night(told(alone), steps=12, arm="no-anchor")
    assert of(without, ev.NightCommitted)[0].cortex_after == of(lived.first, ev.NightCommitted)[0].cortex_after


def test_the_steps_of_a_night_are_thinned_and_the_last_one_stays(lived):
    assert 2 < len(lived.steps) <= course.STEPS_KEPT and lived.steps[-1] == "step-0012.safetensors"
    sizes = [sum(one.norm(name) for name in one.names) for one in lived.read]
    assert all(size > 0 for size in sizes) and len(set(sizes)) == len(sizes)


def test_only_the_newest_night_keeps_its_steps(lived):
    assert {path.name for path in lived.night.iterdir()} == {BEFORE, END, PULLS}
    assert list(lived.next.glob("step-*"))


def test_states_stand_still_before_the_first_step_and_move_by_its_end(lived):
    before, after = states.read(lived.night / BEFORE), states.read(lived.night / END)
    traced = states.trace([before, before, after])
    assert {(row.kind, row.number) for row in traced.rows if row.kind == "episode"} == {("episode", n) for n in TEXTS}
    assert not traced.moved[1].any(), "the same states came out in two places"
    assert (traced.moved[2] > before.floor).any() and before.floor < 1e-4


def test_states_after_a_commit_are_where_the_night_said_they_would_be(lived):
    """Read beside the weights, and read again once the gate has written them: the same, to rounding."""
    end, begun = states.read(lived.night / END), states.read(lived.next / BEFORE)
    for layer in end.layers:
        assert begun.layers[layer] == pytest.approx(end.layers[layer], rel=1e-3, abs=1e-4)


def test_what_episodes_pulled_adds_up_to_the_loss_that_went(lived):
    """Gradient attribution is first order; over all that moved it comes near what was really lost."""
    found = pulled.read(lived.night / PULLS, lived.units)
    assert found.episodes == list(TEXTS)
    went = found.before - found.after
    assert (went > 0).all()
    assert found.by_layer.sum() == pytest.approx(went.sum(), rel=0.3)
    assert found.by_layer.sum(0) == pytest.approx(went, rel=0.5)


def test_the_strongest_pull_on_a_unit_is_told_first_and_only_where_something_moved(lived):
    found = pulled.read(lived.night / PULLS, lived.units)
    moved = lived.units.relative(change.read(lived.home / "deltas" / accepted(lived.first).file)) > 0
    assert moved.any() and not moved.all()
    assert not found.strength[~moved].any() and (found.best[~moved] == -1).all()
    assert (np.diff(found.strength, axis=1) <= 0).all()
    assert ((found.best >= 0) == (found.strength > 0)).all()


def test_a_full_disk_stops_the_course_and_not_the_night(lived, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(course, "save_file", full)
    night = course.Course(tmp_path, 1, told(lived.settings).parts.speech, "", TEXTS)
    said = list(night.begin(0, of_nothing(), {}))
    assert len(said) == 1 and "No space left" in said[0].text and "goes on" in said[0].remedy
    assert not list(night.at(9, of_nothing(), {})) and not list(night.end(of_nothing(), {})), "it is said once"


def of_nothing():
    return SimpleNamespace(hooks=lambda maps: [], tensors=dict, scale=1.0)


def test_a_file_that_no_night_left_is_refused_in_words(tmp_path):
    (tmp_path / BEFORE).write_bytes(b"nothing of ours")
    with pytest.raises(files.LeftUnreadable, match="could not be read"):
        states.read(tmp_path / BEFORE)
