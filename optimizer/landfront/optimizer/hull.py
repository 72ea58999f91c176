"""The hull of a front's points, and how far below it the half-planes that are proven let anything lie.

Pure geometry in minimisation form, any p >= 2, no solver. Inner approximation: ``conv(A) + R^p_+`` of the
points A. Outer approximation: all y with ``W y >= beta``. Every feasible y lies in the outer one, so the
distance between the two bounds by how much any feasible y, also a mix of points, can be better than mixes of
the points at hand (sandwich methods: Rote, Computing 48, 1992; Csirmaz, Comput. Optim. Appl. 63, 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Floats

Ints = NDArray[np.int64]

MERGE = 1e-9
"""Facets whose normalised weights differ by less are one: Qhull's own precision is some 1e-13."""

ON_FACET = 1e-9
"""A point within this share of the ranges of a facet lies on it."""

MISSED = 1e-11
"""A half-plane missed by less than this share of the ranges is met: far below any gap, above rounding."""

PIVOT = 1e-7
"""Smallest share of the largest coefficient that a row is exchanged on: smaller ones would magnify noise."""

FAR = 1e9
"""Where an objective is taken to end, in ranges, as long as no half-plane bounds it."""

PATIENCE = 20
"""Exchanges per objective after which the rows are chosen by Bland's rule, which cannot go in a circle."""

LIMIT = 200
"""Exchanges per objective after which a proven but perhaps not the best bound is taken."""

NONE = -1
"""Fills the vertices of a facet that runs along axes and so has fewer than p points."""


@dataclass(frozen=True)
class Hull:
    """Facets of ``conv(A) + R^p_+``: its points are exactly the y with ``weights @ y >= offsets``.

    Attributes
    ----------
    weights
        Not negative, in units of the scale they sum to 1: ``weights @ scale == 1``, shape (f, p).
    offsets
        The least ``weights @ a`` over the points, shape (f,).
    vertices
        Rows of p points on each facet, fewer and then `NONE` where the facet runs along axes, shape (f, p).
    origin, scale
        Least value of each objective over the points, and its range, shape (p,).
    """

    weights: Floats
    offsets: Floats
    vertices: Ints
    origin: Floats
    scale: Floats

    def __len__(self) -> int:
        return len(self.offsets)


def facets(points: Floats, scale: Floats) -> Hull:
    """All facets of the hull, those along axes too; exact also for few, flat, equal or dominated points.

    With an origin c above all points, ``w @ y >= w @ c - 1`` holds on the hull exactly when ``w >= 0`` and
    ``w @ (c - a) <= 1`` for every point: a polytope of dimension p whatever the points are, and its vertices
    other than 0 are the facets. So no point has to be moved far along the axes, and nothing is degenerate.

    Parameters
    ----------
    points
        Shape (n, p), n >= 1.
    scale
        Range of each objective, positive, shape (p,); its size where all points agree.

    Raises
    ------
    ValueError
        Without points, or with a scale that is not positive and finite.
    """
    _check(points, scale)
    origin = points.min(axis=0)
    unit = (points - origin) / scale
    normals = _merged(_normals(unit))
    value = normals @ unit.T
    near = value <= value.min(axis=1, keepdims=True) + ON_FACET
    weights = normals / scale
    return Hull(weights, (weights @ points.T).min(axis=1), _vertices(near, len(scale)), origin, scale)


def outer_gap(hull: Hull, half_planes: tuple[Floats, Floats]) -> Floats:
    """How far below each facet the half-planes let a feasible y lie: ``offset - min {w @ y : W y >= beta}``.

    As ``weights @ scale == 1``, this is a distance in ranges of all objectives at once. It is never too
    small, save for rounding: each least value comes as ``m @ beta`` with multipliers ``m >= 0``,
    ``m @ W == w``, and so bounds ``w @ y`` from below whether or not the multipliers are the best.

    Parameters
    ----------
    half_planes
        W, shape (h, p), and beta, shape (h,): every feasible y has ``W y >= beta``. Rows with a negative
        weight are left out.

    Returns
    -------
    Shape (f,); infinite where the half-planes do not bound ``w @ y``; negative where they lie above the
    facet, which only a half-plane that cuts off a point does.
    """
    rows, beta = half_planes
    size = rows @ hull.scale
    use = np.all(rows >= 0, axis=1) & (size > 0) & np.isfinite(beta)
    unit = rows[use] * hull.scale / size[use, None]
    least = _least(hull.weights * hull.scale, unit, (beta - rows @ hull.origin)[use] / size[use])
    return np.asarray(hull.offsets - hull.weights @ hull.origin - least)


def bulge(points: Floats, half_planes: tuple[Floats, Floats], scale: Floats) -> float:
    """How far any feasible y can lie below the hull of the points, in ranges of all objectives at once.

    The least t such that ``y + t * scale`` is in ``conv(A) + R^p_+`` for every y that the half-planes allow:
    the largest gap of a facet. Never too small; infinite when some objective is not bounded, or the points
    lie too flat for Qhull; 0 when nothing can be better than a mix of the points.

    Parameters
    ----------
    points, scale
        As in `facets`.
    half_planes
        As in `outer_gap`.
    """
    from scipy.spatial import QhullError

    try:
        return max(0.0, float(outer_gap(facets(points, scale), half_planes).max()))
    except QhullError:
        return float("inf")


