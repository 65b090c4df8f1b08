"""What the mind is told of the plugins that a home has chosen, and what is said when its fast store is another one.

The choices stand in the home's settings; what it lived with is in the record. It does not know what a store does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..plugins.choice import BUILT_IN, Choice
from ..plugins.find import FOLDER
from ..protocol import events as e
from ..protocol.commands import Chosen


def fields(home: Path, store: Choice, others: Mapping[str, Choice]) -> dict:
    """What the mind is told of them."""
    return {
        "fast_store": store.id, "fast_store_options": store.options,
        **{role: Chosen(id=choice.id, options=choice.options) for role, choice in others.items()},
        "plugins_folder": str((Path(home) / FOLDER).absolute()),
    }  # fmt: skip


def changed(choice: Choice, woken: Iterable[e.MindReady], held: Callable[[], int]) -> list[e.Notice]:
    """The word on a home that lived with another store: what is held is encoded anew into this one."""
    last = next(iter([*woken][-1:]), None)
    if last is None or last.fast_store == choice.id:
        return []
    many = held()
    if not many:
        return []
    was, now = (f"“{name}”" if name else f"the {BUILT_IN} one" for name in (last.fast_store, choice.id))
    return [
        e.Notice(
            at=time.time(), level="info", title="This home finds its episodes with another fast store now",
            text=f"It lived with {was} and is opened with {now}. The {many:,} episodes that it holds are encoded anew "
            "from the record; the record, the cortex and what fades stay as they are.",
        )
    ]  # fmt: skip
