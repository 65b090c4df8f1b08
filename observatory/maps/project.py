"""Where moved units stand on the frozen picture: graph projection.

A unit is placed at the mean of its neighbours' frozen coordinates, weighted by UMAP's membership strengths, tapered so
that it does not jump when its neighbours change. The reference, the reference with a trifle added, and the moved
cortex go through one function that places every row by itself; so what did not move stays at 0.000, and need not be
placed again, and what the method itself makes up is known: the noise floor. It never re-runs UMAP and needs no numba.
How far a unit moved is not read off here; that is `units.relative`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .change import Change
from .fit import Fit

TRIFLE = 1e-4
"""Of a unit's length: what is added to every unit to learn the noise floor."""
FLOOR_OF = 0.999
"""The floor is what this part of all units stays below when only a trifle was added."""
HALVINGS = 40
"""Of the bracket around a reach: it is known to a part in 10¹² then."""
THREADS = 2
"""Blocks placed at a time; numpy lets go of the interpreter while it gathers and takes roots."""
NARROWEST = 1e-3
"""Of the mean distance: no unit's reach is smaller, as in UMAP."""
AT_ONCE = 250
"""Rows placed together: their candidates' points are some 6 MB, about what a cache holds."""


@dataclass(frozen=True)
class Projection:
    """Where the shown units stand and how far that is from where they stood, in map units.

    `before` and `after` are coordinates on the frozen map; `plain_before` and `plain_after` on the two main axes, as
    the instant cross-check. `relative` is the truth in the original space, for the units shown.
    """

    before: np.ndarray
    after: np.ndarray
    plain_before: np.ndarray
    plain_after: np.ndarray
    relative: np.ndarray
    table: np.ndarray
    """The same for every unit of the model, those not shown too."""
    floor: float
    held: float
    """Part of the whole movement that the kept dimensions hold; the rest cannot be seen on either picture."""

    @property
    def displaced(self) -> np.ndarray:
        return np.sqrt(np.square(self.after - self.before).sum(1))

    @property
    def plain_displaced(self) -> np.ndarray:
        return np.sqrt(np.square(self.plain_after - self.plain_before).sum(1))

    @property
    def moving(self) -> np.ndarray:
        """Units that moved in truth and whose place on the map shows it: further than the floor."""
        return (self.relative > 0.0) & (self.displaced > self.floor)

    def agreement(self) -> float | None:
        """Rank correlation of the two pictures' displacements over units that moved; None with fewer than three."""
        moved = self.relative > 0.0
        if moved.sum() < 3:
            return None
        return _rank_correlation(self.displaced[moved], self.plain_displaced[moved])

    def line(self) -> str:
        """What a person is told of it."""
        return (
            f"{int((self.relative > 0).sum()):,} of {len(self.relative):,} units on the map moved; "
            f"{int(self.moving.sum()):,} further than the noise floor of {self.floor:.4f} map units; "
            f"the map's dimensions hold {self.held:.0%} of the movement"
        )


