"""A plugin's manifest: PLUGIN/plugin.toml, read and checked whole without importing anything of the plugin.

It names the plugin, the contract it was written for, what it contributes and which options a person has; every fault is
named at once. It does not know where plugins lie, nor whether their code works.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal, get_args

from ..protocol.drives import NAME as IDENTITY
from ..protocol.events import Plain
from ..protocol.lines import FAULTS_NAMED, shown
from .contract import CONTRACT, Kind

FILE = "plugin.toml"
SIZE_LIMIT = 65_536
"""Bytes of a manifest: a hundred times what one needs."""
MOST_OPTIONS = 50
MOST_NUMBER = 2**53
"""Beyond it whole numbers and floats part ways; NaN is never within."""
KEYS = ("contract", "id", "name", "version", "about", "contributes", "options")
OPTION_KEYS = ("type", "default", "least", "most", "choices", "about")
NUMBERED = re.compile(r"[0-9]+(\.[0-9]+){0,3}([a-z0-9.+-]{0,20})?")
ENTRY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):([A-Za-z_][A-Za-z0-9_]*)")
OPTION = re.compile(r"[a-z][a-z0-9_]{0,39}")
OptionType = Literal["number", "whole number", "yes or no", "text", "choice"]


class ManifestUnclear(ValueError):
    """A manifest, or a choice of options, that cannot be used; `faults` are all that are named."""

    def __init__(self, faults: list[str]):
        self.faults = faults[:FAULTS_NAMED]
        super().__init__("\n".join(f"{fault}." for fault in self.faults))


class Option(Plain, frozen=True, kw_only=True):
    type: OptionType
    default: float | int | bool | str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    about: str = ""

    def fault(self, value: object) -> str:
        """What is wrong with a value; empty if nothing is."""
        kinds = {"number": (int, float), "whole number": (int,), "yes or no": (bool,)}
        wanted = kinds.get(self.type, (str,))
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            return f"{_kind(value)} is no {self.type}"
        if isinstance(value, str):
            if self.type == "choice" and value not in self.choices:
                return f"“{shown(value)}” is none of {', '.join(self.choices)}"
            return "" if len(value) <= 400 else "the text has more than 400 characters"
        if not -MOST_NUMBER <= value <= MOST_NUMBER:
            return "it is no number to reckon with"
        if self.least is not None and value < self.least:
            return f"{value:g} is less than {self.least:g}"
        if self.most is not None and value > self.most:
            return f"{value:g} is more than {self.most:g}"
        return ""


class Manifest(Plain, frozen=True, kw_only=True):
    contract: int
    id: str
    name: str
    version: str
    about: str = ""
    contributes: dict[Kind, str]
    """“file:Class” for every kind of contribution; the file is FILE.py in the plugin's folder."""
    options: dict[str, Option] = {}

    def chosen(self, choices: dict[str, object] | None = None) -> dict[str, object]:
        """A value for every option. Raises ManifestUnclear with all that is wrong with the choices."""
        choices, faults = choices or {}, []
        known = ", ".join(self.options) or "none"
        for key, value in choices.items():
            if key not in self.options:
                faults.append(f"{self.id} has no option “{shown(key)}”; known are {known}")
            elif fault := self.options[key].fault(value):
                faults.append(f"{self.id}, option {key}: {fault}")
        if faults:
            raise ManifestUnclear(faults)
        return {key: choices.get(key, option.default) for key, option in self.options.items()}


def read(folder: Path) -> Manifest:
    """The manifest of the plugin in a folder. Raises ManifestUnclear with all faults at once."""
    found, faults = _toml(Path(folder) / FILE), []
    _only(found, KEYS, "the manifest", faults)
    if type(found.get("contract")) is not int or found["contract"] != CONTRACT:
        faults.append(f"the contract's version is not known here; write contract = {CONTRACT}")
    identity = _text(found, "id", 40, faults, needed=True)
    if identity and not IDENTITY.fullmatch(identity):
        faults.append(f"id “{shown(identity)}” does not fit; use small letters, digits and hyphens, a letter first")
    name = _text(found, "name", 60, faults, needed=True)
    version = _text(found, "version", 40, faults, needed=True)
    if version and not NUMBERED.fullmatch(version):
        faults.append(f'version “{shown(version)}” is no version; write for example version = "0.1.0"')
    about = _text(found, "about", 400, faults)
    contributes = _contributions(found.get("contributes"), Path(folder), faults)
    options = _options(found.get("options", {}), faults)
    if faults:
        raise ManifestUnclear(faults)
    return Manifest(
        contract=CONTRACT, id=identity, name=name, version=version, about=about,
        contributes=contributes, options=options,
    )  # fmt: skip


# ---------------------------------------------------------------- checking


