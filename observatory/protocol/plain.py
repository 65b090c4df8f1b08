"""Texts from anywhere, made safe to show: every control character becomes one that can be seen.

A terminal obeys some of them and a window draws some of them as nothing at all; both would show another text than the
one that was said. The length stays the same, so that places in a text keep their meaning. It knows neither.
"""

from __future__ import annotations

_SYMBOLS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"}
_SYMBOLS |= {127: "\u2421", 0x2028: "\u2424", 0x2029: "\u2424", 0xFEFF: "\ufffd"}
# Of the second set of control characters a terminal obeys as many as of the first.
_SYMBOLS |= {code: "\ufffd" for code in range(0x80, 0xA0)}
# Overrides of direction could make one text look like another; they are shown, not obeyed.
_SYMBOLS |= {code: "\ufffd" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def literal(text: str) -> str:
    """The same text, the same length, with every control character visible."""
    return text.translate(_SYMBOLS)
