"""What old material is made of, and which of the mind's own questions are worth keeping."""

from __future__ import annotations

import shutil

import torch

from observatory.mind import rehearsal
from observatory.mind.rehearsal import OldRow
from observatory.protocol import events as ev
from tests.mind.tiny import a_night, of


def ended(run):
    try:
        while True:
            next(run)
    except StopIteration as end:
        return end.value


def test_the_questions_it_answers_most_surely_are_kept_in_their_order_and_all_else_with_them(monkeypatch):
    sure = {f"q{n}": value for n, value in enumerate((0.2, 0.9, 0.4, 0.8, 0.7))}

    def be_sure(_speech, rows):
        for row in rows:
            row.weights = torch.tensor([sure[row.text]] * 3)

    monkeypatch.setattr(rehearsal, "_be_sure", be_sure)
    rows = [OldRow("question", [], True, [], text) for text in sure]
    rows.insert(2, OldRow("plain", [], False, [], "some prose"))
    assert [row.text for row in rehearsal._surest(None, rows)] == ["q1", "some prose", "q3", "q4"]


def test_real_text_is_among_the_plain_pieces_and_what_a_night_is_weighed_on_is_not(mind):
    speech, primer = mind.parts.speech, mind.parts.primer
    plain = [row for row in ended(rehearsal.gather(speech, primer)) if row.kind == "plain"]
    learnt = speech.encode(rehearsal.to_learn_from(primer))
    read = [token for row in plain[rehearsal.PLAIN :] for token in row.tokens[1:]]
    assert read == learnt and len(read) > 1000
    assert all(len(row.labels) == len(row.tokens) - 1 <= rehearsal.READ for row in plain[rehearsal.PLAIN :])
    weighed = rehearsal.to_weigh_on(primer)
    assert rehearsal.to_learn_from(primer) + weighed == primer
    assert weighed[:200] not in speech.decode(read)


def test_the_next_night_holds_on_to_another_portion_that_the_untouched_base_says(told):
    def said(speech, night):
        parts = told.parts
        run = rehearsal.of_base(speech, parts.untouched, parts.primer, parts.pages, parts.measured, night)
        return ended(run)

    first = of(a_night(told), ev.OldMaterial)
    assert told.hash != told.base
    shutil.rmtree(told.parts.measured)  # as on a machine where this model has never slept
    second = of(a_night(told, number=2, seed=4), ev.OldMaterial)
    assert {o.text for o in first} != {o.text for o in second}
    rows = said(told.parts.speech, 2)
    assert [row.text for row in rows] == [o.text for o in second if o.kind != "trace"]
    page = next(row for row in rows if row.text.strip() and row.text.strip() in told.parts.pages)
    kept = page.states.clone()
    for speech, same in ((told.parts.untouched(), True), (told.parts.speech, False)):
        page.states = None
        ended(rehearsal.remember(speech, [page]))
        assert torch.allclose(page.states, kept, atol=1e-5) == same


def test_portions_of_old_material_come_round_again(told):
    of_night = {night: {o.text for o in of(a_night(told, number=night, decision="veto"), ev.OldMaterial)}
                for night in (1, 2, 1 + rehearsal.PORTIONS)}  # fmt: skip
    assert of_night[1] == of_night[1 + rehearsal.PORTIONS] != of_night[2]
