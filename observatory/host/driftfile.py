"""Drift as one small file: what a view draws, written once and read again where there are no weights and no map.

Truth is rounded a little and nothing is worked out anew. How far units are from the base keeps eleven binary digits
(1 in 2,000 at most is lost), their ways on the pictures nine (1 in 500), places on the map lie on a grid of 65,536
steps; layers, states and what a night is said to have done are exact. Whether a unit moves further than the noise floor
is never changed by rounding. What is read may come from anywhere: it is held against its own sizes before anything is
made of it, and refused whole where anything in it does not fit. It does not know recordings, processes or who looks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..protocol import headers
from .drifted import Courses, Drifted, Inside, Moved, Picture, Pulled, Reading, Stop

FORMAT = "observatory-drift-1"
MOST = 256 << 20
"""Bytes; a stop of the default model takes half a megabyte."""
UNITS_MOST = 1 << 24
"""Writing directions of a model; the largest there are have some three million."""
GRID = 2**16 - 1
TRUTH, WAYS = 10, 8
"""Binary digits behind the first one."""
LEAST = np.float16(2.0**-24)
LOUDEST = 2.0**15
"""The largest number of an array is written as this, so that small ones keep their digits too."""
BESIDE = 2.0**-6
"""By so much of the floor a unit is moved off it that rounding would put on its other side."""


class DriftUnreadable(ValueError):
    """The file is damaged or was never one of these; the message says how."""


_Scale = Annotated[float, msgspec.Meta(gt=0.0, le=1e30)]
_Place = Annotated[float, msgspec.Meta(ge=-1e30, le=1e30)]


class _Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Picture(_Note, frozen=True):
    floor: float
    explained: float
    seed: int
    row: list[tuple[int, int]]
    versions: dict[str, str]
    grid: list[tuple[_Place, _Scale]]
    """Where each axis begins, and its step: two of the map, two main axes."""


class _Moved(_Note, frozen=True):
    stop: str
    held: float
    agreement: float | None
    moved: int
    moving: int
    line: str
    seconds: float
    scales: tuple[_Scale, _Scale, _Scale]
    """Of the truth, of the ways on the map and of those on the main axes."""


class _Courses(_Note, frozen=True):
    keys: list[str]
    layers: list[int]
    kinds: list[str]


class _Inside(_Note, frozen=True):
    readings: list[Reading]
    layers: list[int]
    rows: list[tuple[str, int, str]]


class _Pulled(_Note, frozen=True):
    night: int
    episodes: list[int]
    layers: list[int]
    scale: _Scale


class _About(_Note, frozen=True):
    stops: list[Stop]
    picture: _Picture
    moved: list[_Moved]
    courses: _Courses
    inside: _Inside | None
    pulled: list[_Pulled]


# ------------------------------------------------------------ writing


def written(drifted: Drifted) -> bytes:
    """What is whole, as bytes. Texts of episodes stay in the record: here their numbers are enough."""
    if drifted.picture is None or drifted.courses is None:
        raise ValueError("drift is written once its map is laid out and its layers are traced")
    arrays: dict[str, np.ndarray] = {}
    picture = _write_picture(drifted.picture, arrays)
    about = _About(
        stops=list(drifted.stops), picture=picture,
        moved=_write_moved(drifted, _places(arrays, picture.grid)[:, :2], arrays),
        courses=_write_courses(drifted.courses, arrays),
        inside=_write_inside(drifted.inside, arrays), pulled=_write_pulled(drifted.pulled, arrays),
    )  # fmt: skip
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(arrays, metadata={"format": FORMAT, "about": msgspec.json.encode(about).decode()})


def _write_picture(picture: Picture, arrays: dict) -> _Picture:
    grid = []
    for at, axis in enumerate(np.concatenate([picture.places, picture.plain], axis=1).T.astype(np.float64)):
        low = float(axis.min())
        step = (float(axis.max()) - low) / GRID or 1.0
        grid.append((low, step))
        arrays[f"axis.{at}"] = np.rint((axis - low) / step).astype(np.uint16)
    arrays["layers"], arrays["neurons"] = picture.layers.astype(np.uint16), picture.neurons.astype(np.uint32)
    return _Picture(picture.floor, picture.explained, picture.seed, picture.row, picture.versions, grid)


def _write_moved(drifted: Drifted, there: np.ndarray, arrays: dict) -> list[_Moved]:
    """`there`: where a reader will find the units that do not move."""
    picture, notes = drifted.picture, []
    for stop in drifted.stops:
        one = drifted.moved.get(stop.key)
        if one is None:
            continue
        at = len(notes)
        table, loud = _short(one.table, TRUTH)
        # What changed at all has changed in the file too, however little it is.
        table[(one.table > 0.0) & (table == 0)] = LEAST
        way, far = _short(_ways(one, picture, there).T, WAYS)
        plain, wide = _short((one.plain - picture.plain).T, WAYS)
        arrays |= {f"table.{at}": table, f"way.{at}": way, f"plain.{at}": plain, f"heat.{at}": _exact(one.heat)}
        notes.append(_Moved(
            stop.key, one.held, one.agreement, one.moved, one.moving, one.line, one.seconds, (loud, far, wide)
        ))  # fmt: skip
    return notes


def _ways(one: Moved, picture: Picture, there: np.ndarray) -> np.ndarray:
    """From place to place on the map, a little longer or shorter where rounding would cross the noise floor."""
    exact = one.after - picture.places
    rounded = np.float32(_long(*_short(exact, WAYS)))
    far = np.sqrt(np.square(exact).sum(1))
    seen = np.sqrt(np.square((there + rounded) - there).sum(1))
    crossed = (far > 0.0) & (one.relative > 0.0) & ((far > picture.floor) != (seen > picture.floor))
    beside = picture.floor * np.where(far > picture.floor, 1.0 + BESIDE, 1.0 - BESIDE)
    return np.where(crossed[:, None], exact * (beside / np.where(far > 0.0, far, 1.0))[:, None], exact)


def _write_courses(courses: Courses, arrays: dict) -> _Courses:
    for name in ("away", "along", "across", "heat"):
        arrays[f"courses.{name}"] = _exact(getattr(courses, name))
    return _Courses(list(courses.keys), courses.layers, courses.kinds)


def _write_inside(inside: Inside | None, arrays: dict) -> _Inside | None:
    if inside is None:
        return None
    for name in ("places", "moved", "floors", "explained"):
        arrays[f"inside.{name}"] = _exact(getattr(inside, name))
    rows = [(kind, number, "" if kind == "episode" else text) for kind, number, text in inside.rows]
    return _Inside(list(inside.readings), inside.layers, rows)


def _write_pulled(pulled: dict[int, Pulled], arrays: dict) -> list[_Pulled]:
    notes = []
    for night, one in sorted(pulled.items()):
        strength, scale = _short(one.strength, TRUTH)
        arrays |= {
            f"pulls.{night}.before": _exact(one.before), f"pulls.{night}.after": _exact(one.after),
            f"pulls.{night}.by_layer": _exact(one.by_layer), f"pulls.{night}.best": one.best.T.astype(np.int32),
            f"pulls.{night}.strength": strength.T,
        }  # fmt: skip
        notes.append(_Pulled(night, one.episodes, one.layers, scale))
    return notes


def _exact(numbers: np.ndarray) -> np.ndarray:
    return np.asarray(numbers, np.float32)


def _short(numbers: np.ndarray, digits: int) -> tuple[np.ndarray, float]:
    """In halves with so many digits behind the first one, and what to multiply them with."""
    # A power of two, so that how a number is rounded does not hang on the others.
    scale = 2.0 ** float(np.frexp(np.abs(numbers).max(initial=0.0) / LOUDEST)[1])
    mantissa, exponent = np.frexp(np.asarray(numbers, np.float64) / scale)
    return np.ldexp(np.rint(np.ldexp(mantissa, digits + 1)), exponent - digits - 1).astype(np.float16), scale


def _long(halves: np.ndarray, scale: float) -> np.ndarray:
    return halves.astype(np.float64) * scale


def _places(arrays, grid: list[tuple[float, float]]) -> np.ndarray:
    """[units, 4]: on the map, and on the main axes."""
    axes = [low + step * arrays[f"axis.{at}"].astype(np.float64) for at, (low, step) in enumerate(grid)]
    return np.stack(axes, axis=1).astype(np.float32)


# ------------------------------------------------------------ reading


def read(path: Path) -> Drifted:
    """What was written there. Raises DriftUnreadable where it is not whole, with nothing taken."""
    path = Path(path)
    try:
        notes = headers.tensors(path, MOST).notes
        if notes.get("format") != FORMAT:
            raise DriftUnreadable(f"its format is {notes.get('format')!r}")
        about = msgspec.json.decode(notes.get("about", ""), type=_About)
        arrays = _Arrays(load(path.read_bytes()))
    except (headers.HeaderBroken, SafetensorError, msgspec.MsgspecError, OSError, RecursionError) as error:
        raise DriftUnreadable(str(error)) from error
    keys = [stop.key for stop in about.stops]
    _so(bool(keys) and len(set(keys)) == len(keys), "its stops are not told apart")
    picture, courses = _read_picture(about.picture, arrays), _read_courses(about.courses, keys, arrays)
    return Drifted(
        version=1, phase="ready", stops=tuple(about.stops), picture=picture, courses=courses,
        moved=_read_moved(about, picture, arrays), inside=_read_inside(about.inside, arrays),
        pulled=_read_pulled(about.pulled, picture, arrays),
    )  # fmt: skip


class _Arrays:
    """Arrays by name, given out only in the form and size that the notes promise."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self._arrays = arrays

    def take(self, name: str, kind: type, *shape: int, gaps: bool = False) -> np.ndarray:
        """`gaps`: some may be missing, as what is not a number."""
        found = self._arrays.get(name)
        _so(found is not None, f"{name} is missing")
        _so(found.dtype == kind and found.shape == shape, f"{name} is {found.dtype} {found.shape}, not {shape}")
        if found.dtype.kind == "f":
            _so(not (np.isinf(found) if gaps else ~np.isfinite(found)).any(), f"{name} holds what is no number")
        return found

    def length(self, name: str) -> int:
        return self._arrays[name].size if name in self._arrays else 0


