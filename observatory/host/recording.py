"""Opening what was lived before only to look: a home's folder, or a recording in one file. No mind is started.

Nothing is written to either. A file is unpacked into a scratch folder that goes when the session is closed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .. import resources
from . import driftfile
from .drifted import Drifted
from .refusal import SessionError
from .session import Session

NO_DRIFT = (
    "This recording was made without the weights and carries no drift. Open the home itself to see where its cortex "
    "moved."
)


class Told:
    """What a session's `drift` is to a view, where all of it is known already: nothing is worked out."""

    def __init__(self, drifted: Drifted):
        self._drifted = drifted

    def open(self) -> None:
        """There is nothing to start."""

    def look(self) -> Drifted:
        return self._drifted

    def want(self, key: str) -> None:
        """Every stop is there."""

    def close(self) -> str:
        return "gone"


class Recorded(Session):
    """A recording in one file, as a session that is open for reading."""

    def __init__(self, file: Path):
        self._scratch = tempfile.TemporaryDirectory(prefix="observatory-recording-")
        folder = Path(self._scratch.name)
        try:
            drift = Told(unpacked(file, folder))
        except SessionError:
            self._scratch.cleanup()
            raise
        super().__init__(folder, read_only=True)
        self.drift = drift

    def close(self, timeout_s: float = 5.0) -> str:
        rung = super().close(timeout_s)
        self._scratch.cleanup()
        return rung


def unpacked(file: Path, folder: Path) -> Drifted:
    """Make a home of it to look at, in an empty folder, and say what it carries of drift."""
    from ..record.errors import RecordError
    from ..record.packed import DRIFT, unpack

    try:
        unpack(file, folder)
        drift = folder / DRIFT
        return driftfile.read(drift) if drift.exists() else Drifted(version=1, phase="ready", what=NO_DRIFT)
    except RecordError as error:
        raise SessionError(str(error)) from error
    except driftfile.DriftUnreadable as why:
        raise SessionError(
            f"The drift in {file} is damaged ({why}), so it was not opened. Get the file once more, or open the home "
            "that it was made of."
        ) from why


def open_to_look(path: Path) -> Session:
    if path.is_file():
        return Recorded(path)
    return Session(path, read_only=True)


def shipped() -> Path | None:
    """The recorded session that came with the program, if one did."""
    return next(iter(sorted((resources.folder() / "demo").glob("*.observatory"))), None)
