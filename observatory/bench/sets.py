"""Which days a comparison lives and what it asks: a set that ships, or a file of one's own.

A set `told` is `days/told-01.jsonl`, `told-02.jsonl` … with exams of the same names (or one `exams/told.jsonl` for all
of them); `first` is one file. The files are checked here and joined into one day file and one exam. It does not know
arms, seeds or models.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..host.refusal import Refusal
from ..protocol.days import read_day
from ..protocol.events import Question
from ..protocol.exams import read_exam
from ..protocol.lines import LinesError

WRONG = 2
SLEEP = '{"sleep": true}'


@dataclass(frozen=True)
class DaySet:
    """Days to live, each ended by a sleep, and the questions about them."""

    name: str
    nights: int
    day: str
    exam: str

    @property
    def day_hash(self) -> str:
        return hashlib.sha256(self.day.encode()).hexdigest()

    @property
    def exam_hash(self) -> str:
        return hashlib.sha256(self.exam.encode()).hexdigest()


def named(name: str, nights: int | None, folder: Path, exam: Path | None = None) -> DaySet:
    """The first `nights` days of a set in `folder` (all of them without a number), or of a file."""
    if name.endswith(".jsonl"):
        path = Path(name).expanduser()
        return joined(path.stem, [path], [exam or _beside(path)], nights)
    days = sorted((folder / "days").glob(f"{name}-*.jsonl"), key=_number)
    days = [path for path in days if _number(path)] or [p for p in [folder / "days" / f"{name}.jsonl"] if p.is_file()]
    if not days:
        raise Refusal(
            WRONG, f"There is no set of days “{name}” here. What to do: choose one of {', '.join(there(folder))}, or "
            "name a day file (FILE.jsonl)."
        )  # fmt: skip
    if len(days) > 1 and nights is not None:
        _enough(name, nights, len(days))
        days = days[:nights]
    if exam is not None:
        return joined(name, days, [exam], nights)
    papers = [folder / "exams" / path.name for path in days] + [folder / "exams" / f"{name}.jsonl"]
    papers = list(dict.fromkeys(path for path in papers if path.is_file()))
    if not papers:
        raise Refusal(WRONG, f"The set “{name}” has no exam, so nothing can be compared. What to do: give --exam FILE.")
    return joined(name, days, papers, nights)


def there(folder: Path) -> list[str]:
    """The sets that ship in this folder, and what can be made of relations if these are there."""
    names = {re.sub(r"-\d+$", "", path.stem) for path in (folder / "days").glob("*.jsonl")}
    if (folder / "relations").is_dir():
        names.add("relations")
    return sorted(names)


def joined(name: str, days: list[Path], exams: list[Path], nights: int | None) -> DaySet:
    """One day file and one exam from many, as far as the asked number of nights goes."""
    try:
        lines, lived = [], {}
        for path in days:
            before = lines.count(SLEEP)
            lines += _day(path)
            lived[path.name] = before, lines.count(SLEEP) - before
        questions = [q for path in exams for q in _counted_on(read_exam(path), *lived.get(path.name, (0, 0)))]
    except LinesError as error:
        raise Refusal(WRONG, str(error)) from error
    sleeps = [place for place, line in enumerate(lines) if line == SLEEP]
    nights = nights or len(sleeps)
    _enough(name, nights, len(sleeps))
    asked = {_line(q): q for q in questions}
    # What a later day teaches is nothing to ask when that day is never lived.
    if nights < len(sleeps):
        asked = {line: q for line, q in asked.items() if q.day is None or q.day <= nights}
    text = "".join(line + "\n" for line in lines[: sleeps[nights - 1] + 1])
    return DaySet(name, nights, text, "".join(asked))


def _counted_on(questions: list[Question], before: int, own: int) -> list[Question]:
    """An exam that counts its own file's days counts on when other days have been lived before that file."""
    if not before or any(q.day is not None and q.day > own for q in questions):
        return questions
    return [msgspec.structs.replace(q, day=q.day and q.day + before) for q in questions]


def _day(path: Path) -> list[str]:
    """The lines of a day file, checked, with a sleep at the end."""
    sleeps = {line.line for line in read_day(path).lines if not hasattr(line, "text")}
    lines = path.read_text("utf-8").splitlines()
    out = [SLEEP if number in sleeps else line.strip() for number, line in enumerate(lines, 1) if line.strip()]
    return out if out and out[-1] == SLEEP else [*out, SLEEP]


def _line(question: Question) -> str:
    return msgspec.json.encode(question).decode() + "\n"


def _beside(path: Path) -> Path:
    """The exam of a day file: the file of that name in `exams` beside its folder, or NAME-exam.jsonl beside it."""
    for exam in (path.parent.parent / "exams" / path.name, path.with_name(f"{path.stem}-exam.jsonl")):
        if exam.is_file():
            return exam
    raise Refusal(
        WRONG, f"No exam was found for {path}. What to do: give --exam FILE, or put {path.stem}-exam.jsonl beside it."
    )  # fmt: skip


def _enough(name: str, nights: int, days: int) -> None:
    if nights > days:
        raise Refusal(WRONG, f"“{name}” holds {days} day{'s' * (days != 1)}, so {nights} nights cannot be lived on it.")


def _number(path: Path) -> int:
    found = re.search(r"-(\d+)$", path.stem)
    return int(found[1]) if found else 0
