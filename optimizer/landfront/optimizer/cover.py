"""What points and facts leave open for any number of objectives: how far an unseen plan can be from a point.

Pure geometry in minimisation form, no solver. Notation: points a, facts f with weights w, cap v and bound b,
scale s, search zones ``{y : y < u}`` of the points (`zones`).

* y is *missed* by t when no point is within t ranges of it, that is when no ``a <= y + t s``. All such y are
  the open boxes ``{y < u - t s}`` of the zones.
* What a fact excludes, ``{y <= v, w @ y < b}``, holds every y below any of its own: w is not negative. So
  facts exclude all of a box if and only if *one* fact excludes its top corner.

Hence the largest distance at which a zone can still hold an unseen y is exactly

    size(u) = min over f of max(0, max_i (u_i - v_i) / s_i, (w @ u - b) / (w @ s))

and the coverage is the largest size of a zone: half-planes and capped facts count in full, and nothing has to
be cut into corners. On a lattice, y < u means ``y <= u - step``, which moves the top corner down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import zones as search_zones
from landfront.optimizer.certify import half_plane
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.zones import Zones

Mask = NDArray[np.bool_]

SLACK = 1e-6
"""Share of a lattice step within which two lattice values are the same."""

ROUNDING = 1e-13
"""Share of its terms by which ``weights @ y`` may be off: a few unit roundings per objective."""

BLOCK = 1 << 20
"""Pairs of zone and fact that are looked at together: more would not fit the processor's cache."""


@dataclass(frozen=True)
class Excluded:
    """Sets without a feasible y: ``{y <= upper, weights @ y < beta}``, one per row.

    Attributes
    ----------
    weights, upper
        Shape (f, p); weights not negative, upper infinite where free.
    beta
        Shape (f,); infinite when there is no feasible y below the cap at all.
    most
        Proven largest value of each objective over all feasible y, shape (p,); infinite where unknown.
    """

    weights: Floats
    upper: Floats
    beta: Floats
    most: Floats

    def __len__(self) -> int:
        return len(self.beta)


def excluded(facts: Iterable[Fact], steps: Floats) -> Excluded:
    """Collect what the facts exclude; those with weights of both signs exclude no box and are left out."""
    p = len(steps)
    rows: list[tuple[Floats, Floats, float]] = []
    most = np.full(p, inf)
    for fact in facts:
        weights, beta = half_plane(fact) if fact.proof == "recomputed" else (fact.weights, fact.beta)
        upper = np.full(p, inf) if fact.proof == "recomputed" else fact.upper
        if beta == inf:
            rows.append((np.zeros(p), fact.upper, inf))
        elif np.isfinite(beta) and np.all(weights >= 0) and np.any(weights > 0):
            rows.append((weights, upper, beta))
            rows.extend(_corners(fact, steps))
        elif np.isfinite(beta) and np.all(weights <= 0) and np.count_nonzero(weights) == 1:
            axis = int(np.argmin(weights))
            if np.isinf(upper).all():
                most[axis] = min(most[axis], beta / weights[axis])
    weights = np.array([row[0] for row in rows]).reshape(-1, p)
    upper = np.array([row[1] for row in rows]).reshape(-1, p)
    return Excluded(weights, upper, np.array([row[2] for row in rows]), most)


def _corners(fact: Fact, steps: Floats) -> list[tuple[Floats, Floats, float]]:
    """The empty corner on each lattice axis whose value the fact bounds at its cap, just below that bound.

    Continuously the corner is part of what the fact excludes; on a lattice it reaches up to the next value.
    """
    found = []
    for axis in np.flatnonzero((fact.weights > 0) & (steps > 0)):
        others = np.delete(fact.weights * np.where(fact.weights > 0, fact.upper, 0.0), axis)
        bound = (fact.beta - others.sum()) / fact.weights[axis]
        if np.isfinite(bound):
            upper = fact.upper.copy()
            upper[axis] = min(upper[axis], bound - 3 * SLACK * steps[axis])
            found.append((np.zeros(len(steps)), upper, inf))
    return found


