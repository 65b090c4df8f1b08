"""Which of many lines a few typed letters mean: letters in order, beginnings of words first. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

START, RUN, HIT = 8.0, 5.0, 1.0
"""What a letter is worth at the start of a word, right after the letter before it, and anywhere else."""
LATE = 0.02
"""What each letter before the first hit costs, so that of two equals the one that begins earlier wins."""
WORTH = 3.0
"""A letter found is worth so much on the average at least; less is letters picked from all over a long line."""


def score(typed: str, text: str) -> float | None:
    """How well the typed letters are found in a text; None where they are not. More is better."""
    wanted = [word for word in typed.casefold().split() if word]
    found = [_word(word, text.casefold()) for word in wanted]
    return None if any(each is None for each in found) else sum(found)


def _word(word: str, text: str) -> float | None:
    """The best of the ways that begin at each place where the first letter stands."""
    best: float | None = None
    for first in (at for at, letter in enumerate(text) if letter == word[0]):
        got = _from(word, text, first)
        if got is not None and (best is None or got > best):
            best = got
    return best if best is not None and best >= WORTH * len(word) else None


def _from(word: str, text: str, first: int) -> float | None:
    worth, at, before = -LATE * first, first, first - 2
    for letter in word:
        at = text.find(letter, at)
        if at < 0:
            return None
        starts = at == 0 or not text[at - 1].isalnum()
        worth += START if starts else RUN if at == before + 1 else HIT
        before, at = at, at + 1
    return worth


def ranked(typed: str, texts: Iterable[str], recent: Sequence[str] = ()) -> list[int]:
    """Places of the texts that are meant, best first. With nothing typed: all of them, what was used lately first."""
    used = {text: -rank for rank, text in enumerate(recent)}
    if not typed.strip():
        lines = list(texts)
        return sorted(range(len(lines)), key=lambda at: (lines[at] not in used, -used.get(lines[at], 0), at))
    found = [(score(typed, text), used.get(text, -len(used) - 1), at) for at, text in enumerate(texts)]
    hits = [(-worth, -late, at) for worth, late, at in found if worth is not None]
    return [at for *_, at in sorted(hits)]
