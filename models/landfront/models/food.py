r"""Food: the yearly harvest of grain, in t.

Formula, for an option (p, i):

    food(p, i)  = a_p * h_p * d_i / 100          on cropland; several interventions compound (`kinds`)
    food(p, i)  = a_p * m_i * y_i * h_r          elsewhere: the harvest of a field that is made
    baseline(p) = a_p * h_p                      on cropland, else 0

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| h_p | ``parcels.grain_yield``, harvest per year | t/ha |
| d_i | ``food_effect``, change of the harvest; -100 where the field is given up | % |
| m_i | ``makes_cropland``: 1 where land that is no cropland becomes a field | 1 |
| y_i | ``yield_after``, yield of a field that is made, relative to h_r | 1 |
| h_r | mean yield of the cropland of the parcel's innermost region, of all where it has none | t/ha |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import (
    Component,
    Inputs,
    coefficient,
    covariate,
    cropland,
    making,
    new_land,
    present,
)
from landfront.models.effects import Term
from landfront.models.kinds import compounded

Floats = NDArray[np.float64]


def change(harvest: Floats, food_effect: Floats) -> Floats:
    """Change of a harvest (t, shape (n,)) under each intervention (%, shape (K,)), shape (n, K).

    >>> change(np.array([12.0]), np.array([0.0, -100.0, 5.0])).tolist()
    [[0.0, -12.0, 0.6]]
    """
    return np.asarray(harvest[:, None] * food_effect[None, :] / 100.0)


def _harvest(inputs: Inputs) -> Floats:
    yields = covariate(inputs, "grain_yield", needed_by="food")
    return inputs.landscape.area * present(yields, cropland(inputs, needed_by="food"), inputs, "grain_yield")


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    harvest, begun = _harvest(inputs), inputs.begun(year)
    change = Term(harvest, coefficient(inputs, "food_effect") / 100.0 * begun)
    made = making(inputs)
    if not made.any():
        return (change,)
    return (change, Term(new_land(inputs, harvest, needed_by="food"), made * begun))


FOOD = Component("food", "t", _harvest, _terms, merge=compounded)
