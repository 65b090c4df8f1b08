"""The weights of a prepared model as numpy arrays, one map at a time, straight from its safetensors files.

It knows file headers and the dotted names that deltas use (`layers.3.mlp.down_proj`). It does not know torch, what a
map does in the model, or what a night adds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

FORMS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""How each stored form is read. numpy has no bfloat16: it is read as the upper half of a float32."""
A_MAP = re.compile(r"^(?:model\.)?(layers\.\d+\..+)\.weight$")


class WeightsUnusable(RuntimeError):
    """No map can be drawn of this model; the message says why."""


@dataclass(frozen=True)
class _Place:
    path: Path
    start: int
    form: str
    shape: tuple[int, int]


class Weights:
    """The linear maps of a model's layers, read when they are asked for and not kept."""

    def __init__(self, folder: Path):
        self.places: dict[str, _Place] = {}
        for path in sorted(Path(folder).glob("*.safetensors")):
            self._index(path)
        if not self.places:
            raise WeightsUnusable(
                f"{folder} has no layers in safetensors files. What to do: choose a Llama-shaped model."
            )
        self.names = sorted(self.places, key=in_order)

    def _index(self, path: Path) -> None:
        try:
            # Opened by the library first: it checks that the header is whole and that nothing lies outside the file.
            with safe_open(path, framework="np"):
                pass
            with path.open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(size))
        except (SafetensorError, OSError, ValueError) as error:
            raise WeightsUnusable(f"{path.name} could not be read: {error}") from error
        for name, about in header.items():
            matched = A_MAP.match(name)
            if matched and len(about["shape"]) == 2 and about["dtype"] in FORMS:
                start = 8 + size + about["data_offsets"][0]
                self.places[matched.group(1)] = _Place(path, start, about["dtype"], tuple(about["shape"]))

    def shape(self, name: str) -> tuple[int, int]:
        return self.places[name].shape

    def read(self, name: str) -> np.ndarray:
        """One map as float32, [out, in]."""
        place = self.places[name]
        raw = np.memmap(place.path, dtype=FORMS[place.form], mode="r", offset=place.start, shape=place.shape)
        if place.form == "BF16":
            return (raw.astype("<u4") << 16).view("<f4")
        return raw.astype("<f4")

    def norm(self, name: str) -> float:
        """Frobenius, summed in double precision."""
        return float(np.sqrt(np.square(self.read(name), dtype=np.float64).sum()))


def in_order(name: str) -> tuple[int, str]:
    """Layer 10 stands after layer 9."""
    return layer_of(name), name


def layer_of(name: str) -> int:
    return int(name.split(".")[1])


def kind_of(name: str) -> str:
    """`mlp.down_proj` of `layers.3.mlp.down_proj`."""
    return name.split(".", 2)[2]
