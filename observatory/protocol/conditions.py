"""Where a night is to hold: “until KL > 0.1”, “until episode 12 is replayed”, “until loss < 2 or the next exam”.

A small grammar, read by hand: a list of alternatives (`or`) of things that must come together (`and`). Nothing in it
is ever evaluated as code. A condition is asked after every event of a night and knows only what those events said.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import get_args

from . import events as ev

LIMIT = 200
"""Characters in one condition; four quantities and their numbers fit three times over."""

QUANTITIES = {
    "loss": "Loss", "kl": "KL", "rate": "Rate", "gradient": "Gradient", "habits": "Old habits", "seconds": "Seconds",
    "worst": "Worst", "step": "Step", "recalled": "Recalled", "perplexity": "Perplexity",
}  # fmt: skip
"""What can be compared with a number, and how it is called when it is said."""
HAPPENINGS = ("replayed", "recalled", "dreamed")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
ALIKE = {"≥": ">=", "≤": "<=", "==": "="}
STAGES: tuple[str, ...] = get_args(ev.Stage)
EXAMPLES = ("KL > 0.1", "loss < 2", "step 30", "episode 12 is replayed", "the next exam", "stage weigh")

_WORDS = re.compile(r"\s*(?:(>=|<=|==|[<>=≥≤])|(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|(\S))")
_FILLING = {"the", "next", "is", "a", "an", "about", "of", "begins"}
"""Words that only make it a sentence."""


class ConditionUnclear(ValueError):
    """It says what is not understood, and what can be written."""


@dataclass
class Seen:
    """What the night has said so far, and what happened in its last event."""

    now: dict[str, float] = field(default_factory=dict)
    happened: set[tuple[str, str | int]] = field(default_factory=set)

    def take(self, event: ev.Event) -> None:
        self.happened = set()
        match event:
            case ev.ReplayStep():
                self.now |= {
                    "loss": event.loss, "kl": event.kl, "rate": event.rate, "gradient": event.grad_norm,
                    "habits": event.calm, "seconds": event.step_s, "step": event.step,
                    "worst": max((item.worst for item in event.items), default=0.0),
                }  # fmt: skip
                self.happened = {("replayed", item.episode) for item in event.items if item.episode is not None}
            case ev.Probed():
                back = [each.episode for each in event.episodes if each.recalled]
                self.now["recalled"] = len(back)
                self.happened = {("recalled", episode) for episode in back}
            case ev.DreamMade():
                self.happened = {("dreamed", event.episode)}
            case ev.Measured():
                self.now["perplexity"] = event.perplexity
            case ev.StageEntered():
                self.happened = {("stage", event.stage)}


@dataclass(frozen=True)
class Level:
    """A quantity against a number. It goes on holding until the quantity turns back."""

    quantity: str
    sign: str
    value: float
    once = False

    def holds(self, seen: Seen) -> bool:
        return self.quantity in seen.now and COMPARISONS[self.sign](seen.now[self.quantity], self.value)

    def said(self) -> str:
        return f"{QUANTITIES[self.quantity]} {self.sign} {self.value:g}"

    def why(self, seen: Seen) -> str:
        return f"{QUANTITIES[self.quantity]} {_figure(seen.now[self.quantity])} {self.sign} {self.value:g}"


@dataclass(frozen=True)
class Happening:
    """Something that happens at one moment and is over."""

    what: str
    whom: str | int
    once = True

    def holds(self, seen: Seen) -> bool:
        return (self.what, self.whom) in seen.happened

    def said(self) -> str:
        if self.what == "stage":
            return f"stage {self.whom}"
        return f"episode {self.whom} is {self.what}" + (" about" if self.what == "dreamed" else "")

    def why(self, seen: Seen) -> str:
        if self.what == "stage":
            return f"the stage {self.whom} begins"
        return f"episode {self.whom} was {self.what}" + (" about" if self.what == "dreamed" else "")


@dataclass(frozen=True)
class Condition:
    """Alternatives, each of them a group that must hold together."""

    groups: tuple[tuple[Level | Happening, ...], ...]

    def said(self) -> str:
        """As it is written, always the same way."""
        return " or ".join(" and ".join(each.said() for each in group) for group in self.groups)

    def met(self, seen: Seen) -> str:
        """Why it holds now, in words with figures; empty when it does not."""
        for group in self.groups:
            if all(each.holds(seen) for each in group):
                return " and ".join(each.why(seen) for each in group)
        return ""

    def momentary(self, seen: Seen) -> bool:
        """Whether it holds for something that is over with this event, and not for a level that lasts."""
        return any(all(e.holds(seen) for e in group) and any(e.once for e in group) for group in self.groups)


class Watch:
    """Breakpoints, and one condition to run to. A level that lasts holds the night once, not at every step."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.until: Condition | None = None
        self._watched: dict[str, Condition] = {}
        self._held: set[str] = set()

    def watch(self, conditions: Iterable[str]) -> None:
        """These and no others. Raises `ConditionUnclear`, and then nothing is changed."""
        read_ = [read(text) for text in conditions]
        self._watched = {condition.said(): condition for condition in read_}
        self._held &= set(self._watched)

    def begin(self) -> None:
        """Another night: nothing has been seen of it."""
        self.seen, self.until, self._held = Seen(), None, set()

    def take(self, event: ev.Event) -> str:
        """Why the night is to hold after this event; empty: it is not."""
        self.seen.take(event)
        whys = []
        if self.until is not None and (why := self.until.met(self.seen)):
            whys.append(why)
            self.until = None
        for said, condition in self._watched.items():
            why = condition.met(self.seen)
            if why and (said not in self._held or condition.momentary(self.seen)):
                whys.append(why)
            (self._held.add if why else self._held.discard)(said)
        return "; ".join(dict.fromkeys(whys))


