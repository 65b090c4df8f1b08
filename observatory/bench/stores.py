"""Fast stores side by side: `python -m observatory.bench.stores [--seeds 0,1,2] [--sizes 10,30,…] [--out FOLDER]`.

The stores of the plugins that ship and the built-in one, told the same and asked the same: drawn vectors up to ten
thousand, and real sentences as the mind files them up to three thousand. Every seed's numbers are kept as JSON; the
table, the CSV and the plots are made of those. A size that would take a store longer than its seconds is left out and
shown as a dash. It lives no day.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import torch

from .. import models, resources
from ..mind.address import UNITS
from ..protocol.durable import write
from . import storeclaims, storetable, storevectors
from .builtinstore import BuiltIn

SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000)
STORES = ("built-in", "larimar", "hopfield", "knnlm", "titans", "bdh")
VALUE_WIDTH = 64
ASKED = 200
"""Cues of one size: a share among them is then sure to some three points."""
FIRST = 10
"""What was told first, to see what the rest does to it."""
PARTS = (0.3, 0.5, 0.7)
"""Shares of a key's numbers that a partial cue keeps; the others are zero."""
CODED = ("titans",)
"""Stores that the mind writes an episode's sparse code to, as their option `address` says by default."""
SECONDS = 60.0
AT_ONCE, TIMED = 250, 20


def made(name: str, width: int, value_width: int, seed: int, **choices):
    """A store of this name, empty; with its default options unless others are chosen."""
    if name == "built-in":
        return BuiltIn(width, value_width, seed)
    from ..plugins import find, load

    found = find.at(find.shipped_folder() / name, "shipped")
    kind = load.contribution(found, "fast-store")
    return kind(found.manifest.chosen(choices), width=width, value_width=value_width, seed=seed)


def told(store, keys: torch.Tensor, values: torch.Tensor, seconds: float = SECONDS) -> float | None:
    """Everything written, the last few one by one: milliseconds of one of those; None when it takes too long."""
    started, singles = time.perf_counter(), min(TIMED, len(keys))
    bulk = len(keys) - singles
    for at in range(0, bulk, AT_ONCE):
        end = min(bulk, at + AT_ONCE)
        store.encode(at + 1_000_000, keys[at:end], values[at:end])
        spent = time.perf_counter() - started
        if spent * len(keys) / end > seconds:
            return None
    began = time.perf_counter()
    for at in range(bulk, len(keys)):
        store.encode(at, keys[at : at + 1], values[at : at + 1])
    return 1e3 * (time.perf_counter() - began) / singles


def right(read: torch.Tensor, values: torch.Tensor, wanted: torch.Tensor) -> float:
    """How many of what was read lie nearer to their own value than to any other."""
    nearest = torch.nn.functional.normalize(read, dim=1) @ torch.nn.functional.normalize(values, dim=1).T
    return float((nearest.argmax(1) == wanted).float().mean())


def vectors(name: str, size: int, seed: int, **choices) -> dict | None:
    """One size of drawn vectors: recall, from parts too, what is left of the first, memory and time."""
    keys, values = storevectors.drawn(size, seed), storevectors.drawn(size, seed + 1_000, VALUE_WIDTH)
    store = made(name, keys.shape[1], VALUE_WIDTH, seed, **choices)
    write_ms = told(store, keys, values)
    if write_ms is None:
        return None
    asked = torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:ASKED]
    started = time.perf_counter()
    read = store.read(keys[asked])
    read_ms = 1e3 * (time.perf_counter() - started) / len(asked)
    first = torch.nn.functional.cosine_similarity(store.read(keys[:FIRST]), values[:FIRST], dim=1)
    out = {
        "size": size, "recall": right(read, values, asked), "first": float(first.mean()),
        "numbers_each": store.size() / size, "write_ms": write_ms, "read_ms": read_ms,
    }  # fmt: skip
    chance = torch.Generator().manual_seed(seed + 7)
    for part in PARTS:
        kept = torch.rand(len(asked), keys.shape[1], generator=chance) < part
        out[f"part_{round(100 * part)}"] = right(store.read(keys[asked] * kept), values, asked)
    return out


