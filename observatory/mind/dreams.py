"""Dreams: questions the mind asks itself about the day, verified before any of them is replayed.

The mind dreams freely, so much of it is wrong. A dream is kept only if it can be about nothing else, if the mind with
the episode in reach answers it out of the episode, and if that answer is likelier with the episode than without.
What is kept is drawn by gain, and a little by chance. Nothing here has ever seen an exam.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import torch

from .passages import Passage, content_words, moments, names_in
from .speech import Speech, evenly

EXAMPLES = (
    ("Otto Brandt repairs clocks in a cellar in Lucerne.", {
        "What": "does Otto Brandt repair?", "Where": "does Otto Brandt repair clocks?",
        "Who": "repairs clocks in a cellar in Lucerne?", "Which": "town does Otto Brandt repair clocks in?"}),
    ("Because of the tide, the ferry to Hale Island leaves at seven.", {
        "What": "leaves for Hale Island at seven?", "When": "does the ferry to Hale Island leave?",
        "Why": "does the ferry to Hale Island leave at seven?", "Which": "ferry leaves at seven?"}),
    ("Every spring Amara Nolan paints her garden gate with beetroot juice.", {
        "What": "does Amara Nolan paint with beetroot juice?", "Who": "paints a garden gate every spring?",
        "How": "does Amara Nolan colour her garden gate?", "When": "does Amara Nolan paint her garden gate?",
        "Which": "juice is on the garden gate of Amara Nolan?"}),
    ("The mill at Sorrel Ford was closed, for two storks had built a nest in its chimney.", {
        "What": "was built in the chimney of the mill at Sorrel Ford?", "Where": "did the storks of Sorrel Ford build?",
        "Why": "was the mill at Sorrel Ford closed?", "How": "many storks live in the mill at Sorrel Ford?"}),
    ("Old Pim crosses the frozen lake on a sledge pulled by his six cats.", {
        "Where": "does Old Pim drive his sledge?", "Who": "crosses the frozen lake on a sledge?",
        "How": "does Old Pim cross the frozen lake?", "Which": "animals pull the sledge of Old Pim?"}),
    ("At noon the baker of Tolland rings a bell, so that the children know that the bread is ready.", {
        "What": "does the baker of Tolland ring?", "Who": "rings a bell in Tolland?",
        "When": "does the baker of Tolland ring a bell?", "Why": "does the baker of Tolland ring a bell?",
        "How": "do the children of Tolland know that the bread is ready?"}),
)  # fmt: skip
"""What a question about a fact is, by how it begins; about none of these is anything ever asked."""
BEGINNINGS = ("What", "Where", "Who", "How", "Which", "When", "Why")
"""How questions begin: left to itself the mind mostly asks what."""
OPEN = """Fact: Otto Brandt repairs clocks in a cellar in Lucerne.
Question: Where does Otto Brandt repair clocks?
Answer: in a cellar in Lucerne
Question: What does Otto Brandt repair?
Answer: clocks
Fact: Because of the tide, the ferry to Hale Island leaves at seven.
Question: When does the ferry to Hale Island leave?
Answer: at seven
Question: Why does the Hale Island ferry leave so early?
Answer: because of the tide
Fact:"""
"""How a question is answered with the book open; the same questions without the facts are how with it closed."""
CLOSED = "\n".join(line for line in OPEN.splitlines()[:-1] if not line.startswith("Fact:")) + "\nQuestion:"
QUESTION_TOKENS, ANSWER_TOKENS = 20, 16
TEMPERATURE = 0.5
LEAST_SUPPORT = 0.5
LEAST_GAIN = 0.5
"""Bits a token by which the answer must be likelier with the episode than without."""
AT_ONCE = 48
_ENDING = re.compile(r"(?:ing|ed|es|s)$")


@dataclass
class Dream:
    """A question the mind dreamed about one passage, what it answers with the book open, and what became of it.

    `support` is the share of the question's words that the passage has; `with_bits` and `without_bits` the mean
    surprise of the answer with and without the episode in reach.
    """

    passage: Passage
    question: str
    support: float = 0.0
    kept: bool = False
    why: str = ""
    answer: str = ""
    with_bits: float = 0.0
    without_bits: float = 0.0
    drawn: str = ""
    agrees: bool = False
    tokens: list[int] = field(default_factory=list)
    wished: bool = False
    """A plugin asked it, not the mind itself."""

    @property
    def said(self) -> str:
        """Why it was kept or dropped, and whose it was if not the mind's own."""
        return f"wished for by who looks on; {self.why}" if self.wished else self.why

    @property
    def gain(self) -> float:
        return self.without_bits - self.with_bits


def dream(speech: Speech, about: list[Passage], generator: torch.Generator):
    """Dream a question of every beginning about every passage. Yields (done, of); returns the dreams."""
    line = speech.encode("\n")[0]
    shown = {word: speech.document_past(_shown(word)) for word in BEGINNINGS}
    asked = [(p, word) for p in about for word in BEGINNINGS]
    rows = [speech.encode(f" {p.text}\nQuestion: {word}") for p, word in asked]
    starts = [shown[word] for _, word in asked]
    found: dict[int, Dream] = {}
    saying = speech.say(
        rows, starts, QUESTION_TOKENS, temperature=TEMPERATURE, generator=generator, stop_after=line
    )
    for index, said in saying:
        passage, word = asked[index]
        found[index] = Dream(passage, (word + said.text).split("\n")[0].strip())
        yield len(found), len(asked)
    return [found[index] for index in range(len(asked))]


