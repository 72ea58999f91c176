"""The hypervolume of a front between its proven bounds: what points dominate, and what facts leave.

Both are shares of the box between the best values of the points and a reference point, so that what lies
outside that box counts in neither.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landfront.optimizer.cover import Cover
from landfront.optimizer.excluded import HalfPlanes, half_planes
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.outer import Outer, outer
from landfront.optimizer.quality import ideal_nadir

MARGIN = 0.1
"""Three or more objectives: the reference point lies this share of the range beyond the worst values, as the
nadir is not known before a front is complete, and the ends of a front count too."""

HULL_MOST = 20_000
"""Points up to which the hull of an inner approximation is computed: beyond, it takes minutes."""

LINES = 2000
"""Lines through the box along which empty corners are looked for: twice as many gain about half a percent."""

GRID = 2048
"""Slices of the outer hypervolume: each is bounded at its middle, which is sound as the bound is convex."""


def reference_point(values: Floats, scale: Floats) -> Floats:
    """Where dominated space ends, minimisation form, shape (p,): the nadir of two objectives, else beyond."""
    worst: Floats = values.max(axis=0)
    return worst if values.shape[1] == 2 else worst + MARGIN * scale


def cover_bracket(values: Floats, known: Cover, reference: Floats) -> Floats:
    """Proven inner and outer hypervolume for any number of objectives, shape (2,).

    Parameters
    ----------
    values
        Minimisation form, shape (s, p).
    known
        Their cover.
    reference
        Worse than every value, shape (p,).
    """
    ideal = values.min(axis=0)
    size = reference - ideal
    inner = _point_volume((values - ideal) / size)
    if known.coverage == 0:
        # What the facts leave holds nothing that could be added.
        return np.array([inner, inner])
    corners = np.concatenate([known.corners(), known.below(ideal + size * _starts(len(ideal)))])
    unit = np.clip((corners - ideal) / size, 0.0, 1.0)
    # What the corners leave is the rest of what they fill, seen from the other end of the box.
    outside = 1.0 - _point_volume(1.0 - unit[np.all(unit > 0, axis=1)])
    outside = min(outside, _half_plane_volume(values, half_planes(known.excluded), reference))
    return np.array([inner, max(inner, outside)])


def mixed_bracket(values: Floats, planes: HalfPlanes, reference: Floats) -> Floats:
    """The same where mixes of points are solutions too: between two convex bodies, shape (2,)."""
    ideal = values.min(axis=0)
    unit = (values - ideal) / (reference - ideal)
    inner = max(_point_volume(unit), _hull_volume(unit))
    return np.array([inner, max(inner, _half_plane_volume(values, planes, reference))])


def hypervolume_bracket(values: Floats, facts: Sequence[Fact], *, mixes: bool) -> Floats:
    """Proven inner and outer hypervolume of two objectives as shares of the ideal-nadir box, shape (2,).

    Parameters
    ----------
    values
        Nondominated values in minimisation form, sorted by the first, shape (s, p).
    facts
        What is proven.
    mixes
        Whether mixes of neighbouring points are solutions too (two objectives without integers).
    """
    ideal, nadir = ideal_nadir(values)
    if np.any(nadir - ideal <= 0):
        return np.ones(2)
    unit = (values - ideal) / (nadir - ideal)
    inner = _chain_area(unit) if mixes else _point_volume(unit)
    return np.array([inner, max(inner, _outer_area(outer(facts), ideal, nadir, values))])


def _point_volume(unit: Floats) -> float:
    """Volume of the unit box that points dominate."""
    import moocore

    if len(unit) == 0:
        return 0.0
    return float(moocore.hypervolume(unit, ref=np.ones(unit.shape[1])))


def _hull_volume(unit: Floats) -> float:
    """Volume of what mixes of the points dominate; 0 where there are too many points for it.

    It is the hull of the points with any of their values moved to the far end of the box. Points that lie too
    flat for it dominate what they do by themselves.
    """
    from scipy.spatial import ConvexHull, QhullError

    p = unit.shape[1]
    if len(unit) << p > HULL_MOST:
        return 0.0
    moved = (np.arange(1 << p)[:, None] >> np.arange(p)) % 2 == 1
    ends = np.where(moved[:, None], 1.0, unit).reshape(-1, p)
    try:
        return float(ConvexHull(np.unique(ends, axis=0)).volume)
    except QhullError:
        return 0.0


def _half_plane_volume(values: Floats, planes: HalfPlanes, reference: Floats) -> float:
    """Share of the box from the best of the values to the reference point that the half-planes leave.

    Half-planes that all but agree are too much for Qhull at times: all of the box is left then, which is true
    whatever they say.
    """
    from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

    p, ideal = len(reference), values.min(axis=0)
    size = reference - ideal
    weights, bounds = planes
    sides = np.concatenate([-weights * size, -np.eye(p), np.eye(p)])
    limits = np.concatenate([bounds - weights @ ideal, np.zeros(p), -np.ones(p)])
    # Halfway from a mix of points to the reference point no half-plane is met.
    inside = ((values.mean(axis=0) - ideal) / size + 1.0) / 2
    try:
        corners = HalfspaceIntersection(np.column_stack([sides, limits]), inside).intersections
        return min(float(ConvexHull(corners).volume), 1.0)
    except QhullError:
        return 1.0


def _starts(p: int) -> Floats:
    """A grid on the far sides of the unit box, shape (k, p), from which lines go to its near sides."""
    many = max(int((LINES / p) ** (1 / (p - 1))), 1)
    line = (np.arange(many) + 0.5) / many
    grid = np.stack(np.meshgrid(*[line] * (p - 1), indexing="ij"), axis=-1).reshape(-1, p - 1)
    return np.concatenate([np.insert(grid, axis, 1.0, axis=1) for axis in range(p)])


def _chain_area(unit: Floats) -> float:
    """Area above the chain of segments: a mix of neighbours is a solution, so all of it is dominated."""
    width, height = np.diff(unit[:, 0]), 1.0 - unit[:, 1]
    return float(np.sum(width * (height[:-1] + height[1:]) / 2))


def _outer_area(bound: Outer, ideal: Floats, nadir: Floats, values: Floats) -> float:
    """Area that the facts leave: the bound falls with the second value, so slices above it are all there is.

    Between two levels the bound on the first value is convex, hence its mean is at least its value at the
    middle of a slice; slices are cut at every level. A slice in which the bound leaves the box takes its end,
    where the bound is least.
    """
    levels = bound.level[(bound.level > ideal[1]) & (bound.level < nadir[1])]
    edges = np.unique(np.concatenate([np.linspace(ideal[1], nadir[1], GRID), levels, values[:, 1]]))
    middle = (edges[:-1] + edges[1:]) / 2
    crossing = bound.at(edges[:-1], edges[1:]) > nadir[0]
    first = np.where(crossing, bound.at(edges[1:], edges[1:]), bound.at(middle, edges[1:]))
    first = np.clip(first, ideal[0], nadir[0])
    area = np.sum(np.diff(edges) * (nadir[0] - first))
    return float(area / np.prod(nadir - ideal))
