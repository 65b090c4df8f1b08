"""A process that keeps events for ever and prints each number once it is acknowledged; made to be killed."""

import os
import signal
import sys
from pathlib import Path

from observatory.protocol import events as e
from observatory.record.journal import Journal
from observatory.record.store import Store
from tests.record.samples import told


def die_after_the_journal() -> None:
    """The worst moment: the journal has the events and the database does not."""
    append = Journal.append

    def append_and_die(journal, new):
        append(journal, new)
        os.kill(os.getpid(), signal.SIGKILL)

    Journal.append = append_and_die


def main(home: str, how: str) -> None:
    store = Store.open(Path(home), "write")
    store.keep(store.notices)
    print("open", flush=True)
    if how == "hold":
        sys.stdin.read()
        return
    if how == "between":
        die_after_the_journal()
    while True:
        first = store.next_episode()
        kept = store.keep([*told(first, first), e.ModeChanged(mode="awake", why="told")])
        print(kept[-1].seq, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
