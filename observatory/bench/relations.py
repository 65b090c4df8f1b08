"""Days of real facts that a model does not know: `python -m observatory.bench.relations FOLDER OUT --nights N`.

From relation files (a subject, an object, wordings) come statements to be told, questions about them, and questions on
other relations that must not change. Only what the untouched model gets wrong in every wording is told; what it gets
right elsewhere is its locality. The choice is seeded and made day by day, so fewer nights are the beginning of more. It
does not know arms; who answers for the model is handed in.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..protocol.durable import write
from ..protocol.events import Question

TAUGHT = (
    "person_plays_instrument", "company_hq", "product_by_company", "person_father", "person_university",
    "superhero_person", "landmark_on_continent",
)  # fmt: skip
LOCAL = ("country_capital_city", "verb_past_tense", "adj_comparative")
A_DAY = 20
SAME_OBJECT = 2
"""Facts a day with one and the same object: naming it every time shall not pass for memory."""
LOCALITY = 40
AT_ONCE = 32
"""Facts put to the model together."""
WAITING = 64
"""Facts of one relation that are put by before it has no more for today: with few objects most would wait."""

Answers = Callable[[list[Question]], list[bool]]
"""Asks the untouched model; says of each question whether it has it right."""


class RelationsError(RuntimeError):
    """The relations cannot fill these days; the message says what is missing."""


class Sample(msgspec.Struct, frozen=True):
    subject: str
    object: str


class Relation(msgspec.Struct, frozen=True):
    """One file: wordings with a hole for the subject, and what is true of whom."""

    prompt_templates: list[str]
    prompt_templates_zs: list[str]
    samples: list[Sample]


@dataclass(frozen=True)
class Fact:
    relation: str
    subject: str
    object: str
    direct: str
    others: tuple[str, ...]

    @property
    def statement(self) -> str:
        return f"{self.direct} {self.object.rstrip('.')}."

    def questions(self, day: int | None, direct: str = "direct", other: str = "paraphrase") -> list[Question]:
        wordings = [(self.direct, direct), *((prompt, other) for prompt in self.others)]
        return [Question(prompt=p, answers=[self.object], kind=k, day=day, style="complete") for p, k in wordings]


def read(folder: Path, names: Sequence[str], chance: random.Random) -> dict[str, list[Fact]]:
    """The facts of these relations, shuffled. A subject with two objects is left out: either could be right."""
    out = {}
    for name in names:
        path = folder / f"{name}.json"
        if not path.is_file():
            continue
        relation = msgspec.json.decode(path.read_bytes(), type=Relation)
        template = relation.prompt_templates[0]
        others = [one for one in relation.prompt_templates_zs if one != template]
        counted = Counter(sample.subject for sample in relation.samples)
        facts = [
            Fact(name, s.subject, s.object, template.format(s.subject), tuple(o.format(s.subject) for o in others))
            for s in relation.samples
            if counted[s.subject] == 1
        ]
        out[name] = facts
        chance.shuffle(facts)
    if not out:
        raise RelationsError(f"none of {', '.join(names)} lies in {folder}")
    return out


def unknown(facts: list[Fact], answers: Answers) -> Iterator[Fact]:
    """Those that the model gets wrong in every wording, asked only as far as they are wanted."""
    for start in range(0, len(facts), AT_ONCE):
        part = facts[start : start + AT_ONCE]
        questions = [(fact, question) for fact in part for question in fact.questions(None)]
        right = answers([question for _, question in questions])
        known = {fact for (fact, _), is_right in zip(questions, right, strict=True) if is_right}
        yield from (fact for fact in part if fact not in known)


class Lane:
    """One relation's unknown facts in their order. What does not fit today waits for another day."""

    def __init__(self, source: Iterator[Fact]):
        self._source = source
        self._waiting: list[Fact] = []

    def take(self, fits: Callable[[Fact], bool]) -> Fact | None:
        """The first fact that fits; None when the relation has no more for today."""
        for place, fact in enumerate(self._waiting):
            if fits(fact):
                return self._waiting.pop(place)
        while len(self._waiting) < WAITING and (fact := next(self._source, None)) is not None:
            if fits(fact):
                return fact
            self._waiting.append(fact)
        return None