def sentences(name: str, real: list[storevectors.Told], size: int, seed: int, **choices) -> dict | None:
    """One size of real sentences, found by their own words and by what is asked about them, as the mind finds them."""
    some, coded = real[:size], name in CODED
    marks = storevectors.drawn(size, seed + 2_000)
    store = made(name, UNITS if coded else storevectors.WIDTH, storevectors.WIDTH, seed, **choices)
    if coded:
        some = [storevectors.Told(storevectors.code(one.keys), storevectors.code(one.cue)) for one in some]
    if isinstance(store, BuiltIn):
        started = time.perf_counter()
        for number, one in enumerate(some):
            store.encode(number, one.keys, marks[number].expand(len(one.keys), -1))
        write_ms = 1e3 * (time.perf_counter() - started) / size
    else:
        keys = torch.cat([one.keys for one in some])
        values = torch.cat([marks[n].expand(len(one.keys), -1) for n, one in enumerate(some)])
        per_row = told(store, keys, values)
        if per_row is None:
            return None
        write_ms = per_row * len(keys) / size
    asked = torch.randperm(size, generator=torch.Generator().manual_seed(seed))[:ASKED].tolist()
    out: dict = {"size": size, "tokens": sum(len(one.keys) for one in some), "write_ms": write_ms}
    for how in ("keys", "cue"):
        started, hits = time.perf_counter(), 0
        for number in asked:
            cue = getattr(some[number], how)
            hits += _found(store, cue, marks) == number
        out["whole" if how == "keys" else "asked"] = hits / len(asked)
        out["read_ms"] = 1e3 * (time.perf_counter() - started) / len(asked)
    out["numbers_each"] = store.size() / size
    return out


def _found(store, cue: torch.Tensor, marks: torch.Tensor) -> int:
    if isinstance(store, BuiltIn):
        return store.found(cue)
    return int((store.read(cue) @ marks.T).mean(0).argmax())


def of_seed(seed: int, sizes: list[int], real: list[storevectors.Told], names: list[str], say) -> dict:
    """All that is measured of these stores with one seed, and the papers' claims."""
    stores = {}
    for name in names:
        stores[name] = {"vectors": [], "sentences": []}
        for size in sizes:
            say(f"seed {seed}, {name}, {size:,} vectors")
            if (found := vectors(name, size, seed)) is None:
                break
            stores[name]["vectors"].append(found)
        for size in [size for size in sizes if size <= len(real)]:
            say(f"seed {seed}, {name}, {size:,} sentences")
            if (found := sentences(name, real, size, seed)) is None:
                break
            stores[name]["sentences"].append(found)
    say(f"seed {seed}, what the papers say")
    return {"seed": seed, "stores": stores, "claims": storeclaims.measured(seed), "versions": _versions()}


def _versions() -> dict:
    return {"torch": torch.__version__, "python": platform.python_version(), "threads": torch.get_num_threads()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--sentences", type=int, default=storevectors.SENTENCES, help="real sentences at most; 0: none")
    parser.add_argument("--out", type=Path, default=resources.folder() / "bench" / "stores")
    parser.add_argument("--models-folder", type=Path, default=None)
    parser.add_argument("--stores", default=",".join(STORES), help="only these anew; what is kept of others stays")
    parser.add_argument("--table-only", action="store_true", help="only from what is kept")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if not asked.table_only:
        torch.set_num_threads(1)
        cache = asked.models_folder or models.cache_folder(asked.out / "work")
        real = storevectors.real(cache, asked.sentences) if asked.sentences else []
        sizes, names = [int(size) for size in asked.sizes.split(",")], [n for n in asked.stores.split(",") if n]
        for seed in map(int, asked.seeds.split(",")):
            path = asked.out / f"seed-{seed}.json"
            before = json.loads(path.read_text("utf-8"))["stores"] if path.is_file() else {}
            found = of_seed(seed, sizes, real, names, print)
            every = before | found["stores"]
            found["stores"] = {name: every[name] for name in STORES if name in every}
            write(path, json.dumps(found, indent=1).encode() + b"\n")
    reports = [json.loads(path.read_text("utf-8")) for path in sorted(asked.out.glob("seed-*.json"))]
    write(asked.out / "table.md", storetable.markdown(reports).encode())
    write(asked.out / "table.csv", storetable.csv_text(reports).encode())
    from ..window.app import application
    from ..window.look import platform_without_display
    from . import storeplots

    platform_without_display()
    application()
    for path in storeplots.draw(asked.out, reports):
        print(path)


if __name__ == "__main__":
    main()
