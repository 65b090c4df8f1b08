"""The governor's table of rules: TOML that a person edits, checked whole, hashed, and asked what to do.

Every moment has one or two questions, and of the rules for a question the first whose conditions all hold decides it.
Conditions look at meta-states and at nothing else, so any table can be asked about any recorded moment. A table is
data: nothing in it is ever run. It does not know where states come from nor what becomes of a decision.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from functools import lru_cache
from typing import Literal, NamedTuple, get_args, get_type_hints

import msgspec

from .. import resources
from ..protocol.drives import PRESETS
from ..protocol.events import Choice, MetaStates, Moment, Plain
from ..protocol.lines import FAULTS_NAMED, shown
from .pressure import HIGHEST_THRESHOLD, Constants

VERSION = 1
FILE = "governor.toml"
TEXT_LIMIT = 65_536
"""Characters of a table: ten times the built-in one with its comments."""
MOST_RULES = 100
NAME_LIMIT, BECAUSE_LIMIT = 60, 400
"""Characters that fit a column of the window, and two lines under it."""

QUESTIONS: dict[Moment, dict[str, tuple[Choice, ...]]] = {
    "told": {"store": ("observe", "encode"), "sleep": ("propose sleep", "stay awake")},
    "asked": {"memory": ("answer alone", "read memory"), "person": ("ask",)},
    "idle": {"time": ("propose sleep", "rest", "stay awake")},
    "night over": {"wake": ("wake",)},
}
"""What there is to decide at each moment, and between what. Only “person” may be left undecided: nobody is asked."""

STATES: tuple[str, ...] = MetaStates.__struct_fields__
THRESHOLD = "threshold"
"""What pressure may be compared with instead of a number: the table's threshold as the rhythm moves it."""
FULL = "the store is full"
"""The rule that no table can take away: sleep is proposed before what no night was offered must go."""
HELD_BACK = "not again yet"
"""The rule under which a proposal is not repeated."""

CONDITION = re.compile(r"\s*(<=|>=|<|>)\s*(threshold|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*")
BRACES = re.compile(r"\{([^{}]*)\}")
NUMBER = re.compile(r"([a-z_]+)(?::(\.[0-4][f%]))?")
HOW_BECAUSE = f"write {{capacity}}, {{capacity:.2f}} or {{capacity:.0%}}, with one of {', '.join((*STATES, THRESHOLD))}"
HOW_IF = 'write for example if = { capacity = ">= 0.9" } or if = { novelty = ["> 0.2", "< 0.5"] }'


class RulesUnclear(ValueError):
    """A table that cannot be used; `faults` are all that is wrong with it, as far as they are named."""

    def __init__(self, faults: list[str]):
        self.faults = faults[:FAULTS_NAMED]
        super().__init__("\n".join(f"{fault}." for fault in self.faults))


class Condition(Plain, frozen=True, kw_only=True):
    state: str
    sign: Literal["<", "<=", ">", ">="]
    than: float | Literal["threshold"]

    def said(self) -> str:
        return f"{self.sign} {self.than if self.than == THRESHOLD else format(self.than, 'g')}"


class Rule(Plain, frozen=True, kw_only=True):
    name: str
    on: Moment
    conditions: list[Condition]
    then: Choice
    preset: str = ""
    because: str = ""


class Verdict(NamedTuple):
    choice: Choice
    rule: str
    why: str
    preset: str = ""


