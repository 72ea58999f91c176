"""The exact relaxation: a linear program over a core of columns that grows until prices miss none.

At given prices each group has a best column, its reference. Few other columns are near it, and only those
can be in an optimal solution besides the references: the core. A linear program over the core gives new
prices, one pass finds columns outside that are better at these prices, and when there is none the solution
and the prices are optimal for all columns (sifting: R. E. Bixby et al., Very large-scale linear
programming, Operations Research 40, 1992). Rows may be missed in the core at a high price, so that a core
is always feasible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp

from landfront.optimizer import tolerances
from landfront.optimizer.core import MOVES_OF_CLASS, cheapest_of_each, directions
from landfront.optimizer.engine import NONE, Statuses
from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.session import (
    BASIC,
    LOWER,
    QUICK,
    Limits,
    Model,
    Outcome,
    Session,
    power_of_two,
)
from landfront.optimizer.structured.passes import Active, Passes
from landfront.optimizer.structured.scalar import Scalar

CORE = 1000
"""Columns of the first core, besides so many per row (`CORE_PER_ROW`)."""

CORE_PER_ROW = 10

PENALTY = 1e4
"""Price of missing a row by its own size, in units of the largest cost."""

BETTER = 1e-10
"""A column joins the core when it is better by this share of the largest cost: the solver's own tolerance."""

KEPT = 4
"""A core with more columns than so many first cores loses those that are far from a tie: dropping them sooner
brings most of them back."""

ROUNDS = 40
"""Most cores of one solve."""

WIDER = 13
"""Columns near a solution are picked, by what they do to tight rows, from so many times more."""

CHEAPEST = 0.33
"""Share of the columns near a solution that are the cheapest; the others are the cheapest for some row."""

OF_ROW = 1.5
"""Columns for rows, as a share of the columns near a solution: many are for several rows."""

DEAR = 10.0
"""First price of missing a row by its own size: so many times its price there, and the largest cost."""

DEARER = 100.0
"""The price rises by this where rows are still missed."""

MISSED = 1e-9
"""A row that is missed by less than this share of its size is met."""

FEW_NEW = 0.02
"""A core that gained no more than this share of its columns is solved from where the last one ended."""

FAR = 2.0
"""Columns that a first core may miss, as a share of its own, where prices were thought to be near."""

GROWING = 4
"""After so many rounds each, cores may have twice the columns: where many groups are tied, as where the worst
of many regions counts, small ones would only move the misses about."""

BOX = 0.05
"""Half the side of the first box of prices, as a share of the largest price by the size of its row."""

SLIGHT = 1e-3
"""In its place where all prices are 0, as a share of the largest cost."""

WIDENED = 2.0
"""A box is wider by this where it led to better prices, and narrower where it led astray."""

ASTRAY = 1e-3
"""Prices that are worse by this share of the bound were sought too far away."""

NEAR_ROUNDS = 8
"""Most cores from prices that were thought to be near."""

POLISHED = 200_000
"""Groups up to which what breaks ties is taken out again: with more, too many prices are equally good for
cores to find the one at which nothing is missing, and the solution is best up to the noise."""

SAMPLE = 20_000
"""Groups that are looked at to guess which loss leaves a core of the wanted size."""


@dataclass(frozen=True)
class Core:
    """Columns that may change against a reference per group.

    Attributes
    ----------
    reference
        Column of each group, shape (n,).
    used
        What the references use of the rows, shape (k,).
    columns, group
        Of the core, sorted, without references, and their groups.
    change
        What each column uses more than its group's reference, shape (k, columns).
    dearer
        What each column costs more by the noise that breaks ties, shape (columns,).
    """

    reference: Ints
    used: Floats
    columns: Ints
    group: Ints
    change: sp.csc_array
    dearer: Floats


