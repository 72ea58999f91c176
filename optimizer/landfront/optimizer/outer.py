"""What points and proven facts imply about a two-objective front: the part of the plane that is still open.

Pure geometry in minimisation form, no solver: it is what chooses the next problem, and what an auditor runs
on the archive and the facts to check the coverage that a front states.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.certify import half_plane
from landfront.optimizer.front import Fact, Floats


@dataclass(frozen=True)
class Outer:
    """Half-planes and slabs: every feasible y with ``y[1] <= level`` has ``weights @ y >= beta``.

    Attributes
    ----------
    weights
        Shape (f, 2), non-negative.
    beta, level
        Shape (f,); level infinite for a half-plane.
    corners
        Facts that hold below a cap on the first value too: two weights, beta, cap and level, shape (k, 5).
    """

    weights: Floats
    beta: Floats
    level: Floats
    corners: Floats

    def below(self, y2: Floats) -> Floats:
        """Proven lower bound on the first value of a feasible y whose second value is ``y2``, shape (k,)."""
        return self.at(y2, y2)

    def at(self, y2: Floats, top: Floats) -> Floats:
        """Bound on the first value at ``y2`` by the facts that hold up to ``top``, shape (k,)."""
        use = self.weights[:, 0] > 0
        w, beta, level = self.weights[use], self.beta[use], self.level[use]
        if len(beta) == 0:
            return np.full(len(y2), -np.inf)
        values = (beta[:, None] - w[:, 1:] * y2[None, :]) / w[:, :1]
        values[level[:, None] < top[None, :]] = -np.inf
        return np.asarray(values.max(axis=0))

    def second(self, points: Floats) -> Floats:
        """Bound on the second value of a feasible y that is nowhere worse than a point, shape (s,)."""
        weights, beta, cap, level = self._all()
        use = weights[:, 1] > 0
        weights, beta, cap, level = weights[use], beta[use], cap[use], level[use]
        if len(beta) == 0:
            return np.full(len(points), -np.inf)
        values = (beta - points[:, :1] * weights[:, 0]) / weights[:, 1]
        holds = (cap >= points[:, :1]) & (level >= points[:, 1:])
        return np.asarray(np.where(holds, values, -np.inf).max(axis=1))

    def _all(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Weights, beta, cap and level of all facts, those with a cap on the first value too."""
        free = np.full(len(self.beta), np.inf)
        return (
            np.concatenate([self.weights, self.corners[:, :2]]),
            np.concatenate([self.beta, self.corners[:, 2]]),
            np.concatenate([free, self.corners[:, 3]]),
            np.concatenate([self.level, self.corners[:, 4]]),
        )

    def least(self) -> Floats:
        """Proven lower bound of each value over all feasible y, shape (2,); -inf where none is known."""
        found = np.full(2, -np.inf)
        for axis in (0, 1):
            pure = (self.weights[:, 1 - axis] == 0) & (self.weights[:, axis] > 0) & np.isinf(self.level)
            found[axis] = np.max(self.beta[pure] / self.weights[pure, axis], initial=-np.inf)
        return found


def outer(facts: Iterable[Fact]) -> Outer:
    """Collect the facts that bound the plane."""
    rows: list[tuple[float, float, float, float, float]] = []
    for fact in facts:
        weights, beta, cap, level = fact.weights, fact.beta, float(fact.upper[0]), float(fact.upper[1])
        if fact.proof == "recomputed":
            weights, beta = half_plane(fact)
            cap = level = np.inf
        if np.all(weights >= 0) and np.isfinite(beta):
            rows.append((float(weights[0]), float(weights[1]), beta, cap, level))
    table = np.array(rows).reshape(len(rows), 5)
    free = np.isinf(table[:, 3])
    return Outer(table[free, :2], table[free, 2], table[free, 4], table[~free])


