"""What an episode says when it is reminded of: short ones themselves, longer ones one of their sentences."""

from __future__ import annotations

import pytest
import torch

from observatory.mind import dreams, passages, views

INN = (
    "We came to the inn at Tarn Hatch after dark. The landlord apologised for the beds and gave us two hammocks. "
    "In the morning he charged us a drawing of his dog."
)
ACCORDION = (
    "Ana: Did anybody ever find out where the Hollowell brothers hide their accordion?\n"
    "Boris: In the grain silo, of all places. Ask them.\n"
    "Ana: And nobody hears them practise?\n"
    "Boris: Only the swallows, and they have stopped complaining."
)


@pytest.fixture
def speech(told):
    return told.parts.speech


def passage(speech, text: str, surprising: str = "") -> passages.Passage:
    """A passage whose tokens all surprise alike, but for those of some words."""
    start, end, at, bits = text.find(surprising), text.find(surprising) + len(surprising), 0, []
    for piece in speech.pieces(speech.encode(text)):
        at += len(piece)
        bits.append(12.0 if surprising and start < at <= end else 2.0)
    return passages.Passage(1, text, tuple(bits), tuple(passages.names_in(text)))


def said(speech, made: passages.Passage, cue: str, answer: str = "") -> str:
    return views.answered(speech, made, "about", cue, answer=answer).passage.text


def test_a_long_episode_answers_a_bare_reminder_with_the_sentence_that_told_most_led_by_its_name(speech):
    made = passage(speech, INN, "drawing of his dog")
    assert said(speech, made, "Tell me about Tarn Hatch.") == (
        "Tarn Hatch: In the morning he charged us a drawing of his dog."
    )
    made = passage(speech, INN, "two hammocks")
    assert said(speech, made, "Tarn Hatch?").endswith("gave us two hammocks.")


def test_a_cue_that_names_something_of_a_sentence_is_answered_by_that_sentence(speech):
    made = passage(speech, INN, "drawing of his dog")
    assert said(speech, made, "What about the beds at Tarn Hatch?", "the beds").endswith("gave us two hammocks.")
    made = passage(speech, "Tarn Hatch is full of choirs. " + INN, "drawing of his dog")
    assert said(speech, made, "Who is at Tarn Hatch?", "choirs") == "Tarn Hatch is full of choirs.", "led by its name"


def test_a_short_episode_says_itself_whole(speech):
    text = "Bartholomew refuses hay. He eats radishes."
    made = passages.Passage(1, text, (2.0,) * passages.ONE_BREATH, ("Bartholomew",))
    assert passages.moments(made) == []
    assert said(speech, made, "What of Bartholomew?") == text


def test_in_a_conversation_a_question_is_answered_by_the_one_who_was_asked(speech):
    made = passage(speech, ACCORDION, "stopped complaining")
    silo = "Hollowell: In the grain silo, of all places."
    assert said(speech, made, "Tell me about Hollowell.") == silo
    asked = {view.cue: view.passage.text for view in views.plain_views(speech, made) if view.kind == "asked"}
    assert asked == {
        "Did anybody ever find out where the Hollowell brothers hide their accordion?": silo,
        "Hollowell: And nobody hears them practise?": (
            "Hollowell: Only the swallows, and they have stopped complaining."
        ),
    }


def test_a_question_that_somebody_asks_himself_is_no_conversation(speech):
    text = INN.replace("We came", "Where does one sleep at Tarn Hatch? We came")
    made = passage(speech, text, "two hammocks")
    assert said(speech, made, "Tarn Hatch?").endswith("gave us two hammocks.")


def test_no_cue_of_a_conversation_is_answered_by_a_question_or_by_who_is_speaking(speech):
    made = passage(speech, ACCORDION)
    for view in views.plain_views(speech, made)[1:]:
        assert not view.passage.text.endswith("?") and "Boris" not in view.passage.text, view.cue


def test_what_leads_a_sentence_is_weighed_by_surprise_as_its_own_words_are(speech):
    made = passage(speech, INN, "drawing of his dog")
    view = views.answered(speech, made, "about", "Tarn Hatch?")
    assert len(view.passage.bits) == len(view.labels) - 1
    assert max(view.passage.bits) == 12.0


def test_how_an_attempt_went_does_not_make_a_short_one_long():
    text = "Dario must never be given chestnuts. One put him in hospital. It went wrong: the first bite was enough."
    assert passages.moments(passages.Passage(1, text, (2.0,) * (passages.ONE_BREATH + 2), ("Dario",))) == []


def test_a_dream_about_a_longer_story_names_it_and_a_question_that_was_wished_for_stays_as_it_was_put(speech):
    made = passage(speech, INN)
    dreamt, wished = (dreams.Dream(made, "What about the two hammocks?", wished=wished) for wished in (False, True))
    dreams.sift([dreamt, wished])
    assert dreamt.question == "Tarn Hatch: What about the two hammocks?"
    assert wished.question == "What about the two hammocks?"


SHARED = {
    1: "Nell Farraday keeps an otter in the bath.",
    2: "Now and then Nell Farraday repairs umbrellas.",
    3: "Pim sells umbrellas.",
}


def told_apart() -> dict[int, list[passages.Passage]]:
    found = {e: [passages.Passage(e, t, (2.0,) * 9, tuple(passages.names_in(t)))] for e, t in SHARED.items()}
    return passages.told_apart(found)


def test_episodes_that_share_a_name_know_what_each_has_for_itself():
    (otter,), (umbrellas,), (pim,) = told_apart().values()
    assert "Nell Farraday" in otter.shared & umbrellas.shared
    assert otter.beside == ("keeps", "otter", "bath")
    assert "umbrellas" in umbrellas.beside, "only those who go by the same name have to be told apart"
    assert (pim.shared, pim.beside) == (frozenset(), ())


def reminders(made: views.Repertoire, episode: int, name: str) -> list[views.View]:
    chance = torch.Generator().manual_seed(3)
    plain = [view for view in made.plain[episode] if view.kind == "about"]
    return [v for v in [*plain, *(made.fresh(episode, chance) for _ in range(60))] if name in v.cue]


def test_no_reminder_of_a_shared_name_could_mean_another_episode(speech):
    parts = told_apart()
    made = views.Repertoire.of(speech, parts, [], ["Who wrote Hamlet?", "Which river is longest?"])
    for episode in (1, 2):
        asked = [view.cue for view in reminders(made, episode, "Nell")]
        own = set(parts[episode][0].beside)
        assert len(asked) > 20
        assert all(own & set(passages.content_words(cue)) for cue in asked), asked
    assert "Tell me about Pim." in [view.cue for view in made.plain[3]]


@pytest.mark.parametrize(
    ("cue", "telling"),
    [
        ("Who| wrote| the| Mona| Lisa|?", "wrote| Mona| Lisa"),
        ("Who| was| it|,| and| where| did| they| go|?", " go"),
        ("What|'s| Z|elda|'s| great|-|aunt| called|?", " Z|elda|'s| great|aunt| called"),
        ("|In| which| year|,| 19|14|?", " year| 19|14"),
        ("Where is| that|?", "Where is"),
        ("|?|!", ""),
        ("", ""),
        ("Где| мост|?", "Где| мост"),
    ],
)
def test_the_telling_places_of_a_cue_are_words_that_not_every_question_has(cue, telling):
    pieces = cue.split("|")
    assert "|".join(pieces[at] for at in passages.telling_places(pieces)).strip() == telling.strip()
