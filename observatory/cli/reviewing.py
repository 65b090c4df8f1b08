"""Who may approve a night, and with which keys."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from .line import HERE, Common, app


@app.command
def policy(file: Path | None = None, /, *, common: Common = HERE) -> int:
    """When a night may be committed and who may say so: the home's policy, or a file to check."""
    from ..host import reviewing

    return reviewing.policy(common.where(), file, as_json=common.json)


keys = App(name="keys", help="Reviewers' keys, which decisions are signed with.")
app.command(keys)


@keys.command(name="new")
def new_key(name: str, /, *, common: Common = HERE) -> int:
    """Make a key for somebody, behind a pass phrase, in their own folder."""
    from ..host import reviewing

    return reviewing.new_key(name)


@keys.command(name="list")
def list_keys(*, common: Common = HERE) -> int:
    """The keys that a home trusts, and your own."""
    from ..host import reviewing

    return reviewing.list_keys(common.where(), as_json=common.json)


@keys.command(name="trust")
def trust_key(file: Path, /, *, name: str = "", common: Common = HERE) -> int:
    """Let the owner of a public key review in a home.

    Parameters
    ----------
    file
        The public key, in PEM.
    name
        Whose it is. Default: what the file's name says.
    """
    from ..host import reviewing

    return reviewing.trust_key(common.where(), file, name)
