"""Worlds in which the same last words end well or badly, by what went before: made days with outcomes and reasons.

In each, a session is a few turns and ends on words that are always the same. How that last turn goes follows from the
turns before it, never from its own words, so that a value read off the last message can do no better than chance. Turns
of the past say how they went (`outcome`) and why (`because`), in one of several wordings. It knows no model.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

Told = tuple[float | None, str]
"""How a turn went, and why; None when there is nothing to say of it."""


@dataclass(frozen=True)
class Deed:
    """Something that can happen in a world: how it is said, and what it does."""

    says: tuple[str, ...]
    does: Callable[[dict], Told]


@dataclass(frozen=True)
class World:
    """A name, what one is after in it, how it begins, what can happen, and the deed that every session ends on."""

    name: str
    goal: str
    begins: Callable[[], dict]
    deeds: dict[str, Deed]
    last: str


@dataclass(frozen=True)
class Turn:
    text: str
    outcome: float | None
    because: str
    deed: str


@dataclass
class Story:
    """One session: what happened, and how its last turn went."""

    world: str
    goal: str
    turns: list[Turn] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        return (self.turns[-1].outcome or 0.0) < 0

    @property
    def history(self) -> tuple[str, ...]:
        return tuple(turn.deed for turn in self.turns)


def _nothing(_state: dict) -> Told:
    return None, ""


# ---------------------------------------------------------------- fix A breaks B, fix B breaks A


def _oscillating(mine: str, other: str, said: str, others: str) -> Callable[[dict], Told]:
    def fix(state: dict) -> Told:
        state[mine] = True
        if state["coupled"]:
            state[other] = False
        if state[other]:
            return 1.0, f"the {said} ran through and the {others} kept running"
        return -1.0, f"the {others} broke as soon as the {said} worked"

    return fix


def _uncouple(state: dict) -> Told:
    state["coupled"] = False
    return None, ""


def _couple(state: dict) -> Told:
    state["coupled"] = True
    return None, ""


OSCILLATION = World(
    name="oscillation",
    goal="Get the import and the export to run side by side.",
    begins=lambda: {"import": False, "export": True, "coupled": True},
    deeds={
        "fix A": Deed(
            ("We raise the limit for the import.", "The import gets a higher limit.",
             "Let us give the import more room."),
            _oscillating("import", "export", "import", "export"),
        ),
        "fix B": Deed(
            ("We raise the limit for the export.", "The export gets a higher limit.",
             "Let us give the export more room."),
            _oscillating("export", "import", "export", "import"),
        ),
        "separate": Deed(
            ("Both now have a pool of their own.", "The shared pool is split into two.",
             "From here on they do not share a pool."), _uncouple
        ),
        "share": Deed(
            ("Both are put back on one shared pool.", "The two pools are merged again.",
             "From here on they share a pool."), _couple
        ),
        "chat": Deed(("Coffee first.", "Somebody asks about the weekend.", "The build is green."), _nothing),
        "last": Deed(("Raise the limit for the import now.",), _oscillating("import", "export", "import", "export")),
    },
    last="last",
)  # fmt: skip


# ---------------------------------------------------------------- a key that may be gone


def _takes(state: dict) -> Told:
    if state["hook"]:
        state["hook"] = False
        return 1.0, "the key hung on its hook"
    return -1.0, "the hook was empty"


def _returns(state: dict) -> Told:
    state["hook"] = True
    return None, ""


KEY = World(
    name="key",
    goal="Get into the boathouse before the rain.",
    begins=lambda: {"hook": True},
    deeds={
        "take": Deed(("Mira goes for the boathouse key.", "Somebody needs the boathouse key and looks for it.",
                      "Jonas wants to take the key of the boathouse along."), _takes),
        "return": Deed(("The boathouse key is hung up again.", "Jonas brings the key of the boathouse back.",
                        "Mira puts the boathouse key back on its hook."), _returns),
        "other": Deed(("The cellar key goes to the neighbour.", "Somebody returns the key of the cellar.",
                       "The cellar is locked again."), _nothing),
        "chat": Deed(("Clouds are coming up.", "The kettle is on.", "Nobody has seen the cat today."), _nothing),
        "last": Deed(("I fetch the boathouse key from its hook.",), _takes),
    },
    last="last",
)  # fmt: skip


# ---------------------------------------------------------------- how many there were since


MOST = 2


def _spoon(state: dict) -> Told:
    state["spoons"] += 1
    if state["spoons"] > MOST:
        return -1.0, "it was more than two since the last meal"
    return 1.0, "it was well within what one may have between meals"


def _meal(state: dict) -> Told:
    state["spoons"] = 0
    return None, ""


TONIC = World(
    name="tonic",
    goal="Take as much of the tonic as is good.",
    begins=lambda: {"spoons": 0},
    deeds={
        "spoon": Deed(("One spoon of the tonic.", "Another spoon of the tonic is taken.",
                       "She swallows a spoonful of tonic."), _spoon),
        "meal": Deed(("A proper meal.", "There is soup and bread.", "Everybody sits down to eat."), _meal),
        "walk": Deed(("A walk to the harbour.", "He reads the paper.", "The window is opened for a while."), _nothing),
        "last": Deed(("Now a spoon of the tonic.",), _spoon),
    },
    last="last",
)  # fmt: skip

WORLDS = {world.name: world for world in (OSCILLATION, KEY, TONIC)}


# ---------------------------------------------------------------- sessions and days


def lived(world: World, chance: random.Random, shortest: int = 2, longest: int = 6) -> Story:
    """One session by chance."""
    state, story = world.begins(), Story(world.name, world.goal)
    before = [name for name in world.deeds if name != world.last]
    for name in [*chance.choices(before, k=chance.randint(shortest, longest)), world.last]:
        deed = world.deeds[name]
        outcome, because = deed.does(state)
        story.turns.append(Turn(chance.choice(deed.says), outcome, because, name))
    return story


def told(world: World, count: int, seed: int, unlike: frozenset[tuple[str, ...]] = frozenset()) -> list[Story]:
    """So many sessions, as many that end badly as well. None has the history of one in `unlike`."""
    chance, out = random.Random(seed), []
    wanted = [True, False]
    while len(out) < count:
        story = lived(world, chance)
        if story.fails is wanted[len(out) % 2] and story.history not in unlike:
            out.append(story)
    return out


def day(stories: list[Story]) -> str:
    """The sessions as a day file, each under a name of its own."""
    lines = []
    for number, story in enumerate(stories, 1):
        for turn in story.turns:
            line = {"text": turn.text, "session": f"{story.world} {number}", "goal": story.goal}
            if turn.outcome is not None:
                line |= {"outcome": turn.outcome, "because": turn.because}
            lines.append(json.dumps(line, ensure_ascii=False))
    return "\n".join([*lines, '{"sleep": true}']) + "\n"