def days(relations: dict[str, list[Fact]], nights: int, answers: Answers) -> list[list[Fact]]:
    """`nights` days of `A_DAY` unknown facts, the relations by turns, every subject once."""
    lanes = [Lane(unknown(facts, answers)) for facts in relations.values()]
    subjects: set[str] = set()
    return [_day(lanes, subjects, night) for night in range(1, nights + 1)]


def _day(lanes: list[Lane], subjects: set[str], night: int) -> list[Fact]:
    chosen: list[Fact] = []
    objects: Counter[str] = Counter()

    def fits(fact: Fact) -> bool:
        return fact.subject.casefold() not in subjects and objects[fact.object.casefold()] < SAME_OBJECT

    turns = list(lanes)
    while turns:
        lane = turns.pop(0)
        fact = lane.take(fits)
        if fact is None:
            continue
        chosen.append(fact)
        subjects.add(fact.subject.casefold())
        objects[fact.object.casefold()] += 1
        if len(chosen) == A_DAY:
            return chosen
        turns.append(lane)
    raise RelationsError(f"the relations hold only {len(chosen)} facts for day {night} that the model does not know")


def locality(relations: dict[str, list[Fact]], answers: Answers) -> list[Question]:
    """A fixed number of questions that the untouched model has right, the relations by turns."""
    right: dict[str, list[Question]] = {}
    for name, facts in relations.items():
        questions = [fact.questions(None, "locality")[0] for fact in facts]
        marks = answers(questions)
        right[name] = [question for question, is_right in zip(questions, marks, strict=True) if is_right]
    longest = max(map(len, right.values()))
    return [lane[place] for place in range(longest) for lane in right.values() if place < len(lane)][:LOCALITY]


def build(folder: Path, out: Path, nights: int, seed: int, answers: Answers) -> None:
    """`out`/days/relations-NN.jsonl and `out`/exams/relations.jsonl."""
    chance = random.Random(seed)
    chosen = days(read(folder, TAUGHT, chance), nights, answers)
    local = locality(read(folder, LOCAL, chance), answers)
    for number, facts in enumerate(chosen, 1):
        told = [msgspec.json.encode({"text": fact.statement}) for fact in facts]
        write(_made(out / "days") / f"relations-{number:02d}.jsonl", b"\n".join([*told, b'{"sleep": true}', b""]))
    asked = [q for number, facts in enumerate(chosen, 1) for fact in facts for q in fact.questions(number)]
    lines = b"".join(msgspec.json.encode(question) + b"\n" for question in [*asked, *local])
    write(_made(out / "exams") / "relations.jsonl", lines)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def the_model(model: str, cache: Path, device: str, precision: str) -> Answers:
    """The untouched model itself, asked as an exam asks it."""
    from ..mind import exam
    from .memory import returned
    from .ready import wake

    parts = wake(model, cache, device, precision).parts

    def answers(questions: list[Question]) -> list[bool]:
        runner = exam.ask_all(parts.speech, parts.hippocampus, questions, "cortex")
        return [answer.right for answer in returned(runner)]

    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the relation files")
    parser.add_argument("out", type=Path, help="where days and exam go")
    parser.add_argument("--nights", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="default")
    parser.add_argument("--cache", type=Path, required=True, help="the folder of prepared models")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    asked = parser.parse_args()
    try:
        answers = the_model(asked.model, asked.cache, asked.device, asked.precision)
        build(asked.folder, asked.out, asked.nights, asked.seed, answers)
    except RelationsError as error:
        raise SystemExit(f"{error}. What to do: ask for fewer nights, or add relations.") from error


if __name__ == "__main__":
    main()
