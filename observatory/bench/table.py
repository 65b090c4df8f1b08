"""The comparison table: one row an arm, from kept reports, as Markdown, CSV and plain rows, with where it comes from.

What a column means stands in `COLUMNS`; nothing is smoothed, and a number that a report does not hold is a dash. It
does not know how reports are made, nor plots.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import mean
from typing import NamedTuple

from ..host.keptreports import paper, score, share
from ..host.report import FROZEN

ARMS = ("sleep", "none", "retrieval", "finetune", "lora", "uniform", "no-dreams", "no-anchor")
TAUGHT = ("direct", "paraphrase")
KEPT = ("known", "shaky", "locality")
"""Kinds that are right before the first night; of these what counts is what is left of them."""


class Column(NamedTuple):
    key: str
    head: str
    show: Callable[[float], str]
    of: Callable[[dict], float | None]


@dataclass
class Row:
    """One arm over its seeds: every metric with one value a seed."""

    arm: str
    nights: int
    seeds: list[int]
    values: dict[str, list[float]] = field(default_factory=dict)

    def mean(self, key: str) -> float | None:
        return mean(self.values[key]) if self.values.get(key) else None


# ---------------------------------------------------------------- what one report says


def just_learnt(kept: dict, kind: str, memory: str = "cortex") -> float | None:
    """Each day's questions right after that day's own night, taken together."""
    papers = [paper(kept, at, memory) for at in range(len(kept["nights"]))]
    by_day = share(score(one, kind, at + 1) for at, one in enumerate(papers))
    return by_day if by_day is not None else share(score(one, kind) for one in papers[-1:])


def after(
    kept: dict, night: int, kind: str = "direct", day: int | None = None, memory: str = "cortex"
) -> float | None:
    """What is right after a night (from 0; -1 the last), on all days so far or on one."""
    return share([score(paper(kept, night, memory), kind, day)])


def left(kept: dict, kind: str) -> float | None:
    """How much of what was right before the first night is right after the last."""
    before, now = score(paper(kept, 0, when="before"), kind), score(paper(kept, -1), kind)
    return now[0] / before[0] if before and now and before[0] else None


def perplexity_change(kept: dict) -> float | None:
    before, now = kept["nights"][0]["perplexity"]["before"], kept["nights"][-1]["perplexity"]["after"]
    return now / before - 1 if before and now else None


def trained_tokens(kept: dict) -> float | None:
    return sum(night["tokens"] or 0 for night in kept["nights"])


def seconds(kept: dict) -> float | None:
    """Mean over nights that ran in one go: a night taken up again does not know what it took before.

    An arm that never trains takes none: all that its night does is the exam.
    """
    if kept["arm"] in FROZEN:
        return 0.0
    whole = [night for night in kept["nights"] if night["openings"] == 1 and night["wall_s"]]
    return mean(night["wall_s"] - (night["exam_s"] or 0) for night in whole) if whole else None


# ---------------------------------------------------------------- the table


def percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def finely(value: float) -> str:
    """For what should hardly change: a point of it is a lot."""
    return f"{100 * value:.1f} %"


def columns(reports: list[dict]) -> list[Column]:
    """The columns that these reports can fill."""
    several = any(len(kept["nights"]) > 1 for kept in reports)
    kinds = dict.fromkeys(kind for kept in reports for kind in paper(kept, -1))
    own = [kind for kind in kinds if kind not in (*TAUGHT, *KEPT)]
    found = [
        Column("direct", "direct", percent, lambda kept: just_learnt(kept, "direct")),
        Column("paraphrase", "other words", percent, lambda kept: just_learnt(kept, "paraphrase")),
        Column("whole_direct", "both memories, direct", percent, lambda k: just_learnt(k, "direct", "whole")),
        Column("whole_paraphrase", "both memories, other words", percent,
               lambda kept: just_learnt(kept, "paraphrase", "whole")),
    ]  # fmt: skip
    if several:
        found += [
            Column("first_night", "first night's, at the end", percent, lambda kept: after(kept, -1, day=1)),
            Column("all_nights", "all nights', at the end", percent, lambda kept: after(kept, -1)),
        ]
    found += [Column(kind, kind, percent, lambda kept, kind=kind: after(kept, -1, kind)) for kind in own]
    found += [Column(f"{kind}_kept", f"{kind} kept", finely, lambda one, kind=kind: left(one, kind)) for kind in KEPT]
    found += [
        Column("perplexity", "perplexity", lambda v: f"{100 * v:+.1f} %".replace("-", "−"), perplexity_change),
        Column("kl", "KL, nats", lambda v: f"{v:.3f}", lambda kept: kept["nights"][-1]["kl_from_base"]["after"]),
        Column("tokens", "trained tokens", lambda v: f"{v:,.0f}", trained_tokens),
        Column("seconds", "s a night", lambda v: f"{v:,.0f}", seconds),
    ]
    return [one for one in found if any(one.of(kept) is not None for kept in reports)]


def rows(reports: list[dict]) -> list[Row]:
    """One row an arm and number of nights, in the arms' order."""
    groups: dict[tuple, list[dict]] = {}
    for kept in reports:
        groups.setdefault((kept["nights_asked"], kept["arm"]), []).append(kept)
    out = []
    for (nights, arm), of in sorted(groups.items(), key=lambda one: (one[0][0], ARMS.index(one[0][1]))):
        row = Row(arm, nights, sorted(kept["seed"] for kept in of))
        for column in columns(reports):
            row.values[column.key] = [value for kept in of if (value := column.of(kept)) is not None]
        out.append(row)
    return out