def _so(true: bool, otherwise: str) -> None:
    if not true:
        raise DriftUnreadable(otherwise)


def _read_picture(note: _Picture, arrays: _Arrays) -> Picture:
    counts = dict(note.row)
    _so(len(counts) == len(note.row) and all(0 <= each < 2**16 for each in counts), "its layers are not told apart")
    _so(all(0 < each <= UNITS_MOST for each in counts.values()), "it lists a layer without units, or with too many")
    _so(sum(counts.values()) <= UNITS_MOST, f"it lists {sum(counts.values()):,} units")
    shown = arrays.length("layers")
    layers, neurons = arrays.take("layers", np.uint16, shown), arrays.take("neurons", np.uint32, shown)
    _so(shown > 0 and set(np.unique(layers).tolist()) <= set(counts), "its map shows layers that it does not list")
    within = np.array([counts.get(layer, 0) for layer in range(int(layers.max()) + 1)])
    _so(bool((neurons < within[layers]).all()), "its map shows units that it does not list")
    _so(len(note.grid) == 4, "its map has no grid")
    axes = {f"axis.{at}": arrays.take(f"axis.{at}", np.uint16, shown) for at in range(4)}
    places = _places(axes, note.grid)
    return Picture(
        layers=layers.astype(int), neurons=neurons.astype(int), places=places[:, :2], plain=places[:, 2:],
        floor=note.floor, explained=note.explained, seed=note.seed, row=note.row, versions=note.versions,
    )  # fmt: skip


