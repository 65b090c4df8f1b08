"""What old material is made of, and which of the mind's own questions are worth keeping."""

from __future__ import annotations

import torch

from observatory.mind import rehearsal
from observatory.mind.rehearsal import OldRow


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
    run = rehearsal.gather(speech, primer)
    try:
        while True:
            next(run)
    except StopIteration as end:
        plain = [row for row in end.value if row.kind == "plain"]
    learnt = speech.encode(rehearsal.to_learn_from(primer))
    read = [token for row in plain[rehearsal.PLAIN :] for token in row.tokens[1:]]
    assert read == learnt and len(read) > 1000
    assert all(len(row.labels) == len(row.tokens) - 1 <= rehearsal.READ for row in plain[rehearsal.PLAIN :])
    weighed = rehearsal.to_weigh_on(primer)
    assert rehearsal.to_learn_from(primer) + weighed == primer
    assert weighed[:200] not in speech.decode(read)
