"""Method (e): N representative points of three or more objectives, where a point is missed by most.

`cover` tells, for each search zone below u, the largest t such that a solution with ``y <= u - t * range``
is not excluded yet: how far the worst unseen one is from every point. In the worst zone the problem of
Pascoletti and Serafini (largest t with ``y <= u - t * range``; J. Optimization Theory and Applications 42,
1984) is solved without integers. Its multipliers prove a half-plane, which often settles the zone; else they
are the weights of an integer search below ``u - t/2 * range``, which finds a point deep in the zone or proves
that half of it is empty. Departures: the integer problem minimises a weighted sum below fixed levels instead
of t, so that any engine for scalar problems takes it, and its point is supported in its box.
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.cover import Cover
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.search import Job, Search
from landfront.optimizer.scalarize import Solve

DEEP = 0.5
"""Share of the largest depth of a zone below which a point is searched: at one half, a point found there and
the proof that there is none bring the coverage down alike."""

SETTLED = 0.7
"""A zone whose depth a half-plane alone brings below this share is left to others for now."""

LEAST = 1e-3
"""Least weight of an objective, in units of the ranges: with less, a point could be beaten in it."""

END = 0.1
"""Share of the gap that the augmentation of an end may cost, relative to the ranges."""


def spread(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with points, widest open zone first; returns what was reached, in words."""
    p = len(search.program.senses)
    ends = Ends(search)
    for axis in range(p):
        yield ends.bound(axis, 1.0)
        yield ends.bound(axis, -1.0)
    yield from search.idle()
    for axis in range(p):
        yield ends.end(axis)
    yield from search.idle()
    if len(search.archive) < 2:
        return "one point is best in every objective"
    probe = Probe(search, ends)
    while not search.enough:
        zone = probe.widest()
        if zone is not None:
            yield probe.into(zone)
        elif search.running:
            yield None
        else:
            yield from search.idle()
            return probe.words()
    yield from search.idle()
    return "the asked number of points was reached"


class Ends:
    """Ranges from the relaxations of single objectives, and the best point of each."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.p = len(search.program.senses)
        self.reached: list[Floats] = []
        self.least, self.most = np.full(self.p, -inf), np.full(self.p, inf)

    def bound(self, axis: int, sign: float) -> Job:
        """A proven bound of one objective from below (sign 1) or from above (sign -1)."""
        task = self.search.relax(sign * np.eye(self.p)[axis], main=axis, may_fail=sign < 0)
        solve = yield from task
        if sign > 0:
            self.least[axis] = solve.beta
            assert solve.relaxed is not None
            self.reached.append(solve.relaxed)
        elif solve.relaxed is not None:
            self.most[axis] = -solve.beta

    @property
    def scale(self) -> Floats:
        """Range of each objective over the relaxations' best solutions, shape (p,)."""
        span = np.ptp(np.array(self.reached), axis=0)
        return np.asarray(np.maximum(span, tolerances.NOISE * self.search.program.objective_span))

    def end(self, axis: int) -> Job:
        """The best point of one objective, with a little weight on the others."""
        share = END * self.search.request.gap
        weights = np.where(np.arange(self.p) == axis, 1.0, share * self.scale[axis] / self.scale)
        self.search.keep((yield from self.search.solve(weights, main=axis)))


class Probe:
    """Chooses the zone in which most may hide, and looks into it."""

    def __init__(self, search: Search, ends: Ends) -> None:
        self.search, self.ends = search, ends
        span = np.ptp(search.values, axis=0)
        self.scale = np.where(span > 0, span, ends.scale)
        self.cover = Cover(scale=self.scale, steps=search.steps)
        self.known: set[str] = set()
        self.facts = 0
        self.busy: list[Floats] = []
        self.tried: set[tuple[float, ...]] = set()

    def _update(self) -> None:
        """Tell the cover of new points and facts."""
        fresh = [solve for solve in self.search.archive if solve.task.key not in self.known]
        self.known.update(solve.task.key for solve in fresh)
        self.cover.add_points(np.array([solve.y for solve in fresh]).reshape(-1, self.ends.p))
        self.cover.add_facts(self.search.facts[self.facts :])
        self.facts = len(self.search.facts)

    def widest(self) -> int | None:
        """The zone with the largest open depth that is not worked on; None when all are narrow enough."""
        self._update()
        size = self.cover.size.copy()
        upper = self.cover.zones.upper
        for corner in self.busy:
            size[np.all(upper <= corner, axis=1)] = 0.0
        target = max(self.search.request.coverage, self.search.request.gap)
        for zone in np.argsort(-size, kind="stable").tolist():
            if size[zone] <= target:
                return None
            if tuple(upper[zone].tolist()) not in self.tried:
                return int(zone)
        return None

    def words(self) -> str:
        """What the search came to."""
        wanted = max(self.search.request.coverage, self.search.request.gap)
        if self.cover.coverage <= wanted:
            return f"no unseen solution is further than {self.cover.coverage:.3g} of the range from a point"
        return "no open zone is left that another solve could narrow"

    def into(self, zone: int) -> Job:
        """Look into a zone: without integers first, then for a point."""
        corner, size = self.cover.zones.upper[zone].copy(), float(self.cover.size[zone])
        self.busy.append(corner)
        top = np.where(np.isfinite(corner), corner, self.ends.most)
        top = np.where(np.isfinite(top), top, self.search.values.max(axis=0) + self.scale)
        near = self._nearest(top)
        relaxed = yield from self.search.relax(
            np.zeros(self.ends.p), main=0, upper=top, slope=self.scale, basis=near.basis
        )
        prices, beta = np.zeros(self.ends.p), -inf
        if relaxed.facts:
            prices, beta = relaxed.facts[0].weights, relaxed.facts[0].beta
        depth = self._depth(prices, beta, top, size)
        if depth > SETTLED * size or not self.search.program.integer.any():
            yield from self._point(top - DEEP * depth * self.scale, prices, relaxed)
        self.busy = [one for one in self.busy if one is not corner]
        self.tried.add(tuple(corner.tolist()))

    def _depth(self, prices: Floats, beta: float, top: Floats, size: float) -> float:
        """The largest depth that a half-plane leaves in a zone."""
        slope = float(prices @ self.scale)
        if not slope > 0 or not np.isfinite(beta):
            return size
        return min(size, max(float(prices @ top) - beta, 0.0) / slope)

    def _nearest(self, top: Floats) -> Solve:
        distance = np.abs(self.search.values - top) / self.scale
        return self.search.archive[int(np.argmin(distance.max(axis=1)))]

    def _point(self, level: Floats, prices: Floats, relaxed: Solve) -> Job:
        """The best point below the levels, by the weights of the half-plane."""
        share = prices * self.scale
        share = share / share.sum() if share.sum() > 0 else np.ones(self.ends.p)
        weights = np.maximum(share, LEAST) / self.scale
        solve = yield from self.search.solve(
            weights / weights[0], main=0, upper=level, basis=relaxed.basis, maybe_empty=True
        )
        if solve.y is not None:
            self.search.keep(solve)
