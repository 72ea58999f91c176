"""The auditor of a front: do its points and facts hold, and do they imply what is stated of the whole?

It shares no geometry with the search. Solutions and facts are recomputed from the data (`certify`). Coverage
is proven by splitting the space of values into boxes: all of a box is *covered* when a point is within the
stated distance of its lower corner, *empty* when one fact excludes its top corner, and otherwise it is split
at a point; below a segment all is empty when one fact excludes both ends of it. Stated distances are widened
by `WIDER` first. What rests on a solver's word is checked against all points here, and again by a solver in
`replay`. A stated hypervolume is only refuted, by a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isclose

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.certify import check_point, fact_holds, faults, half_plane, value_noise
from landfront.optimizer.front import Fact, Floats, Front
from landfront.optimizer.points import key_of, relative_gap
from landfront.optimizer.program import Program

Mask = NDArray[np.bool_]

WIDER = 1e-6
"""Share of the range by which a stated distance is widened: linear programs are solved no more exactly."""

SAMPLE = 2000
"""Values at which a stated hypervolume is tried: a lie of a tenth of the box is found."""

PARTS = 20
"""Parts in which the sample is looked at, to keep memory small."""

LATTICE = 1e-6
"""Share of a lattice step within which two lattice values are the same."""

ROUNDING = 1e-13
"""Share of its terms by which ``weights @ y`` may be off: many times the unit rounding."""

FAR = 1e200
"""Beyond any value, and still finite with a weight of any size."""


def check_front(program: Program, front: Front, *, gap: float | None = None) -> list[str]:
    """What is wrong with a front, in words; empty when all that it states is proven.

    Parameters
    ----------
    program
        The program that the front is of.
    front
        With any number of objectives.
    gap
        Instead of the gap that the front says was asked for: ``complete`` means that nothing further than
        this share of the range from a point is missing in real-valued objectives, and nothing at all in those
        on a lattice.
    """
    if front.criteria != program.objective_names or not np.array_equal(front.senses, program.senses):
        return ["the front and the program have other objectives"]
    y = front.values * front.senses
    words = [
        *(f"point {i}: {word}" for i, point in enumerate(front) for word in check_point(program, point)),
        *(f"fact {i} does not follow" for i, f in enumerate(front.facts) if not fact_holds(program, f)),
        *_order(front, y),
        *_segments(program, front),
        *_bounds(program, front, y),
        *_contradictions(program, front.facts, y),
    ]
    if len(y) == 0:
        known = front.complete or front.coverage < inf
        return [*words, *(["a front without points covers nothing"] if known else [])]
    return [*words, *_ends(front, y), *_coverage(program, front, y, front.asked if gap is None else gap)]


@dataclass(frozen=True)
class Sets:
    """``{y <= upper, weights @ y < beta}`` holds no feasible y, shapes (f, p), (f, p) and (f,)."""

    weights: Floats
    upper: Floats
    beta: Floats

    def hold(self, y: Floats, slack: Floats) -> Mask:
        """Which sets hold y, shape (..., p), and so all below it where weights are not negative: (..., f)."""
        below = np.all(y[..., None, :] <= self.upper + slack, axis=-1)
        noise = ROUNDING * (np.abs(y) @ np.abs(self.weights).T + np.abs(self.beta))
        return np.asarray(below & ((self.beta == inf) | (y @ self.weights.T + noise < self.beta)))

    def __getitem__(self, rows: Mask) -> Sets:
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


def _segments(program: Program, front: Front) -> Iterator[str]:
    """Segments whose ends are no solutions, or not of the same slice, so that mixes may be none."""
    for place, segment in enumerate(front.segments):
        for x, stated in zip(segment.x, segment.values, strict=True):
            off = np.abs(program.values(x) - stated) > tolerances.NOISE * (
                np.abs(stated) + program.objective_scale
            )
            if faults(program, x) or off.any():
                yield f"segment {place}: an end is no solution, or has other values"
        if np.ptp(segment.x[:, program.integer], axis=0).max(initial=0.0) > tolerances.INTEGER:
            yield f"segment {place}: its ends differ in a whole number"


def _bounds(program: Program, front: Front, y: Floats) -> Iterator[str]:
    """Points whose bound says more than the facts, or whose gap is not that of the bound."""
    sets, noise = _sets(front.facts, y.shape[1]), value_noise(program)
    usable = (sets.weights[:, 0] > 0) & np.all(sets.weights >= 0, axis=1)
    sets = sets[usable]
    for place, point in enumerate(front):
        value, stated = float(y[place, 0]), point.bound * float(front.senses[0])
        size = max(abs(stated) if stated > -inf else 0.0, abs(float(program.offsets[0])))
        slack = tolerances.NOISE * size + float(noise[0])
        over = y[place, 1:] - sets.upper[:, 1:]
        known = (sets.beta - sets.weights[:, 1:] @ y[place, 1:]) / sets.weights[:, 0]
        known = np.minimum(known, sets.upper[:, 0])
        # Within the noise of a cap a claim counts, unless the point refutes it there.
        near = np.all(over <= noise[1:], axis=1) & (sets.beta < inf) & (known <= value + noise[0])
        proven = known[np.all(over <= 0, axis=1) | near].max(initial=-inf)
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


def _ends(front: Front, y: Floats) -> Iterator[str]:
    """Ideal and nadir that are not those of the points."""
    if not np.array_equal(front.ideal * front.senses, y.min(axis=0)):
        yield "the ideal is not the best of the points"
    if not np.array_equal(front.nadir * front.senses, y.max(axis=0)):
        yield "the nadir is not the worst of the points"


def _coverage(program: Program, front: Front, y: Floats, gap: float) -> Iterator[str]:
    """Coverage, completeness, bulge and hypervolume that do not follow."""
    change = np.maximum(np.abs(y[0] - program.minimised_offsets), program.objective_scale)
    noise = tolerances.NOISE * (np.abs(y).max(axis=0) + program.objective_scale)
    scale = np.where(np.ptp(y, axis=0) > noise, np.ptp(y, axis=0), change)
    sets = _sets(front.facts, y.shape[1])
    needed = gap if front.complete else inf
    mixes = not program.integer.any()
    within = min(front.bulge, front.coverage, needed) if mixes else front.bulge
    if within < inf and (distance := mixed_distance(y, sets, scale)) > within + WIDER:
        yield f"an unseen plan may be {distance:.3g} of the range from every mix, not {within:.3g}"
    if not mixes:
        yield from _holes(program, front, sets, scale, needed)
    yield from _volumes(program, front, sets, mixes=mixes or len(front.segments) > 0)


def _holes(program: Program, front: Front, sets: Sets, scale: Floats, gap: float) -> Iterator[str]:
    """Values that a plan might have, further than stated from all points and segments."""
    pieces = [np.array([point.values, point.values]) for point in front]
    pieces += [segment.values for segment in front.segments]
    ends = np.array(pieces) * program.senses
    real = np.where(program.steps > 0, 0.0, scale)
    for share, size in ((front.coverage, scale), (gap, real)):
        if share < inf:
            hole = uncovered(ends - (share + WIDER) * size, sets, program, finest=WIDER / 10 * scale)
            if hole is not None:
                values = ", ".join(f"{value:.10g}" for value in program.senses * hole)
                yield f"an unseen plan as good as ({values}) is not excluded"


def uncovered(reach: Floats, sets: Sets, program: Program, *, finest: Floats) -> Floats | None:
    """A y, shape (p,), that no fact excludes and that is above nothing in reach; None if there is none.

    Parts of a box that lie above a point in reach are covered; the rest of the box are at most p boxes.

    Parameters
    ----------
    reach
        Both ends of segments, the same for points, shape (s, 2, p).
    finest
        A box in which all of a segment is closer than this to the top is open, shape (p,).
    """
    p, steps = reach.shape[2], program.steps
    most, sets = _largest(sets, program), sets[np.all(sets.weights >= 0, axis=1) | (sets.beta == inf)]
    low, high = reach.min(axis=(0, 1)), reach.max(axis=(0, 1))
    stack = [(np.full(p, -FAR), np.full(p, FAR), reach, sets)]
    while stack:
        lower, upper, near, sets = stack.pop()
        parts = _parts(near, upper)
        inside = parts.mean(axis=1)
        kept = np.all(inside < upper, axis=1)
        near, parts, inside = near[kept], parts[kept], inside[kept]
        top = np.minimum(_below(upper, program), most)
        if np.any(top < lower) or np.any(np.all(_parts(near, lower).mean(axis=1) <= lower, axis=1)):
            continue
        sets = sets[sets.hold(lower, LATTICE * steps)]
        if np.any(sets.hold(top, LATTICE * steps)):
            continue
        if len(near) == 0:
            return top
        ends = np.clip(upper, low, high)
        size = np.prod(ends - np.clip(inside, np.clip(lower, low, high), ends), axis=1)
        first, last = parts[np.argmax(size)]
        split = (first + last) / 2
        if np.any(sets.hold(first, LATTICE * steps) & sets.hold(last, LATTICE * steps)):
            # What these sets hold is convex: between both ends all is covered above the segment, empty below.
            split = np.minimum(first, last)
        elif np.any(first != last) and np.all(upper - split < finest):
            return top
        for axis in np.flatnonzero(split > lower):
            part = upper.copy()
            part[axis] = split[axis]
            stack.append((lower.copy(), part, near, sets))
            lower[axis] = split[axis]
    return None


def _parts(ends: Floats, upper: Floats) -> Floats:
    """The part of each segment below a bound, shape (s, 2, p); where there is none, some of its points."""
    start, step = ends[:, 0], ends[:, 1] - ends[:, 0]
    if not step.any():
        return ends
    with np.errstate(all="ignore"):
        at = (upper - start) / step
    first = np.where(step < 0, at, 0.0).max(axis=1).clip(0.0, 1.0)
    last = np.where(step > 0, at, 1.0).min(axis=1).clip(0.0, 1.0)
    return np.asarray(start[:, None] + np.stack([first, last], axis=1)[:, :, None] * step[:, None])


def _below(upper: Floats, program: Program) -> Floats:
    """The largest value below an open end: the lattice value where there is one."""
    whole = program.steps > 0
    steps, zero = np.where(whole, program.steps, 1.0), program.minimised_offsets
    return np.where(whole, zero + steps * (np.ceil((upper - zero) / steps - LATTICE) - 1), upper)


def _largest(sets: Sets, program: Program) -> Floats:
    """Proven largest value of each objective, shape (p,): from facts with one weight, a negative one.

    On a lattice it is the last value up to the bound.
    """
    most = np.full(sets.weights.shape[1], FAR)
    single = (np.count_nonzero(sets.weights, axis=1) == 1) & np.all(np.isinf(sets.upper), axis=1)
    for row in np.flatnonzero(single & np.any(sets.weights < 0, axis=1) & (sets.beta < inf)):
        axis = int(np.argmin(sets.weights[row]))
        most[axis] = min(most[axis], sets.beta[row] / sets.weights[row, axis])
    steps, zero = np.where(program.steps > 0, program.steps, 1.0), program.minimised_offsets
    return np.where(program.steps > 0, zero + steps * np.floor((most - zero) / steps + LATTICE), most)


def _volumes(program: Program, front: Front, sets: Sets, *, mixes: bool) -> Iterator[str]:
    """A hypervolume that a sample of the box refutes: too much dominated, or too little left by the facts."""
    if front.hypervolume[0] > front.hypervolume[1]:
        yield "the inner hypervolume is larger than the outer one"
    y, ideal = front.values * front.senses, front.ideal * front.senses
    end = (front.reference if len(front.reference) else front.nadir) * front.senses
    drawn = ideal + (end - ideal) * np.random.default_rng(0).random((SAMPLE, len(ideal)))
    parts = np.split(drawn, PARTS)
    beaten = [np.all(y <= part[:, None], axis=2).any(axis=1) for part in parts]
    dominated = 1.0 if mixes else float(np.mean(beaten))
    positive, slack = sets[np.all(sets.weights >= 0, axis=1)], LATTICE * program.steps
    # Nothing feasible lies beyond the largest values: what facts hold up to there they hold beyond as well.
    most = _largest(sets, program)
    held = [positive.hold(np.minimum(_below(part, program), most), slack).any(axis=1) for part in parts]
    left, off = 1.0 - np.mean(held), 4.0 / np.sqrt(SAMPLE)
    if front.hypervolume[0] > dominated + off or front.hypervolume[1] < left - off:
        yield "the hypervolume is not between what points dominate and what facts leave"


def mixed_distance(y: Floats, sets: Sets, scale: Floats) -> float:
    """Every feasible y is within this share of the range of a mix of points, where mixes are solutions.

    For each facet of the hull of the points and all that they dominate, one linear program finds how far
    beyond it the half-planes of the facts reach. Nothing is proven of points too flat for a hull.
    """
    from scipy.optimize import linprog
    from scipy.spatial import ConvexHull, QhullError

    p, ideal = y.shape[1], y.min(axis=0)
    unit = (y - ideal) / scale
    rays = [unit + (1.0 + np.ptp(unit, axis=0).max()) * axis for axis in np.eye(p)]
    try:
        facets = -ConvexHull(np.concatenate([unit, *rays])).equations[:, :p]
    except QhullError:
        return inf
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
