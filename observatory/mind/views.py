"""Views of an episode: the cues through which it is replayed.

A sentence repeated teaches nothing that can be asked for; varied cues do. Cues are found in the
episode itself (names, opening phrases, cut points) and dreamed by the mind (questions about it, `dreams.py`);
what a cue is answered with is always the episode's own text. Nothing here has ever seen an exam.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from .passages import (
    ONE_BREATH,
    SMALL,
    Passage,
    by_weight,
    content_words,
    led,
    moments,
    point,
    reply,
    sentences,
    stretch,
    things_in,
)
from .speech import Speech
from .went import reason_in, split_off

ABOUT = (
    "Tell me about {}.", "What do you know about {}?", "Who or what is {}?", "{}?", "Do you remember {}?",
    "Somebody mentioned {} today. What was that about?", "I am thinking of {}. What should I know?",
    "There was something with {}. Which detail matters?", "Suppose I meet {}. What do I have to remember?",
)  # fmt: skip
"""Ways to be reminded of anything at all: none of them knows what kind of thing it is or what may be asked."""
ASKING = ("What", "Who", "Where", "Which", "How")
WENT = ("{} How did that go?", "{} What came of it?")
"""Ways to ask how any attempt went; what is answered is the reason alone, and not the attempt over again."""
LONGEST_GAP = 2
"""Words of one gap; of a longer run of telling words each is a gap of its own."""
GAPS = 4
"""Gaps of a passage that are asked for: its own sentence without the words that surprised most."""
_ARTICLES = {"a", "an", "the", "his", "her", "its", "their", "my", "our", "your"}
AMIDST = (
    "{other} And {name}?", "I am busy with {name}. {other}", "{other} I ask because of {name}.",
    "{name}, that is what I mean. {other}",
)  # fmt: skip
"""A reminder amid other talk: whatever else is said, the name is what brings the episode back."""
ASKED = (*ASKING, "When", "Why", "And")
THING = (
    "What is {thing} of {name}?", "What about {thing} of {name}?", "What was it with {thing} at {name}?",
    "Where is {thing} of {name}?", "Which is {thing} of {name}?", "How is it with {thing} and {name}?",
    "Why {thing}, with {name}?", "What did {thing} do, at {name}?", "Who has {thing} of {name}?",
)  # fmt: skip
"""Ways to ask for one thing out of a longer story; which of them fits is left open."""
LEFT = (0.2, 0.7)
"""Least and largest share of a sentence's words that a fresh cue leaves."""
FRESH_READ = 6
"""Fresh cues of an episode that the guard may draw from."""
WITHHELD = 5
"""Which of a passage's views is kept out of replay, to probe and to weigh on: the fifth way to be reminded."""


@dataclass
class View:
    """One way to be reminded: a cue and what follows it. `dream` is the number of the dream it came from."""

    passage: Passage
    kind: str
    cue: str
    tokens: list[int]
    labels: list[int]
    opened: bool = True
    dream: int = 0
    fresh: bool = False
    """Made for one replay, and never asked again."""

    @property
    def episode(self) -> int:
        return self.passage.episode


def plain_views(speech: Speech, passage: Passage) -> list[View]:
    """Cues that need no dreaming. The first is the bare text."""
    answer = speech.encode(passage.text)
    views = [View(passage, "text", "", [speech.document, *answer], list(range(len(answer))), opened=False)]
    for at, name in enumerate(passage.names):
        forms = ABOUT if at == 0 else ABOUT[:2] + ABOUT[5:7]
        for turn, form in enumerate(forms):
            cue = form.format(passage.called(name, turn))
            views.append(answered(speech, passage, "about", cue[0].upper() + cue[1:]))
    for question in moments(passage):
        if question.endswith("?") and len(question.split()) > 1:
            named = any(name in question for name in passage.names)
            cue = question if named else f"{passage.names[0]}: {question}"
            views.append(answered(speech, passage, "asked", cue, answer=question))
    for at, (rest, gap) in enumerate(gaps(speech, passage)[: GAPS * max(1, len(moments(passage)) - 1)]):
        views.append(answered(speech, passage, "gap", f"{ASKING[at % len(ASKING)]} {rest}?", answer=gap))
    tried, went = split_off(passage.text)
    if reason := reason_in(went):
        asked_of = [tried, *(f"{passage.called(name, 0)}:" for name in passage.names[:1])]
        why = stretch(speech, passage, reason)
        views += [answered(speech, why, "went", form.format(what)) for what in asked_of for form in WENT]
    words = passage.text.split()
    if len(words) >= 6 and not moments(passage):
        for share in (0.35, 0.6):
            cut = max(2, int(len(words) * share))
            start = " ".join(words[:cut])
            views.append(answered(speech, passage, "cut", f"Complete this: {start}"))
    return views


