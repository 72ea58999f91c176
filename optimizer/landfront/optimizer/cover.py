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
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import zones as search_zones
from landfront.optimizer.excluded import SLACK, Excluded, excluded
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.zones import Zones

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

ROUNDING = 1e-13
"""Share of its terms by which ``weights @ y`` may be off: many times the unit rounding."""

FAR = 1e200
"""Beyond any value, and still finite with a weight of any size, so that times a zero weight it is zero."""

STEPS = 8
"""Steps back on a lattice that are tried at most: more may tell that a distance is smaller still."""

UNKNOWN = 1e100
"""A distance beyond this comes from `FAR`: nothing is proven."""

BLOCK = 1 << 18
"""Pairs of zone and fact that are looked at together: more would not fit the processor's cache."""


@dataclass(frozen=True)
class Ruler:
    """How distances are measured: in lattice steps where there is a lattice, in ranges elsewhere.

    Attributes
    ----------
    scale
        Range of each objective, shape (p,).
    steps
        Lattice steps, shape (p,), 0 where real-valued.
    anchor
        A value on each lattice, shape (p,).
    """

    scale: Floats
    steps: Floats
    anchor: Floats

    @cached_property
    def whole(self) -> Mask:
        """Which objectives lie on a lattice, shape (p,)."""
        return np.asarray(self.steps > 0)

    @cached_property
    def unit(self) -> Floats:
        """Step, or range where there is none, shape (p,)."""
        return np.where(self.whole, self.steps, self.scale)

    def tops(self, upper: Floats) -> Floats:
        """Largest value below each zone's corner in units from the anchor, shape (u, p)."""
        at = (upper - self.anchor) / self.unit
        return np.where(self.whole, np.rint(at) - 1, at)

    def caps(self, upper: Floats) -> Floats:
        """Largest value up to each cap in units from the anchor, shape (f, p)."""
        at = (upper - self.anchor) / self.unit
        return np.where(self.whole, np.floor(at + SLACK), at)

    def floor(self, most: Floats) -> Floats:
        """The largest value that each objective takes up to a bound, shape (p,)."""
        return np.where(self.whole, self.anchor + self.caps(most) * self.unit, most)

    def ends(self, upper: Floats) -> Floats:
        """Where values above each cap begin: at the next lattice value, shape (f, p)."""
        return np.where(self.whole, self.anchor + (self.caps(upper) + 1) * self.unit, upper)


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

    def __init__(self, *, scale: Floats, steps: Floats, anchor: Floats) -> None:
        """As in `cover`."""
        self.ruler = Ruler(scale, steps, anchor)
        self.zones: Zones = search_zones.start(np.full(len(scale), inf))
        self.excluded = excluded((), steps)
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

    def corners(self) -> Floats:
        """Corners below the zones and corners of the facts: no feasible y lies strictly below one.

        Shape (c, p); infinite where unbounded.
        """
        ruler, known = self.ruler, np.isfinite(self.size)
        moved = self.size[known, None] * ruler.scale
        moved = np.where(ruler.whole, ruler.unit * np.floor(moved / ruler.unit + SLACK), moved)
        stated = self.excluded.upper[np.isinf(self.excluded.beta)]
        return np.concatenate([self.zones.upper[known] - moved, ruler.ends(stated)])

    def below(self, starts: Floats) -> Floats:
        """The empty corner that is first met from each start, shape (k, p), towards better values of all."""
        real = Ruler(self.ruler.scale, np.zeros_like(self.ruler.steps), self.ruler.anchor)
        size, _ = _measure(starts, replace(self.excluded, upper=self.ruler.ends(self.excluded.upper)), real)
        return np.asarray((starts - size[:, None] * real.scale)[np.isfinite(size)])

    def add_points(self, points: Floats) -> None:
        """Add points, shape (k, p); those dominated already change nothing."""
        for point in points:
            self._insert(point)
        new = np.isnan(self.size)
        self.size[new], self.need[new] = _measure(self.zones.upper[new], self.excluded, self.ruler)

    def add_facts(self, facts: Iterable[Fact]) -> None:
        """Add facts."""
        new, before = excluded(facts, self.ruler.steps), self.excluded
        self.excluded = before | new
        # A lower end of the unbounded zones makes more of the facts that are known already.
        most = self.excluded.most
        known = (
            self.excluded if np.any(most < before.most) else Excluded(new.weights, new.upper, new.beta, most)
        )
        size, need = _measure(self.zones.upper, known, self.ruler)
        self.size, self.need = np.minimum(self.size, size), np.minimum(self.need, need)

    def _insert(self, point: Floats) -> None:
        before = self.zones
        self.zones = search_zones.insert(before, point, self._points)
        self._points += 1
        parent = self.zones.parent
        same = np.all(self.zones.columns == before.columns[:, parent], axis=0)
        self.size = np.where(same, self.size[parent], np.nan)
        self.need = np.where(same, self.need[parent], np.nan)


