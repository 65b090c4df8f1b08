"""Taking the words of forgotten episodes out of a record: which texts speak of them, and what an event says without.

A text goes when it stands on an episode that is forgotten, when it holds a telling word of one (a word that no other
episode has), or four of its words in a row. That takes out too much rather than too little. What was signed or stands
under a hash of its own (decisions, policies) is left as it is. It knows words and events; it does not know files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from ..protocol import events as e

TEXTS = frozenset({
    "text", "goal", "because", "why", "prompt", "target", "answer", "cue", "piece", "title", "remedy", "detail",
    "last_words", "question", "said",
})  # fmt: skip
LISTS = frozenset({"pieces", "tokens", "surprise", "code", "names", "nearest", "answers", "distribution"})
SIGNED = (e.Decided, e.PolicyTaken, e.Proposed, e.Forgotten, e.ForgettingAsked, e.ChangesAsked)
IN_A_ROW = 4
LEAST_LETTERS = 4
"""Letters of a telling word; figures tell whatever their number."""
PLAIN = frozenset(
    word
    for line in (
        "about after again also always because been before being between both came come could does down each",
        "even every ever first from gave goes gone good have having here hers herself himself into itself",
        "just keep keeps kept know last like long made make many more most much must near never next nothing",
        "often once only other ours over rather said same says she should since some something soon still",
        "such take than that their them then there these they this those though through time today told took",
        "tomorrow under until very want wants well went were what when where which while whom whose will with",
        "without would yesterday your yours",
    )
    for word in line.split()
)
"""Words that tell nothing, whoever says them."""
_WORDS = re.compile(r"\w+")


def words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


@dataclass(frozen=True)
class Gone:
    """What is forgotten, by number and by what its words give away."""

    episodes: frozenset[int]
    telling: frozenset[str]
    runs: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, episodes: Iterable[int], events: Iterable[e.Record]) -> Gone:
        """`events`: all that was ever told. A repetition that was only observed goes with what it repeats."""
        gone, mine, others = set(episodes), [], []
        for event in events:
            number, said = _told(event)
            if number is None:
                continue
            if isinstance(event, e.EpisodeObserved) and event.like in gone:
                gone.add(number)
            (mine if number in gone else others).append(words(said))
        known = {word for each in others for word in each}
        own = {word for each in mine for word in each} - known - PLAIN
        telling = {word for word in own if len(word) >= LEAST_LETTERS or any(map(str.isdigit, word))}
        theirs = {run for each in others for run in _runs(each)}
        return cls(frozenset(gone), frozenset(telling), frozenset({r for each in mine for r in _runs(each)} - theirs))

    def speaks(self, text: str) -> bool:
        found = words(text)
        return not self.telling.isdisjoint(found) or any(run in self.runs for run in _runs(found))


def _told(event: e.Record) -> tuple[int | None, str]:
    match event:
        case e.EpisodeEncoded():
            return event.episode, f"{event.text} {event.because} {event.goal}"
        case e.EpisodeObserved():
            return event.episode, event.text
        case e.FeedbackGiven():
            return event.episode, event.because
    return None, ""


def _runs(found: list[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(found[at : at + IN_A_ROW]) for at in range(len(found) - IN_A_ROW + 1))


def redacted(event: e.Record, gone: Gone) -> e.Record:
    """The event without their words; itself where it has none of them."""
    if isinstance(event, SIGNED):
        return event
    plain = msgspec.to_builtins(event)
    clean = _clean(plain, gone)
    return event if clean == plain else msgspec.convert(clean, type(event))


def _clean(value: dict, gone: Gone) -> dict:
    number = value.get("episode") if value.get("episode") is not None else value.get("like")
    theirs = number in gone.episodes
    return {name: _part(name, part, theirs, gone) for name, part in value.items()}


def _part(name: str, part, theirs: bool, gone: Gone):
    if isinstance(part, str):
        return "" if name in TEXTS and (theirs or gone.speaks(part)) else part
    if isinstance(part, dict):
        return _clean(part, gone)
    if not isinstance(part, list):
        return part
    if name in LISTS and theirs and not any(isinstance(each, dict) and "right" in each for each in part):
        return []
    if part and all(isinstance(each, str) for each in part):
        joined = "".join(part) if name == "pieces" else " ".join(part)
        return [] if name in LISTS and gone.speaks(joined) else part
    return [_clean(each, gone) if isinstance(each, dict) else each for each in part]
