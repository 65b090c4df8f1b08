"""A policy as a file: TOML that a person edits, checked whole, with all faults named at once.

A home's own policy is HOME/policy.toml; without one the built-in one is in force. A file that cannot be used is never
replaced by the built-in one: it is handed on as unclear, and under that nothing is approved. It does not know what
thresholds mean nor who asks.
"""

from __future__ import annotations

import time
import tomllib
from functools import lru_cache
from pathlib import Path

from .. import resources
from ..protocol import events as e
from ..protocol.lines import FAULTS_NAMED, shown
from .approval import person
from .policy import Approval, Policy, PolicyUnclear, Threshold, Thresholds, Unattended

VERSION = 1
FILE = "policy.toml"
TEXT_LIMIT = 65_536
"""Characters of a policy: twenty times the built-in one with its comments."""
NAME_LIMIT = 60
KEY = "key:"
FINGERPRINT = 64
"""Hexadecimal figures of a key's fingerprint."""

LEAST, MOST = "at_least", "at_most"
BOUNDS: dict[str, tuple[str, float, float, bool]] = {
    "recall_gained": (LEAST, -10_000, 10_000, True),
    "known_kept": (LEAST, 0.0, 1.0, False),
    "perplexity_rise": (MOST, 0.0, 1_000.0, False),
    "kl": (MOST, 0.0, 1_000.0, False),
    "drift": (MOST, 0.0, 1_000.0, False),
    "red_flags": (MOST, 0, 10_000, True),
}
"""For each threshold its bound's key, from where to where it may be, and whether it is a whole number."""
ANY = "any"


@lru_cache(maxsize=1)
def built_in() -> Policy:
    return read((resources.folder() / FILE).read_text("utf-8"))


def in_force(home: Path) -> Policy | PolicyUnclear:
    """What a home goes by now; one that cannot be used is given back as unclear, never passed over."""
    path = Path(home) / FILE
    try:
        return read_file(path)
    except FileNotFoundError:
        # A link that leads nowhere is a policy that somebody meant, not the absence of one.
        return PolicyUnclear(["it is a link that leads nowhere"], str(path)) if path.is_symlink() else built_in()
    except PolicyUnclear as unclear:
        return unclear


def read_file(path: Path) -> Policy:
    """Raises FileNotFoundError where there is none, and PolicyUnclear, which names the file, for all else."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as why:
        raise PolicyUnclear([f"it could not be read: {why.strerror or why}"], str(path)) from why
    except UnicodeDecodeError as why:
        raise PolicyUnclear([f"byte {why.start + 1} is not UTF-8; save the file as UTF-8"], str(path)) from why
    try:
        return read(text)
    except PolicyUnclear as unclear:
        raise PolicyUnclear(unclear.faults, str(path)) from unclear


def notices(home: Path) -> list[e.Notice]:
    """What a session says at its start about a policy that cannot be used."""
    found = in_force(home)
    if not isinstance(found, PolicyUnclear):
        return []
    return [
        e.Notice(
            at=time.time(), level="warning", title="Nothing can be approved", text=str(found),
            remedy="Mend the file; it is read anew for every decision. `observatory policy` checks it.",
        )
    ]  # fmt: skip


def read(text: str) -> Policy:
    """A policy from its TOML. Raises PolicyUnclear with all faults at once."""
    found, faults = _toml(text), []
    _only(found, ("version", "thresholds", "approval", "unattended"), "the policy", faults)
    if type(found.get("version")) is not int or found["version"] != VERSION:
        faults.append(f"its version is not known here; write version = {VERSION} at its top")
    thresholds = _thresholds(_section(found, "thresholds", tuple(BOUNDS), faults), faults)
    approval = _approval(_section(found, "approval", ("approvers", "people", "signed"), faults), faults)
    unattended = _unattended(
        _section(found, "unattended", ("approve", "over_a_threshold", "delete"), faults), approval, faults
    )
    if faults:
        named = faults[:FAULTS_NAMED]
        raise PolicyUnclear([*named, "and more"] if len(faults) > len(named) else named)
    return Policy(
        version=VERSION, thresholds=Thresholds(**thresholds), approval=Approval(**approval),
        unattended=Unattended(**unattended),
    )  # fmt: skip


# ---------------------------------------------------------------- checking


def _toml(text: str) -> dict:
    if len(text) > TEXT_LIMIT:
        raise PolicyUnclear([f"it has {len(text):,} characters; at most {TEXT_LIMIT:,} are allowed"])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        raise PolicyUnclear([f"it is not TOML: {str(why)[:1].lower()}{str(why)[1:]}"]) from None
    except RecursionError:
        raise PolicyUnclear(["it is not usable TOML: nested too deeply"]) from None
    except ValueError:
        raise PolicyUnclear(["it is not usable TOML: it holds a number of thousands of digits"]) from None


def _section(found: dict, name: str, keys: tuple[str, ...], faults: list[str]) -> dict:
    """A section's keys, each there and none unknown; what is wrong goes to the faults."""
    section = found.get(name)
    if not isinstance(section, dict):
        faults.append(f"it has no section [{name}], with {', '.join(keys)} under it")
        return {}
    _only(section, keys, f"[{name}]", faults)
    faults += [f"[{name}] has no “{key}”; every key must stand there" for key in keys if key not in section]
    return section


