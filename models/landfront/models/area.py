r"""Area: the land on which an intervention takes place, in ha.

Formula, for an option (p, i):

    area(p, k) = a_p        for every kind but keep that has begun, once where it has several interventions

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |

The baseline is 0. With ``interventions`` a limit caps the area of a few of them, such as monocultures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, difference, no_baseline
from landfront.models.effects import Term
from landfront.models.kinds import once


def treated(kinds: int) -> NDArray[np.float64]:
    """1 for every intervention but ``keep``, which comes first, shape (kinds,).

    >>> treated(3).tolist()
    [0.0, 1.0, 1.0]
    """
    return (np.arange(kinds) > 0).astype(np.float64)


def _terms(inputs: Inputs, year: int) -> tuple[Term, ...]:
    return (Term(inputs.landscape.area, treated(inputs.singles) * inputs.begun(year)),)


AREA = Component("area", "ha", no_baseline, _terms, within=difference(_terms), merge=once)
