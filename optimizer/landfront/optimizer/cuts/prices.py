"""Prices of rows and caps under which minimum cuts prove the most: cutting planes on the Lagrangian dual.

    max over prices l of    min over plans x of  w C x - l (A x - b)

J. E. Kelley, The cutting-plane method for solving convex programs, SIAM Journal 8 (1960): each plan is a
plane; the master mixes the plans that are known, and its multipliers are the next prices: with one row the
secant method. With several rows the next prices lie between the master's and the best so far (P. Wentges,
Weighted Dantzig-Wolfe decomposition, International Transactions in Operational Research 4, 1997). A row may
be missed at a penalty until plans are known that meet it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from time import monotonic

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer import tolerances
from landfront.optimizer.cuts.terms import Terms
from landfront.optimizer.session import QUICK, Limits, Model, Session

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIGHT, TIGHT_MANY = 1e-7, 2e-6
"""Share of the value at which prices are good enough, and with very many groups, where a cut takes long: a
hundredth of the gaps that plans are asked for at least."""

MOST_CUTS = 400
"""Cuts after which prices are as they are."""

DEAR = 4.0
"""First penalty of a row, in units of the largest value of a column over the row's mean coefficient."""

DEARER, RAISED = 30.0, 5
"""Factor by which a penalty grows while rows are missed, and how often."""

MISSED = 1e-7
"""Share of a row's size below which a miss is rounding."""

STEP = 0.5
"""Share of the way from the best prices to the master's that is gone."""


@dataclass(frozen=True)
class Question:
    """A scalar problem over the K rows.

    Attributes
    ----------
    weights
        Of the rows, shape (K,): of objectives, zeros after them.
    lower, upper
        Bounds of the rows, shape (K,).
    slope
        By how much each upper bound gives way per unit of t, shape (K,), or None; t costs 1.
    """

    weights: Floats
    lower: Floats
    upper: Floats
    slope: Floats | None = None


@dataclass
class Found:
    """Where a search of prices ended.

    Attributes
    ----------
    prices
        Positive presses on a lower bound, shape (K,).
    flow
        Of the cut under them, shape (E,).
    bound
        What they prove, without offsets.
    plans, shares
        A mixture that meets the rows where `missed` is 0.
    value, stretch
        Of the mixture; t.
    missed
        By how much it misses rows, in shares of their sizes.
    finished
        Whether bound and value met.
    """

    prices: Floats
    flow: Floats
    bound: float = -inf
    plans: list[Ints] = field(default_factory=list)
    shares: Floats = field(default_factory=lambda: np.zeros(0))
    value: float = inf
    stretch: float = 0.0
    missed: float = inf
    finished: bool = False


class PriceSearch:
    """The search for one question."""

    def __init__(self, terms: Terms, question: Question, deadline: float) -> None:
        self._terms, self._question, self._deadline = terms, question, deadline
        # A bound that is infinite presses on nothing.
        self._active = np.flatnonzero(np.isfinite(question.lower) | np.isfinite(question.upper))
        rows = abs(terms.rows)
        mean = np.asarray(rows.sum(axis=1)).ravel() / np.maximum(np.diff(rows.indptr), 1)
        self._size = np.where(mean > 0, mean, 1.0)
        many = terms.program.groups >= tolerances.MANY_GROUPS
        self._tight = TIGHT_MANY if many else TIGHT
        self._plans: list[Ints] = []
        self._activity: list[Floats] = []

    def run(self, prices: Floats, flow: Floats) -> Found:
        """From prices and a flow on."""
        top = float(np.abs(self._terms.columns @ self._question.weights).max(initial=0.0))
        penalty = DEAR * (top if top > 0 else 1.0)
        found = Found(prices, flow)
        for _ in range(RAISED):
            self._search(found, penalty)
            if found.missed <= MISSED or not found.finished:
                break
            penalty *= DEARER
        return found

    def _search(self, found: Found, penalty: float) -> None:
        """Cuts until bound and mixture meet, with rows that may be missed at a penalty."""
        at, straight = self._mix(found, penalty) if self._plans else found.prices, True
        found.finished, flow = False, found.flow
        for _ in range(MOST_CUTS):
            known = len(self._plans)
            bound, flow = self._cut(at, flow)
            improved = bound > found.bound
            if improved:
                found.bound, found.prices, found.flow = bound, at, flow
            next_prices = self._mix(found, penalty)
            close = self._tight * max(abs(found.value), abs(found.bound))
            if found.value - found.bound <= close or (straight and len(self._plans) == known):
                found.finished = True
                return
            if monotonic() > self._deadline:
                return
            straight = len(self._active) == 1 or not improved
            at = next_prices if straight else found.prices + STEP * (next_prices - found.prices)

    def _cut(self, prices: Floats, flow: Floats) -> tuple[float, Floats]:
        """What prices prove, and the flow; the plans of the cut are kept."""
        question = self._question
        multipliers = question.weights - prices
        priced = self._terms.price(multipliers, flow)
        for plan in priced.plans:
            activity = self._terms.activity(plan)
            same = any(np.array_equal(activity, other) for other in self._activity)
            if not same:  # what differs in no row is no use to a mixture
                self._plans.append(plan)
                self._activity.append(activity)
        least = min(float(multipliers @ activity) for activity in self._activity)
        pressed = np.where(prices > 0, question.lower, question.upper)
        return least + float(prices @ np.where(prices == 0, 0.0, pressed)), priced.cut.flow

    def _mix(self, found: Found, penalty: float) -> Floats:
        """The best mixture of the plans that are known, in `found`; its multipliers."""
        question, active, count = self._question, self._active, len(self._plans)
        activity = np.array(self._activity)[:, active].T / self._size[active, None]
        k = len(active)
        moved = np.zeros((k, 1))
        if question.slope is not None:
            moved[:, 0] = -question.slope[active] / self._size[active]
        soft = np.hstack([activity, np.eye(k), -np.eye(k), moved])
        whole = np.concatenate([np.ones(count), np.zeros(2 * k + 1)])[None, :]
        free = 0.0 if question.slope is None else inf
        cost = np.array([float(question.weights @ one) for one in self._activity])
        model = Model(
            np.concatenate([cost, np.full(2 * k, penalty), [1.0 if question.slope is not None else 0.0]]),
            np.concatenate([np.zeros(count + 2 * k), [-free]]),
            np.concatenate([np.full(count + 2 * k, inf), [free]]),
            np.zeros(count + 2 * k + 1, dtype=bool),
            sp.csr_array(np.vstack([soft, whole])),
            np.append(question.lower[active] / self._size[active], 1.0),
            np.append(question.upper[active] / self._size[active], 1.0),
        )
        outcome = Session(model, QUICK).run(Limits())
        if outcome.x is None:
            raise RuntimeError(f"the mixture of plans was not found: {outcome.detail}")
        found.plans, found.shares = self._plans, outcome.x[:count]
        found.missed = float(outcome.x[count : count + 2 * k].sum())
        found.stretch = float(outcome.x[-1])
        found.value = float(model.cost @ outcome.x)
        prices = np.zeros(len(question.weights))
        prices[active] = outcome.duals[:k] / self._size[active]
        return prices
