"""Whose word counts on a proposal, and whether enough have given theirs.

A word is what the record keeps of a decision: on which evidence, under which policy, by whom, perhaps with a
signature. What is signed is one canonical line of bytes, so that no part of it can change afterwards. It does not
know how keys are kept (`keys.py`) nor how words get into the record.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec
from msgspec import structs

from ..protocol.events import Decided, Proposed
from .policy import UNATTENDED, Policy, binding

SIGNED = "a decision of the Sleep Observatory, 1"
"""What every signed line begins with, so that a signature given here fits nothing else."""
KEY = "key:"


class Reviewer(Protocol):
    """A key that a home trusts, and whose it is."""

    name: str
    fingerprint: str

    def signed(self, signature: str, what: bytes) -> bool: ...


def person(name: str) -> str:
    """Two names are one person's when this is the same: width, case and spaces make nobody somebody else."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def unattended(by: str) -> bool:
    return person(by).startswith(UNATTENDED)


def evidence(proposed: Proposed) -> str:
    """The sha256 of all that the proposal shows, without when and as which event it was told."""
    shown = msgspec.json.encode(structs.replace(proposed, seq=0, at=0.0), order="deterministic")
    if not proposed.flags:
        # Proposals of versions that knew no flags keep the hash under which they were decided on.
        shown = shown.removesuffix(b',"flags":[]}') + b"}"
    return hashlib.sha256(shown).hexdigest()


def signed_bytes(word: Decided) -> bytes:
    """What a signature on this decision is over."""
    parts = [SIGNED, word.night, word.delta, word.evidence, word.policy, word.decision, word.reason, word.by, word.at]
    return msgspec.json.encode(parts)


def misfit(word: Decided, reviewers: Mapping[str, Reviewer]) -> str:
    """Why the word's signature does not stand, or nothing when it does or there is none."""
    if not word.signature:
        return "it names a key and carries no signature" if word.key else ""
    reviewer = reviewers.get(word.key)
    if reviewer is None:
        return f"it is signed with key {word.key[:12]}…, which this home does not trust"
    if not reviewer.signed(word.signature, signed_bytes(word)):
        return f"its signature does not fit: it, or the key of {reviewer.name}, was changed"
    if person(reviewer.name) != person(word.by):
        return f"it is signed with the key of {reviewer.name} in the name of {word.by}"
    return ""


def refusal(policy: Policy, proposed: Proposed, word: Decided, reviewers: Mapping[str, Reviewer]) -> str:
    """Why this approval does not count under the policy, or nothing when it does."""
    if word.evidence != evidence(proposed):
        return "it was given on other evidence than this proposal shows"
    if word.policy != policy.hash:
        return "it was given under another policy"
    unfit = misfit(word, reviewers)
    if unfit:
        return unfit
    if unattended(word.by):
        return _unattended(policy, proposed)
    approval = policy.approval
    if approval.signed and not word.signature:
        return "the policy asks for approvals signed with a key that this home trusts"
    if not approval.approvers:
        return ""
    names = {person(each) for each in approval.approvers if not each.startswith(KEY)}
    if person(word.by) in names or (word.signature and f"{KEY}{word.key}" in approval.approvers):
        return ""
    return f"{word.by} is not among those who may approve: {', '.join(map(_short, approval.approvers))}"


def _short(approver: str) -> str:
    return f"{approver[: len(KEY) + 12]}…" if approver.startswith(KEY) else approver


def _unattended(policy: Policy, proposed: Proposed) -> str:
    if not policy.unattended.approve:
        return "the policy leaves approving to people"
    over = "; ".join(each.said for each in binding(proposed, policy))
    return f"no unattended run goes over what the policy binds it to: {over}" if over else ""


def counted(
    policy: Policy, proposed: Proposed, words: Iterable[Decided], reviewers: Mapping[str, Reviewer]
) -> list[Decided]:
    """The approvals that count, each another person's; words are given oldest first, and of each the last counts."""
    last: dict[str, Decided] = {}
    for word in words:
        last.pop(person(word.by), None)
        last[person(word.by)] = word
    found: list[Decided] = []
    for word in last.values():
        if word.decision == "approve" and not refusal(policy, proposed, word, reviewers):
            if not same_hand(word, found):
                found.append(word)
    return found


def same_hand(word: Decided, others: Iterable[Decided]) -> str:
    """Whose earlier word this one repeats: the same name, whatever the key, or the same key, whatever the name."""
    for other in others:
        if person(other.by) == person(word.by) or (word.key and other.key == word.key):
            return other.by
    return ""
