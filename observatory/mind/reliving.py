"""A life lived again, without what was forgotten or left out: the mind comes to be one that never heard it.

It begins at the untouched base with an empty hippocampus and takes in, in their order, what the record kept: what was
told, how it went, what for, and the nights that still count. Every step does what it did when it was lived, so that
the same steps give the same mind, bit for bit, whether they are lived or lived again; only what the governor decided
then (what was stored, when to sleep) is taken as it was. Nights are not derived here: they are opened between two
parts of a life and go through the gate like any other. It does not know who asked for it, nor what is left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import models
from ..governor.pressure import bits_beyond
from ..protocol import commands as cmd
from ..protocol import events as ev
from . import gate
from .cortex import Cortex
from .fading import Fading
from .hippocampus import Hippocampus
from .inner import Inner
from .waking import Waking

if TYPE_CHECKING:
    from .mind import Mind


def relived(mind: Mind, order: cmd.Relive):
    """One part of it; a generator of events."""
    if order.begin:
        yield from _begin(mind)
    for done, step in enumerate(order.steps, 1):
        match step:
            case cmd.Tell():
                yield from mind.waking.retell(step, told_anew=step.episode >= order.fresh)
            case cmd.Feedback():
                yield from mind.waking.refeel(step, told_anew=step.episode >= order.fresh)
            case cmd.SetGoal():
                mind.waking.aims(step)
            case cmd.MarkEpisodes():
                mind.waking.mark(step)
            case cmd.NightBehind():
                yield from _night_behind(mind, step)
        yield ev.MindWaiting(
            what=f"living again: {done:,} of {len(order.steps):,} things", fraction=done / len(order.steps)
        )
    yield from mind.fading.retained()
    if order.gone:
        yield ev.RolledBack(to_night=order.back_to, nights=order.gone, cortex=mind.hash, why=order.why)
    if order.end:
        held, waiting = [e for e, history in mind.fading.known.items() if history.held], mind.fading.awaiting()
        if held:
            yield mind.parts.inner.scored(held, "the life was lived again")
        mind.parts.governor.restore({e: bits_beyond(mind.parts.lived[e].bits) for e in waiting})
    yield ev.Relived(part=order.part, cortex=mind.hash)


def _begin(mind: Mind):
    """Nothing lived yet: the base as it was loaded, and nothing held."""
    parts = mind.parts
    yield ev.MindWaiting(what="reading the base again")
    _, folder = models.prepare(mind.settings.model, Path(mind.settings.models_folder))
    fresh = Cortex.load(folder, parts.cortex.device, parts.cortex.dtype)
    after = gate.roll_back(parts.cortex, fresh, [], parts.deltas)
    parts.governor.forgot(list(mind.fading.known))
    parts.lived, parts.superseded = {}, {}
    chosen = parts.hippocampus.chosen
    parts.hippocampus = Hippocampus(parts.speech, parts.hippocampus.address)
    parts.hippocampus.chosen = chosen
    if chosen is not None:
        chosen.anew()
    parts.hippocampus.superseded = parts.superseded
    parts.inner = Inner(parts.hippocampus)
    parts.excluded.clear()
    parts.inner.excluded = parts.excluded
    parts.papers.hippocampus_changed()
    mind.fading = Fading(parts, mind.settings.capacity, [])
    mind.waking = Waking(parts, mind.fading, "", mind.checked)
    mind.forget_nights()
    mind.moved(after)


def _night_behind(mind: Mind, step: cmd.NightBehind):
    """What a night that still counts did when it was lived: the same delta through the gate, then a new morning."""
    if step.accepted is not None:
        gate.rebuild(mind.parts.cortex, [step.accepted], mind.parts.deltas)
        learnt = [e for e in step.episodes if e in mind.fading.known]
        yield from mind.woken_after(step.accepted, learnt)
        if step.accepted.state:
            yield from mind.adopts(step.accepted)
    mind.fading.day_ends(step.night)
    yield from mind.fading.retained()
