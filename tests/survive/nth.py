"""A life of the record in which the n-th step to disk is the last one, tried for every n. A program; no tests.

`python -m tests.survive.nth HOW FOLDER`: HOW is `killed` (SIGKILL in place of the n-th write, sync, cut or rename of
ours), `power` (the same, and what was not synced by then is cut off the journal at a random place), or `full` (from the
n-th on none of them has any space). Each n is a process of its own, forked from this one, which never opens a
database. Prints one line for each: n, what was acknowledged, what was found.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import sys
from pathlib import Path

from observatory.protocol import events as e
from observatory.record.store import RecordError, Store

STEPS = ("write", "fsync", "ftruncate", "replace")
TELLS = 3


def limited(how: str, n: int, synced: Path) -> None:
    count, real = 0, {name: getattr(os, name) for name in STEPS}

    def step(name):
        def tried(*arguments, **more):
            nonlocal count
            if name == "write" and arguments[0] <= 2:
                return real[name](*arguments)
            count += 1
            if how == "full" and count >= n and name in ("write", "fsync"):
                if name == "write":
                    real["write"](arguments[0], bytes(arguments[1])[:7])  # some of it still fits
                raise OSError(errno.ENOSPC, "No space left on device")
            if how != "full" and count == n:
                if name == "write":
                    real["write"](arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            done = real[name](*arguments, **more)
            if name == "fsync" and Path(f"/proc/self/fd/{arguments[0]}").resolve().name == "journal.jsonl":
                handle = os.open(synced, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                real["write"](handle, str(os.fstat(arguments[0]).st_size).encode())
                os.close(handle)
            return done

        return tried

    for name in STEPS:
        setattr(os, name, step(name))


def told(number: int) -> list[e.Record]:
    text = f"Lantern {number} hangs over pier {number}. " * 3
    return [e.GoalSet(goal=text), e.LineLived(file_hash="f" * 64, line=number, episode=None, night=None)]


def life(how: str, n: int, home: Path, out: int) -> None:
    """Keeps and acknowledges; what is acknowledged is written past every buffer."""
    acknowledge = os.write
    limited(how, n, home.with_suffix(".synced"))
    try:
        with Store.open(home, "write") as store:
            for number in range(1, TELLS + 1):
                acknowledge(out, b"%d\n" % store.keep(told(number))[-1].seq)
        acknowledge(out, b"end\n")
    except RecordError as why:
        acknowledge(out, b"said: %s\n" % str(why).encode())


def check(home: Path, out: int) -> None:
    with Store.open(home, "write") as store:
        found = [event.seq for event in store.history()]
        wrong = [finding.text for finding in store.verify() if finding.level == "error"]
        store.keep(told(99))
    os.write(out, json.dumps({"found": len(found), "in_order": found == sorted(found), "wrong": wrong}).encode())


def forked(body) -> str:
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        try:
            body(theirs)
        except BaseException as error:  # noqa: BLE001 - the child's last frame: told to the parent
            os.write(theirs, f"failed: {type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as said:
        text = said.read()
    os.waitpid(pid, 0)
    return text


def main(how: str, folder: str) -> None:
    n = 0
    while True:
        n += 1
        home = Path(folder) / str(n)
        said = forked(lambda out, n=n, home=home: life(how, n, home, out)).split("\n")
        synced = home.with_suffix(".synced")
        if how == "power" and synced.exists():
            size, journal = int(synced.read_text()), home / "journal.jsonl"
            os.truncate(journal, random.Random(n).randint(size, journal.stat().st_size))
        acknowledged = max([0, *(int(line) for line in said if line.isdigit())])
        sentence = next((line for line in said if line.startswith("said: ")), "")
        found = forked(lambda out, home=home: check(home, out))
        print(json.dumps({"n": n, "acknowledged": acknowledged, "said": sentence, "check": found}), flush=True)
        if "end" in said:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
