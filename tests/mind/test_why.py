"""Why it says something: found by leaving nights and memories out, with nothing written."""

from __future__ import annotations

import pytest

from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of

pytestmark = pytest.mark.mind

CUE = "In which city does Zelda Marchetti keep bees?"


def told(mind):
    for number, text in TEXTS.items():
        list(mind.tell(cmd.Tell(episode=number, text=text)))


def why(mind, answer="Trondheim", memory="cortex", text=CUE) -> ev.Explained:
    return of(list(mind.explain(cmd.Explain(text=text, answer=answer, memory=memory))), ev.Explained)[0]


def test_before_any_night_there_is_nothing_to_leave_out(mind):
    told(mind)
    found = why(mind)
    assert found.nights == [] and found.lens_night == 0
    assert found.bits == pytest.approx(found.base.bits, abs=1e-4)
    assert len(found.lens) == 6 and all(layer.before_bits == layer.after_bits for layer in found.lens)


def test_leaving_the_only_night_out_gives_back_what_the_base_expects(mind):
    told(mind)
    a_night(mind)
    found = why(mind)
    (night,) = found.nights
    assert night.night == 1
    assert night.bits == pytest.approx(found.base.bits, abs=1e-2)
    assert max(abs(a - b) for a, b in zip(night.bits, found.bits, strict=True)) > 1e-3
    assert found.lens_night == 1 and found.lens[0].before_bits == pytest.approx(found.lens[0].after_bits, abs=1e-3)
    assert found.lens[-1].after_bits == pytest.approx(found.bits[found.telling], abs=1e-3)
    assert found.lens[-1].before_bits == pytest.approx(night.bits[found.telling], abs=1e-2)


def test_of_two_nights_each_is_left_out_alone(mind):
    told(mind)
    a_night(mind)
    a_night(mind, number=2, seed=8)
    found = why(mind)
    assert [each.night for each in found.nights] == [1, 2]
    assert found.nights[0].bits != pytest.approx(found.nights[1].bits, abs=1e-4)


def test_asking_why_writes_nothing(mind):
    told(mind)
    a_night(mind)
    before = mind.parts.cortex.hash()
    events = list(mind.explain(cmd.Explain(text=CUE, answer="Trondheim", memory="whole")))
    assert mind.parts.cortex.hash() == before
    assert of(events, ev.CortexChecked)[-1].unchanged
    told_of = [(e.done, e.of) for e in of(events, ev.Explaining)]
    assert told_of[-1][0] == told_of[-1][1] and [d for d, _ in told_of] == sorted(d for d, _ in told_of)


def test_a_memory_left_out_is_an_answer_without_it(mind):
    told(mind)
    cue = TEXTS[1]
    assert mind.parts.hippocampus.recall(cue).reads
    found = why(mind, answer="Trondheim", memory="whole", text=cue)
    assert sum(read.weight for read in found.reads) == pytest.approx(1.0)
    alone = why(mind, answer="Trondheim", memory="cortex", text=cue)
    if len(found.reads) == 1:
        assert found.reads[0].bits == pytest.approx(alone.bits, abs=1e-3)
    assert found.bits != pytest.approx(alone.bits, abs=1e-2)
