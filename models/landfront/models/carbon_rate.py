r"""Carbon per year: the net sink in the year that ends with the milestone, in t CO2e/yr.

Formula, for an option (p, i) and the milestone year Y:

    carbon_rate(p, i) = carbon(p, i) by Y - carbon(p, i) by Y - 1

| symbol | meaning | unit |
|---|---|---|
| carbon(p, i) by Y | carbon of the option from the start year to Y (`carbon`) | t CO2e |

The baseline is 0, or what the study gives: emissions of land and farming today are
``[baseline] carbon_rate = -X``, and a floor of 0 in 2035 is neutrality of the land sector by then.

>>> CARBON_RATE.unit
't CO2e/yr'
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.carbon import CARBON
from landfront.models.component import Component, Inputs, difference, no_baseline
from landfront.models.effects import Term

Floats = NDArray[np.float64]


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    return CARBON.merged(inputs, difference(CARBON.terms)(inputs, year - 1, year))


def _capped(inputs: Inputs, year: int) -> Floats | None:
    return CARBON.rest(inputs, year, (year - 1, year))


CARBON_RATE = Component(
    "carbon_rate", "t CO2e/yr", no_baseline, _terms, by_milestone=True, merge=None, beyond=_capped
)