# ---------------------------------------------------------------- reading


def read(text: str) -> Condition:
    """A condition as a person writes it. What it cannot be is refused in a sentence that says what it can be."""
    if len(text) > LIMIT:
        raise ConditionUnclear(f"That is {len(text)} letters long; a condition has {LIMIT} at most.")
    words = _split(text)
    if words and words[0] == "until":
        words = words[1:]
    if not words:
        raise ConditionUnclear(f"Nothing is said yet. {_can_be()}")
    return Condition(tuple(
        tuple(_one(part) for part in _parted(group, "and", text)) for group in _parted(words, "or", text)
    ))  # fmt: skip


def _split(text: str) -> list[str]:
    words = []
    for sign, number, word, odd in _WORDS.findall(text.casefold()):
        if odd:
            raise ConditionUnclear(f"“{odd}” is not understood here. {_can_be()}")
        words.append(ALIKE.get(sign, sign) or number or word)
    return [word for word in words if word not in _FILLING]


def _parted(words: list[str], at: str, text: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == at:
            parts.append([])
        else:
            parts[-1].append(word)
    if not all(parts):
        raise ConditionUnclear(f"Before and after “{at}” something must be said. {_can_be()}")
    return parts


def _one(words: list[str]) -> Level | Happening:
    match words:
        case [stage] | ["stage", stage] | ["stage", "=", stage] if stage in STAGES:
            return Happening("stage", stage)
        case ["stage", *rest]:
            raise ConditionUnclear(f"“{' '.join(rest)}” is no stage. The stages: {', '.join(STAGES)}.")
        case ["episode", number, happening] if number.isdigit() and happening in HAPPENINGS:
            return Happening(happening, int(number))
        case ["episode", *_]:
            raise ConditionUnclear("Of an episode can be said: episode 12 is replayed, is recalled, is dreamed about.")
        case ["step", number] if number.isdigit():
            return Level("step", "=", float(number))
        case [*names, sign, number] if sign in COMPARISONS and names and _number(number) is not None:
            name = "habits" if names == ["old", "habits"] else " ".join(names)
            if name in QUANTITIES:
                return Level(name, sign, _number(number))
            raise ConditionUnclear(f"“{name}” is nothing that is measured. There are: {_measured()}.")
        case [name] if name in QUANTITIES:
            raise ConditionUnclear(f"{QUANTITIES[name]} against what? For example “{QUANTITIES[name]} > 0.1”.")
    raise ConditionUnclear(f"“{' '.join(words)}” is not understood. {_can_be()}")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _measured() -> str:
    return ", ".join(QUANTITIES.values())


def _can_be() -> str:
    return "Write, for example: " + "; ".join(EXAMPLES) + "; joined by “and” or “or”."


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e6 else f"{value:.3g}"
