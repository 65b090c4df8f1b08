"""Which processor and which number format a mind runs on here, and why.

Reads what the machine can do; a person's own choice always wins, and one that cannot work is an
error with a remedy. It does not know models.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SHORT = {"fp32": "float32", "bf16": "bfloat16"}


class DeviceUnusable(RuntimeError):
    """The device or precision that was asked for cannot be had here."""


@dataclass(frozen=True)
class Place:
    device: torch.device
    dtype: torch.dtype
    name: str
    precision: str
    why: str


def choose(device: str = "auto", precision: str = "auto") -> Place:
    """CUDA in bfloat16, Apple's GPU in float32, else the CPU in the format that its arithmetic is built for."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        place = torch.device(device)
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise DeviceUnusable(
            f"the device “{device}” cannot be used here ({str(error).splitlines()[0]}). What to do: choose cpu or auto."
        ) from error
    wanted, why = SHORT.get(precision, precision), "chosen by hand"
    if wanted == "auto":
        wanted, why = _fitting(place)
    if wanted not in PRECISIONS:
        raise DeviceUnusable(f"the precision “{precision}” is not known. What to do: choose auto, float32 or bfloat16.")
    return Place(place, PRECISIONS[wanted], _name(place), wanted, why)


def _fitting(place: torch.device) -> tuple[str, str]:
    if place.type == "cuda":
        return "bfloat16", "the GPU computes in bfloat16"
    if place.type == "cpu" and _fast_bfloat16():
        return "bfloat16", "this CPU has bfloat16 arithmetic"
    if place.type == "cpu":
        # Measured without AVX512-BF16 or AMX: training in bfloat16 runs at 1/25 of the speed of float32.
        return "float32", "this CPU has no bfloat16 arithmetic"
    return "float32", "the safe choice on this device"


def _fast_bfloat16() -> bool:
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def _name(place: torch.device) -> str:
    if place.type == "cuda":
        return torch.cuda.get_device_name(place)
    return {"cpu": "CPU", "mps": "Apple GPU"}.get(place.type, place.type)
