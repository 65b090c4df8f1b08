"""Looking at what was recorded, in the window: a home, a recording in one file, or the session that is built in."""

from __future__ import annotations

from pathlib import Path

from ..host.refusal import Refusal
from .line import FAILED, HERE, WRONG, Common, app, has_lived


@app.command
def replay(home: Path, /, *, common: Common = HERE) -> int:
    """Open a recorded home in the window, read-only, and go through it in time. Wakes no mind and writes nothing.

    Parameters
    ----------
    home
        A home's folder, or a recording in one file.
    """
    home = home.expanduser().absolute()
    if not home.exists():
        raise Refusal(WRONG, f"There is nothing at {home}. What to do: name a home's folder or a recording.")
    if home.is_dir() and not has_lived(home):
        raise Refusal(WRONG, f"No mind has lived in {home} yet. What to do: name the folder of one that did.")
    return _look_at(home, common)


@app.command
def demo(*, common: Common = HERE) -> int:
    """The built-in recorded session: needs no model and no GPU."""
    from ..host import recording

    shipped = recording.shipped()
    if shipped is None:
        raise Refusal(
            FAILED, "No recorded session comes with this version. What to do: observatory replay HOME looks at a home "
            "of your own; observatory live makes one.",
        )  # fmt: skip
    return _look_at(shipped, common)


def _look_at(path: Path, common: Common) -> int:
    from ..host import display

    for problem in (display.missing(), display.qt_problem()):
        if problem:
            raise Refusal(FAILED, problem)
    from .. import settings
    from ..host import recording
    from ..host.session import Session
    from ..window import app as window_app

    chosen = settings.peek(common.where())
    opened: list[Session] = []

    def open_it() -> Session:
        opened.append(recording.open_to_look(path))
        return opened[0]

    try:
        return window_app.run(open_it, theme=chosen.theme, live=False, by=chosen.reviewer)
    finally:
        for session in opened:
            session.close()
