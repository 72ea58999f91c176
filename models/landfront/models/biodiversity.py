r"""Biodiversity: intactness (mean species abundance, MSA) times area, in MSA-ha.

Formula, for an option (p, i):

    biodiversity(p, i) = a_p * (m_i - b_p)        where the intervention converts the land (msa_basis = after)
    biodiversity(p, i) = a_p * (m_i - t_i)        where it manages it (msa_basis = gain)
    baseline(p)        = a_p * b_p

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| b_p | ``parcels.intactness`` of the land today | 1 |
| m_i | ``msa_after``, intactness afterwards | 1 |
| t_i | ``msa_before``, typical intactness before | 1 |

So planting trees on intact grassland is a loss, and the program can see it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, coefficient, covariate
from landfront.models.effects import Term

Floats = NDArray[np.float64]


def per_ha(after: Floats, before: Floats, gain: NDArray[np.bool_]) -> Floats:
    """The part of the change per ha that the intervention alone decides, shape (S,).

    >>> per_ha(np.array([0.35, 0.8]), np.array([0.1, 0.6]), np.array([False, True])).round(6).tolist()
    [0.35, 0.2]
    """
    return np.asarray(after - np.where(gain, before, 0.0))


def _baseline(inputs: Inputs) -> Floats:
    intactness = covariate(inputs, "intactness", needed_by="biodiversity")
    return np.asarray(inputs.landscape.area * intactness)


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    begun = inputs.begun(year)  # the state that is reached, not a flow
    gain = coefficient(inputs, "msa_gain", default=0.0) > 0
    after = coefficient(inputs, "msa_after")
    table = per_ha(after, coefficient(inputs, "msa_before", default=0.0), gain)
    replaced = np.where(gain, 0.0, -1.0)
    replaced[0] = 0.0
    terms = (Term(inputs.landscape.area, table * begun), Term(_baseline(inputs), replaced * begun))
    return tuple(term for term in terms if term.table.any())


BIODIVERSITY = Component("biodiversity", "MSA-ha", _baseline, _terms)