@dataclass(frozen=True)
class Cells:
    """Open parts of the plane between neighbouring points, one per strip of the second value.

    An unseen nondominated y that beats none of the points in both values lies in a cell: between the points
    `left` and `left + 1`, with second value above `bottom` and at most `top`, and first value from `wall` on.
    For those that do beat a point see `beaten`.

    Attributes
    ----------
    left
        Index of the point with the smaller first value, shape (c,).
    bottom, top, wall
        Shape (c,).
    size
        Largest possible distance to the nearer of the two points, as a share of the range, shape (c,): a
        point is at most this much worse in each objective than any unseen y in the cell.
    need
        The same with distances that count only in real-valued objectives; infinite where a lattice point of
        two integral objectives could hide. Zero or at most the gap means nothing is missing.
    """

    left: NDArray[np.int64]
    bottom: Floats
    top: Floats
    wall: Floats
    size: Floats
    need: Floats


def open_cells(points: Floats, outer_: Outer, scale: Floats, steps: Floats) -> Cells:
    """The cells between neighbouring points that the facts leave open.

    Parameters
    ----------
    points
        Values sorted by the first, ascending, none dominated, shape (s, 2).
    scale
        Range of each objective, shape (2,).
    steps
        Lattice steps, shape (2,), 0 where real-valued; points lie on the lattice.
    """
    left, bottom, top = _strips(points, outer_)
    a, b = points[left], points[left + 1]
    wall = np.maximum(outer_.at(top, top), a[:, 0])
    low, high = _lattice_box(a, b, np.column_stack([wall, bottom]), top, steps)
    size = _sizes(a, b, bottom, top, outer_, scale)
    size = np.minimum(size, np.minimum((b - low)[:, 0] / scale[0], (a - low)[:, 1] / scale[1]))
    noise = tolerances.NOISE * scale
    closed = np.any(low > high + noise, axis=1) | (size <= 0)
    need = np.where(steps[0] > 0, np.inf, (b - low)[:, 0] / scale[0])
    need = np.minimum(need, np.where(steps[1] > 0, np.inf, (a - low)[:, 1] / scale[1]))
    need = size if not steps.any() else need
    keep = ~closed
    return Cells(left[keep], bottom[keep], top[keep], wall[keep], size[keep], need[keep])


