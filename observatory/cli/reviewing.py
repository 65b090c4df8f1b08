"""Who may approve a night, and with which keys."""

from __future__ import annotations

import sys
from pathlib import Path

from cyclopts import App

from ..host.refusal import Refusal
from .line import HERE, WRONG, Common, app


def can_decide(approve: str, key: str | None) -> None:
    """Whether somebody who is to be asked can be, and signs what they say and nobody else does."""
    if approve == "ask" and not sys.stdin.isatty():
        raise Refusal(WRONG, "--approve ask needs a terminal to ask on. What to do: choose policy, always or never.")
    if key is not None and approve != "ask":
        raise Refusal(WRONG, "--key signs what a person decides. What to do: add --approve ask.")


def whose(key: str | None):
    """The key that decisions at the terminal are signed with, its pass phrase asked for; none where none is named."""
    if key is None:
        return None
    from ..host import reviewing

    return reviewing.signer(key)


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
