"""Messages as bytes and back, validated on both sides. Never pickles.

Does not know pipes or processes: it turns one message into one msgpack byte string.
"""

from __future__ import annotations

import msgspec

from .commands import AnyCommand, Command
from .events import AnyEvent, Event

MESSAGE_LIMIT = 64 * 1024 * 1024
"""Bytes in one message: a portion of 1,000 restored episodes is about 2 MB, an exam paper 0.2 MB."""

_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(AnyEvent)
_commands = msgspec.msgpack.Decoder(AnyCommand)
_events_json = msgspec.json.Decoder(AnyEvent)


class WireError(ValueError):
    """A message that is not one of ours, or not well formed."""


def pack(message: msgspec.Struct) -> bytes:
    try:
        data = _encoder.encode(message)
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"{type(message).__name__} cannot be sent: {error}") from error
    if len(data) > MESSAGE_LIMIT:
        raise WireError(f"{type(message).__name__} is {len(data):,} bytes; a message holds {MESSAGE_LIMIT:,} at most")
    return data


def event(data: bytes) -> Event:
    return unpack(_events, data, "event")


def command(data: bytes) -> Command:
    return unpack(_commands, data, "command")


def to_json(message: Event) -> bytes:
    return msgspec.json.encode(message)


def event_from_json(data: bytes | str) -> Event:
    return unpack(_events_json, data, "event")


def unpack(decoder, data: bytes | str, what: str):
    """By a decoder of whoever has messages of its own; `what` says what it should have been."""
    if len(data) > MESSAGE_LIMIT:
        raise WireError(f"{len(data):,} bytes for one {what} were refused; {MESSAGE_LIMIT:,} is the most")
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"not a valid {what}: {error}") from error
