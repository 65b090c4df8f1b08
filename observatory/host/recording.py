"""Opening what was lived before only to look: a home's folder, or a recording in one file. No mind is started.

Nothing is written to either. A file is unpacked into a scratch folder that goes when the session is closed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .. import resources
from .refusal import SessionError
from .session import Session


class Recorded(Session):
    """A recording in one file, as a session that is open for reading."""

    def __init__(self, file: Path):
        from ..record.errors import RecordError
        from ..record.packed import unpack

        self._scratch = tempfile.TemporaryDirectory(prefix="observatory-recording-")
        try:
            unpack(file, Path(self._scratch.name))
        except RecordError as error:
            self._scratch.cleanup()
            raise SessionError(str(error)) from error
        super().__init__(Path(self._scratch.name), read_only=True)

    def close(self, timeout_s: float = 5.0) -> str:
        rung = super().close(timeout_s)
        self._scratch.cleanup()
        return rung


def open_to_look(path: Path) -> Session:
    if path.is_file():
        return Recorded(path)
    return Session(path, read_only=True)


def shipped() -> Path | None:
    """The recorded session that came with the program, if one did."""
    return next(iter(sorted((resources.folder() / "demo").glob("*.observatory"))), None)
