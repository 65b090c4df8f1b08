"""What one night would add to the cortex: low-rank pairs, one for each linear map it touches.

A delta lives beside the weights while it is trained and tried, and in a file of its own
afterwards. It knows how to be scaled, written, read and described; it cannot apply itself: only
the gate writes weights.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import torch
from safetensors.torch import load

from ..protocol import headers
from ..protocol.durable import written_beside
from . import tensorfile

FILE_LIMIT = 2 * 1024**3
"""Bytes: a rank-32 delta of the default model is 16 MB; a hundred times that is a wrong file."""


BITS_A_NUMBER = 16
"""A direction's numbers matter to about three digits."""


class DeltaBroken(RuntimeError):
    """A delta file is not what the record says it is."""


class Delta:
    """down [rank, in] and up [out, rank] for every named map; contributes scale × up·down.

    While it is trained a guard may stand before `down`; what is written to a file has it multiplied in.
    """

    def __init__(self, down: dict[str, torch.Tensor], up: dict[str, torch.Tensor], scale: float = 1.0):
        self.down, self.up, self.scale = down, up, scale
        self.guard: dict[str, torch.Tensor] = {}
        self._guarded: dict[str, tuple] = {}

    def guarded(self, name: str) -> torch.Tensor:
        """`down` behind its guard: multiplied once and kept where nothing is learnt, since an exam asks often."""
        down, guard = self.down[name], self.guard.get(name)
        if guard is None:
            return down
        if torch.is_grad_enabled():
            return down @ guard
        kept = self._guarded.get(name)
        if kept is None or kept[0] is not down or kept[1] != down._version or kept[2] is not guard:
            kept = self._guarded[name] = (down, down._version, guard, down @ guard)
        return kept[3]

    def together(self, names: list[str], product=torch.matmul) -> torch.Tensor | None:
        """The `down` of maps that read the same states, one below the other behind their one guard, as far as it has
        them. `product`: how the guard is multiplied while something is learnt."""
        names = [name for name in names if name in self.down]
        if not names:
            return None
        guard = self.guard.get(names[0])
        if guard is None or not torch.is_grad_enabled():
            return torch.cat([self.guarded(name) for name in names])
        return product(torch.cat([self.down[name] for name in names]), guard)

    @classmethod
    def fresh(cls, matrices: dict[str, torch.nn.Linear], rank: int, seed: int) -> Delta:
        """Adds nothing at first: up is zero. `down` is drawn on the CPU so that every device draws the same."""
        generator = torch.Generator().manual_seed(seed)
        down, up = {}, {}
        for name, linear in matrices.items():
            bound = 1.0 / math.sqrt(linear.in_features)
            drawn = (torch.rand(rank, linear.in_features, generator=generator) * 2 - 1) * bound * math.sqrt(3)
            down[name] = drawn.to(linear.weight.device).requires_grad_(True)
            up[name] = torch.zeros(linear.out_features, rank, device=linear.weight.device, requires_grad=True)
        return cls(down, up)

    def parameters(self) -> list[torch.Tensor]:
        return [*self.down.values(), *self.up.values()]

    def hooks(self, matrices: dict[str, torch.nn.Linear]):
        """Forward hooks that add this delta's contribution to each map's output."""
        return [(matrices[name], self._hook(name)) for name in self.down]

    def _hook(self, name: str):
        up = self.up[name]

        def add(_module, inputs, output):
            down = self.guarded(name)
            inner = inputs[0].flatten(0, -2).to(down.dtype) @ down.T
            flat = output.flatten(0, -2)
            if flat.dtype == up.dtype:
                return torch.addmm(flat, inner, up.T, alpha=self.scale).view_as(output)
            return output + (self.scale * (inner @ up.T)).to(output.dtype).view_as(output)

        return add

    @torch.no_grad()
    def full(self, name: str) -> torch.Tensor:
        """The matrix that would be added to one map, in float32."""
        return self.scale * (self.up[name].float() @ self.guarded(name).float())

    @property
    def names(self) -> list[str]:
        return sorted(self.down)

    def matrices(self) -> dict[str, torch.Tensor]:
        return {name: self.full(name) for name in self.names}

    @property
    def rank(self) -> int:
        """Of the map that has most directions left."""
        return max(down.shape[0] for down in self.down.values())

    # ------------------------------------------------------------ fewer directions

    @torch.no_grad()
    def in_directions(self) -> Delta:
        """The same delta with every map's directions orthogonal and in order of strength, the guard multiplied in."""
        down, up = {}, {}
        for name in self.down:
            left, outer = torch.linalg.qr(self.up[name].detach().float())
            right, inner = torch.linalg.qr(self.guarded(name).detach().float().T)
            u, strength, v = torch.linalg.svd(outer @ inner.T, full_matrices=False)
            root = strength.sqrt()
            up[name] = (left @ u) * root
            down[name] = root[:, None] * (v @ right.T)
        return Delta(down, up, self.scale)

    def strengths(self) -> list[tuple[float, str, int]]:
        """Every direction by what it does for what it costs to describe, best first: (worth, map, place).

        For a delta that stands in directions.
        """
        found = []
        for name, down in self.down.items():
            squares = down.square().sum(1) * self.up[name].square().sum(0)
            price = down.shape[1] + self.up[name].shape[0]
            found += [(float(square) / price, name, at) for at, square in enumerate(squares)]
        return sorted(found, reverse=True)

    def pruned(self, kept: list[tuple[float, str, int]]) -> Delta:
        """Only these directions; a map that keeps none adds nothing."""
        places: dict[str, list[int]] = {}
        for _, name, at in kept:
            places.setdefault(name, []).append(at)
        down = {name: self.down[name][sorted(at)] for name, at in places.items()}
        up = {name: self.up[name][:, sorted(at)] for name, at in places.items()}
        return Delta(down, up, self.scale)

    def bits(self) -> float:
        """What its numbers cost to describe."""
        return BITS_A_NUMBER * sum(t.numel() for t in [*self.down.values(), *self.up.values()])

    @torch.no_grad()
    def norm(self) -> float:
        return math.sqrt(sum(float(self.full(name).square().sum()) for name in self.names))

    @torch.no_grad()
    def drift(self, matrices: dict[str, torch.nn.Linear]) -> dict[str, float]:
        """Relative change of every map: ‖added‖ / ‖weight‖, both Frobenius, in the original space."""
        return {n: float(self.full(n).norm() / matrices[n].weight.float().norm()) for n in self.names}

    # ------------------------------------------------------------ files

    def tensors(self) -> dict[str, torch.Tensor]:
        found = {}
        for name in sorted(self.down):
            found[f"{name}.down"] = self.guarded(name).detach().float().cpu().contiguous()
            found[f"{name}.up"] = self.up[name].detach().float().cpu().contiguous()
        return found

    def save(self, folder: Path, night: int) -> tuple[Path, str, int]:
        """Write beside, fsync, rename. Returns the file, its SHA-256 and its size."""
        tensors = self.tensors()
        folder.mkdir(parents=True, exist_ok=True)
        note = {"scale": repr(self.scale), "night": str(night), "format": "observatory-delta-1"}
        fresh = folder / f".night-{night:04d}.new"
        tensorfile.write(fresh, tensors, note)
        data = fresh.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        path = folder / f"night-{night:04d}-{digest[:12]}.safetensors"
        with written_beside(path) as beside:
            fresh.replace(beside)
        return path, digest, len(data)

    @classmethod
    def read(cls, path: Path, expected: str, device: torch.device) -> Delta:
        if not path.is_file():
            raise DeltaBroken(
                f"the delta {path.name} is missing from {path.parent}; `observatory verify` lists what is"
            )
        try:
            header = headers.tensors(path, FILE_LIMIT)
            data = path.read_bytes()
        except (headers.HeaderBroken, OSError) as why:
            raise DeltaBroken(f"the delta cannot be read: {why}; it was not applied") from why
        if hashlib.sha256(data).hexdigest() != expected:
            raise DeltaBroken(f"{path.name} has other bytes than the record says; it was not applied")
        scale, tensors = _scale_of(path.name, header), load(data)
        whole = {n.removesuffix(".whole"): t.to(device) for n, t in tensors.items() if n.endswith(".whole")}
        if whole:
            return WholeDelta(whole, scale)
        down = {n.removesuffix(".down"): t.to(device) for n, t in tensors.items() if n.endswith(".down")}
        up = {n.removesuffix(".up"): t.to(device) for n, t in tensors.items() if n.endswith(".up")}
        return cls(down, up, scale)


