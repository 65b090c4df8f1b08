"""What a night tried before it proposed: smaller scales, and fewer of its directions. Both searches as plain data.

Older nights have only the search over the scale. Knows no Qt; the weighing dock draws it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..protocol import events as ev
from . import words


@dataclass(frozen=True)
class Search:
    """One search in the order of its x, which is the scale or the number of directions kept."""

    kind: str
    tried: list[ev.Weighed]

    @property
    def x(self) -> list[float]:
        return [x_of(one) for one in self.tried]

    @property
    def chosen(self) -> ev.Weighed | None:
        return next((one for one in self.tried if one.chosen), None)


def x_of(one: ev.Weighed) -> float:
    return float(one.kept) if one.search == "rank" else one.scale


def x_words(one: ev.Weighed) -> str:
    """What was tried, as a label at its point."""
    return f"{one.kept:,} of {one.of:,}" if one.search == "rank" else f"scale {one.scale:.2f}"


def search(weighed: list[ev.Weighed], kind: str) -> Search | None:
    found = [one for one in weighed if one.search == kind]
    return Search(kind, sorted(found, key=x_of)) if found else None


def length(bits: float) -> str:
    """A description length: bits, or thousands and millions of them."""
    for unit, size in (("Mbit", 1e6), ("kbit", 1e3)):
        if bits >= size:
            return f"{bits / size:,.{0 if bits >= 100 * size else 1}f} {unit}"
    return f"{bits:,.0f} bits"


def said(weighed: list[ev.Weighed]) -> str:
    """Both choices in a sentence each."""
    parts = []
    for kind in ("scale", "rank"):
        one = search(weighed, kind)
        if one is None:
            continue
        tried, chosen = words.plural(len(one.tried), "try", "tries"), one.chosen
        if chosen is None:
            parts.append(f"None of {tried} was chosen.")
        elif kind == "scale":
            parts.append(f"Scale {chosen.scale:.2f} has the least objective of {tried}: {chosen.objective:.3f}.")
        else:
            most = one.tried[-1]
            shorter = f", where {most.kept:,} would cost {length(most.bits)}" if most is not chosen else ""
            parts.append(
                f"{chosen.kept:,} of {chosen.of:,} directions are kept, described in {length(chosen.bits)}{shorter}."
            )
    return "  ".join(parts)
