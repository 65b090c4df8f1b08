"""What another table would have decided, asked of recorded decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from observatory import resources
from observatory.governor import replay, rules
from observatory.governor.governor import Governor
from observatory.protocol import wire

from .tables import rule, table


def lived(table_: rules.Table, told: int = 40) -> list:
    """A day under a table, with questions, a refused night and one that was slept."""
    governor, decided = Governor(table_, 50), []
    for n in range(1, told + 1):
        at = f"2026-01-05T{7 + n // 3:02d}:00:00Z"
        decided += governor.told(
            episode=n, novelty=0.5, bits_over=60.0 + n, fear=n / 60, repeats=3 if n == 9 else None, lived_at=at
        )
        decided += [governor.asked(question=n, sure=n % 3 == 0, novelty=0.5, lived_at=at), governor.idle(0.1 * n, at)]
        decided += [each for each in [governor.answered(question=n, surprise_bits=1.6, sure=n % 3 == 0)] if each]
        if n == told // 2:
            governor.refused()
        if n == told - 9:
            governor.slept(range(1, n + 1))
            decided.append(governor.night_over(at))
    return [wire.event_from_json(wire.to_json(each)) for each in decided]


@given(st.integers(1, 48))
def test_the_same_table_would_have_decided_the_same(told):
    compared = replay.against(rules.built_in(), lived(rules.built_in(), told))
    assert compared and not any(each.differs for each in compared)
    for each in compared:
        assert each.verdict.rule == each.event.rule
        assert each.verdict.why == each.event.why or each.event.rule == rules.HELD_BACK
    assert replay.counts(compared) == {}


def test_another_table_says_where_it_would_have_decided_otherwise():
    decided = lived(rules.built_in())
    eager = rules.read(table(rule(preset='"curious"')))
    compared = replay.against(eager, decided)
    counts = replay.counts(compared)
    assert counts["stay awake → propose sleep (curious)"] > 3
    assert counts["observe → encode"] == 1
    assert counts["ask → ask nobody"] == sum(each.choice == "ask" for each in decided) > 0
    assert sum(counts.values()) == sum(each.differs for each in compared)
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    early = next(each for each in compared if each.verdict and each.verdict.preset)
    assert early.verdict.rule == "early" and f"{early.event.states.pressure:.2f}" in early.verdict.why


def test_another_threshold_is_held_against_the_pressure_that_was_recorded():
    text = (resources.folder() / rules.FILE).read_text("utf-8")
    late = rules.read(text.replace("threshold = 0.6", "threshold = 0.8"))
    decided = lived(rules.built_in())
    others = [each for each in replay.against(late, decided) if each.differs]
    assert others and all(each.event.states.pressure <= 0.96 for each in others)
    assert {each.event.rule for each in others} <= {"pressure", "pressure, and much to fear"}


def test_what_was_not_repeated_would_not_have_been_repeated_either():
    decided = lived(rules.built_in())
    held = [each for each in decided if each.rule == rules.HELD_BACK]
    eager = rules.read(table(rule() + rule(on='"idle"')))
    assert held and all(each.would == "stay awake" for each in replay.against(eager, held) if each.event.on == "told")
