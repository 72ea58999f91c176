r"""Opportunity cost: income forgone where the harvest falls, discounted to the start of the study.

Formula, for an option (p, k) that starts in the year s, by the milestone M, of a study from the year Y on:

    opportunity(p, k)         = g * max(-food(p, k), 0) * (D(M - Y) - D(s - Y))
    opportunity(p, k, [a, b)) = g * max(-food(p, k), 0) * max(b - max(s, a), 0)

| symbol | meaning | unit |
|---|---|---|
| g | ``prices.grain``, what a tonne leaves its farmer | currency/t |
| food | change of the yearly harvest (`food`), with its joint factors | t |
| D(T) | present value of 1 per year for T years (`cost`) | yr |

Where the harvest rises there is no opportunity cost, and no income is taken off. The baseline is 0.

>>> forgone(np.array([0.0, -1.0, 0.05])).tolist()
[0.0, 1.0, 0.0]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.instances.money import to_currency
from landfront.instances.units import UnitError
from landfront.models.component import Component, Inputs, no_baseline
from landfront.models.cost import worth
from landfront.models.effects import Term
from landfront.models.food import FOOD

Floats = NDArray[np.float64]


def forgone(change: Floats) -> Floats:
    """Share of the harvest that is lost, of its relative change, same shape."""
    return np.maximum(-change, 0.0)


def grain_price(inputs: Inputs) -> float:
    """Price of grain in the study's currency per t, in money of its price year.

    Raises
    ------
    InputError
        If the study gives none, or in a unit or of a year that cannot be converted.
    """
    study = inputs.study
    prices = study.prices
    if prices is None or prices.grain is None:
        fix = "Give [prices] with grain (and unit, price_year), or drop opportunity."
        raise InputError([Fault("study.toml", "prices.grain", "missing, but opportunity needs it", fix)])
    unit = prices.unit or f"{study.study.currency}/t"
    try:
        price = to_currency(np.array([prices.grain]), unit, study, per="/t")
    except UnitError as error:
        fault = Fault("study.toml", "prices.unit", "wrong unit for a price of grain", f"{error}.")
        raise InputError([fault]) from error
    return float(price[0]) * (prices.deflator or 1.0)


def harvest_lost(inputs: Inputs) -> tuple[Term, ...]:
    """Harvest lost per year once options have begun, in t, over all kinds; a better harvest counts as 0."""
    terms = FOOD.merged(inputs, FOOD.terms(inputs, END))
    return tuple(Term(term.amount, forgone(term.table)) for term in terms)


def _lost(inputs: Inputs, years: Floats) -> tuple[Term, ...]:
    """Income lost over years that count as `years`, shape (K,): food falls as long as the option lasts."""
    price = grain_price(inputs)
    return tuple(Term(price * term.amount, term.table * years) for term in harvest_lost(inputs))


END = 10_000
"""A year by which every option has begun."""


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    start = inputs.menu.kinds.start.astype(np.float64)
    rate = inputs.study.study.discount_rate
    return _lost(inputs, worth(start, first=inputs.first, year=year, rate=rate))


def _within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    start = inputs.menu.kinds.start.astype(np.float64)
    return _lost(inputs, np.maximum(end - np.maximum(start, first), 0.0))


OPPORTUNITY = Component(
    "opportunity", "currency", no_baseline, _terms, by_milestone=True, within=_within, merge=None
)
