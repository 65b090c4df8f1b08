"""Messages over the wire: what goes out comes back, and nothing foreign gets in."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.protocol import commands, events, wire

EVENTS = get_args(events.AnyEvent)
COMMANDS = get_args(commands.AnyCommand)

TEXT = st.text(min_size=1, max_size=12)


def values(kind) -> st.SearchStrategy:
    """A strategy for one field's type, from msgspec's own reading of it, limits included."""
    match kind:
        case msgspec.inspect.StrType():
            return TEXT
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType():
            return st.integers(kind.ge if kind.ge is not None else -(2**40), kind.le if kind.le is not None else 2**40)
        case msgspec.inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.LiteralType():
            return st.sampled_from(kind.values)
        case msgspec.inspect.UnionType():
            return st.one_of([values(each) for each in kind.types])
        case msgspec.inspect.ListType():
            return st.lists(values(kind.item_type), min_size=kind.min_length or 0, max_size=2)
        case msgspec.inspect.DictType():
            return st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=2)
        case msgspec.inspect.StructType():
            return messages(kind.cls)
    raise AssertionError(f"no strategy for {kind}; add it here")


def messages(cls) -> st.SearchStrategy:
    shape = msgspec.inspect.type_info(cls)
    return st.fixed_dictionaries({field.name: values(field.type) for field in shape.fields}).map(lambda f: cls(**f))


few = settings(max_examples=12)


@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
@few
@given(data=st.data())
def test_every_event_comes_back_as_it_went(cls, data):
    message = data.draw(messages(cls))
    assert wire.event(wire.pack(message)) == message
    assert wire.event_from_json(wire.to_json(message)) == message


@pytest.mark.parametrize("cls", COMMANDS, ids=lambda cls: cls.__name__)
@few
@given(data=st.data())
def test_every_command_comes_back_as_it_went(cls, data):
    message = data.draw(messages(cls))
    assert wire.command(wire.pack(message)) == message


@pytest.mark.parametrize("module", [events, commands])
def test_no_message_class_is_missing_from_its_union(module):
    base = events.Event if module is events else commands.Command
    abstract = {events.Event, events.Record, events.Telemetry, commands.Command}
    defined = {
        cls for cls in vars(module).values() if isinstance(cls, type) and issubclass(cls, base) and cls not in abstract
    }
    assert defined == set(EVENTS if module is events else COMMANDS)


def test_every_event_is_either_kept_for_ever_or_may_be_thinned():
    assert all(issubclass(cls, events.Record) != issubclass(cls, events.Telemetry) for cls in EVENTS)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_hostile_bytes_raise_nothing_but_a_wire_error(data):
    for read in (wire.event, wire.command, wire.event_from_json):
        try:
            read(data)
        except wire.WireError:
            pass


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_message_is_refused_or_still_a_message(data):
    packed = bytearray(wire.pack(data.draw(st.sampled_from([KEPT, TOLD, DECISION]))))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    for read, kind in ((wire.event, events.Event), (wire.command, commands.Command)):
        try:
            assert isinstance(read(bytes(packed)), kind)
        except wire.WireError:
            pass


KEPT = events.EpisodeKept(seq=1, at=1.0, episode=7)
TOLD = commands.Tell(episode=1, text="The kettle sings in D.")
DECISION = commands.Decide(night=1, delta="d", decision="approve", by="a person", reason="looks right", recorded=9)


def packed(**fields) -> bytes:
    return msgspec.msgpack.encode(fields)


@pytest.mark.parametrize(
    "data",
    [
        packed(type="EpisodeStolen", episode=1),
        packed(type="EpisodeKept", episode=1, colour="red"),
        packed(type="EpisodeKept"),
        packed(type="EpisodeKept", episode="1"),
        packed(type="EpisodeKept", episode=1.5),
        packed(episode=1),
        wire.pack(TOLD),
        wire.pack(KEPT) + b"\x00",
        wire.pack(KEPT)[:-1],
        b"",
        b"\x91" * 100_000,
        b"\x82\xa1a" + b"\x91" * 100_000,
    ],
)
def test_events_of_unknown_type_or_shape_are_refused(data):
    with pytest.raises(wire.WireError):
        wire.event(data)


@pytest.mark.parametrize(
    "data",
    [
        wire.pack(KEPT),
        packed(type="Tell", episode=0, text="a"),
        packed(type="Tell", episode=1, text=""),
        packed(type="Tell", episode=1, text="a" * (commands.EPISODE_TEXT_LIMIT + 1)),
        packed(type="Tell", episode=1, text="a", outcome=1.5),
        packed(type="Tell", episode=1, text="a", approved=True),
        packed(type="Ask", question=1, text="a", memory="telepathy"),
        packed(type="Decide", night=1, delta="d", decision="maybe", by="me", reason="", recorded=1),
        packed(type="Decide", night=1, delta="d", decision="approve", by="", reason="", recorded=1),
        packed(type="Decide", night=1, delta="d", decision="approve", by="me", reason=""),
    ],
)
def test_commands_outside_their_limits_are_refused(data):
    with pytest.raises(wire.WireError):
        wire.command(data)


def test_a_message_over_the_limit_is_refused_on_both_sides(monkeypatch):
    message = events.Notice(level="info", title="t", text="x" * 2_000)
    data = wire.pack(message)
    monkeypatch.setattr(wire, "MESSAGE_LIMIT", 1_000)
    with pytest.raises(wire.WireError, match="Notice is 2,"):
        wire.pack(message)
    with pytest.raises(wire.WireError, match="1,000 is the most"):
        wire.event(data)


@pytest.mark.parametrize("text", ["half a pair \ud800", object()])
def test_what_has_no_wire_form_is_a_wire_error_before_it_is_sent(text):
    with pytest.raises(wire.WireError, match="Notice cannot be sent"):
        wire.pack(events.Notice(level="info", title="t", text=text))


def test_messages_cannot_be_changed_after_they_are_made():
    with pytest.raises(AttributeError):
        KEPT.episode = 8
