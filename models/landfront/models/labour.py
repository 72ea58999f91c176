r"""Labour and seedlings: days of work and young plants that an option takes, by a milestone or in a period.

Formula, for an option (p, i) that starts in the year s, within the years a to b - 1 (b excluded):

    labour(p, i, [a, b))    = a_p * (l_i * [a <= s < b] + m_i * max(b - max(s, a), 0))
    seedlings(p, i, [a, b)) = a_p * n_i * [a <= s < b]

| symbol | meaning | unit |
|---|---|---|
| a_p | area of the parcel | ha |
| l_i | ``labour_establishment``, in the year of the start | person-day/ha |
| m_i | ``labour_annual``, in every year from the start on; negative where work is saved | person-day/ha/yr |
| n_i | ``seedlings``, in the year of the start | seedling/ha |

By a milestone M it is what falls within the first year of the study and M. A limit with ``period = "each"``
bounds each start period: how many hands there are, how much a nursery can deliver. The baseline is 0: only
what the options add counts.

>>> LABOUR.unit, SEEDLINGS.unit
('person-day', 'seedling')
"""

from __future__ import annotations

import numpy as np

from landfront.models.component import Component, Inputs, coefficient, flow, no_baseline
from landfront.models.effects import Term


def _labour_within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    once, yearly = coefficient(inputs, "labour_establishment"), coefficient(inputs, "labour_annual")
    return (Term(inputs.landscape.area, flow(inputs, once, yearly, first=first, end=end)),)


def _seedlings_within(inputs: Inputs, first: int, end: int) -> tuple[Term, ...]:
    once = coefficient(inputs, "seedlings")
    planted = flow(inputs, once, np.zeros_like(once), first=first, end=end)
    return (Term(inputs.landscape.area, planted),)


def _labour(inputs: Inputs, year: int) -> tuple[Term, ...]:
    return _labour_within(inputs, inputs.first, year)


def _seedlings(inputs: Inputs, year: int) -> tuple[Term, ...]:
    return _seedlings_within(inputs, inputs.first, year)


LABOUR = Component("labour", "person-day", no_baseline, _labour, by_milestone=True, within=_labour_within)
SEEDLINGS = Component("seedlings", "seedling", no_baseline, _seedlings, within=_seedlings_within)
