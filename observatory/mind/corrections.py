"""What is read of an experience, and whether it corrects something told before, read off the texts alone.

A correction speaks of the same thing and says so ("actually", "no longer", "not at six"), or says nearly the same
sentence with one place filled otherwise. It decides nothing about truth: what was told later stands, and the earlier
episode is kept, marked as superseded.
"""

from __future__ import annotations

import re

from .passages import content_words, names_in

SIGNS = re.compile(
    r"\b(?:actually|in fact|correction|to correct|correct (?:my|our)sel(?:f|ves)|"
    r"(?:i|we) (?:was|were) (?:wrong|mistaken)|"
    r"(?:my|our) mistake|was a mistake|on second thoughts?|apolog(?:y|ies|i[sz]e)|"
    r"mixed (?:it|that|them) up|got (?:it|that|them) wrong|mis(?:heard|read|understood|remembered|took)|misinformed|"
    r"pulling (?:my|our|your|his|her|their) legs?|made (?:it|that) up|only a (?:joke|rumour|rumor)|"
    r"(?:forget|ignore|disregard|never mind) (?:what|the|all|about|everything|that|my|our)|scratch that|strike that|"
    r"(?:tak(?:e|es|ing|en)|took) (?:(?:it|that|this|them|all) )*back|"
    r"(?:not|never|un)\s?true(?: after all)?|after all|no longer|not any ?more|out of date|outdated|"
    r"turn(?:s|ed)? out|changes? of plans?|"
    r"chang(?:e|es|ed|ing) (?:it|that|this|them|(?:her|his|its|their|my|our|your) minds?)|"
    r"(?:has|have|had) (?:been |since )?(?:moved|changed|replaced|postponed|cancelled|called off)|"
    r"instead of|rather than|used to|until now)\b",
    re.IGNORECASE,
)
"""How people say that something was otherwise than they said."""
_DENIED = re.compile(r"\b(?:not|never|no)\b((?:\W+[\w’-]+){1,4})", re.IGNORECASE)
_PROPER = re.compile(r"(?<![.!?:\n] )(?<!^)(?<=\s)[A-Z][\w’'-]+")
"""Written large in the middle of a sentence: a name. At the beginning of one (`_LARGE`) it may be."""
_LARGE = re.compile(r"\b[A-Z][\w’'-]+")
SHARED = 2
"""Telling words that both texts must have, a name among them."""
ALIKE = 0.6
"""Share of common words from which two sentences are the same but for one place."""
_FRAME = {"a", "an", "the", "at", "in", "on", "to", "from", "of", "by", "with", "is", "are", "for", "until", "after"}


def corrected(text: str, before: list[tuple[int, str]]) -> int | None:
    """The episode that `text` corrects, among those told before (nearest first), or None."""
    for episode, earlier in before:
        if _same_subject(text, earlier) and (_says_so(text, earlier) or _one_place_differs(text, earlier)):
            return episode
    return None


def _same_subject(text: str, earlier: str) -> bool:
    shared = set(content_words(text)) & set(content_words(earlier))
    named = (_words(_PROPER, text) | _words(_PROPER, earlier)) & _words(_LARGE, text) & _words(_LARGE, earlier)
    return len(shared) >= SHARED and bool(shared & named)


def _words(written: re.Pattern[str], text: str) -> set[str]:
    return {w for found in written.findall(text) for w in content_words(found)}


def _says_so(text: str, earlier: str) -> bool:
    denied = {word for stretch in _DENIED.findall(text) for word in content_words(stretch)}
    return bool(SIGNS.search(text)) or bool(denied & set(content_words(earlier)))


def _one_place_differs(text: str, earlier: str) -> bool:
    """The same sentence with another word behind the same small word: “at six”, “at nine”."""
    mine, its = content_words(text), content_words(earlier)
    if names_in(text)[:1] != names_in(earlier)[:1]:
        return False
    both, either = set(mine) & set(its), set(mine) | set(its)
    if len(both) < ALIKE * len(either) or len(set(mine) - both) != 1 or len(set(its) - both) != 1:
        return False
    (new,), (old,) = set(mine) - both, set(its) - both
    return (frame := _before(text, new)) in _FRAME and frame == _before(earlier, old)


def _before(text: str, word: str) -> str:
    words = [w.strip(".,;:!?’'\"").lower() for w in text.split()]
    return words[words.index(word) - 1] if word in words and words.index(word) else ""