class Projector:
    """One frozen picture, made ready to place moved units on."""

    def __init__(self, fit: Fit):
        self.fit, self.units = fit, fit.all_units()

    @cached_property
    def candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """A unit's frozen neighbours and theirs, each once and in order, padded with the last; and how many they are.

        Half of k + k² stand there twice, and gathering their points is what a projection costs.
        """
        near = self.fit.neighbours
        every = np.sort(np.concatenate([near, near[near].reshape(len(near), -1)], axis=1), axis=1)
        fresh = np.ones(every.shape, bool)
        fresh[:, 1:] = every[:, 1:] != every[:, :-1]
        counts = fresh.sum(1)
        found = np.repeat(every[:, -1:].astype(np.intp), max(counts.max(initial=0), self.fit.about.neighbours + 1), 1)
        rows, _ = np.nonzero(fresh)
        found[rows, (fresh.cumsum(1) - 1)[fresh]] = every[fresh]
        return found, counts

    def place(self, rows: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Coordinates of these units when they stand at these points. The same points give the same bytes."""
        found = np.empty((len(rows), 2), np.float32)
        counts = self.candidates[1][rows]
        # Those with few candidates together, so that little is gathered only to fill up.
        order = np.argsort(counts, kind="stable")
        blocks = [order[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]

        def place(some: np.ndarray) -> np.ndarray:
            wide = max(int(counts[some].max()), self.fit.about.neighbours + 1)
            return self._place(rows[some], points[some], wide)

        with ThreadPoolExecutor(THREADS) as pool:
            for some, placed in zip(blocks, pool.map(place, blocks), strict=True):
                found[some] = placed
        return found

    def _place(self, rows: np.ndarray, points: np.ndarray, wide: int) -> np.ndarray:
        among = self.candidates[0][rows, :wide]
        off = np.take(self.fit.points, among, axis=0)
        off -= points[:, None]
        far = np.sqrt(np.einsum("rcd,rcd->rc", off, off))
        far[:, 1:][among[:, 1:] == among[:, :-1]] = np.inf
        order = np.argsort(far, axis=1, kind="stable")[:, : self.fit.about.neighbours + 1]
        near, far = np.take_along_axis(among, order, 1), np.take_along_axis(far, order, 1).astype(np.float64)
        strength = tapered(far, self._narrowest)
        near = near[:, :-1]
        strength /= strength.sum(1, keepdims=True)
        return (self.fit.coordinates[near] * strength[:, :, None]).sum(1)

    @cached_property
    def _narrowest(self) -> float:
        return NARROWEST * float(self.fit.distances.mean(dtype=np.float64))

    @cached_property
    def before(self) -> np.ndarray:
        """Where the reference stands by the same function."""
        return self.place(np.arange(len(self.fit.units)), self.fit.points)

    @cached_property
    def floor(self) -> float:
        """How far units seem to move when each is pushed a trifle, in a direction drawn with the picture's seed."""
        points = self.fit.points
        push = np.random.default_rng(self.fit.about.seed).standard_normal(points.shape).astype(np.float32)
        push *= TRIFLE / np.sqrt(np.square(push).sum(1, keepdims=True))
        off = self.place(np.arange(len(points)), points + push) - self.before
        return float(np.quantile(np.sqrt(np.square(off).sum(1)), FLOOR_OF))

    def project(self, change: Change) -> Projection:
        """Where the shown units stand once this is added to the base, and how far every unit is from it in truth."""
        fit = self.fit
        points, table = fit.points.copy(), np.zeros(len(self.units), np.float32)
        whole = kept = 0.0
        for stretch, added in self.units.moved(change, np.arange(len(self.units))):
            squares = np.square(added, dtype=np.float64).sum(1)
            table[stretch] = np.sqrt(squares)
            first, last = np.searchsorted(fit.units, (stretch.start, stretch.stop))
            mine = fit.units[first:last] - stretch.start
            seen = added[mine] @ fit.basis.T
            points[first:last] += seen
            whole, kept = whole + squares[mine].sum(), kept + np.square(seen, dtype=np.float64).sum()
        relative = table[fit.units]
        after, moved = self.before.copy(), np.flatnonzero(relative > 0.0)
        after[moved] = self.place(moved, points[moved])
        return Projection(
            before=self.before, after=after, plain_before=fit.points[:, :2], plain_after=points[:, :2],
            relative=relative, table=table, floor=self.floor, held=float(kept / whole) if whole else 1.0,
        )  # fmt: skip


def tapered(far: np.ndarray, narrowest: float) -> np.ndarray:
    """Memberships less what the first one left out would have.

    So a neighbour comes and goes at strength nought: a unit does not jump when two candidates change places.
    """
    reach = reaches(far[:, :-1], narrowest)[:, None]
    strength = np.exp(-far[:, :-1] / reach) - np.exp(-far[:, -1:] / reach)
    # All equally far, the one left out too: each counts alike.
    strength[~strength.any(1)] = 1.0
    return strength


def reaches(far: np.ndarray, narrowest: float) -> np.ndarray:
    """UMAP's σ for new rows: of the memberships exp(−d/σ) all but the first sum to log₂ k."""
    target = np.log2(far.shape[1])
    low, high, reach = np.zeros(len(far)), np.full(len(far), np.inf), np.ones(len(far))
    for _ in range(HALVINGS):
        much = np.exp(-far[:, 1:] / reach[:, None]).sum(1) > target
        high, low = np.where(much, reach, high), np.where(much, low, reach)
        reach = np.where(np.isinf(high), reach * 2.0, (low + np.where(np.isinf(high), 0.0, high)) / 2.0)
    return np.maximum(reach, narrowest)


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    a, b = _ranks(a), _ranks(b)
    if a.std() == 0.0 or b.std() == 0.0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Places in order; what is equal shares the mean of its places."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2.0)[which]
