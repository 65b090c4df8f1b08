"""The table of stores, as Markdown and as CSV, made of kept numbers alone: means over seeds, and their spread."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from statistics import mean

COLUMNS = (
    "store", "material", "size", "seeds", "recall", "recall_least", "recall_most", "asked", "part_30", "part_50",
    "part_70", "first", "bytes_each", "write_ms", "read_ms",
)  # fmt: skip
BYTES = 4


def rows(reports: list[dict]) -> Iterator[dict]:
    """One row a store, material and size."""
    names = list(reports[0]["stores"]) if reports else []
    for name in names:
        for material in ("vectors", "sentences"):
            every = [each for report in reports for each in report["stores"][name][material]]
            for size in sorted({each["size"] for each in every}):
                yield _row(name, material, size, [each for each in every if each["size"] == size])


def _row(name: str, material: str, size: int, found: list[dict]) -> dict:
    recall = [each["recall" if material == "vectors" else "whole"] for each in found]

    def of(key: str) -> float | None:
        return mean(each[key] for each in found) if key in found[0] else None

    return {
        "store": name, "material": material, "size": size, "seeds": len(found), "recall": mean(recall),
        "recall_least": min(recall), "recall_most": max(recall), "asked": of("asked"), "part_30": of("part_30"),
        "part_50": of("part_50"), "part_70": of("part_70"), "first": of("first"),
        "bytes_each": BYTES * of("numbers_each"), "write_ms": of("write_ms"), "read_ms": of("read_ms"),
    }  # fmt: skip


def csv_text(reports: list[dict]) -> str:
    out = io.StringIO()
    sheet = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    sheet.writeheader()
    for row in rows(reports):
        sheet.writerow({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})
    return out.getvalue()


def markdown(reports: list[dict]) -> str:
    """Two tables of recall, store by size, and one of what it costs."""
    every = list(rows(reports))
    seeds = ", ".join(str(report["seed"]) for report in reports)
    out = [
        "# Fast stores side by side", "",
        f"Made by `python -m observatory.bench.stores`; seeds {seeds}, one thread; means, and least to most over seeds "
        "where they differ by a point or more. A dash: not measured, since it took longer than its seconds.", "",
    ]  # fmt: skip
    for title, material, key in (
        ("Drawn vectors: right of those told once, asked with the key itself, %", "vectors", "recall"),
        ("… asked with half of the key", "vectors", "part_50"),
        ("… asked with three tenths of it", "vectors", "part_30"),
        ("What is left of the first ten (cosine to what they were), %", "vectors", "first"),
        ("Real sentences: found by their own words, %", "sentences", "recall"),
        ("… found by what is asked about them", "sentences", "asked"),
    ):
        out += [f"## {title}", "", *_grid([r for r in every if r["material"] == material], key, _percent), ""]
    for title, key in (
        ("Bytes an entry takes, at four a number", "bytes_each"),
        ("Milliseconds to write one", "write_ms"),
        ("Milliseconds to read one", "read_ms"),
    ):
        some = [row for row in every if row["material"] == "vectors"]
        out += [f"## {title}", "", *_grid(some, key, _amount), ""]
    return "\n".join(out)


def _percent(row: dict, key: str) -> str:
    said = f"{100 * row[key]:.0f}"
    if key == "recall" and 100 * (row["recall_most"] - row["recall_least"]) >= 1:
        said += f" ({100 * row['recall_least']:.0f}–{100 * row['recall_most']:.0f})"
    return said


def _amount(row: dict, key: str) -> str:
    return f"{row[key]:,.0f}" if row[key] >= 100 else f"{row[key]:.2f}"


def _grid(some: list[dict], key: str, said: Callable[[dict, str], str]) -> list[str]:
    sizes = sorted({row["size"] for row in some})
    names = list(dict.fromkeys(row["store"] for row in some))
    found = {(row["store"], row["size"]): row for row in some if row[key] is not None}
    lines = ["| store | " + " | ".join(f"{size:,}" for size in sizes) + " |", "| --- |" + " ---: |" * len(sizes)]
    for name in names:
        cells = [said(found[name, size], key) if (name, size) in found else "–" for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines
