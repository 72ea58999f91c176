"""Method (c): three objectives or more without integers, where the hull of the points is least proven.

Inner and outer approximation (the dual of Benson's method: L. Csirmaz, Computational Optimization and
Applications 63, 2016; Hamel, Loehne and Rudloff, J. Global Optimization 59, 2014): the facets of the hull of
all points found are inner bounds, the half-planes proven by every solve are outer ones. The facet with the
largest gap between the two gives the weights of the next problem, which either finds a vertex beyond it or
proves it. Any stop leaves both bounds. Departures: largest gap first, and gaps come from recomputed
multipliers, so that an inexact solve only leaves a wider gap.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.excluded import excluded, half_planes
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.ends import Ends
from landfront.optimizer.fronts.search import Job, Search, Stop
from landfront.optimizer.hull import Hull, facets, outer_gap
from landfront.optimizer.spans import span_of
from landfront.optimizer.task import Solve, Task

EDGE = 1e-9
"""A facet whose certified gap is below this share of the ranges is proven: finer is the solver's noise."""

MIXED = 1e-6
"""Share of the weights that is spread over all objectives where a facet has none on one: a vertex that is
best only in the others could be beaten in that one."""

DIGITS = 9
"""Digits of a facet's weights that tell it from another one: coarser than Qhull's noise."""


def all_facets(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with vertices of the front; returns what was reached, in words."""
    ends = Ends(search)
    yield from ends.find(search.augment)
    if len(search.archive) < 2:
        return "one point is best in every objective"
    surface = Surface(search, ends.scale)
    while not search.enough:
        job = surface.next_job()
        if job is not None:
            yield job
        elif search.running:
            yield None
        elif not np.isfinite(surface.gap):
            raise Stop("error", "the points lie too flat for the facets of their hull")
        else:
            return surface.words()
    yield from search.idle()
    return "the asked number of points was reached"


class Surface:
    """The hull of the points found, and which of its facets are proven or worked on."""

    def __init__(self, search: Search, fallback: Floats) -> None:
        self.search = search
        span = span_of(search.values, search.program.objective_scale)
        self.scale = np.where(span > 0, span, fallback)
        self.proven: set[bytes] = set()
        self.busy: set[bytes] = set()
        self.gap = np.inf

    def next_job(self, least: float = 0.0) -> Job | None:
        """Solve at the facet with the largest gap that is neither proven nor worked on; None without one.

        Gaps up to `least` do not count. Where the points lie too flat for their hull, the gap is infinite.
        """
        from scipy.spatial import QhullError

        try:
            hull = facets(self.search.values, self.scale)
        except QhullError:
            self.gap = np.inf
            return None
        gaps = outer_gap(hull, half_planes(excluded(self.search.facts, np.zeros(len(self.scale)))))
        self.gap = float(gaps.max())
        target = max(EDGE, self.search.request.coverage, least)
        for row in np.argsort(-gaps, kind="stable").tolist():
            if gaps[row] <= target:
                return None
            key = self._key(hull, row)
            if key not in self.proven and key not in self.busy:
                return self._solve(hull.weights[row], float(hull.offsets[row]), key)
        return None

    def _key(self, hull: Hull, row: int) -> bytes:
        height = hull.offsets[row] - hull.weights[row] @ hull.origin
        return np.round(np.append(hull.weights[row] * self.scale, height), DIGITS).tobytes()

    def _solve(self, weights: Floats, offset: float, key: bytes) -> Job:
        """Find what lies beyond a facet, or prove it."""
        self.busy.add(key)
        near = self.search.archive[int(np.argmin(self.search.values @ weights))]
        if np.any(weights * self.scale < MIXED):
            final = yield from self._along_axis(weights, offset, near)
        else:
            final = yield from self._beyond(weights, near)
        self.busy.discard(key)
        if final:
            self.proven.add(key)

    def _along_axis(self, weights: Floats, offset: float, near: Solve) -> Generator[Task, Solve, bool]:
        """A facet without weight on some objective: prove it as it is, else look beyond with mixed ones."""
        plain = yield from self.search.relax(weights, main=0, basis=near.basis)
        assert plain.relaxed is not None
        if weights @ plain.relaxed >= offset - self._noise(weights, plain.relaxed):
            return True
        mixed = (1 - MIXED) * weights + MIXED / (len(weights) * self.scale)
        return (yield from self._beyond(mixed, plain))

    def _beyond(self, weights: Floats, near: Solve) -> Generator[Task, Solve, bool]:
        """Solve for weights; True when no new point comes of it."""
        # The gap is that of the objective which counts most: of another one it would be lost in its noise.
        main = int(np.argmax(weights * self.scale))
        weights = weights / weights[main]
        solve = yield from self.search.solve(weights, main=main, basis=near.basis)
        assert solve.y is not None
        best = float((self.search.values @ weights).min())
        return bool(weights @ solve.y >= best - self._noise(weights, solve.y)) or not self.search.keep(solve)

    def _noise(self, weights: Floats, y: Floats) -> float:
        return tolerances.NOISE * float(weights @ (np.abs(y) + self.scale))

    def words(self) -> str:
        """What the search came to."""
        if self.search.request.coverage > 0 and self.gap <= self.search.request.coverage:
            return f"no unseen solution is further than {self.gap:.3g} of the ranges from a mix of points"
        return "all vertices were found"
