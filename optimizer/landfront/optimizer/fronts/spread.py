"""Method (e): N representative points of three or more objectives, where a point is missed by most.

`cover` tells, for each search zone below u, the largest t such that a solution with ``y <= u - t * range``
is not excluded yet: how far the worst unseen one is from every point. In the worst zone the problem of
Pascoletti and Serafini (largest t with ``y <= u - t * range``; J. Optimization Theory and Applications 42,
1984) is solved without integers. Its multipliers prove a half-plane, which often settles the zone; else they
are the weights of an integer search below ``u - t/2 * range``, which finds a point deep in the zone or proves
that half of it is empty. Departures: the integer problem minimises a weighted sum below fixed levels instead
of t, so that any engine for scalar problems takes it, and its point is supported in its box. And where the
hull of the points is far from the half-planes, measured by the depth of the widest zone, a facet of it is
looked beyond first (`facets`): such points bring mixes near the front, which those in zones do slowly.
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf

import numpy as np

from landfront.optimizer.cover import Cover
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts.ends import Ends
from landfront.optimizer.fronts.facets import Surface
from landfront.optimizer.fronts.search import Accuracy, Job, Search
from landfront.optimizer.spans import span_of
from landfront.optimizer.task import Solve

DEEP = 0.93
"""Share of the largest depth of a zone below which a point is searched, halved where there was none before.
On a study of 7,226 whole parcels 0.6 to 0.99 left a coverage of 7.9 to 9.0 % after 60 points on one triple of
criteria, where this one was least but one, and of 4.2 to 7.2 % on three others."""

SETTLED = 0.7
"""A zone whose depth a half-plane alone brings below this share is left to others for now."""

FLAT = 1.0 / 8
"""A facet of the hull with a gap beyond this share of the widest zone's depth is looked at first."""

END = 0.1
"""Share of the gap that the augmentation of an end may cost, relative to the ranges."""

STUCK = 0.999
"""A zone is looked into again only when its open depth has shrunk below this share since the last time."""

SLACK = 1e-6
"""Share of a lattice step within which two lattice values are the same."""

LEAST = 1e-3
"""Least weight of an objective, in units of the ranges: with less, a point could be beaten in it."""