def _check(points: Floats, scale: Floats) -> None:
    if points.ndim != 2 or len(points) == 0 or not np.all(np.isfinite(points)):
        raise ValueError("a hull needs at least one point, and finite values")
    if scale.shape != points.shape[1:] or not np.all((scale > 0) & np.isfinite(scale)):
        raise ValueError("a hull needs a positive, finite scale for each objective")


def _normals(unit: Floats) -> Floats:
    """Weights of all facets, each summing to 1, shape (f, p); perhaps with repeats."""
    from scipy.spatial import HalfspaceIntersection

    p = unit.shape[1]
    reach = unit.max(axis=0) + 1.0 - unit
    sides = np.concatenate([reach, -np.eye(p)])
    limits = np.concatenate([-np.ones(len(unit)), np.zeros(p)])
    inside = np.full(p, 0.5 / reach.sum(axis=1).max())
    corners = np.asarray(HalfspaceIntersection(np.column_stack([sides, limits]), inside).intersections)
    corners = corners[np.all(np.isfinite(corners), axis=1)]
    # The corner at 0 is no facet; at any other one some point has w @ (c - a) = 1.
    corners = corners[corners.sum(axis=1) > 0.5 / reach.max()]
    corners = np.where(corners > MERGE * corners.max(axis=1, keepdims=True), corners, 0.0)
    return np.asarray(corners / corners.sum(axis=1, keepdims=True))


def _merged(normals: Floats) -> Floats:
    """One of each group of normals that agree, in lexicographic order."""
    from scipy.spatial import cKDTree

    normals = normals[np.lexsort(normals.T[::-1])]
    pairs = cKDTree(normals).query_pairs(MERGE, output_type="ndarray")
    return np.delete(normals, pairs.max(axis=1), axis=0) if len(pairs) else normals


def _vertices(near: NDArray[np.bool_], p: int) -> Ints:
    """The first p points on each facet, from a mask of shape (f, n)."""
    found = np.full((len(near), p), NONE, dtype=np.int64)
    first = np.argsort(~near, axis=1, kind="stable")[:, :p]
    on = np.take_along_axis(near, first, axis=1)
    found[:, : first.shape[1]] = np.where(on, first, NONE)
    return found


def _least(weights: Floats, rows: Floats, beta: Floats) -> Floats:
    """Proven least ``w @ y`` of the y above all rows, for all w at once, shape (f,); -inf if unbounded.

    Dual simplex; weights and rows are not negative and sum to 1. A basis is p rows with multipliers m >= 0 of
    w; y is where they cross. It starts with the axes, ended at `FAR` below. The row that y misses most comes
    in, and the one whose multiplier first falls to 0 goes, until no row is missed.
    """
    f, p = weights.shape
    rows = np.concatenate([np.eye(p), rows])
    # An axis that w does not weigh costs nothing: it is ended far above, where it meets its rows.
    far = np.where(weights > 0, -FAR, FAR)
    basis = np.tile(np.arange(p), (f, 1))
    active = np.arange(f)
    for turn in range(LIMIT * p):
        ends = _ends(basis[active], far[active], beta)
        y = np.linalg.solve(rows[basis[active]], ends[..., None])[..., 0]
        # Only the terms of a row can blur it: an axis far away that it does not weigh must not.
        missed = beta - y @ rows[p:].T - MISSED * np.maximum(1.0, np.abs(y) @ rows[p:].T)
        go = np.any(missed > 0, axis=1)
        active, missed = active[go], missed[go]
        if len(active) == 0:
            break
        enter = p + np.argmax(missed > 0 if turn > PATIENCE * p else missed, axis=1)
        leave = _leaving(rows[basis[active]], weights[active], rows[enter], basis[active])
        basis[active, leave] = enter
    m = np.maximum(_multipliers(rows[basis], weights), 0.0)
    unbounded = np.any((m > MISSED) & (basis < p), axis=1)
    value = np.sum(np.where(basis < p, 0.0, m * _ends(basis, far, beta)), axis=1)
    return np.where(unbounded, -np.inf, value)


def _ends(basis: Ints, far: Floats, beta: Floats) -> Floats:
    """Right-hand sides of the rows of each basis, shape (f, p); rows below p are the axes."""
    p = basis.shape[1]
    axis = np.take_along_axis(far, np.minimum(basis, p - 1), axis=1)
    return np.where(basis < p, axis, np.append(beta, 0.0)[np.maximum(basis - p, -1)])


def _multipliers(matrix: Floats, weights: Floats) -> Floats:
    """Multipliers m with ``m @ matrix == w`` for each basis, shape (f, p)."""
    return np.asarray(np.linalg.solve(np.swapaxes(matrix, 1, 2), weights[..., None])[..., 0])


def _leaving(matrix: Floats, weights: Floats, entering: Floats, basis: Ints) -> Ints:
    """Place of the row that leaves each basis: least multiplier per unit of the entering row."""
    m = np.maximum(_multipliers(matrix, weights), 0.0)
    share = _multipliers(matrix, entering)
    usable = share > PIVOT * share.max(axis=1, keepdims=True)
    ratio = np.where(usable, m / np.where(usable, share, 1.0), np.inf)
    ties = ratio <= ratio.min(axis=1, keepdims=True) * (1 + PIVOT)
    return np.asarray(np.argmin(np.where(ties, basis, np.iinfo(np.int64).max), axis=1))
