"""This machine: what runs on it, and what it measures."""

from __future__ import annotations

from .line import HERE, Common, app

app.command("observatory.bench.command:bench", name="bench", help="The comparison table of arms, with plots.")


@app.command
def models(*, common: Common = HERE) -> int:
    """Which models can run here, and where they come from."""
    from ..host import doctor

    return doctor.models_here(common.where(), common.model, as_json=common.json)


@app.command
def doctor(*, common: Common = HERE) -> int:
    """What can run here; what is missing and the command that mends it."""
    from ..host import doctor as room

    return room.report(common.where(), common.model or "default", as_json=common.json, quiet=common.quiet)
