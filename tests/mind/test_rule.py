"""The command that asks whether a shorter delta knows a rule as well: its night, and exams with parts of a delta."""

from __future__ import annotations

from observatory.bench import rule
from tests.mind.tiny import EXAM


def test_a_delta_is_examined_whole_and_pruned_after_its_night_and_the_cortex_is_as_it_was(told):
    before = told.parts.cortex.hash()
    assert set(rule.examined(told, None, {}, EXAM)) == {"direct", "paraphrase", "known"}
    whole, maps, weighed = rule.night(told, 0, 3)
    assert {one.search for one in weighed} == {"scale", "rank"}
    ordered = whole.in_directions()
    strengths = ordered.strengths()
    for count in (len(strengths), len(strengths) // 2):
        right = rule.examined(told, ordered.pruned(strengths[:count]), maps, EXAM)
        assert set(right) == {"direct", "paraphrase", "known"}
        assert all(one.endswith("/1") for one in right.values())
    assert told.parts.cortex.hash() == before