def _strips(points: Floats, outer_: Outer) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Cut each gap between neighbours at the levels of the slabs inside it."""
    levels = np.unique(outer_.level[np.isfinite(outer_.level)])
    left, bottom, top = [], [], []
    for index in range(len(points) - 1):
        high, low = points[index, 1], points[index + 1, 1]
        edges = np.concatenate([[low], levels[(levels > low) & (levels < high)], [high]])
        left.append(np.full(len(edges) - 1, index))
        bottom.append(edges[:-1])
        top.append(edges[1:])
    if not left:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    return np.concatenate(left), np.concatenate(bottom), np.concatenate(top)


def _lattice_box(a: Floats, b: Floats, low: Floats, top: Floats, steps: Floats) -> tuple[Floats, Floats]:
    """Least and greatest values of an unseen y in each cell, moved to the lattice, shape (c, 2) each."""
    high = np.column_stack([b[:, 0], np.minimum(top, a[:, 1])])
    for axis, step in enumerate(steps):
        if step <= 0:
            continue
        anchor = b[:, axis]
        slack = 1e-6
        units = np.ceil((low[:, axis] - anchor) / step - slack)
        floor = (a if axis == 0 else b)[:, axis] + step
        low[:, axis] = np.maximum(anchor + step * units, floor)
        ceiling = (b if axis == 0 else a)[:, axis] - step
        high[:, axis] = np.minimum(anchor + step * np.floor((high[:, axis] - anchor) / step + slack), ceiling)
    return low, high


def _sizes(a: Floats, b: Floats, bottom: Floats, top: Floats, outer_: Outer, scale: Floats) -> Floats:
    """Largest t such that a feasible y in the cell may be t ranges better than the corner (b1, a2)."""
    size: Floats = np.minimum((b - a)[:, 0] / scale[0], (a[:, 1] - bottom) / scale[1])
    w, beta = outer_.weights, outer_.beta
    if len(beta) == 0:
        return size
    corner = np.column_stack([b[:, 0], a[:, 1]])
    applies = outer_.level[None, :] >= top[:, None]
    diagonal = (corner @ w.T - beta) / (w @ scale)
    reach = corner[:, :1] * w[:, 0] + top[:, None] * w[:, 1] - beta
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(w[:, 0] > 0, reach / (w[:, 0] * scale[0]), np.where(reach < 0, -1.0, np.inf))
    limit = np.where(applies, np.minimum(diagonal, along), np.inf)
    return np.asarray(np.minimum(size, limit.min(axis=1)))


def end_gaps(points: Floats, outer_: Outer, scale: Floats, steps: Floats) -> Floats:
    """How far an unseen y may pass each end of the front, as a share of the range, shape (2,).

    A lattice value that could not be one step better counts as reached.
    """
    best: Floats = np.array([points[0, 0], points[-1, 1]])
    missing: Floats = best - outer_.least()
    reached = (steps > 0) & (missing < steps * (1 - 1e-6))
    share: Floats = np.asarray(np.maximum(missing, 0.0) / scale)
    return np.asarray(np.where(reached, 0.0, share))


def beaten(points: Floats, outer_: Outer, steps: Floats) -> Floats:
    """By how much a feasible y that is nowhere worse than a point may be better in each value, shape (s, 2).

    A lattice value that could not be one step better is 0. With a real-valued first objective the second
    column is 0: such a y lies less than the first column beside an open cell.
    """
    missing = points - np.column_stack([outer_.at(points[:, 1], points[:, 1]), outer_.second(points)])
    reached = (missing < 0) | ((steps > 0) & (missing < steps * (1 - 1e-6)))
    missing = np.where(reached, 0.0, missing)
    if steps[0] == 0:
        missing[:, 1] = 0.0
    return np.asarray(missing)


def envelope(outer_: Outer) -> Floats:
    """Vertices of the outer bound by half-planes alone, by the second value ascending, shape (v, 2)."""
    plain = np.isinf(outer_.level) & (outer_.weights[:, 0] > 0)
    slope = -outer_.weights[plain, 1] / outer_.weights[plain, 0]
    start = outer_.beta[plain] / outer_.weights[plain, 0]
    order = np.lexsort((-start, slope))
    hull: list[tuple[float, float]] = []
    for m, c in zip(slope[order].tolist(), start[order].tolist(), strict=True):
        if hull and hull[-1][0] == m:
            continue
        while len(hull) > 1 and _crossing(hull[-2], (m, c)) <= _crossing(hull[-2], hull[-1]):
            hull.pop()
        hull.append((m, c))
    at = [_crossing(one, two) for one, two in pairwise(hull)]
    return np.array([(line[0] * y2 + line[1], y2) for line, y2 in zip(hull, at, strict=False)]).reshape(-1, 2)


def _crossing(one: tuple[float, float], two: tuple[float, float]) -> float:
    return (one[1] - two[1]) / (two[0] - one[0])


def chord_gaps(points: Floats, outer_: Outer, scale: Floats) -> Floats:
    """Largest possible distance of an unseen y to each chord, as a share of the range, shape (s - 1,)."""
    a, b = points[:-1], points[1:]
    normal = np.column_stack([(a - b)[:, 1], (b - a)[:, 0]])
    vertices = envelope(outer_)
    # Only what holds beyond a level bounds all of a chord, so that slabs do not count.
    everywhere = np.full(len(points), np.inf)
    ends = np.column_stack([outer_.at(points[:, 1], everywhere), points[:, 1]])
    candidates = np.concatenate([vertices, ends])
    value = candidates @ normal.T
    inside = (candidates[:, 1:] <= a[:, 1]) & (candidates[:, 1:] >= b[:, 1])
    least = np.where(inside, value, np.inf).min(axis=0)
    gaps = (np.sum(normal * a, axis=1) - least) / (normal @ scale)
    return np.asarray(np.maximum(gaps, 0.0))


def worst_level(a: Floats, b: Floats, outer_: Outer) -> float:
    """Second value at which the outer bound lies deepest below the chord from a to b, away from both ends."""
    normal = np.array([a[1] - b[1], b[0] - a[0]])
    vertices = envelope(outer_)
    inside = (vertices[:, 1] < a[1]) & (vertices[:, 1] > b[1])
    middle = (a[1] + b[1]) / 2
    if not inside.any():
        return float(middle)
    level = float(vertices[inside][np.argmin(vertices[inside] @ normal), 1])
    room = 0.05 * (a[1] - b[1])
    return float(np.clip(level, b[1] + room, a[1] - room))