def _thresholds(section: dict, faults: list[str]) -> dict[str, Threshold]:
    made = {}
    for name, (bound, low, high, whole) in BOUNDS.items():
        if name not in section:
            continue
        wanted, how = section[name], f'write {name} = {{ {bound} = {1 if whole else 0.1:g} }} or {name} = "{ANY}"'
        if wanted == ANY:
            made[name] = Threshold(limit=None)
        elif not isinstance(wanted, dict):
            faults.append(f"“{name}” is {_kind(wanted)}; {how}")
        else:
            made[name] = _threshold(name, wanted, bound, (low, high, whole), how, faults)
    return made


def _threshold(name: str, wanted: dict, bound: str, bounds: tuple, how: str, faults: list[str]) -> Threshold | None:
    (low, high, whole), before = bounds, len(faults)
    _only(wanted, (bound, "absolute"), f"“{name}”", faults)
    limit, absolute = wanted.get(bound), wanted.get("absolute", False)
    if type(absolute) is not bool:
        faults.append(f"“{name}”: absolute is {_kind(absolute)}; write true or false")
    if limit is None:
        faults.append(f"“{name}” has no {bound}; {how}")
    elif type(limit) is not int and (whole or type(limit) is not float):
        faults.append(f"“{name}”: {bound} is {_kind(limit)}; write {'a whole number' if whole else 'a number'}")
    elif not low <= limit <= high:  # also when it is not a number
        faults.append(f"“{name}”: {bound} must be from {low:g} to {high:g}")
    return Threshold(limit=float(limit), absolute=absolute) if len(faults) == before else None


def _approval(section: dict, faults: list[str]) -> dict:
    approvers, people = section.get("approvers", []), section.get("people", 1)
    if not isinstance(approvers, list):
        faults.append(f"“approvers” is {_kind(approvers)}; write a list of names or keys, or [] for everybody")
        approvers = []
    good = [each for each in approvers if _approver(each, faults)]
    if type(people) is not int or people not in (1, 2):
        faults.append("“people” must be 1 or 2")
    elif people == 2 and approvers and len({person(each) for each in good}) < 2:
        faults.append("“people” is 2, but “approvers” names fewer than two")
    return {"approvers": good, "people": people, "signed": _truth(section, "signed", faults)}


def _approver(each: object, faults: list[str]) -> bool:
    if not isinstance(each, str) or not each.strip():
        faults.append("“approvers” holds something that is no name and no key")
    elif each.startswith(KEY):
        figures = each.removeprefix(KEY)
        if len(figures) == FINGERPRINT and not set(figures) - set("0123456789abcdef"):
            return True
        faults.append(f"“{shown(each)}” is no key; write key: and its {FINGERPRINT} figures, 0 to 9 and a to f")
    elif len(each) > NAME_LIMIT or not each.isprintable():
        faults.append(f"the approver “{shown(each)}” is no name of at most {NAME_LIMIT} characters that can be shown")
    else:
        return True
    return False


def _unattended(section: dict, approval: dict, faults: list[str]) -> dict:
    made = {key: _truth(section, key, faults) for key in ("approve", "over_a_threshold", "delete")}
    if made["delete"]:
        faults.append("[unattended] delete is true, but no unattended run ever deletes; write false")
    if made["approve"] and approval["people"] == 2:
        faults.append("[unattended] approve is true, but two people must approve; write false")
    if made["approve"] and approval["signed"]:
        faults.append("[unattended] approve is true, but approvals must be signed; write false")
    return made


def _truth(section: dict, key: str, faults: list[str]) -> bool:
    value = section.get(key, False)
    if type(value) is not bool:
        faults.append(f"“{key}” is {_kind(value)}; write true or false")
        return False
    return value


def _only(found: dict, known: tuple[str, ...], where: str, faults: list[str]) -> None:
    for key in found:
        if key not in known:
            faults.append(f"{where} names “{shown(key)}”, which is not known; known are {', '.join(known)}")


def _kind(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "a table", int: "a number", float: "a number"}
    return kinds.get(type(value), "a date or time")