class Table(Plain, frozen=True, kw_only=True):
    """A table that can be used: every question that must be decided is, whatever the states."""

    version: int = VERSION
    pressure: Constants = Constants()
    rules: list[Rule]

    @property
    def hash(self) -> str:
        """The sha256 of what it says; comments, spaces and the order of conditions count for nothing."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def decide(self, on: Moment, question: str, states: MetaStates, quiet_until: float = -1.0) -> Verdict | None:
        """What the first rule that holds says; None when nobody is to be asked.

        Up to a pressure of `quiet_until` sleep is not proposed: what else is to be done then is said instead.
        """
        options = QUESTIONS[on][question]
        held = [rule for rule in self.rules if rule.on == on and rule.then in options and self._holds(rule, states)]
        said = self._verdict(held[0], states) if held else None
        if "propose sleep" not in options:
            return said
        if said.choice != "propose sleep" and states.capacity >= 1.0:
            why = "No place is left in the store: what is told next would push out what no night was offered."
            said = Verdict("propose sleep", FULL, f"{why} Pressure is {states.pressure:.0%}.")
        if said.choice != "propose sleep" or states.pressure > quiet_until:
            return said
        again = f"it is offered again above {quiet_until:.0%}" if quiet_until < 1.0 else "it is not offered again yet"
        why = f"“{said.rule}” would propose sleep at a pressure of {states.pressure:.0%}, but did so before; {again}."
        return Verdict(next((r.then for r in held if r.then != "propose sleep"), "stay awake"), HELD_BACK, why)

    def _holds(self, rule: Rule, states: MetaStates) -> bool:
        return all(self._true(each, states) for each in rule.conditions)

    def _true(self, each: Condition, states: MetaStates) -> bool:
        found, than = getattr(states, each.state), self._number(each.than, states)
        match each.sign:
            case "<":
                return found < than
            case "<=":
                return found <= than
            case ">":
                return found > than
        return found >= than

    def _number(self, name: str | float, states: MetaStates) -> float:
        if name == THRESHOLD:
            return self.pressure.threshold_at(states.rhythm)
        return name if isinstance(name, float) else getattr(states, name)

    def _verdict(self, rule: Rule, states: MetaStates) -> Verdict:
        def number(braces: re.Match) -> str:
            name, form = NUMBER.fullmatch(braces[1]).groups()
            return format(self._number(name, states), form or ".2f")

        why = BRACES.sub(number, rule.because)
        if not why:
            found = [f"{c.state} is {getattr(states, c.state):.2f} ({c.said()})" for c in rule.conditions]
            why = f"“{rule.name}” {'holds: ' + ', '.join(found) if found else 'always holds'}."
        return Verdict(rule.then, rule.name, why, rule.preset)


def question(on: Moment, choice: Choice) -> str:
    """Which of the moment's questions a choice answers."""
    for name, options in QUESTIONS[on].items():
        if choice in options:
            return name
    raise ValueError(f"“{choice}” is nothing that can be chosen when it is “{on}”")


@lru_cache(maxsize=1)
def built_in() -> Table:
    return read((resources.folder() / FILE).read_text("utf-8"))


def read(text: str) -> Table:
    """A table from its TOML; an empty text is the built-in one. Raises RulesUnclear with all faults at once."""
    if not text:
        return built_in()
    found, faults = _toml(text), []
    _only(found, ("version", "pressure", "rule"), "the table", faults)
    if type(found.get("version")) is not int or found["version"] != VERSION:
        faults.append(f"the table's version is not known here; write version = {VERSION} at its top")
    constants = _constants(found.get("pressure", {}), faults)
    rules = _rules(found.get("rule", []), faults)
    if not faults:
        faults += _order(rules)
    if faults:
        raise RulesUnclear(faults)
    return Table(pressure=constants, rules=rules)


# ---------------------------------------------------------------- checking


def _toml(text: str) -> dict:
    if len(text) > TEXT_LIMIT:
        raise RulesUnclear([f"the table has {len(text):,} characters; at most {TEXT_LIMIT:,} are allowed"])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise RulesUnclear([f"this is not TOML: {str(why)[:1].lower()}{str(why)[1:]}"]) from None
    except RecursionError:
        raise RulesUnclear(["this is not usable TOML: nested too deeply"]) from None
    except ValueError:
        raise RulesUnclear(["this is not usable TOML: it holds a number of thousands of digits"]) from None


