"""Which processor and which number format a mind runs on here, and why.

Reads what the machine can do; a person's own choice always wins, and one that cannot work is an
error with a remedy. It does not know models.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

PRECISIONS = {"float32": torch.float32, "mixed": torch.float32, "bfloat16": torch.bfloat16}
"""Mixed: float32, but for the largest products of a night's gradient steps (`rounded.py`)."""
SHORT = {"fp32": "float32", "bf16": "bfloat16"}
FOR_BFLOAT16 = ("amx_bf16", "avx512_bf16")
"""What a CPU may have to multiply rounded factors with."""


class DeviceUnusable(RuntimeError):
    """The device or precision that was asked for cannot be had here."""


@dataclass(frozen=True)
class Place:
    device: torch.device
    dtype: torch.dtype
    name: str
    precision: str
    why: str

    @property
    def rounds(self) -> bool:
        return self.precision == "mixed"

    @property
    def format(self) -> str:
        """Of everything that is kept."""
        return str(self.dtype).removeprefix("torch.")


def choose(device: str = "auto", precision: str = "auto") -> Place:
    """CUDA in bfloat16, everything else in float32, with rounded products where the CPU has arithmetic for them."""
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
        raise DeviceUnusable(
            f"the precision “{precision}” is not known. What to do: choose auto, {', '.join(PRECISIONS)}."
        )
    if wanted == "mixed" and place.type != "cpu":
        raise DeviceUnusable(f"mixed precision is for a CPU, not for {place.type}. What to do: choose auto.")
    return Place(place, PRECISIONS[wanted], _name(place), wanted, why)


def _fitting(place: torch.device) -> tuple[str, str]:
    if place.type == "cuda":
        return "bfloat16", "the GPU computes in bfloat16"
    if place.type == "cpu":
        # Measured where the CPU has AMX: in bfloat16 exams take half the time and replay as long, in 5.5 GB instead of
        # 3.9, and the same night teaches 14 and 15 of 25 instead of 19 and 17, and loses 7 of 118 instead of 4 of 119.
        # Mixed, a step takes half the time there, and 2.4 s for 6 with AVX-512 for it and no AMX. Without either,
        # bfloat16 runs at 1/25 of the speed.
        if any(torch.cpu.get_capabilities().get(name) for name in FOR_BFLOAT16):
            return "mixed", "the CPU has arithmetic for the products of a step, and a night learns as much"
        return "float32", "a night learns more in it, in less memory"
    return "float32", "the safe choice on this device"


def _name(place: torch.device) -> str:
    if place.type == "cuda":
        return torch.cuda.get_device_name(place)
    return {"cpu": "CPU", "mps": "Apple GPU"}.get(place.type, place.type)