def cell(column: Column, values: list[float]) -> str:
    """The mean, and the range when seeds differ in what is shown."""
    if not values:
        return "–"
    low, high = column.show(min(values)), column.show(max(values))
    middle = column.show(mean(values))
    return middle if low == high else f"{middle} ({low.removesuffix(' %')} to {high.removesuffix(' %')})"


def markdown(reports: list[dict]) -> str:
    """Tables for each number of nights, and below them where they come from."""
    parts = []
    for nights in sorted({kept["nights_asked"] for kept in reports}):
        of = [kept for kept in reports if kept["nights_asked"] == nights]
        shown = columns(of)
        lines = [f"### {of[0]['days']}, {nights} night{'s' * (nights != 1)}", ""]
        lines.append("| arm | seeds | " + " | ".join(column.head for column in shown) + " |")
        lines.append("| --- |" + " ---: |" * (len(shown) + 1))
        for row in rows(of):
            cells = [cell(column, row.values[column.key]) for column in shown]
            lines.append(f"| {row.arm} | {len(row.seeds)} | " + " | ".join(cells) + " |")
        parts.append("\n".join([*lines, "", *provenance(of)]))
    return "\n\n".join(parts) + "\n"


def provenance(reports: list[dict]) -> list[str]:
    """Where the numbers come from. What differs between reports is listed, not chosen from."""

    def every(name: str, short: int = 0) -> str:
        found = dict.fromkeys(str(kept[name])[: short or None] for kept in reports if kept[name] not in (None, ""))
        return ", ".join(found) or "unknown"

    versions = dict.fromkeys(f"{name} {v}" for kept in reports for name, v in (kept["versions"] or {}).items())
    dates = sorted({kept["date"] for kept in reports})
    changed = " with changes that were not committed" * any(kept["changed"] for kept in reports)
    budgets = dict.fromkeys(kept["tokens_asked"] for kept in reports if kept["arm"] not in FROZEN)
    shown = ", ".join("no budget" if budget is None else f"at most {budget:,}" for budget in budgets) or "none trained"
    days = reports[0]["days"]
    arms = ",".join(sorted({kept["arm"] for kept in reports}, key=ARMS.index))
    seeds = ",".join(map(str, sorted({kept["seed"] for kept in reports})))
    tokens = "".join(f" --tokens {budget}" for budget in budgets if budget) if len(budgets) == 1 else ""
    nights = reports[0]["nights_asked"]
    command = f"observatory bench --days {days} --nights {nights} --arms {arms} --seeds {seeds}{tokens}"
    return [
        "Means over seeds, with the range where they differ. The cortex alone unless it says both memories: *direct* "
        "and *other words* right after each day's own night; *kept*: of what was right before the first night. Seconds "
        "without exams.",
        "",
        f"- Model {every('model_name')} ({every('model_hash', 12)}…), {every('device')}, {every('precision')}, threads "
        f"a job: {every('threads')}; trained tokens a night: {shown}",
        f"- Commit {every('commit', 12)}{changed}; {', '.join(versions)}; Python {every('python')}; "
        f"{' to '.join(dict.fromkeys([dates[0], dates[-1]]))}",
        f"- Day file {every('day_hash', 12)}…, exam {every('exam_hash', 12)}…",
        f"- `{command}`",
    ]


def as_csv(reports: list[dict]) -> str:
    """One line an arm and number of nights: mean, smallest and largest of each column, unrounded."""
    shown, out = columns(reports), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["arm", "nights", "seeds", *(f"{c.key}{part}" for c in shown for part in ("", "_min", "_max"))])
    for row in rows(reports):
        cells = []
        for column in shown:
            values = row.values[column.key]
            cells += [f"{v:.6g}" for v in (mean(values), min(values), max(values))] if values else ["", "", ""]
        writer.writerow([row.arm, row.nights, len(row.seeds), *cells])
    return out.getvalue()


def plain(reports: list[dict]) -> list[dict]:
    """The rows for scripts."""
    return [
        {"arm": row.arm, "nights": row.nights, "seeds": row.seeds,
         **{key: values for key, values in row.values.items() if values}}
        for row in rows(reports)
    ]  # fmt: skip
