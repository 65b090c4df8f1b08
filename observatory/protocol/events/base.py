"""What every event is: a record that is kept for ever, or telemetry that may be thinned."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Memory = Literal["cortex", "whole"]
When = Literal["before", "after"]
Stage = Literal["propose", "rehearse", "exam", "dream", "replay", "weigh", "gate", "commit"]
Drive = Literal["curiosity", "focus", "fear"]
DRIVES: tuple[Drive, ...] = get_args(Drive)
Mode = Literal["waiting", "awake", "rest", "asleep", "leaving"]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    seq: int = 0
    at: float = 0.0


class Telemetry(Event, frozen=True, kw_only=True):
    """May be thinned on the way; never stored."""


class Record(Event, frozen=True, kw_only=True):
    """Never dropped; stored before anyone is told that it happened."""


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value carried inside events."""
