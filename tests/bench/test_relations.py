"""Days of real facts: only what the model does not know is told, and no answer is given away by a whole day."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from observatory.bench import relations
from observatory.bench.relations import A_DAY, LOCALITY, SAME_OBJECT, TAUGHT
from observatory.protocol.days import read_day
from observatory.protocol.exams import read_exam

KNOWN = {"Subject 3 of person_father", "Subject 5 of company_hq"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "relations").mkdir()
    for name in TAUGHT:
        objects = 4 if name == "landmark_on_continent" else 40
        rows = [{"subject": f"Subject {n} of {name}", "object": f"{name} {n % objects}"} for n in range(60)]
        rows += [{"subject": "Twice", "object": "one"}, {"subject": "Twice", "object": "two"}]
        save(tmp_path, name, [f"{{}} has as {name}", f"{{}}, {name}:"], [f"{{}} has as {name}", "Of {}? It is"], rows)
    for name in relations.LOCAL:
        rows = [{"subject": f"{name} {n}", "object": f"{n}"} for n in range(30)]
        save(tmp_path, name, ["The local {} is"], ["What? {}"], rows)
    return tmp_path / "relations"


def save(folder, name, templates, zero_shot, rows):
    made = {"name": name, "prompt_templates": templates, "prompt_templates_zs": zero_shot, "samples": rows}
    (folder / "relations" / f"{name}.json").write_text(json.dumps(made))


def answers(questions):
    """Knows some subjects in one wording only, and of the local relations every second item."""
    return [
        int(q.answers[0]) % 2 == 0 if q.kind == "locality"
        else any(subject in q.prompt for subject in KNOWN) and q.prompt.startswith("Of ")
        for q in questions
    ]  # fmt: skip


def built(folder, out, nights=3, seed=0):
    relations.build(folder, out, nights, seed, answers)
    days = [read_day(path) for path in sorted((out / "days").glob("relations-*.jsonl"))]
    return days, read_exam(out / "exams" / "relations.jsonl")


def test_every_day_is_full_mixed_and_gives_no_answer_by_chance(folder, tmp_path):
    days, exam = built(folder, tmp_path / "out")
    assert [(len(day.experiences), day.sleeps) for day in days] == [(A_DAY, 1)] * 3
    for number in (1, 2, 3):
        direct = [q for q in exam if q.day == number and q.kind == "direct"]
        assert len(direct) == A_DAY
        assert max(Counter(q.answers[0] for q in direct).values()) <= SAME_OBJECT
        assert len({q.prompt.split(" has as ")[1] for q in direct}) == len(TAUGHT)
    subjects = [q.prompt.split(" has as ")[0] for q in exam if q.kind == "direct"]
    assert len(set(subjects)) == len(subjects) == 3 * A_DAY


def test_what_the_model_knows_in_any_wording_is_not_told_nor_what_has_two_answers(folder, tmp_path):
    days, _ = built(folder, tmp_path / "out", nights=12)
    told = " ".join(line.text for day in days for line in day.experiences)
    assert not any(subject + " " in told for subject in KNOWN)
    assert "Twice" not in told


def test_a_statement_is_the_first_wording_and_the_others_are_asked_beside_it(folder, tmp_path):
    days, exam = built(folder, tmp_path / "out", nights=1)
    texts = [line.text for line in days[0].experiences]
    for question in (q for q in exam if q.kind == "direct"):
        assert f"{question.prompt} {question.answers[0]}." in texts
    assert Counter(q.kind for q in exam) == {"direct": A_DAY, "paraphrase": A_DAY, "locality": LOCALITY}
    assert {q.style for q in exam} == {"complete"}


def test_locality_is_what_the_model_has_right_elsewhere(folder, tmp_path):
    _, exam = built(folder, tmp_path / "out", nights=1)
    local = [q for q in exam if q.kind == "locality"]
    assert all(int(q.answers[0]) % 2 == 0 and q.day is None for q in local)
    assert len({q.prompt.split()[2] for q in local}) == len(relations.LOCAL)


def test_the_same_seed_chooses_the_same_and_fewer_nights_are_the_beginning_of_more(folder, tmp_path):
    few, _ = built(folder, tmp_path / "few", nights=1)
    many, exam = built(folder, tmp_path / "many", nights=3)
    _, again = built(folder, tmp_path / "again", nights=3)
    other, _ = built(folder, tmp_path / "other", nights=1, seed=1)
    assert few[0].lines == many[0].lines and exam == again
    assert few[0].lines != other[0].lines


def test_too_many_nights_for_the_relations_are_refused(folder, tmp_path):
    with pytest.raises(relations.RelationsError, match="facts for day"):
        built(folder, tmp_path / "out", nights=50)
    with pytest.raises(relations.RelationsError, match="none of"):
        built(tmp_path, tmp_path / "out")