def cover(points: Floats, facts: Sequence[Fact], *, scale: Floats, steps: Floats, anchor: Floats) -> Cover:
    """What the points leave open by the facts.

    Parameters
    ----------
    points
        Minimisation form, shape (s, p); on the lattice where there is one.
    scale
        Range of each objective, shape (p,).
    steps
        Lattice steps, shape (p,), 0 where real-valued.
    anchor
        A value on each lattice, shape (p,): the offsets of a program.
    """
    known = Cover(scale=scale, steps=steps, anchor=anchor)
    known.add_points(points)
    known.add_facts(facts)
    return known


def _measure(corners: Floats, known: Excluded, ruler: Ruler) -> tuple[Floats, Floats]:
    """Size and need of zones, shape (u,) each, by some of the sets."""
    size, need = np.full(len(corners), inf), np.full(len(corners), inf)
    free = np.isinf(corners)
    for mask in np.unique(free, axis=0):
        rows = np.flatnonzero(np.all(free == mask, axis=1))
        measure = _Measure(known, ruler, free=mask)
        many = max(BLOCK // max(len(known), 1), 1)
        for part in np.split(rows, range(many, len(rows), many)):
            size[part], need[part] = measure(corners[part])
    return np.where(size > UNKNOWN, inf, size), np.where(need > UNKNOWN, inf, need)


class _Measure:
    """Measures zones that are unbounded on the same axes, `free`, against excluded sets.

    On a free axis a zone ends at the largest value that any feasible y has, on a lattice at the last value up
    to the proven bound: a search closes such a zone by the same.
    """

    def __init__(self, known: Excluded, ruler: Ruler, *, free: Mask) -> None:
        self.ruler, self.free, self.most = ruler, free, ruler.floor(np.minimum(known.most, FAR))
        known = known[np.all((self.most <= known.upper) | ~free, axis=1)]
        empty = np.isinf(known.beta)
        self.corners = ruler.caps(known.upper[empty])
        self.slabs = known[~empty]
        self.caps = ruler.caps(self.slabs.upper)
        self.mixed = bool(ruler.whole.any() and not ruler.whole.all())
        self.drop = self.slabs.weights * np.where(free, 0.0, ruler.steps)
        self.slope = self.slabs.weights * np.where(free, 0.0, ruler.scale)

    def __call__(self, upper: Floats) -> tuple[Floats, Floats]:
        """Size and need of zones, shape (u,) each."""
        tops, ends = self.ruler.tops(upper), np.where(self.free, self.most, upper)
        size = self._size(tops, ends)
        if self.mixed:
            return size, self._need(tops, ends)
        return size, np.where(size > 0, inf, 0.0) if self.ruler.whole.all() else size

    def _size(self, tops: Floats, ends: Floats) -> Floats:
        ratio = self.ruler.unit / self.ruler.scale
        best = self._over(tops, self.corners, ratio).min(axis=1, initial=inf)
        over = self._over(tops, self.caps, ratio)
        zone, slab = np.nonzero(over < best[:, None])
        np.minimum.at(best, zone, np.maximum(over[zone, slab], self._share(ends[zone], slab)))
        return np.asarray(best)

    def _excess(self, ends: Floats, slab: Rows) -> tuple[Floats, Floats]:
        """By how much ``weights @ y`` is above the bound at the ends, shape (k, p), of pairs; and its noise.

        Summed axis by axis, so that it does not depend on what else is looked at.
        """
        excess = -self.slabs.beta[slab]
        size = np.abs(excess)
        for weight, end in zip(self.slabs.weights.T, ends.T, strict=True):
            term = weight[slab] * end
            excess = excess + term
            size += np.abs(term)
        return excess, ROUNDING * size

    def _over(self, tops: Floats, caps: Floats, ratio: Floats) -> Floats:
        """How far zones must shrink to fit below caps, as a share of the range, shape (u, f)."""
        over = np.zeros((len(tops), len(caps)))
        for axis in np.flatnonzero(~self.free):
            np.maximum(over, (tops[:, axis, None] - caps[:, axis]) * ratio[axis], out=over)
        return over

    def _share(self, ends: Floats, slab: Rows) -> Floats:
        """The least t >= 0 at which the top corner of a zone that shrinks by t is excluded, by pair.

        On an axis it lies at least ``max(step, t scale)`` below u. The axes on which that is ``t scale`` come
        in the order of step over scale: their number is tried, and the right one gives the least t.
        """
        excess, noise = self._excess(ends, slab)
        whole = self.ruler.whole
        order = np.argsort(self.ruler.steps / self.ruler.scale, kind="stable")
        drop, slope = self.drop[:, order], self.slope[:, order]
        least = np.full(len(excess), inf)
        for split in range(0 if whole.any() else len(order), len(order) + 1):
            late, early = drop[:, split:].sum(axis=1), slope[:, :split].sum(axis=1)
            least = np.minimum(least, _reached(excess - late[slab], noise, early[slab]))
        return self._stepped(least, ends, slab) if np.any(whole & ~self.free) else least

    def _stepped(self, share: Floats, ends: Floats, slab: Rows) -> Floats:
        """Less where there are lattices, on which the top corner moves in steps, and always by one at least.

        It is looked whether the last step on some axis was needed, while the real-valued axes move on.
        """
        whole, least = self.ruler.whole & ~self.free, share.copy()
        steps, ratio = self.ruler.steps[whole], (self.ruler.steps / self.ruler.scale)[whole]
        real = self.slope[:, ~whole].sum(axis=1)
        at = np.flatnonzero((share > 0) & np.isfinite(share))
        for _ in range(STEPS):
            found = least[at].copy()
            for before in (ratio * (np.ceil(found[:, None] / ratio - SLACK) - 1)).T:
                top = ends[at]
                top[:, whole] -= steps * (np.floor(before[:, None] / ratio + SLACK) + 1)
                again = _reached(*self._excess(top, slab[at]), real[slab[at]])
                found = np.minimum(found, np.maximum(again, before))
            better = found < least[at]
            least[at] = found
            at = at[better & (found > 0)]
            if len(at) == 0:
                break
        return least

    def _need(self, tops: Floats, ends: Floats) -> Floats:
        whole = self.ruler.whole
        exact = self._exact(tops, self.caps)
        zone, slab = np.nonzero(exact < inf)
        drop, slope = self.drop.sum(axis=1)[slab], self.slope[:, ~whole].sum(axis=1)[slab]
        excess, noise = self._excess(ends[zone], slab)
        best = self._exact(tops, self.corners).min(axis=1, initial=inf)
        np.minimum.at(best, zone, np.maximum(exact[zone, slab], _reached(excess - drop, noise, slope)))
        return np.asarray(best)

    def _exact(self, tops: Floats, caps: Floats) -> Floats:
        """The same as `_over`, but infinite where a lattice value is above its cap."""
        whole = self.ruler.whole
        real = self._over(np.where(whole, -inf, tops), caps, np.ones(len(whole)))
        lattice = self._over(np.where(whole, tops, -inf), caps, np.ones(len(whole)))
        return np.where(lattice > 0, inf, real)


def _reached(left: Floats, noise: Floats, slope: Floats) -> Floats:
    """The least t >= 0 with ``t slope >= left``, strictly where the slope is zero, by element."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(slope > 0, np.maximum(left, 0.0) / slope, inf)
    return np.asarray(np.where(left + noise < 0, 0.0, share))
