"""`python -m observatory` and the `observatory` script. Knows only where the command line begins."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> None:
    # First of all: a spawned child of a frozen program starts here again and must turn off at once.
    multiprocessing.freeze_support()
    from observatory.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
