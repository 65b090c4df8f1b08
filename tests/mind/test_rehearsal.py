"""Which of the mind's own questions are worth keeping."""

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
