r"""Cost: establishment, payments and yearly costs of an option, discounted to the start year.

Formula, for an option (p, i) and T years from the start to the last milestone:

    cost(p, i) = a_p * (e_i + s_i + c_i * D(T))
    D(T)       = sum over t = 1..T of (1 + r) ** -t

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| e_i | ``establishment``, paid at the start | currency/ha |
| s_i | ``payment``, one-off payments to land users, paid at the start | currency/ha |
| c_i | ``annual``, paid at the end of each year | currency/ha/yr |
| r | ``study.discount_rate`` | 1/yr |

Catalogues are read in the study's currency. The baseline is 0: what is spent today goes on in every plan.
"""

from __future__ import annotations

from landfront.models.component import Component, Inputs, coefficient, no_baseline
from landfront.models.effects import Term


def annuity(years: int, rate: float) -> float:
    """Present value of 1 per year, paid at the end of each of `years` years.

    >>> annuity(35, 0.0)
    35.0
    >>> round(annuity(2, 0.05), 6)  # 1 / 1.05 + 1 / 1.05 ** 2
    1.85941
    """
    return float(years) if rate == 0 else (1.0 - (1.0 + rate) ** -years) / rate


def _terms(inputs: Inputs, years: int) -> tuple[Term, ...]:
    del years  # costs run to the last milestone, whichever milestone carbon is counted by
    once = coefficient(inputs, "establishment") + coefficient(inputs, "payment", default=0.0)
    yearly = coefficient(inputs, "annual", default=0.0)
    per_ha = once + yearly * annuity(inputs.horizon, inputs.study.study.discount_rate)
    return (Term(inputs.landscape.area, per_ha),)


COST = Component("cost", "currency", no_baseline, _terms)
