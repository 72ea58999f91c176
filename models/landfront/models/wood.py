r"""Wood products: what is stored in them and what they replace, as an account of its own beside the forest's.

Formula, for an option (p, i) and T years from its start to the milestone:

    wood(p, i)        = a_p * h_i * ((1 - exp(-k_i * T)) / k_i + s_i * T),  k_i = ln(2) / L_i
    carbon_wood(p, i) = carbon(p, i) + wood(p, i)

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| h_i | ``wood_harvest``: what is taken out of the forest into products per year | t CO2e/ha/yr |
| L_i | ``wood_halflife`` of the products (first-order decay, IPCC 2006 Vol. 4 ch. 12) | yr |
| s_i | ``wood_substitution``: emissions that products replace, per t CO2 in them | 1 |

The forest's own account (`carbon`) lacks what is taken out, so nothing counts twice. The baseline is 0.

>>> pool = products(np.array([1.0]), np.array([35.0]), np.array([0.0]), years=np.array([35.0]))
>>> round(float(pool[0]), 2)  # 35 / ln(2) * (1 - 1 / 2)
25.25
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.carbon import CARBON
from landfront.models.component import Component, Inputs, coefficient, difference, no_baseline
from landfront.models.effects import Term

Floats = NDArray[np.float64]


def products(harvest: Floats, halflife: Floats, substitution: Floats, *, years: Floats) -> Floats:
    """Stored in products and replaced by them after `years`, t CO2e per ha, shape (S,)."""
    rate = np.log(2.0) / halflife
    return np.asarray(harvest * ((1.0 - np.exp(-rate * years)) / rate + substitution * years))


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    harvest, replaced = (
        coefficient(inputs, name, default=0.0) for name in ("wood_harvest", "wood_substitution")
    )
    halflife = coefficient(inputs, "wood_halflife", default=35.0)
    halflife = np.where(harvest != 0, halflife, 1.0)  # keep has none, and nothing to keep
    table = products(harvest, halflife, replaced, years=inputs.age(year))
    return (Term(inputs.landscape.area, table),)


def _both(inputs: Inputs, year: int) -> tuple[Term, ...]:
    own = WOOD.merged(inputs, _terms(inputs, year))
    return (*CARBON.merged(inputs, CARBON.terms(inputs, year)), *own)


WOOD = Component("wood", "t CO2e", no_baseline, _terms, by_milestone=True, within=difference(_terms))
CARBON_WOOD = Component(
    "carbon_wood",
    "t CO2e",
    no_baseline,
    _both,
    by_milestone=True,
    within=difference(_both),
    merge=None,
    beyond=CARBON.beyond,
)
