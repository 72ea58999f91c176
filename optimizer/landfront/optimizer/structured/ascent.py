"""Ascent of the dual: prices of the rows by Newton steps on smoothed minima, from small samples to all
groups.

The least cost of each group is smoothed by an entropy, whose width falls from the size of a group's costs
to a sliver of it (Y. Nesterov, Smooth minimization of non-smooth functions, Mathematical Programming 103,
2005). Few groups are near a tie at a small width, so that a Hessian costs little more than a pass. Wide
levels look at a sample of the groups: what a sample does not know, later levels mend.

The result is where the exact solve starts (`exact`); nothing is proven here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.structured.loose import bounded, loose_part, loose_widths
from landfront.optimizer.structured.passes import Active, Passes
from landfront.optimizer.structured.scalar import Scalar

WIDEST = 0.25
"""Width of the first level as a share of the typical cost of a group."""

NARROWER = 3.5
"""Each level is narrower by this."""

NARROWEST = 3e-3
"""The last width, as a share of the finest differences of costs: groups that are tied then stay tied, and
what they choose at prices of this size they choose at smaller ones."""

FINEST = 0.02
"""Share of the differences of costs in a group, those of 0 left out, that are finer than the finest."""

LARGER = 6
"""A sample that shows few near ties gives way to one with so many times more groups."""

SCREENED = 0.2
"""A sample of more than this share of the groups gives way to all groups near a tie, which are as many."""

MANY = 50_000
"""Groups from which on those near a tie are taken out: of fewer, all are looked at as fast."""

MARGIN = 80.0
"""Groups are near a tie within so many widths. Beyond `kernels.FAR` they have no part in the smoothed
minimum, but prices move: with 10 to 20 all groups had to be asked more often, and a front of a million groups
took 86 to 105 s, with 40 it took 69 s, with 80 63 s."""

MOST_ACTIVE = 0.5
"""Share of the groups near a tie from which on all are looked at."""

KNOWN = 0.5
"""Share of the margin by which prices may move over the groups near a tie, each by what a group typically
uses of its row: beyond that, the others would choose otherwise."""

MORE_KNOWN, LESS_KNOWN = 2.0, 4.0
"""It is larger by this where the others agreed, smaller where they did not."""

AGAIN = 8
"""How often the groups near a tie are taken out anew at one width before all are looked at."""

BOX_STEPS = 12
"""Most Newton steps over the groups near a tie at a time."""

LAST = 2.0
"""Groups near a tie in the last sample at which it is left, in units of `FEW`: what follows looks at those
near a tie alone, which are fewer when the sample has led to a smaller width, but cost more steps when it
led astray."""

LASTING = 0.5
"""Groups near a tie are tied for good where a narrower width leaves more than this share of them."""

CERTAIN = 10 * tolerances.SOLVER_FEASIBILITY
"""A row that must be missed by more than this share of its size makes a contradiction for certain."""

DEARER = 0.1
"""Above what the dearest solution of a sample costs by this share of it, the dual is without end."""

TINY = 1e-300
"""In place of 0 as the longest step of a price that may not move."""

FEW = 40
"""Groups near a tie per row that tell how prices move them; with fewer, steps follow the sample's
accidents."""

FEWEST = 20
"""Rows that are counted at least."""

FEW_OF_ALL = 0.5
"""Share of the groups that are never few: else the exact solution would be left with too much."""

FLOOR = 1e-7
"""Differences of costs that are smaller than this share of a typical one are rounding."""

LEAST = 1e-5
"""The last width where noise breaks ties, as a share of it: fewer and fewer groups are near one."""

NOISE = 0.01
"""What breaks ties, as a share of the finest differences of costs, or of the width at which groups are tied
for good."""

TIES = 0.02
"""Share of columns that cost the same as the cheapest of their group up to which ties do no harm."""

WARM = 0.002
"""Width of the first level from prices of a similar problem."""

SAMPLE = 20_000
"""Groups that are looked at to compare prices."""

LINKS = 3
"""Loose columns through which a row gets its size from others at most."""

TYPICAL = 2000
"""Groups that are looked at to tell what is typical."""

STEPS = 6
"""Most Newton steps of a level, those aside that move some price as far as they may."""

MOST_STEPS = 40
"""Most with those, where groups of all kinds are looked at."""

DONE = 0.2
"""A level ends when a step promises less than this share of what smoothing itself is off by."""

SHRINK = 0.3
"""Of a step that did not help."""

TRUST = 8.0
"""A step changes the price of what a group typically uses of a row by at most so many widths: a group that is
further from a tie counts for nothing in the quadratic model."""

LONGER = 3.0
"""A price that took its longest step may go so many times further in the next one."""

FLAT = 1e-3
"""Least curvature of a row, as a share of what is missing in it per longest step."""

TRIES = 4
"""Lengths of a step that are tried."""


@dataclass(frozen=True)
class State:
    """Prices, and what a pass at a width said of them; the dual is to be maximised.

    Attributes
    ----------
    prices
        Multipliers of the rows, shape (k,).
    value
        Of the smoothed dual.
    gradient, curvature
        Of the smoothed dual, its Hessian negated, shapes (k,), (k, k).
    near
        Groups of the sample near a tie.
    below
        Rows held against their lower bound, whose prices may not be negative; others may not be positive.
    """

    prices: Floats
    value: float
    gradient: Floats
    curvature: Floats
    near: int
    below: NDArray[np.bool_]


@dataclass(frozen=True)
class Start:
    """Where the exact solution starts.

    Attributes
    ----------
    prices
        Shape (k,).
    active
        The groups near a tie, None for all.
    noise
        What breaks ties, 0 where none is needed.
    """

    prices: Floats
    active: Active | None
    noise: float


class MustMissError(Exception):
    """Prices prove that rows must be missed, by so much of their sizes in all."""

    def __init__(self, missed: float, prices: Floats) -> None:
        """Keep the prices, shape (k,)."""
        self.prices = prices
        super().__init__(f"rows must be missed by at least {missed:.3g} of their size in all")


class Ascent:
    """Prices for scalar problems over one program."""

    def __init__(self, passes: Passes, sizes: Floats | None = None) -> None:
        """`sizes` are those of the rows where they are known, see `sizes`."""
        self._passes = passes
        self._groups = passes.groups
        if sizes is not None:
            self.sizes = sizes

    def cold(self, scalar: Scalar, *, deadline: float) -> Start:
        """Prices from nothing."""
        width = WIDEST * self._unit(scalar, scalar.first)
        return self._levels(scalar, scalar.first, width, 2 * self._few, deadline=deadline)

    def warm(self, scalar: Scalar, prices: Floats, *, deadline: float) -> Start:
        """Better prices from those of a similar problem; from nothing where those are worse than none."""
        if not self._better(scalar, prices, scalar.first):
            return self.cold(scalar, deadline=deadline)
        width = WARM * self._unit(scalar, prices)
        return self._levels(scalar, prices, width, 2 * LARGER * self._few, deadline=deadline)

    def _better(self, scalar: Scalar, one: Floats, two: Floats) -> bool:
        """Whether prices promise a better bound than others, by a sample."""
        scalar = bounded(scalar, self.sizes, self._groups)
        sample = self._over(self._passes.sample(SAMPLE))
        width = NARROWEST * self._unit(scalar, two)
        soft = sample._soft(scalar, two, width)
        first, second = (sample._state(scalar, prices, width, soft) for prices in (one, two))
        return first.value > second.value

    def _over(self, passes: Passes) -> Ascent:
        """The same over some of the groups."""
        return Ascent(passes, self.sizes)

    @property
    def _few(self) -> int:
        most = max(int(FEW_OF_ALL * self._groups), FEWEST)
        return min(FEW * max(self._passes.rows, FEWEST), most)

    def _levels(self, scalar: Scalar, prices: Floats, width: float, wanted: int, *, deadline: float) -> Start:
        """From one width to narrower ones, on samples of at least the `wanted` number of groups at first.

        Once a sample would be a large part of the groups, those near a tie take its place.

        Raises
        ------
        MustMissError
            If prices prove that there is no solution: without it they would rise without end.
        """
        scalar = bounded(scalar, self.sizes, self._groups)
        prices = scalar.within_signs(prices)
        reach, narrowest = np.ones(len(prices)), LEAST * scalar.noise
        if scalar.noise == 0:
            narrowest = NARROWEST * self._finest(scalar, scalar.first)
        level, problem = self._over(self._passes.sample(wanted)), scalar
        active: Active | None = None
        ceiling = level._dearest(scalar)
        margin, ties, again, known = 0.0, inf, 0, KNOWN
        while True:
            before = prices
            box = inf if active is None else known * margin
            soft = level._soft(problem, prices, width)
            state, settled = level._level(problem, prices, width, soft, reach, box)
            prices, late = state.prices, monotonic() > deadline
            near = max(state.near, self._adrift(state))
            if active is None and state.value > ceiling:
                missed = self._must_miss(scalar, prices)
                if missed > CERTAIN:
                    raise MustMissError(missed, prices)
            # Few groups near a tie are left to the exact solution, whatever prices they ask for.
            if active is not None and not settled and near >= self._few and not late:
                # Prices may have gone further than the groups near a tie know: do others agree?
                again += 1
                wider = self._passes.active(scalar.price(prices), margin, noise=scalar.noise)
                gain = self._least(scalar, prices, wider, soft) - self._least(scalar, before, active, soft)
                if gain > 0:
                    active, known = wider, known * MORE_KNOWN
                    problem, level = scalar.without(active.used), self._over(active.passes)
                else:
                    prices, known = before, known / LESS_KNOWN
                if again > AGAIN:
                    active, level, problem = None, self, scalar
                if not 0 < gain <= DONE * width * near:
                    continue
            again, known, weight = 0, KNOWN, level._passes.weight
            few = self._groups >= MANY and near * weight <= MOST_ACTIVE * self._groups
            last = weight > 1 and LARGER * wanted > SCREENED * self._groups
            lasting = width < narrowest and near * weight > LASTING * ties
            ties = near * weight
            if lasting and weight == 1 and scalar.noise == 0 and near >= self._few and not late:
                # Whole classes of groups are tied at these prices, and would all choose alike.
                scalar, ties = replace(scalar, noise=NOISE * width), inf
                problem = scalar
                if active is not None:
                    active = self._passes.active(scalar.price(prices), margin, noise=scalar.noise)
                    problem, level = scalar.without(active.used), self._over(active.passes)
                width, narrowest = scalar.noise, LEAST * scalar.noise
                continue
            enough = near < self._few * (LAST if last and few else 1.0) or lasting
            if self._passes.compact.linked and (weight == 1 or (last and few)):
                # The prices of linked rows zigzag from here on, and boxes of cores (`exact`) end that sooner.
                return Start(prices, None, scalar.noise)
            if late or near == 0 or (weight == 1 and enough):
                return Start(prices, active, scalar.noise)
            margin = MARGIN * width
            if not enough:
                width /= NARROWER
            else:
                wanted *= LARGER
                level = self._over(self._passes.sample(wanted))
            if active is not None or (few and (last if enough else weight == 1)):
                # The last ones are taken from all: the core comes of them.
                every = active is None or near < self._few * NARROWER
                within = self._passes.active if active is None or every else active.nearer
                active = within(scalar.price(prices), margin, noise=scalar.noise)
                problem, level = scalar.without(active.used), self._over(active.passes)

    def _adrift(self, state: State) -> int:
        """Groups that would have to choose otherwise for the rows that have a price to be met."""
        gone = np.where(state.prices != 0, np.abs(state.gradient) / self.sizes, 0.0)
        return int(gone.max(initial=0.0))

    def _dearest(self, scalar: Scalar) -> float:
        """More than any solution costs, infinite where loose columns cost something."""
        if len(scalar.loose_cost):
            return inf
        most = -self._passes.choose(-scalar.base)[0] * self._passes.weight
        least = self._passes.choose(scalar.base)[0] * self._passes.weight
        return most + DEARER * (most - least + abs(most))

    def _must_miss(self, scalar: Scalar, prices: Floats) -> float:
        """Share of their sizes by which rows must be missed in all, as these prices prove (Farkas)."""
        least = self._passes.choose(-prices)[0] + scalar.paid(prices)
        return least / float(np.abs(prices) @ self.sizes)

    def _least(self, scalar: Scalar, prices: Floats, active: Active, soft: Floats) -> float:
        """The dual at the prices that chose the groups near a tie."""
        value = active.total(scalar.price(prices)) + scalar.paid(prices)
        if len(scalar.loose_cost):
            value += loose_part(scalar, prices, soft)[0]
        return value

    @cached_property
    def _typical(self) -> tuple[sp.csc_array, Ints]:
        """Coefficients of some groups' columns, and where each group starts in them."""
        groups = np.arange(0, self._groups, max(self._groups // TYPICAL, 1))
        starts = self._passes.compact.arrays.starts
        sizes = starts[groups + 1] - starts[groups]
        first = np.cumsum(sizes) - sizes
        columns = np.arange(sizes.sum()) + np.repeat(starts[groups] - first, sizes)
        return self._passes.matrix(columns), first

    @cached_property
    def sizes(self) -> Floats:
        """Mean absolute coefficient of each row where it has one, shape (k,).

        Rows of loose columns alone have the size that those columns bring from other rows; 1 without any.
        """
        used = abs(self._typical[0])
        filled = np.bincount(used.indices, weights=used.data > 0, minlength=self._passes.rows)
        total = np.asarray(used.sum(axis=1)).ravel()
        return linked_sizes(total / np.maximum(filled, 1), self._passes.compact.loose)

    def without_ties(self, scalar: Scalar) -> Scalar:
        """The problem with a noise that breaks ties, where some columns of a group cost the same.

        Tied groups choose all alike at any price that is off by a little, which no small core can mend.
        """
        loss = self._losses(scalar, scalar.first)
        ties = np.count_nonzero(loss == 0) - len(self._typical[1])
        if ties <= TIES * len(loss):
            return scalar
        return replace(scalar, noise=NOISE * self._finest(scalar, scalar.first))

    def _losses(self, scalar: Scalar, prices: Floats) -> Floats:
        """What columns of typical groups cost more than the cheapest."""
        matrix, first = self._typical
        cost = scalar.price(prices) @ matrix
        sizes = np.diff(first, append=len(cost))
        return np.asarray(cost - np.repeat(np.minimum.reduceat(cost, first), sizes))

    def _unit(self, scalar: Scalar, prices: Floats) -> float:
        """Typical difference of the costs in a group."""
        unit = float(np.mean(np.maximum.reduceat(self._losses(scalar, prices), self._typical[1])))
        return unit if unit > 0 else 1.0

    def _finest(self, scalar: Scalar, prices: Floats) -> float:
        """A small difference of the costs in a group that are not equal: objectives may differ in scale."""
        loss = self._losses(scalar, prices)
        loss = loss[loss > 0]
        unit = self._unit(scalar, prices)
        finest = max(float(np.quantile(loss, FINEST)), FLOOR * unit) if len(loss) else unit
        return min(finest, scalar.noise) if scalar.noise > 0 else finest

    def _level(
        self, scalar: Scalar, prices: Floats, width: float, soft: Floats, reach: Floats, box: float
    ) -> tuple[State, bool]:
        """Newton steps at one width, and those of loose columns (`soft`).

        `reach` are the longest steps, which grow where they were too short. No price changes what a group
        typically uses of a row by more than `box`. Whether no price had further to go that matters comes back
        too.
        """
        state = self._state(scalar, prices, width, soft)
        free, settled = 0, True
        for _ in range(MOST_STEPS if box == inf else BOX_STEPS):
            longest = reach * (TRUST * width / self.sizes)
            gone, far = state.prices - prices, box / self.sizes
            low, high = np.maximum(-longest, -far - gone), np.minimum(longest, far - gone)
            step = newton_step(scalar, state, low, high)
            promise = float(state.gradient @ step) / 2
            boxed = np.abs(gone + step) > 0.99 * far
            at_end = (np.abs(step) > 0.99 * longest) & ~boxed
            worth = DONE * width * max(state.near, 1) * self._passes.weight
            settled = promise <= worth or not at_end.any()
            if boxed.any():
                settled = settled and float(np.abs(state.gradient) @ np.where(boxed, far, 0.0)) <= worth
            free += not at_end.any()
            if not at_end.any() and (promise <= worth or free > STEPS):
                break
            better, length = self._search(scalar, state, step, width, soft)
            reach[:] = np.maximum(
                np.where(at_end & (length == 1.0), reach * LONGER, reach * length / LONGER), 1.0
            )
            if better is None:
                break
            state = better
        return state, settled

    def _search(
        self, scalar: Scalar, state: State, step: Floats, width: float, soft: Floats
    ) -> tuple[State | None, float]:
        """The first of some lengths of a step that helps, and the length."""
        slope = float(state.gradient @ step)
        length = 1.0
        for _ in range(TRIES):
            found = self._state(scalar, scalar.within_signs(state.prices + length * step), width, soft)
            if found.value >= state.value + 1e-4 * length * slope:
                return found, length
            length *= SHRINK
        return None, length

    def _soft(self, scalar: Scalar, prices: Floats, width: float) -> Floats:
        """Widths of the loose columns, shape (loose,)."""
        if not len(scalar.loose_cost):
            return scalar.loose_cost
        price = scalar.price(prices)
        curvature = self._passes.smooth(price, width, noise=scalar.noise, bounded=scalar.bounded)[2]
        return loose_widths(scalar, curvature, self.sizes, width)

    def _state(self, scalar: Scalar, prices: Floats, width: float, soft: Floats) -> State:
        total, usage, curvature, near = self._passes.smooth(
            scalar.price(prices), width, noise=scalar.noise, bounded=scalar.bounded
        )
        total += scalar.paid(prices)
        if len(scalar.loose_cost):
            more, used, bent = loose_part(scalar, prices, soft)
            total, usage, curvature = total + more, usage + used, curvature + bent
        below = scalar.held_below(prices, usage)
        return State(prices, total, scalar.side(below, usage) - usage, curvature, near, below)


def linked_sizes(size: Floats, loose: sp.csc_array) -> Floats:
    """Sizes of rows, shape (k,), of which those that are 0 come from the rows that share a loose column."""
    matrix = sp.coo_array(abs(loose))
    rows, columns, values = (
        matrix.row[matrix.data > 0],
        matrix.col[matrix.data > 0],
        matrix.data[matrix.data > 0],
    )
    size = size.copy()
    for _ in range(LINKS):
        least = np.full(loose.shape[1], inf)
        known = size[rows] > 0
        np.minimum.at(least, columns[known], size[rows[known]] / values[known])
        brought = np.where(np.isfinite(least[columns]), values * least[columns], 0.0)
        found = np.zeros(len(size))
        np.maximum.at(found, rows, brought)
        size = np.where(size > 0, size, found)
    return np.where(size > 0, size, 1.0)


def newton_step(scalar: Scalar, state: State, low: Floats, high: Floats) -> Floats:
    """Step that is best in the quadratic model among those that keep the prices' signs, shape (k,).

    Prices move by at least `low` and at most `high`, shape (k,), between which is 0.
    """
    y, g = state.prices, state.gradient
    reach = np.maximum(high - low, TINY)
    diagonal = np.diagonal(state.curvature).copy()
    diagonal = np.maximum(diagonal, FLAT * np.abs(g) / reach)
    curvature = state.curvature.copy()
    np.fill_diagonal(curvature, diagonal * (1 + 1e-9) + 1e-300)
    high = np.where(state.below & (scalar.lower > -inf), high, np.minimum(high, -y))
    low = np.where(~state.below & (scalar.upper < inf), low, np.maximum(low, -y))
    none = (scalar.lower == -inf) & (scalar.upper == inf)
    low[none] = high[none] = 0.0
    return bounded_quadratic(curvature, g, np.minimum(low, 0.0), np.maximum(high, 0.0))


def bounded_quadratic(H: Floats, g: Floats, low: Floats, high: Floats) -> Floats:
    """``max g @ d - d @ H @ d / 2`` subject to ``low <= d <= high`` (which hold 0), by an active set.

    Columns at a bound are freed when the gradient points inward, and held where a step would leave it. The
    step found is feasible and improving even where the sets have not settled after a few rounds.
    """
    n = len(g)
    d = np.zeros(n)
    held = ((low == 0) & (g <= 0)) | ((high == 0) & (g >= 0))
    for _ in range(20):
        free = np.flatnonzero(~held)
        if not len(free):
            break
        rest = g[free] - H[np.ix_(free, np.flatnonzero(held))] @ d[held]
        d[free] = np.linalg.solve(H[np.ix_(free, free)], rest)
        out = (d < low) | (d > high)
        d = np.clip(d, low, high)
        slope = g - H @ d
        inward = held & (((d <= low) & (slope > 0)) | ((d >= high) & (slope < 0))) & (low < high)
        if not out.any() and not inward.any():
            return d
        held = (held & ~inward) | out
    return improving(H, g, low, high)


def improving(H: Floats, g: Floats, low: Floats, high: Floats) -> Floats:
    """A feasible step that improves the quadratic model, by sweeps over single prices."""
    d = np.zeros(len(g))
    slope = g.copy()
    for _ in range(10):
        for k in range(len(g)):
            move = min(max(d[k] + slope[k] / H[k, k], low[k]), high[k]) - d[k]
            if move:
                d[k] += move
                slope -= H[k] * move
    return d
