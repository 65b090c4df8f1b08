"""A story copied as deep as it changes: what may still grow is made anew, what is said once and for all is shared.

Events are frozen, so a copy of a long life costs its episodes and turns and not their texts. Knows no story's fields:
whatever is added to one is copied with it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

SAID = frozenset({str, int, float, bool, bytes, tuple, frozenset, type(None)})
"""Kinds of value that never change. What a tuple of a story holds never does either."""
_frozen: set[type] = set(SAID)
"""Those, and every kind of event that was met."""


def copied(value: Any, known: dict[int, Any] | None = None) -> Any:
    """The same thing once more. What stands in two places of the original stands in two places of the copy."""
    kind = type(value)
    if _never_changes(kind):
        return value
    known = {} if known is None else known
    found = known.get(id(value))
    if found is not None:
        return found
    if kind is list:
        made = known[id(value)] = []
        # Of a list of words or figures all are alike; going through them one by one would be most of the work.
        made.extend(value if value and type(value[0]) in SAID else [copied(each, known) for each in value])
    elif isinstance(value, dict):
        made = known[id(value)] = Counter() if kind is Counter else {}
        made.update({key: each if type(each) in _frozen else copied(each, known) for key, each in value.items()})
    elif kind is set:
        made = known[id(value)] = set(value)
    elif hasattr(value, "__dict__"):
        made = known[id(value)] = object.__new__(kind)
        held = made.__dict__
        held.update(value.__dict__)
        for name, each in value.__dict__.items():
            if type(each) not in _frozen:
                held[name] = copied(each, known)
    else:
        raise TypeError(f"a story holds a {kind.__name__}, and how that is copied is not known; say so in copies.py")
    return made


def _never_changes(kind: type) -> bool:
    if kind in _frozen:
        return True
    if issubclass(kind, (msgspec.Struct, type)):
        _frozen.add(kind)
        return True
    return False
