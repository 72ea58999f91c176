"""The auditor of a front: do its points and facts hold, and do they imply what is stated of the whole?

It shares no geometry with the search. Solutions and facts are recomputed from the data (`certify`). Coverage
is proven by splitting the space of values into boxes: all of a box is *covered* when a point is within the
stated distance of its lower corner, *empty* when one fact excludes its top corner, and otherwise it is split
at a point. Stated distances are widened by `WIDER` first. What rests on a solver's word is checked against
all points here, and again by a solver in `replay`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isclose

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.certify import check_point, fact_holds, half_plane, value_noise
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.points import key_of, relative_gap
from landfront.optimizer.program import Program

WIDER = 1e-6
"""Share of the range by which a stated distance is widened: linear programs are solved no more exactly."""

LATTICE = 1e-6
"""Share of a lattice step within which two lattice values are the same."""

ROUNDING = 1e-13
"""Share of its terms by which ``weights @ y`` may be off: many times the unit rounding."""

FAR = 1e300
"""Beyond any value, and still finite, so that sums of products with zero weights are."""


def check_front(program: Program, front: Front, *, gap: float = 1e-4) -> list[str]:
    """What is wrong with a front, in words; empty when all that it states is proven.

    Parameters
    ----------
    program
        The program that the front is of.
    front
        With any number of objectives.
    gap
        The gap that was asked for: ``complete`` means that nothing further than this share of the range from
        a point is missing in real-valued objectives, and nothing at all in those on a lattice.
    """
    if front.criteria != program.objective_names or not np.array_equal(front.senses, program.senses):
        return ["the front and the program have other objectives"]
    y = front.values * front.senses
    return [
        *(f"point {i}: {word}" for i, point in enumerate(front) for word in check_point(program, point)),
        *(f"fact {i} does not follow" for i, f in enumerate(front.facts) if not fact_holds(program, f)),
        *_order(front, y),
        *_bounds(program, front, y),
        *_contradictions(program, front.facts, y),
        *(_coverage(program, front, y, gap) if len(y) else _nothing(front)),
    ]


@dataclass(frozen=True)
class Sets:
    """``{y <= upper, weights @ y < beta}`` holds no feasible y, shapes (f, p), (f, p) and (f,)."""

    weights: Floats
    upper: Floats
    beta: Floats

    def hold(self, y: Floats, slack: Floats) -> Floats:
        """Which sets hold a y, and so all below it where weights are not negative, shape (f,)."""
        below = np.all(y <= self.upper + slack, axis=1)
        noise = ROUNDING * (np.abs(self.weights) @ np.abs(y) + np.abs(self.beta))
        return np.asarray(below & ((self.beta == inf) | (self.weights @ y + noise < self.beta)))

    def __getitem__(self, rows: Floats) -> Sets:
        return Sets(self.weights[rows], self.upper[rows], self.beta[rows])


def _sets(facts: Sequence[Fact], p: int) -> Sets:
    """What the facts exclude; a recomputed one excludes the same without its cap, by its prices."""
    free = np.full(p, inf)
    rows = [
        (*half_plane(f), free) if f.proof == "recomputed" and f.beta < inf else (f.weights, f.beta, f.upper)
        for f in facts
    ]
    weights, beta, upper = (np.array([row[part] for row in rows]) for part in range(3))
    return Sets(weights.reshape(-1, p), upper.reshape(-1, p), beta)


def _order(front: Front, y: Floats) -> Iterator[str]:
    """Points out of order, dominated or repeated, and keys that are not those of the solutions."""
    if np.any(np.diff(front.values[:, 0]) < 0):
        yield "the points are not sorted by the first objective"
    for place, point in enumerate(front):
        if np.count_nonzero(np.all(y <= y[place], axis=1)) > 1:
            yield f"point {place} is dominated or there twice"
        if key_of(point.x.astype(np.float64)) != point.key:
            yield f"point {place}: its key is not that of its solution"


def _bounds(program: Program, front: Front, y: Floats) -> Iterator[str]:
    """Points whose bound says more than the facts, or whose gap is not that of the bound."""
    sets, noise = _sets(front.facts, y.shape[1]), value_noise(program)
    usable = (sets.weights[:, 0] > 0) & np.all(sets.weights >= 0, axis=1)
    sets = sets[usable]
    for place, point in enumerate(front):
        value, stated = float(y[place, 0]), point.bound * float(front.senses[0])
        slack = tolerances.NOISE * max(abs(stated), abs(float(program.offsets[0]))) + float(noise[0])
        holds = np.all(y[place, 1:] <= sets.upper[:, 1:] + noise[1:], axis=1)
        known = (sets.beta - sets.weights[:, 1:] @ y[place, 1:]) / sets.weights[:, 0]
        proven = np.where(holds, np.minimum(known, sets.upper[:, 0]), -inf).max(initial=-inf)
        if not stated <= min(proven, value) + slack:
            yield f"point {place}: its bound {point.bound:.10g} does not follow"
        gap = relative_gap(point.bound, float(point.values[0]), float(program.offsets[0]))
        if not (gap == point.gap or isclose(gap, point.gap, rel_tol=1e-6, abs_tol=1e-12)):
            yield f"point {place}: its gap is {gap:.3g}, not {point.gap:.3g}"


def _contradictions(program: Program, facts: Sequence[Fact], y: Floats) -> Iterator[str]:
    """Facts that a point of the front refutes."""
    sets = _sets(facts, len(program.senses))
    size = np.where(np.isfinite(sets.beta), np.abs(sets.beta), 0.0)
    noise = tolerances.NOISE * (size + np.abs(sets.weights) @ program.objective_scale)
    for place, point in enumerate(y):
        below = np.all(point <= sets.upper, axis=1)
        for fact in np.flatnonzero(below & ~(sets.weights @ point >= sets.beta - noise)):
            yield f"point {place} refutes fact {fact}"


def _nothing(front: Front) -> Iterator[str]:
    if front.complete or front.coverage < inf:
        yield "a front without points covers nothing"


def _coverage(program: Program, front: Front, y: Floats, gap: float) -> Iterator[str]:
    """Ideal, nadir, coverage and completeness that do not follow."""
    if not np.array_equal(front.ideal * front.senses, y.min(axis=0)):
        yield "the ideal is not the best of the points"
    if not np.array_equal(front.nadir * front.senses, y.max(axis=0)):
        yield "the nadir is not the worst of the points"
    change = np.maximum(np.abs(y[0] - program.minimised_offsets), program.objective_scale)
    scale = np.where(np.ptp(y, axis=0) > 0, np.ptp(y, axis=0), change)
    sets = _sets(front.facts, y.shape[1])
    if not program.integer.any():
        needed = min(front.coverage, gap if front.complete else inf)
        distance = mixed_distance(y, sets, scale) if needed < inf else inf
        if distance > needed + WIDER:
            yield f"an unseen plan may be {distance:.3g} of the range from every mix, not {needed:.3g}"
        return
    real = np.where(program.steps > 0, 0.0, 1.0)
    if front.coverage < inf:
        yield from _holes(program, y, sets, (front.coverage + WIDER) * scale)
    if front.complete:
        yield from _holes(program, y, sets, (gap + WIDER) * scale * real)


def _holes(program: Program, y: Floats, sets: Sets, widths: Floats) -> Iterator[str]:
    hole = uncovered(y - widths, sets, program)
    if hole is not None:
        values = ", ".join(f"{value:.10g}" for value in program.senses * hole)
        yield f"an unseen plan as good as ({values}) is not excluded"


def uncovered(reach: Floats, sets: Sets, program: Program) -> Floats | None:
    """A y, shape (p,), above no `reach`, shape (s, p), that no fact excludes; None if there is none.

    Parts of a box that lie above the reach of a point are covered; the rest of the box are at most p boxes.
    """
    p, steps = reach.shape[1], program.steps
    most, sets = _largest(sets), sets[np.all(sets.weights >= 0, axis=1) | (sets.beta == inf)]
    low, high = reach.min(axis=0), reach.max(axis=0)
    stack = [(np.full(p, -FAR), np.full(p, FAR), reach, sets)]
    while stack:
        lower, upper, near, sets = stack.pop()
        near = near[np.all(near < upper, axis=1)]
        top = np.minimum(_below(upper, program), most)
        if np.any(top < lower) or np.any(np.all(near <= lower, axis=1)):
            continue
        sets = sets[sets.hold(lower, LATTICE * steps)]
        if np.any(sets.hold(top, LATTICE * steps)):
            continue
        if len(near) == 0:
            return top
        ends = np.clip(upper, low, high)
        split = near[np.argmax(np.prod(ends - np.clip(near, np.clip(lower, low, high), ends), axis=1))]
        for axis in np.flatnonzero(split > lower):
            part = upper.copy()
            part[axis] = split[axis]
            stack.append((lower.copy(), part, near, sets))
            lower[axis] = split[axis]
    return None


def _below(upper: Floats, program: Program) -> Floats:
    """The largest value below an open end: the lattice value where there is one."""
    whole = program.steps > 0
    steps, zero = np.where(whole, program.steps, 1.0), program.minimised_offsets
    return np.where(whole, zero + steps * (np.ceil((upper - zero) / steps - LATTICE) - 1), upper)


def _largest(sets: Sets) -> Floats:
    """Proven largest value of each objective, shape (p,): from facts with one weight, a negative one."""
    most = np.full(sets.weights.shape[1], FAR)
    single = (np.count_nonzero(sets.weights, axis=1) == 1) & np.all(np.isinf(sets.upper), axis=1)
    for row in np.flatnonzero(single & np.any(sets.weights < 0, axis=1) & (sets.beta < inf)):
        axis = int(np.argmin(sets.weights[row]))
        most[axis] = min(most[axis], sets.beta[row] / sets.weights[row, axis])
    return most


def mixed_distance(y: Floats, sets: Sets, scale: Floats) -> float:
    """Every feasible y is within this share of the range of a mix of points, where mixes are solutions.

    For each facet of the hull of the points and all that they dominate, one linear program finds how far
    beyond it the half-planes of the facts reach.
    """
    from scipy.optimize import linprog
    from scipy.spatial import ConvexHull

    p, ideal = y.shape[1], y.min(axis=0)
    unit = (y - ideal) / scale
    rays = [unit + (1.0 + np.ptp(unit, axis=0).max()) * axis for axis in np.eye(p)]
    facets = -ConvexHull(np.concatenate([unit, *rays])).equations[:, :p]
    facets = np.unique(np.round(facets[np.all(facets > -1e-9, axis=1)], 12), axis=0).clip(0.0)
    plain = np.all(np.isinf(sets.upper), axis=1) & np.isfinite(sets.beta)
    planes, beta = sets.weights[plain] * scale, sets.beta[plain] - sets.weights[plain] @ ideal
    size = np.abs(planes).max(axis=1, initial=1e-300)
    worst = 0.0
    for facet in facets:
        least = linprog(facet, A_ub=-planes / size[:, None], b_ub=-beta / size, bounds=(None, None))
        reach = -inf if least.fun is None else float(least.fun)
        worst = max(worst, (float((unit @ facet).min()) - reach) / float(facet.sum()))
    return worst
