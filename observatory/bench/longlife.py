"""A made-up life of any length, written as a home: so many episodes, so many nights, so many events.

Nothing in it was measured, and no model said any of it; sizes are those of real events. It is written without the
record's care for sudden ends, because it is made to be measured and thrown away.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from ..protocol import events as ev
from ..protocol import wire
from ..record import journal as journals
from ..record.database import Database, connect
from ..record.recovery import Home

A_NIGHT = 100
"""Episodes that a night goes over."""
PORTION = 5_000
START = 1_735_700_000.0
WORDS = (
    "harbour", "lantern", "kettle", "barometer", "spare", "key", "blue", "house", "bees", "Trondheim", "lift", "ferry",
)  # fmt: skip
CORTEX = hashlib.sha256(b"made up").hexdigest()


def life(episodes: int, events: int) -> Iterator[ev.Record]:
    """Days of a hundred episodes, each with its night; what is over is dreams, old material and traces."""
    nights = max(1, episodes // A_NIGHT)
    more = max(0, events // nights - 5 * A_NIGHT - 330)
    dice = random.Random(0)
    yield _ready()
    for night in range(1, nights + 1):
        first = (night - 1) * A_NIGHT + 1
        yield ev.ModeChanged(mode="awake", why="morning")
        for number in range(first, first + A_NIGHT):
            yield from _told(number, dice)
        yield from _slept(night, list(range(first, first + A_NIGHT)), more, dice)


def _ready() -> ev.MindReady:
    return ev.MindReady(
        model="made up", model_hash=CORTEX, device="cpu", precision="float32", threads=1, parameters=1, layers=30,
        width=576, vocabulary=49_152, code_units=4096, code_active=64, base=CORTEX, cortex=CORTEX, nights=[],
        versions={}, load_s=0.0,
    )  # fmt: skip


def _told(number: int, dice: random.Random) -> Iterator[ev.Record]:
    pieces = [f" {dice.choice(WORDS)}" for _ in range(14)]
    yield ev.EpisodeEncoded(
        episode=number, text="".join(pieces).strip(), speaker="user", session=f"s{number // 20}", lived_at="", goal="",
        outcome=None, because="", source="made up", line=number, pieces=pieces, tokens=[dice.randrange(49_152)] * 14,
        surprise=[dice.random() * 12 for _ in pieces], code=sorted(dice.sample(range(4096), 64)),
        novelty=dice.random(), nearest=[], pass_ms=40.0, code_ms=2.0,
    )  # fmt: skip
    yield ev.EpisodeKept(episode=number)
    yield ev.EpisodesScored(goal="", why="told", took_ms=1.0, episodes=[ev.EpisodeScore(
        episode=number, curiosity=dice.random(), focus=0.0, fear=dice.random(), why="made up",
        bits_over=dice.random(), error=dice.random(), value=0.1, tail=-0.2,
    )])  # fmt: skip
    yield ev.StateMoved(
        episode=number, session=f"s{number // 20}", turn=number % 20, trained_by=0, place=[0.1, 0.2, dice.random()],
        expected=[0.1, 0.2, 0.3], error=0.2, value=0.1, tail=-0.2, fails=0.2, distribution=[1 / 41] * 41, took_ms=1.0,
    )  # fmt: skip
    yield ev.GovernorDecided(
        on="told", choice="encode", rule="new", why="it is new", table=CORTEX, lived_at="", episode=number,
        states=ev.MetaStates(pressure=0.2 + (number % A_NIGHT) / 150),
    )  # fmt: skip


def _slept(night: int, taught: list[int], more: int, dice: random.Random) -> Iterator[ev.Record]:
    yield ev.ModeChanged(mode="asleep", why="made up")
    yield ev.NightOpened(
        night=night, seed=0, episodes=taught, old_episodes=[], steps=60, cortex=CORTEX, arm="sleep", why="made up"
    )
    for stage in ("propose", "rehearse", "dream", "replay"):
        yield ev.StageEntered(night=night, stage=stage, text="made up")
        if stage == "propose":
            for number in taught:
                yield ev.EpisodeProposed(night=night, episode=number, priority=0.01, bits_over_usual=1.0, why="made up")
    for item in range(more):
        number = taught[item % len(taught)]
        if item % 2:
            yield ev.DreamMade(night=night, dream=item, episode=number, prompt="Where does the spare key hang?",
                               target="Behind the barometer.", kept=True, support=0.9, why="made up")  # fmt: skip
        else:
            yield ev.TraceKept(night=night, episode=number, cue="Where does the spare key hang?", answer="Behind it.")
    for step in range(1, 61):
        items = [_row(row, dice.choice(taught), dice) for row in range(18)]
        yield ev.ReplayStep(night=night, step=step, of=60, loss=1.0, kl=0.01, rate=1e-3, tokens=640, step_s=2.0,
                            grad_norm=1.0, items=items)  # fmt: skip
    scores = {"direct": ev.Score(right=80, asked=100)}
    proposal = ev.Proposal(
        night=night, delta=CORTEX, file="", cortex_before=CORTEX, cortex_after=CORTEX, scale=0.9, rank=12, norm=1.0,
        drift={}, episodes=taught, steps=60, tokens=1, bytes=1,
    )  # fmt: skip
    for stage in ("weigh", "gate"):
        yield ev.StageEntered(night=night, stage=stage, text="made up")
    yield ev.Proposed(proposal=proposal, recall_before=scores, recall_after=scores, perplexity_before=40.0,
                      perplexity_after=40.0, kl_before=0.0, kl_after=0.0)  # fmt: skip
    word = "veto" if night % 9 == 0 else "approve"
    yield ev.Decided(night=night, delta=CORTEX, decision=word, by="Ada", reason="made up")
    if word == "approve":
        yield ev.NightCommitted(
            night=night, delta=CORTEX, file="", cortex_before=CORTEX, cortex_after=CORTEX, wall_s=1.0
        )
    yield ev.NightClosed(night=night, ended="vetoed" if word == "veto" else "committed", cortex=CORTEX, why="made up",
                         wall_s=1.0, steps=60, tokens=1, peak_rss_mb=1.0)  # fmt: skip


def _row(place: int, episode: int, dice: random.Random) -> ev.ReplayItem:
    return ev.ReplayItem(
        kind="episode", episode=episode, item=place, cue="Tell me about the spare key.", loss=dice.random(),
        worst=dice.random(), drive="curiosity",
    )  # fmt: skip


def _timed(events: Iterator[ev.Record]) -> Iterator[ev.Record]:
    """A second from event to event, and eight hours after every night."""
    at = START
    for seq, event in enumerate(events, 1):
        at += 1.0
        yield msgspec.structs.replace(event, seq=seq, at=at)
        if isinstance(event, ev.NightClosed):
            at += 8 * 3600.0


def write(folder: Path, episodes: int, events: int, said: Callable[[int], None] = lambda count: None) -> int:
    """Make the home; `said` hears how many events are written. Returns how many there are in the end."""
    home = Home(folder)
    folder.mkdir(parents=True)
    header = journals.new_header()
    chain, count = journals.origin(header), 0
    database = Database(connect(home.database), str(home.database))
    told = _timed(life(episodes, events))
    with open(home.journal, "wb") as journal:
        journal.write(header)
        while portion := list(islice(told, PORTION)):
            new = journals.entries_of(chain, [(e.seq, e.at, type(e).__name__, wire.to_json(e)) for e in portion])
            chain = new[-1].chain
            journal.write(b"".join(map(journals.line, new)))
            with database.transaction():
                database.insert(new, portion)
            count += len(portion)
            said(count)
    database.header = header
    database.close()
    return count
