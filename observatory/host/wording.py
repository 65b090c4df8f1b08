"""A decision as it is recorded: held against the home's policy, with its evidence, and signed where somebody signs.

Fails closed: an approval that does not count is refused before it is recorded, and none counts under a policy that
cannot be used. Holding and vetoing need no leave. It neither writes nor tells anybody.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from ..protocol import events as e
from . import approval, keys, policyfile
from .policy import Policy, PolicyUnclear
from .refusal import SessionError

if TYPE_CHECKING:
    from ..record.store import Store


def worded(
    home: Path, store: Store, proposed: e.Proposed, decided: e.Decided, signer: keys.Signer | None
) -> list[e.Record]:
    """What is to be recorded: the decision last, and before it the policy where the record does not have it yet."""
    policy = policyfile.in_force(home)
    usable = isinstance(policy, Policy)
    word = structs.replace(
        decided, evidence=approval.evidence(proposed), policy=policy.hash if usable else "",
        key=signer.fingerprint if signer else "",
    )  # fmt: skip
    if signer is not None:
        word = structs.replace(word, signature=signer.sign(approval.signed_bytes(word)))
    reviewers = keys.trusted(home)[0] if word.signature or word.decision == "approve" else {}
    if word.decision != "approve":
        unfit = approval.misfit(word, reviewers)
        if unfit:
            raise SessionError(f"This decision does not count: {unfit}.")
    elif isinstance(policy, PolicyUnclear):
        raise SessionError(str(policy))
    elif approval.unattended(word.by) and (who := held_by(store, word.night)):
        raise SessionError(f"This approval does not count: {who} holds night {word.night}, and a run by itself waits.")
    else:
        word = structs.replace(word, waits=_waits(policy, proposed, earlier(store, word), word, reviewers))
    known = not usable or any(taken.policy == policy.hash for taken in store.history(kinds=[e.PolicyTaken]))
    return [word] if known else [e.PolicyTaken(at=word.at, policy=policy.hash, says=policy.says), word]


def held_by(store: Store, night: int) -> str:
    """The person whose last word on this night, since it came to an end last, was to hold it or to change it."""
    holding: dict[str, str] = {}
    for said in store.history(kinds=[e.Decided, e.ChangesAsked, e.NightClosed]):
        match said:
            case e.NightClosed() if said.night == night and said.ended not in ("interrupted", "changed"):
                holding = {}
            case e.Decided() | e.ChangesAsked() if said.night == night and not approval.unattended(said.by):
                holding.pop(approval.person(said.by), None)
                if isinstance(said, e.ChangesAsked) or said.decision == "hold":
                    holding[approval.person(said.by)] = said.by
    return next(reversed(holding.values()), "")


def earlier(store: Store, word: e.Decided) -> list[e.Decided]:
    """What was said on this very proposal before."""
    said = store.history(kinds=[e.Decided])
    return [each for each in said if (each.night, each.delta) == (word.night, word.delta)]


def _waits(policy: Policy, proposed: e.Proposed, before: list[e.Decided], word: e.Decided, reviewers: dict) -> int:
    against = approval.refusal(policy, proposed, word, reviewers)
    if against:
        raise SessionError(f"This approval does not count: {against}.")
    counted = approval.counted(policy, proposed, before, reviewers)
    again = approval.same_hand(word, counted)
    left = policy.approval.people - len(counted)
    if again and left > 0:
        raise SessionError(f"{again} has approved this already, and the policy asks for two different people.")
    # Nothing left: it was approved before, and the mind was lost before it took it in. Then anybody may say it again.
    return max(0, left if again else left - 1)
