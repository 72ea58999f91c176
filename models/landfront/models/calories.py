r"""Calories: the energy of the yearly harvest, in GJ (1 GJ = 0.239 Gcal).

Formula, for an option (p, k):

    calories(p, k) = q_p * food(p, k)
    baseline(p)    = q_p * baseline of food(p)

| symbol | meaning | unit |
|---|---|---|
| food | harvest and its change (`food`), with its joint factors | t |
| q_p | energy of the parcel's crop (``parcels.crop``, ``tables/crops.csv``), else of ``grain`` | GJ/t |

Fields that are made grow grain.

It is energy as harvested, before milling, feeding and waste.

>>> CALORIES.unit
'GJ'
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.instances.crops import DEFAULT, energy
from landfront.models.component import Component, Inputs, cropland, present
from landfront.models.effects import Term
from landfront.models.food import FOOD

Floats = NDArray[np.float64]


def _energy(inputs: Inputs) -> Floats | float:
    """Energy per t of harvest, GJ/t, shape (n,) where parcels have crops."""
    default = energy(DEFAULT)
    assert default is not None
    known = inputs.landscape.covariates.get("crop_energy")
    if known is None:
        return default
    fields = cropland(inputs, needed_by="calories")
    return np.where(fields, present(known.astype(np.float64), fields, inputs, "crop"), default)


def _baseline(inputs: Inputs) -> Floats:
    return np.asarray(FOOD.baseline(inputs) * _energy(inputs))


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    per_tonne = _energy(inputs)
    terms = FOOD.merged(inputs, FOOD.terms(inputs, year))
    return tuple(Term(np.asarray(term.amount * per_tonne), term.table) for term in terms)


CALORIES = Component("calories", "GJ", _baseline, _terms, merge=None)
