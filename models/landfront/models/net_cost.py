r"""Net cost: what a plan costs, with the income it forgoes, less what its carbon earns.

Formula, for an option (p, k):

    net_cost(p, k) = cost(p, k) + opportunity(p, k) - revenue(p, k)

| symbol | meaning | unit |
|---|---|---|
| cost | establishment, payments and yearly costs (`cost`) | currency |
| opportunity | income forgone (`opportunity`); counted where the study gives ``prices.grain`` | currency |
| revenue | carbon revenue (`revenue`); counted where the study has ``[[credits]]`` | currency |

Parts that the study does not ask for are left out, so that without both it is the cost. By a milestone it is
discounted, within a period it is money as it is paid. The baseline is 0.

>>> negative(np.array([2.0])).tolist()
[-2.0]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, no_baseline
from landfront.models.cost import COST
from landfront.models.effects import Term
from landfront.models.opportunity import OPPORTUNITY
from landfront.models.revenue import REVENUE

Floats = NDArray[np.float64]


def negative(table: Floats) -> Floats:
    """The table with its sign turned."""
    return np.asarray(-table)


def parts_of(inputs: Inputs) -> tuple[tuple[Component, bool], ...]:
    """The components that count, and whether they are taken off."""
    prices = inputs.study.prices
    forgone = prices is not None and prices.grain is not None
    parts = (COST, True, False), (OPPORTUNITY, forgone, False), (REVENUE, bool(inputs.study.credits), True)
    return tuple((component, off) for component, counts, off in parts if counts)


def _signed(inputs: Inputs, component: Component, terms: tuple[Term, ...], *, off: bool) -> tuple[Term, ...]:
    whole = component.merged(inputs, terms)
    return tuple(Term(term.amount, negative(term.table)) for term in whole) if off else whole


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    found: list[Term] = []
    for component, off in parts_of(inputs):
        found += _signed(inputs, component, component.terms(inputs, year), off=off)
    return tuple(found)


def _within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    found: list[Term] = []
    for component, off in parts_of(inputs):
        assert component.within is not None
        found += _signed(inputs, component, component.within(inputs, first, end), off=off)
    return tuple(found)


def _beyond(inputs: Inputs, year: int) -> Floats | None:
    return _rest(inputs, year, None)


def _beyond_within(inputs: Inputs, first: int, end: int) -> Floats | None:
    return _rest(inputs, end, (first, end))


def _rest(inputs: Inputs, year: int, span: tuple[int, int] | None) -> Floats | None:
    """What the products of the parts leave out, shape (m,); None where there is nothing such."""
    found = [
        negative(rest) if off else rest
        for component, off in parts_of(inputs)
        if (rest := component.rest(inputs, year, span)) is not None
    ]
    return np.sum(found, axis=0) if found else None


NET_COST = Component(
    "net_cost",
    "currency",
    no_baseline,
    _terms,
    by_milestone=True,
    within=_within,
    merge=None,
    beyond=_beyond,
    beyond_within=_beyond_within,
)
