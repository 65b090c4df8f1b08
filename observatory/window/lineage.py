"""What the nights did with one episode: how often each replayed it and by which drive, and what became of it.

Taken from the story as it was told. Which exam question is about an episode is recorded nowhere: it is told by the
words that they share, and the window says so. Knows no Qt.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from ..protocol import events as ev
from .lived import Episode, Night
from .story import Story

COMMON = frozenset({
    "about", "after", "again", "also", "asked", "been", "before", "does", "from", "have", "into", "like", "many",
    "most", "much", "said", "some", "tell", "than", "that", "their", "them", "then", "there", "they", "this", "told",
    "very", "what", "when", "where", "which", "whom", "whose", "will", "with", "would", "your",
})  # fmt: skip
"""Words of four letters and more that a question shares with anything."""
LEAST = 4


@dataclass
class Past:
    """One night in an episode's life. `first`, `last`: loss at its first and last replay, before the step, in nats."""

    night: int
    standing: str
    part: str
    replays: int = 0
    dreams: int = 0
    drives: Counter[str] = field(default_factory=Counter)
    first: float | None = None
    last: float | None = None
    cue_first: float | None = None
    cue_last: float | None = None
    recalled: bool | None = None
    """Whether the last try of a cue that is never replayed brought it back."""
    strength: ev.Retention | None = None


@dataclass(frozen=True)
class Asked:
    """An exam question that shares its answer and a word with an episode."""

    night: int
    question: ev.Question
    before: ev.ExamAnswer | None
    after: ev.ExamAnswer | None


def standing(night: Night) -> str:
    if night.rolled_back:
        return "rolled back"
    if night.committed is not None:
        return "committed"
    if night.closed is not None:
        return night.closed.ended
    return "interrupted" if night.cut else "open"


def past(story: Story, episode: Episode) -> list[Past]:
    """The nights that replayed it or told how strong it was, oldest first."""
    number, strengths = episode.number, dict(story.strengths(episode.number))
    found = []
    for at in sorted(story.nights.keys() | strengths.keys()):
        night, strength = story.nights.get(at), strengths.get(at)
        if night is None:
            found.append(Past(at, "", "", strength=strength))
            continue
        part = "new" if number in night.opened.episodes else "rehearsed" if night.drawn[number] else ""
        if part or strength is not None:
            found.append(_of(night, number, Past(at, standing(night), part, strength=strength)))
    return found


def _of(night: Night, number: int, made: Past) -> Past:
    losses = [r.item.loss for r in night.replays if r.item.episode == number] if night.drawn[number] else []
    made.replays, made.drives = len(losses), night.drawn_by.get(number, Counter())
    if losses:
        made.first, made.last = losses[0], losses[-1]
    made.dreams = sum(d.kept and d.episode == number for d in night.dreams)
    tries = [each for probe in night.probes for each in probe.episodes if each.episode == number]
    if tries:
        made.cue_first, made.cue_last, made.recalled = tries[0].worst, tries[-1].worst, tries[-1].recalled
    return made


def exam(story: Story, episode: Episode) -> list[Asked]:
    """Of every night that was examined before and after it, what it was asked that this episode answers."""
    text = episode.told.text.casefold()
    words = set(re.findall(r"\w+", text))
    found = []
    for number, night in sorted(story.nights.items()):
        for key in night.before.keys() | night.after.keys():
            before, after = night.before.get(key), night.after.get(key)
            question = (after or before).question
            if _about(question, text, words):
                found.append(Asked(number, question, before, after))
    return sorted(found, key=lambda asked: (asked.night, asked.question.kind, asked.question.prompt))


def _about(question: ev.Question, text: str, words: set[str]) -> bool:
    asked = set(re.findall(r"\w+", question.prompt.casefold()))
    shared = {w for w in asked & words if len(w) >= LEAST and w not in COMMON}
    return bool(shared) and any(
        re.search(rf"(?<!\w){re.escape(answer.casefold())}(?!\w)", text) for answer in question.answers if answer
    )
