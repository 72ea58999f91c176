"""Method (d): every nondominated point of three or more objectives with integers, zone by zone.

Search zones (`landfront.optimizer.zones`; Klamroth, Lacour and Vanderpooten, EJOR 245, 2015) with the choice
and the pruning of S. Tamby and D. Vanderpooten, INFORMS Journal on Computing 33, 2021: in a zone below u, one
objective is minimised under ``y_i < u_i`` for the others. Either the best is a new point, which splits zones,
or nothing in the zone is feasible, which closes it and all zones below.
Departures: levels lie half a lattice step (or, where values are real, the resolution) below u; a zone closes
by the proven bound, never by the solution, so that a gap leaves it open; and the relaxation is asked first,
whose bound often closes a zone without an integer search.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import certify, tolerances, zones
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.fronts.search import Accuracy, Job, Search
from landfront.optimizer.spans import span_of
from landfront.optimizer.task import Solve, Task

LATTICE_GAP = 0.9
"""Share of the smallest step of the augmented objective to which a solve is proven: the rest is for noise."""

WEAK = 0.5
"""Share of a step, or of the resolution, that the augmentation may cost the objective that is minimised."""

SLACK = 1e-6
"""Share of a lattice step by which a bound may miss a lattice value and still mean it."""

REAL_GAP = 0.1
"""Share of the resolution to which a real-valued objective is proven."""

TOGETHER = 8
"""Zones that one search looks into at most."""

CLOSE = 0.9
"""The resolution is this share of the asked gap: the rest is room for rounding and for ranges that change."""


def all_zones(search: Search) -> Generator[Job | None, None, str]:
    """Fill the archive with every nondominated point; returns what was reached, in words."""
    walk = Walk(search)
    yield from _ranges(search, walk)
    while not search.enough:
        chosen = walk.choose()
        if chosen is not None:
            zone, axis = chosen
            yield walk.solve_in(walk.together(zone, axis), axis, walk.start(zone, axis))
        elif search.running:
            yield None
        elif walk.reopened():
            continue
        elif walk.stalled:
            return f"{walk.stalled} zones are left open by the gaps of their solves"
        else:
            return "no zone is left"
    yield from search.idle()
    return "the asked number of points was reached"


def _ranges(search: Search, walk: Walk) -> Generator[Job | None, None, None]:
    """The relaxation of each objective alone, for bounds; then each end as a point."""
    for axis in range(walk.p):
        yield walk.bound_below(axis)
        yield walk.bound_above(axis)
    yield from search.idle()
    for axis in range(walk.p):
        yield walk.end(axis)
    yield from search.idle()


class Known:
    """The facts as arrays, and what they say of a zone.

    A fact says that every feasible ``y <= cap`` has ``weights @ y >= beta``. In a zone whose y are at most
    ``levels <= cap``, value k is then at least what beta leaves when all the others are at their levels.
    """

    def __init__(self, p: int) -> None:
        self.weights, self.cap, self.beta = np.zeros((0, p)), np.zeros((0, p)), np.zeros(0)

    def add(self, facts: Sequence[Fact], noise: Floats) -> None:
        """Add facts; a cap covers what exceeds it by noise."""
        rows = []
        for fact in facts:
            (weights, beta), cap = (fact.weights, fact.beta), fact.upper + noise
            if fact.proof == "recomputed":
                (weights, beta), cap = certify.half_plane(fact), np.full(len(noise), inf)
            if np.all(weights >= 0) and beta > -inf:
                rows.append((weights, cap, beta))
        if rows:
            self.weights = np.concatenate([self.weights, [row[0] for row in rows]])
            self.cap = np.concatenate([self.cap, [row[1] for row in rows]])
            self.beta = np.append(self.beta, [row[2] for row in rows])

    def lower(self, levels: Floats, since: int = 0) -> Floats:
        """Proven lower bounds of the values in zones, by the facts from a number on, shape (u, p)."""
        weights, cap, beta = self.weights[since:], self.cap[since:], self.beta[since:]
        within = np.logical_and.reduce(levels[:, None] <= cap[None], axis=2)
        found = np.full(levels.shape, -inf)
        with np.errstate(invalid="ignore", divide="ignore"):
            terms = np.where(weights > 0, weights * levels[:, None], 0.0)
            for axis in range(levels.shape[1]):
                rest = beta - np.delete(terms, axis, axis=2).sum(axis=2)
                bound = np.where(within & (weights[:, axis] > 0), rest / weights[:, axis], -inf)
                found[:, axis] = bound.max(axis=1, initial=-inf)
        found[(within & np.isinf(beta)).any(axis=1)] = inf
        return found


class Walk:
    """The zones of one search, what is known of each, and the next one to look into."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.p = len(search.program.senses)
        self.zones = zones.start(np.full(self.p, inf))
        self.lower = np.full((1, self.p), -inf)
        self.ideal, self.top = np.full(self.p, -inf), np.full(self.p, inf)
        self.known = Known(self.p)
        self.told = 0
        self.found: list[Solve] = []
        self.tried: set[tuple[float, ...]] = set()
        self.busy: list[tuple[int, Floats]] = []
        self.coarsest = np.zeros(self.p)

    @property
    def stalled(self) -> int:
        """Zones that are left open."""
        return len(self.zones)

    @property
    def range(self) -> Floats:
        """Range of each objective over the points found, its size where there is none, shape (p,)."""
        values = self.search.values
        size = self.search.program.objective_scale
        span = span_of(values, size) if len(values) else np.zeros(self.p)
        return np.asarray(np.where(span > 0, span, size))

    @property
    def margin(self) -> Floats:
        """How far below a zone's corner a level lies: half a step, or the resolution, shape (p,)."""
        steps = self.search.steps
        return np.where(steps > 0, steps / 2, CLOSE * self.search.request.gap * self.range)

    def _levels(self, upper: Floats) -> Floats:
        """Largest values in zones, or largest that matter where values are real, shape (u, p)."""
        steps = self.search.steps
        below = upper - np.where(steps > 0, steps * (1 - SLACK), self.margin)
        return np.asarray(np.minimum(below, self.top))

    def bound_below(self, axis: int) -> Job:
        """A proven lower bound of one objective."""
        solve = yield from self.search.relax(np.eye(self.p)[axis], main=axis)
        self.ideal[axis] = self._lattice(axis, solve.beta)

    def bound_above(self, axis: int) -> Job:
        """A proven upper bound of one objective."""
        solve = yield from self.search.relax(-np.eye(self.p)[axis], main=axis, may_fail=True)
        if solve.reason == "optimal":
            self.top[axis] = -solve.beta

    def end(self, axis: int) -> Job:
        """The best value of one objective."""
        return self.solve_in(np.full((1, self.p), inf), axis, None)

    def _lattice(self, axis: int, bound: float) -> float:
        """A bound moved up to the lattice of the objective."""
        return float(self._rounded(np.full((1, self.p), bound))[0, axis])

    def _rounded(self, lower: Floats) -> Floats:
        """Lower bounds moved up to the lattice, shape (u, p)."""
        whole = (self.search.steps > 0) & np.isfinite(lower)
        step = np.where(self.search.steps > 0, self.search.steps, 1.0)
        offset = self.search.program.minimised_offsets
        units = np.ceil((np.where(whole, lower, 0.0) - offset) / step - SLACK)
        return np.where(whole, offset + step * units, lower)

    def choose(self) -> tuple[int, int] | None:
        """Zone and objective to look into next, among those not tried and not worked on."""
        upper = self.zones.upper
        # Without a point that defines the axis there is no start, and the problem may be infeasible.
        defined = self.zones.defining != zones.NONE
        barred = ~defined & defined.any(axis=1, keepdims=True)
        for axis, cap in self.busy:
            barred[self._overlaps(upper, axis, cap), axis] = True
        top = self.search.values.max(axis=0) + self.margin
        while True:
            pair = zones.choose(self.zones, self.lower, scale=self.range, top=top, barred=barred)
            if pair is None or self._key(upper[pair[0]], pair[1]) not in self.tried:
                return pair
            barred[pair] = True

    def _overlaps(self, upper: Floats, axis: int, cap: Floats) -> NDArray[np.bool_]:
        """Zones whose levels for an objective all lie on one side of a running problem's."""
        others = np.arange(self.p) != axis
        below = np.all(upper[:, others] <= cap[others], axis=1)
        return np.asarray(below | np.all(upper[:, others] >= cap[others], axis=1))

    def _key(self, corner: Floats, axis: int) -> tuple[float, ...]:
        return (float(axis), *corner.tolist())

    def together(self, zone: int, axis: int) -> Floats:
        """Corners of a zone and of the nearest that end at the same value of an objective, shape (k, p)."""
        upper, corner = self.zones.upper, self.zones.upper[zone]
        alike = (upper[:, axis] == corner[axis]) & np.all(np.isinf(upper) == np.isinf(corner), axis=1)
        rows = np.flatnonzero(alike)
        with np.errstate(invalid="ignore"):
            apart = np.nan_to_num(np.abs(upper[rows] - corner) / self.range).sum(axis=1)
        return np.asarray(upper[rows[np.argsort(apart, kind="stable")[:TOGETHER]]].copy())

    def solve_in(self, corners: Floats, axis: int, start: Solve | None) -> Job:
        """Minimise one objective in any of some zones; close what is proven empty, split what has the point.

        The corners, shape (k, p), agree on the objective; `start` lies on all of them.
        """
        levels = corners - self.margin
        levels[:, axis] = inf
        mine = [(axis, corner) for corner in corners]
        self.busy += mine
        solve = yield from self._minimise(axis, levels, corner=float(corners[0, axis]), start=start)
        self.busy = [one for one in self.busy if not any(one is other for other in mine)]
        before = len(self.found)
        if solve.y is not None and solve.beta < solve.task.cutoff:
            self._add(solve)
        self._learn()
        if len(self.found) == before:
            self.tried.update(self._key(corner, axis) for corner in corners)

    def start(self, zone: int, axis: int) -> Solve | None:
        """A point that defines the zone on the axis: it lies below the levels of the others."""
        index = int(self.zones.defining[zone, axis])
        return None if index == zones.NONE else self.found[index]

    def _add(self, solve: Solve) -> None:
        assert solve.y is not None
        if not self.search.keep(solve):
            return
        self.found.append(solve)
        before = self.zones
        self.zones = zones.insert(before, solve.y, len(self.found) - 1)
        self.lower = self.lower[self.zones.parent]
        new = np.any(self.zones.columns != before.columns[:, self.zones.parent], axis=0)
        self._raise(new, since=0)

    def _learn(self) -> None:
        """Raise the lower bounds by the facts that are new, and drop the zones that are proven empty."""
        since = len(self.known.beta)
        noise = tolerances.NOISE * self.range
        self.known.add(self.search.facts[self.told :], noise)
        self.told = len(self.search.facts)
        self._raise(np.ones(len(self.zones), dtype=bool), since=since)
        self._drop_empty()

    def _drop_empty(self) -> None:
        self.coarsest = np.maximum(self.coarsest, self.margin)
        keep = np.all(self.lower <= self._levels(self.zones.upper), axis=1)
        self.lower = self.lower[keep]
        self.zones = zones.select(self.zones, keep)

    def reopened(self) -> bool:
        """Whether zones were closed by a resolution too coarse for the ranges as they are now.

        The range of a real-valued objective shrinks where an early end is beaten by a later point. All zones
        are then made again from the points, and those that the facts do not close are looked into.
        """
        real = self.search.steps == 0
        if not np.any(real & (self.coarsest > self.search.request.gap * self.range)):
            return False
        self.found = list(self.search.archive)
        self.zones = zones.rebuild(self.search.values, np.full(self.p, inf))
        self.lower = np.full((len(self.zones), self.p), -inf)
        self.coarsest = np.zeros(self.p)
        self.tried.clear()
        self._raise(np.ones(len(self.zones), dtype=bool), since=0)
        self._drop_empty()
        return True

    def _raise(self, rows: NDArray[np.bool_], *, since: int) -> None:
        found = self.known.lower(self._levels(self.zones.upper[rows]), since)
        self.lower[rows] = np.maximum(self.lower[rows], self._rounded(found))

    def _minimise(
        self, axis: int, levels: Floats, *, corner: float, start: Solve | None
    ) -> Generator[Task, Solve, Solve]:
        """The least of one objective below one of the levels, shape (k, p), then the least of the others.

        One solve with a small weight on the others where a solver can tell their steps apart, else two. Where
        values are real, a point that defines the zone may lie above the levels, and nothing may lie below.
        """
        others = np.arange(self.p) != axis
        level, among = levels.max(axis=0), levels if len(levels) > 1 else None
        highest = np.minimum(level, self.top)
        weights = np.where(others, self._augmentation(axis, highest), 1.0)
        spent = float(weights[others] @ highest[others]) if np.all(np.isfinite(highest[others])) else inf
        x, basis = (None, None) if start is None else (start.x, start.basis)
        cutoff = self._cutoff(axis, corner)
        if not np.isfinite(spent) or not self._one_stage(axis, weights):
            return (yield from self._two_stages(axis, level, among, cutoff=cutoff, start=start))
        how = Accuracy(gap=self._finest(weights))
        return (
            yield from self.search.solve(
                weights,
                main=axis,
                upper=level,
                start=x,
                basis=basis,
                accuracy=how,
                cutoff=cutoff + spent,
                maybe_empty=True,
                among=among,
            )
        )

    def _two_stages(
        self, axis: int, upper: Floats, among: Floats | None, *, cutoff: float, start: Solve | None
    ) -> Generator[Task, Solve, Solve]:
        step = float(self.search.steps[axis])
        x, basis = (None, None) if start is None else (start.x, start.basis)
        how = Accuracy(gap=LATTICE_GAP * step or REAL_GAP * float(self.margin[axis]))
        first = yield from self.search.solve(
            np.eye(self.p)[axis],
            main=axis,
            upper=upper,
            start=x,
            basis=basis,
            accuracy=how,
            cutoff=cutoff,
            maybe_empty=True,
            among=among,
        )
        if first.y is None or first.beta >= cutoff:
            return first
        held = upper.copy()
        held[axis] = float(first.y[axis]) + (step / 2 or float(self.margin[axis]) * REAL_GAP)
        weights = np.where(np.arange(self.p) != axis, 1.0 / self.range, 0.0)
        how = Accuracy(gap=self._finest(weights))
        again = self.search.solve(
            weights,
            main=axis,
            upper=held,
            start=first.x,
            basis=first.basis,
            accuracy=how,
            polish=True,
            among=among,
        )
        return (yield from again)

    def _augmentation(self, axis: int, highest: Floats) -> Floats:
        """Weights of the other objectives: together they may cost part of a step, or of the resolution."""
        reach = np.maximum(highest - self.ideal, self.range)
        allowed = WEAK * (float(self.search.steps[axis]) or REAL_GAP * float(self.margin[axis]))
        return np.asarray(allowed / ((self.p - 1) * reach))

    def _cutoff(self, axis: int, corner: float) -> float:
        """Value of the objective from which on nothing in the zone is left."""
        step = float(self.search.steps[axis])
        return corner - (step / 2 if step > 0 else float(self.margin[axis]))

    def _finest(self, weights: Floats) -> float:
        """The smallest change of a weighted sum that counts."""
        steps = np.where(self.search.steps > 0, self.search.steps, REAL_GAP * self.margin)
        return LATTICE_GAP * float((weights * steps)[weights > 0].min())

    def _one_stage(self, axis: int, weights: Floats) -> bool:
        """Whether a solver can tell the smallest step of the augmented objective from noise."""
        program = self.search.program
        size = float(np.abs(self.search.values[:, axis]).max(initial=0.0)) + float(
            program.objective_scale[axis]
        )
        noise = tolerances.NOISE * size / (1 - LATTICE_GAP)
        return self._finest(weights) >= max(
            tolerances.ONE_STAGE * float(program.objective_scale[axis]), noise
        )
