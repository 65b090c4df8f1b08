"""The suite that every plugin is held against, whoever wrote it: does each contribution keep the contract?

`observatory plugins check DIR` runs it in a process of its own, which can be ended if the plugin holds it up; a
plugin's own tests call `examine` themselves. It finds what breaks the contract; it does not know what is useful.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ..protocol.days import DayError
from ..protocol.events import Plain
from . import replays, telling
from .contract import METHODS, Dream, Episode, Kind, Night, Reading, Told
from .find import Found, at
from .guard import Guarded

CALL_S = 20.0
"""Many times what a call is given in a night: the suite asks whether an answer is right, on however slow a machine."""
WIDTH, VALUE_WIDTH, SEED = 64, 48, 7
EPISODES, ROWS = 6, 2
NEAR = 1e-3
"""How near a read must be to that of a store that was never told, relative to the values' length."""
TEXTS = ("Zelda keeps her bees in Trondheim.", "The ferry leaves at noon.", "“Naïve” – 日本 🜁\nanother line")


class Check(Plain, frozen=True, kw_only=True):
    kind: str
    what: str
    passed: bool
    why: str = ""


def examine(found: Found, *, seconds: float = CALL_S) -> Iterator[Check]:
    """One check after the other, for every contribution; after a fault that switches the plugin off, the next kind."""
    if found.manifest is None:
        for fault in found.faults:
            yield Check(kind="manifest", what="the manifest can be read", passed=False, why=fault)
        return
    yield Check(kind="manifest", what="the manifest can be read", passed=True)
    for kind in found.manifest.contributes:
        yield from _contribution(found, kind, seconds)


def _contribution(found: Found, kind: Kind, seconds: float) -> Iterator[Check]:
    widths = {"width": WIDTH, "value_width": VALUE_WIDTH, "seed": SEED} if kind == "fast-store" else {}

    def make(choices: dict[str, object] | None = None) -> Guarded:
        return Guarded(found, kind, lambda notice: None, choices=choices, seconds=seconds, **widths)

    for what, choices in _ways_to_make(found):
        with make(choices) as plugin:
            good, why = plugin.on, plugin.why_off
        yield Check(kind=kind, what=what, passed=good, why=why)
        if not good and not choices:
            return
    own = {"fast-store": _fast_store, "replay": replays.checks, "cortex-exporter": replays.exported}
    checks = own[kind](make) if kind in own else _others(make, kind)
    for what, passed, why in checks:
        yield Check(kind=kind, what=what, passed=passed, why="" if passed else why)


def _ways_to_make(found: Found) -> Iterator[tuple[str, dict[str, object]]]:
    yield "it is made with its default options", {}
    for key, option in found.manifest.options.items():
        for end in (option.least, option.most):
            if end is not None:
                value = int(end) if option.type == "whole number" else end
                yield f"it is made with {key} = {value:g}", {key: value}
        for choice in option.choices:
            yield f"it is made with {key} = {choice}", {key: choice}


# ---------------------------------------------------------------- all but stores


def _others(make: Callable[..., Guarded], kind: Kind) -> Iterator[tuple[str, bool, str]]:
    episodes = [
        Episode(number=n, text=text, surprise=n / 3, value=-0.5, readings=(Reading(question=n, mass=0.2),))
        for n, text in enumerate(TEXTS, start=1)
    ]
    night = Night(
        number=1, stage="replay", step=3, steps=60, drawn=(1, 3), scores={"direct": 0.5}, loss=1.5, kl=0.02,
        perplexity=40.0,
    )  # fmt: skip
    samples = {
        "night-stage": [(night, episodes), (Night(number=1, stage="propose"), [])],
        "view": [(episodes, [night]), ([], [])],
        "exporter": [(episodes, [night]), ([], [])],
        "day-source": [()],
    }
    method = METHODS[kind][0]
    for arguments in samples.get(kind, [(episodes,), ([],)]):
        with make() as plugin:
            first = plugin.ask(method, *arguments)
            told = " with nothing to look at" if arguments and not any(map(_filled, arguments)) else ""
            yield f"{method} answers as agreed{told}", plugin.on, plugin.why_off
            if kind in ("drive", "exam") and plugin.on:
                again = plugin.ask(method, *arguments)
                yield f"{method} answers the same when asked again{told}", again == first, "it gave another answer"
            if kind == "exam" and plugin.on:
                odd = {q.episode for q in first} - {0, *(each.number for each in arguments[0])}
                yield f"its questions are about what it was handed{told}", not odd, f"it names episodes {sorted(odd)}"
            if kind == "night-stage" and plugin.on:
                numbers = {each.number for each in arguments[1]}
                odd = {wish.episode for wish in first if isinstance(wish, Dream)} - numbers
                yield f"its dreams are about what it was handed{told}", not odd, f"it names episodes {sorted(odd)}"
            if kind == "day-source" and plugin.on:
                why = _no_day(first) if first else ""
                yield "what it tells is a day", not why, why