def _read_moved(about: _About, picture: Picture, arrays: _Arrays) -> dict[str, Moved]:
    found, keys, shown = {}, [stop.key for stop in about.stops], picture.shown()
    layers, kinds = len(about.courses.layers), len(about.courses.kinds)
    for at, note in enumerate(about.moved):
        _so(note.stop in keys and note.stop not in found, "units move at a stop that it does not list")
        loud, far, wide = note.scales
        table = np.float32(_long(arrays.take(f"table.{at}", np.float16, picture.every), loud))
        way = np.float32(_long(arrays.take(f"way.{at}", np.float16, 2, len(shown)), far)).T
        plain = np.float32(_long(arrays.take(f"plain.{at}", np.float16, 2, len(shown)), wide)).T
        _so(bool((table >= 0.0).all()), "a unit is changed by less than nothing")
        found[note.stop] = Moved(
            after=picture.places + way, plain=picture.plain + plain, relative=table[shown], table=table,
            heat=arrays.take(f"heat.{at}", np.float32, layers, kinds, gaps=True), held=note.held,
            agreement=note.agreement, moved=note.moved, moving=note.moving, line=note.line, seconds=note.seconds,
        )  # fmt: skip
    return found


def _read_courses(note: _Courses, stops: list[str], arrays: _Arrays) -> Courses:
    _so(set(note.keys) <= set(stops), "its layers are traced at a stop that it does not list")
    size = len(note.keys), len(note.layers)
    away, along, across = (
        arrays.take(f"courses.{name}", np.float32, *size, gaps=True) for name in ("away", "along", "across")
    )
    heat = arrays.take("courses.heat", np.float32, *size, len(note.kinds), gaps=True)
    return Courses(tuple(note.keys), note.layers, note.kinds, away, along, across, heat)


def _read_inside(note: _Inside | None, arrays: _Arrays) -> Inside | None:
    if note is None:
        return None
    size = len(note.readings), len(note.layers), len(note.rows)
    places = arrays.take("inside.places", np.float32, *size, 2, gaps=True)
    _so(bool(np.isfinite(places).any(axis=(0, 2, 3)).all()), "of a layer no state was read")
    return Inside(
        readings=tuple(note.readings), layers=note.layers, rows=note.rows, places=places,
        moved=arrays.take("inside.moved", np.float32, *size, gaps=True),
        floors=arrays.take("inside.floors", np.float32, size[0]),
        explained=arrays.take("inside.explained", np.float32, size[1]),
    )  # fmt: skip


def _read_pulled(notes: list[_Pulled], picture: Picture, arrays: _Arrays) -> dict[int, Pulled]:
    found = {}
    for note in notes:
        of, many = f"pulls.{note.night}", len(note.episodes)
        first = arrays.length(f"{of}.best") // picture.every
        best = arrays.take(f"{of}.best", np.int32, first, picture.every).T.astype(int)
        _so(bool(((best >= -1) & (best < many)).all()), "an episode pulled that it does not list")
        strength = arrays.take(f"{of}.strength", np.float16, first, picture.every).T
        found[note.night] = Pulled(
            episodes=note.episodes, before=arrays.take(f"{of}.before", np.float32, many),
            after=arrays.take(f"{of}.after", np.float32, many), best=best,
            strength=np.float32(_long(strength, note.scale)), layers=note.layers,
            by_layer=arrays.take(f"{of}.by_layer", np.float32, len(note.layers), many),
        )  # fmt: skip
    return found
