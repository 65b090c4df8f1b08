"""What comes in spoilt: `python -m observatory.bench.mutations [--count 10000] [--seed 0]`.

Days, exams, policies, rules, manifests, settings, keys, safetensors, GGUF headers, messages, journals and databases,
each a good one with seeded harm done to it, go to whatever reads them. Each must be refused in a sentence or taken
whole: no crash, no hang, no other error. A process of its own reads them under a limit of memory, so that one that dies
or stands still is counted and the next one goes on. Prints JSON; exit status 1 when anything else happened.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import soak
from .cases import Cases

HANG_S = 120.0
"""Seconds one case may take on a machine that is busy with other things; an ordinary one takes a few milliseconds."""
BEGINS_S = 900.0
"""Seconds in which the reading process reads its libraries and the good examples: seconds, on an idle machine."""
MEMORY = 3 << 30
"""Bytes of address space beyond what reading the libraries took: a header that asks for a terabyte gets an error."""
NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
WORDS = (
    b"null", b"NaN", b"-Infinity", b"1e999", b"-1", b"true", b"[]", b"{}", b'""', b"\0", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\x1b[2J", "\u202e".encode(), b"../../etc/passwd", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000,
    b"'; DROP TABLE events",    b"\xed\xa0\x80", b"<img src=x>", b"\r\n", b"a" * 70_000,
)  # fmt: skip


def harmed(data: bytes, chance: random.Random, text: bool) -> bytes:
    """One to four harms, each of a kind that files suffer or that somebody means."""
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
        data = chance.choice(HARMS if not text else TEXT_HARMS)(data, chance)
    return data


def _place(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 2, 4, 8, 16, 64)))


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return b"\0"
    made, at = bytearray(data), chance.randrange(len(data))
    made[at] ^= 1 << chance.randrange(8)
    return bytes(made)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _taken_out(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + data[end:]


def _twice(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:end] + data[start:]


def _number(data: bytes, chance: random.Random) -> bytes:
    start, width = chance.randrange(len(data) + 1), chance.choice((1, 2, 4, 8))
    number = chance.choice(NUMBERS) & (256**width - 1)
    return data[:start] + number.to_bytes(width, chance.choice(("little", "big"))) + data[start + width :]


def _noise(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + chance.randbytes(chance.randrange(32)) + data[end:]


def _word(data: bytes, chance: random.Random) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + chance.choice(WORDS) + data[chance.choice((start, end)) :]


def _value(data: bytes, chance: random.Random) -> bytes:
    """A value in the place of another: after a colon or an equals sign, up to where it ends."""
    places = [at for at, byte in enumerate(data) if byte in b":="]
    if not places:
        return _word(data, chance)
    start = chance.choice(places) + 1
    end = next((at for at in range(start, len(data)) if data[at] in b",}\n"), len(data))
    return data[:start] + b" " + chance.choice(WORDS) + data[end:]


def _line(data: bytes, chance: random.Random) -> bytes:
    """A line that is gone, stands twice or stands elsewhere."""
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return _twice(data, chance)
    taken = lines.pop(chance.randrange(len(lines)))
    for _ in range(chance.randrange(3)):
        lines.insert(chance.randrange(len(lines) + 1), taken)
    return b"".join(lines)


HARMS = (_flip, _cut, _taken_out, _twice, _number, _noise, _word)
TEXT_HARMS = (*HARMS, _value, _value, _value, _line, _line)


# ---------------------------------------------------------------- the process that reads


def _read_all(connection, first: int, count: int, seed: int) -> None:
    """Cases first … count−1, each told before it is read and after."""
    soak.one_thread()
    from . import readers

    examples = {reader.name: reader.example() for reader in readers.READERS}
    every = [reader for reader in readers.READERS for _ in range(reader.share)]
    for reader in readers.READERS:
        # What is whole must be taken, or refusing what is spoilt would show nothing. It also reads the libraries.
        outcome = _in_a_folder(reader, examples[reader.name])
        if outcome != "taken":
            raise SystemExit(f"the good example of {reader.name} was not taken: {outcome}")
    _limit_memory()
    connection.send_bytes(b"ready")
    for number in range(first, count):
        chance = random.Random(f"{seed}:{number}")
        reader = chance.choice(every)
        data = harmed(examples[reader.name], chance, reader.text)
        connection.send_bytes(f"begins {number} {reader.name}".encode())
        connection.send_bytes(_in_a_folder(reader, data).encode("utf-8", "replace"))
    connection.send_bytes(b"done")


def _in_a_folder(reader, data: bytes) -> str:
    folder = Path(tempfile.mkdtemp(prefix="observatory-mutation-"))
    try:
        return _outcome(reader, data, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _outcome(reader, data: bytes, folder: Path) -> str:
    from . import readers

    try:
        reader.read(data, folder)
    except readers.Refused as why:
        return "refused" if len(str(why)) > 10 else f"refused without a sentence: {why}"
    except Exception as error:  # noqa: BLE001 - any other error is what is looked for
        return f"{type(error).__name__}: {error}"[:500]
    return "taken"


def _limit_memory() -> None:
    if sys.platform != "linux":
        return
    import resource

    import psutil

    most = psutil.Process().memory_info().vms + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


# ---------------------------------------------------------------- counting


def summary(cases: list[dict]) -> dict:
    read, refused, taken = (
        Counter(case["reader"] for case in cases if only in ("", case["outcome"])) for only in ("", "refused", "taken")
    )
    kinds = {
        name: {"read": read[name], "refused": refused[name], "taken_whole": taken[name]} for name in sorted(read)
    }  # fmt: skip
    wrong = [
        f"case {case['case']}, {case['reader']}: {case['outcome']}"
        for case in cases if case["outcome"] not in ("refused", "taken")
    ]  # fmt: skip
    took = soak.spread(case["s"] for case in cases)
    return {
        "read": len(cases), "refused": refused.total(), "taken_whole": taken.total(), "kinds": kinds,
        "a_case_s": took, "faults": wrong, "sound": bool(cases) and not wrong,
    }  # fmt: skip


def row(found: dict) -> list[tuple[str, object]]:
    return [
        ("read", found["read"]), ("refused in a sentence", found["refused"]), ("taken whole", found["taken_whole"]),
        ("anything else", len(found["faults"])), ("a case, median s", found["a_case_s"]["median"]),
        ("worst s", found["a_case_s"]["worst"]),
    ]  # fmt: skip


def soaked(cases: Cases, count: int, seed: int, quiet: bool, stop: float) -> dict:
    number = len(cases.found)
    context = multiprocessing.get_context("spawn")
    with soak.Bar("mutations", count, quiet) as bar:
        while number < count and time.monotonic() < stop:
            ours, theirs = context.Pipe()
            process = context.Process(target=_read_all, args=(theirs, number, count, seed), daemon=True)
            process.start()
            theirs.close()
            number = _listened(ours, number, count, cases, bar, stop)
            process.kill()
            process.join()
            ours.close()
    return summary(list(cases.found.values()))


def _listened(pipe, number: int, count: int, cases: Cases, bar: soak.Bar, stop: float) -> int:
    """Until the process is done, dies or stands still. Returns the case that comes next."""
    name, began = "the good examples", time.monotonic()

    def add(outcome: str) -> None:
        cases.add(number, {"reader": name, "outcome": outcome, "s": round(time.monotonic() - began, 4)})

    if not pipe.poll(BEGINS_S) or pipe.recv_bytes() != b"ready":
        raise SystemExit("the process that reads did not begin; its error output says why")
    while True:
        if not pipe.poll(HANG_S):
            add(f"stood still for {HANG_S:.0f} s")
            return number + 1
        try:
            said = pipe.recv_bytes().decode()
        except (EOFError, OSError):
            add("the process that read it died")
            return number + 1
        if said == "done":
            return count
        if said.startswith("begins "):
            _, case, name = said.split(" ", 2)
            number, began = int(case), time.monotonic()
        else:
            add(said)
            if number % 50 == 0:
                bar.done(number + 1, name)
            if time.monotonic() > stop:
                return number + 1


def main(argv: list[str] | None = None) -> int:
    soak.one_thread()
    parser = soak.parser("mutations", __doc__.split("\n")[0], 10_000, model=False, cases=True)
    asked, began = parser.parse_args(argv), time.monotonic()
    with soak.cases(asked) as cases:
        found = soaked(cases, asked.count, asked.seed, asked.quiet, soak.until(asked))
    soak.tell(asked, soak.result(asked, began, found), row(found))
    return 0 if found["sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
