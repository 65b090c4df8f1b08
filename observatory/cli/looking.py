"""Looking back at what was lived, and taking it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from ..host.refusal import Refusal
from .line import FAILED, HERE, Common, a_life, app, has_lived
from .reviewing import can_decide, whose


@app.command
def nights(*, common: Common = HERE) -> int:
    """What each night proposed, who decided what, and the hashes."""
    from ..host import lookback

    return lookback.nights(a_life(common), as_json=common.json)


@app.command
def show(night: int, /, *, common: Common = HERE) -> int:
    """One night in full: what it replayed and why, what it learnt and lost, the decision and the hashes."""
    from ..host import lookback

    return lookback.show(a_life(common), night, as_json=common.json)


@app.command
def verify(*, common: Common = HERE) -> int:
    """Hash the deltas again, and check the journal's chain and the database against it."""
    from ..host import lookback

    return lookback.verify(a_life(common), as_json=common.json, quiet=common.quiet)


@app.command
def rollback(night: int, /, *, why: str = "asked for on the command line", common: Common = HERE) -> int:
    """The cortex as it was after that night (0: the base). Recorded as an act of its own."""
    from ..host import lookback

    return lookback.roll_back(a_life(common), night, why, model=common.model, quiet=common.quiet)


@app.command
def forget(
    *episodes: Annotated[int, Parameter(validator=validators.Number(gte=1))],
    why: str = "asked for on the command line",
    approve: Literal["policy", "always", "never", "ask"] = "policy",
    key: str | None = None,
    common: Common = HERE,
) -> int:
    """Take episodes out of the store, the record and every night that learned from them; without any: go on with it.

    Parameters
    ----------
    why
        Kept with the act; do not repeat in it what is to be forgotten.
    approve
        Who decides on the nights that are derived again without them.
    key
        With --approve ask: the name on your key, to sign what you decide with it.
    """
    from ..host import oblivion

    home = a_life(common)
    can_decide(approve, key)
    return oblivion.forget(
        home, list(episodes), why, approve, whose(key), model=common.model, quiet=common.quiet, as_json=common.json
    )


@app.command
def feedback(
    episode: Annotated[int, Parameter(validator=validators.Number(gte=1))],
    /,
    *,
    outcome: Annotated[float, Parameter(validator=validators.Number(gte=-1, lte=1))],
    because: str = "",
    common: Common = HERE,
) -> int:
    """How an episode went, -1 (badly) to 1 (well), and why: the mind reads it anew with that."""
    from ..host import lookback

    return lookback.feedback(a_life(common), episode, outcome, because, model=common.model, quiet=common.quiet)


@app.command
def pictures(
    folder: Path,
    /,
    *,
    theme: Literal["light", "dark"] = "light",
    scale: Literal[1, 2] = 1,
    common: Common = HERE,
) -> int:
    """Every dock and the whole window as PNG, without a display. --home may name a recording in one file too."""
    from ..host import display, lookback

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    problem = display.qt_problem()
    if problem:
        raise Refusal(FAILED, problem)
    home = common.where()
    home = home if home.is_file() else a_life(common)
    return lookback.pictures(home, folder, theme, scale, as_json=common.json, quiet=common.quiet)


@app.command
def governor(*, rules: Path | None = None, common: Common = HERE) -> int:
    """What the governor decided, by which rule and why; in a home where nothing was lived yet, its table of rules.

    Parameters
    ----------
    rules
        A table to check, and to hold against what was decided: which decisions would have been others under it?
    """
    from ..host import governing

    home = common.where()
    if rules is not None:
        return governing.compare(home, rules, lived=has_lived(home), as_json=common.json)
    if has_lived(home):
        return governing.decisions(home, as_json=common.json)
    return governing.table(home, as_json=common.json)
