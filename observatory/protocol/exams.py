"""An exam: questions with their answers, one JSON object a line, and how an answer is marked.

Marks are exact: an answer occurs in what was said, compared case-folded on word boundaries. Whether
the night has seen a question is not this file's business; it never hands one to it.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from .commands import EPISODE_TEXT_LIMIT
from .events import Question
from .lines import NAME_LIMIT, LinesError, Refused, checked_text, kind_of, only_known, read, shown, text_of

KEYS = ("prompt", "answers", "kind", "day", "style")
STYLES = ("chat", "complete")
UNSPACED = ("CJK ", "HIRAGANA", "KATAKANA", "THAI ", "LAO ", "KHMER ", "MYANMAR ")
"""Scripts written without spaces, where a word's edge cannot be seen in the text."""


class ExamError(LinesError):
    """An exam file that cannot be asked."""

    what = "exam"
    article = "an"
    meaning = "Nothing of this exam was asked; mend it and start again."


def read_exam(path: Path | str) -> list[Question]:
    """All questions in order. Raises ExamError naming every bad line (up to twenty) with the reason."""
    lines = read(path, ExamError)
    questions = lines.each(_question)
    lines.raise_faults(ExamError)
    return questions


def _question(line: int, found: dict) -> Question:
    only_known(found, KEYS)
    style = text_of(found, "style", NAME_LIMIT) or "chat"
    if style not in STYLES:
        raise Refused(f"“style” is “{shown(style)}”; it is chat or complete")
    kind = text_of(found, "kind", NAME_LIMIT, needed=True)
    if len(kind.split()) != 1 or kind != kind.strip():
        raise Refused("“kind” is one word: direct, paraphrase, known, locality or a word of your own")
    return Question(
        prompt=text_of(found, "prompt", EPISODE_TEXT_LIMIT, needed=True),
        answers=_answers(found.get("answers")),
        kind=kind,
        day=_day(found.get("day")),
        style=style,
    )


def _answers(value: object) -> list[str]:
    if value is None:
        raise Refused("no “answers”; every question needs a list of texts that count as right")
    if not isinstance(value, list):
        raise Refused(f'“answers” is {kind_of(value)}, not a list such as ["Trondheim"]')
    if not value:
        raise Refused("“answers” is an empty list; nothing could ever be right")
    return [checked_text(answer, f"answer {at}", EPISODE_TEXT_LIMIT) for at, answer in enumerate(value, start=1)]


def _day(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"“day” is {kind_of(value)}, not the whole number of a day")
    if not 1 <= value <= 1_000_000:
        raise Refused("“day” counts from 1 (to a million at most)")
    return value


# ---------------------------------------------------------------- marking


def marks(answer: str, answers: list[str]) -> bool:
    """Whether one of the accepted answers occurs in what was said, whole words only."""
    said = folded(answer)
    return any(_occurs(said, folded(wanted)) for wanted in answers)


def folded(text: str) -> str:
    """Text made comparable: compatibility forms, case, kinds of apostrophe and runs of space do not count."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(plain.replace("\u2019", "'").split())


def _occurs(said: str, wanted: str) -> bool:
    if not wanted:
        return False
    at = said.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if _edge(said[:at][::-1], wanted[0]) and _edge(said[end:], wanted[-1]):
            return True
        at = said.find(wanted, at + 1)
    return False


def _edge(beyond: str, edge: str) -> bool:
    """Whether a word may end at `edge` when `beyond` follows, read outwards from it.

    A sign such as $ or + is its own edge. A number also goes on over its separators: 5 is not in 3.5.
    """
    if not beyond or not _in_word(edge) or _unspaced(edge):
        return True
    if edge.isdigit() and beyond[0] in ".," and beyond[1:2].isdigit():
        return False
    return not _in_word(beyond[0])


def _in_word(letter: str) -> bool:
    """Underscores are left out: models put _emphasis_ around words with them."""
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def _unspaced(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(UNSPACED)
