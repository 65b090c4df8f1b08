"""The same work on many cases, several at once, each in a process forked from this one.

Forked, so that libraries are read once; the parent computes nothing and has no threads. What goes between them is JSON.
It does not know what the work is, nor what becomes of what it finds.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection, wait

Work = Callable[[], AbstractContextManager[Callable[[dict], dict]]]
"""What a process begins with and leaves behind tidily; inside, a case that is asked for gives what was found."""
LEAVES_S = 30.0


def side_by_side(work: Work, cases: Iterator[dict], many: int) -> Iterator[tuple[dict, dict]]:
    """Every case with what was found, as it comes. The next case is asked for only when somebody is free for it."""
    context = multiprocessing.get_context("fork")
    pipes: dict[Connection, dict | None] = {}
    processes = []
    try:
        for _ in range(many):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(work, theirs, [*pipes, ours]))
            process.start()
            theirs.close()
            processes.append(process)
            pipes[ours] = None
            if not _handed(pipes, ours, cases):
                break
        while busy := [pipe for pipe, case in pipes.items() if case is not None]:
            for pipe in wait(busy):
                try:
                    found = json.loads(pipe.recv_bytes())
                except EOFError:
                    raise SystemExit("a process that tried cases died; its error output says why") from None
                case = pipes[pipe]
                yield case, found
                _handed(pipes, pipe, cases)
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(LEAVES_S)
            if process.is_alive():
                process.kill()
                process.join()


def _handed(pipes: dict[Connection, dict | None], pipe: Connection, cases: Iterator[dict]) -> bool:
    """The next case goes to this one, if there is another."""
    pipes[pipe] = next(cases, None)
    if pipes[pipe] is not None:
        pipe.send_bytes(json.dumps(pipes[pipe]).encode())
    return pipes[pipe] is not None


def _serve(work: Work, pipe: Connection, foreign: list[Connection]) -> None:
    for end in foreign:
        end.close()
    with work() as tried:
        while True:
            try:
                case = json.loads(pipe.recv_bytes())
            except EOFError:
                return
            pipe.send_bytes(json.dumps(tried(case)).encode())
