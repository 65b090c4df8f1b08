"""What a plugin's answer must be: its type, its length, its range, and numbers that are numbers.

Tensors are looked at by what they can do, so that a process without torch can check the others. It does not know why
something was asked, nor what is done with an answer that is none.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec

from .contract import Chart, Dose, Question, Share, Told, Wish

MOST = 100_000
"""Things in one answer: more is a mistake, not an answer."""
MOST_BYTES = 1 << 30
MOST_RANK = 256
MOST_WISHES = 20
"""Of an onlooker, after one stage: a person is to read them."""
MOST_OWN = 6
"""Numbers of its own that a store may show."""
FORMS = {
    ("drive", "score"): list[Share],
    ("night-stage", "after"): list[Wish],
    ("replay", "begin"): Annotated[int, msgspec.Meta(ge=0, le=10_000)],
    ("replay", "step"): Dose,
    ("exam", "questions"): list[Question],
    ("view", "draw"): Chart,
    ("exporter", "files"): dict[str, bytes],
    ("cortex-exporter", "config"): dict[str, Any],
    ("day-source", "day"): list[Told],
}


class Nonsense(ValueError):
    """An answer that cannot be used; the message says what was wrong with it."""


def checked(kind: str, method: str, answer: object, arguments: tuple, widths: tuple[int, int] = (0, 0)) -> object:
    """The answer, if it is one. Raises Nonsense."""
    if kind == "fast-store":
        return _of_a_store(method, answer, arguments, widths)
    if (kind, method) == ("replay", "proposal"):
        return _pairs(answer)
    if (kind, method) == ("cortex-exporter", "tensors"):
        return _named(answer)
    try:
        # What is a Struct already goes through plain data, so that ranges inside it are looked at as well.
        answer = msgspec.convert(msgspec.to_builtins(answer, builtin_types=(bytes,)), FORMS[kind, method])
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as why:
        raise Nonsense(f"{method} gave back something else than was agreed: {why}") from None
    _all_finite(method, answer)
    if isinstance(answer, (list, dict)) and len(answer) > MOST:
        raise Nonsense(f"{method} gave back {len(answer):,} things; at most {MOST:,} are taken")
    if kind == "night-stage" and len(answer) > MOST_WISHES:
        raise Nonsense(f"after gave back {len(answer):,} wishes; at most {MOST_WISHES} are taken after one stage")
    if kind == "drive" and len(answer) != len(arguments[0]):
        raise Nonsense(f"score gave {len(answer)} numbers for {len(arguments[0])} episodes; give one for each")
    if kind == "exporter":
        _names(answer)
    return answer


def _of_a_store(method: str, answer: object, arguments: tuple, widths: tuple[int, int]) -> object:
    if method == "encode":
        if type(answer) is not float or not 0.0 <= answer <= 1.0:
            raise Nonsense(f"encode gave back {_said(answer)}; novelty is a float from 0 to 1")
    elif method == "size":
        if type(answer) is not int or answer < 0:
            raise Nonsense(f"size gave back {_said(answer)}; give a whole number from 0 up")
    elif method == "look":
        return _own_numbers(answer)
    elif method == "forget":
        if type(answer) is not bool:
            raise Nonsense(f"forget gave back {_said(answer)}; give True or False")
    else:
        wanted = (len(arguments[0]), widths[1])
        shape = tuple(getattr(answer, "shape", ()))
        if not hasattr(answer, "isfinite") or shape != wanted:
            raise Nonsense(f"read gave back {_said(answer)} of shape {shape}; a tensor of shape {wanted} is wanted")
        if str(answer.dtype) != "torch.float32":
            raise Nonsense(f"read gave back numbers of the type {answer.dtype}; torch.float32 is wanted")
        if not bool(answer.isfinite().all()):
            raise Nonsense("read gave back numbers that are none (NaN or infinite)")
    return answer


def _own_numbers(answer: object) -> dict[str, float]:
    """A store's own numbers, by names that can be shown."""
    good = isinstance(answer, dict) and len(answer) <= MOST_OWN and all(
        isinstance(name, str) and name.isprintable() and 0 < len(name) <= 40 for name in answer
    )  # fmt: skip
    if not good or not all(type(each) in (int, float) and math.isfinite(each) for each in answer.values()):
        raise Nonsense(f"look gave back {_said(answer)}; give at most {MOST_OWN} numbers with short names")
    return {name: float(each) for name, each in answer.items()}


def _pairs(answer: object) -> object:
    """Low-rank changes: for every name a pair of matrices that fit together."""
    if not isinstance(answer, dict) or not answer or not all(isinstance(name, str) for name in answer):
        raise Nonsense(f"proposal gave back {_said(answer)}; give a pair (down, up) for every map that is to move")
    for name, pair in answer.items():
        if not isinstance(pair, tuple) or len(pair) != 2 or not all(hasattr(each, "isfinite") for each in pair):
            raise Nonsense(f"proposal gave back {_said(pair)} for {name[:60]}; give two tensors, (down, up)")
        shapes = [tuple(each.shape) for each in pair]
        fit = all(len(shape) == 2 for shape in shapes) and shapes[0][0] == shapes[1][1]
        if not fit or not 0 < shapes[0][0] <= MOST_RANK or any(str(each.dtype) != "torch.float32" for each in pair):
            raise Nonsense(
                f"proposal gave back {shapes[0]} and {shapes[1]} for {name[:60]}; down [rank, in] and up [out, rank] "
                f"in float32 are wanted, of a rank up to {MOST_RANK}"
            )
        if not all(bool(each.isfinite().all()) for each in pair):
            raise Nonsense(f"proposal gave back numbers that are none (NaN or infinite) for {name[:60]}")
    return answer


def _named(answer: object) -> object:
    good = isinstance(answer, dict) and all(isinstance(n, str) and hasattr(t, "isfinite") for n, t in answer.items())
    if not good:
        raise Nonsense(f"tensors gave back {_said(answer)}; give a tensor for every name")
    for name, tensor in answer.items():
        if not bool(tensor.isfinite().all()):
            raise Nonsense(f"tensors gave back numbers that are none (NaN or infinite) for {name[:60]}")
    return answer


def _all_finite(method: str, answer: object) -> None:
    rest = [answer]
    while rest:
        each = rest.pop()
        if isinstance(each, float) and not math.isfinite(each):
            raise Nonsense(f"{method} gave back {each}, which is no number to reckon with")
        if isinstance(each, dict):
            rest += each.values()
        elif isinstance(each, (list, tuple)):
            rest += each
        elif isinstance(each, msgspec.Struct):
            rest += [getattr(each, name) for name in each.__struct_fields__]


def _names(files: dict[str, bytes]) -> None:
    """Names only, no paths: an export stays in the folder that a person named."""
    for name in files:
        clean = name.isprintable() and not set(name) & set('/\\:*?"<>|') and name.strip(". ") == name
        if not clean or not 0 < len(name) <= 100:
            raise Nonsense(f"files gave back the name {name[:60]!r}; give plain file names, without folders")
    if sum(map(len, files.values())) > MOST_BYTES:
        raise Nonsense("files gave back more than a gigabyte")


def _said(answer: object) -> str:
    return repr(answer) if isinstance(answer, (bool, int, float)) else f"a {type(answer).__name__}"
