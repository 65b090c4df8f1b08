"""What the built-in policy approves, and that it says no when it cannot see."""

from __future__ import annotations

import msgspec
import pytest

from observatory.host.policy import verdict
from observatory.protocol.events import Proposal, Proposed, Score

PROPOSAL = Proposal(
    night=1, delta="d" * 64, file="n.safetensors", cortex_before="a" * 64, cortex_after="b" * 64, scale=0.6, rank=32,
    norm=2.0, drift={}, episodes=[1], steps=90, tokens=1000, bytes=10,
)  # fmt: skip
GOOD = Proposed(
    proposal=PROPOSAL,
    recall_before={"direct": Score(right=1, asked=20), "known": Score(right=100, asked=150)},
    recall_after={"direct": Score(right=18, asked=20), "known": Score(right=97, asked=150)},
    perplexity_before=20.0, perplexity_after=20.5, kl_before=0.0, kl_after=0.05,
)  # fmt: skip


def but(**change) -> Proposed:
    return msgspec.structs.replace(GOOD, **change)


def after(**kinds) -> Proposed:
    return but(recall_after={**GOOD.recall_after, **kinds})


def test_a_night_that_taught_and_harmed_little_is_approved_with_the_numbers_as_reason():
    decision, reason, by = verdict("policy", GOOD)
    assert decision == "approve" and by.startswith("policy")
    assert "1 → 18" in reason and "+2.5%" in reason


@pytest.mark.parametrize(
    ("proposed", "said"),
    [
        (after(direct=Score(right=1, asked=20)), "no more"),
        (after(known=Score(right=94, asked=150)), "common knowledge"),
        (but(perplexity_after=20.7), "perplexity rose"),
        (but(perplexity_after=float("nan")), "perplexity"),
        (but(perplexity_after=float("inf")), "perplexity rose"),
        (but(perplexity_before=0.0), "not measured"),
        (but(recall_before={}, recall_after={}), "nothing shows"),
        (but(recall_before={"direct": Score(right=1, asked=20)}), "common knowledge"),
    ],
)
def test_a_night_that_did_not_teach_or_did_harm_or_was_not_examined_is_refused(proposed, said):
    decision, reason, _ = verdict("policy", proposed)
    assert decision == "veto" and said in reason


def test_exactly_at_the_limits_is_still_approved():
    assert verdict("policy", after(known=Score(right=95, asked=150))).decision == "approve"
    assert verdict("policy", but(perplexity_after=20.599)).decision == "approve"


def test_every_objection_is_named_and_not_only_the_first():
    worst = msgspec.structs.replace(after(direct=Score(right=0, asked=20), known=Score(right=2, asked=150)),
                                    perplexity_after=48.0)  # fmt: skip
    reason = verdict("policy", worst).reason
    assert all(word in reason for word in ("no more", "common knowledge", "perplexity"))


@pytest.mark.parametrize(("approve", "decision"), [("always", "approve"), ("never", "veto")])
def test_always_and_never_do_as_they_say_and_say_so(approve, decision):
    said = verdict(approve, after(direct=Score(right=0, asked=20)))
    assert said.decision == decision and approve in said.reason