class Cover:
    """The open zones of an archive with their sizes, fed with points and facts as they come.

    Attributes
    ----------
    zones
        Search zones of the points; ``zones.upper`` has shape (u, p).
    size
        A point is within this share of the range of every unseen y in the zone, shape (u,); inf if unknown.
    need
        The same with distances that count only in real-valued objectives, and infinite where a lattice value
        could be missed: at most the gap in every zone means that nothing is missing, shape (u,).
    """

    def __init__(self, *, scale: Floats, steps: Floats) -> None:
        self.scale, self.steps = np.asarray(scale, dtype=np.float64), np.asarray(steps, dtype=np.float64)
        self.zones: Zones = search_zones.start(np.full(len(self.scale), inf))
        self.excluded = excluded((), self.steps)
        self.size, self.need = np.full(1, inf), np.full(1, inf)
        self._points = 0

    @property
    def coverage(self) -> float:
        """Every feasible y is within this share of the range of a point."""
        return float(self.size.max(initial=0.0))

    @property
    def missing(self) -> float:
        """The largest `need`."""
        return float(self.need.max(initial=0.0))

    @property
    def widest(self) -> int:
        """The zone in which a point may be furthest; the first of equals."""
        return int(np.argmax(self.size))

    def corners(self) -> Floats:
        """The empty corner below each zone: no feasible y lies strictly below it, shape (u, p).

        Infinite where the zone is unbounded on an axis, -inf throughout where nothing is proven.
        """
        known = np.isfinite(self.size)[:, None]
        moved = np.where(known, self.size[:, None], 0.0) * self.scale
        whole = self.steps > 0
        step = np.where(whole, self.steps, 1.0)
        moved = np.where(whole, step * np.floor(moved / step + SLACK), moved)
        return np.asarray(np.where(known, self.zones.upper - moved, -inf))

    def add_points(self, points: Floats) -> None:
        """Add points, shape (k, p); those dominated already change nothing."""
        for point in points:
            self._insert(point)
        new = np.isnan(self.size)
        size, need = self._measure(self.zones.upper[new], self.excluded)
        self.size[new], self.need[new] = size, need

    def add_facts(self, facts: Sequence[Fact]) -> None:
        """Add facts."""
        new = excluded(facts, self.steps)
        old = self.excluded
        most = np.minimum(old.most, new.most)
        self.excluded = Excluded(
            np.concatenate([old.weights, new.weights]),
            np.concatenate([old.upper, new.upper]),
            np.concatenate([old.beta, new.beta]),
            most,
        )
        known = self.excluded if np.any(most < old.most) else Excluded(new.weights, new.upper, new.beta, most)
        size, need = self._measure(self.zones.upper, known)
        self.size, self.need = np.minimum(self.size, size), np.minimum(self.need, need)

    def _insert(self, point: Floats) -> None:
        before = self.zones
        self.zones = search_zones.insert(before, point, self._points)
        self._points += 1
        parent = self.zones.parent
        same = np.all(self.zones.columns == before.columns[:, parent], axis=0)
        self.size = np.where(same, self.size[parent], np.nan)
        self.need = np.where(same, self.need[parent], np.nan)

    def _measure(self, tops: Floats, known: Excluded) -> tuple[Floats, Floats]:
        """Size and need of zones, shape (u,) each, by some of the sets."""
        size, need = np.full(len(tops), inf), np.full(len(tops), inf)
        if len(known) == 0:
            return size, need
        free = np.isinf(tops)
        for mask in np.unique(free, axis=0):
            rows = np.flatnonzero(np.all(free == mask, axis=1))
            ruler = _Ruler(known, self.scale, self.steps, free=mask)
            many = max(BLOCK // len(known), 1)
            for part in np.split(rows, range(many, len(rows), many)):
                size[part], need[part] = ruler.measure(tops[part])
        return size, need


def cover(points: Floats, facts: Sequence[Fact], *, scale: Floats, steps: Floats) -> Cover:
    """What the points leave open by the facts.

    Parameters
    ----------
    points
        Minimisation form, shape (s, p); on the lattice where there is one.
    scale
        Range of each objective, shape (p,).
    steps
        Lattice steps, shape (p,), 0 where real-valued.
    """
    known = Cover(scale=scale, steps=steps)
    known.add_points(points)
    known.add_facts(facts)
    return known


class _Ruler:
    """Measures zones that are unbounded on the same axes, `free`, against excluded sets.

    On a free axis a zone ends at the largest value that any feasible y has.
    """

    def __init__(self, known: Excluded, scale: Floats, steps: Floats, *, free: Mask) -> None:
        self.known, self.free = known, free
        self.scale, self.steps = np.where(free, 0.0, scale), np.where(free, 0.0, steps)
        self.lattice = steps > 0
        order = np.argsort(self.steps / scale, kind="stable")
        drop = known.weights * self.steps
        slope = known.weights * self.scale
        # Before the split a zone shrinks with the distance on the axes of `order`, after it by one step.
        parts = [(order[split:], order[:split]) for split in range(len(order) + 1)]
        self.splits = [(drop[:, late].sum(axis=1), slope[:, early].sum(axis=1)) for late, early in parts]
        self.real = (drop.sum(axis=1), slope[:, ~self.lattice].sum(axis=1))
        whole = self.lattice.any()
        reach = np.where(np.isfinite(known.beta), np.abs(known.beta), 0.0)
        self.noise = ROUNDING * reach if whole else np.zeros(len(known))

    def measure(self, tops: Floats) -> tuple[Floats, Floats]:
        """Size and need, shape (u,) each."""
        tops = np.where(self.free, self.known.most, tops)
        excess = self._excess(tops)
        at, exact = self._caps(tops)
        shares = [
            _share(excess, *split) for split in self.splits if self.lattice.any() or split is self.splits[-1]
        ]
        size = np.maximum(at, np.minimum.reduce(shares)).min(axis=1)
        if not self.lattice.any():
            return size, size
        need = np.maximum(exact, _share(excess, *self.real)).min(axis=1)
        return size, need

    def _excess(self, tops: Floats) -> Floats:
        """By how much the top's ``weights @ u`` is above the bound, shape (u, f)."""
        total = -self.known.beta + self.noise + np.zeros((len(tops), 1))
        for weight, top in zip(self.known.weights.T, tops.T, strict=True):
            used = np.flatnonzero(weight)
            term = weight[used] * top[:, None]
            total[:, used] += term
            if self.lattice.any():
                total[:, used] += ROUNDING * np.abs(term)
        return total

    def _caps(self, tops: Floats) -> tuple[Floats, Floats]:
        """How far the zones must shrink to fit below the caps, in `size` and in `need`, shape (u, f) each."""
        size = np.zeros((len(tops), len(self.known)))
        need = size.copy()
        for axis, upper in enumerate(self.known.upper.T):
            used = np.flatnonzero(np.isfinite(upper))
            over = tops[:, axis, None] - upper[used]
            if self.free[axis]:
                share = exact = np.where(over > 0, inf, 0.0)
            elif self.lattice[axis]:
                steps = np.ceil(over / self.steps[axis] - SLACK) - 1
                share = steps * self.steps[axis] / self.scale[axis]
                exact = np.where(steps > 0, inf, 0.0)
            else:
                share = exact = over / self.scale[axis]
            size[:, used] = np.maximum(size[:, used], share)
            need[:, used] = np.maximum(need[:, used], exact)
        return size, need


def _share(excess: Floats, drop: Floats, slope: Floats) -> Floats:
    """The least t >= 0 with ``drop + t slope >= excess``, strictly where t does not matter."""
    left = excess - drop
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(left < 0, 0.0, np.where(slope > 0, left / slope, inf)))