def _constants(found: object, faults: list[str]) -> Constants:
    if not isinstance(found, dict):
        faults.append(f"“pressure” is {_kind(found)}; write [pressure] on a line of its own, and its keys under it")
        return Constants()
    types = get_type_hints(Constants, include_extras=True)
    _only(found, tuple(types), "[pressure]", faults)
    good = {}
    for key, value in found.items():
        if key not in types:
            continue
        if isinstance(value, float) and not math.isfinite(value):
            faults.append(f"[pressure] {key}: {value} is no number to reckon with")
            continue
        try:
            good[key] = msgspec.convert(value, types[key])
        except msgspec.ValidationError as why:
            faults.append(f"[pressure] {key}: {str(why)[:1].lower()}{str(why)[1:]}")
    made = Constants(**good)
    highest = round(made.threshold_at(1.0), 6)
    if highest > HIGHEST_THRESHOLD:
        faults.append(
            f"[pressure] threshold and rhythm_strength are {highest:g} together; keep them at {HIGHEST_THRESHOLD:g} or "
            "less, so that a store that fills up overrides the rhythm"
        )
    return made


def _rules(found: object, faults: list[str]) -> list[Rule]:
    if not isinstance(found, list):
        faults.append(f"“rule” is {_kind(found)}; write every rule under a [[rule]] of its own, in double brackets")
        return []
    if not found:
        faults.append("the table has no rules; write each under a [[rule]]")
    if len(found) > MOST_RULES:
        faults.append(f"the table has {len(found)} rules; at most {MOST_RULES} are allowed")
    made = [_rule(number, each, faults) for number, each in enumerate(found[:MOST_RULES], start=1)]
    return [rule for rule in made if rule is not None]


def _rule(number: int, found: object, faults: list[str]) -> Rule | None:
    if not isinstance(found, dict):
        faults.append(f"rule {number} is {_kind(found)}; write [[rule]], and its keys under it")
        return None
    own: list[str] = []
    name = _text(found, "name", NAME_LIMIT, own, needed=True)
    where = f"rule {number} (“{shown(name)}”)" if name else f"rule {number}"
    unknown: list[str] = []
    _only(found, ("name", "on", "if", "then", "preset", "because"), where, unknown)
    if name in (FULL, HELD_BACK):
        own.append("this name stands for a rule that is built in; choose another")
    on, then = _one_of(found, "on", Moment, own), _one_of(found, "then", Choice, own)
    if on and then and not any(then in options for options in QUESTIONS[on].values()):
        fit = ", ".join(choice for options in QUESTIONS[on].values() for choice in options)
        own.append(f"then = “{then}” does not suit on = “{on}”; choose one of {fit}")
    conditions = _conditions(found.get("if", {}), own)
    preset = _text(found, "preset", NAME_LIMIT, own)
    if preset and then and then != "propose sleep":
        own.append("only a rule with then = “propose sleep” may have a preset; take it out")
    elif preset and preset not in PRESETS:
        own.append(f"there is no preset “{shown(preset)}”; choose one of {', '.join(PRESETS)}")
    because = _text(found, "because", BECAUSE_LIMIT, own)
    own += _braces(because)
    faults += unknown + [f"{where}: {fault}" for fault in own]
    if own or unknown:
        return None
    return Rule(name=name, on=on, conditions=conditions, then=then, preset=preset, because=because)


