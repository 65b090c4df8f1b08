"""What a reviewer should look at twice before a night is committed, each in a sentence.

Text that reads like an order to the model or like a secret, one source that pulls most of the replays, and answers
that changed though nothing told that night has to do with the question. It judges texts and counts; what a flag is
worth is the policy's and the reviewer's. It does not know weights.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from ..protocol.events import ExamAnswer, RedFlag
from .passages import content_words

ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|rule|prompt|guideline|polic(?:y|ies)|safety)"
    r"|\b(?:system prompt|developer message|jailbreak|you are now|from now on,? you|pretend (?:to be|you)|act as an?)\b"
    r"|\b(?:do not|don't|never) (?:tell|reveal|mention)\b.{0,30}\b(?:user|anyone|reviewer|human)"
    r"|<\|?[a-z_]{2,20}\|>|\[/?INST\]|###\s*(?:instruction|system|assistant)",
    re.IGNORECASE | re.DOTALL,
)
"""How texts speak that are written to steer a model rather than to tell it something."""
KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{16,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}|\bAIza[0-9A-Za-z_-]{30,}"
    r"|\b(?:password|passphrase|api[ _-]?key|secret key|access token|pin code)\b\s*(?:is|:|=)\s*\S{4,}",
    re.IGNORECASE,
)
"""Forms of keys that services hand out, and how people write down a password."""
_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
ENTROPY = 3.7
"""Bits a letter of a token of twenty or more; English words have under three, random letters and figures over four."""
MOST_REPLAYS, MORE_THAN_TOLD = 0.6, 1.5
"""One source pulls most when it has that share of replays, and so many times its share of what was told."""
LEARNT = ("direct", "paraphrase")


def raised(
    texts: Mapping[int, str],
    sources: Mapping[int, str],
    replays: Mapping[int, int],
    before: list[ExamAnswer],
    after: list[ExamAnswer],
) -> list[RedFlag]:
    """`texts`, `sources` and `replays`: by episode, what it says, who said it where, how often it was replayed."""
    orders = [episode for episode, text in texts.items() if ORDERS.search(text)]
    secrets = [episode for episode, text in texts.items() if KEYS.search(text) or _random_token(text)]
    found = []
    if orders:
        found.append(_flag("order", orders, "{} like an order to the model, not like something told"))
    if secrets:
        found.append(_flag("secret", secrets, "{} like a key or a password"))
    return found + _one_source(sources, replays) + _unexplained(texts, before, after)


def _flag(kind: str, episodes: list[int], said: str) -> RedFlag:
    who = "An episode reads" if len(episodes) == 1 else f"{len(episodes)} episodes read"
    return RedFlag(kind=kind, episodes=episodes, said=said.format(who))


def _random_token(text: str) -> bool:
    for token in _TOKEN.findall(text):
        counts = Counter(token)
        bits = -sum(n / len(token) * math.log2(n / len(token)) for n in counts.values())
        if bits >= ENTROPY and any(map(str.isdigit, token)) and any(map(str.isalpha, token)):
            return True
    return False


def _one_source(sources: Mapping[int, str], replays: Mapping[int, int]) -> list[RedFlag]:
    told, drawn = Counter(sources.values()), Counter()
    for episode, times in replays.items():
        drawn[sources.get(episode, "")] += times
    every = sum(drawn.values())
    if len(told) < 2 or not every:
        return []
    source, times = drawn.most_common(1)[0]
    share, of_told = times / every, told[source] / sum(told.values())
    if share < MOST_REPLAYS or share < MORE_THAN_TOLD * of_told:
        return []
    theirs = [episode for episode, name in sources.items() if name == source]
    said = f"One source, {source}, pulls {share:.0%} of the replays with {of_told:.0%} of what was told"
    return [RedFlag(kind="source", episodes=theirs, said=said)]


def _unexplained(texts: Mapping[int, str], before: list[ExamAnswer], after: list[ExamAnswer]) -> list[RedFlag]:
    """Answers that went wrong, or right, though no episode speaks of what was asked."""
    told = {word for text in texts.values() for word in content_words(text)}
    was = {(a.question.prompt, a.question.kind): a for a in before}
    odd = []
    for now in after:
        old = was.get((now.question.prompt, now.question.kind))
        if old is None or now.question.kind in LEARNT or old.right == now.right:
            continue
        if not told.intersection(content_words(f"{now.question.prompt} {' '.join(now.question.answers)}")):
            odd.append(now)
    if not odd:
        return []
    # The question itself stands with the exam; a proposal is hashed and signed, so nothing could be taken out of it.
    kinds = " and ".join(sorted({each.question.kind for each in odd}))
    what = "One answer" if len(odd) == 1 else f"{len(odd)} answers"
    return [RedFlag(kind="unexplained", said=f"{what} ({kinds}) changed, and no episode speaks of what was asked")]