def _shown(word: str) -> str:
    """Facts, each with a question that begins so."""
    shown = [f"Fact: {fact}\nQuestion: {word} {asked[word]}\n" for fact, asked in EXAMPLES if word in asked]
    return "".join(shown) + "Fact:"


def sift(dreams: list[Dream]) -> list[Dream]:
    """Whole questions that can only be about their own passage, and ask nothing beyond it; the others are told why."""
    asked: dict[Passage, set[str]] = {}
    passages = {d.passage: set(content_words(d.passage.text)) for d in dreams}
    common = Counter(word for words in passages.values() for word in words)
    left = []
    for d in dreams:
        if not d.wished and moments(d.passage) and not any(name in d.question for name in d.passage.names):
            d.question = f"{d.passage.names[0]}: {d.question}"
        own, mine = passages[d.passage], asked.setdefault(d.passage, set())
        words = content_words(d.question)
        names = {w.lower() for n in (*names_in(d.passage.text), *d.passage.names) for w in n.split()}
        telling = {w for w in words if w in own and common[w] == 1}
        d.support = sum(w in own for w in words) / len(words) if words else 0.0
        if not d.question.endswith("?") or len(d.question) < 12:
            d.why = "not a whole question"
        elif d.question.lower() in mine:
            d.why = "dreamed before"
        elif not telling or not (names & set(words) or len(telling) > 1):
            d.why = "could be about something else"
        elif d.support < LEAST_SUPPORT:
            d.why = "speaks of things that the episode does not"
        else:
            left.append(d)
        mine.add(d.question.lower())
    return left


@torch.no_grad()
def verify(speech: Speech, dreams: list[Dream]):
    """Answer each with the book open, and see how likely that answer is with it closed. Yields (done, of)."""
    line, opened, closed = speech.encode("\n")[0], speech.document_past(OPEN), speech.document_past(CLOSED)
    rows = [speech.encode(f" {d.passage.text}\nQuestion: {d.question}\nAnswer:") for d in dreams]
    done = 0
    for index, said in speech.say(rows, [opened] * len(rows), ANSWER_TOKENS, stop_after=line):
        d = dreams[index]
        d.tokens = [token for token in said.tokens if token != line]
        d.answer, d.with_bits = speech.decode(d.tokens).strip(), _mean(said.bits[: len(d.tokens)])
        d.agrees = agreement(d.answer, d.question, d.passage.text) >= LEAST_SUPPORT
        done += 1
        yield done, 2 * len(dreams)
    for part in evenly([d for d in dreams if d.tokens], AT_ONCE):
        heads = [speech.encode(f" {d.question}\nAnswer:") for d in part]
        rows = [[*head, *d.tokens[:-1]] for head, d in zip(heads, part, strict=True)]
        normed, _ = speech.cortex.read_through(rows, pasts=[closed] * len(rows))
        split = normed.split([len(row) for row in rows])
        for d, head, states in zip(part, heads, split, strict=True):
            d.without_bits = _mean(speech.cortex.surprise(states[len(head) - 1 :], d.tokens))
        done += len(part)
        yield done, 2 * len(dreams)


def agreement(answer: str, question: str, text: str) -> float:
    """Of what an answer says beyond its question, the share that stands in the text; nothing new: none."""
    news = _stems(answer) - _stems(question)
    return len(news & _stems(text)) / len(news) if news else 0.0


def _stems(text: str) -> set[str]:
    """Its words without the endings that a question changes: keep, keeps."""
    return {_ENDING.sub("", w) if len(w) > 4 else w for w in content_words(text)}


def _mean(bits: list[float]) -> float:
    return sum(bits) / max(1, len(bits))


def choose(dreams: list[Dream], best: int, by_chance: int, generator: torch.Generator) -> None:
    """Of the verified dreams about each passage those with the highest gain are kept, and a few by chance."""
    of_passage: dict[Passage, list[Dream]] = {}
    for d in dreams:
        if not d.agrees:
            d.why = "the mind, with the episode before it, does not answer from there"
        elif d.gain < LEAST_GAIN:
            d.why = "the episode does not make the answer likelier"
        else:
            of_passage.setdefault(d.passage, []).append(d)
    for found in of_passage.values():
        found.sort(key=lambda d: -d.gain)
        rest = found[best:]
        lucky = torch.randperm(len(rest), generator=generator).tolist()[:by_chance]
        for at, d in enumerate(found):
            if at < best:
                d.kept, d.drawn, d.why = True, "best", "the episode answers it, and nothing else does"
            elif at - best in lucky:
                d.kept, d.drawn, d.why = True, "chance", "kept by chance among those that the episode answers"
            else:
                d.why = "others about this episode gain more"
