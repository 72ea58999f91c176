r"""Area: the land on which an intervention takes place, in ha.

Formula, for an option (p, i):

    area(p, i) = a_p        for every intervention but keep

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |

The baseline is 0. With ``interventions`` a limit caps the area of a few of them, such as monocultures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.models.component import Component, Inputs, no_baseline
from landfront.models.effects import Term


def treated(kinds: int) -> NDArray[np.float64]:
    """1 for every intervention but ``keep``, which comes first, shape (kinds,).

    >>> treated(3).tolist()
    [0.0, 1.0, 1.0]
    """
    return (np.arange(kinds) > 0).astype(np.float64)


def _terms(inputs: Inputs, years: int) -> tuple[Term, ...]:
    del years  # land is treated once
    return (Term(inputs.landscape.area, treated(inputs.kinds)),)


AREA = Component("area", "ha", no_baseline, _terms)
