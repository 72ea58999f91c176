r"""Forage: the yearly supply of forage less what livestock eats, in t of dry matter.

Formula, for an option (p, i):

    forage(p, i) = a_p * f_p * d_i / 100 + a_p * n_i - NEED * a_p * l_p * g_i / 100
    baseline(p)  = a_p * f_p - NEED * a_p * l_p

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| f_p | ``parcels.forage_yield``, what may be grazed or mown | t/ha |
| d_i | ``forage_effect``, change of the supply; -100 where it is given up | % |
| n_i | ``forage_added``, supply of new grassland or pasture | t/ha |
| l_p | ``parcels.livestock`` | sheep unit/ha |
| g_i | ``livestock_effect``, change of the animals that feed there | % |
| NEED | what a sheep unit eats in a year, 1.8 kg of hay a day (NY/T 635, recalled) | t/sheep unit |

With ``min = 0`` by region a limit on it is the balance of forage and livestock: animals are fed within the
region. Changes of several interventions on one parcel compound (`kinds`).

>>> round(balance(np.array([1.0]), np.array([2.0])).item(), 6)  # 2 sheep on a tonne of hay
-0.314
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, coefficient, covariate
from landfront.models.effects import Term
from landfront.models.kinds import compounded

Floats = NDArray[np.float64]
NEED = 1.8e-3 * 365
"""t of dry matter that a sheep unit eats in a year."""


def balance(supply: Floats, animals: Floats) -> Floats:
    """Supply (t) less the demand of animals (sheep units), same shape."""
    return np.asarray(supply - NEED * animals)


def _supply(inputs: Inputs) -> Floats:
    return inputs.landscape.area * covariate(inputs, "forage_yield", needed_by="forage")


def _animals(inputs: Inputs) -> Floats:
    return inputs.landscape.area * covariate(inputs, "livestock", needed_by="forage")


def _baseline(inputs: Inputs) -> Floats:
    return balance(_supply(inputs), _animals(inputs))


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    begun = inputs.begun(year)
    supply = coefficient(inputs, "forage_effect", default=0.0) / 100.0
    animals = coefficient(inputs, "livestock_effect", default=0.0) / 100.0
    added = coefficient(inputs, "forage_added", default=0.0)
    return (
        Term(_supply(inputs), supply * begun),
        Term(inputs.landscape.area, added * begun),
        Term(-NEED * _animals(inputs), animals * begun),
    )


FORAGE = Component("forage", "t", _baseline, _terms, merge=compounded)
