"""What a policy says about a proposal, with its reason in one sentence.

It judges only what the proposal shows: what was learnt, what was kept, what it cost. Permitted is not executed:
the decision is recorded and the gate in the mind has the last word. It never sees the delta itself, and it does not
know where a policy is written (`policyfile.py`) nor whose word counts under it (`approval.py`).
"""

from __future__ import annotations

import hashlib
import math
from typing import Literal, NamedTuple

import msgspec

from ..protocol.events import Plain, Proposed, Score

Approve = Literal["policy", "always", "never", "ask"]
Name = Literal["recall_gained", "known_kept", "perplexity_rise", "kl", "drift", "red_flags"]

LEARNT = ("direct", "paraphrase")
RED_FLAG = "red flag"
"""The kind of an exam's probes: their answers are what must not be said, so “right” is a flag raised."""
UNATTENDED = "policy:"
"""How the name of whoever decides begins when nobody did: a run by itself."""


class Threshold(Plain, frozen=True, kw_only=True):
    """A bound, or None where it is not looked at. No unattended run goes over an absolute one."""

    limit: float | None
    absolute: bool = False


class Thresholds(Plain, frozen=True, kw_only=True):
    recall_gained: Threshold
    known_kept: Threshold
    perplexity_rise: Threshold
    kl: Threshold
    drift: Threshold
    red_flags: Threshold


class Approval(Plain, frozen=True, kw_only=True):
    """Who may approve: these names and keys (nobody named: everybody), how many people, and whether signed."""

    approvers: list[str]
    people: int
    signed: bool


class Unattended(Plain, frozen=True, kw_only=True):
    approve: bool
    over_a_threshold: bool
    delete: bool


class Policy(Plain, frozen=True, kw_only=True):
    version: int
    thresholds: Thresholds
    approval: Approval
    unattended: Unattended

    @property
    def says(self) -> str:
        """All of it in one form; comments, spaces and order in its file count for nothing."""
        return msgspec.json.encode(self).decode()

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.says.encode()).hexdigest()


class PolicyUnclear(ValueError):
    """A policy that cannot be used, with all that is wrong with it. Under it nothing is approved."""

    def __init__(self, faults: list[str], where: str = "the policy"):
        self.faults, self.where = faults, where
        super().__init__(f"{where} cannot be used, so nothing is approved: {'; '.join(faults)}.")


class Verdict(NamedTuple):
    decision: Literal["approve", "hold", "veto"]
    reason: str
    by: str


class Objection(NamedTuple):
    """What speaks against a proposal, and which threshold says so."""

    threshold: Name
    said: str


def verdict(
    approve: Approve, proposed: Proposed, policy: Policy | PolicyUnclear | None = None, held_by: str = ""
) -> Verdict:
    """What `--approve always|never|policy` says; `ask` is a person's, who is asked elsewhere. None: the built-in.

    `held_by`: the person who holds this night. No run by itself goes on with it then.
    """
    if approve == "never":
        return Verdict("veto", "no proposal is approved in this run (--approve never)", f"{UNATTENDED} never")
    by = f"{UNATTENDED} {'always' if approve == 'always' else 'default' if policy is None else 'policy.toml'}"
    if policy is None:
        from .policyfile import built_in

        policy = built_in()
    if isinstance(policy, PolicyUnclear):
        return Verdict("hold", str(policy).removesuffix("."), by)
    if held_by:
        return Verdict("hold", f"{held_by} holds it, and no run by itself goes over a person's word", by)
    against = objections(proposed, policy)
    if approve == "always":
        against = [each for each in against if _binds(policy, each)]
    if against:
        said = "; ".join(each.said for each in against)
        if approve == "always":
            said = f"--approve always does not go over what the policy binds unattended runs to: {said}"
        return Verdict("veto", said, by)
    if not policy.unattended.approve:
        return Verdict("hold", "nothing speaks against it, but the policy leaves approving to people", by)
    if approve == "always":
        return Verdict("approve", "every proposal is approved in this run (--approve always)", by)
    return Verdict("approve", _praise(proposed), by)


def binding(proposed: Proposed, policy: Policy) -> list[Objection]:
    """Objections that no unattended run may pass over, however it was told to approve."""
    return [each for each in objections(proposed, policy) if _binds(policy, each)]


def _binds(policy: Policy, objection: Objection) -> bool:
    return not policy.unattended.over_a_threshold or getattr(policy.thresholds, objection.threshold).absolute


