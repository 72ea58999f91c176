"""Small mixed programs and the front of each by enumeration: every slice by linear programs of another code.

The oracle uses neither the search nor its geometry: slices are enumerated, each slice's lower hull is found
by SciPy, and what is nondominated is decided point by point on the hulls.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from landfront.optimizer import certify
from landfront.optimizer.checker import check_front
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.segments import distance

EXACT = 1e-6
"""Share of the range within which a front must be the enumerated one."""

FLAT = 1e-9
"""Relative size below which a difference of two values is noise of the enumeration."""


@dataclass(frozen=True)
class Slices:
    """The lower hull of every slice, minimisation form, by the first value ascending, shape (n, 2) each."""

    hulls: tuple[Floats, ...]

    @cached_property
    def range(self) -> Floats:
        """Range of the front, shape (2,); the size of its values where there is none."""
        ends = [min(map(tuple, np.concatenate(self.hulls)[:, order].tolist())) for order in ([0, 1], [1, 0])]
        span = np.abs(np.array(ends[0]) - np.array(ends[1])[::-1])
        return np.asarray(np.where(span > 1e-9, span, 1.0))

    def lowest(self, first: Floats) -> Floats:
        """Least second value of any solution whose first value is at most this, shape (n,)."""
        least = np.full(len(first), np.inf)
        for hull in self.hulls:
            least = np.minimum(least, np.interp(first, hull[:, 0], hull[:, 1], left=np.inf))
        return least

    @cached_property
    def pieces(self) -> Floats:
        """Ends of all edges, a single point twice, shape (k, 2, 2)."""
        edges = [
            np.stack([hull[:-1], hull[1:]] if len(hull) > 1 else [hull, hull], axis=1) for hull in self.hulls
        ]
        return np.concatenate(edges)

    def samples(self, count: int) -> Floats:
        """Points along all hulls, the corners among them, shape (n, 2)."""
        share = np.linspace(0, 1, count)[:, None, None]
        return ((1 - share) * self.pieces[None, :, 0] + share * self.pieces[None, :, 1]).reshape(-1, 2)

    def beaten(self, points: Floats, slack: float) -> NDArray[np.bool_]:
        """Which points are beaten by more than this share of the range in a value, shape (n,).

        Points that are better by less are on the front up to the noise, or next to an open end.
        """
        reach, noise = slack * self.range, 1e-11 * self.range
        lower = self.lowest(points[:, 0] + noise[0]) < points[:, 1] - reach[1]
        further = self.lowest(points[:, 0] - reach[0]) <= points[:, 1] + noise[1]
        return np.asarray(lower | further)


def enumerate_slices(program: Program) -> Slices:
    """Solve every slice of a program with few whole columns."""
    hulls = [hull for fixed in _choices(program) if (hull := _hull(_Slice(program, fixed))) is not None]
    return Slices(tuple(hulls))


def _choices(program: Program) -> Iterator[Floats]:
    whole = program.integer
    lows, highs = np.ceil(program.lower[whole]), np.floor(program.upper[whole])
    for values in itertools.product(*(range(int(a), int(b) + 1) for a, b in zip(lows, highs, strict=True))):
        yield np.array(values, dtype=float)


class _Slice:
    """One slice as a linear program."""

    def __init__(self, program: Program, fixed: Floats) -> None:
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[program.integer] = upper[program.integer] = fixed
        self.bounds = [(float(least), float(most)) for least, most in zip(lower, upper, strict=True)]
        rows, starts = program.row_matrix.toarray(), program.starts
        groups = np.zeros((program.groups, program.columns))
        for group in range(program.groups):
            groups[group, starts[group] : starts[group + 1]] = 1
        equal = program.row_lower == program.row_upper
        above = np.isfinite(program.row_upper) & ~equal
        below = np.isfinite(program.row_lower) & ~equal
        self.less = np.vstack([rows[above], -rows[below]])
        self.most = np.concatenate([program.row_upper[above], -program.row_lower[below]])
        self.same = np.vstack([rows[equal], groups])
        self.at = np.concatenate([program.row_upper[equal], np.ones(program.groups)])
        self.cost, self.offset = program.minimised, program.minimised_offsets

    def solve(self, weights: Floats, most: Floats | None = None) -> Floats | None:
        """Values of the best solution, shape (2,), with values of at most `most` where it is given."""
        less, bound = self.less, self.most
        if most is not None:
            capped = np.isfinite(most)
            less = np.vstack([less, self.cost[capped]])
            bound = np.append(bound, (most - self.offset)[capped])
        found = linprog(
            weights @ self.cost,
            A_ub=less,
            b_ub=bound,
            A_eq=self.same,
            b_eq=self.at,
            bounds=self.bounds,
            method="highs",
        )
        return None if found.x is None else np.asarray(self.cost @ found.x + self.offset)


def _end(part: _Slice, axis: int) -> Floats | None:
    """The best value of one objective, then of the other one among those with it.

    A small weight on the other one would not do: the solver takes reduced costs of 1e-7 for none.
    """
    best = part.solve(np.eye(2)[axis])
    if best is None:
        return None
    most = np.where(np.arange(2) == axis, best, np.inf)
    found = part.solve(np.eye(2)[1 - axis], most)
    return best if found is None else found


def _hull(part: _Slice) -> Floats | None:
    """The lower left hull of a slice: from its ends, along the normal of each chord."""
    first, last = _end(part, 0), _end(part, 1)
    if first is None or last is None:
        return None
    found, stack = [first, last], [(first, last)]
    while stack:
        a, b = stack.pop()
        normal = np.array([a[1] - b[1], b[0] - a[0]])
        if normal.min() <= FLAT * (np.abs(a) + np.abs(b) + 1).max():
            continue
        z = part.solve(normal)
        if z is not None and normal @ (a - z) > FLAT * normal @ (np.abs(a) + 1):
            found.append(z)
            stack.extend([(a, z), (z, b)])
    ordered = sorted(found, key=lambda y: (y[0], y[1]))
    kept = [ordered[0]]
    for y in ordered[1:]:
        if y[1] < kept[-1][1] - FLAT and y[0] > kept[-1][0] + FLAT:
            kept.append(y)
    return np.array(kept)


def returned(front: Front) -> Floats:
    """Ends of a front's segments, and its points twice, minimisation form, shape (k, 2, 2)."""
    pieces = [segment.values * front.senses for segment in front.segments]
    falling = [piece[np.argsort(piece[:, 0])] for piece in pieces]
    return np.array([*falling, *([point.values * front.senses] * 2 for point in front)]).reshape(-1, 2, 2)


