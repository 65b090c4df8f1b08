"""What a mind is woken with: the home's folders and nights, what was chosen for it, and the plugins it lives with.

Runs on the record thread, which keeps what there is to say about it. It starts no process.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from .. import models
from ..protocol import commands as c
from ..protocol import events as e
from . import borrowing, choices

if TYPE_CHECKING:
    from .keeping import Keeping


def settings(keeping: Keeping) -> c.Settings:
    chosen, store = keeping.chosen, keeping.store
    folders = {name: keeping.home / name for name in ("deltas", "checkpoint", "states", "drift")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True, mode=0o700)
    text = chosen.perplexity_text
    return c.Settings(
        model=chosen.model, models_folder=str(models.cache_folder(keeping.home)), device=chosen.device,
        precision=chosen.precision, threads=chosen.threads, seed=chosen.seed, capacity=chosen.capacity,
        accepted=store.accepted(), ended=store.ended(), up_to=chosen.up_to, rules=_rules(keeping), goal=store.goal(),
        perplexity_text=text, perplexity_name=Path(text).name if text else "built-in",
        **{f"{name}_folder": str(folder) for name, folder in folders.items()}, **_borrowed(keeping),
    )  # fmt: skip


def _borrowed(keeping: Keeping) -> dict:
    """The plugins that the home has chosen to live with."""
    found = {role: choices.in_force(keeping.home, role) for role in get_args(choices.Role)}
    chosen = {role: choice for role, (choice, _) in found.items()}
    store = chosen.pop("fast_store")

    def held() -> int:
        return sum(each.held for portion in keeping.store.episodes_to_restore() for each in portion)

    changed = borrowing.changed(store, keeping.store.history(kinds=[e.MindReady]), held)
    keeping.keep([*(notice for _, said in found.values() for notice in said), *changed])
    return borrowing.fields(keeping.home, store, chosen)


def _rules(keeping: Keeping) -> str:
    """The governor's table as it is written in this home; empty for the built-in one. What is wrong is said."""
    # Imported here: what it prints with is no use to a window.
    from .governing import table_text

    text, notices = table_text(keeping.home)
    keeping.keep(notices)
    return text