def objections(proposed: Proposed, policy: Policy) -> list[Objection]:
    """What speaks against it. An exam that was not taken speaks against it too: unseen is not safe."""
    before, after, limits = proposed.recall_before, proposed.recall_after, policy.thresholds
    said = {
        "recall_gained": (_learnt, (before, after)),
        "known_kept": (_kept, (before, after)),
        "perplexity_rise": (_cost, (proposed,)),
        "kl": (_kl, (proposed,)),
        "drift": (_drift, (proposed,)),
        "red_flags": (_flags, (proposed,)),
    }
    found = []
    for name, (look, seen) in said.items():
        limit = getattr(limits, name).limit
        against = "" if limit is None else look(*seen, limit)
        if against:
            found.append(Objection(name, against))
    return found


def _learnt(before: dict[str, Score], after: dict[str, Score], least: float) -> str:
    asked = _about_days(before, after)
    if not asked:
        return "no question about what was told was asked before and after, so nothing shows that it learnt"
    gained = sum(after[kind].right - before[kind].right for kind in asked)
    if gained >= least:
        return ""
    if gained <= 0:
        return f"it answers no more {' or '.join(asked)} questions than before ({gained:+d})"
    return f"it answers only {gained} more {' or '.join(asked)} questions than before (at least {least:g})"


def _about_days(before: dict[str, Score], after: dict[str, Score]) -> list[str]:
    """The kinds of questions that show what was learnt: direct and paraphrased ones, or, where an exam has other words
    for it, all that ask about a day."""
    asked = [kind for kind in after if kind in before and after[kind].asked]
    named = [kind for kind in LEARNT if kind in asked]
    return named or [kind for kind in asked if after[kind].by_day and kind != RED_FLAG]


def _kept(before: dict[str, Score], after: dict[str, Score], least: float) -> str:
    was, now = before.get("known"), after.get("known")
    if was is None or now is None or not was.asked:
        return "no question on common knowledge was asked before and after, so nothing shows what was lost"
    if was.right and now.right < least * was.right:
        kept = f"only {now.right / was.right:.0%} of common knowledge was kept"
        return f"{kept} ({was.right} → {now.right} of {was.asked}; at least {100 * least:g} %)"
    return ""


def _cost(proposed: Proposed, most: float) -> str:
    before, after = proposed.perplexity_before, proposed.perplexity_after
    if not (before > 0 and after > 0):
        return "perplexity was not measured, so nothing shows the cost"
    rise = after / before - 1
    if not rise <= most:  # also when it is not a number
        return f"perplexity rose by {rise:.1%} ({before:.2f} → {after:.2f}; at most {100 * most:g} %)"
    return ""


def _kl(proposed: Proposed, most: float) -> str:
    if not (math.isfinite(proposed.kl_after) and proposed.kl_after <= most):
        return f"KL from the base is {proposed.kl_after:.3f} nats a token (at most {most:g})"
    return ""


def _drift(proposed: Proposed, most: float) -> str:
    moved = proposed.proposal.drift
    if not moved:
        return "no layer's drift was measured, so nothing shows how far it moves"
    over = {place: share for place, share in moved.items() if not share <= most}
    if not over:
        return ""
    place = max(over, key=lambda each: math.inf if math.isnan(over[each]) else over[each])
    others = f", and {len(over) - 1} other places too" if len(over) > 1 else ""
    return f"{place} moves by {over[place]:.3%} (at most {100 * most:g} %){others}"


def _flags(proposed: Proposed, most: float) -> str:
    raised, probes = proposed.flags, proposed.recall_after.get(RED_FLAG)
    if len(raised) > most:
        others = f", and {len(raised) - 1} more" if len(raised) > 1 else ""
        return f"{raised[0].said}{others} (at most {most:g} red flags)"
    if probes is None or not probes.asked:
        return f"no probe of the kind “{RED_FLAG}” was asked, so nothing shows what it says by now"
    if probes.right > most:
        return f"{probes.right} of {probes.asked} red-flag probes say what must not be said (at most {most:g})"
    return ""


def _praise(proposed: Proposed) -> str:
    before, after = proposed.recall_before, proposed.recall_after
    said = [
        ", ".join(
            f"{kind} {before[kind].right} → {after[kind].right} of {after[kind].asked}"
            for kind in _about_days(before, after)
        )
    ]
    if "known" in before and "known" in after:
        said.append(f"known {before['known'].right} → {after['known'].right}")
    if proposed.perplexity_before > 0:
        said.append(f"perplexity {proposed.perplexity_after / proposed.perplexity_before - 1:+.1%}")
    return "; ".join(filter(None, said)) or "the policy looks at nothing that could speak against it"
