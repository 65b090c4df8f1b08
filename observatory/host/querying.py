"""People's own SQL on the record, and its results as files: asked of a copy, in a process that may be killed.

One question at a time, on a thread of its own, so that neither a view nor the record ever waits for one. What comes
back is an answer or a sentence why there is none. The database is not loaded here; see `record/console.py`.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .. import __version__
from ..protocol import asking
from ..protocol.durable import write, written_beside

if TYPE_CHECKING:
    from ..record.store import Store

LIMIT_S = 30.0
"""Seconds a question may take. The built-in ones take a tenth of one on a home of 100,000 episodes."""
EXPORT_S = 600.0
STALE = 20
"""A copy is made anew when something was kept since, unless the last one took more than one in so many of the seconds
that have passed: a large home in the middle of a night is not copied without end."""
LOOKS_S = 0.02
FOLDER = ".questions"
PROVENANCE = ".provenance.json"


class Asked:
    """A question on its way. `answer` is there once it is `done`."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.answer: asking.Answer | None = None
        self._done, self._cancelled = threading.Event(), threading.Event()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop it; a long one ends within a moment, and the answer says that it was stopped."""
        self._cancelled.set()

    def wait(self, timeout_s: float | None = None) -> asking.Answer | None:
        self._done.wait(timeout_s)
        return self.answer

    def finish(self, answer: asking.Answer) -> None:
        self.answer = answer
        self._done.set()


class Querying:
    """`store`: the home that this process writes to, or None where it is only read; its journal is then copied."""

    def __init__(self, home: Path, store: Callable[[], Store | None] = lambda: None):
        self.home, self._store = Path(home), store
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._current: Asked | None = None
        self._folder: Path | None = None
        self._file, self._seq, self._made_at, self._took = "", -1, 0.0, 0.0
        self._process: Any = None
        self._pipe: Any = None
        self._closed = False

    # ------------------------------------------------------------ called from any thread

    def ask(self, text: str, rows: int = asking.ROWS, limit_s: float = LIMIT_S) -> Asked:
        return self._put(Asked(limit_s), lambda asked: self._answered(asked, text, rows))

    def export(self, target: Path, text: str, values: dict[str, Any] | None = None) -> Asked:
        """The whole answer as Parquet or CSV, by the file's ending, and beside it a small file that says what it is."""
        return self._put(Asked(EXPORT_S), lambda asked: self._exported(asked, Path(target), text, values or {}))

    def close(self) -> None:
        self._closed = True
        if self._current is not None:
            self._current.cancel()
        if self._thread is not None:
            self._inbox.put(None)
            self._thread.join()

    def _put(self, asked: Asked, do: Callable[[Asked], asking.Answer]) -> Asked:
        if self._closed:
            asked.finish(asking.Refused(text="This session is closed. What to do: open the home again."))
            return asked
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="questions", daemon=True)
            self._thread.start()
        self._inbox.put(lambda: self._carry_out(asked, do))
        return asked

    # ------------------------------------------------------------ the thread

    def _serve(self) -> None:
        try:
            while (do := self._inbox.get()) is not None:
                do()
        finally:
            self._end()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _carry_out(self, asked: Asked, do: Callable[[Asked], asking.Answer]) -> None:
        self._current = asked
        if self._closed:
            asked.cancel()
        try:
            asked.finish(do(asked) if not asked.cancelled else STOPPED)
        except (OSError, RuntimeError, EOFError, msgspec.MsgspecError) as error:
            self._end()
            asked.finish(asking.Refused(text=f"The question could not be put: {error}"))
        finally:
            self._current = None

    def _answered(self, asked: Asked, text: str, rows: int) -> asking.Answer:
        return self._put_to_process(asked, asking.Question(file=self._copy(), text=text, rows=rows))

    def _put_to_process(self, asked: Asked, message: asking.Question | asking.Export) -> asking.Answer:
        if self._process is None or not self._process.is_alive():
            self._begin()
        until = time.monotonic() + asked.limit_s
        self._pipe.send_bytes(asking.pack(message))
        while not self._pipe.poll(LOOKS_S):
            if asked.cancelled:
                self._end()
                return STOPPED
            if time.monotonic() > until:
                self._end()
                return asking.Refused(
                    text=f"Stopped after {asked.limit_s:.0f} s. What to do: ask for less, or of fewer rows."
                )
        try:
            return asking.answer(self._pipe.recv_bytes(asking.MESSAGE_LIMIT))
        except EOFError:
            self._end()
            return asking.Refused(
                text="The process that answers ended in the middle of this question; most likely it needs more memory "
                "than it may have. The mind and the record are untouched. What to do: ask for less."
            )

    # ------------------------------------------------------------ exports

    def _exported(self, asked: Asked, target: Path, text: str, values: dict[str, Any]) -> asking.Answer:
        kind = target.suffix.casefold().removeprefix(".")
        if kind not in asking.Kind.__args__:
            return asking.Refused(text=f"“{target.name}” should end in .parquet or .csv; that says how it is written.")
        file = self._copy()
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            self._end()  # the process of an export may write one file, and one that only answers none
            wanted = asking.Export(file=file, text=text, kind=kind, folder=folder, values=values)
            try:
                answer = self._put_to_process(asked, wanted)
            finally:
                self._end()
            if isinstance(answer, asking.Written):
                self._hand_over(Path(folder) / answer.name, target, answer, text, values)
                answer = msgspec.structs.replace(answer, name=str(target))
            return answer

    def _hand_over(self, made: Path, target: Path, answer: asking.Written, text: str, values: dict[str, Any]) -> None:
        """What it is goes beside it first: a file without provenance never stands there."""
        said = {
            "file": target.name, "sha256": _sha256(made), "rows": answer.rows, "query": text, "values": values,
            "home": str(self.home), "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "observatory": __version__, "duckdb": answer.duckdb, "through_event": answer.through,
            "cortex": answer.cortex,
        }  # fmt: skip
        write(target.with_name(target.name + PROVENANCE), msgspec.json.format(msgspec.json.encode(said), indent=1))
        with written_beside(target) as beside:
            shutil.copyfile(made, beside)

    # ------------------------------------------------------------ the copy and the process

    def _copy(self) -> str:
        """A copy that holds what is kept by now, or nearly."""
        # Imported here: a run that asks nothing loads no database.
        from ..record import copying

        store, now = self._store(), time.monotonic()
        if self._folder is None:
            self._folder = self._made_folder(store is not None)
        if self._file and (store is None or store.seq == self._seq or now - self._made_at < STALE * self._took):
            return self._file
        file = self._folder / f"{time.time_ns()}.duckdb"
        seq = copying.copy(store, file) if store is not None else copying.derive(self.home, file)
        old, self._file, self._seq = self._file, str(file), seq
        self._made_at = time.monotonic()
        self._took = self._made_at - now
        for ending in ("", ".wal") if old else ():
            # On some systems it can be taken away only once the process has let go of it; then all go at the end.
            try:
                os.unlink(old + ending)
            except OSError:
                pass
        return self._file

    def _made_folder(self, ours: bool) -> Path:
        """In the home where this process writes to it, so that a copy is cheap and what a crash leaves is found."""
        if not ours:
            return Path(tempfile.mkdtemp(prefix="observatory-questions-"))
        folder = self.home / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe(duplex=True)
        self._process = context.Process(target=_child, args=(theirs,), name="observatory-questions", daemon=True)
        self._process.start()
        # The child must be the only holder of its end, and we of ours: then each sees the other's death as EOF.
        theirs.close()

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.join()
        self._pipe.close()
        self._process = self._pipe = None


STOPPED = asking.Refused(text="Stopped.")


def _child(connection) -> None:
    from ..record.console import child

    child(connection)


def _sha256(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
