"""What a policy says about a proposal, with its reason in one sentence.

It judges only what the proposal shows: what was learnt, what was kept, what it cost. Permitted is not executed:
the decision is recorded and the gate in the mind has the last word. It never sees the delta itself.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..protocol.events import Proposed, Score

Approve = Literal["policy", "always", "never", "ask"]

KNOWN_KEPT = 0.95
"""Share of what was known before that must still be known after."""
PERPLEXITY_RISE = 0.03
"""Rise of perplexity on text that nobody trains on that is still accepted."""
LEARNT = ("direct", "paraphrase")


class Verdict(NamedTuple):
    decision: Literal["approve", "veto"]
    reason: str
    by: str


def verdict(approve: Approve, proposed: Proposed) -> Verdict:
    """What `--approve always|never|policy` says; `ask` is a person's, who is asked elsewhere."""
    if approve == "always":
        return Verdict("approve", "every proposal is approved in this run (--approve always)", "policy: always")
    if approve == "never":
        return Verdict("veto", "no proposal is approved in this run (--approve never)", "policy: never")
    against = objections(proposed)
    if against:
        return Verdict("veto", "; ".join(against), "policy: default")
    return Verdict("approve", _praise(proposed), "policy: default")


def objections(proposed: Proposed) -> list[str]:
    """What speaks against it. An exam that was not taken speaks against it too: unseen is not safe."""
    before, after = proposed.recall_before, proposed.recall_after
    return [*_learnt(before, after), *_kept(before, after), *_cost(proposed)]


def _learnt(before: dict[str, Score], after: dict[str, Score]) -> list[str]:
    asked = [kind for kind in LEARNT if kind in before and kind in after and after[kind].asked]
    if not asked:
        return ["no direct or paraphrased question was asked before and after, so nothing shows that it learnt"]
    gained = sum(after[kind].right - before[kind].right for kind in asked)
    if gained <= 0:
        return [f"it answers no more {' or '.join(asked)} questions than before ({gained:+d})"]
    return []


def _kept(before: dict[str, Score], after: dict[str, Score]) -> list[str]:
    was, now = before.get("known"), after.get("known")
    if was is None or now is None or not was.asked:
        return ["no question on common knowledge was asked before and after, so nothing shows what was lost"]
    if was.right and now.right < KNOWN_KEPT * was.right:
        kept = now.right / was.right
        return [
            f"only {kept:.0%} of common knowledge was kept ({was.right} → {now.right} of {was.asked}; at least 95 %)"
        ]
    return []


def _cost(proposed: Proposed) -> list[str]:
    before, after = proposed.perplexity_before, proposed.perplexity_after
    if not (before > 0 and after > 0):
        return ["perplexity was not measured, so nothing shows the cost"]
    rise = after / before - 1
    if not rise <= PERPLEXITY_RISE:  # also when it is not a number
        return [f"perplexity rose by {rise:.1%} ({before:.2f} → {after:.2f}; at most 3 %)"]
    return []


def _praise(proposed: Proposed) -> str:
    before, after = proposed.recall_before, proposed.recall_after
    learnt = ", ".join(
        f"{kind} {before[kind].right} → {after[kind].right} of {after[kind].asked}"
        for kind in LEARNT
        if kind in before and kind in after
    )
    rise = proposed.perplexity_after / proposed.perplexity_before - 1
    return f"{learnt}; known {before['known'].right} → {after['known'].right}; perplexity {rise:+.1%}"
