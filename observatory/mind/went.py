"""How an experience went, in the words that are read behind it: what failed and what worked are put apart in words,
so that either is recalled as what it was. Knows nothing of scores or nights.
"""

from __future__ import annotations

WENT = ("It went wrong", "It worked")


def as_read(text: str, outcome: float | None, because: str) -> str:
    """What is encoded of an experience: its text, and how it went and why where that is known.

    What failed and what worked are put apart in words, so that either is recalled as what it was.
    """
    return text + how_it_went(outcome, because)


def split_off(text: str) -> tuple[str, str]:
    """An experience as it is read, and of it the sentence that says how it went; empty where none does."""
    found = max((text.rfind(f" {said}") for said in WENT), default=-1)
    return (text[:found].strip(), text[found:].strip()) if found > 0 else (text, "")


def reason_in(went: str) -> str:
    """Of a sentence that says how it went, why; empty where it does not say."""
    return next((went[len(said) + 2 :].strip() for said in WENT if went.startswith(f"{said}: ")), "")


def how_it_went(outcome: float | None, because: str) -> str:
    """The words behind an experience that say how it went; none where nothing is known of that."""
    reason = because.strip().rstrip(".!?")
    if not outcome:
        return ""
    said = WENT[outcome > 0]
    return f" {said}: {reason}." if reason else f" {said}."