def gaps(speech: Speech, passage: Passage) -> list[tuple[str, str]]:
    """What is left of a sentence without some words that tell something, and those words; the most surprising first."""
    found: list[tuple[float, str, str]] = []
    at_piece, spans = 0, []
    for piece, bits in zip(speech.pieces(speech.encode(passage.text)), passage.bits, strict=False):
        spans.append((at_piece, at_piece + len(piece), bits))
        at_piece += len(piece)
    start = 0
    for sentence in moments(passage) or sentences(passage.text):
        start = passage.text.index(sentence, start)
        words = [(m.group(), m.start() + start, m.end() + start) for m in re.finditer(r"\S+", sentence)]
        named = [m.span() for name in passage.names for m in re.finditer(re.escape(name), passage.text)]
        telling = [bool(content_words(word)) and not any(a < z and y < b for y, z in named) for word, a, b in words]
        at = 0
        while at < len(words):
            end = at
            while end < len(words) and telling[end]:
                end += 1
            if end - at > LONGEST_GAP:
                end = at + 1
            if end > at:
                first = at - 1 if at and words[at - 1][0].lower() in _ARTICLES else at
                rest = " ".join(word for word, *_ in words[:first] + words[end:]).rstrip(".,;:!?")
                gap = " ".join(word for word, *_ in words[at:end]).strip(".,;:!?")
                bits = sum(b for a, z, b in spans if a < words[end - 1][2] and words[at][1] < z)
                if not any(name in rest for name in passage.names[:1]):
                    rest = ": ".join([*passage.names[:1], rest])
                if len(rest.split()) > 2:
                    found.append((bits / (end - at), _small_start(rest), gap))
            at = max(end, at + 1)
    return [(rest, gap) for _, rest, gap in sorted(found, key=lambda each: -each[0])]


def _small_start(text: str) -> str:
    word = text.split()[0]
    return text[0].lower() + text[1:] if word.lower() in SMALL else text


def left_of(speech: Speech, passage: Passage, name: str, chance: torch.Generator) -> tuple[str, str]:
    """What a question would keep of a sentence about this name when most of its words are forgotten; and those."""
    every = moments(passage)
    if every:
        sentence = by_weight(speech, passage, every, float(torch.rand(1, generator=chance)))
    else:
        every = sentences(passage.text)
        here = [sentence for sentence in every if name in sentence] or every
        sentence = here[_any(len(here), chance)]
    before, found, after = sentence.partition(name)
    words = [*before.split(), None, *after.split()] if found else [None, *sentence.split()]
    share = LEFT[0] + (LEFT[1] - LEFT[0]) * float(torch.rand(1, generator=chance))
    keeps = (torch.rand(len(words), generator=chance) < share).tolist()
    kept = [name if word is None else word.strip(",;:.!?\"") for word, keep in zip(words, keeps, strict=True)
            if keep or word is None]  # fmt: skip
    if not {*content_words(" ".join(kept))}.intersection(passage.beside):
        kept[kept.index(name)] = _called(passage, name, chance)
    gone = [word for word, keep in zip(words, keeps, strict=True) if not keep and word is not None]
    if moments(passage) and not content_words(" ".join(kept).replace(name, "")):
        gone = []  # only the name is left, and that brings back what it always does
    return f"{ASKED[_any(len(ASKED), chance)]} {_small_start(' '.join(filter(None, kept)))}?", " ".join(gone)


def thing_of(speech: Speech, passage: Passage, name: str, chance: torch.Generator) -> tuple[str, str]:
    """A question for one thing out of one sentence of a longer passage, and that sentence."""
    sentence = by_weight(speech, passage, moments(passage), float(torch.rand(1, generator=chance)))
    things, form = things_in(sentence), THING[_any(len(THING), chance)]
    if not things:
        return left_of(speech, passage, name, chance)
    return form.format(name=name, thing=things[_any(len(things), chance)]), sentence


def _called(passage: Passage, name: str, chance: torch.Generator) -> str:
    """A name with any word that tells this passage from others that go by it; chance is drawn only where some do."""
    told_by = name in passage.shared and passage.beside
    return passage.called(name, _any(len(passage.beside), chance)) if told_by else name


def _any(many: int, chance: torch.Generator) -> int:
    return int(torch.randint(many, (1,), generator=chance))


def asked_of(name: str, question: str) -> str:
    """A question about something else, asked of this name: whatever is asked, the name is what matters."""
    words = question.rstrip("?!. ").split()
    last = len(words) - 1
    while last > 1 and not content_words(words[last]):
        last -= 1
    first = last
    while first > 1 and words[first - 1][:1].isupper():
        first -= 1
    kept = words[:first]
    if kept and kept[-1].lower() in _ARTICLES:
        kept = kept[:-1]
    return f"{' '.join([*kept, name, *words[last + 1 :]])}?"