def _conditions(found: object, own: list[str]) -> list[Condition]:
    if not isinstance(found, dict):
        own.append(f"“if” is {_kind(found)}; {HOW_IF}")
        return []
    made = []
    for state, wanted in sorted(found.items()):
        if state not in STATES:
            own.append(f"“if” names “{shown(state)}”, which is no state; known are {', '.join(STATES)}")
            continue
        several = wanted if isinstance(wanted, list) else [wanted]
        if not several:
            own.append(f"“if” says nothing of {state}; {HOW_IF}")
        for each in several:
            parts = CONDITION.fullmatch(each) if isinstance(each, str) else None
            if parts is None:
                said = f"“{shown(each)}”" if isinstance(each, str) else _kind(each)
                own.append(f"“if” has {said} for {state}, which is no condition; {HOW_IF}")
            elif parts[2] == THRESHOLD and state != "pressure":
                own.append(f"only pressure can be compared with the threshold, not {state}; write a number")
            elif parts[2] != THRESHOLD and float(parts[2]) > 1.0:
                own.append(f"“if” compares {state} with {shown(parts[2])}, but states go from 0 to 1 only")
            else:
                than = THRESHOLD if parts[2] == THRESHOLD else float(parts[2])
                made.append(Condition(state=state, sign=parts[1], than=than))
    return sorted(made, key=lambda c: (c.state, c.sign, str(c.than)))


def _braces(because: str) -> list[str]:
    """Only the name of a state may stand in braces, perhaps with decimals; nothing is looked up on it."""
    wrong = []
    for inside in BRACES.findall(because):
        parts = NUMBER.fullmatch(inside)
        if parts is None or parts[1] not in (*STATES, THRESHOLD):
            wrong.append(f"“because” has “{{{shown(inside)}}}”, which cannot be filled in; {HOW_BECAUSE}")
    if not wrong and set("{}") & set(BRACES.sub("", because)):
        wrong.append(f"“because” has a brace without its partner; {HOW_BECAUSE}")
    return wrong


def _order(rules: list[Rule]) -> list[str]:
    """Every question ends with a rule that always holds, nothing stands after it, and no name stands twice."""
    wrong = []
    numbered = list(enumerate(rules, start=1))
    for on, questions in QUESTIONS.items():
        names: dict[str, int] = {}
        for number, rule in numbered:
            if rule.on == on and names.setdefault(rule.name, number) != number:
                first = names[rule.name]
                wrong.append(f"rule {number} (“{rule.name}”): rule {first} on “{on}” has this name too; choose another")
        for name, options in questions.items():
            asked = [(number, rule) for number, rule in numbered if rule.on == on and rule.then in options]
            last = next((number for number, rule in asked if not rule.conditions), None)
            if last is None and name != "person":
                wrong.append(
                    f"on “{on}”, where it is {' or '.join(options)}, nothing is decided when no condition holds; end "
                    f'with a [[rule]] that has on = "{on}", then = "{options[-1]}" and no “if”'
                )
            wrong += [
                f"rule {number} (“{rule.name}”) can never be reached, since rule {last} has no “if” and always holds; "
                "move it up or take it out"
                for number, rule in asked
                if last is not None and number > last
            ]
    return wrong


def _text(found: dict, key: str, most: int, own: list[str], *, needed: bool = False) -> str:
    value = found.get(key, "")
    if not isinstance(value, str):
        own.append(f"“{key}” is {_kind(value)}; write a text in quotes")
        return ""
    value = " ".join(value.split())
    if needed and not value:
        own.append(f'it has no {key}; write {key} = "…"')
    if len(value) > most:
        own.append(f"“{key}” has {len(value)} characters; at most {most} are allowed")
    if not value.isprintable():
        own.append(f"“{key}” holds a character that cannot be shown; take it out")
    return value


def _one_of(found: dict, key: str, kind, own: list[str]):
    known, value = get_args(kind), found.get(key)
    if value in known:
        return value
    said = f"it has no “{key}”" if value is None else f"“{key}” is {_kind(value)}"
    if isinstance(value, str):
        said = f"“{key}” is “{shown(value)}”"
    own.append(f"{said}; choose one of {', '.join(known)}")
    return None


def _only(found: dict, known: tuple[str, ...], where: str, faults: list[str]) -> None:
    for key in found:
        if key not in known:
            faults.append(f"{where}: unknown key “{shown(key)}”; known are {', '.join(known)}")


def _kind(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "a table", int: "a number", float: "a number"}
    return kinds.get(type(value), "a date or time")
