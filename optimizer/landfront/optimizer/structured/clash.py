"""Which rows clash: from prices that prove it, without those that a pass shows not to be needed.

Prices ``y`` with the signs of the bounds prove that no solution meets the rows that have one, where

    F(y) = sum over groups of min over columns of (-y . a_j)  +  y . bounds  >  0

(J. Farkas; with loose columns, what these can add at most is taken off). Where a price becomes 0 and F stays
above 0, the proof needs its row no longer: most rows fall out by passes alone. What is left is a deletion
filter (J. W. Chinneck, Feasibility and Infeasibility in Optimization, 2008): a row is needed where some
solution meets all the others, and the relaxation without it gives such a solution or new prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np

from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.structured.ascent import CERTAIN, Ascent, MustMissError
from landfront.optimizer.structured.exact import MISSED, Exact
from landfront.optimizer.structured.passes import Passes
from landfront.optimizer.structured.scalar import Scalar, only


@dataclass(frozen=True)
class Found:
    """What there is without some rows: prices that prove a clash, or what a solution uses, shape (k,)."""

    prices: Floats | None = None
    usage: Floats | None = None


@dataclass(frozen=True)
class Clash:
    """Looks for the rows of one program that clash.

    Attributes
    ----------
    scalar
        A scalar problem over its rows without caps; its cost only tells which solution is looked at.
    deadline
        When to stop with the rows that are left then.
    """

    passes: Passes
    ascent: Ascent
    exact: Exact
    scalar: Scalar
    deadline: float

    def rows(self) -> set[int] | None:
        """Rows that clash, as few as can be shown in time; None where no prices prove that any do."""
        prices = self._without(set()).prices
        if prices is None:
            return None
        prices = self._needed(prices)
        rows = _priced(prices)
        known = self._extremes(prices)
        for row in self._by_worth(prices):
            rest = rows - {row}
            if row not in rows or any(self._meets(usage, rest) for usage in known):
                continue
            if monotonic() > self.deadline:
                break
            found = self._without(set(range(len(prices))) - rest)
            if found.usage is not None:
                known.append(found.usage)
            elif found.prices is not None:
                rows = _priced(self._needed(found.prices))
        return rows

    def _without(self, rows: set[int]) -> Found:
        """Solve the relaxation without some rows."""
        scalar = only(self.scalar, set(range(len(self.scalar.base))) - rows) if rows else self.scalar
        scalar = self.ascent.without_ties(scalar)
        try:
            start = self.ascent.cold(scalar, deadline=self.deadline)
        except MustMissError as error:
            return Found(prices=error.prices)
        found = self.exact.solve(scalar, start.prices, active=start.active, deadline=self.deadline)
        if found.complete and found.missed <= MISSED:
            core = found.core
            return Found(usage=core.used + core.change @ found.shares + scalar.loose @ found.loose)
        least = self.exact.misses_only(scalar, found, deadline=self.deadline)
        proven = least.complete and least.missed > CERTAIN and self._miss(least.prices) > CERTAIN
        return Found(prices=least.prices) if proven else Found()

    def _needed(self, prices: Floats) -> Floats:
        """Prices that still prove the clash, with as few rows as passes can tell; the cheapest go first."""
        todo = [self._by_worth(prices)]
        while todo and monotonic() < self.deadline:
            part = todo.pop()
            fewer = prices.copy()
            fewer[part] = 0.0
            if self._miss(fewer) > CERTAIN:
                prices = fewer
            elif len(part) > 1:
                half = len(part) // 2
                todo += [part[half:], part[:half]]
        return prices

    def _miss(self, prices: Floats) -> float:
        """Share of their sizes by which rows must be missed in all, as these prices prove; 0 without any."""
        if not prices.any():
            return 0.0
        scalar = self.scalar
        reduced = -prices @ scalar.loose
        side = np.where(reduced > 0, scalar.loose_lower, scalar.loose_upper)
        loose = float(np.sum(reduced * np.where(reduced == 0, 0.0, side)))
        least = self.passes.choose(-prices)[0] + scalar.paid(prices) + loose
        return least / float(np.abs(prices) @ self.ascent.sizes)

    def _by_worth(self, prices: Floats) -> Ints:
        """Rows with a price, the cheapest by their size first."""
        worth = np.abs(prices) * self.ascent.sizes
        order = np.argsort(worth, kind="stable")
        return order[worth[order] > 0]

    def _extremes(self, prices: Floats) -> list[Floats]:
        """What solutions use that do the most for one row, whatever the others ask; where loose columns
        count, none is known.
        """
        if len(self.scalar.loose_cost):
            return []
        found = []
        for row in self._by_worth(prices):
            price = np.zeros(len(prices))
            price[row] = -np.sign(prices[row])
            found.append(self.passes.choose(price)[2])
        return found

    def _meets(self, usage: Floats, rows: set[int]) -> bool:
        """Whether a solution meets some rows."""
        at = np.array(sorted(rows), dtype=np.int64)
        room = MISSED * self.exact.row_sizes[at]
        above = usage[at] >= self.scalar.lower[at] - room
        return bool(np.all(above & (usage[at] <= self.scalar.upper[at] + room)))


def _priced(prices: Floats) -> set[int]:
    return set(np.flatnonzero(prices).tolist())
