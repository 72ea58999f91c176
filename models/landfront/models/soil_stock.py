r"""Soil carbon as a stock: what soils hold today and after the plan, in t C.

Formula, for an option (p, i) and T years from its start to the milestone:

    soil_stock(p, i) = carbon(p, i) * h_i * 12 / 44            (capped as in `soil` with ``[carbon] soil``)
    baseline(p)      = a_p * C_p

| symbol | meaning | unit |
|---|---|---|
| carbon(p, i) | carbon of the option by the milestone (`carbon`) | t CO2e |
| h_i | ``soil_share``, the part of it that is soil carbon | 1 |
| a_p, C_p | area, and ``parcels.soil_carbon``: what the soil holds today | ha, t C/ha |

A floor of ``(1 + 0.004) ** years`` of the baseline is "4 per 1000".

>>> round(44 * C_PER_CO2, 6)
12.0
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models import soil
from landfront.models.carbon import CARBON, stock
from landfront.models.component import Component, Inputs, coefficient, covariate
from landfront.models.effects import Term

Floats = NDArray[np.float64]
C_PER_CO2 = 12.0 / 44.0


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    capped = inputs.study.carbon.soil is not None
    share = coefficient(inputs, "soil_share", default=0.0) * (0.0 if capped else C_PER_CO2)
    return CARBON.merged(inputs, tuple(Term(term.amount, term.table * share) for term in stock(inputs, year)))


def _capped(inputs: Inputs, year: int) -> Floats | None:
    found = soil.inside(inputs, stock(inputs, year), "carbon")
    return None if found is None else found * C_PER_CO2


def _held(inputs: Inputs) -> Floats:
    return inputs.landscape.area * covariate(inputs, soil.STOCK, needed_by="soil_stock")


SOIL_STOCK = Component("soil_stock", "t C", _held, _terms, by_milestone=True, merge=None, beyond=_capped)