def _no_day(told: list[Told]) -> str:
    """Why these are no day file's lines; nothing if they are."""
    with tempfile.TemporaryDirectory(prefix="observatory-check-") as folder:
        try:
            telling.checked(telling.lines(told), Path(folder), "day")
        except DayError as error:
            return str(error)
    return ""


def _filled(argument: object) -> bool:
    return isinstance(argument, list) and bool(argument)


# ---------------------------------------------------------------- stores


def _fast_store(make: Callable[..., Guarded]) -> Iterator[tuple[str, bool, str]]:
    import torch

    generator = torch.Generator().manual_seed(SEED)
    turned = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=generator)).Q
    keys = turned[: EPISODES * ROWS].split(ROWS)
    values = torch.randn(EPISODES * ROWS, VALUE_WIDTH, generator=generator).split(ROWS)
    everything, wanted = torch.cat(keys), torch.cat(values)

    def told(episodes: range) -> Guarded:
        store = make()
        for number in episodes:
            store.ask("encode", number, keys[number], values[number])
        return store

    def recalled(store: Guarded, rows: range) -> int:
        """Of these rows, how many come back nearer to their own value than to any other."""
        read = store.ask("read", everything, otherwise=torch.zeros_like(wanted))
        nearest = torch.nn.functional.normalize(read, dim=1) @ torch.nn.functional.normalize(wanted, dim=1).T
        return sum(int(nearest[row].argmax()) == row for row in rows)

    with make() as store:
        read = store.ask("read", everything)
        yield "an empty store reads zeros", read is not None and not read.any(), store.why_off or "it read something"
        store.ask("forget", 5, keys[5], values[5])
        yield "forgetting what was never told is no fault", store.on, store.why_off
    with make() as store:
        first = store.ask("encode", 1, keys[1], values[1], otherwise=0.0)
        again = store.ask("encode", 2, keys[1], values[1], otherwise=1.0)
        why = store.why_off or f"new: {first:.3f} the first time, {again:.3f} the second"
        yield "what is known already is less new", again < first, why
    with told(range(EPISODES)) as store, told(range(EPISODES)) as twin:
        rows = range(EPISODES * ROWS)
        right = recalled(store, rows)
        yield "all that was told once comes back", right == len(rows), store.why_off or f"{right} of {len(rows)} did"
        size = store.ask("size", otherwise=0)
        yield "it says how much it holds", size > 0, store.why_off or "it says that it holds nothing"
        one, two = store.ask("read", everything), twin.ask("read", everything)
        same = one is not None and two is not None and torch.equal(one, two)
        yield "the same seed gives the same store", same, "two stores that were told the same read differently"
        yield from _forgetting(store, told, keys, values, recalled)
        store.ask("look")
        yield "what it shows of itself can be shown", store.on, store.why_off
    with make() as store:
        for number, odd in enumerate((torch.zeros(1, WIDTH), torch.full((1, WIDTH), 1e4))):
            store.ask("encode", number, odd, values[0][:1])
        store.ask("read", torch.zeros(1, WIDTH))
        yield "empty and very large keys do it no harm", store.on, store.why_off


def _forgetting(store, told, keys, values, recalled) -> Iterator[tuple[str, bool, str]]:
    import torch

    before = store.ask("read", keys[0], otherwise=torch.zeros_like(values[0]))
    gone = store.ask("forget", 0, keys[0], values[0])
    after = store.ask("read", keys[0], otherwise=before)
    more, less = (float((read * values[0]).sum()) for read in (before, after))
    yield "what is forgotten comes back less", less < more, store.why_off or f"{more:.3f} before, {less:.3f} after"
    others = range(ROWS, EPISODES * ROWS)
    kept = recalled(store, others)
    yield "all others stay when one is forgotten", kept == len(others), store.why_off or f"{kept} of {len(others)} did"
    if gone:
        with told(range(1, EPISODES)) as never:
            clean = never.ask("read", torch.cat(keys), otherwise=torch.zeros(1))
            found = store.ask("read", torch.cat(keys), otherwise=torch.ones(1))
            apart = float((found - clean).norm() / torch.cat(list(values)).norm())
        why = store.why_off or f"it reads {apart:.2%} apart from one untold"
        yield "forget says gone, and it is", apart < NEAR, why


# ---------------------------------------------------------------- as a process


def main(folder: str, results: str) -> None:
    """Every check as a line of JSON, written at once: what ends this process does not end what was found."""
    with open(results, "ab", buffering=0) as out:
        for check in examine(at(Path(folder))):
            out.write(msgspec.json.encode(check) + b"\n")
    # Without waiting for threads that a plugin may have left behind.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:3])