@dataclass(frozen=True)
class Relaxed:
    """A solution over a core that misses no column; `outcome` says why there is none.

    Attributes
    ----------
    prices
        Multipliers of the rows, shape (k,); the best that were found where time ran out.
    shares
        Of the core's columns; the references have the rest of their groups.
    loose
        Values of the loose columns.
    missed
        Largest miss of a row by its own size.
    complete
        Whether no column is missing.
    noise
        What breaks ties in its costs.
    statuses
        Of columns and rows of the core's linear program, as the solver left them.
    """

    core: Core
    outcome: Outcome
    prices: Floats
    shares: Floats
    loose: Floats
    missed: float
    complete: bool
    noise: float
    statuses: tuple[Statuses, Statuses]

    @property
    def largest(self) -> Ints:
        """Column with the largest share of each group, shape (n,)."""
        core = self.core
        taken = np.zeros(len(core.reference))
        np.add.at(taken, core.group, self.shares)
        order = np.lexsort((self.shares, core.group))
        last = order[np.flatnonzero(np.diff(core.group[order], append=-1))]
        chosen = core.reference.copy()
        more = last[self.shares[last] > 1 - taken[core.group[last]]]
        chosen[core.group[more]] = core.columns[more]
        return chosen


class Exact:
    """Solves relaxations of one program from prices near the optimum."""

    def __init__(self, passes: Passes, sizes: Floats) -> None:
        """`sizes` are typical coefficients of the rows, shape (k,)."""
        self._passes = passes
        self.row_sizes = 1 / power_of_two(sizes)

    def solve(
        self,
        scalar: Scalar,
        prices: Floats,
        *,
        deadline: float,
        active: Active | None = None,
        near: bool = False,
    ) -> Relaxed:
        """Solve over cores until no column is missing, or the time is over.

        The first core is one of the `active` groups. With `near` it gives up where the first core misses
        many columns, or some rounds did not end it: better prices are sooner had. Linking columns
        are priced in boxes, over all groups.
        """
        size = self._cost_size(scalar)
        if self._passes.compact.linked:
            return self._boxed(scalar, prices, size=size, deadline=deadline, near=near)
        most = PENALTY * size
        dear = np.minimum(DEAR * (np.abs(prices) * self.row_sizes + size), most)
        core = self.nearest(scalar, prices, active)
        better = BETTER * size
        found = self._grow(
            scalar, core, dear, most=most, better=better, deadline=deadline, active=active, near=near
        )
        return found if found.outcome.reason == "optimal" else replace(found, prices=prices)

    def last(self, scalar: Scalar, found: Relaxed, *, deadline: float) -> Relaxed:
        """A solution from the core that is there when time is up; it grows until no row is missed."""
        size = self._cost_size(scalar)
        most = np.full(len(found.prices), PENALTY * size)
        last = self._solve(scalar, found.core, -most, most, deadline)
        while last.outcome.reason == "optimal" and last.missed > MISSED:
            missing = self._missing(scalar, last, BETTER * size, None)
            if not len(missing):
                break
            core = self._next(scalar, last, missing, self._wanted(), keep=True)
            found, last = last, self._solve(scalar, core, -most, most, deadline, before=last)
        return found if last.outcome.x is None else last

    def misses_only(self, scalar: Scalar, found: Relaxed, *, deadline: float) -> Relaxed:
        """The least by which rows must be missed, in units of their sizes; `missed` may be 0."""
        none = np.zeros_like(scalar.base)
        least = replace(scalar, base=none, first=none, loose_cost=np.zeros_like(scalar.loose_cost), noise=0.0)
        prices = found.prices / (PENALTY * self._cost_size(scalar))
        one = np.ones(len(prices))
        core = self.nearest(least, prices)
        return self._grow(least, core, one, most=1.0, better=BETTER, deadline=deadline)

    def _grow(
        self,
        scalar: Scalar,
        core: Core,
        dear: Floats,
        *,
        most: float,
        better: float,
        deadline: float,
        active: Active | None = None,
        near: bool = False,
    ) -> Relaxed:
        """Cores until no column is missing; `dear` is what missing a row costs, shape (k,), at most `most`.

        A low price of missing rows keeps the prices of a poor first core near those that it came from; where
        rows are still missed once no column is missing, it rises.
        """
        found = self._solve(scalar, core, -dear, dear, deadline)
        value = inf
        for round_ in range(ROUNDS):
            if found.outcome.reason != "optimal":
                return found
            missing = self._missing(scalar, found, better, active)
            if not len(missing):
                if found.missed <= MISSED or np.all(dear >= most):
                    return replace(found, complete=True)
                dear = np.minimum(dear * DEARER, most)
            elif near and (len(missing) > FAR * len(core.columns) if round_ == 0 else round_ >= NEAR_ROUNDS):
                return found
            stalled = found.outcome.bound >= value - better
            value = found.outcome.bound
            wanted = self._wanted() * 2 ** (round_ // GROWING)
            core = self._next(scalar, found, missing, wanted, keep=stalled)
            found = self._solve(scalar, core, -dear, dear, deadline, before=found)
        return found

    def _boxed(self, scalar: Scalar, prices: Floats, *, size: float, deadline: float, near: bool) -> Relaxed:
        """Cores in boxes of prices, each about the best prices so far, until no column is missing.

        Loose columns link rows: where the worst of many regions counts, the prices of all must be right at
        once, and those of a core alone would swing from one region to the other (box step: R. E. Marsten,
        W. W. Hogan and J. W. Blankenship, Operations Research 23, 1975). At better prices the core is made
        anew, so that it stays small; at worse ones it gets what was missing.
        """
        better, most = BETTER * size, PENALTY * size
        centre = scalar.within_signs(prices)
        centre = np.clip(centre, -DEAR * size / self.row_sizes, DEAR * size / self.row_sizes)
        reach = BOX * (float(np.max(np.abs(centre) * self.row_sizes, initial=0.0)) or SLIGHT * size)
        value, core = -inf, self.nearest(scalar, centre)
        for round_ in range(ROUNDS):
            at = centre * self.row_sizes
            low, high = at - np.minimum(reach, most), at + np.minimum(reach, most)
            low = np.where(scalar.upper < inf, low, np.maximum(low, 0.0))
            high = np.where(scalar.lower > -inf, high, np.minimum(high, 0.0))
            found = self._solve(scalar, core, low, high, deadline)
            if found.outcome.reason != "optimal":
                return replace(found, prices=centre)
            missing = self._missing(scalar, found, better, None)
            if not len(missing) and (found.missed <= MISSED or reach >= most):
                return replace(found, complete=True)
            if near and round_ >= NEAR_ROUNDS:
                return found
            dual = self._dual(scalar, found.prices)
            if dual > value or not len(missing):
                reach *= WIDENED if len(missing) else WIDENED**2
                value, centre = max(dual, value), found.prices
                core = self._centred(scalar, found)
            else:
                reach /= WIDENED if dual < value - ASTRAY * abs(value) else 1.0
                core = self._next(scalar, found, missing, self._wanted(), keep=True)
        return found

    def _dual(self, scalar: Scalar, prices: Floats) -> float:
        """The bound that prices give which are right for loose columns without an end."""
        price = scalar.price(prices)
        reduced = scalar.loose_cost + price @ scalar.loose
        side = np.where(reduced > 0, scalar.loose_lower, scalar.loose_upper)
        ended = float(reduced @ np.where(np.isfinite(side), side, 0.0))
        least = self._passes.choose(price, noise=self.lasting(scalar))[0]
        return float(least + scalar.paid(prices) + ended)

    def _centred(self, scalar: Scalar, found: Relaxed) -> Core:
        """A new core at the prices that were found, with all columns that the solution uses."""
        old, new = found.core, self.nearest(scalar, found.prices)
        taken = np.bincount(old.group, weights=found.shares, minlength=self._passes.groups)
        used = old.columns[found.shares > tolerances.COLUMN]
        left = old.reference[taken < 1 - tolerances.COLUMN]
        columns = np.union1d(np.union1d(new.columns, used), left)
        columns = np.setdiff1d(columns, new.reference, assume_unique=True)
        return self.core(new.reference, new.used, columns, self.lasting(scalar))

    def _next(self, scalar: Scalar, found: Relaxed, missing: Ints, wanted: int, *, keep: bool) -> Core:
        """The columns in use, those that are missing, and the nearest of the others; all, to `keep` them."""
        core = found.core
        old = core.columns
        if not keep and len(old) > KEPT * wanted:
            loss = scalar.price(found.prices) @ core.change + core.dearer
            loss[found.shares > 0] = -inf
            old = old[np.argpartition(loss, wanted)[: max(wanted, int((found.shares > 0).sum()))]]
        columns = np.union1d(old, missing[:wanted])
        return self.core(core.reference, core.used, columns, self.lasting(scalar))

    def _wanted(self) -> int:
        return CORE + CORE_PER_ROW * self._passes.rows

    def _cost_size(self, scalar: Scalar) -> float:
        size = float(np.abs(scalar.price(scalar.first)) @ self.row_sizes)
        return size if size > 0 else 1.0

    def nearest(self, scalar: Scalar, prices: Floats, active: Active | None = None) -> Core:
        """The best column of each group at some prices, and the columns with the smallest losses.

        With `active` groups the others keep their reference.
        """
        price, wanted, noise = scalar.price(prices), self._wanted(), scalar.noise
        passes = self._passes if active is None else active.passes
        reach = _reach(passes, scalar, price, wanted)
        _, reference, used, (columns, losses) = passes.choose(price, reach, noise=noise)
        columns = smallest(columns, losses, wanted)
        if active is not None:
            chosen, columns = active.columns[reference], active.columns[columns]
            reference, used = active.reference.copy(), used + active.used
            reference[active.groups] = chosen
        return self.core(reference, used, columns, self.lasting(scalar))

    def around(
        self, scalar: Scalar, prices: Floats, chosen: Ints, wanted: int, x: Floats | None = None
    ) -> Core:
        """One column per group as references, and the columns nearest to them; and all that ``x`` uses."""
        price = scalar.price(prices)
        columns, losses = self._passes.within(
            price, _reach(self._passes, scalar, price, WIDER * wanted), chosen
        )
        near = columns
        if len(columns) > wanted:
            change = self.core(chosen, np.zeros(len(price)), columns).change
            tight = sp.csr_array(change)[np.flatnonzero(prices)]
            near = columns[picked(tight, losses, wanted)]
        if x is not None:
            near = np.union1d(near, columns[x[self._passes.compact.index(columns)] > tolerances.COLUMN])
        return self.core(chosen, self._passes.used_by(chosen), near)

    def lasting(self, scalar: Scalar) -> float:
        """The noise that stays in costs."""
        return scalar.noise if self._passes.groups > POLISHED else 0.0

    def core(self, reference: Ints, used: Floats, columns: Ints, noise: float = 0.0) -> Core:
        """A core of sorted columns."""
        group = self._passes.group_of(columns)
        inside = np.unique(group)
        base = self._passes.matrix(reference[inside])
        change = self._passes.matrix(columns) - base[:, np.searchsorted(inside, group)]
        dearer = np.zeros(len(columns))
        if noise > 0:
            dearer = noise * (self._passes.mixed(columns) - self._passes.mixed(reference[group]))
        return Core(reference, used, columns, group, sp.csc_array(change), dearer)

    def _missing(self, scalar: Scalar, found: Relaxed, better: float, active: Active | None) -> Ints:
        """Columns outside the core that are better than the best of their group inside it, the best first.

        Those of the `active` groups, as long as there are any.
        """
        core, price = found.core, scalar.price(found.prices)
        gain, noise = price @ core.change + core.dearer, self.lasting(scalar)
        inside = np.zeros(self._passes.groups)
        np.minimum.at(inside, core.group, gain)
        if active is not None:
            columns, loss = active.passes.within(price, -better, active.places(core.reference), noise=noise)
            missing = self._outside(core, active.columns[columns], loss, inside, better)
            if len(missing):
                return missing
        columns, loss = self._passes.within(price, -better, core.reference, noise=noise)
        return self._outside(core, columns, loss, inside, better)

    def _outside(self, core: Core, columns: Ints, loss: Floats, inside: Floats, better: float) -> Ints:
        """Of sorted columns those outside the core that beat the best inside, shape (n,), the best first."""
        if not len(columns):
            return columns
        loss = loss - inside[self._passes.group_of(columns)]
        missing = (loss < -better) & ~np.isin(columns, core.columns)
        columns, loss = columns[missing], loss[missing]
        return columns[np.argsort(loss, kind="stable")]

    def _solve(
        self,
        scalar: Scalar,
        core: Core,
        low: Floats,
        high: Floats,
        deadline: float,
        *,
        before: Relaxed | None = None,
    ) -> Relaxed:
        model, rows, missed = self.model(scalar, core, low, high)
        session = Session(model, QUICK, cost_size=self._cost_size(scalar))
        if before is not None and len(core.columns) - len(before.core.columns) <= FEW_NEW * len(core.columns):
            session.restart(*grown_statuses(before, core))
        outcome = session.run(Limits(seconds=deadline - monotonic()))
        prices = np.zeros(len(scalar.base))
        prices[rows] = outcome.duals[: len(rows)]
        x = np.zeros(len(model.cost)) if outcome.x is None else outcome.x
        count, end = len(core.columns), len(x) - missed
        return Relaxed(
            core,
            outcome,
            prices,
            x[:count],
            x[count:end],
            float(np.max(x[end:], initial=0.0)),
            False,
            self.lasting(scalar),
            session.statuses(),
        )

    def model(self, scalar: Scalar, core: Core, low: Floats, high: Floats) -> tuple[Model, Ints, int]:
        """The core's linear program, which rows of the problem its first rows are, and how many columns
        at its end make good a missed row, for a price by the row's size of at least `low` and at most `high`.
        """
        rows = np.flatnonzero((scalar.lower > -inf) | (scalar.upper < inf))
        lower, upper = scalar.lower[rows], scalar.upper[rows]
        rescue, rescue_cost = _rescue(self.row_sizes[rows], low[rows], high[rows], lower, upper)
        crowds = _crowds(core.group)
        top = sp.hstack([core.change[rows], scalar.loose[rows], rescue], format="csr")
        none = sp.csr_array((crowds.shape[0], top.shape[1] - crowds.shape[1]))
        below = sp.hstack([crowds, none], format="csr")
        matrix = sp.csr_array(sp.vstack([sp.csr_array(top), sp.csr_array(below)], format="csr"))
        loose_cost = scalar.loose_cost + scalar.base @ scalar.loose
        missed = rescue.shape[1]
        count = len(core.columns)
        model = Model(
            cost=np.concatenate([scalar.base @ core.change + core.dearer, loose_cost, rescue_cost]),
            lower=np.concatenate([np.zeros(count), scalar.loose_lower, np.zeros(missed)]),
            upper=np.concatenate([np.ones(count), scalar.loose_upper, np.full(missed, inf)]),
            integer=np.zeros(matrix.shape[1], dtype=bool),
            matrix=matrix,
            row_lower=np.concatenate([lower - core.used[rows], np.full(crowds.shape[0], -inf)]),
            row_upper=np.concatenate([upper - core.used[rows], np.ones(crowds.shape[0])]),
        )
        return model, rows, missed


def _reach(passes: Passes, scalar: Scalar, price: Floats, wanted: int) -> float:
    """The loss within which there are somewhat more than the wanted number of columns, from a sample."""
    sample = passes.sample(SAMPLE)
    _, losses = sample.within(price, inf, None, noise=scalar.noise)
    at = max(int(1.5 * wanted / sample.weight), 8)
    return float(np.partition(losses, at)[at]) if at < len(losses) else inf


def _rescue(
    size: Floats, low: Floats, high: Floats, lower: Floats, upper: Floats
) -> tuple[sp.csc_array, Floats]:
    """Columns that make good a missed row, in units of the rows' sizes, and their costs.

    One per finite bound, and one for each end of a row's prices that has the sign of that bound.
    """
    below = np.flatnonzero((lower > -inf) | (high < 0))
    above = np.flatnonzero((upper < inf) | (low > 0))
    rows = np.concatenate([below, above])
    values = np.concatenate([size[below], -size[above]])
    matrix = sp.csc_array((values, rows, np.arange(len(rows) + 1)), shape=(len(size), len(rows)))
    return matrix, np.concatenate([high[below], -low[above]])


def _crowds(group: Ints) -> sp.csr_array:
    """A row of ones for each group with two or more of the sorted columns: one alone has its bound of 1."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    size = np.diff(first, append=len(group))
    inside = np.flatnonzero(np.repeat(size > 1, size))
    starts = np.concatenate([[0], np.cumsum(size[size > 1])])
    return sp.csr_array((np.ones(len(inside)), inside, starts), shape=(len(starts) - 1, len(group)))


def picked(change: sp.csr_array, losses: Floats, wanted: int) -> Ints:
    """About so many columns with small losses, in order, some for all that can be done to the tight rows.

    Where coefficients repeat, the cheapest columns all press on the tight rows in the same proportion, and
    where a row is dear and few columns use it, the cheapest of all hardly hold one that does.

    Parameters
    ----------
    change
        Of the tight rows by the columns, shape (tight, columns).
    losses
        Of the columns.
    """
    every = np.arange(len(losses))
    classes = directions(change)
    if MOVES_OF_CLASS * (classes.max() + 1) <= wanted:
        return np.sort(cheapest_of_each(classes, losses, every, wanted))
    rank = np.empty_like(every)
    rank[np.lexsort((np.random.default_rng(0).random(len(every)), losses))] = every
    # What a column does to several rows counts for each, more and less of a row by themselves.
    row = np.repeat(np.arange(change.shape[0]), np.diff(change.indptr))
    moves = change.data != 0
    lists, column = (2 * row + (change.data > 0))[moves], change.indices[moves]
    order = np.argsort(lists * len(losses) + rank[column])
    members = np.bincount(lists)
    first = np.repeat(np.cumsum(members) - members, members)
    most = max(MOVES_OF_CLASS, int(OF_ROW * wanted / np.count_nonzero(members)))
    of_rows = order[np.arange(len(order)) - first < most]
    near = rank < CHEAPEST * wanted
    near[column[of_rows]] = True
    return np.flatnonzero(near)


def grown_statuses(before: Relaxed, core: Core) -> tuple[Statuses, Statuses]:
    """Statuses of a core's columns and rows from those of one that it holds; none, where it does not.

    New columns are at 0, and new rows, of groups that have got a second column, are slack.
    """
    old, (columns, rows) = before.core, before.statuses
    if not len(columns) or not np.isin(old.columns, core.columns).all():
        return NONE, NONE
    at = np.searchsorted(core.columns, old.columns)
    grown = np.full(len(core.columns), LOWER, dtype=np.int8)
    grown[at] = columns[: len(old.columns)]
    old_groups, new_groups = (_crowded(one.group) for one in (old, core))
    top = len(rows) - len(old_groups)
    crowds = np.full(len(new_groups), BASIC, dtype=np.int8)
    crowds[np.searchsorted(new_groups, old_groups)] = rows[top:]
    return np.append(grown, columns[len(old.columns) :]), np.append(rows[:top], crowds)


def _crowded(group: Ints) -> Ints:
    """Groups with two or more of the sorted columns."""
    groups, count = np.unique(group, return_counts=True)
    return groups[count > 1]


def smallest(columns: Ints, losses: Floats, wanted: int) -> Ints:
    """The columns with the smallest losses, sorted; equal losses are taken from all over."""
    if len(columns) <= wanted:
        return columns
    mixed = np.random.default_rng(0).random(len(columns))
    return np.sort(columns[np.lexsort((mixed, losses))[:wanted]])
