r"""Water: the yearly runoff from the land, in m3.

Formula, for an option (p, i):

    water(p, i) = 10 * a_p * w_i
    baseline(p) = 10 * a_p * r_p          0 where the study gives no runoff

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| w_i | ``water_yield``, change of the yearly runoff; negative where trees drink more | mm |
| r_p | ``parcels.runoff``, yearly runoff today | mm |
| 10 | 1 mm on 1 ha is 10 m3 | m3/(mm ha) |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, coefficient, no_baseline
from landfront.models.effects import Term

Floats = NDArray[np.float64]
M3_PER_MM_HA = 10.0


def volume(area: Floats, depth: Floats) -> Floats:
    """Water on an area (ha) at a depth (mm), m3.

    >>> volume(np.array([2.0]), np.array([-60.0])).tolist()
    [-1200.0]
    """
    return np.asarray(M3_PER_MM_HA * area * depth)


def _baseline(inputs: Inputs) -> Floats:
    runoff = inputs.landscape.covariates.get("runoff")
    if runoff is None:
        return no_baseline(inputs)
    return volume(inputs.landscape.area, np.asarray(runoff, dtype=np.float64))


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    depth = coefficient(inputs, "water_yield") * inputs.begun(year)
    return (Term(M3_PER_MM_HA * inputs.landscape.area, depth),)


WATER = Component("water", "m3", _baseline, _terms)
