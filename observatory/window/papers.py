"""Exams as a person reads them: what was answered before and after, over the nights, and why something is said.

Plain values from the story and from `Explained`; knows no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import events as ev
from .changes import Change, changes
from .lived import Night

PROTECTED = ("known", "locality")
"""Kinds that were right before the first night, and must stay so."""


@dataclass(frozen=True)
class Cell:
    """How much of what one day taught was right after one night."""

    day: int
    night: int
    right: int
    asked: int

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 0.0


def examined(nights: dict[int, Night]) -> list[Night]:
    """Nights whose paper after was marked and that were not taken back, in order."""
    return [nights[n] for n in sorted(nights) if nights[n].after and not nights[n].rolled_back]


def kinds(nights: dict[int, Night]) -> list[str]:
    """Kinds of question that say which day taught them."""
    found: dict[str, None] = {}
    for night in examined(nights):
        for answer in night.after.values():
            if answer.question.day is not None:
                found[answer.question.kind] = None
    return list(found)


def matrix(nights: dict[int, Night], kind: str) -> list[Cell]:
    """Day taught × night examined; a day that was not told yet has no cell."""
    cells: dict[tuple[int, int], list[int]] = {}
    for place, night in enumerate(examined(nights), start=1):
        for answer in night.after.values():
            day = answer.question.day
            if answer.question.kind == kind and day is not None and day <= place:
                tally = cells.setdefault((day, night.number), [0, 0])
                tally[0] += answer.right
                tally[1] += 1
    return [Cell(day, night, right, asked) for (day, night), (right, asked) in sorted(cells.items())]


def side_effects(nights: dict[int, Night]) -> list[tuple[int, float, float]]:
    """(night, perplexity against the first paper in per cent, KL from the base) of every night that proposed."""
    proposed = [(n.number, n.proposed) for n in examined(nights) if n.proposed is not None]
    first = next((p.perplexity_before for _, p in proposed if p.perplexity_before), 0.0)
    return [(n, 100 * (p.perplexity_after / first - 1) if first else 0.0, p.kl_after) for n, p in proposed]


def lost_first(nights: dict[int, Night], most: int = 6) -> list[tuple[int, Change]]:
    """What was known before anything was taught and went wrong, the earliest loss first; mended ones do not count."""
    done = examined(nights)
    if not done:
        return []
    last = done[-1].after
    first: dict[tuple, tuple[int, Change]] = {}
    for night in done:
        for change in changes(night):
            key = (change.question.prompt, change.question.kind, change.question.style)
            still = key in last and not last[key].right
            if change.verdict == "lost" and change.question.kind in PROTECTED and still and key not in first:
                first[key] = night.number, change
    return list(first.values())[:most]


@dataclass(frozen=True)
class Bar:
    """One thing left out: how many bits dearer the answer is without it, and what would be said instead."""

    what: str
    more: float
    says: str
    kind: str
    episode: int = 0


def bars(found: ev.Explained, name) -> list[Bar]:
    """Everything that was left out, in the order in which it came to be. `name(episode)` says whose memory it was."""
    cost = sum(found.bits)
    made = [Bar(f"without night {n.night}", sum(n.bits) - cost, n.says, "night") for n in found.nights]
    made += [Bar(f"not reading {name(r.episode)}", sum(r.bits) - cost, r.says, "read", r.episode) for r in found.reads]
    if len(found.nights) != 1 or found.reads:
        what = "with no night and nothing read" if found.nights else "with nothing read"
        made.append(Bar(what, sum(found.base.bits) - cost, found.base.says, "base"))
    return made


LITTLE = 1.0
"""Bits over a whole answer below which nothing can be said to have taught it."""


def verdict(found: ev.Explained, name) -> str:
    """One sentence: where this answer comes from, as far as leaving things out can tell."""
    said = [bar for bar in bars(found, name) if bar.kind != "base"]
    best = max(said, key=lambda bar: bar.more, default=None)
    if best is None or best.more < LITTLE:
        if found.base.bits and sum(found.base.bits) - sum(found.bits) < LITTLE:
            return "The base says this by itself: leaving out what was learnt changes next to nothing."
        return "No single night and no single memory carries it: what one leaves, another holds."
    source = {"night": best.what.replace("without night", "Night"), "read": best.what.replace("not reading", "Reading")}
    times = f"{2 ** min(best.more, 30):,.0f}" if best.more < 30 else "over a billion"
    return f"{source[best.kind]} carries it: without it this answer is {times} times less likely."
