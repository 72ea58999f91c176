"""One scalar problem as its dual sees it: what rows cost, which sides bind, what loose columns can do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.program import Floats, Program
from landfront.optimizer.structured.compact import Compact


@dataclass(frozen=True)
class Scalar:
    """``min weights @ y`` (plus t, with a slope) subject to the rows and to ``y <= upper`` (plus slope * t).

    Rows are the coupling rows, then the objectives as caps.

    Attributes
    ----------
    base
        Price of each row in the cost: 0 for coupling rows, the weights for objectives, shape (k,).
    lower, upper
        Bounds of the rows, infinite where one-sided or free, offsets moved over, shape (k,).
    loose
        Coefficients of the loose columns, the last of which is t where there is a slope, shape (k, loose).
    loose_cost, loose_lower, loose_upper
        Their costs (besides the weights) and bounds, shape (loose,).
    first
        Prices to begin with where none are known, shape (k,): rows pay in equal parts for what loose columns
        cost, such as t. Where options cost nothing themselves, they are all that says how large costs are.
    noise
        What breaks ties of costs, where prices are sought; 0 where a solution is exact.
    """

    base: Floats
    lower: Floats
    upper: Floats
    loose: sp.csc_array
    loose_cost: Floats
    loose_lower: Floats
    loose_upper: Floats
    first: Floats
    noise: float = 0.0

    def price(self, prices: Floats) -> Floats:
        """Price of each row in reduced costs, where ``prices`` are the multipliers of the rows."""
        return self.base - prices

    @property
    def bounded(self) -> NDArray[np.bool_]:
        """Rows that have a bound, shape (k,)."""
        return np.asarray((self.lower > -inf) | (self.upper < inf))

    def within_signs(self, prices: Floats) -> Floats:
        """The prices that press on a bound: others are 0."""
        return np.clip(prices, np.where(self.upper < inf, -inf, 0.0), np.where(self.lower > -inf, inf, 0.0))

    def held_below(self, prices: Floats, usage: Floats) -> NDArray[np.bool_]:
        """Whether each row is held against its lower bound: by its price, else as it is nearer to it."""
        below = np.where(self.lower > -inf, self.lower - usage, -inf)
        above = np.where(self.upper < inf, usage - self.upper, -inf)
        return np.asarray((prices > 0) | ((prices == 0) & (below >= above)))

    def side(self, held_below: NDArray[np.bool_], usage: Floats) -> Floats:
        """The bound that each row is held against, its use where there is none, shape (k,)."""
        side = np.where(held_below, self.lower, self.upper)
        return np.where(np.isfinite(side), side, usage)

    def without(self, used: Floats) -> Scalar:
        """The problem of some of the groups, where the others use so much of the rows, shape (k,)."""
        return replace(self, lower=self.lower - used, upper=self.upper - used)

    def paid(self, prices: Floats) -> float:
        """Prices times the bounds that they press on."""
        side = np.where(prices > 0, self.lower, self.upper)
        return float(prices @ np.where(prices == 0, 0.0, side))


def scalar_of(
    program: Program, compact: Compact, weights: Floats, upper: Floats, slope: Floats | None
) -> Scalar:
    """The scalar problem of weights and caps over a program."""
    grouped = compact.grouped
    r, p = len(program.row_lower), len(weights)
    loose = compact.loose
    cost = np.zeros(loose.shape[1])
    low, high = program.lower[grouped:].astype(np.float64), program.upper[grouped:].astype(np.float64)
    if slope is not None:
        column = sp.csc_array(np.concatenate([np.zeros(r), -slope])[:, None])
        loose = sp.csc_array(sp.hstack([loose, column], format="csc"))
        # Rows of objectives, and so their weights, have -slope * t in them, which costs nothing by itself.
        cost = np.append(cost, 1.0 + float(weights @ slope))
        low, high = np.append(low, -inf), np.append(high, inf)
    found = Scalar(
        base=np.concatenate([np.zeros(r), weights]),
        lower=np.concatenate([program.row_lower, np.full(p, -inf)]),
        upper=np.concatenate([program.row_upper, upper - program.minimised_offsets]),
        loose=loose,
        loose_cost=cost,
        loose_lower=low,
        loose_upper=high,
        first=np.zeros(r + p),
    )
    return replace(found, first=paying(found))


def paying(scalar: Scalar) -> Floats:
    """Prices at which rows pay in equal parts for what loose columns cost, shape (k,)."""
    entries = sp.coo_array(scalar.loose)
    row, column = entries.coords
    cost = scalar.loose_cost + scalar.base @ scalar.loose
    share = cost[column] / entries.data
    # A row pays where its price may have the sign for it.
    pays = (share > 0) & (scalar.lower[row] > -inf) | (share < 0) & (scalar.upper[row] < inf)
    row, column, share = row[pays], column[pays], share[pays]
    parts = np.bincount(column, minlength=len(cost))
    return np.bincount(row, weights=share / parts[column], minlength=len(scalar.base)).astype(np.float64)


def tightened(scalar: Scalar, margin: Floats) -> Scalar:
    """The same problem with rows that are tighter by a margin, shape (k,), but no narrower than half."""
    room = np.where(np.isfinite(scalar.upper - scalar.lower), (scalar.upper - scalar.lower) / 4, margin)
    less = np.minimum(margin, room)
    return replace(scalar, lower=scalar.lower + less, upper=scalar.upper - less)


def only(scalar: Scalar, rows: set[int]) -> Scalar:
    """The same problem with these rows alone."""
    kept = np.zeros(len(scalar.base), dtype=bool)
    kept[list(rows)] = True
    return replace(scalar, lower=np.where(kept, scalar.lower, -inf), upper=np.where(kept, scalar.upper, inf))