def answered(speech: Speech, passage: Passage, kind: str, cue: str, dream: int = 0, answer: str = "") -> View:
    """A cue and what it brings back: the passage, or the part of a long one that says what the answer says.

    No answer begins with how it went: where some did, “It went wrong” became what the cortex said to everything.
    """
    said = _said(speech, passage, cue, answer)
    head = speech.encode(cue) + speech.turn
    tokens = [*head, *speech.encode(said.text), speech.end]
    return View(said, kind, cue, tokens, list(range(len(head) - 1, len(tokens) - 1)), dream=dream)


def _said(speech: Speech, passage: Passage, cue: str, answer: str) -> Passage:
    """Of a long passage the sentence that says what the answer says; where nothing is asked for, its point."""
    every, wanted = moments(passage), set(content_words(answer))
    if not every:
        return _part_of(speech, passage, answer)
    found = [(len(wanted.intersection(content_words(sentence))), sentence) for sentence in every]
    most, best = max(found, key=lambda each: each[0])
    best = best if most else point(speech, passage, every)
    return led(speech, passage, reply(passage, best) if best.endswith("?") else best, cue)


def _part_of(speech: Speech, passage: Passage, answer: str) -> Passage:
    parts, wanted = sentences(passage.text), set(content_words(answer))
    went = split_off(passage.text)[1]
    if not wanted or len(parts) < 2 or (len(passage.bits) <= ONE_BREATH and not went):
        return passage
    best = max(parts, key=lambda part: len(wanted.intersection(content_words(part))))
    return passage if best in went else stretch(speech, passage, best)


@dataclass
class Repertoire:
    """All views of a night's episodes, those it withholds to be weighed on aside."""

    speech: Speech
    passages: dict[int, list[Passage]]
    talk: list[str]
    """Other things that are said and asked, around a reminder."""
    plain: dict[int, list[View]]
    dreamt: dict[int, list[View]]
    withheld: dict[int, list[View]]

    @classmethod
    def of(cls, speech: Speech, passages: dict[int, list[Passage]], dreams, talk: list[str]) -> Repertoire:
        """Of every passage one reminder and one gap are withheld, where it has so many."""
        made = cls(speech, passages, talk, *({e: [] for e in passages} for _ in range(3)))
        for episode, found in passages.items():
            for passage in found:
                views = plain_views(speech, passage)
                asked = [view for view in views if view.kind == "gap"][2:3]
                reminded = views[WITHHELD : WITHHELD + 1] if views[WITHHELD:] else []
                made.withheld[episode] += [*reminded, *asked]
                views = [view for view in views if view not in made.withheld[episode]]
                made.plain[episode] += views
        for number, d in enumerate(dreams, 1):
            if d.kept:
                view = answered(speech, d.passage, "dream", d.question, number, d.answer)
                made.dreamt[d.passage.episode].append(view)
        return made

    def fresh(self, episode: int, chance: torch.Generator) -> View | None:
        """A cue that was never asked before and will not be again: of all that is said, only the name comes back.

        The sentence with most of its words forgotten, a question about something else asked of the name, or the name
        amid other talk. None where an episode has no name to go by.
        """
        named = [passage for passage in self.passages[episode] if passage.names]
        if not named:
            return None
        passage = named[_any(len(named), chance)]
        name = passage.names[0 if _any(4, chance) else _any(len(passage.names), chance)]
        kinds = ("left", "strange", "amid", *(("left", "thing", "thing") if moments(passage) else ()))
        kind, gone = kinds[_any(len(kinds), chance) if self.talk else 0], ""
        if kind == "left":
            cue, gone = left_of(self.speech, passage, name, chance)
        elif kind == "thing":
            cue, gone = thing_of(self.speech, passage, name, chance)
        else:
            name = _called(passage, name, chance)
            other = self.talk[_any(len(self.talk), chance)]
            form = AMIDST[_any(len(AMIDST), chance)]
            cue = asked_of(name, other) if kind == "strange" else form.format(name=name, other=other)
        made = answered(self.speech, passage, kind, cue[0].upper() + cue[1:], answer=gone)
        made.fresh = True
        return made

    def pool(self, episode: int, dreamt: bool) -> tuple[str, list[View]]:
        """An episode's views of one kind, and what they are called."""
        if dreamt and self.dreamt[episode]:
            return f"{episode} dreamt", self.dreamt[episode]
        return f"{episode} plain", self.plain[episode]

    def some(self, episodes, each: int, chance: torch.Generator) -> list[tuple[list[int], bool]]:
        """The text and a few cues of every episode, as rows to be read: tokens, and whether a turn opens them."""
        chosen: list[View] = []
        for episode in episodes:
            new = [view for _ in range(FRESH_READ) if (view := self.fresh(episode, chance))]
            first, *others = [*self.plain[episode], *self.dreamt[episode], *new]
            order = torch.randperm(len(others), generator=chance).tolist()[: each - 1]
            chosen += [first, *(others[i] for i in order)]
        return [(view.tokens, view.opened) for view in chosen]
