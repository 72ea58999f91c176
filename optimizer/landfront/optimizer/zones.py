"""Search zones: the part of objective space that no point dominates yet, as open boxes below upper corners.

Pure geometry in minimisation form, any p >= 2, no solver. The corners are the *local upper bounds* of
Klamroth, Lacour and Vanderpooten (EJOR 245(3), 2015). Each keeps, per axis, the full set of points that
define it (N_k(u) there, as in Tamby and Vanderpooten, INFORMS J. Computing 33(1), 2021), which makes one
insertion exact also when points share coordinates, and the result independent of the order of insertion.

A point n excludes the closed orthant ``y >= n``. What is left below ``upper0`` is the union of the open
boxes ``{y : y < u}``, strictly in every axis, and a corner u is kept exactly when

* no point lies strictly below u, and
* on every axis k either ``u_k == upper0_k``, or some point n has ``n_k == u_k`` and ``n_i < u_i`` for i != k.

So no box contains another one, and every y < upper0 that no point weakly dominates lies in some box.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Floats

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

Pair = tuple[int, int]

TINY = 1e-12
"""Least side of a box, in ranges: an objective in which nothing is open should not hide the others."""

NONE = -1
"""Stands for the initial bound where a zone has no defining point on an axis."""


@dataclass(frozen=True)
class Zones:
    """Open boxes ``{y : y < upper[i]}`` whose union is what no point weakly dominates below ``upper0``.

    Attributes
    ----------
    columns
        Upper corners, one row per axis, so that an axis is contiguous, shape (p, u); see `upper`.
    parent
        Row, before the last `insert` or `select`, of the zone that each zone is part of (itself if
        unchanged), shape (u,): what was known of that one, such as a lower bound, holds for it.
    zone, axis, member
        N_k(u) as triples, shape (t,) each: the point `member` defines this axis of this zone.
    points
        Inserted points by their index, one row per axis, shape (p, n); nan where none was inserted.
    upper0
        Corner of the initial box, shape (p,); may be infinite.
    """

    columns: Floats
    parent: Ints
    zone: Ints
    axis: Ints
    member: Ints
    points: Floats
    upper0: Floats

    @property
    def upper(self) -> Floats:
        """Upper corners, shape (u, p); a view."""
        return self.columns.T

    @property
    def axes(self) -> int:
        """Number of objectives p."""
        return len(self.columns)

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    @cached_property
    def defining(self) -> Ints:
        """Smallest index of a point that defines each axis of each zone, or `NONE`, shape (u, p)."""
        found = np.full((len(self), self.axes), NONE, dtype=np.int64)
        order = np.argsort(-self.member, kind="stable")
        found[self.zone[order], self.axis[order]] = self.member[order]
        return found

    def defining_all(self, zone: int, axis: int) -> Ints:
        """All points that define an axis of a zone, N_k(u), by index; empty at the initial bound."""
        return np.sort(self.member[(self.zone == zone) & (self.axis == axis)])


def start(upper0: Floats) -> Zones:
    """One zone, everything strictly below ``upper0``, shape (p,)."""
    corner = np.asarray(upper0, dtype=np.float64)
    none = np.zeros(0, dtype=np.int64)
    one = np.zeros(1, dtype=np.int64)
    return Zones(corner[:, None].copy(), one, none, none, none, np.zeros((len(corner), 0)), corner)


def insert(zones: Zones, point: Floats, index: int) -> Zones:
    """The zones after a point, in time linear in their number.

    A point that an earlier one weakly dominates, or that is not strictly below ``upper0``, changes nothing.
    One that dominates earlier points gives the zones as if those had never been inserted.

    Parameters
    ----------
    point
        Shape (p,); -inf is allowed, nan is not.
    index
        How the caller names the point, not negative, used once.

    Raises
    ------
    ValueError
        If the point has a nan or another length, or the index is taken.
    """
    z = np.asarray(point, dtype=np.float64)
    _check(zones, z, index)
    below = zones.columns > z[:, None]
    inside = np.logical_and.reduce(below, axis=0)
    if not inside.any():
        return replace(zones, parent=np.arange(len(zones)))
    new = _children(zones, z, np.flatnonzero(inside), index)
    old = select(_touched(zones, z, below, index), ~inside)
    return Zones(
        columns=np.concatenate([old.columns, new.columns], axis=1),
        parent=np.concatenate([old.parent, new.parent]),
        zone=np.concatenate([old.zone, new.zone + len(old)]),
        axis=np.concatenate([old.axis, new.axis]),
        member=np.concatenate([old.member, new.member]),
        points=_noted(zones.points, z, index),
        upper0=zones.upper0,
    )


def rebuild(points: Floats, upper0: Floats) -> Zones:
    """The zones of a set of points, shape (n, p), named by their rows."""
    zones = start(upper0)
    for index, point in enumerate(np.asarray(points, dtype=np.float64)):
        zones = insert(zones, point, index)
    return zones


def select(zones: Zones, keep: Mask) -> Zones:
    """Only the zones of a mask, shape (u,): for those proven empty to be dropped.

    What a dropped zone would become after later points is part of it, hence proven empty too.
    """
    rows = np.flatnonzero(keep)
    live = keep[zones.zone]
    renumbered = (np.cumsum(keep) - 1)[zones.zone[live]]
    axis, member = zones.axis[live], zones.member[live]
    columns = zones.columns[:, rows]
    return replace(zones, columns=columns, parent=rows, zone=renumbered, axis=axis, member=member)


def settled(zones: Zones, lower: Floats) -> Mask:
    """Pairs of zone and axis whose solve is not wasted when later points split the zones, shape (u, p).

    A solve of axis k in zone u proves a box empty that has ``u_i`` on the other axes and the least ``y_k``
    found on its own. All proofs of a front are such boxes, each part of one zone of the *complete* front, so
    that at least as many solves are needed as that has zones. A box is all of its zone when each other axis
    is defined by a point with ``n_k`` below the ``y_k`` found, for which ``n_k <= lower_k`` is asked here.

    Parameters
    ----------
    lower
        Proven lower bound of each value in each zone, shape (u, p).
    """
    held = np.repeat((zones.columns == zones.upper0[:, None])[None], zones.axes, axis=0)
    held[np.arange(zones.axes), np.arange(zones.axes)] = True
    own, pair = np.nonzero(zones.points[:, zones.member] <= lower.T[:, zones.zone])
    held[own, zones.axis[pair], zones.zone[pair]] = True
    return np.asarray(np.logical_and.reduce(held, axis=1).T)


def choose(
    zones: Zones,
    lower: Floats,
    *,
    scale: Floats,
    top: Floats,
    sweep: int | None = None,
    barred: Mask | None = None,
) -> Pair | None:
    """The zone to look into next, and the objective to minimise there.

    The largest box with a `settled` axis, which spreads the points; or, in a sweep, always the same objective
    in the zone whose corner is lowest on it: nearly all are settled then, which saves more solves where
    points share values, but the front grows from one end. On known fronts the first takes at most 9 %, the
    second at most 7 % more solves than proofs by boxes need at least.

    Parameters
    ----------
    lower
        Proven lower bounds, shape (u, p).
    scale, top
        Range of each objective, and where a box without an upper corner is taken to end, shape (p,).
    sweep
        The objective of a sweep.
    barred
        Pairs that may not be chosen, shape (u, p).

    Returns
    -------
    Row of the zone and axis; None when no pair may be chosen.
    """
    allowed = np.ones((len(zones), zones.axes), dtype=bool) if barred is None else ~barred
    if sweep is not None:
        allowed = allowed & (np.arange(zones.axes) == sweep)
    zone, axis = np.nonzero(allowed)
    if len(zone) == 0:
        return None
    first = -settled(zones, lower)[zone, axis].astype(float) if sweep is None else zones.columns[sweep, zone]
    sides = np.maximum((np.minimum(zones.upper, top) - lower) / scale, TINY)
    best = np.lexsort((-np.log(sides).sum(axis=1)[zone], first))[0]
    return int(zone[best]), int(axis[best])


def _check(zones: Zones, z: Floats, index: int) -> None:
    if z.shape != zones.upper0.shape:
        raise ValueError(f"a point of shape {z.shape} in zones of {zones.axes} objectives")
    if np.isnan(z).any():
        raise ValueError("a point has a value that is not a number")
    if index < 0 or (index < zones.points.shape[1] and not np.isnan(zones.points[0, index])):
        raise ValueError(f"index {index} is negative or names another point already")


def _touched(zones: Zones, z: Floats, below: Mask, index: int) -> Zones:
    """The same zones, with the new point in N_k(u) where it lies on a face, less what it dominates."""
    stale = np.logical_and.reduce(zones.points >= z[:, None], axis=0)
    if stale.any():
        live = ~stale[zones.member]
        zones = replace(zones, zone=zones.zone[live], axis=zones.axis[live], member=zones.member[live])
    level = zones.columns == z[:, None]
    if not level.any():
        return zones
    axis, zone = np.nonzero(level & (np.add.reduce(below, axis=0, dtype=np.int8) == zones.axes - 1))
    return replace(
        zones,
        zone=np.concatenate([zones.zone, zone]),
        axis=np.concatenate([zones.axis, axis]),
        member=np.concatenate([zones.member, np.full(len(zone), index)]),
    )


def _children(zones: Zones, z: Floats, split: Ints, index: int) -> Zones:
    """What is left of the zones that hold the point strictly; `parent` is their row there.

    A zone u leaves, for each axis k, the candidate u with ``u_k = z_k``. It is kept when each other axis
    still has a defining point, one with ``n_k < z_k``, or the initial bound: else another zone contains it.
    """
    columns = np.repeat(zones.columns[:, split], zones.axes, axis=1)
    cut = np.tile(np.arange(zones.axes), len(split))
    rows = np.arange(len(cut))
    columns[cut, rows] = z[cut]
    zone, axis, member = _inherited(zones, z, split)
    zone, axis = np.concatenate([zone, rows]), np.concatenate([axis, cut])
    member = np.concatenate([member, np.full(len(rows), index)])
    held = columns == zones.upper0[:, None]
    held[axis, zone] = True
    candidates = Zones(columns, rows, zone, axis, member, zones.points, zones.upper0)
    # A corner at -inf bounds an empty box.
    kept = select(candidates, np.logical_and.reduce(held, axis=0) & (z[cut] > -np.inf))
    return replace(kept, parent=split[kept.parent // zones.axes])


def _inherited(zones: Zones, z: Floats, split: Ints) -> tuple[Ints, Ints, Ints]:
    """Triples of N_j that candidate k of each split zone keeps: members of axes j != k with ``n_k < z_k``."""
    place = np.full(len(zones), NONE)
    place[split] = np.arange(len(split)) * zones.axes
    mine = np.flatnonzero(place[zones.zone] != NONE)
    first, axis, member = place[zones.zone[mine]], zones.axis[mine], zones.member[mine]
    passes = zones.points[:, member] < z[:, None]
    passes[axis, np.arange(len(mine))] = False
    cut, which = np.nonzero(passes)
    return first[which] + cut, axis[which], member[which]


def _noted(points: Floats, z: Floats, index: int) -> Floats:
    """The table of points with one more, nan where an index was never inserted."""
    table = np.full((len(z), max(points.shape[1], index + 1)), np.nan)
    table[:, : points.shape[1]] = points
    table[:, index] = z
    return table
