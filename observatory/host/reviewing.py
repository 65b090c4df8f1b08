"""`observatory policy` and `observatory keys` on the terminal: what is in force, who may sign, and making a key.

Pass phrases are asked for without being shown, and never taken from a command line. It decides nothing.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from . import keys, policyfile
from .console import PlainConsole
from .policy import Policy, PolicyUnclear
from .refusal import Refusal

DONE, FAILED, WRONG = 0, 1, 2
PASS_PHRASE = "OBSERVATORY_PASSPHRASE"
"""Where a pass phrase may stand for runs that nobody can be asked in."""

LOOKS_AT = {
    "recall_gained": "questions gained", "known_kept": "share of known kept", "perplexity_rise": "perplexity rise",
    "kl": "KL, nats a token", "drift": "drift of any place", "red_flags": "red flags raised",
}  # fmt: skip


def policy(home: Path, path: Path | None, *, as_json: bool) -> int:
    """Show the policy in that file, or the one a home goes by. One that cannot be used is a wrong call."""
    found, origin = _policy(home, path)
    if as_json:
        _print_json({"policy": found.hash, "from": origin} | msgspec.to_builtins(found))
        return DONE
    console = PlainConsole()
    sheet = Table(title="Thresholds", title_justify="left")
    for column in ("what", "bound", "binds unattended runs"):
        sheet.add_column(column)
    bound_anyway = not found.unattended.over_a_threshold
    for name, (bound, *_) in policyfile.BOUNDS.items():
        each = getattr(found.thresholds, name)
        limit = "any" if each.limit is None else f"{bound.replace('_', ' ')} {each.limit:g}"
        always = each.limit is not None and (each.absolute or bound_anyway)
        sheet.add_row(LOOKS_AT[name], limit, "always" if always else "–")
    console.print(sheet)
    for line in _in_words(found):
        console.print(line, soft_wrap=True)
    console.print(f"From: {origin}, {found.hash[:12]}.", soft_wrap=True)
    return DONE


def _policy(home: Path, path: Path | None) -> tuple[Policy, str]:
    if path is not None:
        try:
            return policyfile.read_file(path), str(path)
        except FileNotFoundError:
            raise Refusal(WRONG, f"There is no file {path} with a policy.") from None
        except PolicyUnclear as unclear:
            raise Refusal(WRONG, str(unclear)) from unclear
    found = policyfile.in_force(home)
    if isinstance(found, PolicyUnclear):
        raise Refusal(WRONG, str(found))
    own = Path(home) / policyfile.FILE
    return found, str(own) if own.exists() else "built-in"


def _in_words(found: Policy) -> list[str]:
    who = ", ".join(found.approval.approvers) or "everybody"
    people = "one person" if found.approval.people == 1 else "two different people"
    signed = ", signed with a trusted key" if found.approval.signed else ""
    runs = "may approve" if found.unattended.approve else "hold for a person and never approve"
    return [
        f"May approve: {who}; {people} must{signed}.",
        f"Unattended runs {runs}; they never delete.",
    ]


# ---------------------------------------------------------------- keys


def new_key(name: str) -> int:
    try:
        public = keys.new(name, _pass_phrase(f"A pass phrase for the key of {name}: ", twice=True))
    except (keys.KeyProblem, OSError) as why:
        raise Refusal(WRONG, f"No key was made: {why}.") from why
    print(public)
    print("Give this file to whoever keeps a home: observatory keys trust FILE", file=sys.stderr)
    return DONE


def trust_key(home: Path, path: Path, name: str) -> int:
    try:
        trusted = keys.trust(home, path, name)
    except (keys.KeyProblem, OSError) as why:
        raise Refusal(WRONG, f"The key was not taken: {why}.") from why
    print(f"{trusted.name} may sign decisions in {home}: {trusted.fingerprint}")
    return DONE


def list_keys(home: Path, *, as_json: bool) -> int:
    trusted, faults = keys.trusted(home)
    entries = [{"name": each.name, "key": each.fingerprint, "file": str(each.path)} for each in trusted.values()]
    own = [str(path) for path in keys.own()]
    if as_json:
        _print_json({"trusted": entries, "own": own, "faults": faults})
        return DONE
    console = PlainConsole()
    if entries:
        sheet = Table(title=Text(f"Keys that {home} trusts"), title_justify="left")
        sheet.add_column("name")
        sheet.add_column("key", overflow="fold")
        for each in entries:
            sheet.add_row(Text(each["name"]), each["key"])
        console.print(sheet)
    else:
        console.print(f"{home} trusts no key yet.", soft_wrap=True)
    for path in own:
        console.print(f"Your own: {path}", soft_wrap=True)
    for fault in faults:
        print(f"observatory: {fault}.", file=sys.stderr)
    return DONE


def signer(name: str) -> keys.Signer:
    """The private key of that name, opened with a pass phrase that is asked for."""
    try:
        return keys.opened(name, _pass_phrase(f"The pass phrase for the key of {name}: "))
    except keys.KeyProblem as why:
        raise Refusal(WRONG, f"The key cannot be used: {why}.") from why


def _pass_phrase(asking: str, *, twice: bool = False) -> str:
    given = os.environ.get(PASS_PHRASE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Refusal(WRONG, f"A pass phrase is asked for on a terminal, or taken from {PASS_PHRASE}.")
    phrase = getpass.getpass(asking)
    if twice and getpass.getpass("Once more: ") != phrase:
        raise Refusal(WRONG, "The two pass phrases differ; no key was made.")
    return phrase


def _print_json(value) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())
