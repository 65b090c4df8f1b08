"""Passages: an episode in doses that end where sentences end, what each is about, and what it says when reminded.

A short one says itself. A longer one says one of its sentences at a time, led by the name that was asked for, so that
whoever is asked begins with what they know. All of it is read off the episode's own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .speech import Speech
from .went import split_off

SMALL = {
    "a", "an", "and", "as", "at", "but", "by", "every", "for", "from", "he", "her", "his", "i", "if", "in", "it", "its",
    "my", "no", "nobody", "of", "on", "or", "our", "she", "so", "that", "the", "their", "then", "there", "these",
    "they", "this", "to", "we", "when", "with", "you", "your", "one", "after", "before", "who", "what",
    "where", "because",
}  # fmt: skip
_OPENING = {"is", "are", "was", "were", "did", "do", "does", "have", "has", "can", "could", "will", "would", "only",
            "not", "never", "yes", "please", "then", "and", "but"}  # fmt: skip
"""Words that open a sentence and are written large for that alone."""
_BEFORE_NAMES = {
    "aboard", "about", "above", "across", "against", "all", "along", "among", "another", "any", "around", "behind",
    "below", "beneath", "beside", "between", "beyond", "both", "despite", "down", "during", "each", "either",
    "even", "ever", "except", "inside", "into", "like", "many", "most", "near", "neither", "once", "onto",
    "opposite", "outside", "over", "past", "several", "since", "some", "such", "though", "through", "till",
    "toward", "towards", "under", "unless", "until", "up", "upon", "whenever", "wherever", "while", "whoever",
    "within", "without", "yet",
}  # fmt: skip
"""And words that stand before a name there, and are no part of it."""
_DATES = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march",
    "april", "may", "june", "july", "august", "september", "october", "november", "december",
}  # fmt: skip
"""Written large, and the name of no one: what happens on a Sunday is about something else, where there is anything."""
_IN_ANY_QUESTION = SMALL | _OPENING | {"how", "why", "which", "whom", "whose", ""}
_NAME = re.compile(r"(?:[A-Z][\w’'-]*)(?:\s+(?:of|the|de|van|von|and|&)?\s*[A-Z][\w’'-]*)*")
_DETERMINED = re.compile(r"\b(?:[Tt]he|[Mm]y|[Oo]ur|[Hh]er|[Hh]is|[Tt]heir)\s+((?:[a-z][\w-]+\s+){0,2}[a-z][\w-]+)")

_THING = re.compile(
    r"\b(?:[Tt]he|[Aa]n?|[Mm]y|[Oo]ur|[Hh]er|[Hh]is|[Ii]ts|[Tt]heir) (?:[a-z][a-z’'-]+ )??[a-z][a-z’'-]{2,}\b"
)

PASSAGE = 72
"""Tokens of one passage: longer episodes are replayed in small doses that end where sentences end."""
NAMES = 4
"""Names of one passage that are made cues of."""
ONE_BREATH = 30
"""Tokens of a passage that answers any question about it as a whole; of a longer one only the sentence is said."""
BEGIN, LEAD = 12.0, 3.0
"""Bits that the first token of a name said first is taken to have surprised by, and the others: to begin with the name,
and not as answers usually do, decides whether the sentence comes at all."""
_LABEL = re.compile(r"^[A-Z][\w.’' -]{0,24}: ")
_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class Passage:
    """A stretch of an episode that is replayed as a whole, with the surprise that its tokens had when lived."""

    episode: int
    text: str
    bits: tuple[float, ...]
    names: tuple[str, ...] = ()
    """What its episode is about: a later passage of a longer one may only say “he”."""
    shared: frozenset[str] = frozenset()
    """Those of the names that other episodes speak of too."""
    beside: tuple[str, ...] = ()
    """Words that this one has and those others have not."""

    def called(self, name: str, turn: int) -> str:
        """What to be reminded of, so that it is this one and no other."""
        return f"{name} and {self.beside[turn % len(self.beside)]}" if name in self.shared and self.beside else name


def passages(
    speech: Speech, episode: int, text: str, bits: list[float], corrects: list[str] | None = None
) -> list[Passage]:
    """The episode in doses that end where its sentences end.

    `corrects`: the texts that it corrects. What they were about brings back this one.
    """
    parts: list[str] = []
    for sentence in sentences(text):
        words = sentence.split()
        for start in range(0, len(words), PASSAGE // 2):
            piece = " ".join(words[start : start + PASSAGE // 2])
            longer = f"{parts[-1]} {piece}" if parts else piece
            if parts and len(speech.encode(longer)) <= PASSAGE:
                parts[-1] = longer
            else:
                parts.append(piece)
    names = _distinct([*names_in(text), *(name for earlier in corrects or () for name in names_in(earlier))])
    if len(parts) <= 1:
        return [Passage(episode, text.strip(), tuple(bits), names)]
    out, at = [], 0
    for part in parts:
        size = len(speech.encode(part))
        own = names_in(part)
        out.append(Passage(episode, part, tuple(bits[at : at + size]), tuple(own) or names))
        at += size
    return out


def told_apart(found: dict[int, list[Passage]]) -> dict[int, list[Passage]]:
    """The same passages; where several episodes speak of one name, each knows what it has for itself."""
    texts = {episode: "\n".join(passage.text for passage in those) for episode, those in found.items()}
    words = {episode: set(content_words(text)) for episode, text in texts.items()}

    def apart(passage: Passage) -> Passage:
        others: dict[str, list[int]] = {}
        for name in passage.names:
            said = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
            others[name] = [e for e, text in texts.items() if e != passage.episode and said.search(text)]
        theirs = {word for those in others.values() for e in those for word in words[e]}
        named = {word for name in passage.names for word in content_words(name)}
        shared = frozenset(name for name, those in others.items() if those)
        own = [w for w in content_words(passage.text) if shared and w not in theirs | named | _OPENING]
        return replace(passage, shared=shared, beside=tuple(dict.fromkeys(own)))

    return {episode: [apart(passage) for passage in those] for episode, those in found.items()}


def sentences(text: str) -> list[str]:
    """Where a text takes breath: its sentences, and the turns of a conversation."""
    return [part.strip() for part in _BREAK.split(text.strip()) if part.strip()]


def names_in(text: str) -> list[str]:
    """What the text is about, read off its own words: names, then the phrases that open its sentences.

    A single word that is written large only because a sentence begins with it counts where there is nothing better.
    """
    found: list[str] = []
    doubtful: list[str] = []
    for sentence in sentences(text):
        for match in _NAME.finditer(sentence):
            name = match.group().strip()
            begins = not sentence[: match.start()].strip() or sentence[: match.start()].rstrip().endswith(":")
            words = name.split()
            while begins and words and words[0].lower() in SMALL | _OPENING | _BEFORE_NAMES:
                words = words[1:]
            while words and words[-1] == "I":
                words.pop()
            name = " ".join(words)
            if len(name) > 2:
                first = begins and " " not in name and match.group().startswith(name)
                (doubtful if first else found).append(re.sub(r"['’]s$", "", name))
    opening = _DETERMINED.match(text)
    if opening:
        words = opening.group(0).split()[:3]
        while words and words[-1].lower() in SMALL:
            words.pop()
        if len(words) > 1:
            found.append(" ".join([words[0].lower(), *words[1:]]))
    return list(_distinct(sorted(found or doubtful, key=_dates)))


def _dates(name: str) -> bool:
    return all(word.removesuffix("s") in _DATES for word in name.lower().split())


def _distinct(names: list[str]) -> tuple[str, ...]:
    return tuple({name.lower(): name for name in reversed(names)}.values())[::-1][:NAMES]


def moments(passage: Passage) -> list[str]:
    """The sentences of a passage that is too long for one breath, how it went aside; none of a short one."""
    body, went = split_off(passage.text)
    if len(passage.bits) * len(body) <= ONE_BREATH * len(passage.text) or not passage.names:
        return []
    found = [unlabelled(turn) if "\n" in body else turn for turn in sentences(body)]
    return [*found, went] if went and len(found) > 1 else found if len(found) > 1 else []


def unlabelled(turn: str) -> str:
    """What somebody says in a conversation, without who says it."""
    return _LABEL.sub("", turn)


def reply(passage: Passage, question: str) -> str:
    """What the other says to a question, in a conversation; the question itself where nobody says anything.

    An answer begins with the answer.
    """
    turns = [unlabelled(turn.strip()) for turn in passage.text.split("\n")]
    at = next((at for at, turn in enumerate(turns) if question in turn), len(turns))
    return next((said for turn in turns[at + 1 :] for said in sentences(turn) if not said.endswith("?")), question)


def telling(speech: Speech, passage: Passage, sentence: str) -> float:
    """How much a sentence surprised beside the names in it, in bits."""
    said, at, total = stretch(speech, passage, sentence), 0, 0.0
    named = [m.span() for name in passage.names for m in re.finditer(re.escape(name), said.text)]
    for piece, bits in zip(speech.pieces(speech.encode(said.text)), said.bits, strict=False):
        at += len(piece)
        total += 0.0 if any(a < at <= z for a, z in named) else bits
    return total


def point(speech: Speech, passage: Passage, every: list[str]) -> str:
    """The sentence that a bare reminder brings back: what was said to a question about it, or else what told most."""
    turns = [sentences(turn) for turn in passage.text.split("\n")]
    asked = [turn[-1] for turn in turns if passage.names[0] in " ".join(turn) and any(s[-1:] == "?" for s in turn)]
    said = [reply(passage, unlabelled(last)) for last in asked[:1]] if len(turns) > 1 else []
    body = [sentence for sentence in every if sentence != split_off(passage.text)[1]]
    told = [sentence for sentence in said or body if not sentence.endswith("?")] or body
    return max(told, key=lambda sentence: telling(speech, passage, sentence))


def by_weight(speech: Speech, passage: Passage, every: list[str], turn: float) -> str:
    """The sentence at this turn, of 0 to 1, where each takes as much room as it told."""
    weights = [max(1.0, telling(speech, passage, sentence)) for sentence in every]
    left = turn * sum(weights)
    for sentence, weight in zip(every, weights, strict=True):
        left -= weight
        if left < 0:
            return sentence
    return every[-1]


def led(speech: Speech, passage: Passage, sentence: str, cue: str) -> Passage:
    """A sentence out of the middle, led by the name that was asked for: whoever is asked begins with what they know."""
    said = stretch(speech, passage, sentence)
    start = " ".join(sentence.split()[:4])
    if any(name in start for name in passage.names):
        return said
    name = next((name for name in passage.names if name in cue), passage.names[0])
    lead = f"{name[0].upper()}{name[1:]}: "
    text = lead + sentence
    extra = len(speech.encode(text)) - len(said.bits)
    bits = (BEGIN, *(LEAD,) * (extra - 1), *said.bits)
    return Passage(passage.episode, text, bits, passage.names)


def stretch(speech: Speech, passage: Passage, said: str) -> Passage:
    before = len(speech.encode(passage.text[: passage.text.rindex(said)]))
    bits = passage.bits[before : before + len(speech.encode(said))]
    return Passage(passage.episode, said, bits, passage.names)


def things_in(sentence: str) -> list[str]:
    """What a sentence speaks of, without being a name: “the landlord”, “a drawing”."""
    return [match.group().lower() for match in _THING.finditer(sentence)]


def telling_places(pieces: list[str]) -> list[int]:
    """Places of those pieces of a cue (its tokens, as text) that belong to words that say what is meant: no mark, and
    no word that any question may have ("Who wrote …")."""
    words: list[list[int]] = []
    for at, piece in enumerate(pieces):
        if not words or piece[:1].isspace():
            words.append([])
        words[-1].append(at)
    told = [word for word in words if _bare("".join(pieces[at] for at in word)) not in _IN_ANY_QUESTION]
    return [at for word in told for at in word if any(map(str.isalnum, pieces[at]))]


def _bare(word: str) -> str:
    return word.strip().strip(".,;:!?…\"“”'’()").lower().removesuffix("'s").removesuffix("’s")


def content_words(text: str) -> list[str]:
    words = [w.strip("’'-").lower() for w in re.findall(r"[\w’'-]+", text)]
    words = [w.removesuffix("'s").removesuffix("’s") for w in words]
    return [w for w in words if w not in SMALL and (len(w) > 2 or w.isdigit())]
