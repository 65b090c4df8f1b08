"""What is said between a host and its map process: typed, as msgpack, validated on both sides. Never pickles.

Arrays travel as little-endian float32 bytes. It does not know pipes, processes or UMAP.
"""

from __future__ import annotations

import msgspec
import numpy as np

from ..protocol.wire import WireError, unpack


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    job: int = 0
    """The number of the request; an answer carries its request's."""


class Array(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shape: tuple[int, ...]
    data: bytes

    def numbers(self) -> np.ndarray:
        """Raises WireError where the bytes are not what the shape says."""
        if any(size < 0 for size in self.shape) or 4 * int(np.prod(self.shape, dtype=object)) != len(self.data):
            raise WireError(f"{len(self.data):,} bytes are no array of shape {self.shape}")
        return np.frombuffer(self.data, "<f4").reshape(self.shape)


def array(numbers: np.ndarray) -> Array:
    return Array(tuple(numbers.shape), np.ascontiguousarray(numbers, "<f4").tobytes())


class AcceptedChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delta file, the SHA-256 that the record has of it, and how much of it is wanted."""

    path: str
    sha256: str = ""
    scale: float = 1.0


# ------------------------------------------------------------ requests


class OpenMap(Message, frozen=True, kw_only=True):
    """Load the frozen picture of this model, or make it. `kept` are folders to look in; it is kept in the first."""

    model_folder: str
    kept: list[str]
    again: bool = False


class ReadBase(Message, frozen=True, kw_only=True):
    """Measure the model's maps, so that layers can be read before a picture is laid out."""

    model_folder: str


class Project(Message, frozen=True, kw_only=True):
    """Where the units stand with these added. One that waits behind a newer one is passed over."""

    changes: list[AcceptedChange]


class TracePaths(Message, frozen=True, kw_only=True):
    """The path of every layer, and how far each of its maps is. `states`: how much of each change a state holds."""

    changes: list[AcceptedChange]
    states: list[list[float]]


class TraceStates(Message, frozen=True, kw_only=True):
    """How pooled states move: files that nights left, earliest first. Needs no open map."""

    files: list[str]


class ReadPulls(Message, frozen=True, kw_only=True):
    """Which episodes pulled which unit in one night."""

    file: str


class Leave(Message, frozen=True, kw_only=True):
    pass


# ------------------------------------------------------------ answers


class Warming(Message, frozen=True, kw_only=True):
    """The map process makes itself ready. Once a picture is open, projections need not wait for it."""

    what: str


class BaseRead(Message, frozen=True, kw_only=True):
    layers: list[int]
    kinds: list[str]


class Warm(Message, frozen=True, kw_only=True):
    seconds: float


class Progress(Message, frozen=True, kw_only=True):
    what: str
    part: float


class MapOpened(Message, frozen=True, kw_only=True):
    """A frozen picture. `loaded` is false where it was made just now."""

    id: str
    model: str
    seed: int
    loaded: bool
    path: str
    seconds: float
    all_units: int
    row: list[tuple[int, int]]
    """Every layer and how many units it has, in the order of a table."""
    layers: Array
    """Layer of every shown unit; with `neurons` it names them."""
    neurons: Array
    coordinates: Array
    plain: Array
    explained: float
    floor: float
    versions: dict[str, str]


class Projected(Message, frozen=True, kw_only=True):
    """See `project.Projection`; `table` is the true relative change of every unit, those not shown too."""

    map: str
    before: Array
    after: Array
    plain_before: Array
    plain_after: Array
    relative: Array
    table: Array
    heat_layers: list[int]
    heat_kinds: list[str]
    heat: Array
    floor: float
    held: float
    moved: int
    """Of all units, how many have any change at all."""
    moving: int
    """Of the shown ones, how many moved further than the noise floor."""
    agreement: float | None
    line: str
    seconds: float


class PathsTraced(Message, frozen=True, kw_only=True):
    """See `layers.Paths`; `heat` is of every state, the base first: [states, layers, kinds]."""

    layers: list[int]
    kinds: list[str]
    heat: Array
    away: Array
    along: Array
    across: Array


class StatesTraced(Message, frozen=True, kw_only=True):
    """See `states.Traced`; rows by kind, number and text."""

    layers: list[int]
    rows: list[tuple[str, int, str]]
    places: Array
    moved: Array
    floors: Array
    explained: Array


class PullsRead(Message, frozen=True, kw_only=True):
    """See `pulls.Pulls`."""

    episodes: list[int]
    before: Array
    after: Array
    best: Array
    strength: Array
    layers: list[int]
    by_layer: Array


class PassedOver(Message, frozen=True, kw_only=True):
    """A newer request of its kind came before this one was begun."""


class Failed(Message, frozen=True, kw_only=True):
    what: str
    remedy: str = ""


Request = OpenMap | ReadBase | Project | TracePaths | TraceStates | ReadPulls | Leave
Answer = (
    Warming
    | Warm
    | BaseRead
    | Progress
    | MapOpened
    | Projected
    | PathsTraced
    | StatesTraced
    | PullsRead
    | PassedOver
    | Failed
)

_requests = msgspec.msgpack.Decoder(Request)
_answers = msgspec.msgpack.Decoder(Answer)


def request(data: bytes) -> Request:
    return unpack(_requests, data, "request")


def answer(data: bytes) -> Answer:
    return unpack(_answers, data, "answer")
