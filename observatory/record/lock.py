"""One writer a home: a lock that the operating system releases when its process dies, however it dies.

Two files: `.lock` carries the system's lock, `lock` says in words who holds it, because a locked
file cannot be read on Windows. What `lock` says is only believed while `.lock` is held.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

import filelock
import msgspec

from .errors import HomeBusy, HomeNotWritable, HomeUnreadable

NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


class Holder(msgspec.Struct, frozen=True):
    pid: int
    since: str
    program: str


class Lock:
    """Held from creation to `release`."""

    def __init__(self, home: Path):
        self._words = home / "lock"
        # No soft lock: a file that merely exists outlives the process that made it, and would lock a home for ever.
        self._lock = filelock.FileLock(home / ".lock", timeout=0, thread_local=False, fallback_to_soft=False)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise HomeBusy(
                f"The home {home} is open already{_by(self._words)}, and only one may write to it. "
                "Close the other one first, or look at this home read-only with `observatory replay`."
            ) from None
        except (OSError, NotImplementedError) as why:
            if getattr(why, "errno", 0) in NO_RIGHT:
                raise HomeNotWritable(
                    f"The home {home} may not be written ({why.strerror}). Give yourself the right to write there, or "
                    "name another home with --home."
                ) from why
            raise HomeUnreadable(
                f"The home {home} could not be locked: {why}. Without a lock two writers could spoil it. "
                "Check that the folder may be written and lies on a disk that knows file locks."
            ) from why
        holder = Holder(
            pid=os.getpid(), since=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), program=Path(sys.argv[0]).name
        )
        try:
            self._words.write_bytes(msgspec.json.encode(holder))
        except OSError as why:
            self._lock.release()
            raise HomeUnreadable(f"{self._words} could not be written: {why}. Free space or mend the rights.") from why

    def release(self) -> None:
        self._words.unlink(missing_ok=True)
        self._lock.release()


def _by(words: Path) -> str:
    try:
        holder = msgspec.json.decode(words.read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return " in another process"
    return f" in process {holder.pid} ({holder.program or 'python'}, since {holder.since})"
