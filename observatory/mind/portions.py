"""One batch's gradient within the memory there is, and what to say of a batch that cannot be learnt from.

When memory runs out the batch is read in twice as many portions, whose gradients add up to the same one; how many were
needed is remembered for the next step. It knows rows and losses; it does not know optimizers, episodes or nights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from .speech import evenly

EXPLODED = 4.0
"""Times the loss of guessing blindly among all tokens. What is worse than that, on average over a batch, is no bad
batch but a delta that has run away; the worst first step seen on the default model stays under half of one."""

OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError)


class LossExploded(RuntimeError):
    """The loss is not a number any more, or beyond all bounds; the night stops and the cortex stays as it was."""


@dataclass
class Found:
    """Of each row its loss and that of its worst telling token; and the three parts of the whole."""

    each: list[tuple[float, float]]
    loss: float
    kl: float
    calm: float
    total: float


class Portions:
    """In how many portions a batch is read: one, until memory runs out."""

    def __init__(self, empty_cache: Callable[[], None] = lambda: None):
        self.count = 1
        self._empty_cache = empty_cache

    def gradient(
        self,
        read: Callable[[list[int]], list[tuple[torch.Tensor, torch.Tensor]]],
        new: Sequence[bool],
        calm: Callable[[], torch.Tensor],
        weigh: tuple[float, float],
        clear: Callable[[], None],
    ) -> Found:
        """Add up the gradient of the batch: the mean loss of what is new, the mean of what is old, and calm.

        `read` gives some rows' losses, `new` says which rows are new, `weigh` what old and calm count, and `clear`
        takes back what was added.
        """
        while True:
            try:
                clear()
                return self._whole(read, new, calm, weigh) if self.count == 1 else self._added(read, new, calm, weigh)
            except OUT_OF_MEMORY:
                if self.count >= len(new):
                    raise
            # Out here, because what the exception still holds is what memory is short of.
            self.count = min(len(new), self.count * 2)
            self._empty_cache()

    def _whole(self, read, new, calm, weigh) -> Found:
        """In one go: one sum, one pass back."""
        parts, still = read(list(range(len(new)))), calm()
        zero = torch.zeros((), device=still.device)
        mine = [loss for (loss, _), mine in zip(parts, new, strict=True) if mine]
        old = [loss for (loss, _), mine in zip(parts, new, strict=True) if not mine]
        loss = torch.stack(mine).mean() if mine else zero
        kl = torch.stack(old).mean() if old else zero
        total = loss + weigh[0] * kl + weigh[1] * still
        if bool(torch.isfinite(total)):
            total.backward()
        each = [(float(loss.detach()), float(worst)) for loss, worst in parts]
        return Found(each, *(float(part.detach()) for part in (loss, kl, still, total)))

    def _added(self, read, new, calm, weigh) -> Found:
        """Portion by portion: the same sum but for the order in which it is added up."""
        counts = {True: max(1, sum(new)), False: max(1, len(new) - sum(new))}
        shares = [(1.0 if mine else weigh[0]) / counts[mine] for mine in new]
        each: list[tuple[float, float]] = [(0.0, 0.0)] * len(new)
        for places in evenly(list(range(len(new))), math.ceil(len(new) / self.count)):
            parts = read(places)
            part = torch.stack([shares[at] * loss for at, (loss, _) in zip(places, parts, strict=True)]).sum()
            if bool(torch.isfinite(part)):
                part.backward()
            for at, (loss, worst) in zip(places, parts, strict=True):
                each[at] = (float(loss.detach()), float(worst))
        still = calm()
        if still.requires_grad:
            (weigh[1] * still).backward()
        means = {
            kind: sum(loss for (loss, _), mine in zip(each, new, strict=True) if mine == kind) / counts[kind]
            for kind in (True, False)
        }  # fmt: skip
        quiet = float(still.detach())
        return Found(each, means[True], means[False], quiet, means[True] + weigh[0] * means[False] + weigh[1] * quiet)

    def tried(self, rows: list, at_once: int, read: Callable[[list], list]) -> list:
        """Read rows without learning from them, fewer at once where memory is short."""
        out: list = []
        for part in evenly(rows, at_once):
            out += self._halved(part, read)
        return out

    def _halved(self, part: list, read: Callable[[list], list]) -> list:
        try:
            return read(part)
        except OUT_OF_MEMORY:
            if len(part) < 2:
                raise
        self._empty_cache()
        half = len(part) // 2
        return [*self._halved(part[:half], read), *self._halved(part[half:], read)]


def refuse(found: Found, names: list[str], vocabulary: int, step: int) -> None:
    """Raise LossExploded, naming the rows at fault, when nothing can be learnt from this batch."""
    highest = EXPLODED * math.log(vocabulary)
    broken = [name for name, (loss, _) in zip(names, found.each, strict=True) if not math.isfinite(loss)]
    if math.isfinite(found.total) and max(found.loss, found.kl) <= highest:
        return
    worst = max(range(len(names)), key=lambda at: found.each[at][0] if math.isfinite(found.each[at][0]) else -1.0)
    at_fault = broken or [names[worst]]
    more = f" and {len(at_fault) - 3} more" if len(at_fault) > 3 else ""
    what = f"{found.total:.4g}" if math.isfinite(found.total) else "no number any more"
    raise LossExploded(
        f"the loss became {what} in the batch of step {step} ({len(names)} rows), on "
        f"{', '.join(f'“{name}”' for name in at_fault[:3])}{more}; the night stopped there and the cortex is as it was"
    )
