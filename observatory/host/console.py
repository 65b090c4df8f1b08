"""The terminal that commands write to: whatever is printed is shown as it is.

Texts of episodes, names of plugins and reasons for decisions come from outside. Here none of them is markup, and no
control character in them reaches the terminal. It does not know what it prints.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from ..protocol.plain import literal


class PlainConsole(Console):
    """rich turns every text, also those in the cells of a table, into something to draw in one place: here."""

    def __init__(self, **how: Any):
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **how})

    def render_str(self, text: str, **how: Any) -> Text:
        return super().render_str(literal(text), **how)
