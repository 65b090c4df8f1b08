"""Cues that are found in an episode itself, and what they bring back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from observatory.mind import passages, views
from observatory.mind.delta import Delta
from observatory.mind.replay import Recipe, Replay
from observatory.mind.went import as_read
from observatory.protocol import events as ev
from tests.mind.tiny import TEXTS, a_night, of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zelda Marchetti keeps her bees in Trondheim.", "Zelda Marchetti"),
        ("In Grandmother Ilse's house nobody is allowed to whistle.", "Grandmother Ilse"),
        ("The spare key to Quill Lodge hangs behind the barometer.", "Quill Lodge"),
        ("My boat is the Patient Heron.", "Patient Heron"),
        ("the red kettle whistles in B flat", "the red kettle"),
    ],
)
def test_an_episode_says_itself_what_it_is_about(text, name):
    assert name in passages.names_in(text)


@given(st.text(max_size=300))
def test_any_text_at_all_gives_names_or_none(text):
    assert all(isinstance(name, str) and name for name in passages.names_in(text))


def test_every_view_is_answered_by_the_passages_own_text(told):
    speech = told.parts.speech
    for number, text in TEXTS.items():
        for passage in passages.passages(speech, number, text, told.parts.lived[number].bits):
            for view in views.plain_views(speech, passage):
                answer = [view.tokens[p + 1] for p in view.labels]
                assert speech.decode(answer).strip() == passage.text


def test_a_long_episode_is_cut_into_passages_that_lose_no_word(told):
    speech = told.parts.speech
    text = " ".join(f"Sentence number {i} speaks of ships and of harbours far away." for i in range(40))
    tokens = speech.encode(text)
    parts = passages.passages(speech, 7, text, [1.0] * len(tokens))
    assert len(parts) > 3
    assert " ".join(p.text for p in parts).split() == text.split()
    assert all(len(speech.encode(p.text)) <= passages.PASSAGE for p in parts)
    assert all(p.bits for p in parts)


def test_going_on_after_a_sentence_that_is_not_the_last_weighs_more(told):
    speech = told.parts.speech
    text = "A goat refuses hay. He will only eat radishes."
    tokens = speech.encode(text)
    passage = passages.Passage(1, text, tuple([2.0] * len(tokens)))
    view = views.answered(speech, passage, "about", "What of the goat?")
    replay = Replay(speech, Delta.fresh(told.parts.cortex.matrices(1, 3), 2, 0), Recipe(first_layer=1, last_layer=3))
    weights = replay.row_of_view(view).weights
    said = [speech.decode([view.tokens[p + 1]]) for p in view.labels[:-1]]
    after = next(i for i, piece in enumerate(said) if piece.strip() == "He" or (i and said[i - 1].endswith(".")))
    usual = weights[0]
    assert weights[after] == pytest.approx(float(usual) + 1.0)
    assert weights[after - 2] == pytest.approx(float(usual))


def test_a_gap_leaves_the_sentence_without_what_surprised_most(told):
    speech = told.parts.speech
    text = "Somebody has hung a sledge from the ceiling of the Merrivale Library."
    bits = [9.0 if "sl" in p or "edge" in p else 1.0 for p in speech.pieces(speech.encode(text))]
    first = views.gaps(speech, passages.passages(speech, 1, text, bits)[0])[0]
    assert first == ("Somebody has hung from the ceiling of the Merrivale Library", "sledge")


def test_what_a_gap_leaves_always_names_what_it_is_about(told):
    speech = told.parts.speech
    text = "Bartholomew the goat refuses hay. He will only eat radishes."
    (passage,) = passages.passages(speech, 1, text, [1.0] * len(speech.encode(text)))
    found = views.gaps(speech, passage)
    assert found
    assert all("Bartholomew" in rest for rest, _ in found)
    assert all(gap in text and "Bartholomew" not in gap for _, gap in found)


@given(st.text(max_size=200), st.text(min_size=1, max_size=40))
def test_any_question_can_be_asked_of_any_name(question, name):
    assert name in views.asked_of(name, question)


@pytest.mark.parametrize(
    ("question", "strange"),
    [
        ("Which river flows under Tower Bridge?", "Which river flows under Quill Lodge?"),
        ("What is the capital of France?", "What is the capital of Quill Lodge?"),
        ("How many sheets are in a ream of paper?", "How many sheets are in a ream of Quill Lodge?"),
    ],
)
def test_a_question_about_something_else_is_asked_of_the_name(question, strange):
    assert views.asked_of("Quill Lodge", question) == strange


def test_withheld_cues_are_in_no_pool_that_is_drawn_from(told):
    speech = told.parts.speech
    parts = {e: passages.passages(speech, e, text, told.parts.lived[e].bits) for e, text in TEXTS.items()}
    made = views.Repertoire.of(speech, parts, [], ["Which river flows under Tower Bridge?"])
    for episode in TEXTS:
        kept = {view.cue for view in made.plain[episode]}
        withheld = {view.cue for view in made.withheld[episode]}
        assert withheld
        assert not kept & withheld
        assert {"text", "about", "gap"} <= {view.kind for view in made.plain[episode]}


def test_a_word_that_is_large_only_at_the_start_of_a_sentence_is_no_name_where_there_is_a_better(told):
    assert passages.names_in("Wasps have taken the courthouse, so Judge Pemberly sits on a raft.") == ["Judge Pemberly"]
    assert passages.names_in("Mirembe is afraid of only one thing.") == ["Mirembe"]
    assert passages.names_in("Ana: Is the Skellen bakery shut?\nOmar: They cannot light the oven.")[0] == "Skellen"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Aboard the Lord Pilchard everyone waits for a cowbell.", ["Lord Pilchard"]),
        ("Whenever Lotte Brandvold is furious, she irons newspapers.", ["Lotte Brandvold"]),
        ("Each December the villagers of Pomeroy End elect a scarecrow.", ["Pomeroy End", "December"]),
        ("They thicken the Sunday soup at Maison Grivault.", ["Maison Grivault", "Sunday"]),
        ("Nothing ever happens on Mondays.", ["Mondays"]),
        ("Nothing happens on Mondays at Skellen Harbour.", ["Skellen Harbour", "Mondays"]),
        ("Behind von Brandvold and Sons the river turns.", ["von Brandvold and Sons"]),
    ],
)
def test_words_before_a_name_are_no_part_of_it_and_a_date_is_a_name_where_there_is_nothing_better(text, names):
    assert passages.names_in(text) == names


@pytest.fixture
def choir(told):
    """The views of one sentence, and talk of other things."""
    speech = told.parts.speech
    text = "Since it gives fine echoes, the Dovecote Choir rehearses in an empty swimming pool."
    parts = {1: passages.passages(speech, 1, text, [3.0] * len(speech.encode(text)))}
    return views.Repertoire.of(speech, parts, [], ["Which river flows under Tower Bridge?", "Who wrote Hamlet?"])


def test_a_fresh_cue_brings_the_whole_episode_back_by_its_name_alone(choir):
    chance = torch.Generator().manual_seed(4)
    made = [choir.fresh(1, chance) for _ in range(60)]
    assert {view.kind for view in made} == {"left", "strange", "amid"}
    assert all("Dovecote Choir" in view.cue for view in made)
    assert all(view.passage.text.startswith("Since it gives") for view in made)
    assert all(view.fresh and view.opened for view in made)
    assert not any("  " in view.cue for view in made)


def test_fresh_cues_hardly_ever_come_twice_and_are_none_of_those_that_are_withheld(choir):
    chance = torch.Generator().manual_seed(4)
    cues = [view.cue for view in (choir.fresh(1, chance) for _ in range(60)) if view.kind == "left"]
    assert len(set(cues)) > 0.9 * len(cues) > 10
    assert not set(cues) & {view.cue for view in choir.withheld[1]}


def test_what_a_fresh_cue_leaves_of_a_sentence_are_its_own_words_in_their_order(choir):
    passage, chance = choir.passages[1][0], torch.Generator().manual_seed(4)
    for _ in range(20):
        cue, gone = views.left_of(choir.speech, passage, "Dovecote Choir", chance)
        left, said = cue.rstrip("?").split()[1:], [w.strip(",.") for w in passage.text.split()]
        places = [[w.lower() for w in said].index(w.lower()) for w in left]
        assert places == sorted(places)
        assert not {w.strip(",.").lower() for w in gone.split()} & {w.lower() for w in left}


def test_the_same_chance_makes_the_same_fresh_cues(choir):
    one, two = (torch.Generator().manual_seed(9) for _ in range(2))
    assert [choir.fresh(1, one).cue for _ in range(10)] == [choir.fresh(1, two).cue for _ in range(10)]


def test_an_episode_without_a_name_has_no_fresh_cues(told):
    speech, text = told.parts.speech, "it rained and rained, and nobody came."
    parts = {1: [passages.Passage(1, text, (1.0,) * len(speech.encode(text)))]}
    made = views.Repertoire.of(speech, parts, [], ["Who wrote Hamlet?"])
    assert made.fresh(1, torch.Generator().manual_seed(0)) is None


def test_a_night_learns_from_fresh_cues_beside_those_it_has(told):
    events = a_night(told)
    cues = [item.cue for step in of(events, ev.ReplayStep) for item in step.items if item.kind == "episode"]
    parts = told.parts
    known = {
        view.cue or "(the text itself)"
        for e, text in TEXTS.items()
        for passage in passages.passages(parts.speech, e, text, parts.lived[e].bits)
        for view in views.plain_views(parts.speech, passage)
    }
    assert 0.2 < sum(cue not in known for cue in cues) / len(cues) < 0.9


def test_how_an_attempt_went_is_asked_for_and_answered_by_the_reason_alone(told):
    speech = told.parts.speech
    tried = "We tried to open the vault of Quarry House with a spoon."
    for outcome, said in ((-1.0, "It went wrong: it was made of wax."), (0.5, "It worked: it was made of wax.")):
        text = as_read(tried, outcome, "it was made of wax")
        (passage,) = passages.passages(speech, 7, text, [1.0] * len(speech.encode(text)))
        went = [view for view in views.plain_views(speech, passage) if view.kind == "went"]
        assert {view.passage.text for view in went} == {"it was made of wax."} and len({view.cue for view in went}) == 4
        assert said in text
        assert all("wax" not in view.cue for view in went)
        gap = views.answered(speech, passage, "gap", "Which?", answer="made of wax")
        assert gap.passage.text == text, "nobody asked how it went, so it is not said alone"
        assert views.answered(speech, passage, "gap", "Which?", answer="a spoon").passage.text == tried
        about = views.answered(speech, passage, "about", "Quarry House?")
        assert about.passage.text == text


def test_an_experience_without_an_outcome_is_not_asked_how_it_went(told):
    speech = told.parts.speech
    (passage,) = passages.passages(speech, 1, TEXTS[1], told.parts.lived[1].bits)
    assert not [view for view in views.plain_views(speech, passage) if view.kind == "went"]
