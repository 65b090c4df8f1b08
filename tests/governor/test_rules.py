"""Tables: every fault named with what to write, the first rule that holds decides, and reasons that look nothing up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import resources
from observatory.governor import rules
from observatory.protocol.events import Choice, MetaStates

from .tables import ENDS, rule, table

STATES = st.builds(MetaStates, **dict.fromkeys(rules.STATES, st.floats(0.0, 1.0)))


def faults(text: str) -> list[str]:
    with pytest.raises(rules.RulesUnclear) as unclear:
        rules.read(text)
    return unclear.value.faults


def told(text: str, **states: float) -> rules.Verdict:
    return rules.read(text).decide("told", "sleep", MetaStates(**states))


# ---------------------------------------------------------------- what decides


def test_the_built_in_table_is_the_file_that_ships_and_an_empty_text_means_it():
    text = (resources.folder() / "governor.toml").read_text("utf-8")
    assert rules.read(text) == rules.read("") == rules.built_in()
    assert rules.built_in().pressure == rules.Constants()


def test_every_choice_belongs_to_a_question_of_some_moment():
    every = {choice for questions in rules.QUESTIONS.values() for options in questions.values() for choice in options}
    assert every == set(Choice.__args__)
    for on, questions in rules.QUESTIONS.items():
        for name, options in questions.items():
            assert {rules.question(on, choice) for choice in options} == {name}


def test_a_choice_that_suits_no_question_of_the_moment_is_refused():
    with pytest.raises(ValueError, match="wake"):
        rules.question("told", "wake")


@given(STATES)
def test_every_question_gets_one_answer_that_suits_it_whatever_the_states(states):
    for on, questions in rules.QUESTIONS.items():
        for name, options in questions.items():
            said = rules.built_in().decide(on, name, states)
            if said is not None:
                assert said.choice in options and said.why and "{" not in said.why
            else:
                assert name == "person"


def test_the_first_rule_that_holds_decides_its_question_and_no_other():
    text = table(rule(name='"first"', preset='"careful"') + rule(name='"second"') + rule(**{
        "name": '"skip"', "if": '{ novelty = "< 0.1" }', "then": '"observe"',
    }))  # fmt: skip
    assert told(text, pressure=0.3, novelty=0.0) == (
        "propose sleep", "first", "“first” holds: pressure is 0.30 (> 0.2).", "careful"
    )  # fmt: skip
    assert told(text, pressure=0.2).rule == "awake"
    assert rules.read(text).decide("told", "store", MetaStates(novelty=0.05)).choice == "observe"
    assert rules.read(text).decide("told", "store", MetaStates(novelty=0.1)).choice == "encode"


@pytest.mark.parametrize(
    ("condition", "below", "at", "above"),
    [("< 0.5", 1, 0, 0), ("<= 0.5", 1, 1, 0), ("> 0.5", 0, 0, 1), (">= 0.5", 0, 1, 1), (">=.5", 0, 1, 1)],
)
def test_a_condition_compares_as_it_is_written(condition, below, at, above):
    text = table(rule(**{"if": f'{{ trust = "{condition}" }}'}))
    assert [told(text, trust=t).rule == "early" for t in (0.4, 0.5, 0.6)] == [below, at, above]


def test_all_conditions_must_hold_and_one_state_may_have_several():
    text = table(rule(**{"if": '{ novelty = ["> 0.2", "< 0.5"], fear = ">= 0.5" }'}))
    early = [(n, f) for n in (0.2, 0.3, 0.5) for f in (0.4, 0.5) if told(text, novelty=n, fear=f).rule == "early"]
    assert early == [(0.3, 0.5)]


def test_pressure_may_be_compared_with_the_threshold_as_the_hour_moves_it():
    text = table(rule(**{"if": '{ pressure = "> threshold" }', "because": '"over {threshold:.0%}"'}))
    assert told(text, pressure=0.7, rhythm=0.5).why == "over 60%"
    assert told(text, pressure=0.7, rhythm=1.0).rule == "awake"
    assert told(text, pressure=0.5, rhythm=0.0).why == "over 45%"


def test_no_table_keeps_the_mind_awake_when_the_store_is_full():
    """What is told next would push something out that no night was offered."""
    assert told(table(), capacity=0.99).choice == "stay awake"
    said = told(table(), capacity=1.0, pressure=1.0)
    assert (said.choice, said.rule) == ("propose sleep", rules.FULL)
    assert rules.read(table()).decide("idle", "time", MetaStates(capacity=1.0)).rule == rules.FULL
    assert told(table(rule()), capacity=1.0, pressure=1.0).rule == "early"


def test_what_is_not_proposed_again_leaves_the_choice_to_the_rules_after_it():
    held = rules.built_in().decide("idle", "time", MetaStates(pressure=0.8, idle=0.5), quiet_until=0.85)
    assert (held.choice, held.rule) == ("rest", rules.HELD_BACK)
    assert "80%" in held.why and "85%" in held.why
    risen = rules.built_in().decide("idle", "time", MetaStates(pressure=0.86), quiet_until=0.85)
    assert risen.choice == "propose sleep"


# ---------------------------------------------------------------- the hash


def test_the_hash_follows_from_what_a_table_says_and_not_from_how_it_is_written():
    one = table(rule(**{"if": '{ novelty = "> 0.2", fear = ">= 0.50" }'}))
    other = "# a note\n" + table(rule(**{"if": '{ fear   = ">=0.5",novelty = ">0.2" }'}))
    assert one != other and rules.read(one).hash == rules.read(other).hash
    assert len(rules.read(one).hash) == 64


@pytest.mark.parametrize(
    "changed",
    [
        table(rule(name='"later"')), table(rule(preset='"curious"')), table(rule(), "wake_hour = 8"),
        table(rule(**{"if": '{ pressure = "> 0.21" }'})), table(rule(because='"so"')), table(),
        table(rule() + rule(name='"second"')),
    ],
)  # fmt: skip
def test_any_change_of_what_it_says_changes_the_hash(changed):
    assert rules.read(changed).hash != rules.read(table(rule())).hash


def test_the_order_of_rules_changes_the_hash():
    a, b = rule(name='"a"'), rule(name='"b"')
    assert rules.read(table(a + b)).hash != rules.read(table(b + a)).hash


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": ""}, ["rule 1: it has no name", 'name = "…"']),
        ({"name": '"   "'}, ["rule 1: it has no name"]),
        ({"name": "7"}, ["“name” is a number", "in quotes"]),
        ({"name": f'"{"x" * 61}"'}, ["61 characters", "at most 60"]),
        ({"name": '"\\u001b[31m"'}, ["cannot be shown"]),
        ({"name": '"the store is full"'}, ["built in", "choose another"]),
        ({"name": '"not again yet"'}, ["built in"]),
        ({"on": ""}, ["rule 1 (“early”): it has no “on”", "told, asked, idle, night over"]),
        ({"on": '"dusk"'}, ["“on” is “dusk”", "told, asked, idle, night over"]),
        ({"on": "[]"}, ["“on” is a list"]),
        ({"then": ""}, ["it has no “then”", "propose sleep"]),
        ({"then": '"sleep"'}, ["“then” is “sleep”", "propose sleep"]),
        ({"then": "2026-01-01"}, ["“then” is a date or time"]),
        ({"then": '"wake"'}, ["then = “wake” does not suit on = “told”", "observe, encode, propose sleep, stay awake"]),
        ({"if": '"pressure > 1"'}, ["“if” is a text", 'if = { capacity = ">= 0.9" }']),
        ({"if": '{ hunger = "> 0.5" }'}, ["“hunger”, which is no state", "pressure", "capacity"]),
        ({"if": '{ threshold = "> 0.5" }'}, ["“threshold”, which is no state"]),
        ({"if": "{ fear = 0.5 }"}, ["has a number for fear", ">= 0.9"]),
        ({"if": '{ fear = "= 0.5" }'}, ["has “= 0.5” for fear"]),
        ({"if": '{ fear = "> -1" }'}, ["has “> -1” for fear"]),
        ({"if": '{ fear = "> 1e-3" }'}, ["has “> 1e-3” for fear"]),
        ({"if": '{ fear = "> __import__(\'os\')" }'}, ["which is no condition"]),
        ({"if": '{ fear = "> 1.5" }'}, ["fear with 1.5", "0 to 1"]),
        ({"if": '{ fear = "> 90" }'}, ["fear with 90", "0 to 1"]),
        ({"if": "{ fear = [] }"}, ["says nothing of fear"]),
        ({"if": '{ fear = ["> 0.1", true] }'}, ["has true or false for fear"]),
        ({"if": '{ fear = "> threshold" }'}, ["only pressure", "not fear"]),
        ({"preset": '"wild"'}, ["no preset “wild”", "balanced, curious, focused, careful"]),
        ({"preset": "1"}, ["“preset” is a number"]),
        ({"preset": '"careful"', "then": '"stay awake"'}, ["only a rule with then = “propose sleep”", "take it out"]),
        ({"because": "1"}, ["“because” is a number"]),
        ({"because": f'"{"x" * 401}"'}, ["401 characters", "at most 400"]),
        ({"iff": "1"}, ["rule 1 (“early”): unknown key “iff”", "name, on, if, then, preset, because"]),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_rule_and_with_what_to_write(keys, said):
    (fault,) = faults(table(rule(**keys)))
    assert fault.startswith("rule 1")
    for words in said:
        assert words in fault


@pytest.mark.parametrize(
    "braces",
    [
        "{capacity.__class__}", "{capacity!r}", "{0}", "{}", "{capacity:>99999999}", "{capacity:.9f}", "{states}",
        "{__class__}", "{capacity[0]}", "{ capacity }", "{capacity:.0%:}", "{capacity:{fear}}", "{{capacity}}",
        "{capacity", "capacity}", "}{",
    ],
)  # fmt: skip
def test_only_a_state_and_its_decimals_may_stand_in_braces(braces):
    (fault,) = faults(table(rule(because=f'"so: {braces}"')))
    assert fault.startswith("rule 1 (“early”): “because” has") and "{capacity:.0%}" in fault


def test_a_state_in_braces_is_filled_in():
    text = table(rule(because='"{capacity:.0%}, {pressure}, {trust:.3f}, {threshold:.1%} [red] \\\\n"'))
    assert told(text, capacity=0.934, pressure=0.5, trust=0.25).why == "93%, 0.50, 0.250, 60.0% [red] \\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1\nversion = 2", "this is not TOML: cannot overwrite a value"),
        ("a = " + "[" * 50_000, "nested too deeply"),
        ("a = " + "9" * 5_000, "thousands of digits"),
        ("# " + "x" * 70_000, "70,002 characters; at most 65,536"),
        (table(version=""), "write version = 1 at its top"),
        (table(version="version = 2"), "write version = 1 at its top"),
        (table(version="version = true"), "write version = 1 at its top"),
        (table(version="version = 1\nrules = 3"), "the table: unknown key “rules”"),
        (f"version = 1\npressure = 3\n{ENDS}", "“pressure” is a number; write [pressure]"),
        ("version = 1", "the table has no rules; write each under a [[rule]]"),
        ('version = 1\n[rule]\nname = "x"', "“rule” is a table; write every rule under a [[rule]]"),
        ("version = 1\nrule = [3]", "rule 1 is a number; write [[rule]]"),
        (table(pressure="halfbits = 3"), "[pressure]: unknown key “halfbits”; known are half_bits"),
        (table(pressure='half_bits = "many"'), "[pressure] half_bits: expected `float`, got `str`"),
        (table(pressure="half_bits = 0"), "[pressure] half_bits: expected `float` > 0.0"),
        (table(pressure="half_bits = nan"), "[pressure] half_bits: nan is no number"),
        (table(pressure="half_bits = inf"), "[pressure] half_bits: inf is no number"),
        (table(pressure="rhythm = 1"), "[pressure] rhythm: expected `bool`"),
        (table(pressure="threshold = 0.95"), "[pressure] threshold: expected `float` <= 0.9"),
        (table(pressure="wake_hour = 24"), "[pressure] wake_hour: expected `float` < 24.0"),
        (table(pressure="threshold = 0.8\nrhythm_strength = 0.3"), "threshold and rhythm_strength are 1.1 together"),
    ],
)
def test_a_fault_of_the_whole_table_is_named(text, said):
    assert said in faults(text)[0]


@pytest.mark.parametrize("choice", ["encode", "stay awake", "read memory", "wake"])
def test_a_question_without_a_last_word_is_named(choice):
    kept = [part for part in ENDS.split("[[rule]]") if f'"{choice}"' not in part or 'on = "idle"' in part]
    (fault,) = faults("version = 1\n" + "[[rule]]".join(kept))
    assert "nothing is decided when no condition holds" in fault and f'then = "{choice}" and no “if”' in fault


def test_nobody_needs_to_be_asked_but_may_always_be():
    always = '[[rule]]\nname = "ask"\non = "asked"\nthen = "ask"\n'
    assert rules.read(table()).decide("asked", "person", MetaStates()) is None
    assert rules.read(table(always)).decide("asked", "person", MetaStates()).why == "“ask” always holds."


def test_a_rule_that_can_never_be_reached_is_named():
    (fault,) = faults(table() + rule())
    assert "rule 6 (“early”) can never be reached, since rule 2 has no “if”" in fault


def test_two_rules_on_one_moment_with_one_name_are_named():
    (fault,) = faults(table(rule() + rule()))
    assert fault == "rule 2 (“early”): rule 1 on “told” has this name too; choose another"


def test_all_faults_are_named_at_once_up_to_twenty():
    text = table(rule(then='"sleep"', iff="1") + rule(on='"dusk"'), "halfbits = 1", "version = 3")
    found = faults(text)
    assert len(found) == 5
    assert [fault.split(":")[0] for fault in found[2:]] == ["rule 1 (“early”)", "rule 1 (“early”)", "rule 2 (“early”)"]
    assert len(faults(table(rule(on='"dusk"') * 50))) == 20
    assert "at most 100" in faults(table(rule(on='"dusk"') * 120))[0]


@given(st.text(max_size=200))
def test_any_other_text_is_refused_in_words_and_never_breaks_anything(text):
    if text:
        assert all(faults(text))


@given(st.dictionaries(st.sampled_from(["name", "on", "if", "then", "preset", "because", "x"]), st.sampled_from(
    ["1", "-1.5", "true", "[]", "{}", "2026-01-01", '"told"', '"encode"', '"{fear}"', '{ fear = "> 0.5" }', '["> 1"]']
)))  # fmt: skip
def test_any_rule_is_either_used_or_refused_in_words(keys):
    text = table("[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    try:
        assert rules.read(text).hash
    except rules.RulesUnclear as unclear:
        assert all(fault.startswith("rule") for fault in unclear.faults)
