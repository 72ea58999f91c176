"""Short term against long term: criteria of one effect at several milestones span a front of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.report.search import find_front, request
from tests.models import builders as b
from tests.models.brute import plans

CRITERIA = {
    "carbon_2030": {"effect": "carbon", "sense": "max", "milestone": 2030},
    "carbon_2060": {"effect": "carbon", "sense": "max", "milestone": 2060},
}
# Tillage is full after five years: 50 t CO2e/ha. A forest emits 5, then gains 4 a year: 115 by 2060.
FAST_AND_SLOW = b.catalogue(
    flux_1=(0, 0, -1, 10),
    years_1=(0, 30, 5, 5),
    flux_2=(0, 0, 4, 0),
    slope_min=(np.nan, np.nan, np.nan, np.nan),
)


def formulation(**sections: Any) -> Formulation:
    about = {"milestones": [2030, 2060]}
    return b.formulation(CRITERIA, interventions=FAST_AND_SLOW, **{"about": about, **sections})


def front_of(found: Formulation) -> NDArray[np.float64]:
    front = find_front(found, request(found.study, points="all"))
    assert front.complete
    return front.values


def test_every_hectare_of_forest_costs_the_short_term_and_serves_the_long_term() -> None:
    # f3 admits tillage only; f1 (10 ha) and f2 (20 ha) admit both, so 0, 10, 20 or 30 ha of forest.
    np.testing.assert_allclose(
        front_of(formulation()), [(3000 - 55 * ha, 3000 + 65 * ha) for ha in (30, 20, 10, 0)]
    )


def test_shares_of_parcels_span_the_line_between_the_ends() -> None:
    found = formulation(about={"milestones": [2030, 2060], "decision": "share"})
    front = find_front(found, request(found.study, points="all"))
    np.testing.assert_allclose(front.values[[0, -1]], [(1350, 4950), (3000, 3000)], rtol=1e-9)
    np.testing.assert_allclose((front.values[:, 0] - 3000) / -55, (front.values[:, 1] - 3000) / 65, atol=1e-6)


def test_start_periods_add_plans_between() -> None:
    found = formulation(periods={"starts": [2025, 2030]})
    values = (found.program.objectives.to_csr() @ plans(found.program).T).T
    values = np.unique(values, axis=0)
    beaten = [(np.all(values >= y, axis=1) & np.any(values > y, axis=1)).any() for y in values]
    expected = values[~np.array(beaten)]
    # A forest from 2030 on is nothing by 2030 and 95 by 2060: better than one at once for the short term.
    assert [3000 - 50 * 30, 3000 + 45 * 30] in expected.tolist()
    np.testing.assert_allclose(front_of(found), expected)
