"""Looking back: do recorded decisions stand? Their evidence, their signatures, and each commit under its policy.

Goes by the record and by the keys that the home trusts now; mends nothing. Decisions of older versions, which knew no
policy, are passed over until the first that does. Hashes of files and of the journal are others' business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..protocol import events as e
from . import approval, keys
from .policy import Policy

if TYPE_CHECKING:
    from ..record.checks import Finding

KINDS = (e.Proposed, e.Decided, e.NightCommitted, e.PolicyTaken)


def check(home: Path, events: Iterable[e.Record]) -> list[Finding]:
    from ..record.checks import Finding

    reviewers, faults = keys.trusted(home)
    looked = _Look(reviewers)
    found = [Finding("warning", keys.REVIEWERS, f"{fault}.") for fault in faults]
    found += [Finding("error", where, text) for event in events for where, text in looked.at(event)]
    said = f"{looked.decisions:,} decisions, {looked.signed:,} of them signed, were held against evidence and policy."
    return [*found, Finding("info", "decisions", said)]


class _Look:
    """Goes through the record once, oldest first."""

    def __init__(self, reviewers: Mapping[str, approval.Reviewer]):
        self.reviewers = reviewers
        self.policies: dict[str, Policy] = {}
        self.proposed: dict[tuple[int, str], e.Proposed] = {}
        self.words: dict[tuple[int, str], list[e.Decided]] = {}
        self.decisions = self.signed = 0

    def at(self, event: e.Record) -> Iterator[tuple[str, str]]:
        match event:
            case e.PolicyTaken():
                yield from self._policy(event)
            case e.Proposed():
                self.proposed[event.proposal.night, event.proposal.delta] = event
            case e.Decided():
                self.words.setdefault((event.night, event.delta), []).append(event)
                yield from self._word(event)
            case e.NightCommitted():
                yield from self._commit(event)

    def _policy(self, taken: e.PolicyTaken) -> Iterator[tuple[str, str]]:
        where = f"policy {taken.policy[:12]}"
        if hashlib.sha256(taken.says.encode()).hexdigest() != taken.policy:
            yield where, "What is recorded of it does not fit its hash, so nothing counts under it."
            return
        try:
            self.policies[taken.policy] = msgspec.json.decode(taken.says, type=Policy)
        except (msgspec.MsgspecError, RecursionError):
            yield where, "It is no policy that this version knows, so nothing can be held against it."

    def _word(self, word: e.Decided) -> Iterator[tuple[str, str]]:
        where = f"night {word.night}, event {word.seq}"
        self.decisions += 1
        self.signed += bool(word.signature)
        unfit = approval.misfit(word, self.reviewers)
        if unfit:
            yield where, f"The decision “{word.decision}” of {word.by} does not stand: {unfit}."
        shown = self.proposed.get((word.night, word.delta))
        if word.evidence and (shown is None or approval.evidence(shown) != word.evidence):
            yield where, f"The decision “{word.decision}” of {word.by} was on other evidence than is recorded."

    def _commit(self, commit: e.NightCommitted) -> Iterator[tuple[str, str]]:
        where, words = f"night {commit.night}", self.words.get((commit.night, commit.delta), [])
        last = next((word for word in reversed(words) if word.decision == "approve"), None)
        if last is None or not (last.policy or self.policies):
            # No approval at all is found by the record's own check; before policies there was nothing more to ask.
            return
        policy = self.policies.get(last.policy)
        shown = self.proposed.get((commit.night, commit.delta))
        if policy is None or shown is None:
            missing = "the proposal" if policy else "the policy"
            yield where, f"Its delta was committed, but {missing} that it was approved under is not in the record."
            return
        wanted = policy.approval.people
        if len(approval.counted(policy, shown, words, self.reviewers)) >= wanted:
            return
        why = "; ".join(
            f"{word.by}: {against}"
            for word in words
            if word.decision == "approve" and (against := approval.refusal(policy, shown, word, self.reviewers))
        )
        people = "a valid approval" if wanted == 1 else f"valid approvals by {wanted} different people"
        reasons = f" ({why})" if why else ""
        yield where, f"Its delta was committed without {people} under policy {last.policy[:12]}{reasons}."
