"""Tables as a person would write them, for the tests. No tests."""

from __future__ import annotations

ENDS = """
[[rule]]
name = "all is kept"
on = "told"
then = "encode"
[[rule]]
name = "awake"
on = "told"
then = "stay awake"
[[rule]]
name = "remember"
on = "asked"
then = "read memory"
[[rule]]
name = "awake"
on = "idle"
then = "stay awake"
[[rule]]
name = "morning"
on = "night over"
then = "wake"
"""
"""What every table needs at least: one rule that always holds for each question."""


def table(first: str = "", pressure: str = "", version: str = "version = 1") -> str:
    """A whole table that begins with these rules."""
    return f"{version}\n[pressure]\n{pressure}\n{first}\n{ENDS}"


def rule(**keys: str) -> str:
    """One rule on “told” that proposes sleep, with these keys written over it as they stand in TOML."""
    usual = {"name": '"early"', "on": '"told"', "if": '{ pressure = "> 0.2" }', "then": '"propose sleep"'}
    return "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in {**usual, **keys}.items() if value)