def mixed_program(
    seed: int, *, grouped: bool | None = None, whole_range: int = 3, real: bool | None = None
) -> Program:
    """Two to four whole columns, two to four continuous ones and a few rows around a feasible solution."""
    rng = np.random.default_rng(seed)
    grouped = bool(rng.random() < 0.4) if grouped is None else grouped
    real = bool(rng.random() < 0.5) if real is None else real
    sizes = rng.integers(2, 4, rng.integers(1, 3)) if grouped else np.zeros(0, dtype=np.int64)
    shared = int(rng.random() < 0.4) if grouped else 0
    starts = np.concatenate([[0], np.cumsum([*sizes, *([3] * shared)])]).astype(np.int64)
    loose_whole, loose = int(rng.integers(0 if grouped else 2, 4)), int(rng.integers(2, 5))
    m = int(starts[-1]) + loose_whole + loose
    integer = np.ones(m, dtype=bool)
    integer[m - loose :] = False
    if shared:
        integer[starts[-2] : starts[-1]] = False
    upper = np.ones(m)
    upper[int(starts[-1]) :] = rng.integers(1, whole_range + 1, m - int(starts[-1]))
    r = int(rng.integers(1, 5))
    objectives, rows = rng.normal(0, 5, (2, m)), np.round(rng.normal(0, 4, (r, m)))
    objectives = objectives if real else np.round(objectives)
    # Every objective counts a share, so that slices have segments.
    objectives[:, -2:] += np.where(objectives[:, -2:] == 0, 1.0, 0.0)
    inside = np.round(rng.random(m) * upper)
    for a, b in itertools.pairwise(starts.tolist()):
        inside[a:b] = 0
        inside[rng.integers(a, b)] = 1
    used = rows @ inside
    lower_rows = np.where(rng.random(r) < 0.4, used - rng.integers(0, 5, r), -np.inf)
    upper_rows = np.where(np.isinf(lower_rows) | (rng.random(r) < 0.3), used + rng.integers(0, 6, r), np.inf)
    return Program(
        objectives=Stack((Csr(sp.csr_array(objectives)),), m),
        senses=rng.choice(np.array([-1, 1], dtype=np.int8), 2),
        offsets=np.round(rng.normal(0, 5, 2)),
        rows=Stack((Csr(sp.csr_array(rows)),), m),
        row_lower=lower_rows,
        row_upper=upper_rows,
        lower=np.zeros(m),
        upper=upper,
        integer=integer,
        starts=starts,
        objective_names=("a", "b"),
        row_names=tuple(f"row {index}" for index in range(r)),
    )


def with_costs(program: Program, costs: Floats) -> Program:
    """The same program with other objectives, shape (2, m)."""
    return replace(
        program, objectives=Stack((Csr(sp.csr_array(np.asarray(costs, dtype=float))),), program.columns)
    )


def along(pieces: Floats, count: int, *, inside: float = 0.0) -> Floats:
    """Points of segments at equal shares, `inside` of them away from the ends, shape (n, 2)."""
    share = np.linspace(inside, 1 - inside, count)[:, None, None]
    return np.asarray(((1 - share) * pieces[None, :, 0] + share * pieces[None, :, 1]).reshape(-1, 2))


def assert_exact(program: Program, front: Front, slices: Slices, *, tolerance: float = EXACT) -> None:
    """The front is that of the enumerated slices, both ways, and every mix on it is a solution."""
    assert front.complete, (front.reason, front.detail)
    assert front.reason == "optimal"
    assert front.coverage <= front.asked
    pieces = returned(front)
    all_ = slices.samples(40)
    wanted = all_[~slices.beaten(all_, tolerance)]
    assert np.all(distance(wanted, pieces, slices.range) <= 2 * tolerance)
    inside = along(pieces, 25, inside=0.002)
    assert not np.any(slices.beaten(inside, 2 * tolerance))
    assert np.all(distance(inside, slices.pieces, slices.range) <= tolerance)
    assert check_front(program, front) == []
    for segment in front.segments:
        x, values = segment.mix(0.37)
        assert certify.faults(program, x) == []
        assert np.allclose(program.values(x), values, rtol=1e-9, atol=1e-9 * program.objective_span.max())
