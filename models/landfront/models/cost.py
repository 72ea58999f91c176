r"""Cost: establishment, payments and yearly costs of an option, discounted to the start of the study.

Formula, for an option (p, i) that starts in the year s, by the milestone M, of a study from the year Y on:

    cost(p, i)        = a_p * ((e_i + s_i) * (1 + r) ** (Y - s) + c_i * (D(M - Y) - D(s - Y)))
    D(T)              = sum over t = 1..T of (1 + r) ** -t
    cost(p, i, [a, b)) = a_p * ((e_i + s_i) * [a <= s < b] + c_i * max(b - max(s, a), 0))

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| e_i | ``establishment``, paid at the start | currency/ha |
| s_i | ``payment``, one-off payments to land users, paid at the start | currency/ha |
| c_i | ``annual``, paid at the end of each year | currency/ha/yr |
| r | ``study.discount_rate`` | 1/yr |

A budget of a period is money as it is paid, in prices of the price year, so costs within a period are not
discounted. Catalogues are read in the study's currency. The baseline is 0: what is spent today goes on in
every plan.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, coefficient, flow, no_baseline
from landfront.models.effects import Term

Floats = NDArray[np.float64]


def annuity(years: Floats, rate: float) -> Floats:
    """Present value of 1 per year, paid at the end of each of `years` years.

    >>> annuity(np.array([35.0]), 0.0).tolist()
    [35.0]
    >>> annuity(np.array([2.0]), 0.05).round(6).tolist()  # 1 / 1.05 + 1 / 1.05 ** 2
    [1.85941]
    """
    return years if rate == 0 else np.asarray((1.0 - (1.0 + rate) ** -years) / rate)


def worth(starts: Floats, *, first: int, year: int, rate: float) -> Floats:
    """Present value in the year `first` of 1 per year from each of `starts` until `year`, same shape.

    >>> worth(np.array([2025.0, 2028.0, 2031.0]), first=2025, year=2030, rate=0.0).tolist()
    [5.0, 2.0, 0.0]
    """
    until = annuity(np.full(len(starts), float(year - first)), rate)
    return np.maximum(until - annuity(starts - first, rate), 0.0)


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    rate = inputs.study.study.discount_rate
    wait = inputs.starts - inputs.first
    yearly = worth(inputs.starts, first=inputs.first, year=year, rate=rate)
    once = _once(inputs) * (1.0 + rate) ** -wait * inputs.begun(year)
    return (Term(inputs.landscape.area, once + _yearly(inputs) * yearly),)


def _within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    paid = flow(inputs, _once(inputs), _yearly(inputs), first=first, end=end)
    return (Term(inputs.landscape.area, paid),)


def _once(inputs: Inputs) -> Floats:
    return coefficient(inputs, "establishment") + coefficient(inputs, "payment", default=0.0)


def _yearly(inputs: Inputs) -> Floats:
    return coefficient(inputs, "annual", default=0.0)


COST = Component("cost", "currency", no_baseline, _terms, by_milestone=True, within=_within)
