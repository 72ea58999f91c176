r"""Revenue: what credit schemes pay for the carbon of an option, discounted to the start of the study.

Formula, for an option (p, k), by the milestone M, of a study from the year Y on:

    revenue(p, k)         = sum over y = Y..M-1 of (1 + r) ** -(y - Y + 1) * sum over i in I_k of u(p, i, y) * d(p, i, y)
    revenue(p, k, [a, b)) = sum over y = a..b-1 of                           sum over i in I_k of u(p, i, y) * d(p, i, y)
    d(p, i, y)            = carbon(p, i) by y + 1 less carbon(p, i) by y

| symbol | meaning | unit |
|---|---|---|
| u | payment of the one scheme that credits (`credits`): price times 1 less the buffer | currency/t CO2e |
| d | carbon of the year (`carbon`), with the joint factor of a combination | t CO2e |
| r | ``study.discount_rate``; credits are paid at the end of their year | 1/yr |

A year in which carbon is lost takes revenue away. Within a period it is money as it is paid, as costs are. The
baseline is 0. Prices and costs are both in money of the price year, so ``price_growth`` is growth beyond
inflation. Where soils are capped, which couples interventions, a combination earns the least that one of its
interventions would be paid per t.

>>> discounts(range(2025, 2027), 2025, 0.25).tolist()
[0.8, 0.64]
"""  # noqa: E501

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.carbon import CARBON
from landfront.models.component import Component, Inputs, no_baseline
from landfront.models.credits import Schemes, schemes_of
from landfront.models.effects import Term

Floats = NDArray[np.float64]


def discounts(years: range, first: int, rate: float) -> Floats:
    """Present value in the year `first` of 1 paid at the end of each year, shape (years,)."""
    return np.asarray((1.0 + rate) ** -(np.array(years, dtype=np.float64) - first + 1.0))


def _paid(inputs: Inputs, schemes: Schemes, years: range, *, discounted: bool) -> Floats:
    """Payment per t CO2e of each set of schemes, year and intervention, shape (sets, years, S)."""
    rate = inputs.study.study.discount_rate if discounted else 0.0
    return schemes.payments(inputs, years) * discounts(years, inputs.first, rate)[:, None]


def _sum(inputs: Inputs, first: int, end: int, *, discounted: bool) -> tuple[Term, ...]:
    """Revenue of the years from `first` until `end` as products, over all kinds."""
    schemes, years = schemes_of(inputs), range(first, end)
    paid = _paid(inputs, schemes, years, discounted=discounted)
    stock = [CARBON.terms(inputs, year) for year in (*years, end)]
    amounts = [term.amount for term in stock[-1]]
    tables = np.array([[term.table for term in terms] for terms in stock])  # (years + 1, terms, S)
    earned = np.einsum("qys,yts->qts", paid, np.diff(tables, axis=0))
    return tuple(
        Term(
            amount if len(schemes.sets) == 1 else np.where(schemes.place == q, amount, 0.0),
            inputs.menu.kinds.merged(earned[q, t], CARBON.name),
        )
        for q in range(len(schemes.sets))
        for t, amount in enumerate(amounts)
        if len(schemes.sets) == 1 or earned[q, t].any()
    )


def _rest(inputs: Inputs, first: int, end: int, *, discounted: bool) -> Floats | None:
    """Revenue of the carbon that products leave out, shape (m,); None where there is no such carbon."""
    before = CARBON.rest(inputs, first)
    if before is None:
        return None
    menu, schemes, years = inputs.menu, schemes_of(inputs), range(first, end)
    paid = _paid(inputs, schemes, years, discounted=discounted)
    place, total = schemes.place[menu.parcel], np.zeros(len(menu))
    for at, year in enumerate(years):
        after = CARBON.rest(inputs, year + 1)
        assert after is not None
        least = np.array([menu.kinds.merged(row, "", lambda rows: rows.min(axis=0)) for row in paid[:, at]])
        total += least[place, menu.kind] * (after - before)
        before = after
    return total


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    return _sum(inputs, inputs.first, year, discounted=True)


def _within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    return _sum(inputs, first, end, discounted=False)


def _beyond(inputs: Inputs, year: int) -> Floats | None:
    return _rest(inputs, inputs.first, year, discounted=True)


def _beyond_within(inputs: Inputs, first: int, end: int) -> Floats | None:
    return _rest(inputs, first, end, discounted=False)


REVENUE = Component(
    "revenue",
    "currency",
    no_baseline,
    _terms,
    by_milestone=True,
    within=_within,
    merge=None,
    beyond=_beyond,
    beyond_within=_beyond_within,
)
