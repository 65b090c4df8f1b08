"""What counts as a correction of something told before, and what only resembles it."""

from __future__ import annotations

import pytest

from observatory.mind.corrections import corrected
from observatory.mind.went import as_read
from observatory.protocol import commands as cmd
from observatory.protocol import events as ev
from tests.mind.tiny import of, woken

FERRY = "The ferry to Lund leaves at six from the old quay."
LATER = "Actually, the ferry to Lund leaves at nine."


@pytest.mark.parametrize(
    "text",
    [
        "Forget what I said about the ferry to Lund: it leaves at nine.",
        "The ferry to Lund does not leave at six, it leaves at nine.",
        "I was wrong about the ferry to Lund, which leaves at nine.",
        "The ferry to Lund leaves at nine from the old quay.",
        "The Lund ferry no longer leaves at six but at nine.",
        "Never mind what they say about the ferry to Lund. I waited there until nine.",
        "I take it all back about the ferry to Lund: nine is the hour.",
        "Change of plan, the ferry to Lund goes at nine.",
        "We had misread the board: the ferry to Lund goes at nine.",
    ],
)
def test_a_correction_is_known_by_its_words_or_by_the_one_place_that_differs(text):
    assert corrected(text, [(3, "Hedda keeps a goat in Lund."), (7, FERRY)]) == 7


def test_a_name_that_opened_its_sentence_is_a_name_when_it_comes_back_in_the_middle_of_one():
    hound = "Godfrey the hound is afraid of storms."
    assert corrected("Never mind what we said of Godfrey and storms: it is the hairdryer.", [(5, hound)]) == 5
    assert corrected("Never mind what we said. Storms and the hound went by.", [(5, hound)]) is None


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("Anna Berg plays the flute.", "Anna Holm plays the flute."),
        ("The ferry to Malmo leaves at nine from the new pier.", FERRY),
        ("The captain of the ferry to Lund is afraid of gulls.", FERRY),
        ("Hedda and Rufus were photographed in a lift.", "Hedda and Rufus were married in a lift."),
        ("Actually, I like rain.", FERRY),
        ("It turns out that Bartholomew the goat can swim.", FERRY),
        ("They changed the wheels of the coach to Lund at the ferry inn.", "Lund has an inn for coaches."),
    ],
)
def test_what_only_resembles_it_is_no_correction(text, before):
    assert corrected(text, [(1, before)]) is None


def test_the_nearest_of_several_is_the_one_that_is_corrected():
    assert corrected("Actually the ferry to Lund leaves at nine.", [(2, FERRY), (1, FERRY)]) == 2


def test_what_was_corrected_is_answered_by_the_correction_and_not_replayed(mind):
    list(mind.tell(cmd.Tell(episode=1, text=FERRY)))
    later = of(list(mind.tell(cmd.Tell(episode=2, text=LATER))), ev.EpisodeEncoded)
    assert later[0].corrects == 1
    read = mind.parts.hippocampus._standing
    assert read(1) == read(2) == 2
    events = []
    for event in mind.sleep(cmd.Sleep(night=1, seed=1, episodes=[1, 2], plan=cmd.NightPlan(steps=4, rank=2))):
        if event is None:
            break
        events.append(event)
    replayed = {i.episode for s in of(events, ev.ReplayStep) for i in s.items if i.kind != "old"}
    assert replayed == {2}
    assert {e.episode for e in of(events, ev.EpisodeProposed)} == {1, 2}, "both were proposed, and the record says so"


def test_after_a_restart_a_correction_still_stands(mind, settings):
    list(mind.tell(cmd.Tell(episode=1, text=FERRY)))
    told = of(list(mind.tell(cmd.Tell(episode=2, text=LATER))), ev.EpisodeEncoded)
    again = woken(settings)
    list(again.restore([
        cmd.StoredEpisode(episode=e, text=t, speaker="", session="", lived_at="", tokens=told[0].tokens, surprise=[1.0],
                          corrects=c)
        for e, t, c in ((1, FERRY, None), (2, told[0].text, 1))
    ]))  # fmt: skip
    assert again.parts.hippocampus._standing(1) == 2


def test_a_failure_is_read_with_its_reason_and_a_success_as_it_was_told():
    text = "We oiled the gate of Fallow Cottage."
    assert as_read(text, -0.5, "oil only lasted a day") == f"{text} It went wrong: oil only lasted a day."
    assert as_read(text, 0.5, "it was quiet") == f"{text} It worked: it was quiet."
    assert as_read(text, -0.5, " ") == f"{text} It went wrong."
    assert as_read(text, None, "nobody knows") == as_read(text, 0.0, "") == text