def spread(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with points, widest open zone first; returns what was reached, in words."""
    ends = Ends(search)
    yield from ends.find(END * search.request.gap)
    if len(search.archive) < 2:
        return "one point is best in every objective"
    probe, surface = Probe(search, ends), Surface(search, ends.scale)
    while not search.enough:
        zone = probe.widest()
        facet = None if zone is None else surface.next_job(FLAT * float(probe.cover.size[zone]))
        if facet is not None:
            yield facet
        elif zone is not None:
            yield probe.into(zone)
        elif search.running:
            yield None
        elif not probe.rescaled():
            return probe.words()
    yield from search.idle()
    return "the asked number of points was reached"


class Probe:
    """Chooses the zone in which most may hide, and looks into it."""

    def __init__(self, search: Search, ends: Ends) -> None:
        self.search, self.ends = search, ends
        self.busy: list[Floats] = []
        self._measure_by(self._ranges())

    def _ranges(self) -> Floats:
        """Range of each objective over the points found so far, shape (p,)."""
        span = span_of(self.search.values, self.search.program.objective_scale)
        return np.where(span > 0, span, self.ends.scale)

    def _measure_by(self, scale: Floats) -> None:
        """Measure all zones anew, in units of these ranges."""
        program = self.search.program
        self.scale = scale
        self.cover = Cover(scale=scale, steps=self.search.steps, anchor=program.minimised_offsets)
        self.known: set[str] = set()
        self.facts = 0
        self.visited: dict[tuple[float, ...], tuple[float, int]] = {}

    def rescaled(self) -> bool:
        """Whether ranges are others than those that zones were measured by, which then is done again.

        A front is judged by the ranges of its own points: where one has shrunk, as an early end was beaten,
        what was narrow enough may no longer be.
        """
        scale = self._ranges()
        if np.array_equal(scale, self.scale):
            return False
        self._measure_by(scale)
        return True

    @property
    def target(self) -> float:
        """The depth at which a zone is narrow enough."""
        return max(self.search.request.coverage, self.search.request.gap)

    def _update(self) -> None:
        """Tell the cover of new points and facts."""
        fresh = [solve for solve in self.search.archive if solve.task.key not in self.known]
        self.known.update(solve.task.key for solve in fresh)
        self.cover.add_points(np.array([solve.y for solve in fresh]).reshape(-1, self.ends.p))
        self.cover.add_facts(self.search.facts[self.facts :])
        self.facts = len(self.search.facts)

    def widest(self) -> int | None:
        """The zone with the largest open depth that is not worked on; None when all are narrow enough.

        Where no coverage is asked, those that may hide a lattice value count as well.
        """
        self._update()
        size, request = self.cover.size.copy(), self.search.request
        open_ = (size > self.target) | ((self.cover.need > request.gap) & (request.coverage == 0))
        upper = self.cover.zones.upper
        for corner in self.busy:
            size[np.all(upper <= corner, axis=1)] = 0.0
        for zone in np.argsort(-size, kind="stable").tolist():
            if size[zone] == 0 or not open_[zone]:
                continue
            last, _ = self.visited.get(tuple(upper[zone].tolist()), (inf, 0))
            if size[zone] < STUCK * last:
                return int(zone)
        return None

    def words(self) -> str:
        """What the search came to."""
        if self.cover.coverage <= self.target:
            return f"no unseen solution is further than {self.cover.coverage:.3g} of the range from a point"
        return "no open zone is left that another solve could narrow"

    def into(self, zone: int) -> Job:
        """Look into a zone: without integers first, then for a point."""
        corner, size = self.cover.zones.upper[zone].copy(), float(self.cover.size[zone])
        self.busy.append(corner)
        visits = self.visited.get(tuple(corner.tolist()), (inf, 0))[1]
        self.visited[tuple(corner.tolist())] = (size, visits + 1)
        near = self._nearest(corner)
        # Where a zone has no end it is measured, and cut, on its other axes alone.
        slope = np.where(np.isfinite(corner), self.scale, 0.0)
        relaxed = yield from self.search.relax(
            np.zeros(self.ends.p), main=0, upper=corner, slope=slope, basis=near.basis
        )
        prices, beta = np.zeros(self.ends.p), -inf
        if relaxed.facts:
            prices, beta = relaxed.facts[0].weights, relaxed.facts[0].beta
        depth = self._depth(prices, beta, corner, size)
        if depth > SETTLED * size:
            # Less deep than what closes the zone would be lost in the noise of its corner.
            deep = DEEP * max(depth / 2**visits, min(self.target, depth))
            yield from self._point(self._level(corner, deep), prices, relaxed)
        self.busy = [one for one in self.busy if one is not corner]

    def _depth(self, prices: Floats, beta: float, top: Floats, size: float) -> float:
        """The largest depth that a half-plane leaves in a zone."""
        slope = float(prices @ self.scale)
        if not slope > 0 or not np.isfinite(beta):
            return size
        reach = np.where(prices > 0, np.minimum(top, self.ends.most), 0.0)
        return min(size, max(float(prices @ reach) - beta, 0.0) / slope)

    def _level(self, top: Floats, depth: float) -> Floats:
        """Caps so far below a zone's corner, on a lattice half a step above a value and below the corner."""
        level, steps = top - depth * self.scale, self.search.steps
        step = np.where(steps > 0, steps, 1.0)
        anchor = self.search.program.minimised_offsets
        between = anchor + step * (np.floor((level - anchor) / step + SLACK) + 0.5)
        return np.where(steps > 0, np.minimum(between, top - step / 2), level)

    def _nearest(self, top: Floats) -> Solve:
        distance = np.where(np.isfinite(top), np.abs(self.search.values - top), 0.0) / self.scale
        return self.search.archive[int(np.argmin(distance.max(axis=1)))]

    def _point(self, level: Floats, prices: Floats, relaxed: Solve) -> Job:
        """The best point below the levels, by the weights of the half-plane."""
        share = prices * self.scale
        share = share / share.sum() if share.sum() > 0 else np.ones(self.ends.p)
        weights = np.maximum(share, LEAST) / self.scale
        # The gap is that of the objective which counts most: of another one it would be lost in its noise.
        main, gap = int(np.argmax(share)), self.search.request.gap
        solve = yield from self.search.solve(
            weights / weights[main],
            main=main,
            upper=level,
            basis=relaxed.basis,
            accuracy=Accuracy(gap=gap * float(self.scale[main]), share=gap),
            maybe_empty=True,
        )
        if solve.y is not None:
            self.search.keep(solve)