def _toml(path: Path) -> dict:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
        if len(data) > SIZE_LIMIT:
            raise ManifestUnclear([f"it has more than {SIZE_LIMIT:,} bytes"])
        return tomllib.loads(data.decode("utf-8-sig"))
    except FileNotFoundError:
        raise ManifestUnclear([f"there is no {FILE} in {path.parent}"]) from None
    except OSError as why:
        raise ManifestUnclear([f"it could not be read: {why.strerror or why}"]) from None
    except UnicodeDecodeError as why:
        raise ManifestUnclear([f"byte {why.start + 1} is not UTF-8; save the file as UTF-8"]) from None
    except tomllib.TOMLDecodeError as why:
        raise ManifestUnclear([f"this is not TOML: {str(why)[:1].lower()}{str(why)[1:]}"]) from None
    except RecursionError:
        raise ManifestUnclear(["this is not usable TOML: nested too deeply"]) from None
    except ManifestUnclear:
        raise
    except ValueError:
        raise ManifestUnclear(["this is not usable TOML: it holds a number of thousands of digits"]) from None


def _contributions(found: object, folder: Path, faults: list[str]) -> dict[Kind, str]:
    if not isinstance(found, dict) or not found:
        said = "it has no [contributes]" if found in (None, {}) else f"“contributes” is {_kind(found)}"
        faults.append(f'{said}; write [contributes], and under it for example fast-store = "store:Store"')
        return {}
    good = {}
    for kind, entry in found.items():
        parts = ENTRY.fullmatch(entry) if isinstance(entry, str) else None
        if kind not in get_args(Kind):
            faults.append(f"[contributes] names “{shown(kind)}”; known are {', '.join(get_args(Kind))}")
        elif parts is None:
            said = f"“{shown(entry)}”" if isinstance(entry, str) else _kind(entry)
            faults.append(f'[contributes] {kind} is {said}; write "file:Class", without .py')
        elif not (folder / f"{parts[1]}.py").is_file():
            faults.append(f"[contributes] {kind} names {parts[1]}.py, which is not in the plugin's folder")
        else:
            good[kind] = entry
    return good


def _options(found: object, faults: list[str]) -> dict[str, Option]:
    if not isinstance(found, dict):
        faults.append(f"“options” is {_kind(found)}; write every option under an [options.NAME] of its own")
        return {}
    if len(found) > MOST_OPTIONS:
        faults.append(f"there are {len(found)} options; at most {MOST_OPTIONS} are allowed")
    made = {key: _option(key, each, faults) for key, each in list(found.items())[:MOST_OPTIONS]}
    return {key: option for key, option in made.items() if option is not None}


def _option(key: str, found: object, faults: list[str]) -> Option | None:
    where = f"[options.{shown(key)}]"
    if not isinstance(found, dict):
        faults.append(f"option “{shown(key)}” is {_kind(found)}; write {where}, and its keys under it")
        return None
    own: list[str] = []
    if not OPTION.fullmatch(key):
        own.append("the name does not fit; use small letters, digits and _, a letter first")
    unknown: list[str] = []
    _only(found, OPTION_KEYS, where, unknown)
    kind, about = found.get("type"), _text(found, "about", 400, own)
    if kind not in get_args(OptionType):
        own.append(f"its type is not known; choose one of {', '.join(get_args(OptionType))}")
    limits = {end: _limit(found, end, kind, own) for end in ("least", "most")}
    if None not in limits.values() and limits["least"] > limits["most"]:
        own.append("least is more than most")
    choices = found.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
        own.append('“choices” is no list of texts; write for example choices = ["a", "b"]')
        choices = []
    if (kind == "choice") != bool(choices):
        own.append("a choice needs “choices”, and nothing else has them")
    if "default" not in found:
        own.append("it has no default")
    faults += unknown
    if not own:
        trial = Option(type=kind, default=0, choices=tuple(choices), about=about, **limits)
        if fault := trial.fault(found["default"]):
            own.append(f"its default does not fit: {fault}")
    faults += [f"{where}: {fault}" for fault in own]
    if own or unknown:
        return None
    return Option(type=kind, default=found["default"], choices=tuple(choices), about=about, **limits)


def _limit(found: dict, end: str, kind: object, own: list[str]) -> float | None:
    value = found.get(end)
    if value is None:
        return None
    if kind not in ("number", "whole number"):
        own.append(f"only numbers have a “{end}”; take it out")
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not -MOST_NUMBER <= value <= MOST_NUMBER:
        own.append(f"“{end}” is no number to reckon with")
    else:
        return float(value)
    return None


def _text(found: dict, key: str, most: int, faults: list[str], *, needed: bool = False) -> str:
    value = found.get(key, "")
    if not isinstance(value, str):
        faults.append(f"“{key}” is {_kind(value)}; write a text in quotes")
        return ""
    value = " ".join(value.split())
    if needed and not value:
        faults.append(f'it has no {key}; write {key} = "…"')
    if len(value) > most:
        faults.append(f"“{key}” has {len(value)} characters; at most {most} are allowed")
    if not value.isprintable():
        faults.append(f"“{key}” holds a character that cannot be shown; take it out")
    return value


def _only(found: dict, known: tuple[str, ...], where: str, faults: list[str]) -> None:
    unknown = [shown(key) for key in found if key not in known]
    faults += [f"{where}: unknown key “{key}”; known are {', '.join(known)}" for key in unknown]


def _kind(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "a table", int: "a number", float: "a number"}
    return kinds.get(type(value), "a date or time")
