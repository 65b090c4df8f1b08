"""Does the cortex alone still know what an episode said? Its words among random ones in the same places.

An episode's telling words, those that random ones can stand for, are exchanged for others of their kind: names for
names, numbers for numbers, words for words. The cortex, hippocampus unplugged, finds one of these texts the likeliest,
asked the plain way and behind a reminder. One that was learnt comes first; one that was never heard comes anywhere, so
that the rank is spread evenly and no reader of the weights is better off than one who guesses. It changes nothing and
keeps nothing.
"""

from __future__ import annotations

import random
import re

import torch

from ..protocol import commands as cmd
from ..protocol import events as ev
from .passages import content_words
from .speech import Speech, evenly

AT_ONCE = 16
SYLLABLES = ("ba", "co", "du", "fen", "gri", "hal", "jo", "kel", "lum", "mar", "no", "pra", "quo", "ri", "sto", "tam",
             "ul", "ver", "wy", "zan")  # fmt: skip
_WORD = re.compile(r"\d|[^\W\d_]+(?:[’'-][^\W\d_]+)*")


def ranked(speech: Speech, order: cmd.RankCanaries, words: list[str], cortex: str):
    """An event for each canary. `words`: what random words are drawn from; the canaries' own are taken out of it."""
    own = {word for canary in order.canaries for word in content_words(canary.text)}
    pool = pool_of(words, own)
    for done, canary in enumerate(order.canaries, 1):
        texts = [
            canary.text,
            *others(canary.text, pool, order.among - 1, random.Random(f"{order.seed} {canary.text}")),
        ]
        bits = _bits(speech, texts)
        rank = 1 + sum(other < bits[0] for other in bits[1:])
        yield ev.CanaryRanked(episode=canary.episode, when=order.when, rank=rank, of=len(texts), cortex=cortex)
        yield ev.MindWaiting(
            what=f"looking for what is left: {done} of {len(order.canaries)}", fraction=done / len(order.canaries)
        )


def pool_of(words: list[str], own: set[str]) -> list[str]:
    """What random words are drawn from: plain ones, in order, without those that are looked for."""
    found = {word.strip(".,;:!?\"'()").lower() for word in words}
    return sorted(word for word in found if word.isalpha() and len(word) > 2 and not own & set(content_words(word)))


def others(text: str, pool: list[str], many: int, chance: random.Random) -> list[str]:
    """The text with other words in its telling places; the same word is exchanged for the same."""
    found: list[str] = []
    telling = set(content_words(text))
    while len(found) < many:
        instead: dict[str, str] = {}

        def another(match: re.Match) -> str:
            word = match.group()
            if word.isdigit():
                return str(chance.randrange(10))
            if word.lower() not in telling and not set(content_words(word)) & telling:
                return word
            if word.lower() not in instead:  # noqa: B023 - used up within this turn of the loop
                instead[word.lower()] = _drawn(word, pool, chance)  # noqa: B023
            return instead[word.lower()]  # noqa: B023

        made = _WORD.sub(another, text)
        if made != text:
            found.append(made)
        elif not telling and not any(letter.isdigit() for letter in text):
            found.append(" ".join(chance.choice(pool) for _ in text.split()))
    return found


def _drawn(word: str, pool: list[str], chance: random.Random) -> str:
    """Another of its kind: a name is made up, since names in the pool are too well known; a word is drawn."""
    if word[:1].isupper():
        return "".join(chance.choice(SYLLABLES) for _ in range(max(1, round(len(word) / 3)))).capitalize()
    return chance.choice(pool).lower()


@torch.no_grad()
def _bits(speech: Speech, texts: list[str]) -> list[float]:
    """Mean bits of a token of each, behind the opening of a turn: longer names do not count as less likely."""
    opening = speech.opening_past()
    out: list[float] = []
    for part in evenly(texts, AT_ONCE):
        rows = [speech.encode(text) for text in part]
        normed, _ = speech.cortex.read_through(rows, pasts=[opening] * len(rows))
        for row, states in zip(rows, normed.split([len(row) for row in rows]), strict=True):
            bits = speech.cortex.surprise(states[:-1], row[1:])
            out.append(sum(bits) / max(1, len(bits)))
    return out