def _scale_of(name: str, header: headers.Tensors) -> float:
    """What the header must say for the tensors to be a delta at all."""
    stems = {key.rpartition(".")[0] for key in header.shapes}
    low_rank = {f"{stem}.{part}" for stem in stems for part in ("down", "up")}
    if set(header.shapes) not in (low_rank, {f"{stem}.whole" for stem in stems}) or not stems:
        raise DeltaBroken(f"{name} does not hold what a delta holds; it was not applied")
    if any(len(shape) != 2 for _, shape in header.shapes.values()):
        raise DeltaBroken(f"{name} holds something that is no matrix; it was not applied")
    try:
        scale = float(header.notes["scale"])
    except (KeyError, ValueError) as why:
        raise DeltaBroken(f"{name} does not say by how much it counts; it was not applied") from why
    if not math.isfinite(scale):
        raise DeltaBroken(f"{name} counts {scale} times, which is no number; it was not applied")
    return scale


class WholeDelta(Delta):
    """A delta of full matrices, as plain training leaves behind: seventeen times the size of a low-rank one."""

    def __init__(self, whole: dict[str, torch.Tensor], scale: float = 1.0):
        super().__init__({}, {}, scale)
        self.whole = whole

    @classmethod
    def fresh(cls, matrices: dict[str, torch.nn.Linear]) -> WholeDelta:
        return cls({name: torch.zeros_like(m.weight).requires_grad_(True) for name, m in matrices.items()})

    def parameters(self) -> list[torch.Tensor]:
        return list(self.whole.values())

    def hooks(self, matrices: dict[str, torch.nn.Linear]):
        return [(matrices[name], self._hook(name)) for name in self.whole]

    def _hook(self, name: str):
        def add(_module, inputs, output):
            return output + self.scale * torch.nn.functional.linear(inputs[0], self.whole[name].to(inputs[0].dtype))

        return add

    @torch.no_grad()
    def full(self, name: str) -> torch.Tensor:
        return self.scale * self.whole[name].float()

    @property
    def names(self) -> list[str]:
        return sorted(self.whole)

    @property
    def rank(self) -> int:
        return max(min(matrix.shape) for matrix in self.whole.values())

    def tensors(self) -> dict[str, torch.Tensor]:
        return {f"{name}.whole": self.whole[name].detach().float().cpu().contiguous() for name in self.names}
