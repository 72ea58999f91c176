r"""Cropland: the area that stays cropland, plain and weighted with its quality, in ha.

Formula, for an option (p, i):

    cropland(p, i)         = -a_p * c_p * t_i       + a_p * (1 - c_p) * m_i
    cropland_quality(p, i) = -a_p * c_p * g_p * t_i + a_p * (1 - c_p) * m_i * y_i * g_r
    baseline(p)            =  a_p * c_p          or  a_p * c_p * g_p

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| c_p | 1 on cropland (class 01), else 0 | 1 |
| t_i | ``takes_cropland``: 1 where a field is no longer cropland afterwards | 1 |
| m_i | ``makes_cropland``: 1 where land that is no cropland becomes a field | 1 |
| y_i | ``yield_after``, quality of a field that is made, relative to g_r | 1 |
| g_r | mean quality of the cropland of the parcel's innermost region, of all where it has none | 1 |
| g_p | ``parcels.quality``; else the yield over the mean yield of the cropland | 1 |

With ``of = "change"`` and ``min = 0`` a limit on ``cropland`` by region is the balance of cropland taken and
made in quantity, one on ``cropland_quality`` that in quality.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, coefficient, covariate, making, new_land, present
from landfront.models.component import cropland as cropland_mask
from landfront.models.effects import Term
from landfront.models.kinds import once

Floats = NDArray[np.float64]


def relative_yield(yields: Floats, area: Floats) -> Floats:
    """Yield over the area-weighted mean yield, shape (n,); 0 everywhere where nothing is harvested.

    >>> relative_yield(np.array([4.0, 8.0, 0.0]), np.array([1.0, 1.0, 0.0])).round(6).tolist()
    [0.666667, 1.333333, 0.0]
    """
    harvest = float(yields @ area)
    return np.zeros_like(yields) if harvest == 0 else np.asarray(yields * area.sum() / harvest)


def _area(inputs: Inputs) -> Floats:
    return np.where(cropland_mask(inputs, needed_by="cropland"), inputs.landscape.area, 0.0)


def _weighted(inputs: Inputs) -> Floats:
    area = _area(inputs)
    if "quality" in inputs.landscape.covariates:
        quality = covariate(inputs, "quality", needed_by="cropland_quality")
        return area * present(quality, area > 0, inputs, "quality")
    yields = covariate(
        inputs, "grain_yield", needed_by="cropland_quality (where there is no parcels.quality)"
    )
    return area * relative_yield(present(yields, area > 0, inputs, "grain_yield"), area)


def _taken(inputs: Inputs, year: int) -> Floats:
    """1 where a field is no longer cropland by a year, shape (S,)."""
    return coefficient(inputs, "takes_cropland", default=0.0) * inputs.begun(year)


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    area = _area(inputs)
    made = coefficient(inputs, "makes_cropland", default=0.0) * inputs.begun(year)
    taken = Term(-area, _taken(inputs, year))
    return (taken, Term(inputs.landscape.area - area, made)) if made.any() else (taken,)


def _weighted_terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    weighted = _weighted(inputs)
    taken, made = Term(-weighted, _taken(inputs, year)), making(inputs) * inputs.begun(year)
    if not made.any():
        return (taken,)
    return (taken, Term(new_land(inputs, weighted, needed_by="cropland_quality"), made))


CROPLAND = Component("cropland", "ha", _area, _terms, merge=once)
CROPLAND_QUALITY = Component("cropland_quality", "ha", _weighted, _weighted_terms, merge=once)
